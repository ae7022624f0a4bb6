package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Pages of lists: who looks at a screen never waits for a whole book. Each begins
// where the one before ended, so that the last page costs what the first does.

// BookByID returns the book with an id, or ErrNotFound.
func (s *Store) BookByID(ctx context.Context, id int64) (Book, error) {
	return findBook(ctx, s.db, `id = $1`, id)
}

// SomeContacts yields at most limit live contacts of a book after the given
// handle, oldest first.
func (s *Store) SomeContacts(ctx context.Context, b Book, after int64, limit int) iter.Seq2[Contact, error] {
	return func(yield func(Contact, error) bool) {
		rows, err := s.db.QueryContext(ctx, `SELECT `+contactColumns+` FROM contact WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`,
			max(after, firstID(b.ID)), firstID(b.ID+1), limit)
		s.yield(rows, err, b, yield)
	}
}

// ContactsWith yields those of the next scan contacts after a handle whose values
// have a text, letters of either case, oldest first. It may yield a few others,
// which have the text across two values: the caller looks again. The text is one
// for which Plain reports true.
func (s *Store) ContactsWith(ctx context.Context, b Book, after int64, scan int, text string) iter.Seq2[Contact, error] {
	like := "LIKE" // of SQLite, which ignores the case of ASCII
	if s.postgres {
		like = "ILIKE"
	}
	return func(yield func(Contact, error) bool) {
		rows, err := s.db.QueryContext(ctx, `SELECT `+contactColumns+` FROM (SELECT `+contactColumns+` FROM contact WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3) AS stretch
			WHERE data `+like+` $4 ESCAPE '!' ORDER BY id`, max(after, firstID(b.ID)), firstID(b.ID+1), scan, "%"+likeless.Replace(text)+"%")
		s.yield(rows, err, b, yield)
	}
}

var likeless = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// Plain reports whether a text stands in stored values as it is written.
func Plain(text string) bool { return plain(text) }

// EndOf returns the handle of the last of the next scan contacts after a handle,
// none of them beyond another one, and how many they are.
func (s *Store) EndOf(ctx context.Context, b Book, after, until int64, scan int) (last, n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT coalesce(max(id), 0), count(*) FROM (SELECT id FROM contact WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS stretch`,
		max(after, firstID(b.ID)), min(until, firstID(b.ID+1)-1), scan).Scan(&last, &n)
	return last, n, err
}

// SomeTrash returns at most limit contacts of a book's trash that were deleted
// before a time, or at that time with a higher handle; the latest first.
func (s *Store) SomeTrash(ctx context.Context, b Book, before time.Time, after int64, limit int) ([]Contact, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+contactColumns+`, deleted_run, deleted_at FROM trash
		WHERE id > $1 AND id < $2 AND (deleted_at < $3 OR deleted_at = $3 AND id > $4) ORDER BY deleted_at DESC, id LIMIT $5`,
		firstID(b.ID), firstID(b.ID+1), before.UnixMilli(), after, limit)
	return collect(rows, err, b.scanTrashed)
}

// TrashedContact returns a contact of a book's trash, or ErrNotFound.
func (s *Store) TrashedContact(ctx context.Context, b Book, ref int64) (Contact, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+contactColumns+`, deleted_run, deleted_at FROM trash WHERE id = $1 AND id > $2 AND id < $3`, ref, firstID(b.ID), firstID(b.ID+1))
	found, err := collect(rows, err, b.scanTrashed)
	if err != nil || len(found) == 0 {
		return Contact{}, orNotFound(err)
	}
	return found[0], nil
}

func (b *Book) scanTrashed(rows *sql.Rows) (c Contact, err error) {
	var data string
	var at int64
	if err := rows.Scan(&c.Ref, &c.Version, &c.CreatedRun, &c.UpdatedRun, &data, &c.DeletedRun, &at); err != nil {
		return c, err
	}
	row, err := parseValues(data, nil)
	c.Values, c.DeletedAt = b.shown(row), time.UnixMilli(at)
	return c, err
}

// TrashedByRef yields those contacts with these handles, which must ascend, that lie in the
// trash, as they were thrown away.
func (s *Store) TrashedByRef(ctx context.Context, b Book, refs []int64) iter.Seq2[Contact, error] {
	return func(yield func(Contact, error) bool) {
		for part := range slices.Chunk(refs, fetchAtOnce) {
			list, args := placesFor(part, nil)
			rows, err := s.db.QueryContext(ctx, `SELECT `+contactColumns+` FROM trash WHERE id IN (`+list+`) ORDER BY id`, args...)
			if !s.yield(rows, err, b, yield) {
				return
			}
		}
	}
}

// CountTrash returns how many contacts lie in a book's trash.
func (s *Store) CountTrash(ctx context.Context, bookID int64) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM trash WHERE id > $1 AND id < $2`, firstID(bookID), firstID(bookID+1)).Scan(&n)
	return n, err
}

// Keys yields the keys of a book and rule from a hash on, ascending.
func (s *Store) Keys(ctx context.Context, bookID int64, rule int, from uint64) iter.Seq2[KeyHit, error] {
	return func(yield func(KeyHit, error) bool) {
		for more := true; more; {
			keys, next, err := s.someLeaves(ctx, bookID, rule, from)
			if err != nil {
				yield(KeyHit{}, fmt.Errorf("read keys: %w", err))
				return
			}
			for _, k := range keys {
				if k.Hash >= from && !yield(k, nil) {
					return
				}
			}
			from, more = next, next != 0
		}
	}
}

// leavesAtOnce is how many leaves Keys holds at a time.
const leavesAtOnce = 64

// someLeaves reads the leaves that have hashes from a hash on, and where to go on;
// 0 when there are no more.
func (s *Store) someLeaves(ctx context.Context, bookID int64, rule int, from uint64) (keys []KeyHit, next uint64, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT first_hash, data FROM contact_key WHERE book_id = $1 AND rule = $2
		AND first_hash >= coalesce((SELECT max(first_hash) FROM contact_key WHERE book_id = $1 AND rule = $2 AND first_hash <= $3), 0)
		ORDER BY first_hash LIMIT $4`, bookID, rule, int64(from), leavesAtOnce+1)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for n := 0; rows.Next(); n++ {
		var first int64
		var data sql.RawBytes
		if err := rows.Scan(&first, &data); err != nil {
			return nil, 0, err
		}
		if n == leavesAtOnce {
			return keys, uint64(first), nil
		}
		if keys, err = decodeLeaf(data, keys); err != nil {
			return nil, 0, err
		}
	}
	return keys, 0, rows.Err()
}
