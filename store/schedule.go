package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kith-sync/kith/schedule"
)

// A Schedule says when a sync runs by itself, and when it does so next.
type Schedule struct {
	SyncID      int64
	Sync        string // its name
	Definition  schedule.Schedule
	Paused      bool
	NextAt      time.Time // the next run; zero when the schedule has come to its end
	LastPlanned time.Time // the latest run that was taken
	Epoch       int64     // grows with every change, whoever makes it
}

const (
	scheduleColumns = `schedule.sync_id, sync.name, schedule.definition, schedule.paused, schedule.next_at, schedule.last_planned_at, schedule.epoch`
	schedulesOf     = `SELECT ` + scheduleColumns + ` FROM schedule JOIN sync ON sync.id = schedule.sync_id`
)

// SaveSchedule stores when a sync runs by itself. A schedule that is stored already
// goes on as it was, and stays paused if it is; another one begins at next.
func (s *Store) SaveSchedule(ctx context.Context, syncID int64, def schedule.Schedule, next time.Time) error {
	return saveSchedule(ctx, s.db, syncID, def, next)
}

func saveSchedule(ctx context.Context, q querier, syncID int64, def schedule.Schedule, next time.Time) error {
	text, err := json.Marshal(def)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO schedule (sync_id, definition, next_at) VALUES ($1, $2, $3)
		ON CONFLICT (sync_id) DO UPDATE SET definition = excluded.definition, next_at = excluded.next_at, epoch = schedule.epoch + 1
		WHERE schedule.definition <> excluded.definition`, syncID, string(text), unixMilli(next))
	if err != nil {
		return fmt.Errorf("save schedule: %w", err)
	}
	return nil
}

// Schedule returns the schedule of a sync, or ErrNotFound.
func (s *Store) Schedule(ctx context.Context, syncID int64) (Schedule, error) {
	rows, err := s.db.QueryContext(ctx, schedulesOf+` WHERE schedule.sync_id = $1`, syncID)
	return oneSchedule(rows, err)
}

// Schedules returns every schedule, by the names of the syncs.
func (s *Store) Schedules(ctx context.Context) ([]Schedule, error) {
	rows, err := s.db.QueryContext(ctx, schedulesOf+` ORDER BY sync.name`)
	return collect(rows, err, scanSchedule)
}

// RemoveSchedule has a sync run by hand only. One without a schedule stays as it is.
func (s *Store) RemoveSchedule(ctx context.Context, syncID int64) error {
	return removeSchedule(ctx, s.db, syncID)
}

func removeSchedule(ctx context.Context, q querier, syncID int64) error {
	_, err := q.ExecContext(ctx, `DELETE FROM schedule WHERE sync_id = $1`, syncID)
	return err
}

// PauseSchedule stops a schedule, or has it go on at next: what would have run in
// between is not made up for. ErrNotFound: the sync has no schedule.
func (s *Store) PauseSchedule(ctx context.Context, syncID int64, paused bool, next time.Time) error {
	on := 0
	if paused {
		on = 1
	}
	result, err := s.db.ExecContext(ctx, `UPDATE schedule SET paused = $1, next_at = $2, epoch = epoch + 1 WHERE sync_id = $3`, on, unixMilli(next), syncID)
	if err != nil {
		return fmt.Errorf("pause schedule: %w", err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return ErrNotFound
	}
	return nil
}

// pauseIfNot does the same where it is not so already: a run that is due stays due.
func pauseIfNot(ctx context.Context, q querier, syncID int64, paused bool, next time.Time) error {
	on := 0
	if paused {
		on = 1
	}
	_, err := q.ExecContext(ctx, `UPDATE schedule SET paused = $1, next_at = $2, epoch = epoch + 1 WHERE sync_id = $3 AND paused <> $4`, on, unixMilli(next), syncID, on)
	return err
}

// DueSchedules returns the schedules that are due at now, the longest due first, at most
// limit of them.
func (s *Store) DueSchedules(ctx context.Context, now time.Time, limit int) ([]Schedule, error) {
	rows, err := s.db.QueryContext(ctx, schedulesOf+` WHERE schedule.paused = 0 AND schedule.next_at > 0 AND schedule.next_at <= $1
		ORDER BY schedule.next_at, schedule.sync_id LIMIT $2`, now.UnixMilli(), limit)
	return collect(rows, err, scanSchedule)
}

// Take takes the run planned for a moment and moves the schedule on to next, if the
// schedule is still as it was read: of all who try, one takes it (I19). The others
// get ErrStale, as whoever read it before it was changed, paused or removed.
func (s *Store) Take(ctx context.Context, was Schedule, planned, next time.Time) (Schedule, error) {
	now := was
	now.LastPlanned, now.NextAt, now.Epoch = planned.UTC(), next, was.Epoch+1
	result, err := s.db.ExecContext(ctx, `UPDATE schedule SET last_planned_at = $1, next_at = $2, epoch = $3
		WHERE sync_id = $4 AND epoch = $5 AND next_at = $6 AND paused = 0`,
		unixMilli(planned), unixMilli(next), now.Epoch, was.SyncID, was.Epoch, unixMilli(was.NextAt))
	if err != nil {
		return was, fmt.Errorf("take the run of %s: %w", was.Sync, err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return was, ErrStale
	}
	return now, nil
}

func oneSchedule(rows *sql.Rows, err error) (Schedule, error) {
	found, err := collect(rows, err, scanSchedule)
	switch {
	case err != nil:
		return Schedule{}, fmt.Errorf("read schedule: %w", err)
	case len(found) == 0:
		return Schedule{}, ErrNotFound
	}
	return found[0], nil
}

func scanSchedule(rows *sql.Rows) (out Schedule, err error) {
	var definition string
	var paused, next, last int64
	if err := rows.Scan(&out.SyncID, &out.Sync, &definition, &paused, &next, &last, &out.Epoch); err != nil {
		return out, err
	}
	out.Paused, out.NextAt, out.LastPlanned = paused != 0, fromMilli(next), fromMilli(last)
	return out, json.Unmarshal([]byte(definition), &out.Definition)
}
