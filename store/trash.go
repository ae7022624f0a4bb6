package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// PurgeTrash removes contacts that went to the trash before the given time.
// Those that a person put there stay: they are what keeps a sync from bringing
// the same people back (settled question 23).
func (s *Store) PurgeTrash(ctx context.Context, before time.Time) (int64, error) {
	result, err := s.db.ExecContext(ctx, `DELETE FROM trash WHERE deleted_at < $1
		AND deleted_run NOT IN (SELECT id FROM run WHERE kind = $2)`, before.UnixMilli(), KindEdit)
	if err != nil {
		return 0, fmt.Errorf("purge trash: %w", err)
	}
	return result.RowsAffected()
}

// EmptyTrash removes every contact of a book's trash for good, whoever put it
// there. The book counts as changed: a sync may now bring the same people in.
func (s *Store) EmptyTrash(ctx context.Context, bookID int64) (n int64, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM trash WHERE id > $1 AND id < $2`, firstID(bookID), firstID(bookID+1))
		if err != nil {
			return err
		}
		if n, err = result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return touchBook(ctx, tx, bookID)
	})
	if err != nil {
		return 0, fmt.Errorf("empty trash: %w", err)
	}
	return n, nil
}

// SourceUsedSince reports whether a run that began at that time or later read a
// source with this hash.
func (s *Store) SourceUsedSince(ctx context.Context, hash string, since time.Time) (used bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM run WHERE source_hash = $1 AND started_at >= $2)`,
		hash, since.UnixMilli()).Scan(&used)
	if err != nil {
		return false, fmt.Errorf("read runs: %w", err)
	}
	return used, nil
}
