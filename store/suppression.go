package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A Suppression remembers that somebody was erased on request (requirements
// 3.14): keyed hashes of the person's match keys, and nothing that can be read.
// No import and no linked sync brings the person back until somebody lifts it.
type Suppression struct {
	ID     int64
	BookID int64
	Ref    int64 // the contact that was erased; 0: there was none
	Run    int64 // that erased it
	Reason string
	At     time.Time
	Keys   []Key
}

// Suppressions returns who was erased on request, oldest first.
func (s *Store) Suppressions(ctx context.Context) ([]Suppression, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, book_id, ref, run_id, reason, erased_at FROM suppression ORDER BY id`)
	all, err := collect(rows, err, func(rows *sql.Rows) (p Suppression, err error) {
		var at int64
		err = rows.Scan(&p.ID, &p.BookID, &p.Ref, &p.Run, &p.Reason, &at)
		p.At = fromMilli(at)
		return p, err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	at := map[int64]*Suppression{}
	for i := range all {
		at[all[i].ID] = &all[i]
	}
	rows, err = s.db.QueryContext(ctx, `SELECT suppression_id, rule, hash FROM suppression_key ORDER BY suppression_id, rule, hash`)
	_, err = collect(rows, err, func(rows *sql.Rows) (k Key, err error) {
		var id, hash int64
		err = rows.Scan(&id, &k.Rule, &hash)
		k.Hash = uint64(hash)
		if p := at[id]; p != nil {
			p.Keys = append(p.Keys, k)
		}
		return k, err
	})
	return all, err
}

// LiftSuppression forgets that somebody was erased, or returns ErrNotFound. From
// now on imports may bring the person in again, and linked syncs list the records
// anew that they had passed over.
func (s *Store) LiftSuppression(ctx context.Context, id int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE pair SET cursor = '', swept_at = 0 WHERE id IN (SELECT pair_id FROM mirror WHERE `+hiddenBy+`)`, id, Erased); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM mirror WHERE `+hiddenBy, id, Erased); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM suppression_key WHERE suppression_id = $1`, id); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM suppression WHERE id = $1`, id)
		if err != nil {
			return err
		}
		if n, _ := result.RowsAffected(); n == 0 {
			return fmt.Errorf("suppression %d: %w", id, ErrNotFound)
		}
		// A sync whose file is as it was reads it all the same.
		_, err = tx.ExecContext(ctx, `UPDATE book SET seq = seq + 1`)
		return err
	})
}

// hiddenBy are the mirrored records that a suppression keeps from travelling.
const hiddenBy = `state = $2 AND (ref IN (SELECT ref FROM suppression WHERE id = $1 AND ref <> 0)
	OR key_hash IN (SELECT hash FROM suppression_key WHERE suppression_id = $1 AND rule = 1)
	OR email_hash IN (SELECT hash FROM suppression_key WHERE suppression_id = $1 AND rule = 2)
	OR phone_hash IN (SELECT hash FROM suppression_key WHERE suppression_id = $1 AND rule = 3))`
