package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// Match keys are kept as 64-bit keyed hashes, so that a lookup costs the same
// whatever the value's length, and the index tells nobody an address.

// A KeyHit says that a contact has the key with this hash.
type KeyHit struct {
	Hash uint64
	Ref  int64
}

// writeKeys moves the keys of a batch's contacts, those refused left out.
func (s *Store) writeKeys(ctx context.Context, tx *sql.Tx, b *Batch, refused []int64) error {
	add, remove := map[int][]KeyHit{}, map[int][]KeyHit{}
	for _, list := range [][]ContactWrite{b.Creates, b.Updates, b.Trash, b.Restore, b.Aliases} {
		for _, c := range list {
			if len(c.Remove)+len(c.Add) == 0 || slices.Contains(refused, c.Ref) {
				continue
			}
			for _, k := range c.Remove {
				remove[k.Rule] = append(remove[k.Rule], KeyHit{k.Hash, c.Ref})
			}
			for _, k := range c.Add {
				add[k.Rule] = append(add[k.Rule], KeyHit{k.Hash, c.Ref})
			}
		}
	}
	for _, rule := range []int{1, 2, 3, 4, 5} {
		slices.SortFunc(add[rule], compareKeys)
		slices.SortFunc(remove[rule], compareKeys)
		if _, err := changeKeys(ctx, tx, b.Book.ID, rule, add[rule], remove[rule]); err != nil {
			return err
		}
	}
	return nil
}

// AddKeys stores match keys, which should come in order of hash. Keys already
// there are left alone. A plan made before saw too few keys, so that new ones
// move the book on.
func (s *Store) AddKeys(ctx context.Context, bookID int64, rule int, hits []KeyHit) error {
	if !slices.IsSortedFunc(hits, compareKeys) {
		hits = slices.SortedFunc(slices.Values(hits), compareKeys)
	}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := lockBook(ctx, tx, bookID); err != nil {
			return err
		}
		changed, err := changeKeys(ctx, tx, bookID, rule, hits, nil)
		if err != nil || !changed {
			return err
		}
		return touchBook(ctx, tx, bookID)
	})
	if err != nil {
		return fmt.Errorf("index contacts: %w", err)
	}
	return nil
}

// changeKeys rewrites the leaves that sorted keys belong to, and reports whether
// that changed any of them.
func changeKeys(ctx context.Context, tx *sql.Tx, bookID int64, rule int, add, remove []KeyHit) (changed bool, err error) {
	if len(add)+len(remove) == 0 {
		return false, nil
	}
	w := leafWriter{tx: tx, bookID: bookID, rule: rule, ahead: 1}
	defer w.close()
	for len(add)+len(remove) > 0 {
		at, limit, err := w.leafFor(ctx, firstHash(add, remove))
		if err != nil {
			return changed, err
		}
		a, r := below(add, limit), below(remove, limit)
		if keys := mergeKeys(at.keys, add[:a], remove[:r]); !slices.Equal(keys, at.keys) {
			changed = true
			if err := w.store(ctx, at, keys); err != nil {
				return changed, err
			}
		}
		add, remove = add[a:], remove[r:]
	}
	return changed, nil
}

func firstHash(add, remove []KeyHit) uint64 {
	if len(add) == 0 || len(remove) > 0 && remove[0].Hash < add[0].Hash {
		return remove[0].Hash
	}
	return add[0].Hash
}

// below counts the keys whose hash is under limit; 0 is no limit.
func below(keys []KeyHit, limit uint64) int {
	if limit == 0 {
		return len(keys)
	}
	n, _ := slices.BinarySearchFunc(keys, limit, func(k KeyHit, limit uint64) int {
		if k.Hash < limit {
			return -1
		}
		return 1
	})
	return n
}

// Reindex stores a book's settings, as Configure does, and makes the match keys
// of all its contacts anew. Both or neither: with half an index everybody would
// be taken for new.
func (s *Store) Reindex(ctx context.Context, b Book, keys func(values []string) []Key) error {
	merges, err := s.merges(ctx, b.ID)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if err := b.lock(ctx, tx); err != nil {
			return err
		}
		if err := configure(ctx, tx, b); err != nil {
			return err
		}
		hits, err := b.keptKeys(ctx, tx, merges, keys)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM contact_key WHERE book_id = $1`, b.ID); err != nil {
			return err
		}
		if err := b.allKeys(ctx, tx, keys, hits); err != nil {
			return err
		}
		for rule, list := range hits {
			slices.SortFunc(list, compareKeys)
			if _, err := changeKeys(ctx, tx, b.ID, rule, list, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *Book) allKeys(ctx context.Context, tx *sql.Tx, keys func(values []string) []Key, hits map[int][]KeyHit) error {
	rows, err := tx.QueryContext(ctx, `SELECT `+contactColumns+` FROM contact WHERE id > $1 AND id < $2`, firstID(b.ID), firstID(b.ID+1))
	if err != nil {
		return err
	}
	defer rows.Close()
	var parsed []string
	for rows.Next() {
		var c Contact
		if c, parsed, err = b.scan(rows, parsed); err != nil {
			return err
		}
		for _, k := range keys(c.Values) {
			hits[k.Rule] = append(hits[k.Rule], KeyHit{k.Hash, c.Ref})
		}
	}
	return rows.Err()
}

// sweepFactor is how many leaves one may read past to spare one probe.
const sweepFactor = 4

// FindKeys returns which contacts of a book have keys with these hashes, which
// must ascend and be below 2^63. It sweeps over a stretch of the index where
// many are asked for, and probes where few are.
func (s *Store) FindKeys(ctx context.Context, b Book, rule int, hashes []uint64) (hits []KeyHit, err error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	first, last := hashes[0], hashes[len(hashes)-1]
	leaves := float64(b.Population) / leafKeys * (float64(last-first) / (1 << 63))
	if leaves < float64(sweepFactor*len(hashes)) {
		hits, err = s.sweepKeys(ctx, b.ID, rule, hashes)
	} else {
		hits, err = s.probeKeys(ctx, b.ID, rule, hashes)
	}
	if err != nil {
		return nil, fmt.Errorf("find contacts by key: %w", err)
	}
	return hits, nil
}

func (s *Store) sweepKeys(ctx context.Context, bookID int64, rule int, hashes []uint64) (hits []KeyHit, err error) {
	first, last := int64(hashes[0]), int64(hashes[len(hashes)-1])
	rows, err := s.db.QueryContext(ctx, `SELECT data FROM contact_key WHERE book_id = $1 AND rule = $2 AND first_hash <= $4
		AND first_hash >= coalesce((SELECT max(first_hash) FROM contact_key WHERE book_id = $1 AND rule = $2 AND first_hash <= $3), 0)
		ORDER BY first_hash`, bookID, rule, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []KeyHit
	var data sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		if keys, err = decodeLeaf(data, keys[:0]); err != nil {
			return nil, err
		}
		hits, hashes = meet(keys, hashes, hits)
	}
	return hits, rows.Err()
}

// meet appends the keys whose hash is asked for and returns the hashes that may
// still be met in later leaves.
func meet(keys []KeyHit, hashes []uint64, hits []KeyHit) ([]KeyHit, []uint64) {
	for _, k := range keys {
		for len(hashes) > 0 && hashes[0] < k.Hash {
			hashes = hashes[1:]
		}
		if len(hashes) == 0 {
			break
		}
		if hashes[0] == k.Hash {
			hits = append(hits, k)
		}
	}
	return hits, hashes
}

func (s *Store) probeKeys(ctx context.Context, bookID int64, rule int, hashes []uint64) (hits []KeyHit, err error) {
	probe, err := s.db.PrepareContext(ctx, `SELECT data FROM contact_key
		WHERE book_id = $1 AND rule = $2 AND first_hash <= $3 ORDER BY first_hash DESC LIMIT 1`)
	if err != nil {
		return nil, err
	}
	defer probe.Close()
	var keys []KeyHit
	for _, h := range hashes {
		var data []byte
		err := probe.QueryRowContext(ctx, bookID, rule, int64(h)).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil // no key at all
		}
		if err != nil {
			return nil, err
		}
		if keys, err = decodeLeaf(data, keys[:0]); err != nil {
			return nil, err
		}
		at, _ := slices.BinarySearchFunc(keys, h, func(k KeyHit, h uint64) int {
			if k.Hash < h {
				return -1
			}
			return 1
		})
		for ; at < len(keys) && keys[at].Hash == h; at++ {
			hits = append(hits, keys[at])
		}
	}
	return hits, nil
}
