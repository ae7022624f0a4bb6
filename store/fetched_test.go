package store

import (
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
)

func testFetched(t *testing.T, s *Store) {
	sync := must(s.SaveSync(ctx, plan.Sync{Name: "hr"}, ""))(t)
	at := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	first := Fetched{SyncID: sync.ID, Path: "/out/people-1.csv", Size: 20, Hash: "aa", Modified: at.Add(-time.Hour + 7*time.Nanosecond), Tag: `"x"`, Run: 1, At: at}
	other := Fetched{SyncID: sync.ID, Path: "/out/people-2.csv", Size: 20, Hash: "aa", Run: 2, At: at.Add(time.Minute)}
	for _, f := range []Fetched{first, other, {SyncID: sync.ID + 1, Path: first.Path, Size: 20, Hash: "aa", Run: 3, At: at}} {
		noError(t, s.SaveFetched(ctx, f))
	}
	known := must(s.FetchedBy(ctx, sync.ID))(t)
	first.ID, other.ID = known[0].ID, known[1].ID
	same(t, "what was fetched", known, []Fetched{first, other})

	first.Settled, first.Modified, first.Run = true, at, 4
	noError(t, s.SaveFetched(ctx, first))
	same(t, "what was fetched, touched and settled", must(s.FetchedBy(ctx, sync.ID))(t), []Fetched{first, other})

	written := first
	written.Hash, written.Run, written.At = "bb", 5, at.Add(time.Hour)
	noError(t, s.SaveFetched(ctx, written))
	if n := len(must(s.FetchedBy(ctx, sync.ID))(t)); n != 3 {
		t.Errorf("a file with another content: got %d files, want 3", n)
	}
	noError(t, s.ForgetFetched(ctx, 5))
	same(t, "after a run was taken back", must(s.FetchedBy(ctx, sync.ID))(t), []Fetched{first, other})
	noError(t, s.DeleteSync(ctx, "hr"))
	if n := len(must(s.FetchedBy(ctx, sync.ID))(t)); n != 0 {
		t.Errorf("after the sync was deleted: got %d files, want none", n)
	}
}
