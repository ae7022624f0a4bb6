package service

import (
	"context"
	"errors"
	"time"

	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/store"
)

// lateAfter is how long after its time a run that had to wait counts as late.
const lateAfter = 30 * time.Minute

// keepTime starts what is due, every second until ctx is done.
func (s *Service) keepTime(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := s.StartDue(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("schedules could not be looked at", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// StartDue puts what schedules say is due into the queue. Runs that were missed
// count as one (C35).
func (s *Service) StartDue(ctx context.Context) error {
	now := s.Now()
	due, err := s.Workspace.Store.DueSchedules(ctx, now, 100)
	if err != nil {
		return err
	}
	for _, was := range due {
		// The job is there before the schedule moves on: a crash in between adds it
		// once more, which adds nothing.
		if _, err := s.Jobs.Add(ctx, store.Job{Kind: job.Run, Sync: was.Sync, By: "schedule", Planned: was.NextAt}); err != nil {
			return err
		}
		if now.Sub(was.NextAt) > lateAfter {
			if err := s.tellLate(ctx, was.Sync, was.NextAt); err != nil {
				return err
			}
		}
		next := was.Definition.Due(was.NextAt, now, lateAfter).Next
		if _, err := s.Workspace.Store.Take(ctx, was, was.NextAt, next); err != nil && !errors.Is(err, store.ErrStale) {
			return err
		}
	}
	return nil
}
