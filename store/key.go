package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Match keys are kept as 64-bit keyed hashes, so that a lookup costs one probe
// whatever the value's length, and the table tells nobody an address.

// A KeyHit says that a contact has the key with this hash.
type KeyHit struct {
	Hash uint64
	Ref  int64
}

func (s *Store) writeKeys(ctx context.Context, tx *sql.Tx, b *Batch, refused []int64) error {
	for _, list := range [][]ContactWrite{b.Creates, b.Updates, b.Trash, b.Restore} {
		for _, c := range list {
			if len(c.Remove)+len(c.Add) == 0 || slices.Contains(refused, c.Ref) {
				continue
			}
			for _, k := range c.Remove {
				if _, err := tx.ExecContext(ctx, `DELETE FROM contact_key WHERE book_id = $1 AND rule = $2 AND hash = $3 AND contact_id = $4`,
					b.Book.ID, k.Rule, int64(k.Hash), c.Ref); err != nil {
					return err
				}
			}
			for _, k := range c.Add {
				if _, err := tx.ExecContext(ctx, insertKey, b.Book.ID, k.Rule, int64(k.Hash), c.Ref); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

const insertKey = `INSERT INTO contact_key (book_id, rule, hash, contact_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`

// AddKeys stores match keys, which should come in order of hash: the table is
// then filled from one end to the other. Keys already there are left alone.
func (s *Store) AddKeys(ctx context.Context, bookID int64, rule int, hits []KeyHit) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if s.postgres {
			return addKeysAtOnce(ctx, tx, bookID, rule, hits)
		}
		insert, err := tx.PrepareContext(ctx, insertKey)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, h := range hits {
			if _, err := insert.ExecContext(ctx, bookID, rule, int64(h.Hash), h.Ref); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("index contacts: %w", err)
	}
	return nil
}

func addKeysAtOnce(ctx context.Context, tx *sql.Tx, bookID int64, rule int, hits []KeyHit) error {
	hashes, refs := make([]int64, len(hits)), make([]int64, len(hits))
	for i, h := range hits {
		hashes[i], refs[i] = int64(h.Hash), h.Ref
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO contact_key (book_id, rule, hash, contact_id)
		SELECT $1::bigint, $2::bigint, hash, id FROM unnest($3::bigint[], $4::bigint[]) AS t (hash, id) ON CONFLICT DO NOTHING`,
		bookID, rule, hashes, refs)
	return err
}

// DropKeys forgets every match key of a book for a rule, before they are made anew.
func (s *Store) DropKeys(ctx context.Context, bookID int64) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM contact_key WHERE book_id = $1`, bookID)
	return err
}

// scanFactor is how many stored keys one may read past to spare one probe.
const scanFactor = 8

// FindKeys returns which contacts of a book have keys with these hashes, which
// must ascend and be below 2^63. It reads a stretch of the key table where many
// are asked for, and probes where few are.
func (s *Store) FindKeys(ctx context.Context, b Book, rule int, hashes []uint64) (hits []KeyHit, err error) {
	if len(hashes) == 0 || b.Population == 0 {
		return nil, nil
	}
	first, last := int64(hashes[0]), int64(hashes[len(hashes)-1])
	share := float64(last-first) / (1 << 63)
	if float64(b.Population)*share < float64(scanFactor*len(hashes)) {
		hits, err = s.scanKeys(ctx, b.ID, rule, hashes, first, last)
	} else {
		hits, err = s.probeKeys(ctx, b.ID, rule, hashes)
	}
	if err != nil {
		return nil, fmt.Errorf("find contacts by key: %w", err)
	}
	return hits, nil
}

func (s *Store) scanKeys(ctx context.Context, bookID int64, rule int, hashes []uint64, first, last int64) (hits []KeyHit, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT hash, contact_id FROM contact_key
		WHERE book_id = $1 AND rule = $2 AND hash BETWEEN $3 AND $4 ORDER BY hash, contact_id`, bookID, rule, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	at := 0
	for rows.Next() {
		var hash, ref int64
		if err := rows.Scan(&hash, &ref); err != nil {
			return nil, err
		}
		for at < len(hashes) && int64(hashes[at]) < hash {
			at++
		}
		if at < len(hashes) && int64(hashes[at]) == hash {
			hits = append(hits, KeyHit{uint64(hash), ref})
		}
	}
	return hits, rows.Err()
}

func (s *Store) probeKeys(ctx context.Context, bookID int64, rule int, hashes []uint64) (hits []KeyHit, err error) {
	for part := range slices.Chunk(hashes, fetchAtOnce) {
		var list strings.Builder
		for i, h := range part {
			if i > 0 {
				list.WriteByte(',')
			}
			list.WriteString(strconv.FormatInt(int64(h), 10))
		}
		rows, err := s.db.QueryContext(ctx, `SELECT hash, contact_id FROM contact_key
			WHERE book_id = $1 AND rule = $2 AND hash IN (`+list.String()+`) ORDER BY hash, contact_id`, bookID, rule)
		found, err := collect(rows, err, func(rows *sql.Rows) (KeyHit, error) {
			var hash, ref int64
			err := rows.Scan(&hash, &ref)
			return KeyHit{uint64(hash), ref}, err
		})
		if err != nil {
			return nil, err
		}
		hits = append(hits, found...)
	}
	return hits, nil
}
