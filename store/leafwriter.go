package store

import (
	"context"
	"database/sql"
	"strconv"
)

// A leafWriter goes through the leaves of one book and rule in ascending order
// and rewrites those that change. Where it is asked for one leaf after the other
// it reads many at a time; where they lie far apart, only those asked for.
type leafWriter struct {
	tx     *sql.Tx
	bookID int64
	rule   int

	read   []leaf // not asked for yet
	limit  uint64 // where the leaf after them begins; 0: there is none
	ahead  int    // how many to read at a time
	unused int    // of those read, how many were passed over

	update, insert *sql.Stmt
}

// leavesAhead is how many leaves are held in memory at most: a quarter of a megabyte.
const leavesAhead = 64

// leafFor returns the leaf that a hash belongs to, and where the next one
// begins (0: it is the last). The first leaf begins at 0, so there always is
// one, unless the index is empty. Hashes must ascend from call to call.
func (w *leafWriter) leafFor(ctx context.Context, hash uint64) (l leaf, limit uint64, err error) {
	for len(w.read) > 1 && w.read[1].first <= hash {
		w.read = w.read[1:]
		w.unused++
	}
	if len(w.read) == 0 || len(w.read) == 1 && w.limit != 0 && w.limit <= hash {
		if err := w.fill(ctx, hash); err != nil || len(w.read) == 0 {
			return l, 0, err
		}
	}
	l, limit = w.read[0], w.limit
	if len(w.read) > 1 {
		limit = w.read[1].first
	}
	w.read = w.read[1:]
	return l, limit, nil
}

// fill reads the leaf of a hash and some that follow it: twice as many as the
// last time when most of those were of use, else half as many.
func (w *leafWriter) fill(ctx context.Context, hash uint64) (err error) {
	w.unused += len(w.read)
	if 2*w.unused >= w.ahead {
		w.ahead = max(1, w.ahead/2)
	} else {
		w.ahead = min(2*w.ahead, leavesAhead)
	}
	w.unused, w.read, w.limit = 0, w.read[:0], 0
	// SQLite plans a statement anew for every limit that is bound to it. These are seven.
	rows, err := w.tx.QueryContext(ctx, `SELECT id, first_hash, data FROM contact_key WHERE book_id = $1 AND rule = $2
		AND first_hash >= (SELECT max(first_hash) FROM contact_key WHERE book_id = $1 AND rule = $2 AND first_hash <= $3)
		ORDER BY first_hash LIMIT `+strconv.Itoa(w.ahead+1), w.bookID, w.rule, int64(hash))
	if err != nil {
		return err
	}
	defer rows.Close()
	var data sql.RawBytes
	for rows.Next() {
		var l leaf
		if err := rows.Scan(&l.id, &l.first, &data); err != nil {
			return err
		}
		if len(w.read) == w.ahead {
			w.limit = l.first
			break
		}
		if l.keys, err = decodeLeaf(data, nil); err != nil {
			return err
		}
		w.read = append(w.read, l)
	}
	return rows.Err()
}

// store puts a leaf's new keys in its place, in as many leaves as they need.
func (w *leafWriter) store(ctx context.Context, old leaf, keys []KeyHit) error {
	for i, part := range split(keys) {
		if i == 0 && old.id != 0 { // keeps its place, even when nothing is left in it
			if err := w.exec(ctx, &w.update, `UPDATE contact_key SET data = $1 WHERE id = $2`, encodeLeaf(part), old.id); err != nil {
				return err
			}
			continue
		}
		first := int64(0)
		if i > 0 {
			first = int64(part[0].Hash)
		}
		if err := w.exec(ctx, &w.insert, `INSERT INTO contact_key (book_id, rule, first_hash, data) VALUES ($1, $2, $3, $4)`,
			w.bookID, w.rule, first, encodeLeaf(part)); err != nil {
			return err
		}
	}
	return nil
}

func (w *leafWriter) exec(ctx context.Context, s **sql.Stmt, text string, args ...any) error {
	if err := w.prepare(ctx, s, text); err != nil {
		return err
	}
	_, err := (*s).ExecContext(ctx, args...)
	return err
}

func (w *leafWriter) prepare(ctx context.Context, s **sql.Stmt, text string) (err error) {
	if *s == nil {
		*s, err = w.tx.PrepareContext(ctx, text) //nolint:sqlclosecheck // it serves many calls; close ends it
	}
	return err
}

func (w *leafWriter) close() {
	for _, s := range []*sql.Stmt{w.update, w.insert} {
		if s != nil {
			s.Close()
		}
	}
}
