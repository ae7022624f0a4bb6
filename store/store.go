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
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the SQLite driver
)

//go:embed migrations
var migrations embed.FS

// ErrNotFound is returned when the thing asked for by name or id does not exist.
var ErrNotFound = errors.New("not found")

// A Store is an open database. It is safe for concurrent use.
type Store struct {
	db       *sql.DB
	postgres bool
}

// OpenSQLite opens the database file at path, creating it when it is not there,
// and brings its schema up to date. Only one process may have it open: the
// caller holds the data folder's lock.
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	// NORMAL: a power loss may lose the last commits, never tear one; a run's
	// position is lost with the writes it counts.
	dsn := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) +
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)" +
		"&_pragma=foreign_keys(ON)&_pragma=page_size(8192)&_pragma=cache_size(-4000)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db}
	return s, s.ready(ctx, goose.DialectSQLite3, "migrations/sqlite")
}

// OpenPostgres connects to the database that url names and brings its schema
// up to date.
func OpenPostgres(ctx context.Context, url string) (*Store, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, postgres: true}
	return s, s.ready(ctx, goose.DialectPostgres, "migrations/postgres")
}

func (s *Store) ready(ctx context.Context, dialect goose.Dialect, folder string) error {
	sub, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, s.db, sub)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
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
	var answer string
	if err := s.db.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return fmt.Errorf("integrity check: %s", answer)
	}
	return nil
}

// Backup writes a consistent copy of the database to a new file at path while
// the store stays in use. Only SQLite: PostgreSQL has pg_dump.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.postgres {
		return errors.New("back up PostgreSQL with pg_dump")
	}
	_, err := s.db.ExecContext(ctx, `VACUUM INTO $1`, path)
	return err
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
