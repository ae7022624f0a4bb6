package store

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/kith-sync/kith/contact"
)

func testContacts(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	r := makeRun(t, s, Run{})
	at := time.UnixMilli(1_750_000_000_123)
	ada, bo := Ref(b.ID, 1), Ref(b.ID, 2)
	write(t, s, Batch{Book: b, Run: r.ID, Position: 2, Creates: []ContactWrite{{Ref: ada, Values: []string{"ada@example.com", "Ada", "x"}}, {Ref: bo}}})
	write(t, s, Batch{Book: b, Run: 7, Updates: []ContactWrite{{Ref: ada, IfVersion: 1, Values: []string{"ada@example.org", "Ada", ""}}}})
	b = reread(t, s, b)
	equal(t, "population", b.Population, 2)
	c := all(t, s.Contacts(ctx, b, 0))
	same(t, "values", c[0].Values, []string{"ada@example.org", "Ada", ""})
	same(t, "values of a blank contact", c[1].Values, []string{"", "", ""})
	equal(t, "version, created and updated", [3]int64{c[0].Version, c[0].CreatedRun, c[0].UpdatedRun}, [3]int64{2, r.ID, 7})
	same(t, "after the first", all(t, s.Contacts(ctx, b, ada))[0].Values, c[1].Values)
	r, err := s.Run(ctx, r.ID)
	noError(t, err)
	equal(t, "position", r.Position, 2)

	write(t, s, Batch{Book: b, Run: 8, Now: at, Trash: []ContactWrite{{Ref: ada, IfVersion: 2}}})
	same(t, "live contacts", numbers(t, s, b), []int64{2})
	trash, err := s.TrashedContacts(ctx, b)
	noError(t, err)
	if len(trash) != 1 || trash[0].DeletedRun != 8 || !trash[0].DeletedAt.Equal(at) || trash[0].Values[0] != "ada@example.org" {
		t.Errorf("trash: got %+v", trash)
	}
	equal(t, "population", reread(t, s, b).Population, 1)
	same(t, "refused", write(t, s, Batch{Book: b, Run: 9, Restore: []ContactWrite{{Ref: ada}, {Ref: Ref(b.ID, 5)}}}), []int64{Ref(b.ID, 5)})
	now := reread(t, s, b)
	equal(t, "population", now.Population, 2)
	equal(t, "change counter", now.Seq, b.Seq+2)
	equal(t, "restored", all(t, s.Contacts(ctx, b, 0))[0].Version, 2)
}

func testVersions(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 3)
	seq := reread(t, s, b).Seq
	refused := write(t, s, Batch{Book: b, Run: 2,
		Updates: []ContactWrite{{Ref: Ref(b.ID, 1), IfVersion: 9, Add: []Key{{2, 5}}}, {Ref: Ref(b.ID, 2), IfVersion: 1}, {Ref: Ref(b.ID, 77), IfVersion: 1}},
		Trash:   []ContactWrite{{Ref: Ref(b.ID, 3), IfVersion: 2}}})
	same(t, "refused", refused, []int64{Ref(b.ID, 1), Ref(b.ID, 77), Ref(b.ID, 3)})
	now := reread(t, s, b)
	equal(t, "population", now.Population, 3)
	equal(t, "change counter", now.Seq, seq+1)
	hits, err := s.FindKeys(ctx, now, 2, []uint64{5})
	noError(t, err)
	same(t, "keys of a refused contact", hits, nil)

	refused = write(t, s, Batch{Book: b, Run: 3, Updates: []ContactWrite{{Ref: Ref(b.ID, 1), IfVersion: 9}}})
	equal(t, "refused", len(refused), 1)
	equal(t, "change counter after nothing was written", reread(t, s, b).Seq, now.Seq)
}

func testBatchTwice(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	r := makeRun(t, s, Run{})
	create := func(hash uint64) Batch {
		return Batch{Book: b, Run: r.ID, Position: 1, Creates: []ContactWrite{{Ref: Ref(b.ID, 1), Values: []string{"ada@example.com"}, Add: []Key{{1, hash}}}}}
	}
	write(t, s, create(11))
	before := reread(t, s, b)
	write(t, s, create(12)) // a random key is drawn anew
	after := reread(t, s, b)
	equal(t, "population and change counter", [2]int64{after.Population, after.Seq}, [2]int64{before.Population, before.Seq})
	hits, err := s.FindKeys(ctx, after, 1, []uint64{11, 12})
	noError(t, err)
	same(t, "keys", hits, []KeyHit{{11, Ref(b.ID, 1)}})

	mixed := create(13)
	mixed.Creates = append(mixed.Creates, ContactWrite{Ref: Ref(b.ID, 2)})
	write(t, s, mixed)
	equal(t, "population", reread(t, s, b).Population, 2)
}

func testBookChanged(t *testing.T, s *Store) {
	old := makeBook(t, s, "people")
	fill(t, s, old, 1)
	noError(t, s.AddFields(ctx, old.ID, []contact.Field{{Name: "city", Kind: contact.Text}}))
	now := reread(t, s, old)
	write(t, s, Batch{Book: now, Run: 2, Updates: []ContactWrite{{Ref: Ref(old.ID, 1), IfVersion: 1, Values: []string{"", "", "", "Ely"}}}})
	_, err := s.Write(ctx, Batch{Book: old, Run: 3, Position: -1, Updates: []ContactWrite{{Ref: Ref(old.ID, 1), IfVersion: 2, Values: []string{"a"}}}})
	if !errors.Is(err, ErrBookChanged) {
		t.Errorf("write with the fields of before: got %v, want %v", err, ErrBookChanged)
	}
	same(t, "values", all(t, s.Contacts(ctx, now, 0))[0].Values, []string{"", "", "", "Ely"})
}

func testFailedBatch(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 2)
	before := reread(t, s, b)
	// The second restore meets a contact that is there: the database refuses it.
	write(t, s, Batch{Book: b, Run: 2, Trash: []ContactWrite{{Ref: Ref(b.ID, 1), IfVersion: 1}}})
	_, err := s.db.ExecContext(ctx, `INSERT INTO trash SELECT id, version, created_run, updated_run, data, 2, 0 FROM contact WHERE id = $1`, Ref(b.ID, 2))
	noError(t, err)
	_, err = s.Write(ctx, Batch{Book: b, Run: 3, Position: -1, Creates: []ContactWrite{{Ref: Ref(b.ID, 9), Add: []Key{{2, 4}}}},
		Restore: []ContactWrite{{Ref: Ref(b.ID, 1)}, {Ref: Ref(b.ID, 2)}}})
	if err == nil {
		t.Fatal("got no error")
	}
	same(t, "contacts", numbers(t, s, b), []int64{2})
	now := reread(t, s, b)
	equal(t, "population and change counter", [2]int64{now.Population, now.Seq}, [2]int64{1, before.Seq + 1})
	hits, err := s.FindKeys(ctx, now, 2, []uint64{4})
	noError(t, err)
	same(t, "keys", hits, nil)
	if _, err := s.Write(ctx, Batch{Book: Book{ID: 99}, Run: 1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("write to no book: got %v, want %v", err, ErrNotFound)
	}
}

func testContactsByRef(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 1000)
	write(t, s, Batch{Book: b, Run: 2, Trash: []ContactWrite{{Ref: Ref(b.ID, 5), IfVersion: 1}}})
	odd, every := []int64{}, []int64{}
	for i := int64(1); i <= 1100; i++ {
		every = append(every, i)
		if i%2 == 1 {
			odd = append(odd, i)
		}
	}
	for _, row := range []struct {
		sentence string
		ask      []int64
	}{
		{"none", nil}, {"one", []int64{3}}, {"one that is gone", []int64{5}}, {"neighbours", []int64{3, 4, 5, 6}},
		{"one twice is not a stretch", []int64{6, 6, 8}}, {"more than one query names", odd}, {"all, and beyond", every},
	} {
		var refs, want, got []int64
		for _, n := range row.ask {
			refs = append(refs, Ref(b.ID, n))
			if n != 5 && n <= 1000 && !slices.Contains(want, n) {
				want = append(want, n)
			}
		}
		for _, c := range all(t, s.ContactsByRef(ctx, b, refs)) {
			got = append(got, Number(c.Ref))
		}
		same(t, row.sentence, got, want)
	}
}

func testTombstones(t *testing.T, s *Store) {
	b, other := makeBook(t, s, "people"), makeBook(t, s, "other")
	fill(t, s, b, 3)
	fill(t, s, other, 1)
	byHand, bySync := makeRun(t, s, Run{Kind: KindEdit}), makeRun(t, s, Run{})
	write(t, s, Batch{Book: b, Run: byHand.ID, Trash: []ContactWrite{{Ref: Ref(b.ID, 1), IfVersion: 1}}})
	write(t, s, Batch{Book: b, Run: bySync.ID, Trash: []ContactWrite{{Ref: Ref(b.ID, 2), IfVersion: 1}}})
	write(t, s, Batch{Book: other, Run: byHand.ID, Trash: []ContactWrite{{Ref: Ref(other.ID, 1), IfVersion: 1}}})
	got, err := s.Tombstones(ctx, b.ID)
	noError(t, err)
	if len(got) != 1 || got[0].Ref != Ref(b.ID, 1) || got[0].Values[0] != "ada@example.com" {
		t.Errorf("tombstones: got %+v, want contact 1", got)
	}
}

func testReserve(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	one, two := makeRun(t, s, Run{}), makeRun(t, s, Run{})
	reserve := func(run, n int64) int64 {
		first, err := s.ReserveNumbers(ctx, b.ID, run, n)
		noError(t, err)
		return first
	}
	equal(t, "first run", reserve(one.ID, 10), Ref(b.ID, 1))
	equal(t, "second run", reserve(two.ID, 5), Ref(b.ID, 11))
	equal(t, "first run again", reserve(one.ID, 10), Ref(b.ID, 1))
	equal(t, "third run", reserve(makeRun(t, s, Run{}).ID, 1), Ref(b.ID, 16))
	if _, err := s.ReserveNumbers(ctx, b.ID, 999, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown run: got %v, want %v", err, ErrNotFound)
	}
	if _, err := s.ReserveNumbers(ctx, 999, makeRun(t, s, Run{}).ID, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown book: got %v, want %v", err, ErrNotFound)
	}
}

func testCreatedBySync(t *testing.T, s *Store) {
	b, other := makeBook(t, s, "people"), makeBook(t, s, "other")
	one, two := makeRun(t, s, Run{SyncID: 1}), makeRun(t, s, Run{SyncID: 2})
	for i, run := range []int64{one.ID, two.ID, one.ID} {
		write(t, s, Batch{Book: b, Run: run, Creates: []ContactWrite{{Ref: Ref(b.ID, int64(i+1))}}})
	}
	write(t, s, Batch{Book: other, Run: one.ID, Creates: []ContactWrite{{Ref: Ref(other.ID, 1)}}})
	same(t, "sync 1", all(t, s.CreatedBySync(ctx, b, 1)), []int64{Ref(b.ID, 1), Ref(b.ID, 3)})
	same(t, "sync 2", all(t, s.CreatedBySync(ctx, b, 2)), []int64{Ref(b.ID, 2)})
	same(t, "sync 3", all(t, s.CreatedBySync(ctx, b, 1<<53)), nil)
	same(t, "everybody", all(t, s.CreatedBySync(ctx, b, 0)), []int64{Ref(b.ID, 1), Ref(b.ID, 2), Ref(b.ID, 3)})
}

func testValues(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	var creates []ContactWrite
	for i, v := range naughty() {
		creates = append(creates, ContactWrite{Ref: Ref(b.ID, int64(i+1)), Values: []string{v, "x", v}})
	}
	write(t, s, Batch{Book: b, Run: 1, Creates: creates})
	write(t, s, Batch{Book: b, Run: 1, Updates: []ContactWrite{{Ref: Ref(b.ID, 1), IfVersion: 1, Values: []string{"\x00", "x", "\x00"}}}})
	creates[0].Values = []string{"\x00", "x", "\x00"}
	got := all(t, s.Contacts(ctx, b, 0))
	equal(t, "contacts", len(got), len(creates))
	for i, c := range got {
		if !slices.Equal(c.Values, creates[i].Values) {
			t.Errorf("values %d: got %.80q, want %.80q", i, c.Values, creates[i].Values)
		}
	}
}
