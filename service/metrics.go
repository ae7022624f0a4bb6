package service

import (
	"context"
	"strconv"
	"time"

	"github.com/kith-sync/kith/catalogue"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/metrics"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// counted adds what came of a job to the metrics.
func (s *Service) counted(ctx context.Context, j store.Job) error {
	if j.Run == 0 {
		return nil
	}
	r, err := s.Workspace.Store.Run(ctx, j.Run)
	if err != nil || r.Kind != store.KindSync || !r.Status.Counts() {
		return err
	}
	refused := map[string]int64{}
	for code, n := range r.Reasons {
		if e, known := catalogue.Find(code); known && (e.Group == catalogue.Rejected || e.Group == catalogue.Held || e.Group == catalogue.Failed) {
			refused[code] = n
		}
	}
	s.Metrics.Ran(r, refused)
	return nil
}

// lookNow is what metrics say of the moment.
func (s *Service) lookNow(ctx context.Context) (metrics.Now, error) {
	now := metrics.Now{Success: map[string]time.Time{}, Next: map[string]time.Time{}}
	kept, err := s.Workspace.Store.Syncs(ctx)
	if err != nil {
		return now, err
	}
	for _, sync := range kept {
		if desk.IsReplay(sync) {
			continue
		}
		if r, err := s.Workspace.Store.LatestApplied(ctx, sync.ID); err == nil {
			now.Success[sync.Name] = r.Finished
		}
	}
	schedules, err := s.Workspace.Store.Schedules(ctx)
	if err != nil {
		return now, err
	}
	for _, one := range schedules {
		if !one.Paused && !one.NextAt.IsZero() {
			now.Next[one.Sync] = one.NextAt
		}
	}
	open, err := s.Workspace.Store.OpenJobs(ctx)
	if err != nil {
		return now, err
	}
	for _, j := range open {
		if j.State == store.JobWaiting {
			now.Waiting++
			now.Oldest = max(now.Oldest, s.Now().Sub(j.Created))
		}
	}
	return now, s.lookAtCalls(ctx, &now)
}

// lookAtCalls counts what connections have asked of other systems today, and what
// their settings still allow.
func (s *Service) lookAtCalls(ctx context.Context, now *metrics.Now) error {
	spent, err := s.Workspace.Store.SpentOn(ctx, s.Now().UTC().Format(time.DateOnly))
	if err != nil {
		return err
	}
	all, err := s.Workspace.Store.Connections(ctx)
	if err != nil {
		return err
	}
	now.Calls, now.Remaining = map[string]int64{}, map[string]int64{}
	for _, c := range all {
		now.Calls[c.Name] = spent[c.ID]
		if limit, err := strconv.ParseInt(c.Settings[workspace.CallsPerDay.Name], 10, 64); err == nil {
			now.Remaining[c.Name] = max(limit-spent[c.ID], 0)
		}
	}
	return nil
}
