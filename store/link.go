package store

import (
	"context"
	"database/sql"
	"fmt"
)

// A LinkBatch is what a run learned about links: it becomes durable at once,
// together with the writes to the address book that belong to it.
type LinkBatch struct {
	Pair      int64
	Run       int64
	Epoch     int64      // of the lease
	Mirror    []Mirrored // as they are now; an ID of 0 is new
	Judged    []int64    // contacts whose conflicts were looked at
	Conflicts []Conflict
	Done      []int64 // intents that are carried out
	Settled   []StoredChange
	Of        *Run  // the run, where it has ended and says something else by what is settled
	Position  int64 // of the run; negative leaves it alone
}

// WriteLinks stores a batch of links.
func (s *Store) WriteLinks(ctx context.Context, b LinkBatch) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return writeLinks(ctx, tx, &b) })
}

func writeLinks(ctx context.Context, tx *sql.Tx, b *LinkBatch) error {
	seq, err := bumpPair(ctx, tx, b.Pair, b.Epoch, len(b.Mirror) > 0)
	if err != nil {
		return fmt.Errorf("store links: %w", err)
	}
	if err := storeMirrored(ctx, tx, b.Pair, seq, b.Mirror); err != nil {
		return err
	}
	if err := storeConflicts(ctx, tx, b); err != nil {
		return err
	}
	for _, id := range b.Done {
		if _, err := tx.ExecContext(ctx, `DELETE FROM intent WHERE id = $1`, id); err != nil {
			return fmt.Errorf("store links: %w", err)
		}
	}
	for _, c := range b.Settled {
		if err := settleChange(ctx, tx, b.Run, c.Seq, c.Change); err != nil {
			return fmt.Errorf("store links: %w", err)
		}
	}
	if b.Of != nil {
		if err := updateRun(ctx, tx, b.Of); err != nil {
			return fmt.Errorf("store links: %w", err)
		}
	}
	if b.Position < 0 {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE run SET position = $1 WHERE id = $2`, b.Position, b.Run)
	return err
}

// BookLinks yields who of a book is linked with what, by connection and contact.
func (s *Store) BookLinks(ctx context.Context, book int64) ([]Linked, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT c.name, p.object, m.remote_id, m.state, m.ref FROM mirror m
		JOIN pair p ON p.id = m.pair_id JOIN connection c ON c.id = p.connection_id
		WHERE p.book_id = $1 AND m.ref IS NOT NULL ORDER BY c.name, p.object, m.ref`, book)
	return collect(rows, err, func(rows *sql.Rows) (l Linked, err error) {
		return l, rows.Scan(&l.Connection, &l.Object, &l.RemoteID, &l.State, &l.Ref)
	})
}

// DropLinks forgets whom a contact is linked with, at one connection or at all of
// them when connection is empty, and what both last agreed on. The next run of
// each sync looks at both again as if they had never met.
func (s *Store) DropLinks(ctx context.Context, ref int64, connection string) (n int64, err error) {
	const pairs = `IN (SELECT p.id FROM pair p JOIN connection c ON c.id = p.connection_id WHERE $2 = '' OR c.name = $2)`
	const which = `ref = $1 AND pair_id ` + pairs
	const mirrors = `FROM mirror m JOIN progress g ON g.pair_id = m.pair_id WHERE m.ref = $1 AND m.pair_id ` + pairs + ` ON CONFLICT DO NOTHING`
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{
			`INSERT INTO retry (sync_id, mirror_id, ref) SELECT g.sync_id, m.id, 0 ` + mirrors,
			`INSERT INTO retry (sync_id, mirror_id, ref) SELECT g.sync_id, 0, m.ref ` + mirrors,
			`UPDATE conflict SET open = 0 WHERE open = 1 AND ` + which,
		} {
			if _, err := tx.ExecContext(ctx, statement, ref, connection); err != nil {
				return fmt.Errorf("drop links: %w", err)
			}
		}
		result, err := tx.ExecContext(ctx, `UPDATE mirror SET ref = NULL, base = '{}' WHERE `+which, ref, connection)
		if err == nil {
			n, err = result.RowsAffected()
		}
		return err
	})
	return n, err
}

// Links returns what is known of a contact at every remote.
func (s *Store) Links(ctx context.Context, ref int64) ([]Linked, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT c.name, p.object, m.remote_id, m.state, m.seen FROM mirror m
		JOIN pair p ON p.id = m.pair_id JOIN connection c ON c.id = p.connection_id WHERE m.ref = $1 ORDER BY c.name, p.object`, ref)
	return collect(rows, err, func(rows *sql.Rows) (l Linked, err error) {
		var seen string
		if err := rows.Scan(&l.Connection, &l.Object, &l.RemoteID, &l.State, &seen); err != nil {
			return l, err
		}
		l.Seen, err = parseTexts(seen)
		return l, err
	})
}

// Linked is a contact's record at a remote.
type Linked struct {
	Connection, Object string
	RemoteID           string
	State              MirrorState
	Ref                int64
	Seen               map[string]string // its values there; only Links tells them
}
