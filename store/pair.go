package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Pair is an object of a connection and the address book its records are
// linked with. All syncs between the two share its links (settled question 24).
type Pair struct {
	ID           int64
	ConnectionID int64
	Object       string
	BookID       int64
	Seq          int64  // grows with every change to its mirror
	Cursor       string // high-water mark of the remote; empty before the first complete listing
	Swept        time.Time
	Epoch        int64 // of the lease
}

const pairColumns = `id, connection_id, object, book_id, seq, cursor, swept_at, epoch`

// PairOf returns the pair of an object and a book, making it when it is new.
func (s *Store) PairOf(ctx context.Context, connection int64, object string, book int64) (Pair, error) {
	const where = `connection_id = $1 AND object = $2 AND book_id = $3`
	if p, err := s.pair(ctx, where, connection, object, book); !errors.Is(err, ErrNotFound) {
		return p, err
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO pair (connection_id, object, book_id) VALUES ($1, $2, $3)
		ON CONFLICT (connection_id, object, book_id) DO NOTHING`, connection, object, book)
	if err != nil {
		return Pair{}, fmt.Errorf("pair: %w", err)
	}
	return s.pair(ctx, where, connection, object, book)
}

// Pair returns the pair with that number, or ErrNotFound.
func (s *Store) Pair(ctx context.Context, id int64) (Pair, error) { return s.pair(ctx, `id = $1`, id) }

// PairsOf returns the pairs a book is linked in.
func (s *Store) PairsOf(ctx context.Context, book int64) ([]Pair, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+pairColumns+` FROM pair WHERE book_id = $1 ORDER BY id`, book)
	return collect(rows, err, scanPair)
}

func (s *Store) pair(ctx context.Context, where string, args ...any) (Pair, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+pairColumns+` FROM pair WHERE `+where, args...)
	found, err := collect(rows, err, scanPair)
	if err != nil || len(found) == 0 {
		return Pair{}, orNotFound(err)
	}
	return found[0], nil
}

func scanPair(rows *sql.Rows) (p Pair, err error) {
	var swept int64
	err = rows.Scan(&p.ID, &p.ConnectionID, &p.Object, &p.BookID, &p.Seq, &p.Cursor, &swept, &p.Epoch)
	p.Swept = fromMilli(swept)
	return p, err
}

func fromMilli(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// A Listing is a stretch of a remote's listing on its way into the mirror.
type Listing struct {
	Pair   int64
	Epoch  int64
	Items  []Mirrored // those that are new or changed; an ID of 0 is new
	Cursor string     // set with them, in one transaction (I17)
	Swept  time.Time  // of the last stretch of a complete listing
}

// TakeListing stores a stretch of a listing and returns the pair as it is then.
func (s *Store) TakeListing(ctx context.Context, l Listing) (Pair, error) {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		seq, err := bumpPair(ctx, tx, l.Pair, l.Epoch, len(l.Items) > 0)
		if err != nil {
			return err
		}
		if err := storeMirrored(ctx, tx, l.Pair, seq, l.Items); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE pair SET cursor = $1, swept_at = CASE WHEN $2 > 0 THEN $2 ELSE swept_at END WHERE id = $3`,
			storable(l.Cursor), unixMilli(l.Swept), l.Pair)
		return err
	})
	if err != nil {
		return Pair{}, fmt.Errorf("store listing: %w", err)
	}
	return s.Pair(ctx, l.Pair)
}

// bumpPair locks the pair's row and returns its counter, one up if need be. Who
// lost the lease to another run is refused (I11).
func bumpPair(ctx context.Context, tx *sql.Tx, pair, epoch int64, up bool) (seq int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE pair SET seq = seq + $1 WHERE id = $2 AND epoch = $3 RETURNING seq`, bit(up), pair, epoch).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrStale
	}
	return seq, err
}

// Lease gives the pair to one run: until the given time nobody else gets it
// before it is released. Every commit names the lease's epoch, so that a run that
// was held up and lost its lease changes nothing more. ErrLeased is returned when
// another run has it.
func (s *Store) Lease(ctx context.Context, pair int64, now, until time.Time) (epoch int64, err error) {
	err = s.db.QueryRowContext(ctx, `UPDATE pair SET epoch = epoch + 1, leased_until = $1 WHERE id = $2 AND leased_until <= $3 RETURNING epoch`,
		unixMilli(until), pair, now.UnixMilli()).Scan(&epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrLeased
	}
	return epoch, err
}

// RenewLease keeps a lease, or returns ErrStale when another run has taken it.
func (s *Store) RenewLease(ctx context.Context, pair, epoch int64, until time.Time) error {
	result, err := s.db.ExecContext(ctx, `UPDATE pair SET leased_until = $1 WHERE id = $2 AND epoch = $3`, unixMilli(until), pair, epoch)
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return ErrStale
	}
	return nil
}

// DropLeases gives every pair free: for a process that knows that no other has
// the database open, and that whoever had a lease is dead.
func (s *Store) DropLeases(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `UPDATE pair SET leased_until = 0 WHERE leased_until <> 0`)
	return err
}

// Progress is how far a sync has followed a pair.
type Progress struct {
	SyncID, PairID int64
	MirrorSeq      int64  // changes of the mirror up to here are dealt with
	BookRun        int64  // runs on the book up to here are dealt with
	Fingerprint    string // of the sync's settings then
}

// Progress returns how far a sync has come; from the start when it never ran.
func (s *Store) Progress(ctx context.Context, sync, pair int64) (Progress, error) {
	p := Progress{SyncID: sync, PairID: pair}
	err := s.db.QueryRowContext(ctx, `SELECT mirror_seq, book_run, fingerprint FROM progress WHERE sync_id = $1 AND pair_id = $2`, sync, pair).
		Scan(&p.MirrorSeq, &p.BookRun, &p.Fingerprint)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	return p, err
}

// lookAgain has all syncs over a book look again at what a run writes that begins
// now: one that was planned before their own last run writes under an older number.
func lookAgain(ctx context.Context, q querier, book, run int64) error {
	_, err := q.ExecContext(ctx, `UPDATE progress SET book_run = $1 WHERE book_run > $1 AND pair_id IN (SELECT id FROM pair WHERE book_id = $2)`, run-1, book)
	return err
}

// seenTo lowers a mark to before the runs on the book that were being applied while
// the run with that number was, and may have written what it did not see.
func seenTo(ctx context.Context, tx *sql.Tx, p Progress) (mark int64, err error) {
	var first sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT MIN(id) FROM run WHERE book_id = (SELECT book_id FROM pair WHERE id = $1) AND id < $2
			AND id > COALESCE((SELECT book_run FROM progress WHERE sync_id = $3 AND pair_id = $1), 0)
			AND (status = 'applying' OR finished_at >= (SELECT started_at FROM run WHERE id = $2))`, p.PairID, p.BookRun, p.SyncID).Scan(&first)
	if err != nil || !first.Valid {
		return p.BookRun, err
	}
	return first.Int64 - 1, nil
}

// SaveProgress stores how far a sync has come, and the records it has to look at
// again in place of those it had before (3.10).
func (s *Store) SaveProgress(ctx context.Context, p Progress, retry []Retry) error {
	return s.inTx(ctx, func(tx *sql.Tx) (err error) {
		if p.BookRun, err = seenTo(ctx, tx, p); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO progress (sync_id, pair_id, mirror_seq, book_run, fingerprint) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (sync_id, pair_id) DO UPDATE SET mirror_seq = excluded.mirror_seq, book_run = excluded.book_run, fingerprint = excluded.fingerprint`,
			p.SyncID, p.PairID, p.MirrorSeq, p.BookRun, p.Fingerprint)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM retry WHERE sync_id = $1`, p.SyncID); err != nil {
			return err
		}
		for _, r := range retry {
			if _, err := tx.ExecContext(ctx, `INSERT INTO retry (sync_id, mirror_id, ref) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
				p.SyncID, r.Mirror, r.Ref); err != nil {
				return err
			}
		}
		return nil
	})
}

// A Retry is a record that a sync has to look at again: one that was held,
// refused, or is in conflict.
type Retry struct {
	Mirror int64 // 0: the contact has no counterpart yet
	Ref    int64 // 0: the record has no counterpart yet
}

// Retries returns the records a sync has to look at again.
func (s *Store) Retries(ctx context.Context, sync int64) ([]Retry, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT mirror_id, ref FROM retry WHERE sync_id = $1 ORDER BY mirror_id, ref`, sync)
	return collect(rows, err, func(rows *sql.Rows) (r Retry, err error) { return r, rows.Scan(&r.Mirror, &r.Ref) })
}
