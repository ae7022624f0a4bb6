package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kith-sync/kith/plan"
)

// An Intent is a write to a remote. It is durable before every attempt, so that
// a crash or an unanswered call never makes a second record (I3).
type Intent struct {
	ID        int64
	Run       int64
	Key       string // idempotency key
	Op        int    // connector.Op
	Ref       int64
	RemoteID  string                 // empty for a create
	Payload   map[string]string      // the first one: every attempt sends it again
	Base      map[string]plan.Agreed // what both sides agree on once it is carried out
	Attempted time.Time
	Parked    bool // the outcome is unknown
}

// Intents returns the open intents of a pair, oldest first.
func (s *Store) Intents(ctx context.Context, pair int64) ([]Intent, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, run_id, idempotency_key, op, ref, remote_id, payload, base, attempted_at, parked
		FROM intent WHERE pair_id = $1 ORDER BY id`, pair)
	return collect(rows, err, func(rows *sql.Rows) (i Intent, err error) {
		var payload, base string
		var attempted int64
		if err := rows.Scan(&i.ID, &i.Run, &i.Key, &i.Op, &i.Ref, &i.RemoteID, &payload, &base, &attempted, &i.Parked); err != nil {
			return i, err
		}
		i.Attempted = fromMilli(attempted)
		if err := json.Unmarshal([]byte(payload), &i.Payload); err != nil {
			return i, err
		}
		return i, json.Unmarshal([]byte(base), &i.Base)
	})
}

// Intend makes intents durable, before the first attempt and before each further
// one. It gives new ones their numbers.
func (s *Store) Intend(ctx context.Context, pair, epoch int64, intents []Intent) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := bumpPair(ctx, tx, pair, epoch, false); err != nil {
			return err
		}
		for i := range intents {
			if err := intend(ctx, tx, pair, &intents[i]); err != nil {
				return fmt.Errorf("store intent: %w", err)
			}
		}
		return nil
	})
}

func intend(ctx context.Context, tx *sql.Tx, pair int64, i *Intent) error {
	if i.ID != 0 {
		_, err := tx.ExecContext(ctx, `UPDATE intent SET attempted_at = $1, parked = $2 WHERE id = $3`, unixMilli(i.Attempted), bit(i.Parked), i.ID)
		return err
	}
	payload, err := json.Marshal(i.Payload)
	if err != nil {
		return err
	}
	base, err := json.Marshal(i.Base)
	if err != nil {
		return err
	}
	return tx.QueryRowContext(ctx, `INSERT INTO intent (pair_id, run_id, idempotency_key, op, ref, remote_id, payload, base, attempted_at, parked)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
		pair, i.Run, i.Key, i.Op, i.Ref, storable(i.RemoteID), string(payload), string(base), unixMilli(i.Attempted), bit(i.Parked)).Scan(&i.ID)
}
