package pgtest

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatalf("open %s: %v", dsn, err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func value(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var got string
	if err := db.QueryRow(query).Scan(&got); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return got
}

func TestEachTestHasItsOwnEmptyDatabase(t *testing.T) {
	first, second := open(t, DSN(t)), open(t, DSN(t))
	if _, err := first.Exec("CREATE TABLE person (name text)"); err != nil {
		t.Fatal(err)
	}
	tables := "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"
	if got, want := value(t, first, tables), "1"; got != want {
		t.Errorf("tables in the first database: got %s, want %s", got, want)
	}
	if got, want := value(t, second, tables), "0"; got != want {
		t.Errorf("tables in the second database: got %s, want %s", got, want)
	}
}

func TestServerIsSetUpForTests(t *testing.T) {
	db := open(t, DSN(t))
	for _, row := range []struct{ sentence, query, want string }{
		{"it listens on no network address", "SHOW listen_addresses", ""},
		{"it does not wait for the disk", "SHOW fsync", "off"},
		{"text is UTF-8", "SHOW server_encoding", "UTF8"},
		{"text sorts by bytes, as in SQLite", "SELECT string_agg(x, '' ORDER BY x) FROM unnest(array['b','a','B','é','Z']) x", "BZabé"},
	} {
		if got := value(t, db, row.query); got != row.want {
			t.Errorf("%s: %s: got %q, want %q", row.sentence, row.query, got, row.want)
		}
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	var name string
	t.Run("a test that leaves a connection open", func(t *testing.T) {
		db, err := sql.Open("pgx", DSN(t))
		if err != nil {
			t.Fatal(err)
		}
		name = value(t, db, "SELECT current_database()")
	})
	got := value(t, open(t, DSN(t)), "SELECT count(*)::text FROM pg_database WHERE datname = '"+name+"'")
	if got != "0" {
		t.Errorf("databases named %s after their test: got %s, want 0", name, got)
	}
}

func TestNothingIsLeftWhenTheServerStops(t *testing.T) {
	DSN(t) // skips where there is no PostgreSQL
	c, err := start()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.stop(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if _, err := os.Stat(c.folder); errors.Is(err, os.ErrNotExist) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("folder %s is still there 10 s after the server was told to stop", c.folder)
}

// A recorder notes how a test would have ended.
type recorder struct {
	testing.TB
	ends []string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Skipf(f string, a ...any)  { r.ends = append(r.ends, "skip: "+fmt.Sprintf(f, a...)) }
func (r *recorder) Fatalf(f string, a ...any) { r.ends = append(r.ends, "fail: "+fmt.Sprintf(f, a...)) }

func TestGivingUp(t *testing.T) {
	for _, row := range []struct {
		sentence string
		err      error
		promised bool
		want     string
	}{
		{"a missing server skips, and says what to install", errMissing, false, "skip: PostgreSQL is not installed: " + errMissing.Error()},
		{"a missing server fails where CI promised one", errMissing, true, "fail: start a private PostgreSQL: " + errMissing.Error()},
		{"a server that does not start fails everywhere", io.ErrUnexpectedEOF, false, "fail: start a private PostgreSQL: unexpected EOF"},
	} {
		r := &recorder{TB: t}
		giveUp(r, row.err, row.promised)
		if got := r.ends[0]; got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
}

func TestFolderNeedsBothPrograms(t *testing.T) {
	folder := func(programs ...string) string {
		dir := t.TempDir()
		for _, p := range programs {
			if err := os.WriteFile(filepath.Join(dir, p), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	client, older, newer := folder("initdb"), folder("initdb", "postgres"), folder("initdb", "postgres")
	if got, err := firstComplete([]string{client, newer, older}); got != newer || err != nil {
		t.Errorf("the first complete folder: got %q, %v, want %q", got, err, newer)
	}
	if _, err := firstComplete([]string{client}); !errors.Is(err, errMissing) {
		t.Errorf("no complete folder: got error %v, want %v", err, errMissing)
	}
}
