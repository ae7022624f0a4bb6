package service

import (
	"context"
	"errors"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/syncfile"
)

// ScheduleOf says when a sync runs by itself, with its next runs.
func (s *Service) ScheduleOf(ctx context.Context, name string) (desk.ScheduleReport, error) {
	sync, err := desk.SavedSync(ctx, s.Workspace, name)
	if err != nil {
		return desk.ScheduleReport{}, err
	}
	r, err := desk.ReportSchedule(ctx, s.Workspace, sync, nextShown)
	if err == nil && r == nil {
		return desk.ScheduleReport{}, notThere("%s has no schedule: it runs by hand only", name)
	}
	if err != nil {
		return desk.ScheduleReport{}, err
	}
	return *r, nil
}

// PreviewSchedule says when a schedule that is not kept would run next.
func (s *Service) PreviewSchedule(def schedule.Schedule) (desk.ScheduleReport, error) {
	if err := rightSchedule(def); err != nil {
		return desk.ScheduleReport{}, err
	}
	r := desk.ScheduleReport{Schedule: def, Text: def.Describe()}
	for t := range def.After(s.Now()) {
		if r.Next = append(r.Next, t); len(r.Next) == nextShown {
			break
		}
	}
	r.Notes = def.Notes(r.Next)
	return r, nil
}

// SaveSchedule has a sync run by itself (C38). What lies before now is not made up
// for.
func (s *Service) SaveSchedule(ctx context.Context, name string, def schedule.Schedule) error {
	if err := rightSchedule(def); err != nil {
		return err
	}
	return s.keepSchedule(ctx, name, &def)
}

// RemoveSchedule has a sync run by hand only.
func (s *Service) RemoveSchedule(ctx context.Context, name string) error {
	return s.keepSchedule(ctx, name, nil)
}

func (s *Service) keepSchedule(ctx context.Context, name string, def *schedule.Schedule) error {
	sync, err := desk.SavedSync(ctx, s.Workspace, name)
	if err != nil {
		return err
	}
	if err := desk.Free(ctx, s.Workspace, syncfile.Kind, sync.Name); err != nil {
		return err
	}
	return desk.KeepSchedule(ctx, s.Workspace, sync, def, nil)
}

// PauseSchedule stops the schedule of a sync, or has it go on.
func (s *Service) PauseSchedule(ctx context.Context, name string, paused bool) error {
	sync, err := desk.SavedSync(ctx, s.Workspace, name)
	if err != nil {
		return err
	}
	return desk.PauseSync(ctx, s.Workspace, sync, paused)
}

func rightSchedule(def schedule.Schedule) error {
	if def.IsZero() {
		return &run.Error{Code: desk.CodeUsage, Message: "A schedule says how often. To run by hand only, remove it. Nothing was changed"}
	}
	problems := def.Check()
	all := make([]error, len(problems))
	for i, p := range problems {
		all[i] = p
	}
	if err := errors.Join(all...); err != nil {
		return &run.Error{Code: run.CodeConfig, Message: err.Error()}
	}
	return nil
}
