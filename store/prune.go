package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kith-sync/kith/plan"
)

// The details of a run, its blocks and change rows, are kept for a time. What
// stays for good is the run itself with its totals and, of what it wrote, which
// contact and which fields: later runs ask who was touched, and explain asks
// which run a value came from. The values themselves go.

// oldDetails are the runs whose details nobody needs. Needed are those that the
// latest applied run of a sync goes by, and those that a younger run refers to.
// A run without details says so in its own; quotes inside its texts are escaped.
const oldDetails = `started_at < $1 AND status NOT IN ('planning', 'applying') AND detail NOT LIKE '%"pruned":true%'
	AND id NOT IN (SELECT blocks_of FROM run WHERE started_at >= $1)
	AND id NOT IN (SELECT blocks_of FROM run WHERE id IN (SELECT MAX(id) FROM run
		WHERE kind = 'sync' AND status IN ('succeeded', 'succeeded_with_warnings', 'completed_with_errors', 'skipped_unchanged')
		AND sync_id IN (SELECT id FROM sync) GROUP BY sync_id))`

// PruneDetails clears the details of runs away that began before the given time
// and that no run needs any more, and counts the runs. Each is a transaction.
func (s *Store) PruneDetails(ctx context.Context, before time.Time) (pruned int, err error) {
	runs, err := s.runs(ctx, oldDetails+` ORDER BY id`, before.UnixMilli())
	if err != nil {
		return 0, err
	}
	for _, r := range runs {
		if err := s.inTx(ctx, func(tx *sql.Tx) error { return prune(ctx, tx, r) }); err != nil {
			return pruned, fmt.Errorf("prune run %d: %w", r.ID, err)
		}
		pruned++
	}
	return pruned, nil
}

func prune(ctx context.Context, tx *sql.Tx, r Run) error {
	r.Pruned = true
	detail, err := json.Marshal(r.RunDetail)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE run SET detail = $1 WHERE id = $2`, string(detail), r.ID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM block WHERE run_id = $1`, r.ID); err != nil {
		return err
	}
	if r.BookID == 0 || !r.over() { // of a file, and of a plan that was not applied, nothing is asked again
		_, err := tx.ExecContext(ctx, `DELETE FROM change WHERE run_id = $1`, r.ID)
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM change WHERE run_id = $1 AND action NOT IN ($2, $3, $4, $5)`,
		r.ID, int(plan.Create), int(plan.Update), int(plan.Remove), int(plan.Restore)); err != nil {
		return err
	}
	return pruneChanges(ctx, tx, r.ID)
}

// over reports whether a run has ended that may have written something.
func (r *Run) over() bool { return r.Status.Applied() || r.Status.Stopped() }

// prunedAtOnce is how many change rows are read before they are written anew:
// a transaction has one connection, which cannot do both at a time.
const prunedAtOnce = 1000

// pruneChanges takes the values out of a run's change rows.
func pruneChanges(ctx context.Context, tx *sql.Tx, run int64) error {
	update, err := tx.PrepareContext(ctx, `UPDATE change SET source_id = '', detail = $1 WHERE run_id = $2 AND seq = $3`)
	if err != nil {
		return err
	}
	defer update.Close()
	for after := int64(-1); ; {
		rows, err := tx.QueryContext(ctx, `SELECT `+changeColumns+` FROM change WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
			run, after, prunedAtOnce)
		changes, err := collect(rows, err, scanChange)
		if err != nil || len(changes) == 0 {
			return err
		}
		for _, c := range changes {
			detail, err := json.Marshal(changeDetail{Fields: written(c.Change), Into: c.Into, Remote: c.Remote, Pruned: true})
			if err != nil {
				return err
			}
			if _, err := update.ExecContext(ctx, string(detail), run, c.Seq); err != nil {
				return err
			}
			after = c.Seq
		}
	}
}

// written are the fields that an update wrote, without their values.
func written(c plan.Change) (fields []plan.FieldChange) {
	for _, f := range c.Fields {
		if c.Action == plan.Update && f.Written() {
			fields = append(fields, plan.FieldChange{Name: f.Name, Rule: f.Rule})
		}
	}
	return fields
}
