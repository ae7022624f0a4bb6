package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/kith-sync/kith/plan"
)

// Keepers returns the contacts of a book that others were ever merged into. They
// may have the keys of more than one person's records; which of these are
// another's is told by their own values.
func (s *Store) Keepers(ctx context.Context, bookID int64) (refs []int64, err error) {
	merges, err := s.merges(ctx, bookID)
	for _, c := range merges {
		refs = append(refs, c.Into)
	}
	return refs, err
}

// merges are the removals of a book that were merges, those taken back as well.
func (s *Store) merges(ctx context.Context, bookID int64) (all []StoredChange, err error) {
	where := `action = ` + fmt.Sprint(int(plan.Remove)) + ` AND detail LIKE '%"into":%'
		AND run_id IN (SELECT id FROM run WHERE book_id = $1 AND kind IN ('` + KindEdit + `', '` + KindUndo + `'))`
	for c, err := range s.changes(ctx, where, bookID) {
		if err != nil {
			return nil, err
		}
		if c.Into != 0 {
			all = append(all, c)
		}
	}
	return all, nil
}

// keptKeys are the keys of a book's index that do not follow from the values of its
// contacts: those that contacts keep for others who were merged into them. What lies
// in the trash has values to make them from; of what was purged the index alone
// knows them. A leaf that cannot be read keeps nothing.
func (b *Book) keptKeys(ctx context.Context, tx *sql.Tx, merges []StoredChange, keys func(values []string) []Key) (map[int][]KeyHit, error) {
	hits := map[int][]KeyHit{}
	if len(merges) == 0 {
		return hits, nil
	}
	keepers, into := map[int64]bool{}, map[[2]int64]int64{}
	for _, c := range merges {
		keepers[c.Into] = true
		into[[2]int64{c.Ref, c.Run}] = c.Into
	}
	rows, err := tx.QueryContext(ctx, `SELECT rule, data FROM contact_key WHERE book_id = $1`, b.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var rule int
		var data []byte
		if err := rows.Scan(&rule, &data); err != nil {
			return nil, err
		}
		leaf, _ := decodeLeaf(data, nil)
		for _, h := range leaf {
			if keepers[h.Ref] {
				hits[rule] = append(hits[rule], h)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return hits, b.trashedKeys(ctx, tx, into, keys, hits)
}

// trashedKeys adds the keys of contacts in the trash that were merged: into says
// into whom, by contact and run.
func (b *Book) trashedKeys(ctx context.Context, tx *sql.Tx, into map[[2]int64]int64, keys func(values []string) []Key, hits map[int][]KeyHit) error {
	rows, err := tx.QueryContext(ctx, `SELECT `+contactColumns+`, deleted_run FROM trash WHERE id > $1 AND id < $2`, firstID(b.ID), firstID(b.ID+1))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c Contact
		var data string
		if err := rows.Scan(&c.Ref, &c.Version, &c.CreatedRun, &c.UpdatedRun, &data, &c.DeletedRun); err != nil {
			return err
		}
		keeper := into[[2]int64{c.Ref, c.DeletedRun}]
		if keeper == 0 {
			continue
		}
		row, err := parseValues(data, nil)
		if err != nil {
			return err
		}
		for _, k := range keys(b.shown(row)) {
			hits[k.Rule] = append(hits[k.Rule], KeyHit{k.Hash, keeper})
		}
	}
	return rows.Err()
}
