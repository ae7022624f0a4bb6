// Package service is a running installation: the workspace, the queue of work, the
// clock that starts what is due, and everything that people and programs may ask
// of it over the network. Pages and the API both call it, so neither can do what
// the other cannot. Who may do what stands in operations.go; what is done stands
// in desk and workspace.
package service

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/metrics"
	"github.com/kith-sync/kith/notify/outbox"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A Service is an installation at work. Create it with New, then Start it.
type Service struct {
	Workspace *workspace.Workspace
	Accounts  *account.Gate
	Jobs      *job.Dispatcher
	Notifier  *outbox.Notifier
	Metrics   *metrics.Metrics
	Log       *slog.Logger
	Now       func() time.Time
	BaseURL   string // where people reach it, without a slash at the end
	Version   string
	Demo      bool // the people in it are invented: pages say so, and what to try

	running   sync.WaitGroup
	stop      context.CancelFunc
	progress  atomic.Pointer[Progress]
	probes    probes
	elsewhere elsewhere
	captures  captures
	taking    sync.Mutex // leads from an inbox, one request at a time
	logins    logins
}

// Progress is how far the job at work has come.
type Progress struct {
	Job   int64  `json:"job"`
	Phase string `json:"phase"` // reading, matching, writing
	Done  int64  `json:"done"`
	Total int64  `json:"total"` // 0 while it is not known
}

// Options are what a service is made of.
type Options struct {
	Workspace *workspace.Workspace
	Accounts  *account.Gate
	Log       *slog.Logger
	Now       func() time.Time
	BaseURL   string
	Version   string
	Demo      bool
}

// New returns a service that does nothing by itself yet.
func New(o Options) *Service {
	s := &Service{Workspace: o.Workspace, Accounts: o.Accounts, Log: o.Log, Now: o.Now, BaseURL: o.BaseURL, Version: o.Version, Demo: o.Demo}
	s.Jobs = &job.Dispatcher{Queue: o.Workspace.Store, Do: s.do, Say: Say, Ended: s.ended, Between: s.tidy, Now: o.Now, Log: o.Log}
	s.Metrics = metrics.New(o.Version, s.lookNow)
	s.Notifier = desk.Notifier(o.Workspace, o.BaseURL)
	return s
}

// Start finishes what an earlier process left, then works until ctx is done or
// Close is called.
func (s *Service) Start(ctx context.Context) error {
	s.Workspace.Engine.Progress = s.tell
	recovered, err := s.Workspace.Recover(ctx)
	for _, r := range recovered {
		s.Log.Info("a run that had been interrupted is finished", "run", r.ID, "status", r.Status)
	}
	if err != nil {
		return err
	}
	if err := s.Workspace.Store.DropJobLeases(ctx); err != nil {
		return err
	}
	if err := s.Workspace.Store.DropUnfinishedAnswers(ctx); err != nil {
		return err
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.running.Go(func() { s.Jobs.Work(ctx) })
	s.running.Go(func() { s.keepTime(ctx) })
	s.running.Go(func() { s.deliver(ctx) })
	return nil
}

// Close stops at a point where everything can be resumed.
func (s *Service) Close() {
	if s.stop != nil {
		s.stop()
	}
	s.running.Wait()
}

// Progress is how far a job has come; nil when it is not at work.
func (s *Service) Progress(id int64) *Progress {
	if p := s.progress.Load(); p != nil && p.Job == id {
		return p
	}
	return nil
}

func (s *Service) tell(phase string, done, total int64) {
	if p := s.progress.Load(); p != nil {
		s.progress.Store(&Progress{Job: p.Job, Phase: phase, Done: done, Total: total})
	}
}

// Say returns an error's code and its sentence for people.
func Say(err error) (code, message string) {
	var known *run.Error
	switch {
	case errors.As(err, &known):
		return known.Code, known.Error()
	case errors.Is(err, store.ErrNotFound):
		return "not_found", "It is not there, or not any more."
	case errors.Is(err, workspace.ErrLocked):
		return "data.locked", err.Error()
	}
	return "failed", "Something went wrong that Kith did not expect. What was written before stays complete. The server's log says more."
}

// tidy clears away what has been kept long enough, once a day: between jobs, so that
// no run loses what it reads.
func (s *Service) tidy(ctx context.Context) {
	if _, err := s.Workspace.Tidy(ctx); err != nil && ctx.Err() == nil {
		s.Log.Error("what has been kept long enough could not be cleared away", "error", err)
	}
}

// ended is told of every job that is over.
func (s *Service) ended(ctx context.Context, j store.Job) {
	s.Log.Info("job", "job", j.ID, "kind", j.Kind, "sync", j.Sync, "state", j.State, "run", j.Run, "code", j.Code,
		"took", j.Finished.Sub(j.Started).String())
	if err := s.counted(ctx, j); err != nil {
		s.Log.Error("a run is not counted in the metrics", "run", j.Run, "error", err)
	}
	if j.Kind == job.Apply && j.State == store.JobDone {
		if err := s.finishDrafts(ctx, j.Sync); err != nil {
			s.Log.Error("an import that was applied is not finished", "sync", j.Sync, "error", err)
		}
	}
	if err := s.tellOf(ctx, j); err != nil {
		s.Log.Error("nobody could be told of a run", "run", j.Run, "error", err)
	}
}

// by names who asked, as jobs and the audit log do.
func by(a account.Actor) string { return cmp.Or(a.String(), "nobody") }
