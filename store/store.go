// Package store keeps address books, syncs, runs, plans and their journal, in
// one SQLite file or in PostgreSQL. The same SQL text serves both engines; where
// one of them needs its own, the twin stands beside it with a line saying why.
// It knows nothing of connectors and takes no decision about a contact.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the SQLite driver
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations
var migrations embed.FS

// Errors to be told apart.
var (
	// ErrNotFound is returned when the thing asked for by name or id does not exist.
	ErrNotFound = errors.New("not found")
	// ErrDamaged is returned when the database file cannot be trusted.
	ErrDamaged = errors.New("the database is damaged")
	// ErrLeased is returned when another run has the lease of a pair.
	ErrLeased = errors.New("another run is going on")
	// ErrStale is returned when the lease a commit names was lost to another run.
	ErrStale = errors.New("another run has taken over")
	// ErrNewer is returned when a newer version of Kith has changed the database.
	ErrNewer = errors.New("the database belongs to a newer version of Kith")
)

// A Store is an open database. It is safe for concurrent use.
type Store struct {
	db       *sql.DB
	postgres bool
	scratch  bool
}

// OpenSQLite opens the database file at path, creating it when it is not there,
// and brings its schema up to date. Only one process may have it open: the
// caller holds the data folder's lock.
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	// NORMAL: a power loss may lose the last commits, never tear one; a run's
	// position is lost with the writes it counts.
	return openAt(ctx, path, "_pragma=page_size(8192)&_pragma=synchronous(NORMAL)")
}

func openAt(ctx context.Context, path, options string) (*Store, error) {
	// The driver obeys _journal_mode after every _pragma: in WAL mode the page size
	// is fixed. Writers wait for each other, and as long as the longest of them may
	// take (deleting a large book).
	dsn := "file:" + escapedPath(path) + "?" + options + "&_journal_mode=WAL&_busy_timeout=30000" +
		"&_pragma=foreign_keys(ON)&_pragma=cache_size(-4000)&_pragma=journal_size_limit(67108864)&_txlock=immediate"
	unclean := leftBehind(path + "-wal")
	db, err := openSQLite(dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db}
	if err = s.ready(ctx, goose.DialectSQLite3, "migrations/sqlite"); err == nil && unclean {
		err = s.quickCheck(ctx)
	}
	if err != nil {
		db.Close()
		return nil, damaged(path, err)
	}
	return s, nil
}

func escapedPath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// leftBehind reports whether a process that did not end by itself left its log.
func leftBehind(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// damaged says what to do about a file that is no database any more.
func damaged(path string, err error) error {
	var coded interface{ Code() int }
	broken := errors.Is(err, ErrDamaged)
	if errors.As(err, &coded) {
		code := coded.Code() & 0xff
		broken = code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
	}
	if !broken {
		return err
	}
	return fmt.Errorf("%w: %s. Nothing was changed. Set the file aside and put the latest backup in its place (%w)", ErrDamaged, path, err)
}

// OpenPostgres connects to the database that url names and brings its schema
// up to date.
func OpenPostgres(ctx context.Context, url string) (*Store, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, postgres: true}
	locker, err := lock.NewPostgresSessionLocker() // two processes may start at once
	if err == nil {
		err = s.ready(ctx, goose.DialectPostgres, "migrations/postgres", goose.WithSessionLocker(locker))
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) ready(ctx context.Context, dialect goose.Dialect, folder string, options ...goose.ProviderOption) error {
	// A run holds several connections: each list that it walks through has its
	// own. They are not limited, for a run that waits for itself never ends.
	s.db.SetMaxIdleConns(4)
	sub, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	return s.migrate(ctx, dialect, sub, options...)
}

// migrate brings the schema up to date. A schema with steps that this program
// does not know is left as it is.
func (s *Store) migrate(ctx context.Context, dialect goose.Dialect, steps fs.FS, options ...goose.ProviderOption) error {
	provider, err := goose.NewProvider(dialect, s.db, steps, options...)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	has, knows, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if has > knows {
		return fmt.Errorf("%w: its schema has version %d, this program knows %d. Nothing was changed. Install that version of Kith, or restore a backup made before it", ErrNewer, has, knows)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Check verifies the database file and returns what is wrong with it, if anything.
func (s *Store) Check(ctx context.Context) error {
	if s.postgres {
		return s.db.PingContext(ctx)
	}
	return s.askSQLite(ctx, `PRAGMA integrity_check(1)`)
}

// quickCheck is a Check that leaves the indexes out. It takes half a second
// for a million contacts, so only a file that was not closed is worth it.
func (s *Store) quickCheck(ctx context.Context) error {
	return s.askSQLite(ctx, `PRAGMA quick_check(1)`)
}

func (s *Store) askSQLite(ctx context.Context, check string) error {
	var answer string
	if err := s.db.QueryRowContext(ctx, check).Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, answer)
	}
	return nil
}

// Backup writes a consistent copy of the database to a new file at path while
// the store stays in use. Only SQLite: PostgreSQL has pg_dump.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.postgres {
		return errors.New("back up PostgreSQL with pg_dump")
	}
	return copyInto(ctx, s.db, path)
}

// CopySQLite is Backup for a database that another process has open: it reads one
// state of it, whatever is written meanwhile.
func CopySQLite(ctx context.Context, from, to string) error {
	db, err := openSQLite("file:" + escapedPath(from) + "?mode=ro&_busy_timeout=30000")
	if err != nil {
		return err
	}
	defer db.Close()
	return copyInto(ctx, db, to)
}

func copyInto(ctx context.Context, db *sql.DB, path string) error {
	// The copy is full of people's data: only its owner may read it.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer file.Close()
	if _, err = db.ExecContext(ctx, `VACUUM INTO $1`, path); err == nil {
		err = file.Sync()
	}
	if err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

// inTx runs f in one transaction. The exported methods own their transactions;
// private functions take them.
func (s *Store) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// collect scans every row of a query into a slice.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// Engine names the database for people.
func (s *Store) Engine() string {
	if s.postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}
