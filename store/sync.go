package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/kith-sync/kith/plan"
)

// A Sync is a stored sync definition.
type Sync struct {
	ID         int64
	Name       string
	Definition plan.Sync
	Base       string // folder that relative paths of the definition start from
}

// SaveSync stores a definition under its name, replacing an earlier one.
func (s *Store) SaveSync(ctx context.Context, def plan.Sync, base string) (Sync, error) {
	return writeSync(ctx, s.db, def, base)
}

func writeSync(ctx context.Context, q querier, def plan.Sync, base string) (Sync, error) {
	out := Sync{Name: def.Name, Definition: def, Base: base}
	err := q.QueryRowContext(ctx, `INSERT INTO sync (name, definition, base) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, base = excluded.base RETURNING id`,
		def.Name, string(def.Canonical()), base).Scan(&out.ID)
	if err != nil {
		return Sync{}, fmt.Errorf("save sync %s: %w", def.Name, err)
	}
	return out, nil
}

// Sync returns the named sync, or ErrNotFound.
func (s *Store) Sync(ctx context.Context, name string) (Sync, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, definition, base FROM sync WHERE name = $1`, name)
	syncs, err := collect(rows, err, scanSync)
	if err != nil {
		return Sync{}, fmt.Errorf("read sync %s: %w", name, err)
	}
	if len(syncs) == 0 {
		return Sync{}, fmt.Errorf("sync %s: %w", name, ErrNotFound)
	}
	return syncs[0], nil
}

// Syncs returns every sync, by name.
func (s *Store) Syncs(ctx context.Context) ([]Sync, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, definition, base FROM sync ORDER BY name`)
	return collect(rows, err, scanSync)
}

func scanSync(rows *sql.Rows) (out Sync, err error) {
	var definition string
	if err := rows.Scan(&out.ID, &out.Name, &definition, &out.Base); err != nil {
		return out, err
	}
	return out, json.Unmarshal([]byte(definition), &out.Definition)
}

// DeleteSync removes a sync from the list (C45). Its runs stay in the history.
func (s *Store) DeleteSync(ctx context.Context, name string) error {
	return deleteSync(ctx, s.db, name)
}

func deleteSync(ctx context.Context, q querier, name string) error {
	result, err := q.ExecContext(ctx, `DELETE FROM sync WHERE name = $1`, name)
	if err != nil {
		return fmt.Errorf("delete sync %s: %w", name, err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return fmt.Errorf("sync %s: %w", name, ErrNotFound)
	}
	for _, table := range []string{"progress", "retry", "notify", "schedule", "fetched"} { // its links stay: other syncs share them
		if _, err := q.ExecContext(ctx, `DELETE FROM `+table+` WHERE sync_id NOT IN (SELECT id FROM sync)`); err != nil {
			return fmt.Errorf("delete sync %s: %w", name, err)
		}
	}
	return forgetManaged(ctx, q)
}

// Learn remembers the mapping a person confirmed for a header.
func (s *Store) Learn(ctx context.Context, fingerprint string, mapping []plan.Mapping) error {
	b, err := json.Marshal(mapping)
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO learned (fingerprint, mapping) VALUES ($1, $2)
		ON CONFLICT (fingerprint) DO UPDATE SET mapping = excluded.mapping`, fingerprint, string(b))
	return err
}

// Learned returns the mapping remembered for a header, or ErrNotFound.
func (s *Store) Learned(ctx context.Context, fingerprint string) (mapping []plan.Mapping, err error) {
	var text string
	if err := s.db.QueryRowContext(ctx, `SELECT mapping FROM learned WHERE fingerprint = $1`, fingerprint).Scan(&text); err != nil {
		return nil, notFound(err)
	}
	return mapping, json.Unmarshal([]byte(text), &mapping)
}

// Setting returns a setting of the installation, storing the value given when it
// has none yet.
func (s *Store) Setting(ctx context.Context, name, value string) (string, error) {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, value); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT value FROM setting WHERE name = $1`, name).Scan(&value)
	})
	if err != nil {
		return "", fmt.Errorf("read setting %s: %w", name, err)
	}
	return value, nil
}

// SwapSetting stores now in place of was and reports false, storing nothing, when
// something else than was is there. A setting that is not there is empty.
func (s *Store) SwapSetting(ctx context.Context, name, was, now string) (bool, error) {
	result, err := s.db.ExecContext(ctx, `INSERT INTO setting (name, value) SELECT $1, $2 WHERE $3 = ''
		ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE setting.value = $3`, name, now, was)
	if err == nil {
		var n int64
		if n, err = result.RowsAffected(); n > 0 || was == "" {
			return n > 0, err
		}
		if result, err = s.db.ExecContext(ctx, `UPDATE setting SET value = $1 WHERE name = $2 AND value = $3`, now, name, was); err == nil {
			n, err = result.RowsAffected()
			return n > 0, err
		}
	}
	return false, fmt.Errorf("store setting %s: %w", name, err)
}
