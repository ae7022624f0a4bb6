package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// A Connection is an account at another system.
type Connection struct {
	ID       int64
	Name     string
	Kind     string            // the connector: carddav, ldap
	Settings map[string]string // without secrets
	Secret   string            // sealed; empty when there is none
}

// SaveConnection stores a connection under its name, new or changed.
func (s *Store) SaveConnection(ctx context.Context, c Connection) (Connection, error) {
	return saveConnection(ctx, s.db, c)
}

func saveConnection(ctx context.Context, q querier, c Connection) (Connection, error) {
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return c, err
	}
	err = q.QueryRowContext(ctx, `INSERT INTO connection (name, kind, settings, secret) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, settings = excluded.settings, secret = excluded.secret RETURNING id`,
		c.Name, c.Kind, string(settings), c.Secret).Scan(&c.ID)
	if err != nil {
		return c, fmt.Errorf("save connection: %w", err)
	}
	return c, nil
}

// Connections returns all connections by name.
func (s *Store) Connections(ctx context.Context) ([]Connection, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, kind, settings, secret FROM connection ORDER BY name`)
	return collect(rows, err, scanConnection)
}

// Connection returns the connection of that name, or ErrNotFound.
func (s *Store) Connection(ctx context.Context, name string) (Connection, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, kind, settings, secret FROM connection WHERE name = $1`, name)
	found, err := collect(rows, err, scanConnection)
	if err != nil || len(found) == 0 {
		return Connection{}, orNotFound(err)
	}
	return found[0], nil
}

func orNotFound(err error) error {
	if err == nil {
		return ErrNotFound
	}
	return err
}

func scanConnection(rows *sql.Rows) (c Connection, err error) {
	var settings string
	if err := rows.Scan(&c.ID, &c.Name, &c.Kind, &settings, &c.Secret); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(settings), &c.Settings)
}

// DeleteConnection forgets a connection with its links. Neither side's records
// are touched.
func (s *Store) DeleteConnection(ctx context.Context, id int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return deleteConnection(ctx, tx, id) })
}

func deleteConnection(ctx context.Context, tx *sql.Tx, id int64) error {
	for _, statement := range []string{
		`DELETE FROM retry WHERE mirror_id IN (SELECT m.id FROM mirror m JOIN pair p ON p.id = m.pair_id WHERE p.connection_id = $1)`,
		`DELETE FROM pair WHERE connection_id = $1`, `DELETE FROM connection WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return fmt.Errorf("delete connection: %w", err)
		}
	}
	return forgetManaged(ctx, tx)
}

// Spend counts one more call of a connection on a day and reports true, or reports
// false and counts nothing when limit calls were made.
func (s *Store) Spend(ctx context.Context, connection int64, day string, limit int) (bool, error) {
	result, err := s.db.ExecContext(ctx, `INSERT INTO spent (connection_id, day, calls) VALUES ($1, $2, 1)
		ON CONFLICT (connection_id, day) DO UPDATE SET calls = spent.calls + 1 WHERE spent.calls < $3`, connection, day, limit)
	if err != nil {
		return false, fmt.Errorf("count calls: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
