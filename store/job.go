package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// JobState says where a job stands.
type JobState string

// The states of a job.
const (
	JobWaiting   JobState = "waiting"
	JobRunning   JobState = "running"
	JobDone      JobState = "done"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

// Over reports whether nothing more will come of a job.
func (s JobState) Over() bool { return s == JobDone || s == JobFailed || s == JobCancelled }

// A Job is a piece of work that a worker carries out: a plan, a run, an undo.
type Job struct {
	ID       int64
	Kind     string
	Sync     string    // name; empty where it is about a run by hand
	Subject  int64     // run that it is about
	Detail   JobDetail // what else was asked for
	By       string    // who asked
	Planned  time.Time // the occurrence of a schedule; zero when somebody asked
	State    JobState
	Created  time.Time
	Started  time.Time
	Finished time.Time
	Epoch    int64 // of the lease
	Cancel   bool  // asked to stop
	Run      int64 // that came of it
	Code     string
	Message  string
}

// JobDetail is what a job needs to know beyond its subject.
type JobDetail struct {
	EveryTime bool   `json:"every_time,omitempty"` // look although the source has not changed
	Approve   bool   `json:"approve,omitempty"`    // the guard's stop was approved
	File      string `json:"file,omitempty"`       // of a replay: corrected rejects, in the data folder
}

const jobColumns = `id, kind, sync_name, subject, detail, asked_by, planned_at, state, created_at, started_at, finished_at, epoch, cancel, run_id, code, message`

// AddJob puts a job in the queue. A second one for the same occurrence of a
// schedule is not added, and the first is returned.
func (s *Store) AddJob(ctx context.Context, j Job) (Job, error) {
	detail, err := json.Marshal(j.Detail)
	if err != nil {
		return j, err
	}
	j.State = JobWaiting
	err = s.db.QueryRowContext(ctx, `INSERT INTO job (kind, sync_name, subject, detail, asked_by, planned_at, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id`,
		j.Kind, j.Sync, j.Subject, string(detail), j.By, unixMilli(j.Planned), string(j.State), unixMilli(j.Created)).Scan(&j.ID)
	if errors.Is(err, sql.ErrNoRows) {
		rows, err := s.db.QueryContext(ctx, `SELECT `+jobColumns+` FROM job WHERE sync_name = $1 AND planned_at = $2`, j.Sync, unixMilli(j.Planned))
		return oneJob(rows, err)
	}
	if err != nil {
		return j, fmt.Errorf("add job: %w", err)
	}
	return j, nil
}

// TakeJob gives the oldest job that waits, or whose worker is gone, to a worker
// until its lease ends; ErrNotFound when there is none. One sync has one job at a
// time: the others of it wait.
func (s *Store) TakeJob(ctx context.Context, now time.Time, lease time.Duration) (j Job, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+jobColumns+` FROM job WHERE (state = 'waiting' OR state = 'running' AND leased_until <= $1)
			AND NOT EXISTS (SELECT 1 FROM job AS other WHERE other.state = 'running' AND other.leased_until > $1 AND other.sync_name = job.sync_name AND other.sync_name <> '')
			ORDER BY id LIMIT 1`, now.UnixMilli())
		if j, err = oneJob(rows, err); err != nil {
			return err
		}
		j.State, j.Epoch = JobRunning, j.Epoch+1
		if j.Started.IsZero() {
			j.Started = now
		}
		result, err := tx.ExecContext(ctx, `UPDATE job SET state = $1, epoch = $2, started_at = $3, leased_until = $4 WHERE id = $5 AND epoch = $6`,
			string(j.State), j.Epoch, unixMilli(j.Started), now.Add(lease).UnixMilli(), j.ID, j.Epoch-1)
		if err != nil {
			return err
		}
		if n, _ := result.RowsAffected(); n == 0 {
			return ErrNotFound // another worker was faster
		}
		return nil
	})
	return j, err
}

// RenewJob prolongs a lease and reports whether the job was asked to stop.
// ErrStale: another worker has the job now.
func (s *Store) RenewJob(ctx context.Context, j Job, until time.Time) (cancel bool, err error) {
	var asked int64
	err = s.db.QueryRowContext(ctx, `UPDATE job SET leased_until = $1 WHERE id = $2 AND epoch = $3 AND state = 'running' RETURNING cancel`,
		until.UnixMilli(), j.ID, j.Epoch).Scan(&asked)
	if errors.Is(err, sql.ErrNoRows) {
		return false, ErrStale
	}
	return asked != 0, err
}

// FinishJob stores how a job ended. ErrStale: another worker has it now.
func (s *Store) FinishJob(ctx context.Context, j Job) error {
	result, err := s.db.ExecContext(ctx, `UPDATE job SET state = $1, finished_at = $2, run_id = $3, code = $4, message = $5, leased_until = 0
		WHERE id = $6 AND epoch = $7 AND state = 'running'`, string(j.State), unixMilli(j.Finished), j.Run, j.Code, j.Message, j.ID, j.Epoch)
	if err != nil {
		return fmt.Errorf("finish job %d: %w", j.ID, err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return ErrStale
	}
	return nil
}

// ReturnJob puts a job back in the queue: its worker shuts down.
func (s *Store) ReturnJob(ctx context.Context, j Job) error {
	_, err := s.db.ExecContext(ctx, `UPDATE job SET state = 'waiting', leased_until = 0 WHERE id = $1 AND epoch = $2 AND state = 'running'`, j.ID, j.Epoch)
	return err
}

// CancelJob asks a job to stop; one that still waits is over at once.
func (s *Store) CancelJob(ctx context.Context, id int64, now time.Time) (Job, error) {
	_, err := s.db.ExecContext(ctx, `UPDATE job SET cancel = 1, state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END,
		finished_at = CASE WHEN state = 'waiting' THEN $1 ELSE finished_at END WHERE id = $2 AND state IN ('waiting', 'running')`, unixMilli(now), id)
	if err != nil {
		return Job{}, err
	}
	return s.Job(ctx, id)
}

// DropJobLeases gives every job free: whoever had one is known to be dead.
func (s *Store) DropJobLeases(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `UPDATE job SET leased_until = 0 WHERE state = 'running'`)
	return err
}

// Job returns a job by its number, or ErrNotFound.
func (s *Store) Job(ctx context.Context, id int64) (Job, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+jobColumns+` FROM job WHERE id = $1`, id)
	return oneJob(rows, err)
}

// OpenJobs returns the jobs that wait or run, the oldest first.
func (s *Store) OpenJobs(ctx context.Context) ([]Job, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+jobColumns+` FROM job WHERE state IN ('waiting', 'running') ORDER BY id`)
	return collect(rows, err, scanJob)
}

// Jobs returns the jobs before a number, the latest first; before 0 means from the
// end. Of one sync when it is named.
func (s *Store) Jobs(ctx context.Context, sync string, before int64, limit int) ([]Job, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+jobColumns+` FROM job WHERE (id < $1 OR $1 = 0) AND (sync_name = $2 OR $2 = '') ORDER BY id DESC LIMIT $3`, before, sync, limit)
	return collect(rows, err, scanJob)
}

// PruneJobs removes the jobs that were over before a time.
func (s *Store) PruneJobs(ctx context.Context, before time.Time) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM job WHERE state NOT IN ('waiting', 'running') AND finished_at < $1`, before.UnixMilli())
	return err
}

func oneJob(rows *sql.Rows, err error) (Job, error) {
	found, err := collect(rows, err, scanJob)
	if err != nil || len(found) == 0 {
		return Job{}, orNotFound(err)
	}
	return found[0], nil
}

func scanJob(rows *sql.Rows) (j Job, err error) {
	var detail, state string
	var planned, created, started, finished, cancel int64
	if err := rows.Scan(&j.ID, &j.Kind, &j.Sync, &j.Subject, &detail, &j.By, &planned, &state, &created, &started, &finished,
		&j.Epoch, &cancel, &j.Run, &j.Code, &j.Message); err != nil {
		return j, err
	}
	j.State, j.Cancel = JobState(state), cancel != 0
	j.Planned, j.Created, j.Started, j.Finished = timeOf(planned), timeOf(created), timeOf(started), timeOf(finished)
	return j, json.Unmarshal([]byte(detail), &j.Detail)
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
