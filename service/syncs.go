package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// A SyncState is one line of the list of syncs.
type SyncState struct {
	desk.SyncReport
	State     State      `json:"state"`
	Next      *time.Time `json:"next,omitempty"` // by its schedule
	Paused    bool       `json:"paused,omitempty"`
	Scheduled bool       `json:"scheduled,omitempty"`
	Recent    []RunCell  `json:"recent"`            // the latest runs, the oldest first
	Job       int64      `json:"job,omitempty"`     // at work on it, or waiting
	Waiting   int64      `json:"waiting,omitempty"` // run that the guard stopped
}

// State says in one word how a sync is (experience.md 3.1).
type State string

// The states of a sync.
const (
	StateNew      State = "new"
	StateOK       State = "ok"
	StateRunning  State = "running"
	StateRejects  State = "rejects"
	StateApproval State = "approval"
	StateLate     State = "late"
	StateFailed   State = "failed"
	StatePaused   State = "paused"
)

// A RunCell is one run in a strip of the latest.
type RunCell struct {
	Run     int64        `json:"run"`
	Status  store.Status `json:"status"`
	Started time.Time    `json:"started"`
	Writes  int64        `json:"writes"`
}

// recentRuns is how many runs a strip has, and how far back they are looked for.
const (
	recentRuns    = 30
	recentScanned = 1000
)

// Syncs are all syncs with how they are, by name.
func (s *Service) Syncs(ctx context.Context) ([]SyncState, error) {
	syncs, err := s.Workspace.Store.Syncs(ctx)
	if err != nil {
		return nil, err
	}
	syncs = slices.DeleteFunc(syncs, desk.IsReplay)
	runs, err := s.Workspace.Store.Runs(ctx, 0, recentScanned)
	if err != nil {
		return nil, err
	}
	schedules, err := s.Workspace.Store.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	open, err := s.Workspace.Store.OpenJobs(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]SyncState, len(syncs))
	for i, sync := range syncs {
		if states[i].SyncReport, err = desk.ReportSync(ctx, s.Workspace, sync); err != nil {
			return nil, err
		}
		states[i].Recent = []RunCell{}
		var latest *store.Run
		for at := range runs {
			if r := &runs[at]; r.SyncID == sync.ID && r.Kind == store.KindSync && counts(r.Status) {
				if latest == nil {
					latest = r
				}
				if len(states[i].Recent) < recentRuns {
					states[i].Recent = append(states[i].Recent, RunCell{r.ID, r.Status, r.Started, r.Totals.Writes()})
				}
			}
		}
		slices.Reverse(states[i].Recent)
		states[i].settle(latest, schedules, open)
		if states[i].State == StateRejects && seenTo(*latest, runs) {
			states[i].State = StateOK
		}
	}
	return states, nil
}

// seenTo reports whether somebody has seen to what did not get through a run: took it
// back, or imported corrections of as many records, which all got through.
func seenTo(r store.Run, later []store.Run) bool {
	corrected := int64(0)
	for _, l := range later {
		if l.ID > r.ID && l.Name == r.Name+desk.Replayed && l.Status.Applied() && l.Undone == 0 {
			corrected += l.Totals.Read - l.Totals.Rejected - l.Totals.Held - l.Totals.Failed
		}
	}
	return r.Undone != 0 || corrected >= r.Totals.Rejected+r.Totals.Held+r.Totals.Failed
}

// counts leaves out what was only looked at.
func counts(s store.Status) bool {
	return s != store.Planned && s != store.Planning && s != store.Discarded
}

// settle works out the state from the latest run, the schedule and the queue.
func (s *SyncState) settle(latest *store.Run, schedules []store.Schedule, open []store.Job) {
	s.State = StateNew
	if latest != nil {
		switch latest.Status {
		case store.Blocked:
			s.State, s.Waiting = StateApproval, latest.ID
		case store.Failed, store.Cancelled, store.PausedQuota:
			s.State = StateFailed
		case store.WithErrors:
			s.State = StateRejects
		case store.Applying:
			s.State = StateRunning
		default:
			s.State = StateOK
		}
	}
	for _, sch := range schedules {
		if sch.Sync == s.Name {
			s.Scheduled, s.Paused = true, sch.Paused
			if !sch.NextAt.IsZero() && !sch.Paused {
				s.Next = &sch.NextAt
			}
			if sch.Paused && s.State == StateOK {
				s.State = StatePaused
			}
		}
	}
	for _, j := range open {
		if j.Sync == s.Name {
			s.Job = j.ID
			if j.State == store.JobRunning {
				s.State = StateRunning
			}
			if !j.Planned.IsZero() && j.State == store.JobWaiting && j.Created.Sub(j.Planned) > lateAfter {
				s.State = StateLate
			}
		}
	}
}

// SyncState is one sync with how it is.
func (s *Service) SyncState(ctx context.Context, name string) (SyncState, store.Sync, error) {
	sync, err := desk.SavedSync(ctx, s.Workspace, name)
	if err != nil {
		return SyncState{}, sync, err
	}
	all, err := s.Syncs(ctx)
	if err != nil {
		return SyncState{}, sync, err
	}
	if at := slices.IndexFunc(all, func(st SyncState) bool { return st.Name == name }); at >= 0 {
		return all[at], sync, nil
	}
	report, err := desk.ReportSync(ctx, s.Workspace, sync) // corrected rejects of another sync are on no list
	return SyncState{SyncReport: report, State: StateNew, Recent: []RunCell{}}, sync, err
}

// RunSync puts a run of a sync in the queue, or a plan that writes nothing.
func (s *Service) RunSync(ctx context.Context, who account.Actor, name string, everyTime, planOnly bool) (store.Job, error) {
	if _, err := desk.SavedSync(ctx, s.Workspace, name); err != nil {
		return store.Job{}, err
	}
	kind := job.Run
	if planOnly {
		kind = job.Plan
	}
	return s.Jobs.Add(ctx, store.Job{Kind: kind, Sync: name, By: by(who), Detail: store.JobDetail{EveryTime: everyTime}})
}

// RetrySync tries again what did not get through a sync's last run.
func (s *Service) RetrySync(ctx context.Context, who account.Actor, name string) (store.Job, error) {
	sync, err := desk.SavedSync(ctx, s.Workspace, name)
	if err != nil {
		return store.Job{}, err
	}
	r, err := s.Workspace.Store.LatestApplied(ctx, sync.ID)
	if errors.Is(err, store.ErrNotFound) {
		return store.Job{}, &run.Error{Code: "not_found", Message: name + " has not been run yet"}
	}
	if err != nil {
		return store.Job{}, err
	}
	if r.Totals.Rejected+r.Totals.Held+r.Totals.Failed == 0 {
		return store.Job{}, &run.Error{Code: "not_found", Message: "Its last run has no rejected, held or failed records. Nothing was changed."}
	}
	return s.Jobs.Add(ctx, store.Job{Kind: job.Retry, Sync: name, Subject: r.ID, By: by(who)})
}

// SaveSync stores a definition under its name, after the checks that a sync file
// gets. Changed settings make the next run look at every record again.
func (s *Service) SaveSync(ctx context.Context, def plan.Sync, base string) (store.Sync, error) {
	if err := desk.Free(ctx, s.Workspace, syncfile.Kind, def.Name); err != nil {
		return store.Sync{}, err
	}
	if err := desk.CheckSync(ctx, s.Workspace, def); err != nil {
		return store.Sync{}, err
	}
	return s.Workspace.Store.SaveSync(ctx, def, base)
}

// DeleteSync takes a sync off the list, with what replays of its rejects left
// there (C45). Its runs and contacts stay.
func (s *Service) DeleteSync(ctx context.Context, name string) error {
	return desk.DeleteSync(ctx, s.Workspace, name)
}
