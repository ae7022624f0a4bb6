package store

import (
	"errors"
	"testing"

	"github.com/kith-sync/kith/contact"
)

func testBooks(t *testing.T, s *Store) {
	want := Book{Name: `Ann's "book" ü`, KeyField: "email", KeyMade: true, Region: "GB", NameFormula: "first_name", Fields: people}
	made, err := s.CreateBook(ctx, want)
	noError(t, err)
	makeBook(t, s, "another")
	got := reread(t, s, made)
	equal(t, "key", got.KeyField, want.KeyField)
	equal(t, "generated", got.KeyMade, true)
	equal(t, "region", got.Region, "GB")
	equal(t, "formula", got.NameFormula, "first_name")
	same(t, "fields", got.Fields, people)
	if _, err := s.CreateBook(ctx, want); err == nil {
		t.Error("a second book of one name: got no error")
	}
	if _, err := s.CreateBook(ctx, Book{Name: "odd", Fields: []contact.Field{{Name: "x", Kind: "colour"}}}); err == nil {
		t.Error("a field of an unknown kind: got no error")
	}
	if _, err := s.Book(ctx, "odd"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the book whose field was refused: got %v, want %v", err, ErrNotFound)
	}
	books, err := s.Books(ctx)
	noError(t, err)
	if len(books) != 2 || books[0].Name != want.Name || len(books[1].Fields) != 3 {
		t.Errorf("books: got %+v", books)
	}
}

func testFieldPositions(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	write(t, s, Batch{Book: b, Run: 1, Creates: []ContactWrite{{Ref: Ref(b.ID, 1), Values: []string{"ada@example.com", "Ada", "old note"}}}})
	noError(t, s.RemoveField(ctx, b.ID, "first_name"))
	noError(t, s.AddFields(ctx, b.ID, []contact.Field{{Name: "city", Kind: contact.Text}, {Name: "email", Kind: contact.Text}}))
	b = reread(t, s, b)
	equal(t, "fields", len(b.Fields), 3)
	c := all(t, s.Contacts(ctx, b, 0))[0]
	same(t, "values after a field went and another came", c.Values, []string{"ada@example.com", "old note", ""})

	write(t, s, Batch{Book: b, Run: 2, Updates: []ContactWrite{{Ref: c.Ref, IfVersion: 1, Values: []string{"ada@example.com", "new note", "Ely"}}}})
	noError(t, s.AddFields(ctx, b.ID, []contact.Field{{Name: "first_name", Kind: contact.Name}}))
	b = reread(t, s, b)
	same(t, "the name that came back is blank", all(t, s.Contacts(ctx, b, 0))[0].Values, []string{"ada@example.com", "new note", "Ely", ""})

	seq := b.Seq
	noError(t, s.AddFields(ctx, b.ID, []contact.Field{{Name: "city", Kind: contact.Name}}))
	equal(t, "change counter after adding a field that is there", reread(t, s, b).Seq, seq)
	if err := s.RemoveField(ctx, b.ID, "no such field"); !errors.Is(err, ErrNotFound) {
		t.Errorf("remove an unknown field: got %v, want %v", err, ErrNotFound)
	}
	if err := s.AddFields(ctx, 999, people); !errors.Is(err, ErrNotFound) {
		t.Errorf("add fields to an unknown book: got %v, want %v", err, ErrNotFound)
	}
	b.KeyField = "email"
	noError(t, s.Configure(ctx, b))
	if err := s.RemoveField(ctx, b.ID, "email"); !errors.Is(err, ErrFieldIsKey) {
		t.Errorf("remove the unique identifier: got %v, want %v", err, ErrFieldIsKey)
	}
}

func testConfigure(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 1)
	b.KeyField, b.Region = "email", "GB"
	noError(t, s.Configure(ctx, b)) // neither was set
	b.NameFormula = "email"
	noError(t, s.Configure(ctx, b))
	b.Region = "US"
	if err := s.Configure(ctx, b); !errors.Is(err, ErrBookNotEmpty) {
		t.Errorf("another region for a book with contacts: got %v, want %v", err, ErrBookNotEmpty)
	}
	equal(t, "region", reread(t, s, b).Region, "GB")
	c := all(t, s.Contacts(ctx, b, 0))[0]
	write(t, s, Batch{Book: reread(t, s, b), Run: 2, Trash: []ContactWrite{{Ref: c.Ref, IfVersion: 1}}})
	noError(t, s.Configure(ctx, b))
	equal(t, "region of an empty book", reread(t, s, b).Region, "US")
}

func testDeleteBook(t *testing.T, s *Store) {
	gone, stays := makeBook(t, s, "gone"), makeBook(t, s, "stays")
	fill(t, s, gone, 3)
	fill(t, s, stays, 2)
	write(t, s, Batch{Book: gone, Run: 2, Trash: []ContactWrite{{Ref: Ref(gone.ID, 2), IfVersion: 1}}})
	noError(t, s.AddKeys(ctx, gone.ID, 2, []KeyHit{{1, Ref(gone.ID, 1)}}))
	noError(t, s.AddKeys(ctx, stays.ID, 2, []KeyHit{{1, Ref(stays.ID, 1)}}))
	noError(t, s.DeleteBook(ctx, gone.ID))
	for table, want := range map[string]int{"contact": 2, "trash": 0, "contact_key": 1, "field": 3, "book": 1} {
		var got int
		noError(t, s.db.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&got))
		equal(t, "rows left in "+table, got, want)
	}
}

// History names books, syncs and runs by number.
func testNumbersStay(t *testing.T, s *Store) {
	b := makeBook(t, s, "first")
	noError(t, s.DeleteBook(ctx, b.ID))
	if again := makeBook(t, s, "second"); again.ID <= b.ID {
		t.Errorf("book made after book %d was deleted: got number %d", b.ID, again.ID)
	}
	one := saveSync(t, s, "first")
	noError(t, s.DeleteSync(ctx, "first"))
	if again := saveSync(t, s, "second"); again.ID <= one.ID {
		t.Errorf("sync made after sync %d was deleted: got number %d", one.ID, again.ID)
	}
	r := makeRun(t, s, Run{})
	noError(t, s.DeleteRun(ctx, r.ID))
	if again := makeRun(t, s, Run{}); again.ID <= r.ID {
		t.Errorf("run made after run %d was deleted: got number %d", r.ID, again.ID)
	}
}
