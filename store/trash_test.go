package store

import (
	"testing"
	"time"
)

func testPurge(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 3)
	sync, byHand := makeRun(t, s, Run{Kind: KindSync, Status: Succeeded}), makeRun(t, s, Run{Kind: KindEdit, Status: Succeeded})
	now := time.UnixMilli(1_750_000_000_000)
	month := 30 * 24 * time.Hour
	trash := func(number int64, run int64, at time.Time) {
		write(t, s, Batch{Book: b, Run: run, Now: at, Trash: []ContactWrite{{Ref: Ref(b.ID, number), IfVersion: 1}}})
	}
	trash(1, sync.ID, now.Add(-month-time.Millisecond))
	trash(2, sync.ID, now.Add(-month))
	trash(3, byHand.ID, now.Add(-2*month))
	n, err := s.PurgeTrash(ctx, now.Add(-month))
	noError(t, err)
	equal(t, "purged", n, 1)
	var left []int64
	for _, c := range must(s.TrashedContacts(ctx, b))(t) {
		left = append(left, Number(c.Ref))
	}
	same(t, "left in the trash: what is younger, and what a person put there", left, []int64{2, 3})
}

func testEmptyTrash(t *testing.T, s *Store) {
	b, other := makeBook(t, s, "people"), makeBook(t, s, "other")
	for _, book := range []Book{b, other} {
		fill(t, s, book, 2)
		write(t, s, Batch{Book: book, Run: 2, Now: time.UnixMilli(1), Trash: []ContactWrite{{Ref: Ref(book.ID, 1), IfVersion: 1}}})
	}
	before := reread(t, s, b).Seq
	n, err := s.EmptyTrash(ctx, b.ID)
	noError(t, err)
	equal(t, "emptied", n, 1)
	equal(t, "trash", len(must(s.TrashedContacts(ctx, b))(t)), 0)
	equal(t, "another book's trash", len(must(s.TrashedContacts(ctx, other))(t)), 1)
	if reread(t, s, b).Seq == before {
		t.Error("the book does not count as changed")
	}
	same(t, "live contacts", numbers(t, s, b), []int64{2})
}

func testSourceUsed(t *testing.T, s *Store) {
	at := time.UnixMilli(1_700_000_000_000) // when makeRun's runs begin
	makeRun(t, s, Run{Kind: KindSync, Status: Succeeded, SourceHash: "aa", Started: at})
	for _, c := range []struct {
		sentence, hash string
		since          time.Time
		want           bool
	}{
		{"a run that began then counts", "aa", at, true},
		{"one before does not", "aa", at.Add(time.Millisecond), false},
		{"another source does not", "ab", at, false},
	} {
		equal(t, c.sentence, must(s.SourceUsedSince(ctx, c.hash, c.since))(t), c.want)
	}
}

// must is a value whose error ends the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		noError(t, err)
		return v
	}
}
