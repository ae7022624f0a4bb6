package service

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// do carries a job out. After a crash it is done again: what was finished then is
// not done twice.
func (s *Service) do(ctx context.Context, j store.Job) (int64, error) {
	s.progress.Store(&Progress{Job: j.ID})
	defer s.progress.Store(nil)
	switch j.Kind {
	case job.Plan, job.Run:
		return s.doSync(ctx, j)
	case job.Apply:
		return s.doApply(ctx, j)
	case job.Undo:
		return s.doUndo(ctx, j)
	case job.Replay:
		return s.doReplay(ctx, j, j.Detail.File)
	case job.Retry:
		return s.doRetry(ctx, j)
	}
	return 0, &run.Error{Code: "failed", Message: "There is no work of the kind " + j.Kind}
}

func (s *Service) doSync(ctx context.Context, j store.Job) (int64, error) {
	sync, err := desk.SavedSync(ctx, s.Workspace, j.Sync)
	if err != nil {
		return 0, err
	}
	sync.Definition.Source.EveryTime = sync.Definition.Source.EveryTime || j.Detail.EveryTime
	if j.Kind == job.Run {
		if err := s.Notifier.Started(ctx, sync); err != nil {
			return 0, err
		}
	}
	return s.planned(ctx, sync, j.Kind == job.Run)
}

// planned plans a sync and, when it is to be applied, applies the plan: the guard
// has the last word.
func (s *Service) planned(ctx context.Context, sync store.Sync, apply bool) (int64, error) {
	for { // one run for each file that waits (which: all)
		r, err := s.Workspace.Plan(ctx, sync)
		if err == nil && apply && r.Status.Applied() && r.Waiting > 0 {
			continue // this one has nothing new
		}
		if err != nil || r.Status != store.Planned || !apply {
			return r.ID, err
		}
		r.Fresh = true
		r, err = s.Workspace.Apply(ctx, sync, r)
		if err != nil || !r.Status.Applied() || r.Waiting == 0 {
			return r.ID, err
		}
	}
}

func (s *Service) doApply(ctx context.Context, j store.Job) (int64, error) {
	r, err := s.Workspace.Store.Run(ctx, j.Subject)
	if err != nil {
		return 0, err
	}
	if r.Status.Applied() {
		return r.ID, nil // before the crash
	}
	sync, err := desk.SyncOf(ctx, s.Workspace, r)
	if err != nil {
		return r.ID, err
	}
	def, differs, err := desk.PlannedWith(r)
	if err != nil {
		return r.ID, err
	}
	if differs {
		if sync, err = s.Workspace.Store.SaveSync(ctx, def, filepath.Dir(def.Source.File)); err != nil {
			return r.ID, err
		}
	}
	switch {
	case j.Detail.Approve:
		r = desk.Approved(r)
	case r.Status == store.Blocked:
		r.Status = store.Planned // the guard looks again
	}
	id := r.ID
	r, err = s.Workspace.Apply(ctx, sync, r)
	if known, ok := errors.AsType[*run.Error](err); ok && (known.Code == run.CodePlanMoved || known.Code == run.CodeTargetMoved) {
		return id, errors.Join(err, s.dead(context.WithoutCancel(ctx), id, known))
	}
	return id, err
}

// dead marks a plan that can never be applied any more, with the reason.
func (s *Service) dead(ctx context.Context, id int64, why *run.Error) error {
	r, err := s.Workspace.Store.Run(ctx, id)
	if err != nil || r.Status != store.Planned && r.Status != store.Blocked {
		return err
	}
	r.Status, r.Finished, r.Code, r.Message = store.Discarded, s.Now(), why.Code, why.Message
	return s.Workspace.Store.UpdateRun(ctx, &r)
}

func (s *Service) doUndo(ctx context.Context, j store.Job) (int64, error) {
	r, err := s.Workspace.Store.Run(ctx, j.Subject)
	if err != nil {
		return 0, err
	}
	if r.Undone != 0 {
		undo, err := s.Workspace.Store.Run(ctx, r.Undone)
		if err != nil {
			return 0, err
		}
		if !undo.Started.Before(j.Created) || !s.CanUndo(ctx, r) {
			return r.Undone, nil // this job's own, or there is nothing left to take back
		}
	}
	sync, err := desk.SyncOf(ctx, s.Workspace, r)
	if err != nil {
		return 0, err
	}
	undo, err := s.Workspace.Undo(ctx, sync, r)
	return undo.ID, err
}

func (s *Service) doReplay(ctx context.Context, j store.Job, path string) (int64, error) {
	r, err := s.Workspace.Store.Run(ctx, j.Subject)
	if err != nil {
		return 0, err
	}
	def, err := desk.ReplayOf(r, path)
	if err != nil {
		return 0, err
	}
	return s.keepAndRun(ctx, def, path)
}

func (s *Service) doRetry(ctx context.Context, j store.Job) (int64, error) {
	r, err := s.Workspace.Store.Run(ctx, j.Subject)
	if err != nil {
		return 0, err
	}
	path, err := desk.RejectsFile(ctx, s.Workspace, r)
	if err != nil || path == "" {
		return 0, err
	}
	return s.doReplay(ctx, j, path)
}

func (s *Service) keepAndRun(ctx context.Context, def plan.Sync, path string) (int64, error) {
	sync, err := s.Workspace.Store.SaveSync(ctx, def, filepath.Dir(path))
	if err != nil {
		return 0, err
	}
	return s.planned(ctx, sync, true)
}
