package store

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/kith-sync/kith/plan"
)

func testPlan(t *testing.T, s *Store) {
	r := makeRun(t, s, Run{Status: Planned})
	var changes []plan.Change
	for i, v := range naughty() {
		changes = append(changes, plan.Change{Row: int64(i), Line: int64(i + 2), Action: plan.Update, Reason: plan.NoEmail, Rule: plan.ByEmail,
			Ref: 1<<62 + int64(i), SourceID: storable(v), TargetID: "42", Version: "7", Values: []string{v, ""},
			Fields: []plan.FieldChange{{Name: "note", Old: v, New: "x" + v, Rule: "always", Kept: v}},
			Detail: plan.Detail{Message: v, Several: []string{v}, Missing: []string{"email"}, OtherLine: 1 << 53}})
	}
	long := bytes.Repeat([]byte{0, 0xff, '\'', '\\'}, 1<<16)
	noError(t, s.AppendPlan(ctx, r.ID, []Block{{0, []byte{}}, {1, long}}, 0, changes[:10]))
	noError(t, s.AppendPlan(ctx, r.ID, []Block{{2, []byte{1}}}, 10, changes[10:]))
	noError(t, s.AppendPlan(ctx, r.ID, nil, 1<<40, []plan.Change{{SourceID: "a\x00\xff", TargetID: "\x00", Version: "\xff"}}))
	got := all(t, s.Changes(ctx, r.ID))
	equal(t, "changes", len(got), len(changes)+1)
	for i, want := range changes {
		if got[i].Seq != int64(i) || !reflect.DeepEqual(got[i].Change, want) {
			t.Errorf("change %d: got %s\nwant %s", i, fmt.Sprintf("%.200q", fmt.Sprint(got[i].Change)), fmt.Sprintf("%.200q", fmt.Sprint(want)))
		}
	}
	equal(t, "an id that no database can keep", got[len(changes)].SourceID, "a\uFFFD\uFFFD")
	blocks := all(t, s.Blocks(ctx, r.ID))
	if len(blocks) != 3 || len(blocks[0].Data) != 0 || !bytes.Equal(blocks[1].Data, long) || blocks[2].N != 2 {
		t.Errorf("blocks: got %d", len(blocks))
	}
	noError(t, s.ReplaceBlock(ctx, r.ID, Block{1, []byte("new")}))
	equal(t, "replaced block", string(all(t, s.Blocks(ctx, r.ID))[1].Data), "new")

	settled := changes[3]
	settled.Action, settled.Reason, settled.Ref, settled.TargetID, settled.Detail.Message = plan.Fail, plan.TargetGone, 5, "5", "gone\x00"
	noError(t, s.SettleChange(ctx, r.ID, 3, settled))
	if got := all(t, s.Changes(ctx, r.ID))[3].Change; !reflect.DeepEqual(got, settled) {
		t.Errorf("settled: got %+v, want %+v", got, settled)
	}
	if err := s.AppendPlan(ctx, r.ID, []Block{{9, []byte{1}}}, 3, changes[:1]); err == nil {
		t.Error("a change number given twice: got no error")
	}
	equal(t, "blocks after a failed append", len(all(t, s.Blocks(ctx, r.ID))), 3)
}

func testTouched(t *testing.T, s *Store) {
	for i, r := range []Run{
		{BookID: 1, Status: Succeeded}, {BookID: 1, Status: WithErrors}, {BookID: 2, Status: Succeeded}, {BookID: 1, Status: Planned},
		{BookID: 1, Status: Applying}, {BookID: 1, Status: Discarded}, {BookID: 1, Status: Failed, BlocksOf: 7}, {BookID: 3, Status: Failed},
	} {
		r = makeRun(t, s, r)
		noError(t, s.AppendPlan(ctx, r.ID, nil, 0, []plan.Change{{Action: plan.Skip}, {Action: plan.Update, Ref: 100 - int64(i)}, {Action: plan.Update, Ref: 7}}))
	}
	for _, row := range []struct {
		sentence   string
		book, from int64
		want       []int64
	}{
		{"since ever", 1, 0, []int64{7, 94, 96, 99, 100}},
		{"since the first", 1, 1, []int64{7, 94, 96, 99}},
		{"of another book", 2, 0, []int64{7, 98}},
		{"since the last", 1, 7, nil},
	} {
		got, err := s.TouchedSince(ctx, row.book, row.from)
		noError(t, err)
		same(t, row.sentence, got, row.want)
	}
	var runs []int64
	for _, c := range all(t, s.ChangesOf(ctx, 7)) {
		runs = append(runs, c.Run)
	}
	same(t, "runs that changed contact 7: the last failed on the way, and is linked: it has no blocks", runs, []int64{1, 2, 3, 5, 8})
}

// SQLite only: its log begins anew only while nobody reads. A plan of a million changes
// that is read while it is carried out made it 20 GB long.
func TestWhoReadsAPlanStopsNobody(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "kith.db"))
	r := makeRun(t, s, Run{Status: Applying})
	const n = 2*changesAtOnce + 500
	noError(t, s.AppendPlan(ctx, r.ID, nil, 0, make([]plan.Change, n)))
	var seen int64
	for c, err := range s.Changes(ctx, r.ID) {
		noError(t, err)
		equal(t, "place in the plan", c.Seq, seen)
		if seen++; seen%700 == 0 {
			var busy, log, moved int
			noError(t, s.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved))
			equal(t, "the log is held by a reader", busy, 0)
		}
	}
	equal(t, "changes", seen, n)
}
