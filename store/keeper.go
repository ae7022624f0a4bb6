package store

import (
	"context"
	"fmt"

	"github.com/kith-sync/kith/plan"
)

// Keepers returns the contacts of a book that others were ever merged into. They
// may have the keys of more than one person's records; which of these are
// another's is told by their own values.
func (s *Store) Keepers(ctx context.Context, bookID int64) (refs []int64, err error) {
	merges := `action = ` + fmt.Sprint(int(plan.Remove)) + ` AND detail LIKE '%"into":%'
		AND run_id IN (SELECT id FROM run WHERE book_id = $1 AND kind IN ('` + KindEdit + `', '` + KindUndo + `'))`
	for c, err := range s.changes(ctx, merges, bookID) {
		if err != nil {
			return nil, err
		}
		if c.Into != 0 {
			refs = append(refs, c.Into)
		}
	}
	return refs, nil
}
