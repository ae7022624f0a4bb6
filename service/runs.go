package service

import (
	"context"
	"errors"
	"slices"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Run returns a run by its number.
func (s *Service) Run(ctx context.Context, id int64) (store.Run, error) {
	r, err := s.Workspace.Store.Run(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return r, &run.Error{Code: "not_found", Message: "There is no such run. It may have been cleared away"}
	}
	return r, err
}

// ApplyRun carries out exactly a plan. With approve the guard's stop of this one
// plan is overruled; somebody has seen the numbers (requirements 3.12).
func (s *Service) ApplyRun(ctx context.Context, who account.Actor, id int64, approve bool) (store.Job, error) {
	r, err := s.Run(ctx, id)
	if err != nil {
		return store.Job{}, err
	}
	switch {
	case r.Status != store.Planned && r.Status != store.Blocked:
		return store.Job{}, &run.Error{Code: run.CodePlanUsed, Message: "This plan was used already, or is not one that can be applied. Nothing was written. Plan the sync again"}
	case r.Stop != nil && !approve:
		return store.Job{}, &run.Error{Code: "guard.stopped", Message: r.Stop.Message() + " Nothing was written. Look at the changes, then approve this plan once"}
	}
	return s.Jobs.Add(ctx, store.Job{Kind: job.Apply, Sync: r.Name, Subject: id, By: by(who), Detail: store.JobDetail{Approve: approve}})
}

// DiscardRun throws a plan away.
func (s *Service) DiscardRun(ctx context.Context, id int64) error {
	r, err := s.Run(ctx, id)
	if err != nil {
		return err
	}
	if r.Status != store.Planned && r.Status != store.Blocked {
		return &run.Error{Code: run.CodePlanUsed, Message: "This is no plan that waits. Nothing was changed"}
	}
	r.Status, r.Finished = store.Discarded, s.Now()
	return s.Workspace.Store.UpdateRun(ctx, &r)
}

// UndoRun takes a run back.
func (s *Service) UndoRun(ctx context.Context, who account.Actor, id int64) (store.Job, error) {
	r, err := s.Run(ctx, id)
	if err != nil {
		return store.Job{}, err
	}
	return s.Jobs.Add(ctx, store.Job{Kind: job.Undo, Sync: r.Name, Subject: id, By: by(who)})
}

// CanUndo reports whether a run can be taken back now.
func (s *Service) CanUndo(ctx context.Context, r store.Run) bool {
	return s.Workspace.Engine.Undoable(ctx, r) == nil
}

// ReplayRun imports corrected rejects of a run from a file in the data folder.
func (s *Service) ReplayRun(ctx context.Context, who account.Actor, id int64, path string) (store.Job, error) {
	r, err := s.Run(ctx, id)
	if err != nil {
		return store.Job{}, err
	}
	return s.Jobs.Add(ctx, store.Job{Kind: job.Replay, Sync: r.Name, Subject: id, By: by(who), Detail: store.JobDetail{File: path}})
}

// RunsOf returns the runs of a sync before a number, the latest first; before 0
// means from the end.
func (s *Service) RunsOf(ctx context.Context, syncID, before int64, limit int) ([]store.Run, error) {
	return s.Workspace.Store.RunsOf(ctx, syncID, before, limit)
}

// A ChangeFilter chooses among a plan's changes.
type ChangeFilter struct {
	Action string // create, update, ...; empty: everything but what is the same
	Reason string
	After  int64 // changes to leave out, from the beginning
	Limit  int
}

// changesScanned is how many changes are looked at for one page of them: who looks
// for few among very many gets a short page, and where to go on.
const changesScanned = 200_000

// ChangesOf returns a page of a plan's changes, and where the next one begins; 0
// when there is none.
func (s *Service) ChangesOf(ctx context.Context, r store.Run, f ChangeFilter) (found []plan.Change, next int64, err error) {
	if r.Pruned || r.Status == store.Failed && r.PlanHash == "" {
		return nil, 0, nil
	}
	at := int64(0)
	for c, err := range desk.ChangesOf(ctx, s.Workspace, r) {
		if err != nil {
			return nil, 0, err
		}
		if at++; at <= f.After {
			continue
		}
		if len(found) == f.Limit || at-f.After > changesScanned {
			return found, at - 1, nil
		}
		if f.wants(c) {
			c.Fields = slices.Clone(c.Fields)
			found = append(found, c)
		}
	}
	return found, 0, nil
}

func (f ChangeFilter) wants(c plan.Change) bool {
	if f.Reason != "" && string(c.Reason) != f.Reason {
		return false
	}
	if f.Action == "" {
		return f.Reason != "" || c.Action != plan.Unchanged && c.Action != plan.NoAction
	}
	return c.Action.String() == f.Action
}
