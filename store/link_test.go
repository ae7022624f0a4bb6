package store

import (
	"errors"
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
)

// makePair makes a connection and links it with a book.
func makePair(t *testing.T, s *Store, b Book) Pair {
	t.Helper()
	c := must(s.SaveConnection(ctx, Connection{Name: "office", Kind: "carddav", Settings: map[string]string{"url": "https://dav.example.org"}}))(t)
	return must(s.PairOf(ctx, c.ID, "people", b.ID))(t)
}

func testConnections(t *testing.T, s *Store) {
	first := must(s.SaveConnection(ctx, Connection{Name: "office", Kind: "carddav", Settings: map[string]string{"user": "ada"}, Secret: "sealed"}))(t)
	again := must(s.SaveConnection(ctx, Connection{Name: "office", Kind: "carddav", Settings: map[string]string{"user": "bob"}}))(t)
	equal(t, "number of a connection that is saved again", again.ID, first.ID)
	got := must(s.Connection(ctx, "office"))(t)
	equal(t, "user", got.Settings["user"], "bob")
	equal(t, "connections", len(must(s.Connections(ctx))(t)), 1)
	if _, err := s.Connection(ctx, "nowhere"); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown connection: got %v, want %v", err, ErrNotFound)
	}
	for i, want := range []bool{true, true, false} {
		equal(t, "call may be made", must(s.Spend(ctx, first.ID, "2026-11-22", 2))(t), want)
		if i == 2 {
			equal(t, "and on the next day again", must(s.Spend(ctx, first.ID, "2026-11-23", 2))(t), true)
		}
	}
	noError(t, s.DeleteConnection(ctx, first.ID))
	equal(t, "connections left", len(must(s.Connections(ctx))(t)), 0)
}

func testMirror(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 2)
	p := makePair(t, s, b)
	equal(t, "the same pair again", must(s.PairOf(ctx, p.ConnectionID, "people", b.ID))(t).ID, p.ID)
	ada := Mirrored{RemoteID: "r1", Version: `"v1"`, Hashes: [3]uint64{0, 7, 9}, Seen: map[string]string{"email": "ada@example.com"}}
	p = must(s.TakeListing(ctx, Listing{Pair: p.ID, Items: []Mirrored{ada, {RemoteID: "r2"}}, Cursor: "c1"}))(t)
	equal(t, "cursor", p.Cursor, "c1")
	m := must(s.MirrorByRemote(ctx, p.ID, []string{"r1"}))(t)[0]
	equal(t, "value", m.Seen["email"], "ada@example.com")
	m.Ref, m.Base = Ref(b.ID, 1), map[string]plan.Agreed{"email": {Ours: "a", Theirs: "b", Wrote: []plan.Wrote{{At: 1, Value: 2}}}}
	noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Mirror: []Mirrored{m}, Position: -1}))
	m = must(s.MirrorByRef(ctx, p.ID, []int64{Ref(b.ID, 1)}))(t)[0]
	equal(t, "base", m.Base["email"].Theirs, "b")
	equal(t, "records that changed since the listing", len(must(s.MirrorSince(ctx, p.ID, p.Seq))(t)), 1)
	hits := must(s.MirrorByKey(ctx, p.ID, plan.ByEmail, []uint64{7, 8}))(t)
	equal(t, "found by e-mail", len(hits), 1)
	equal(t, "its contact", hits[0].Ref, Ref(b.ID, 1))
	second := must(s.MirrorByRemote(ctx, p.ID, []string{"r2"}))(t)[0]
	second.Ref = Ref(b.ID, 1)
	if err := s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Mirror: []Mirrored{second}, Position: -1}); err == nil {
		t.Error("two records were linked with one contact (I16)")
	}
	noError(t, s.DeleteBook(ctx, b.ID))
	if _, err := s.Pair(ctx, p.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the pair of a deleted book: got %v, want %v", err, ErrNotFound)
	}
}

func testMirrorSame(t *testing.T, s *Store) {
	for _, row := range []struct {
		sentence  string
		meanwhile func(pair int64, m *Mirrored)
	}{
		{"nothing else has changed", func(int64, *Mirrored) {}},
		{"its contact was let go since it was read", func(_ int64, m *Mirrored) { must(s.DropLinks(ctx, m.Ref, "office"))(t) }},
		{"another run has stored it since it was read", func(pair int64, m *Mirrored) {
			other := *m
			other.Ref, other.RemoteID, other.Hashes = other.Ref+1, "r3", [3]uint64{1, 2, 3}
			noError(t, s.WriteLinks(ctx, LinkBatch{Pair: pair, Mirror: []Mirrored{other}, Position: -1}))
		}},
		{"it belongs to another contact now", func(_ int64, m *Mirrored) { m.Ref += 2 }},
		{"it belongs to nobody now", func(_ int64, m *Mirrored) { m.Ref = 0 }},
		{"its e-mail is another now", func(_ int64, m *Mirrored) { m.Hashes[1]++ }},
		{"it has another number there now", func(_ int64, m *Mirrored) { m.RemoteID = "r2" }},
	} {
		b := makeBook(t, s, row.sentence)
		p := makePair(t, s, b)
		noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Mirror: []Mirrored{{RemoteID: "r1", Ref: Ref(b.ID, 1), Hashes: [3]uint64{0, 7, 9}}}, Position: -1}))
		m := must(s.MirrorByRemote(ctx, p.ID, []string{"r1"}))(t)[0]
		row.meanwhile(p.ID, &m)
		m.Version, m.Seen = "v2", map[string]string{"email": "ada@example.com"}
		noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Mirror: []Mirrored{m}, Position: -1}))
		got := must(s.MirrorByID(ctx, []int64{m.ID}))(t)[0]
		equal(t, row.sentence+": its version and value", got.Version+" "+got.Seen["email"], "v2 ada@example.com")
		equal(t, row.sentence+": what it is found by", got.indexed(), m.indexed())
		equal(t, row.sentence+": found by its e-mail", len(must(s.MirrorByKey(ctx, p.ID, plan.ByEmail, []uint64{m.Hashes[1]}))(t)), 1)
	}
}

func testDropLinks(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	p := makePair(t, s, b)
	noError(t, s.SaveProgress(ctx, Progress{SyncID: 3, PairID: p.ID}, nil))
	at := Ref(b.ID, 1)
	linked := Mirrored{RemoteID: "r1", Ref: at, State: Gone, Base: map[string]plan.Agreed{"email": {Ours: "a", Theirs: "a"}}}
	conflict := Conflict{RemoteID: "r1", Ref: at, Conflict: plan.Conflict{Field: "note", Ours: "a", Theirs: "b", Winner: plan.WinReview}}
	noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Mirror: []Mirrored{linked, {RemoteID: "r2", Ref: Ref(b.ID, 2)}}, Judged: []int64{at}, Conflicts: []Conflict{conflict}, Position: -1}))
	equal(t, "dropped at another connection", must(s.DropLinks(ctx, at, "elsewhere"))(t), 0)
	equal(t, "links of the contact still", len(must(s.Links(ctx, at))(t)), 1)
	equal(t, "dropped", must(s.DropLinks(ctx, at, "office"))(t), 1)
	equal(t, "links of the contact", len(must(s.Links(ctx, at))(t)), 0)
	equal(t, "links of another contact", len(must(s.Links(ctx, Ref(b.ID, 2)))(t)), 1)
	equal(t, "open conflicts", len(must(s.OpenConflicts(ctx, 0))(t)), 0)
	record := must(s.MirrorByRemote(ctx, p.ID, []string{"r1"}))(t)[0]
	equal(t, "what both last agreed on", len(record.Base), 0)
	same(t, "to look at again", must(s.Retries(ctx, 3))(t), []Retry{{Ref: at}, {Mirror: record.ID}})
}

func testLeases(t *testing.T, s *Store) {
	p := makePair(t, s, makeBook(t, s, "people"))
	now := time.UnixMilli(1_790_000_000_000)
	first := must(s.Lease(ctx, p.ID, now, now.Add(time.Minute)))(t)
	if _, err := s.Lease(ctx, p.ID, now, now.Add(time.Minute)); !errors.Is(err, ErrLeased) {
		t.Errorf("a second run: got %v, want %v", err, ErrLeased)
	}
	second := must(s.Lease(ctx, p.ID, now.Add(2*time.Minute), now.Add(3*time.Minute)))(t)
	for what, err := range map[string]error{
		"links":   s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Epoch: first, Position: -1}),
		"intents": s.Intend(ctx, p.ID, first, []Intent{{Key: "k"}}),
		"lease":   s.RenewLease(ctx, p.ID, first, now),
	} {
		if !errors.Is(err, ErrStale) {
			t.Errorf("%s of the run that lost its lease: got %v, want %v", what, err, ErrStale)
		}
	}
	if _, err := s.TakeListing(ctx, Listing{Pair: p.ID, Epoch: first}); !errors.Is(err, ErrStale) {
		t.Errorf("listing of the run that lost its lease: got %v, want %v", err, ErrStale)
	}
	noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Epoch: second, Position: -1}))
}

func testIntents(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	p := makePair(t, s, b)
	create := []Intent{{Key: "k1", Op: 1, Ref: 5, Payload: map[string]string{"email": "a"}, Attempted: time.UnixMilli(10)}}
	noError(t, s.Intend(ctx, p.ID, 0, create))
	if err := s.Intend(ctx, p.ID, 0, []Intent{{Key: "k2", Op: 1, Ref: 5}}); err == nil {
		t.Error("a contact got two creates under way (I3)")
	}
	create[0].Attempted, create[0].Payload = time.UnixMilli(20), map[string]string{"email": "b"}
	noError(t, s.Intend(ctx, p.ID, 0, create))
	got := must(s.Intents(ctx, p.ID))(t)[0]
	equal(t, "time of the last attempt", got.Attempted.UnixMilli(), 20)
	equal(t, "the first payload stays", got.Payload["email"], "a")
	noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Done: []int64{got.ID}, Position: -1}))
	equal(t, "intents left", len(must(s.Intents(ctx, p.ID))(t)), 0)
}

func testConflicts(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	p := makePair(t, s, b)
	at := time.UnixMilli(1000)
	c := Conflict{RemoteID: "r1", Ref: 5, Found: at, Conflict: plan.Conflict{Field: "note", Ours: "a", Theirs: "b", TheirsRaw: "B", Winner: plan.WinReview}}
	found := LinkBatch{Pair: p.ID, Run: 1, Judged: []int64{5}, Conflicts: []Conflict{c}, Position: -1}
	noError(t, s.WriteLinks(ctx, found))
	noError(t, s.WriteLinks(ctx, found))
	open := must(s.OpenConflicts(ctx, p.ID))(t)
	equal(t, "open conflicts, found twice", len(open), 1)
	noError(t, s.PickConflict(ctx, open[0].ID, plan.WinOurs, at))
	noError(t, s.WriteLinks(ctx, found))
	equal(t, "a choice about the same values is kept", must(s.Conflict(ctx, open[0].ID))(t).Pick, plan.WinOurs)
	noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Run: 2, Judged: []int64{5}, Position: -1}))
	equal(t, "open once both agree", len(must(s.OpenConflicts(ctx, 0))(t)), 0)
	equal(t, "in the log", len(must(s.ConflictsOf(ctx, 5))(t)), 1)
}

func testProgress(t *testing.T, s *Store) {
	p := makePair(t, s, makeBook(t, s, "people"))
	equal(t, "of a sync that never ran", must(s.Progress(ctx, 3, p.ID))(t), Progress{SyncID: 3, PairID: p.ID})
	want := Progress{SyncID: 3, PairID: p.ID, MirrorSeq: 5, BookRun: 6, Fingerprint: "f"}
	noError(t, s.SaveProgress(ctx, want, []Retry{{Mirror: 1}, {Ref: 2}}))
	noError(t, s.SaveProgress(ctx, want, []Retry{{Ref: 2}}))
	equal(t, "progress", must(s.Progress(ctx, 3, p.ID))(t), want)
	same(t, "to look at again", must(s.Retries(ctx, 3))(t), []Retry{{Ref: 2}})
	at := time.UnixMilli(1_790_000_000_000)
	begin := func(status Status, started, finished time.Time) Run {
		r := Run{Kind: KindSync, Status: status, Started: started, Finished: finished, BookID: p.BookID}
		noError(t, s.CreateRun(ctx, &r))
		return r
	}
	late, own := begin(Planned, at, time.Time{}), begin(Applying, at.Add(time.Minute), time.Time{})
	want.BookRun = own.ID
	noError(t, s.SaveProgress(ctx, want, nil))
	equal(t, "mark once the sync's run has ended", must(s.Progress(ctx, 3, p.ID))(t).BookRun, own.ID)
	late.Status = Applying
	noError(t, s.UpdateRun(ctx, &late))
	equal(t, "mark once an older plan is applied", must(s.Progress(ctx, 3, p.ID))(t).BookRun, late.ID-1)
	noError(t, s.SaveProgress(ctx, want, nil))
	equal(t, "mark while it is being applied", must(s.Progress(ctx, 3, p.ID))(t).BookRun, late.ID-1)
	late.Status, late.Finished = Succeeded, at.Add(2*time.Minute)
	noError(t, s.UpdateRun(ctx, &late))
	noError(t, s.SaveProgress(ctx, want, nil))
	equal(t, "mark when it had ended before the other one did", must(s.Progress(ctx, 3, p.ID))(t).BookRun, late.ID-1)
	own.Status, own.Finished = Succeeded, at.Add(3*time.Minute)
	noError(t, s.UpdateRun(ctx, &own))
	next := begin(Applying, at.Add(time.Hour), time.Time{})
	want.BookRun = next.ID
	noError(t, s.SaveProgress(ctx, want, nil))
	equal(t, "mark of the next run", must(s.Progress(ctx, 3, p.ID))(t).BookRun, next.ID)
}

func testSwapSetting(t *testing.T, s *Store) {
	for i, step := range []struct {
		was, now string
		want     bool
	}{{"", "a", true}, {"", "b", false}, {"a", "c", true}, {"a", "d", false}} {
		got := must(s.SwapSetting(ctx, "keys", step.was, step.now))(t)
		if got != step.want {
			t.Errorf("step %d, %q to %q: got %v, want %v", i, step.was, step.now, got, step.want)
		}
	}
	equal(t, "setting", must(s.Setting(ctx, "keys", ""))(t), "c")
}
