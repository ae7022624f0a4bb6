package book_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/store/pgtest"
)

var secret = plan.Secret{1, 2}

// counter gives codes that come again after a while, as random ones do.
type counter struct{ drawn, period int64 }

func (c *counter) NineDigits() (string, error) {
	c.drawn++
	return strconv.FormatInt(100_000_000+c.drawn%c.period, 10), nil
}

func (*counter) HashPassword(sealed string) (string, error) {
	print, text, _ := contact.PasswordParts(sealed)
	return contact.HashedPassword(print, "hash of "+text), nil
}

// A shelf makes books in one database.
type shelf struct {
	store *store.Store
	made  int
	books map[connector.Target]string
}

func (s *shelf) open(t *testing.T, name string) *book.Book {
	t.Helper()
	b, err := book.Open(context.Background(), s.store, name, secret, &counter{period: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	s.books[b] = name
	return b
}

// target makes a book whose records came by hand: no sync owns them.
func (s *shelf) target(t *testing.T, schema contact.Schema, records [][]string) connector.Target {
	t.Helper()
	s.made++
	name := "book " + strconv.Itoa(s.made)
	made := store.Book{Name: name, Fields: schema.Fields, KeyField: schema.Key, Region: connectortest.Region}
	if _, err := s.store.CreateBook(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	b := s.open(t, name)
	fill(t, b, s.run(t, b, 0), records)
	return s.open(t, name)
}

func fill(t *testing.T, b *book.Book, run int64, records [][]string) {
	t.Helper()
	first, err := b.Reserve(t.Context(), run, int64(len(records)))
	if err != nil {
		t.Fatal(err)
	}
	batch := connector.Batch{Run: run, Now: time.UnixMilli(1), Position: -1, IndexNow: true}
	for i, values := range records {
		batch.Changes = append(batch.Changes, plan.Change{Action: plan.Create, Ref: first + int64(i), Values: values})
	}
	if _, err := b.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) run(t *testing.T, _ connector.Target, sync int64) int64 {
	t.Helper()
	r := store.Run{SyncID: sync, Kind: store.KindSync, Status: store.Applying, Started: time.UnixMilli(1)}
	if err := s.store.CreateRun(context.Background(), &r); err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func (s *shelf) suite() connectortest.Suite {
	return connectortest.Suite{
		Source: func(t *testing.T, records [][]string) connector.Source {
			return s.target(t, connectortest.Schema, records).(*book.Book)
		},
		Target:   s.target,
		Reopen:   func(t *testing.T, target connector.Target) connector.Target { return s.open(t, s.books[target]) },
		NewRun:   s.run,
		Secret:   secret,
		Versions: true, OwnsBySync: true, TakesKeys: true,
	}
}

func newShelf(t *testing.T, s *store.Store, err error) *shelf {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &shelf{store: s, books: map[connector.Target]string{}}
}

func sqlite(t *testing.T) *shelf {
	s, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "kith.db"))
	return newShelf(t, s, err)
}

func TestSQLite(t *testing.T) { sqlite(t).suite().Run(t) }

func TestPostgreSQL(t *testing.T) {
	s, err := store.OpenPostgres(t.Context(), pgtest.DSN(t))
	newShelf(t, s, err).suite().Run(t)
}

// C29: a code that is drawn again is not given again.
func TestGeneratedKeysAreUnique(t *testing.T) {
	s := sqlite(t)
	made := store.Book{Name: "people", Fields: connectortest.Schema.Fields, KeyField: "uid", KeyMade: true}
	if _, err := s.store.CreateBook(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	open := func(codes *counter) *book.Book {
		b, err := book.Open(t.Context(), s.store, "people", secret, codes)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	fill(t, open(&counter{period: 1000}), s.run(t, nil, 1), [][]string{{}, {}, {"given"}})
	fill(t, open(&counter{period: 1000}), s.run(t, nil, 1), [][]string{nil, nil}) // draws the same three first
	seen := map[string]bool{}
	_, list := open(nil).Records(t.Context())
	for r, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		if code := r.Value(0); len(code) != 9 || seen[code] {
			t.Errorf("contact %s: got key %q, want nine digits of its own", r.ID, code)
		}
		seen[r.Value(0)] = true
	}
	if len(seen) != 5 {
		t.Errorf("keys: got %d, want 5", len(seen))
	}
	fill(t, open(&counter{period: 1}), s.run(t, nil, 1), [][]string{nil})
	_, err := open(&counter{period: 1}).Write(t.Context(), connector.Batch{Position: -1, Changes: []plan.Change{{Action: plan.Create, Ref: 1}}})
	if err == nil {
		t.Error("no code is left: got no error")
	}
}

// Settled question 19: a book keeps no password, in whatever field it came.
func TestPasswordsAreHashed(t *testing.T) {
	s := sqlite(t)
	fields := []contact.Field{{Name: "one", Kind: contact.Password}, {Name: "two", Kind: contact.Password}}
	target := s.target(t, contact.Schema{Fields: fields}, [][]string{{contact.SealedPassword("f", "x"), contact.SealedPassword("g", "y")}})
	for f, err := range target.Fetch(t.Context(), []int64{store.Ref(target.(*book.Book).ID(), 1)}) {
		if err != nil || f.Value(0) != contact.HashedPassword("f", "hash of x") || f.Value(1) != contact.HashedPassword("g", "hash of y") {
			t.Errorf("passwords: got %q, %v", f.Values, err)
		}
	}
}

func TestAdoptReindexes(t *testing.T) {
	s := sqlite(t)
	schema := contact.Schema{Fields: connectortest.Schema.Fields}
	if _, err := s.store.CreateBook(t.Context(), store.Book{Name: "people", Fields: schema.Fields}); err != nil {
		t.Fatal(err)
	}
	b := s.open(t, "people")
	fill(t, b, s.run(t, b, 1), connectortest.People())
	find := func(rule plan.Rule, key string) int {
		hits, err := b.Lookup(t.Context(), rule, []uint64{secret.Hash(key)})
		if err != nil {
			t.Fatal(err)
		}
		return len(hits)
	}
	if got := find(plan.ByPhone, "+442079460001") + find(plan.ByKey, "2"); got != 0 {
		t.Errorf("before the book has a region and an identifier: got %d hits, want 0", got)
	}
	if err := b.Adopt(t.Context(), connectortest.Schema, "GB", false); err != nil {
		t.Fatal(err)
	}
	if phone, key := find(plan.ByPhone, "+442079460001"), find(plan.ByKey, "2"); phone != 2 || key != 1 {
		t.Errorf("after: got %d by telephone and %d by identifier, want 2 and 1", phone, key)
	}
	state, _ := b.State(t.Context())
	if err := b.Adopt(t.Context(), connectortest.Schema, "GB", false); err != nil {
		t.Fatal(err)
	}
	if again, _ := b.State(t.Context()); again != state {
		t.Errorf("state after adopting the same: got %s, want %s", again, state)
	}
}
