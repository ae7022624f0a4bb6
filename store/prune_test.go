package store

import (
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
)

var (
	someDay   = time.UnixMilli(1_700_000_000_000) // when makeRun's runs begin
	dayBefore = someDay.Add(-24 * time.Hour)
)

// oldRun makes a run of the day before, with a plan of one block and some changes.
func oldRun(t *testing.T, s *Store, r Run, changes ...plan.Change) Run {
	t.Helper()
	r = makeRun(t, s, r)
	r.Started = dayBefore
	noError(t, s.UpdateRun(ctx, &r))
	noError(t, s.AppendPlan(ctx, r.ID, []Block{{0, []byte("what became of each")}}, 0, changes))
	return r
}

func detailsOf(t *testing.T, s *Store, run int64) (blocks int, changes []StoredChange) {
	t.Helper()
	for _, err := range s.Blocks(ctx, run) {
		noError(t, err)
		blocks++
	}
	for c, err := range s.Changes(ctx, run) {
		noError(t, err)
		changes = append(changes, c)
	}
	return blocks, changes
}

func testPruneDetails(t *testing.T, s *Store) {
	changes := []plan.Change{
		{Row: 0, Line: 2, Action: plan.Update, Ref: 7, SourceID: "ada@example.com", Fields: []plan.FieldChange{
			{Name: "city", Old: "York", New: "Bath", Rule: "always"}, {Name: "name", Old: "Ada", New: "Ada", Kept: "A.", Rule: "never"}}},
		{Row: 1, Line: 3, Action: plan.Hold, Reason: plan.MatchSeveral, Detail: plan.Detail{Value: "bo@example.org"}},
		{Row: -1, Action: plan.Remove, Ref: 8, Into: 7, Fields: []plan.FieldChange{{Name: "name", Old: "Bo", Rule: "edit"}}},
	}
	r := oldRun(t, s, Run{Status: WithWarnings, BookID: 1, Name: "people", RunDetail: RunDetail{Totals: plan.Totals{Read: 2, Updated: 1, Held: 1, Deleted: 1}}}, changes...)
	file := oldRun(t, s, Run{Status: Succeeded}, changes...)
	planned := oldRun(t, s, Run{Status: Planned, BookID: 1}, changes...)
	running := oldRun(t, s, Run{Status: Applying, BookID: 1}, changes...)
	young := makeRun(t, s, Run{Status: Succeeded, BookID: 1})
	noError(t, s.AppendPlan(ctx, young.ID, nil, 0, changes))

	equal(t, "runs pruned", must(s.PruneDetails(ctx, someDay))(t), 3)
	equal(t, "runs pruned the second time", must(s.PruneDetails(ctx, someDay))(t), 0)

	now := must(s.Run(ctx, r.ID))(t)
	equal(t, "totals", now.Totals, r.Totals)
	equal(t, "the run says so", now.Pruned, true)
	blocks, left := detailsOf(t, s, r.ID)
	equal(t, "blocks", blocks, 0)
	equal(t, "changes: those that wrote", len(left), 2)
	equal(t, "who was touched, and from which line", left[0].Ref*100+left[0].Line, 702)
	same(t, "fields that were written, without values", left[0].Fields, []plan.FieldChange{{Name: "city", Rule: "always"}})
	equal(t, "the source's name for the record", left[0].SourceID, "")
	equal(t, "fields of who was removed", len(left[1].Fields), 0)
	equal(t, "into whom", left[1].Into, 7)
	for what, c := range map[string]struct {
		run     Run
		changes int
	}{"of a file": {file, 0}, "of a plan that was not applied": {planned, 0}, "of a run that goes on": {running, 3}, "of a younger run": {young, 3}} {
		_, left := detailsOf(t, s, c.run.ID)
		equal(t, "changes "+what, len(left), c.changes)
	}
}

func testPruneKeepsNeeded(t *testing.T, s *Store) {
	sync := must(s.SaveSync(ctx, plan.Sync{Name: "people"}, ""))(t)
	change := plan.Change{Action: plan.Update, Ref: 7, Fields: []plan.FieldChange{{Name: "city", Old: "York", New: "Bath"}}}
	first := oldRun(t, s, Run{SyncID: sync.ID, Status: Succeeded, BookID: 1}, change)
	latest := oldRun(t, s, Run{SyncID: sync.ID, Status: Succeeded, BookID: 1}, change)
	deleted := oldRun(t, s, Run{SyncID: sync.ID + 1, Status: Succeeded, BookID: 1}, change)
	referred := oldRun(t, s, Run{SyncID: sync.ID + 1, Status: Succeeded, BookID: 1}, change)
	latest.BlocksOf = latest.ID
	noError(t, s.UpdateRun(ctx, &latest))
	skipped := oldRun(t, s, Run{SyncID: sync.ID, Status: SkippedUnchanged, BookID: 1, BlocksOf: latest.ID})
	makeRun(t, s, Run{SyncID: sync.ID + 1, Status: SkippedUnchanged, BookID: 1, BlocksOf: referred.ID})
	must(s.PruneDetails(ctx, someDay))(t)
	for _, row := range []struct {
		sentence string
		run      Run
		kept     bool
	}{
		{"a run that later ones have taken the place of", first, false},
		{"the last that looked at every record", latest, true},
		{"a run of a sync that was deleted", deleted, false},
		{"a run that a younger one refers to", referred, true},
		{"an unchanged source", skipped, false},
	} {
		equal(t, row.sentence+": kept", !must(s.Run(ctx, row.run.ID))(t).Pruned, row.kept)
		if blocks, _ := detailsOf(t, s, row.run.ID); (blocks == 1) != row.kept {
			t.Errorf("%s: got %d blocks, kept: %v", row.sentence, blocks, row.kept)
		}
	}
}
