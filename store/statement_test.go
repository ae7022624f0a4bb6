package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// SQLite only: the driver of PostgreSQL keeps its statements by itself.
func TestAConnectionKeepsItsStatements(t *testing.T) {
	s, err := OpenSQLite(ctx, filepath.Join(t.TempDir(), "kith.db"))
	noError(t, err)
	defer s.Close()
	tx := must(s.db.BeginTx(ctx, nil))(t)
	defer func() { _ = tx.Rollback() }()
	const text = `SELECT value FROM json_each('[1,2,3]')`
	number := func(rows *sql.Rows) (n int, err error) { return n, rows.Scan(&n) }
	rows, err := tx.QueryContext(ctx, text)
	sums, err := collect(rows, err, func(*sql.Rows) (sum int, err error) {
		rows, err := tx.QueryContext(ctx, text) // the same text again while its rows are read
		inner, err := collect(rows, err, number)
		for _, n := range inner {
			sum += n
		}
		return sum, err
	})
	noError(t, err)
	same(t, "three times all three", sums, []int{6, 6, 6})
	for i := range 3 * keptAtMost {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`UPDATE setting SET value = '%d' WHERE name = 'nobody'`, i))
		noError(t, err)
	}
	if _, err := tx.ExecContext(ctx, `SELECT nothing FROM nowhere`); err == nil {
		t.Error("a statement about nothing was prepared")
	}
}

// What one statement has read, and what is bound to it, is gone when it serves
// again; a table that has changed its shape meanwhile is read as it is now.
func TestAStatementThatServesAgainStartsAfresh(t *testing.T) {
	s, err := OpenSQLite(ctx, filepath.Join(t.TempDir(), "kith.db"))
	noError(t, err)
	defer s.Close()
	c := must(s.db.Conn(ctx))(t)
	defer c.Close()
	run := func(text string, args ...any) {
		t.Helper()
		_, err := c.ExecContext(ctx, text, args...)
		noError(t, err)
	}
	run(`CREATE TABLE shape (a TEXT)`)
	for _, v := range []string{"one", "two"} {
		run(`INSERT INTO shape (a) VALUES ($1)`, v)
	}
	first := func() (columns int, value any) {
		t.Helper()
		rows, err := c.QueryContext(ctx, `SELECT * FROM shape WHERE a <> $1 ORDER BY a`, "one")
		noError(t, err)
		defer rows.Close()
		names := must(rows.Columns())(t)
		if !rows.Next() {
			t.Fatal("no row", rows.Err())
		}
		into := make([]any, len(names))
		for i := range into {
			into[i] = new(any)
		}
		noError(t, rows.Scan(into...))
		return len(names), *into[0].(*any)
	}
	for range 2 { // the rest of the rows is left unread
		n, v := first()
		equal(t, "columns", n, 1)
		equal(t, "value", v, any("two"))
	}
	run(`ALTER TABLE shape ADD COLUMN b TEXT`)
	n, _ := first()
	equal(t, "columns once there is another", n, 2)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	var answer string
	if err := c.QueryRowContext(cancelled, `SELECT a FROM shape`).Scan(&answer); err == nil {
		t.Error("a cancelled query was answered")
	}
	n, _ = first()
	equal(t, "columns after a cancelled query", n, 2)
}
