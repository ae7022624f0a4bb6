package store

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"
)

func testPages(t *testing.T, s *Store) {
	b, other := makeBook(t, s, "people"), makeBook(t, s, "other")
	fill(t, s, b, 5)
	fill(t, s, other, 1)
	write(t, s, Batch{Book: b, Run: 2, Creates: []ContactWrite{{Ref: Ref(b.ID, 6), Values: []string{"bo_100%@example.org", "Bo", "likes ada! and é"}}}})
	write(t, s, Batch{Book: b, Run: 2, Trash: []ContactWrite{{Ref: Ref(b.ID, 2), IfVersion: 1}}})
	ids := func(contacts []Contact) (out []int64) {
		for _, c := range contacts {
			out = append(out, Number(c.Ref))
		}
		return out
	}
	same(t, "the first two", ids(all(t, s.SomeContacts(ctx, b, 0, 2))), []int64{1, 3})
	same(t, "those after the third", ids(all(t, s.SomeContacts(ctx, b, Ref(b.ID, 3), 10))), []int64{4, 5, 6})
	for _, c := range []struct {
		sentence, text string
		scan           int
		want           []int64
	}{
		{"a text is found in letters of either case", "ADA@", 10, []int64{1, 3, 4, 5}},
		{"no further than was asked for", "ada@", 2, []int64{1, 3}},
		{"signs of patterns mean themselves", "o_100%@", 10, []int64{6}},
		{"and nothing else", "a_a@", 10, nil},
		{"so does the sign that says so", "ada!", 10, []int64{6}},
	} {
		same(t, c.sentence, ids(all(t, s.ContactsWith(ctx, b, 0, c.scan, c.text))), c.want)
	}
	for text, want := range map[string]bool{"ada": true, "é": false, `a"b`: false, `a\b`: false, "a\nb": false} {
		equal(t, text+" stands there as it is written", Plain(text), want)
	}
	last, n, err := s.EndOf(ctx, b, Ref(b.ID, 1), math.MaxInt64, 2)
	noError(t, err)
	same(t, "the end of a stretch of two, and its length", []int64{Number(last), n}, []int64{4, 2})
	last, n, err = s.EndOf(ctx, b, 0, Ref(b.ID, 3), 9)
	noError(t, err)
	same(t, "the end of a stretch that stops at the third", []int64{Number(last), n}, []int64{3, 2})
	byID, err := s.BookByID(ctx, b.ID)
	noError(t, err)
	equal(t, "the book", byID.Name, "people")
	if _, err := s.BookByID(ctx, 99); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such book: got %v, want ErrNotFound", err)
	}
}

func testTrashPages(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 4)
	at := time.UnixMilli(1_750_000_000_000)
	for i, number := range []int64{3, 1, 2, 4} { // 2 and 4 at the same moment
		write(t, s, Batch{Book: b, Run: 2, Now: at.Add(time.Duration(min(i, 2)) * time.Second), Trash: []ContactWrite{{Ref: Ref(b.ID, number), IfVersion: 1}}})
	}
	var seen []int64
	before, after := at.Add(time.Hour), int64(0)
	for range 5 {
		page := must(s.SomeTrash(ctx, b, before, after, 1))(t)
		if len(page) == 0 {
			break
		}
		seen = append(seen, Number(page[0].Ref))
		before, after = page[0].DeletedAt, page[0].Ref
	}
	same(t, "the trash page by page, the latest first", seen, []int64{2, 4, 1, 3})
	equal(t, "in the trash", must(s.CountTrash(ctx, b.ID))(t), 4)
	equal(t, "one of them", must(s.TrashedContact(ctx, b, Ref(b.ID, 3)))(t).Values[0], "ada@example.com")
	var some []int64
	for c, err := range s.TrashedByRef(ctx, b, []int64{Ref(b.ID, 3), Ref(b.ID, 9)}) {
		noError(t, err)
		some = append(some, c.Ref)
	}
	equal(t, "those of some handles", fmt.Sprint(some), fmt.Sprint([]int64{Ref(b.ID, 3)}))
	if _, err := s.TrashedContact(ctx, b, Ref(b.ID, 9)); !errors.Is(err, ErrNotFound) {
		t.Errorf("not in the trash: got %v, want ErrNotFound", err)
	}
}

func testKeysInOrder(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	var hits []KeyHit
	const n = 3 * leafKeys * leavesAtOnce / 2 // more leaves than are read at once
	for i := range int64(n) {
		hits = append(hits, KeyHit{Hash: uint64(i/2) << 20, Ref: Ref(b.ID, i+1)}) // every hash twice
	}
	noError(t, s.AddKeys(ctx, b.ID, 3, hits))
	same(t, "all keys, in order", all(t, s.Keys(ctx, b.ID, 3, 0)), hits)
	same(t, "from a hash on", all(t, s.Keys(ctx, b.ID, 3, 1000<<20)), hits[2000:])
	same(t, "of another rule", all(t, s.Keys(ctx, b.ID, 2, 0)), nil)
}

func testFilters(t *testing.T, s *Store) {
	b, other := makeBook(t, s, "people"), makeBook(t, s, "other")
	for _, f := range []SavedFilter{{BookID: b.ID, Name: "zoo", Definition: []byte(`{"search":"x"}`)}, {BookID: b.ID, Name: "acme", Definition: []byte(`{}`)},
		{BookID: b.ID, Name: "zoo", Definition: []byte(`{"search":"y"}`)}, {BookID: other.ID, Name: "zoo", Definition: []byte(`{}`)}} {
		_, err := s.SaveFilter(ctx, f)
		noError(t, err)
	}
	found := must(s.SavedFilters(ctx, b.ID))(t)
	var names []string
	for _, f := range found {
		names = append(names, f.Name+string(f.Definition))
	}
	same(t, "the filters of a book, by name", names, []string{"acme{}", `zoo{"search":"y"}`})
	if err := s.DeleteFilter(ctx, other.ID, found[0].ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleting a filter of another book: got %v, want ErrNotFound", err)
	}
	noError(t, s.DeleteFilter(ctx, b.ID, found[0].ID))
	noError(t, s.DeleteBook(ctx, b.ID))
	equal(t, "filters of a book that is deleted", len(must(s.SavedFilters(ctx, b.ID))(t)), 0)
	equal(t, "of another book", len(must(s.SavedFilters(ctx, other.ID))(t)), 1)
}
