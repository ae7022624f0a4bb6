package store

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
)

func testRun(t *testing.T, s *Store) {
	want := Run{SyncID: 3, Name: `Ann's "sync" ü`, Kind: KindUndo, Status: Planned, Started: time.UnixMilli(1_700_000_000_001), BookID: 4,
		SourceHash: "ab", SourceSize: 1 << 53, TargetState: "17", Fingerprint: "f", PlanHash: "3fe2", BlocksOf: 9, UndoOf: 8,
		RunDetail: RunDetail{Totals: plan.Totals{Read: 2, Created: 1, Skipped: 1}, Reasons: map[string]int64{"source.no_email": 1},
			Notes: naughty()[:60], Code: "x", Message: "a\x00b", Source: "people.csv", Stage: "s", EndState: "e", Config: []byte(`{"a":1}`)}}
	got := want
	noError(t, s.CreateRun(ctx, &got))
	want.ID = got.ID
	read, err := s.Run(ctx, got.ID)
	noError(t, err)
	if !reflect.DeepEqual(read, want) {
		t.Errorf("created: got %+v\nwant %+v", read, want)
	}
	want.Status, want.Finished, want.BookID, want.SourceHash, want.SourceSize, want.TargetState = Succeeded, time.UnixMilli(1_700_000_000_999), 5, "cd", 7, "18"
	want.Fingerprint, want.PlanHash, want.BlocksOf, want.Undone = "g", "4a", 10, 12
	noError(t, s.UpdateRun(ctx, &want))
	noError(t, s.Advance(ctx, want.ID, 1<<40))
	want.Position = 1 << 40
	if read, err = s.Run(ctx, got.ID); err != nil || !reflect.DeepEqual(read, want) {
		t.Errorf("updated: got %+v, %v\nwant %+v", read, err, want)
	}
	noError(t, s.DeleteRun(ctx, want.ID))
	if err := s.UpdateRun(ctx, &want); !errors.Is(err, ErrNotFound) {
		t.Errorf("update a deleted run: got %v, want %v", err, ErrNotFound)
	}
	if _, err := s.Run(ctx, want.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("read a deleted run: got %v, want %v", err, ErrNotFound)
	}
}

func testFindRuns(t *testing.T, s *Store) {
	for _, r := range []Run{
		{SyncID: 1, Status: Succeeded, BookID: 1, PlanHash: "abc1"}, // 1
		{SyncID: 1, Status: SkippedUnchanged, BookID: 1},            // 2
		{SyncID: 1, Status: Failed, BookID: 1, PlanHash: "abc2"},    // 3
		{SyncID: 1, Status: Planned, BookID: 1, PlanHash: "abd3"},   // 4
		{SyncID: 2, Status: Applying, BookID: 2, PlanHash: "ffff"},  // 5
		{SyncID: 2, Status: Planning, BookID: 1, PlanHash: "0000"},  // 6
		{SyncID: 1, Status: Succeeded, Kind: KindUndo, BookID: 1},   // 7
		{SyncID: 1, Status: Discarded, BookID: 1},                   // 8
	} {
		makeRun(t, s, r)
	}
	for _, row := range []struct {
		sentence string
		find     func() ([]Run, error)
		want     []int64
	}{
		{"the whole hash", func() ([]Run, error) { return one(s.RunByPlan(ctx, "abc1")) }, []int64{1}},
		{"a prefix", func() ([]Run, error) { return one(s.RunByPlan(ctx, "abd")) }, []int64{4}},
		{"in capitals", func() ([]Run, error) { return one(s.RunByPlan(ctx, "ABC2")) }, []int64{3}},
		{"the highest hash", func() ([]Run, error) { return one(s.RunByPlan(ctx, "f")) }, []int64{5}},
		{"no such plan", func() ([]Run, error) { return one(s.RunByPlan(ctx, "abc12")) }, nil},
		{"a blank names no plan", func() ([]Run, error) { return one(s.RunByPlan(ctx, "")) }, nil},
		{"a plan is no pattern", func() ([]Run, error) { return one(s.RunByPlan(ctx, "ab%")) }, nil},
		{"the latest applied is a sync's own", func() ([]Run, error) { return one(s.LatestApplied(ctx, 1)) }, []int64{2}},
		{"nothing applied yet", func() ([]Run, error) { return one(s.LatestApplied(ctx, 2)) }, nil},
		{"interrupted", func() ([]Run, error) { return s.Interrupted(ctx) }, []int64{5, 6}},
		{"of a book, after one of them", func() ([]Run, error) { return s.BookRuns(ctx, 1, 1) }, []int64{2, 3, 7}},
		{"the latest", func() ([]Run, error) { return s.Runs(ctx, 0, 3) }, []int64{7, 6, 5}},
		{"those before", func() ([]Run, error) { return s.Runs(ctx, 5, 9) }, []int64{3, 2, 1}},
	} {
		runs, err := row.find()
		if err != nil && !(row.want == nil && errors.Is(err, ErrNotFound)) {
			t.Errorf("%s: %v", row.sentence, err)
		}
		var got []int64
		for _, r := range runs {
			got = append(got, r.ID)
		}
		same(t, row.sentence, got, row.want)
	}
}

func one(r Run, err error) ([]Run, error) {
	if err != nil {
		return nil, err
	}
	return []Run{r}, nil
}

func testDropPlans(t *testing.T, s *Store) {
	for _, r := range []Run{{SyncID: 1, Status: Planned}, {SyncID: 1, Status: Succeeded}, {SyncID: 2, Status: Planned}} {
		r = makeRun(t, s, r)
		noError(t, s.AppendPlan(ctx, r.ID, []Block{{N: 0, Data: []byte{1}}}, 0, []plan.Change{{Action: plan.Update, Ref: 1}}))
	}
	noError(t, s.DropPlans(ctx, 1))
	for run, want := range map[int64]int{1: 0, 2: 1, 3: 1} {
		equal(t, "blocks", len(all(t, s.Blocks(ctx, run))), want)
		equal(t, "changes", len(all(t, s.Changes(ctx, run))), want)
	}
	noError(t, s.ClearPlan(ctx, 2))
	equal(t, "blocks of a cleared plan", len(all(t, s.Blocks(ctx, 2))), 0)
	_, err := s.Run(ctx, 2)
	noError(t, err)
}

func saveSync(t *testing.T, s *Store, name string) Sync {
	t.Helper()
	saved, err := s.SaveSync(ctx, plan.Sync{Name: name, Source: plan.Endpoint{File: "a.csv"}, Target: plan.Endpoint{Book: "people"}}, "/home/ann")
	noError(t, err)
	return saved
}

func testSyncs(t *testing.T, s *Store) {
	first := saveSync(t, s, `Ann's "sync" ü`)
	saveSync(t, s, "zebra")
	changed := first.Definition
	changed.Filter = "a\x00b"
	again, err := s.SaveSync(ctx, changed, "/srv")
	noError(t, err)
	equal(t, "number after saving again", again.ID, first.ID)
	got, err := s.Sync(ctx, first.Name)
	noError(t, err)
	if !reflect.DeepEqual(got, Sync{ID: first.ID, Name: first.Name, Definition: changed, Base: "/srv"}) {
		t.Errorf("sync: got %+v", got)
	}
	list, err := s.Syncs(ctx)
	noError(t, err)
	if len(list) != 2 || list[0].Name != first.Name {
		t.Errorf("syncs: got %+v", list)
	}
	noError(t, s.DeleteSync(ctx, first.Name))
	if err := s.DeleteSync(ctx, first.Name); !errors.Is(err, ErrNotFound) {
		t.Errorf("delete twice: got %v, want %v", err, ErrNotFound)
	}
	if _, err := s.Sync(ctx, first.Name); !errors.Is(err, ErrNotFound) {
		t.Errorf("read a deleted sync: got %v, want %v", err, ErrNotFound)
	}
}

func testLearned(t *testing.T, s *Store) {
	if _, err := s.Learned(ctx, "abc"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a header never seen: got %v, want %v", err, ErrNotFound)
	}
	want := []plan.Mapping{{From: "E-mail", To: "email", As: "email"}, {From: "Naïve \"x\"", To: "note"}}
	noError(t, s.Learn(ctx, "abc", want[:1]))
	noError(t, s.Learn(ctx, "abc", want))
	got, err := s.Learned(ctx, "abc")
	noError(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("learned: got %+v, want %+v", got, want)
	}
}

func testAmbiguousPlan(t *testing.T, s *Store) {
	for _, hash := range []string{"abcd1", "abcd2", "abcd2"} {
		makeRun(t, s, Run{Kind: KindSync, Status: Planned, PlanHash: hash})
	}
	if _, err := s.RunByPlan(ctx, "abcd"); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("abcd fits two plans: got %v, want ErrAmbiguous", err)
	}
	r, err := s.RunByPlan(ctx, "ABCD2")
	noError(t, err)
	equal(t, "the latest of one plan", r.ID, 3)
}
