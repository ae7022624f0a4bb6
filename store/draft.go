package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// A Draft is what somebody has entered into a wizard so far. It survives a reload,
// and a colleague can go on with it.
type Draft struct {
	ID      string
	Kind    string
	Data    json.RawMessage
	By      string
	Updated time.Time
}

// SaveDraft stores a draft under its ID, new or changed.
func (s *Store) SaveDraft(ctx context.Context, d Draft) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO draft (id, kind, data, updated_by, updated_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, data = excluded.data, updated_by = excluded.updated_by, updated_at = excluded.updated_at`,
		d.ID, d.Kind, string(d.Data), d.By, unixMilli(d.Updated))
	if err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	return nil
}

// Draft returns the draft with an ID, or ErrNotFound.
func (s *Store) Draft(ctx context.Context, id string) (Draft, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, kind, data, updated_by, updated_at FROM draft WHERE id = $1`, id)
	found, err := collect(rows, err, scanDraft)
	if err != nil || len(found) == 0 {
		return Draft{}, orNotFound(err)
	}
	return found[0], nil
}

// Drafts returns the drafts of a kind, the latest first.
func (s *Store) Drafts(ctx context.Context, kind string) ([]Draft, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, kind, data, updated_by, updated_at FROM draft WHERE kind = $1 ORDER BY updated_at DESC, id`, kind)
	return collect(rows, err, scanDraft)
}

// DeleteDraft removes a draft. One that is not there is no error.
func (s *Store) DeleteDraft(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM draft WHERE id = $1`, id)
	return err
}

func scanDraft(rows *sql.Rows) (d Draft, err error) {
	var data string
	var updated int64
	if err := rows.Scan(&d.ID, &d.Kind, &data, &d.By, &updated); err != nil {
		return d, err
	}
	d.Data, d.Updated = json.RawMessage(data), timeOf(updated)
	return d, nil
}
