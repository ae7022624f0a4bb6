package service

import (
	"context"
	"errors"
	"time"

	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/store"
)

// deliverEvery is how often messages are sent that wait.
const deliverEvery = 5 * time.Second

// deliver sends what people are to hear, until ctx is done. A mail server that is
// down holds nothing else up (C37).
func (s *Service) deliver(ctx context.Context) {
	tick := time.NewTicker(deliverEvery)
	defer tick.Stop()
	for {
		if _, err := s.Notifier.Deliver(ctx, s.Now()); err != nil && ctx.Err() == nil {
			s.Log.Error("messages could not be sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tellOf leaves word of what came of a job, for whoever wants to hear of its sync.
// What was only looked at is nobody's business.
func (s *Service) tellOf(ctx context.Context, j store.Job) error {
	if j.Run == 0 || j.Kind == job.Plan || j.Kind == job.Undo {
		return nil
	}
	sync, err := s.Workspace.Store.Sync(ctx, j.Sync)
	if errors.Is(err, store.ErrNotFound) {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	r, err := s.Workspace.Store.Run(ctx, j.Run)
	if err != nil {
		return err
	}
	return s.Notifier.Ran(ctx, sync, r)
}

// tellLate leaves word that a run begins long after its time.
func (s *Service) tellLate(ctx context.Context, name string, due time.Time) error {
	sync, err := s.Workspace.Store.Sync(ctx, name)
	if err != nil {
		return err
	}
	return s.Notifier.Late(ctx, sync, due)
}
