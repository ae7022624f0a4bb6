package desk

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A ScheduleReport says when a sync runs by itself.
type ScheduleReport struct {
	schedule.Schedule
	Text   string      `json:"text"` // the same in English
	Paused bool        `json:"paused,omitempty"`
	Next   []time.Time `json:"next,omitempty"`  // the next runs; none while it is paused
	Notes  []string    `json:"notes,omitempty"` // what a change of the clocks does to them
}

// ReportSchedule says when a sync runs by itself, with its next runs; nil when it
// runs by hand only.
func ReportSchedule(ctx context.Context, w *workspace.Workspace, s store.Sync, runs int) (*ScheduleReport, error) {
	kept, err := w.Store.Schedule(ctx, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := &ScheduleReport{Schedule: kept.Definition, Text: kept.Definition.Describe(), Paused: kept.Paused}
	if kept.Paused || kept.NextAt.IsZero() {
		return r, nil
	}
	r.Next = upcoming(kept.Definition, kept.NextAt.Add(-time.Millisecond), runs)
	r.Notes = kept.Definition.Notes(r.Next)
	return r, nil
}

func upcoming(s schedule.Schedule, after time.Time, runs int) (next []time.Time) {
	for t := range s.After(after) {
		if next = append(next, t); len(next) == runs {
			break
		}
	}
	return slices.Clip(next)
}

// KeepSchedule stores when a sync runs by itself (C38); nil: by hand only. What lies
// before now is not made up for. Paused says whether it is to wait; nil: as it does.
func KeepSchedule(ctx context.Context, w *workspace.Workspace, s store.Sync, def *schedule.Schedule, paused *bool) error {
	if def == nil {
		return w.Store.RemoveSchedule(ctx, s.ID)
	}
	next, _ := def.Next(w.Engine.Now())
	err := w.Store.SaveSchedule(ctx, s.ID, *def, next)
	if err != nil || paused == nil {
		return err
	}
	return PauseSync(ctx, w, s, *paused)
}

// PauseSync stops the schedule of a sync, or has it go on with its next run. What it
// missed while it was paused is not made up for.
func PauseSync(ctx context.Context, w *workspace.Workspace, s store.Sync, paused bool) error {
	kept, err := w.Store.Schedule(ctx, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return refuse("not_found", "%s has no schedule: it runs by hand only. Write schedule: in its file, and kith syncs create FILE", s.Name)
	}
	if err != nil || kept.Paused == paused {
		return err
	}
	next, _ := kept.Definition.Next(w.Engine.Now())
	return w.Store.PauseSchedule(ctx, s.ID, paused, next)
}
