package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/plan"
)

// Mirrored is what is known of one record of a remote: as it was seen last, the
// contact it is linked to, and what both last agreed on.
type Mirrored struct {
	ID       int64
	RemoteID string
	Ref      int64 // of the contact it is linked to; 0: none
	Seq      int64 // of the pair, when the record last changed
	State    MirrorState
	Into     string // of one that is gone: the record that stands for it now, where the remote says so
	Version  string
	Modified time.Time
	Hashes   [3]uint64         // of its match keys, by plan.NumberOf less one; 0: none
	Seen     map[string]string // its values by field
	Base     map[string]plan.Agreed
	was      indexed // when it was read
}

// indexed is what a record is found by.
type indexed struct {
	remoteID string
	ref      int64
	hashes   [3]uint64
}

func (m *Mirrored) indexed() indexed { return indexed{m.RemoteID, m.Ref, m.Hashes} }

// MirrorState says whether a record is still at the remote.
type MirrorState int

// The states of a mirrored record. One that is gone stays as a tombstone: it
// keeps its contact from being created there again.
const (
	There MirrorState = iota
	Gone
	GoneUnlinked // and what its contact does is no longer told
	Erased       // the person was erased on request: nothing of the record is kept but its id, and nothing travels
)

const mirrorColumns = `id, remote_id, COALESCE(ref, 0), seq, state, merged_into, version, modified, key_hash, email_hash, phone_hash, seen, base`

// idsAtOnce is how many ids one query names.
const idsAtOnce = 512

// MirrorByID returns the mirrored records with these numbers, by number.
func (s *Store) MirrorByID(ctx context.Context, ids []int64) ([]Mirrored, error) {
	return inChunks(ids, nil, func(list string, args []any) ([]Mirrored, error) {
		return s.mirrored(ctx, `id IN (`+list+`) ORDER BY id`, args...)
	})
}

// MirrorByRef returns the records of a pair that are linked to these contacts.
func (s *Store) MirrorByRef(ctx context.Context, pair int64, refs []int64) ([]Mirrored, error) {
	return inChunks(refs, []any{pair}, func(list string, args []any) ([]Mirrored, error) {
		return s.mirrored(ctx, `pair_id = $1 AND ref IN (`+list+`) ORDER BY id`, args...)
	})
}

// MirrorByRemote returns the records of a pair that the remote names so.
func (s *Store) MirrorByRemote(ctx context.Context, pair int64, remoteIDs []string) ([]Mirrored, error) {
	kept := make([]string, len(remoteIDs))
	for i, id := range remoteIDs {
		kept[i] = storable(id)
	}
	return inChunks(kept, []any{pair}, func(list string, args []any) ([]Mirrored, error) {
		return s.mirrored(ctx, `pair_id = $1 AND remote_id IN (`+list+`) ORDER BY id`, args...)
	})
}

// MirrorSince returns the numbers of a pair's records that changed after seq.
func (s *Store) MirrorSince(ctx context.Context, pair, seq int64) ([]int64, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM mirror WHERE pair_id = $1 AND seq > $2 ORDER BY id`, pair, seq)
	return collect(rows, err, func(rows *sql.Rows) (id int64, err error) { return id, rows.Scan(&id) })
}

// MirrorThere yields the remote's ids of the records that are there.
func (s *Store) MirrorThere(ctx context.Context, pair int64) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT remote_id FROM mirror WHERE pair_id = $1 AND state = 0 ORDER BY id`, pair)
	return collect(rows, err, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) })
}

// MirrorLinked counts the records of a pair that are there and have a contact.
func (s *Store) MirrorLinked(ctx context.Context, pair int64) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM mirror WHERE pair_id = $1 AND ref IS NOT NULL AND state = 0`, pair).Scan(&n)
	return n, err
}

// A MirrorHit says that a mirrored record has the match key with this hash.
type MirrorHit struct {
	Hash uint64
	ID   int64
	Ref  int64 // of its link, or 0
}

// MirrorByKey returns the records of a pair that are there and have match keys
// with these hashes.
func (s *Store) MirrorByKey(ctx context.Context, pair int64, rule plan.Rule, hashes []uint64) ([]MirrorHit, error) {
	column := [...]string{"", "key_hash", "email_hash", "phone_hash"}[plan.NumberOf(rule)]
	numbers := make([]int64, len(hashes))
	for i, h := range hashes {
		numbers[i] = int64(h) // 63 bits
	}
	return inChunks(numbers, []any{pair}, func(list string, args []any) ([]MirrorHit, error) {
		rows, err := s.db.QueryContext(ctx, `SELECT `+column+`, id, COALESCE(ref, 0) FROM mirror
			WHERE pair_id = $1 AND state = 0 AND `+column+` <> 0 AND `+column+` IN (`+list+`) ORDER BY `+column+`, id`, args...)
		return collect(rows, err, func(rows *sql.Rows) (h MirrorHit, err error) {
			var hash int64
			err = rows.Scan(&hash, &h.ID, &h.Ref)
			h.Hash = uint64(hash)
			return h, err
		})
	})
}

func (s *Store) mirrored(ctx context.Context, where string, args ...any) ([]Mirrored, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+mirrorColumns+` FROM mirror WHERE `+where, args...)
	return collect(rows, err, scanMirrored)
}

func scanMirrored(rows *sql.Rows) (m Mirrored, err error) {
	var modified, key, email, phone int64
	var seen, base string
	if err := rows.Scan(&m.ID, &m.RemoteID, &m.Ref, &m.Seq, &m.State, &m.Into, &m.Version, &modified, &key, &email, &phone, &seen, &base); err != nil {
		return m, err
	}
	m.Modified, m.Hashes = fromMilli(modified), [3]uint64{uint64(key), uint64(email), uint64(phone)}
	m.was = m.indexed()
	if m.Seen, err = parseTexts(seen); err != nil {
		return m, err
	}
	m.Base, err = parseAgreed(base)
	return m, err
}

// storeMirrored inserts the records without a number and replaces the others.
func storeMirrored(ctx context.Context, tx *sql.Tx, pair, seq int64, items []Mirrored) error {
	for i := range items {
		if err := storeOne(ctx, tx, pair, seq, &items[i]); err != nil {
			return fmt.Errorf("store link: %w", err)
		}
	}
	return nil
}

func storeOne(ctx context.Context, tx *sql.Tx, pair, seq int64, m *Mirrored) error {
	seen, err := json.Marshal(m.Seen)
	if err != nil {
		return err
	}
	base := []byte("{}")
	if m.Base != nil {
		if base, err = json.Marshal(m.Base); err != nil {
			return err
		}
	}
	ref := sql.NullInt64{Int64: m.Ref, Valid: m.Ref != 0}
	if m.ID == 0 {
		return tx.QueryRowContext(ctx, `INSERT INTO mirror (pair_id, remote_id, ref, seq, state, version, modified, key_hash, email_hash, phone_hash, seen, base, merged_into)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (pair_id, remote_id) DO UPDATE SET ref = excluded.ref, seq = excluded.seq, state = excluded.state, version = excluded.version,
				modified = excluded.modified, key_hash = excluded.key_hash, email_hash = excluded.email_hash, phone_hash = excluded.phone_hash,
				seen = excluded.seen, base = excluded.base, merged_into = excluded.merged_into RETURNING id`,
			pair, storable(m.RemoteID), ref, seq, m.State, storable(m.Version), unixMilli(m.Modified),
			int64(m.Hashes[0]), int64(m.Hashes[1]), int64(m.Hashes[2]), string(seen), string(base), storable(m.Into)).Scan(&m.ID)
	}
	if m.was == m.indexed() {
		if done, err := storeSame(ctx, tx, seq, m, seen, base); done || err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE mirror SET remote_id = $1, ref = $2, seq = $3, state = $4, version = $5, modified = $6,
			key_hash = $7, email_hash = $8, phone_hash = $9, seen = $10, base = $11, merged_into = $12 WHERE id = $13`,
		storable(m.RemoteID), ref, seq, m.State, storable(m.Version), unixMilli(m.Modified),
		int64(m.Hashes[0]), int64(m.Hashes[1]), int64(m.Hashes[2]), string(seen), string(base), storable(m.Into), m.ID)
	return err
}

// storeSame replaces a record that is found by what it was found by, unless that has
// changed in the store meanwhile. To set all that again, to the same, would write a page
// of each of its indexes anew, and in a large mirror none of them is the page of another
// record of the batch.
func storeSame(ctx context.Context, tx *sql.Tx, seq int64, m *Mirrored, seen, base []byte) (done bool, err error) {
	result, err := tx.ExecContext(ctx, `UPDATE mirror SET seq = $1, state = $2, version = $3, modified = $4, seen = $5, base = $6, merged_into = $7
			WHERE id = $8 AND remote_id = $9 AND COALESCE(ref, 0) = $10 AND key_hash = $11 AND email_hash = $12 AND phone_hash = $13`,
		seq, m.State, storable(m.Version), unixMilli(m.Modified), string(seen), string(base), storable(m.Into), m.ID,
		storable(m.RemoteID), m.Ref, int64(m.Hashes[0]), int64(m.Hashes[1]), int64(m.Hashes[2]))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// inChunks asks for keys a part at a time. Each part is a list of places for a query,
// after those of args.
func inChunks[K, T any](keys []K, args []any, query func(list string, args []any) ([]T, error)) (all []T, err error) {
	for part := range slices.Chunk(keys, idsAtOnce) {
		list, args := placesFor(part, args)
		found, err := query(list, args)
		if err != nil {
			return nil, err
		}
		if all == nil && len(keys) <= idsAtOnce {
			return found, nil
		}
		all = append(all, found...)
	}
	return all, nil
}

// placesFor lists the places of keys, which follow args: one, two, four and so on, the
// last key in as many of them as it takes. So there are few texts however many keys
// are asked for, and they stay prepared.
func placesFor[K any](keys []K, args []any) (list string, all []any) {
	n := 1
	for n < len(keys) {
		n *= 2
	}
	all = append(make([]any, 0, len(args)+n), args...)
	text := make([]byte, 0, 5*n)
	for i := range n {
		all = append(all, keys[min(i, len(keys)-1)])
		text = strconv.AppendInt(append(text, ",$"...), int64(len(all)), 10)
	}
	return string(text[1:]), all
}

// numbersOf writes numbers for an IN list; they are ours, never a user's text.
func numbersOf(ids []int64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ","), "[]")
}
