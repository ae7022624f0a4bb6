package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kith-sync/kith/plan"
)

// Status says where a run stands (requirements 3.7).
type Status string

// The statuses of a run. A planned run has written nothing yet.
const (
	Planning         Status = "planning"
	Planned          Status = "planned"
	Applying         Status = "applying"
	Succeeded        Status = "succeeded"
	SkippedUnchanged Status = "skipped_unchanged"
	WithWarnings     Status = "succeeded_with_warnings"
	WithErrors       Status = "completed_with_errors"
	Blocked          Status = "blocked"
	PausedQuota      Status = "paused_quota" // the remote's budget was spent; the next run goes on
	Failed           Status = "failed"
	Cancelled        Status = "cancelled"
	Discarded        Status = "discarded" // a plan that was never applied, or whose planning was interrupted
)

// Applied reports whether the run carried its plan out to the end.
func (s Status) Applied() bool {
	return s == Succeeded || s == WithWarnings || s == WithErrors || s == SkippedUnchanged
}

// Stopped reports whether the run has ended before its end.
func (s Status) Stopped() bool { return s == Failed || s == Cancelled || s == PausedQuota }

// Counts reports whether the run has done something, or tried to: a plan that is
// made, waits or was thrown away does not count among the latest runs of a sync.
func (s Status) Counts() bool { return s != Planning && s != Planned && s != Discarded }

// A Run is one execution of a sync: a plan and what became of it. It is also how
// edits by hand and undos are recorded, so that every value has a run it came from.
type Run struct {
	ID          int64
	SyncID      int64
	Name        string // of the sync, or what was done by hand
	Kind        string // KindSync, KindUndo, KindEdit
	Status      Status
	Started     time.Time
	Finished    time.Time
	BookID      int64
	SourceHash  string
	SourceSize  int64
	TargetState string
	Fingerprint string
	PlanHash    string
	FirstRef    int64
	Position    int64
	BlocksOf    int64
	UndoOf      int64
	Fresh       bool // not stored: this process made the plan a moment ago, so its staged source needs no second look
	RunDetail
}

// Counted reports whether the run's totals say what was done: it was carried out, or is
// linked and was stopped on the way, and its journal says how far it came.
func (r Run) Counted() bool {
	return r.Status.Applied() || r.Linked && r.Status.Stopped() && !r.GivenUp
}

// Wrote reports whether the run is over and has, or may have, written something.
func (r Run) Wrote() bool { return r.Totals.Writes() > 0 && (r.Counted() || r.GivenUp) }

// Took is how long the run was at work, once it is over. While a plan waited for
// somebody to apply it, nothing was.
func (r Run) Took() time.Duration {
	if r.Finished.IsZero() {
		return 0
	}
	return max(0, r.Finished.Sub(r.Started)-r.Waited)
}

// NotThrough is how many records were rejected, held or failed.
func (r Run) NotThrough() int64 { return r.Totals.Rejected + r.Totals.Held + r.Totals.Failed }

// removed is how much a run removed, or may have. One between files and books that could
// not be finished has come to its deletions after the last record of its source.
func (r Run) removed() int64 {
	if r.Wrote() {
		return r.Totals.Deleted
	}
	if r.Status != Failed || r.Linked {
		return 0
	}
	return max(0, min(r.Totals.Deleted, r.Position-r.Totals.Read))
}

// Kinds of run.
const (
	KindSync = "sync"
	KindUndo = "undo"
	KindEdit = "edit"
)

// RunDetail is the part of a run that is only ever read whole.
type RunDetail struct {
	Totals    plan.Totals      `json:"totals,omitzero"`
	Reasons   map[string]int64 `json:"reasons,omitempty"`
	Warnings  map[string]int64 `json:"warnings,omitempty"`
	Notes     []string         `json:"notes,omitempty"` // sentences for people
	Code      string           `json:"code,omitempty"`  // of the error that ended the run
	Message   string           `json:"message,omitempty"`
	Stop      *plan.Stop       `json:"stop,omitempty"`
	GuardBase int64            `json:"guard_base,omitempty"`
	Approved  bool             `json:"approved,omitempty"`
	Source    string           `json:"source,omitempty"` // what people call it: a file name
	Stage     string           `json:"stage,omitempty"`  // content in the data folder
	Stamp     string           `json:"stamp,omitempty"`  // of the source when it was staged
	Undone    int64            `json:"undone_by,omitempty"`
	Pruned    bool             `json:"pruned,omitempty"`    // its details were cleared away: see PruneDetails
	EndState  string           `json:"end_state,omitempty"` // of the target, when the run had finished
	Origin    string           `json:"origin,omitempty"`    // what the source remembers of itself
	Waiting   int              `json:"waiting,omitempty"`   // further files that are to be read after this one
	Linked    bool             `json:"linked,omitempty"`    // of a sync with a connection: its plan is change rows only
	GivenUp   bool             `json:"given_up,omitempty"`  // interrupted, and could not be resumed: what its journal has from its position on may have been written or not
	Config    json.RawMessage  `json:"config,omitempty"`
	Ready     time.Time        `json:"ready,omitzero"`     // when the plan of a linked run was made
	Waited    time.Duration    `json:"waited,omitempty"`   // from then until somebody had it applied
	Settings  json.RawMessage  `json:"settings,omitempty"` // the sync's definition, where the plan was made with another than the one that is kept
}

const runColumns = `id, sync_id, name, kind, status, started_at, finished_at, book_id, source_hash, source_size,
	target_state, fingerprint, plan_hash, first_ref, position, blocks_of, undo_of, detail`

// CreateRun stores a new run and gives it its number.
func (s *Store) CreateRun(ctx context.Context, r *Run) error { return createRun(ctx, s.db, r) }

func createRun(ctx context.Context, q querier, r *Run) error {
	detail, err := json.Marshal(r.RunDetail)
	if err != nil {
		return err
	}
	err = q.QueryRowContext(ctx, `INSERT INTO run (sync_id, name, kind, status, started_at, finished_at, book_id, source_hash, source_size,
			target_state, fingerprint, plan_hash, blocks_of, undo_of, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id`,
		r.SyncID, r.Name, r.Kind, string(r.Status), r.Started.UnixMilli(), unixMilli(r.Finished), r.BookID, r.SourceHash, r.SourceSize,
		r.TargetState, r.Fingerprint, r.PlanHash, r.BlocksOf, r.UndoOf, string(detail)).Scan(&r.ID)
	if err != nil {
		return fmt.Errorf("create run: %w", err)
	}
	return nil
}

// UpdateRun stores what has changed about a run, except how far it has come:
// Write and Advance move its position.
func (s *Store) UpdateRun(ctx context.Context, r *Run) error {
	if r.Status == Applying {
		if err := lookAgain(ctx, s.db, r.BookID, r.ID); err != nil {
			return fmt.Errorf("update run %d: %w", r.ID, err)
		}
	}
	return updateRun(ctx, s.db, r)
}

func updateRun(ctx context.Context, q querier, r *Run) error {
	detail, err := json.Marshal(r.RunDetail)
	if err != nil {
		return err
	}
	result, err := q.ExecContext(ctx, `UPDATE run SET status = $1, finished_at = $2, book_id = $3, source_hash = $4, source_size = $5,
			target_state = $6, fingerprint = $7, plan_hash = $8, blocks_of = $9, detail = $10, started_at = $11 WHERE id = $12`,
		string(r.Status), unixMilli(r.Finished), r.BookID, r.SourceHash, r.SourceSize,
		r.TargetState, r.Fingerprint, r.PlanHash, r.BlocksOf, string(detail), r.Started.UnixMilli(), r.ID)
	if err != nil {
		return fmt.Errorf("update run %d: %w", r.ID, err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return fmt.Errorf("update run %d: %w", r.ID, ErrNotFound)
	}
	return nil
}

// Advance records how many of the run's plan rows are durably applied.
func (s *Store) Advance(ctx context.Context, run, position int64) error {
	_, err := s.db.ExecContext(ctx, `UPDATE run SET position = $1 WHERE id = $2`, position, run)
	return err
}

func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func scanRun(rows *sql.Rows) (r Run, err error) {
	var status, detail string
	var started, finished int64
	if err := rows.Scan(&r.ID, &r.SyncID, &r.Name, &r.Kind, &status, &started, &finished, &r.BookID, &r.SourceHash, &r.SourceSize,
		&r.TargetState, &r.Fingerprint, &r.PlanHash, &r.FirstRef, &r.Position, &r.BlocksOf, &r.UndoOf, &detail); err != nil {
		return r, err
	}
	r.Status, r.Started = Status(status), time.UnixMilli(started)
	if finished > 0 {
		r.Finished = time.UnixMilli(finished)
	}
	return r, json.Unmarshal([]byte(detail), &r.RunDetail)
}

func (s *Store) runs(ctx context.Context, where string, args ...any) ([]Run, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE `+where, args...)
	runs, err := collect(rows, err, scanRun)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return runs, nil
}

func oneRun(runs []Run, err error) (Run, error) {
	if err != nil {
		return Run{}, err
	}
	if len(runs) == 0 {
		return Run{}, fmt.Errorf("run: %w", ErrNotFound)
	}
	return runs[0], nil
}

// Run returns a run by its number, or ErrNotFound.
func (s *Store) Run(ctx context.Context, id int64) (Run, error) {
	return oneRun(s.runs(ctx, `id = $1`, id))
}

// ErrAmbiguous is returned when several plans have hashes that begin alike.
var ErrAmbiguous = errors.New("several plans begin with this hash")

// RunByPlan returns the latest run whose plan's hash starts with prefix, in
// small or capital letters. A blank prefix names no plan; one that fits several
// plans is refused with ErrAmbiguous.
func (s *Store) RunByPlan(ctx context.Context, prefix string) (Run, error) {
	prefix = strings.ToLower(prefix)
	if strings.Trim(prefix, "0123456789abcdef") != "" || prefix == "" {
		return oneRun(nil, nil)
	}
	const begins = `plan_hash <> '' AND plan_hash >= $1 AND plan_hash < $2`
	r, err := oneRun(s.runs(ctx, begins+` ORDER BY id DESC LIMIT 1`, prefix, prefix+"g"))
	if err != nil {
		return r, err
	}
	others, err := s.runs(ctx, begins+` AND plan_hash <> $3 LIMIT 1`, prefix, prefix+"g", r.PlanHash)
	if err == nil && len(others) > 0 {
		err = fmt.Errorf("plan %s: %w", prefix, ErrAmbiguous)
	}
	return r, err
}

// LatestApplied returns the last run of a sync that carried its plan out, or
// ErrNotFound.
func (s *Store) LatestApplied(ctx context.Context, syncID int64) (Run, error) {
	return oneRun(s.runs(ctx, `sync_id = $1 AND kind = $2 AND status IN ($3, $4, $5, $6) ORDER BY id DESC LIMIT 1`,
		syncID, KindSync, string(Succeeded), string(WithWarnings), string(WithErrors), string(SkippedUnchanged)))
}

// LatestRuns returns the last runs of a sync that count (see Counts), newest first.
func (s *Store) LatestRuns(ctx context.Context, syncID int64, limit int) ([]Run, error) {
	return s.runs(ctx, `sync_id = $1 AND kind = $2 AND status NOT IN ($3, $4, $5) ORDER BY id DESC LIMIT $6`,
		syncID, KindSync, string(Planning), string(Planned), string(Discarded), limit)
}

// Runs returns the latest runs, newest first; before limits them to lower
// numbers when it is positive. Plans that were only looked at are left out.
func (s *Store) Runs(ctx context.Context, before int64, limit int) ([]Run, error) {
	if before <= 0 {
		before = 1 << 62
	}
	return s.runs(ctx, `id < $1 AND status NOT IN ($2, $3) ORDER BY id DESC LIMIT $4`, before, string(Planned), string(Discarded), limit)
}

// DeletedSince counts what the runs of a sync removed after a moment, or may have. What a
// person approved does not count, nor does what was taken back whole.
func (s *Store) DeletedSince(ctx context.Context, sync int64, since time.Time) (n int64, err error) {
	runs, err := s.runs(ctx, `sync_id = $1 AND kind = $2 AND (started_at >= $3 OR finished_at >= $3)`, sync, KindSync, since.UnixMilli())
	if err != nil {
		return 0, err
	}
	for _, r := range runs {
		if r.Approved || r.removed() == 0 {
			continue
		}
		back, err := s.takenBack(ctx, r)
		if err != nil {
			return 0, err
		}
		if !back {
			n += r.removed()
		}
	}
	return n, nil
}

// takenBack reports whether nothing of a run holds any more.
func (s *Store) takenBack(ctx context.Context, r Run) (bool, error) {
	if r.Undone == 0 {
		return false, nil
	}
	undo, err := s.Run(ctx, r.Undone)
	return undo.Status.Applied() && undo.Totals.Skipped == 0 && undo.NotThrough() == 0 && undo.Undone == 0, err
}

// Interrupted returns the runs that were being applied, or planned, when the
// process ended, oldest first.
func (s *Store) Interrupted(ctx context.Context) ([]Run, error) {
	return s.runs(ctx, `status IN ('applying', 'planning') ORDER BY id`) // spelt out as in the index run_open
}

// BookRuns returns the runs after the given one that wrote to a book, oldest
// first.
func (s *Store) BookRuns(ctx context.Context, bookID, after int64) ([]Run, error) {
	return s.runs(ctx, `book_id = $1 AND book_id <> 0 AND id > $2 AND status NOT IN ($3, $4, $5) ORDER BY id`,
		bookID, after, string(Planned), string(Discarded), string(Planning))
}

// DeleteRun removes a run with its plan.
func (s *Store) DeleteRun(ctx context.Context, id int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{
			`DELETE FROM block WHERE run_id = $1`, `DELETE FROM change WHERE run_id = $1`, `DELETE FROM run WHERE id = $1`,
		} {
			if _, err := tx.ExecContext(ctx, statement, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// ClearPlan removes the rows of a plan, keeping its run.
func (s *Store) ClearPlan(ctx context.Context, id int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM block WHERE run_id = $1`, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM change WHERE run_id = $1`, id)
		return err
	})
}

// DropPlans removes the plans of a sync that were looked at and never applied.
func (s *Store) DropPlans(ctx context.Context, syncID int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{
			`DELETE FROM block WHERE run_id IN (SELECT id FROM run WHERE sync_id = $1 AND status = $2)`,
			`DELETE FROM change WHERE run_id IN (SELECT id FROM run WHERE sync_id = $1 AND status = $2)`,
			`DELETE FROM run WHERE sync_id = $1 AND status = $2`,
		} {
			if _, err := tx.ExecContext(ctx, statement, syncID, string(Planned)); err != nil {
				return err
			}
		}
		return nil
	})
}

// RunsOf returns the runs of a sync before a number, the latest first; before 0
// means from the end. Plans that wait are among them.
func (s *Store) RunsOf(ctx context.Context, syncID, before int64, limit int) ([]Run, error) {
	if before <= 0 {
		before = 1 << 62
	}
	return s.runs(ctx, `sync_id = $1 AND id < $2 AND status <> $3 ORDER BY id DESC LIMIT $4`, syncID, before, string(Discarded), limit)
}
