package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A Fetched is a remote file that a sync has read and applied. Path, size and
// hash name it: each is read once.
type Fetched struct {
	ID       int64
	SyncID   int64
	Path     string
	Size     int64
	Hash     string    // SHA-256, hexadecimal
	Modified time.Time // as its server tells it; zero when it does not
	Tag      string    // ETag
	Run      int64     // that applied it
	At       time.Time
	Settled  bool // it was kept, moved or deleted, as the sync says
}

// SaveFetched stores a file that was read. One that is known gets what else is
// new about it.
func (s *Store) SaveFetched(ctx context.Context, f Fetched) error {
	modified, settled := "", 0
	if !f.Modified.IsZero() {
		modified = f.Modified.UTC().Format(time.RFC3339Nano)
	}
	if f.Settled {
		settled = 1
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO fetched (sync_id, path, size, hash, modified, tag, run_id, fetched_at, settled)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (sync_id, path, size, hash) DO UPDATE SET modified = excluded.modified, tag = excluded.tag,
			run_id = excluded.run_id, fetched_at = excluded.fetched_at, settled = excluded.settled`,
		f.SyncID, f.Path, f.Size, f.Hash, modified, f.Tag, f.Run, f.At.UnixMilli(), settled)
	if err != nil {
		return fmt.Errorf("remember a file that was fetched: %w", err)
	}
	return nil
}

// FetchedBy returns what a sync has read, the latest last.
func (s *Store) FetchedBy(ctx context.Context, syncID int64) ([]Fetched, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, sync_id, path, size, hash, modified, tag, run_id, fetched_at, settled
		FROM fetched WHERE sync_id = $1 ORDER BY fetched_at, id`, syncID)
	return collect(rows, err, scanFetched)
}

func scanFetched(rows *sql.Rows) (f Fetched, err error) {
	var modified string
	var at int64
	var settled int
	if err := rows.Scan(&f.ID, &f.SyncID, &f.Path, &f.Size, &f.Hash, &modified, &f.Tag, &f.Run, &at, &settled); err != nil {
		return f, err
	}
	if modified != "" {
		if f.Modified, err = time.Parse(time.RFC3339Nano, modified); err != nil {
			return f, fmt.Errorf("a file that was fetched: %w", err)
		}
	}
	f.At, f.Settled = time.UnixMilli(at).UTC(), settled == 1
	return f, nil
}

// ForgetFetched forgets the files that a run has read: it was taken back, and
// they may be read again.
func (s *Store) ForgetFetched(ctx context.Context, run int64) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM fetched WHERE run_id = $1`, run)
	return err
}
