package store

import (
	"os"
	"path/filepath"
	"testing"
)

// A database that was cleared is a new one, to the last number.
func TestAScratchDatabaseIsCleared(t *testing.T) {
	s := must(OpenScratch(ctx, filepath.Join(t.TempDir(), "scratch.db")))(t)
	defer s.Close()
	for range 3 {
		c := must(s.SaveConnection(ctx, Connection{Name: "office", Kind: "carddav"}))(t)
		b := makeBook(t, s, "people")
		equal(t, "number of the first book", b.ID, 1)
		equal(t, "number of the first pair", must(s.PairOf(ctx, c.ID, "contacts", b.ID))(t).ID, 1)
		r := Run{Name: "edit", Kind: KindEdit, Status: Applying, BookID: b.ID}
		noError(t, s.CreateRun(ctx, &r))
		equal(t, "number of the first run", r.ID, 1)
		fill(t, s, b, 300)
		noError(t, s.Clear(ctx))
		tables := must(tableNames(s.db.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('goose_db_version', 'sqlite_sequence')`)))(t)
		for _, table := range tables {
			rows := -1
			noError(t, s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table).Scan(&rows))
			equal(t, "rows of "+table, rows, 0)
		}
	}
	noError(t, s.Check(ctx))
}

func TestOnlyAScratchDatabaseIsCleared(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "kith.db"))
	makeBook(t, s, "people")
	if err := s.Clear(ctx); err == nil {
		t.Error("the database of a workspace was cleared")
	}
	equal(t, "books", len(must(s.Books(ctx))(t)), 1)
}

// An image is what there was when it was made, as a file.
func TestAnImageIsTheDatabase(t *testing.T) {
	folder := t.TempDir()
	s := must(OpenScratch(ctx, filepath.Join(folder, "scratch.db")))(t)
	defer s.Close()
	b := makeBook(t, s, "people")
	fill(t, s, b, 100)
	image := must(s.Image(ctx))(t)
	makeBook(t, s, "later")
	path := filepath.Join(folder, "image.db")
	noError(t, os.WriteFile(path, image, 0o600))
	restored := openFile(t, path)
	noError(t, restored.Check(ctx))
	equal(t, "population", reread(t, restored, b).Population, 100)
	equal(t, "books", len(must(restored.Books(ctx))(t)), 1)
}
