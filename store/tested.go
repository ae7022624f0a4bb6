package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Tested is how the last test of a connection went.
type Tested struct {
	Connection int64
	At         time.Time
	Code       string // of what stood in the way; empty: it went well
	Said       string // for people
}

// SaveTested stores how a test went, in place of the one before.
func (s *Store) SaveTested(ctx context.Context, t Tested) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO tested (connection_id, at, code, said) VALUES ($1, $2, $3, $4)
		ON CONFLICT (connection_id) DO UPDATE SET at = excluded.at, code = excluded.code, said = excluded.said`,
		t.Connection, t.At.UnixMilli(), t.Code, storable(t.Said))
	if err != nil {
		return fmt.Errorf("save test: %w", err)
	}
	return nil
}

// ForgetTested forgets the test of a connection that was changed since.
func (s *Store) ForgetTested(ctx context.Context, connection int64) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM tested WHERE connection_id = $1`, connection)
	return err
}

// Tests returns how the last tests went, by connection.
func (s *Store) Tests(ctx context.Context) (map[int64]Tested, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT connection_id, at, code, said FROM tested`)
	found, err := collect(rows, err, func(rows *sql.Rows) (t Tested, err error) {
		var at int64
		err = rows.Scan(&t.Connection, &at, &t.Code, &t.Said)
		t.At = fromMilli(at)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read tests: %w", err)
	}
	all := make(map[int64]Tested, len(found))
	for _, t := range found {
		all[t.Connection] = t
	}
	return all, nil
}

// SpentOn returns how many calls each connection made on a day, as far as they
// are counted.
func (s *Store) SpentOn(ctx context.Context, day string) (map[int64]int64, error) {
	type spent struct{ connection, calls int64 }
	rows, err := s.db.QueryContext(ctx, `SELECT connection_id, calls FROM spent WHERE day = $1`, day)
	found, err := collect(rows, err, func(rows *sql.Rows) (one spent, err error) {
		return one, rows.Scan(&one.connection, &one.calls)
	})
	if err != nil {
		return nil, fmt.Errorf("count calls: %w", err)
	}
	all := make(map[int64]int64, len(found))
	for _, one := range found {
		all[one.connection] = one.calls
	}
	return all, nil
}
