package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/kith-sync/kith/plan"
)

// A Conflict is a field that both sides of a link changed differently: one that
// waits for a person, or one that was decided, with the loser's value.
type Conflict struct {
	ID       int64
	Pair     int64
	RemoteID string
	Ref      int64
	Run      int64
	Found    time.Time
	Pick     plan.Winner // what a person chose; empty: nobody has
	Picked   time.Time
	Open     bool
	plan.Conflict
}

const conflictColumns = `id, pair_id, remote_id, ref, field, base, ours, theirs, theirs_raw, winner, frozen, run_id, found_at, pick, picked_at, open`

// OpenConflicts returns the conflicts that wait for a person, oldest first; of
// one pair, or of all when pair is 0.
func (s *Store) OpenConflicts(ctx context.Context, pair int64) ([]Conflict, error) {
	return s.conflicts(ctx, `open = 1 AND ($1 = 0 OR pair_id = $1) ORDER BY id`, pair)
}

// ConflictsOf returns all conflicts about a contact, oldest first.
func (s *Store) ConflictsOf(ctx context.Context, ref int64) ([]Conflict, error) {
	return s.conflicts(ctx, `ref = $1 ORDER BY id`, ref)
}

// Conflict returns the conflict with that number, or ErrNotFound.
func (s *Store) Conflict(ctx context.Context, id int64) (Conflict, error) {
	found, err := s.conflicts(ctx, `id = $1`, id)
	if err != nil || len(found) == 0 {
		return Conflict{}, orNotFound(err)
	}
	return found[0], nil
}

func (s *Store) conflicts(ctx context.Context, where string, args ...any) ([]Conflict, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+conflictColumns+` FROM conflict WHERE `+where, args...)
	return collect(rows, err, func(rows *sql.Rows) (c Conflict, err error) {
		var found, picked int64
		err = rows.Scan(&c.ID, &c.Pair, &c.RemoteID, &c.Ref, &c.Field, &c.Base, &c.Ours, &c.Theirs, &c.TheirsRaw, &c.Winner, &c.Oscillates,
			&c.Run, &found, &c.Pick, &picked, &c.Open)
		c.Found, c.Picked = fromMilli(found), fromMilli(picked)
		return c, err
	})
}

// PickConflict records what a person chose. The next run carries it out while
// both sides are as they were.
func (s *Store) PickConflict(ctx context.Context, id int64, pick plan.Winner, now time.Time) error {
	result, err := s.db.ExecContext(ctx, `UPDATE conflict SET pick = $1, picked_at = $2 WHERE id = $3 AND open = 1`, string(pick), unixMilli(now), id)
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return ErrNotFound
	}
	return nil
}

// storeConflicts closes what is open about the contacts and opens, or records,
// what a run found. One that is open about the same two values stays as it is,
// with the choice a person made about it.
func storeConflicts(ctx context.Context, tx *sql.Tx, b *LinkBatch) error {
	// Those that are found again stay open, and are 2 until it is known.
	closing, err := closeConflicts(ctx, tx, b)
	if err != nil {
		return fmt.Errorf("store conflict: %w", err)
	}
	for _, c := range b.Conflicts {
		if err := storeConflict(ctx, tx, b, c); err != nil {
			return fmt.Errorf("store conflict: %w", err)
		}
	}
	if closing == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `UPDATE conflict SET open = 0 WHERE pair_id = $1 AND open = 2`, b.Pair); err != nil {
		return fmt.Errorf("store conflict: %w", err)
	}
	return nil
}

// closeConflicts marks the open conflicts of those who were judged, and counts them.
func closeConflicts(ctx context.Context, tx *sql.Tx, b *LinkBatch) (closing int64, err error) {
	for part := range slices.Chunk(b.Judged, idsAtOnce) {
		refs, args := placesFor(part, []any{b.Pair})
		result, err := tx.ExecContext(ctx, `UPDATE conflict SET open = 2 WHERE pair_id = $1 AND open = 1 AND ref IN (`+refs+`)`, args...)
		if err != nil {
			return 0, err
		}
		n, _ := result.RowsAffected()
		closing += n
	}
	return closing, nil
}

func storeConflict(ctx context.Context, tx *sql.Tx, b *LinkBatch, c Conflict) error {
	open := c.Winner == plan.WinReview
	result, err := tx.ExecContext(ctx, `UPDATE conflict SET open = 1 WHERE pair_id = $1 AND ref = $2 AND field = $3 AND open = 2
		AND ours = $4 AND theirs_raw = $5 AND winner = $6`,
		b.Pair, c.Ref, c.Field, storable(c.Ours), storable(c.TheirsRaw), string(c.Winner))
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n > 0 {
		return nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO conflict (pair_id, remote_id, ref, field, base, ours, theirs, theirs_raw, winner, frozen, run_id, found_at, open)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		b.Pair, storable(c.RemoteID), c.Ref, c.Field, storable(c.Base), storable(c.Ours), storable(c.Theirs), storable(c.TheirsRaw), string(c.Winner), bit(c.Oscillates),
		b.Run, unixMilli(c.Found), bit(open))
	return err
}
