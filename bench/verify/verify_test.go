package verify

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-sync/kith/bench/child"
	"github.com/kith-sync/kith/bench/peers"
	"github.com/kith-sync/kith/bench/people"
)

// The generator and the SQL judge are written apart; they must agree on every kind of file.
func TestJudgeAgreesWithGenerator(t *testing.T) {
	dir := t.TempDir()
	base := people.Options{Seed: 3, Rows: 2_000}
	old, count := file(t, dir, "old.csv", base)
	for _, c := range []struct {
		name   string
		change func(*people.Options)
		want   Counts
	}{
		{"the same file changes nothing", func(*people.Options) {}, Counts{}},
		{"20 changed people are 20 updates", func(o *people.Options) { o.Changed, o.Edit = 20, 2 }, Counts{Updated: 20}},
		{"196 missing people are 196 deletes", func(o *people.Options) { o.Missing = 196 }, Counts{Missing: 196}},
		{"a file that goes on elsewhere shares nobody", func(o *people.Options) { o.Start = 2_000 },
			Counts{Created: count.People, Missing: count.People}},
	} {
		o := base
		c.change(&o)
		after, _ := file(t, dir, "new.csv", o)
		db := filepath.Join(dir, "diff.db")
		os.Remove(db)
		got, err := Diff(t.Context(), db, old, after)
		if errors.Is(err, child.Missing) && os.Getenv("KITH_CI") != "1" {
			t.Skip("the sqlite3 shell is not installed")
		}
		if err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}

	db := filepath.Join(dir, "peer.db")
	if _, err := child.Good(t.Context(), peers.SQLite(old, db)...); err != nil {
		t.Fatal(err)
	}
	if got, err := Fresh(t.Context(), db); err != nil || got.Created != count.People {
		t.Errorf("created in an empty book: got %+v, %v; want %d", got, err, count.People)
	}
}

func file(t *testing.T, dir, name string, o people.Options) (string, people.Count) {
	t.Helper()
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := people.Write(f, o)
	if err != nil {
		t.Fatal(err)
	}
	return path, n
}
