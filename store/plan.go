package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/kith-sync/kith/plan"
)

// A plan is stored in two forms that complete each other: blocks say in a few
// bytes what becomes of each record read, and changes spell out those that have
// more to tell. A create needs no change row: its values follow from the staged
// source. See docs/decisions.

// A Block is the packed outcome of a stretch of records.
type Block struct {
	N    int64
	Data []byte
}

// AppendPlan stores the next blocks and changes of a run's plan.
func (s *Store) AppendPlan(ctx context.Context, run int64, blocks []Block, seq int64, changes []plan.Change) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, b := range blocks {
			if _, err := tx.ExecContext(ctx, `INSERT INTO block (run_id, n, data) VALUES ($1, $2, $3)`, run, b.N, b.Data); err != nil {
				return fmt.Errorf("store plan: %w", err)
			}
		}
		return insertChanges(ctx, tx, run, seq, changes)
	})
}

// changeDetail is the JSON of a change row.
type changeDetail struct {
	Fields []plan.FieldChange `json:"fields,omitempty"`
	Values []string           `json:"values,omitempty"`
	Final  bool               `json:"final,omitempty"`
	Into   int64              `json:"into,omitempty"`
	Remote bool               `json:"remote,omitempty"`
	Pruned bool               `json:"pruned,omitempty"`
	plan.Detail
}

func detailOf(c plan.Change) changeDetail {
	return changeDetail{Fields: c.Fields, Values: c.Values, Final: c.Final, Into: c.Into, Remote: c.Remote, Detail: c.Detail}
}

func insertChanges(ctx context.Context, tx *sql.Tx, run, seq int64, changes []plan.Change) error {
	if len(changes) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO change (run_id, seq, source_row, line, action, reason, rule, ref, source_id, target_id, version, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	if err != nil {
		return fmt.Errorf("store plan: %w", err)
	}
	defer insert.Close()
	for i, c := range changes {
		detail, err := json.Marshal(detailOf(c))
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, run, seq+int64(i), c.Row, c.Line, int(c.Action), string(c.Reason), string(c.Rule), c.Ref,
			storable(c.SourceID), storable(c.TargetID), storable(c.Version), string(detail)); err != nil {
			return fmt.Errorf("store plan: %w", err)
		}
	}
	return nil
}

// A SideCount is how many changes of a linked run one action makes to one side.
type SideCount struct {
	Remote bool
	Action plan.Action
	N      int64
}

// CountSides counts the changes of a run by the side that they are written to, and by
// what they do there.
func (s *Store) CountSides(ctx context.Context, run int64) ([]SideCount, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT there, action, count(*) FROM (SELECT CASE WHEN detail LIKE '%"remote":true%' THEN 1 ELSE 0 END AS there, action
		FROM change WHERE run_id = $1) AS sides GROUP BY there, action ORDER BY there, action`, run)
	return collect(rows, err, func(rows *sql.Rows) (c SideCount, err error) {
		var there int
		err = rows.Scan(&there, &c.Action, &c.N)
		c.Remote = there == 1
		return c, err
	})
}

// SettleChange records what became of a planned change when it was applied.
func (s *Store) SettleChange(ctx context.Context, run, seq int64, c plan.Change) error {
	return settleChange(ctx, s.db, run, seq, c)
}

func settleChange(ctx context.Context, q querier, run, seq int64, c plan.Change) error {
	detail, err := json.Marshal(detailOf(c))
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `UPDATE change SET action = $1, reason = $2, ref = $3, target_id = $4, detail = $5 WHERE run_id = $6 AND seq = $7`,
		int(c.Action), string(c.Reason), c.Ref, storable(c.TargetID), string(detail), run, seq)
	return err
}

// Blocks yields the blocks of a run's plan in order. It reads one at a time, for the
// reason that Changes has.
func (s *Store) Blocks(ctx context.Context, run int64) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		b := Block{N: -1}
		for {
			last := b.N
			b = Block{}
			err := s.db.QueryRowContext(ctx, `SELECT n, data FROM block WHERE run_id = $1 AND n > $2 ORDER BY n LIMIT 1`, run, last).Scan(&b.N, &b.Data)
			if errors.Is(err, sql.ErrNoRows) {
				return
			}
			if err != nil {
				yield(b, fmt.Errorf("read plan: %w", err))
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// A StoredChange is a change row: a decision with its place in its run's plan.
type StoredChange struct {
	Run    int64
	Seq    int64
	Pruned bool // only the names of the fields that were written are left, and no values
	plan.Change
}

const changeColumns = `run_id, seq, source_row, line, action, reason, rule, ref, source_id, target_id, version, detail`

// changesAtOnce is how many rows are read before any of them is given away.
const changesAtOnce = 1000

// Changes yields the change rows of a run's plan in order. It reads them in parts, so
// that whoever writes meanwhile finds no reader open: SQLite's log begins anew only
// without one, and would grow by all that is written to carry a plan out.
func (s *Store) Changes(ctx context.Context, run int64) iter.Seq2[StoredChange, error] {
	return func(yield func(StoredChange, error) bool) {
		for after := int64(-1); ; {
			part := make([]StoredChange, 0, 16)
			for c, err := range s.changes(ctx, `run_id = $1 AND seq > $2 ORDER BY seq LIMIT `+fmt.Sprint(changesAtOnce), run, after) {
				if err != nil {
					yield(c, err)
					return
				}
				part = append(part, c)
			}
			for _, c := range part {
				if after = c.Seq; !yield(c, nil) {
					return
				}
			}
			if len(part) < changesAtOnce {
				return
			}
		}
	}
}

// ChangesOf yields the changes that runs made to a contact, oldest first. Plans
// that were never applied are left out; the journal of a linked run that failed on the
// way says how far it came (it has no blocks).
func (s *Store) ChangesOf(ctx context.Context, ref int64) iter.Seq2[StoredChange, error] {
	return s.changes(ctx, `ref = $1 AND ref <> 0 AND EXISTS (SELECT 1 FROM run WHERE run.id = change.run_id AND status NOT IN
		('planning', 'planned', 'discarded', 'blocked') AND (status <> 'failed' OR blocks_of = 0)) ORDER BY run_id, seq`, ref)
}

// ChangesOfNobody yields the changes of a run that are about no contact: records that
// were never let in.
func (s *Store) ChangesOfNobody(ctx context.Context, run int64) iter.Seq2[StoredChange, error] {
	return s.changes(ctx, `run_id = $1 AND ref = 0 ORDER BY seq`, run)
}

// Merges yields the changes of a run that may make several contacts one, or take that
// back.
func (s *Store) Merges(ctx context.Context, run int64) iter.Seq2[StoredChange, error] {
	return s.changes(ctx, `run_id = $1 AND action IN ($2, $3) ORDER BY seq`, run, int(plan.Remove), int(plan.Restore))
}

// TouchedSince returns the handles of a book's contacts that runs after the
// given one have created, updated, removed or restored.
func (s *Store) TouchedSince(ctx context.Context, bookID, run int64) ([]int64, error) {
	// From the few runs to their changes: SQLite obeys a cross join. Left to itself it goes
	// through the changes of all time, because their index is in order.
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT c.ref FROM run r CROSS JOIN change c
		WHERE c.run_id = r.id AND r.id > $1 AND r.book_id = $2 AND c.ref <> 0 AND r.status NOT IN ($3, $4, $5) AND c.action IN ($6, $7, $8, $9) ORDER BY c.ref`,
		run, bookID, string(Planned), string(Planning), string(Discarded), int(plan.Create), int(plan.Update), int(plan.Remove), int(plan.Restore))
	return collect(rows, err, func(rows *sql.Rows) (ref int64, err error) { return ref, rows.Scan(&ref) })
}

func (s *Store) changes(ctx context.Context, where string, args ...any) iter.Seq2[StoredChange, error] {
	return func(yield func(StoredChange, error) bool) {
		rows, err := s.db.QueryContext(ctx, `SELECT `+changeColumns+` FROM change WHERE `+where, args...)
		if err != nil {
			yield(StoredChange{}, fmt.Errorf("read changes: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			c, err := scanChange(rows)
			if err != nil {
				yield(c, fmt.Errorf("read changes: %w", err))
				return
			}
			if !yield(c, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(StoredChange{}, fmt.Errorf("read changes: %w", err))
		}
	}
}

func scanChange(rows *sql.Rows) (c StoredChange, err error) {
	var action int
	var reason, rule, text string
	if err := rows.Scan(&c.Run, &c.Seq, &c.Row, &c.Line, &action, &reason, &rule, &c.Ref, &c.SourceID, &c.TargetID, &c.Version, &text); err != nil {
		return c, err
	}
	var detail changeDetail
	err = json.Unmarshal([]byte(text), &detail)
	c.Action, c.Reason, c.Rule = plan.Action(action), plan.Reason(reason), plan.Rule(rule)
	c.Fields, c.Values, c.Final, c.Into, c.Remote, c.Detail = detail.Fields, detail.Values, detail.Final, detail.Into, detail.Remote, detail.Detail
	c.Pruned = detail.Pruned
	return c, err
}

// ReplaceBlock stores a block of a run's plan anew, as when a write it planned
// was refused.
func (s *Store) ReplaceBlock(ctx context.Context, run int64, b Block) error {
	_, err := s.db.ExecContext(ctx, `UPDATE block SET data = $1 WHERE run_id = $2 AND n = $3`, b.Data, run, b.N)
	return err
}
