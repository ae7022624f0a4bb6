package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
)

// Each SQLite connection keeps the statements it has prepared: to parse a small
// query costs as much as to answer it. PostgreSQL's driver does so by itself.

// openSQLite is sql.Open with connections that keep their statements.
func openSQLite(dsn string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close() // it has no connection yet: it was only asked for its driver
	return sql.OpenDB(keeping{db.Driver(), dsn}), nil
}

// keeping makes connections that keep their statements.
type keeping struct {
	driver driver.Driver
	dsn    string
}

// Driver returns the one of SQLite.
func (k keeping) Driver() driver.Driver { return k.driver }

// Connect opens a connection.
func (k keeping) Connect(context.Context) (driver.Conn, error) {
	c, err := k.driver.Open(k.dsn)
	if err != nil {
		return nil, err
	}
	return &keeper{sqliteConn: c.(sqliteConn), kept: map[string]sqliteStmt{}}, nil
}

// sqliteConn is what database/sql asks of a connection of SQLite's driver.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// A keeper is a connection with the statements that nobody is using. Like every
// connection it serves one goroutine at a time.
type keeper struct {
	sqliteConn
	kept map[string]sqliteStmt
}

// keptAtMost is more than a run has statements; each takes a few kilobytes.
const keptAtMost = 256

// take returns a statement that is nobody's until it is given back: the same text
// may be asked for again while the rows of the first answer are still read.
func (k *keeper) take(ctx context.Context, text string) (sqliteStmt, error) {
	if s, ok := k.kept[text]; ok {
		delete(k.kept, text)
		return s, nil
	}
	s, err := k.sqliteConn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.(sqliteStmt), nil
}

// PrepareContext is asked where a statement serves several times in a row.
func (k *keeper) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := k.take(ctx, text)
	if err != nil {
		return nil, err
	}
	return &keptStmt{sqliteStmt: s, end: func() error { return k.giveBack(text, s) }}, nil
}

// giveBack keeps a statement for the next time, in the place of another one where
// there is no room.
func (k *keeper) giveBack(text string, s sqliteStmt) error {
	if _, twice := k.kept[text]; twice || listed(text) {
		return s.Close()
	}
	for other, old := range k.kept {
		if len(k.kept) < keptAtMost {
			break
		}
		delete(k.kept, other)
		if err := old.Close(); err != nil {
			return err
		}
	}
	k.kept[text] = s
	return nil
}

// listed reports whether a statement names numbers one by one, which hardly ever
// come again.
func listed(text string) bool {
	_, list, found := strings.Cut(text, " IN (")
	return found && list != "" && '0' <= list[0] && list[0] <= '9'
}

// ExecContext is asked by database/sql instead of Prepare.
func (k *keeper) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := k.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	if err != nil {
		_ = s.Close() // it says the same once more
		return nil, err
	}
	return result, k.giveBack(text, s)
}

// QueryContext is asked by database/sql instead of Prepare.
func (k *keeper) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := k.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		_ = s.Close() // it says the same once more
		return nil, err
	}
	return &keptRows{Rows: rows, end: func() error { return k.giveBack(text, s) }}, nil
}

// Close ends the statements before their connection.
func (k *keeper) Close() error {
	for _, s := range k.kept {
		_ = s.Close() // nothing hangs on it: the connection ends
	}
	clear(k.kept)
	return k.sqliteConn.Close()
}

// A keptStmt is given back when it is closed.
type keptStmt struct {
	sqliteStmt
	end    func() error
	failed bool // it would say the same once more
}

// ExecContext notes a failure.
func (s *keptStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	result, err := s.sqliteStmt.ExecContext(ctx, args)
	s.failed = s.failed || err != nil
	return result, err
}

// QueryContext notes a failure.
func (s *keptStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := s.sqliteStmt.QueryContext(ctx, args)
	s.failed = s.failed || err != nil
	return rows, err
}

// Close may come twice.
func (s *keptStmt) Close() error {
	end := s.end
	s.end = nil
	switch {
	case end == nil:
		return nil
	case s.failed:
		return s.sqliteStmt.Close()
	}
	return end()
}

// keptRows give their statement back when they are closed.
type keptRows struct {
	driver.Rows
	end func() error
}

// Close ends the reading of the rows. It may come twice.
func (r *keptRows) Close() error {
	err := r.Rows.Close()
	if end := r.end; end != nil {
		r.end = nil
		if e := end(); err == nil {
			err = e
		}
	}
	return err
}
