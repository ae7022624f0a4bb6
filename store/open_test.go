package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"github.com/kith-sync/kith/store/pgtest"
)

func TestSettingsOfTheFile(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "kith.db"))
	for pragma, want := range map[string]string{"page_size": "8192", "journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "busy_timeout": "30000"} {
		var got string
		noError(t, s.db.QueryRow("PRAGMA "+pragma).Scan(&got))
		equal(t, pragma, got, want)
	}
}

func TestOpensAgainAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kith.db")
	s := openFile(t, path)
	fill(t, s, makeBook(t, s, "people"), 3)
	noError(t, s.Close())
	equal(t, "population", reread(t, openFile(t, path), Book{Name: "people"}).Population, 3)
}

func TestBackup(t *testing.T) {
	folder := t.TempDir()
	s := openFile(t, filepath.Join(folder, "kith.db"))
	b := makeBook(t, s, "people")
	fill(t, s, b, 100)
	copied := filepath.Join(folder, "it's a \"backup\".db")
	for range all(t, s.Contacts(ctx, b, 0))[:1] { // in use
		noError(t, s.Backup(ctx, copied))
	}
	fill(t, s, makeBook(t, s, "later"), 1)
	info, err := os.Stat(copied)
	noError(t, err)
	equal(t, "who may read the backup", info.Mode().Perm(), 0o600)
	if err := s.Backup(ctx, copied); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second backup to one file: got %v, want %v", err, fs.ErrExist)
	}
	restored := openFile(t, copied)
	noError(t, restored.Check(ctx))
	equal(t, "population", reread(t, restored, b).Population, 100)
	if _, err := restored.Book(ctx, "later"); !errors.Is(err, ErrNotFound) {
		t.Errorf("what came after the backup: got %v, want %v", err, ErrNotFound)
	}
}

func TestDamagedFileIsRefused(t *testing.T) {
	for _, row := range []struct {
		sentence string
		damage   func(file []byte) []byte
	}{
		{"something else altogether", func(file []byte) []byte { return []byte(strings.Repeat("no database ", 1000)) }},
		{"its first page is overwritten", func(file []byte) []byte { copy(file[100:], strings.Repeat("\xff", 4000)); return file }},
	} {
		path := filepath.Join(t.TempDir(), "kith.db")
		s, err := OpenSQLite(ctx, path)
		noError(t, err)
		fill(t, s, makeBook(t, s, "people"), 100)
		noError(t, s.Close())
		file, err := os.ReadFile(path)
		noError(t, err)
		noError(t, os.WriteFile(path, row.damage(file), 0o600))
		got, err := OpenSQLite(ctx, path)
		if got != nil || !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "backup") {
			t.Errorf("%s: got %v, want %v and what to do", row.sentence, err, ErrDamaged)
		}
	}
}

// A process that was killed leaves its log behind. Then every page is looked at.
func TestDamageAfterACrashIsRefused(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "kith.db")
	s := openFile(t, path)
	fill(t, s, makeBook(t, s, "people"), 5000)
	_, err := s.db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	noError(t, err)
	fill(t, s, makeBook(t, s, "others"), 1)
	crashed := filepath.Join(folder, "crashed.db")
	for _, suffix := range []string{"", "-wal"} { // as a crash would leave them
		file, err := os.ReadFile(path + suffix)
		noError(t, err)
		noError(t, os.WriteFile(crashed+suffix, file, 0o600))
	}
	whole, err := OpenSQLite(ctx, crashed)
	noError(t, err)
	noError(t, whole.Close())

	file, err := os.ReadFile(path)
	noError(t, err)
	copy(file[len(file)/2:], strings.Repeat("\xff", 3*8192))
	noError(t, os.WriteFile(crashed, file, 0o600))
	wal, err := os.ReadFile(path + "-wal")
	noError(t, err)
	noError(t, os.WriteFile(crashed+"-wal", wal, 0o600))
	if _, err := OpenSQLite(ctx, crashed); !errors.Is(err, ErrDamaged) {
		t.Errorf("open: got %v, want %v", err, ErrDamaged)
	}
}

// A later version brings a second step; the first version then keeps away.
func TestUpgradeAndNewer(t *testing.T) {
	for _, row := range []struct {
		engine  string
		dialect goose.Dialect
		open    func(t *testing.T) func() (*Store, error)
	}{
		{"sqlite", goose.DialectSQLite3, func(t *testing.T) func() (*Store, error) {
			path := filepath.Join(t.TempDir(), "kith.db")
			return func() (*Store, error) { return OpenSQLite(ctx, path) }
		}},
		{"postgres", goose.DialectPostgres, func(t *testing.T) func() (*Store, error) {
			dsn := pgtest.DSN(t)
			return func() (*Store, error) { return OpenPostgres(ctx, dsn) }
		}},
	} {
		t.Run(row.engine, func(t *testing.T) {
			open := row.open(t)
			s, err := open()
			noError(t, err)
			defer s.Close()
			b := makeBook(t, s, "people")
			fill(t, s, b, 3)
			later := fstest.MapFS{}
			first, err := fs.ReadFile(migrations, "migrations/"+row.engine+"/00001_first.sql")
			noError(t, err)
			later["00001_first.sql"] = &fstest.MapFile{Data: first}
			later["00002_second.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE contact ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';\n")}
			noError(t, s.migrate(ctx, row.dialect, later))
			equal(t, "contacts after the upgrade", len(numbers(t, s, b)), 3)
			old, err := open()
			if old != nil || !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "version 2") {
				t.Errorf("the older version: got %v, want %v", err, ErrNewer)
			}
			later["00003_broken.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE fresh (id BIGINT);\nSELECT no_such_function();\n")}
			if err := s.migrate(ctx, row.dialect, later); err == nil {
				t.Fatal("a step that fails: got no error")
			}
			if _, err := s.db.ExecContext(ctx, `SELECT * FROM fresh`); err == nil {
				t.Error("a step that failed left a table")
			}
		})
	}
}
