package service

import (
	"cmp"
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
	State   State      `json:"state"`
	Recent  []RunCell  `json:"recent"`            // the latest runs, the oldest first
	Job     int64      `json:"job,omitempty"`     // at work on it, or waiting
	Waiting int64      `json:"waiting,omitempty"` // run that the guard stopped
	Held    int64      `json:"held,omitempty"`    // records of the latest run that stay as they are until a person has decided
	Kept    store.Sync `json:"-"`                 // as it is stored
	Last    store.Run  `json:"-"`                 // the last of the recent ones; none: the zero run
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
	StateHeld     State = "held" // records wait until a person has decided
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

// recentRuns is how many runs a strip has.
const recentRuns = 30

// Syncs are all syncs with how they are, by name.
func (s *Service) Syncs(ctx context.Context) ([]SyncState, error) {
	syncs, err := s.Workspace.Store.Syncs(ctx)
	if err != nil {
		return nil, err
	}
	open, err := s.Workspace.Store.OpenJobs(ctx)
	if err != nil {
		return nil, err
	}
	syncs = slices.DeleteFunc(syncs, desk.IsReplay)
	states := make([]SyncState, len(syncs))
	for i, sync := range syncs {
		if states[i], err = s.syncState(ctx, sync, open); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// SyncState is one sync with how it is.
func (s *Service) SyncState(ctx context.Context, name string) (SyncState, error) {
	sync, err := desk.SavedSync(ctx, s.Workspace, name)
	if err != nil {
		return SyncState{}, err
	}
	open, err := s.Workspace.Store.OpenJobs(ctx)
	if err != nil {
		return SyncState{}, err
	}
	return s.syncState(ctx, sync, open)
}

func (s *Service) syncState(ctx context.Context, sync store.Sync, open []store.Job) (SyncState, error) {
	report, err := desk.ReportSync(ctx, s.Workspace, sync)
	if err != nil {
		return SyncState{}, err
	}
	runs, err := s.Workspace.Store.LatestRuns(ctx, sync.ID, recentRuns)
	if err != nil {
		return SyncState{}, err
	}
	st := SyncState{SyncReport: report, Recent: []RunCell{}, Kept: sync}
	for _, r := range slices.Backward(runs) {
		st.Recent, st.Last = append(st.Recent, RunCell{r.ID, r.Status, r.Started, r.Totals.Writes()}), r
	}
	st.settle(open)
	if st.Held = heldForSomebody(st.Last); st.State == StateOK && st.Held > 0 && st.Last.Undone == 0 {
		st.State = StateHeld
	}
	if st.State == StateRejects {
		seen, err := s.seenTo(ctx, st.Last)
		if err != nil {
			return st, err
		}
		if seen {
			st.State = StateOK
		}
	}
	return st, nil
}

// forSomebody are the reasons to hold a record that only a person can settle, and that
// no other list has: conflicts of fields have their own, and a missing value or an answer
// that is due may come by itself.
var forSomebody = []plan.Reason{plan.IdentityConflict, plan.MatchSeveral, plan.ScopeReview}

// heldForSomebody counts the records that a run holds until a person has decided. The
// next run looks at each of them again, so that the latest one knows them all.
func heldForSomebody(r store.Run) (n int64) {
	for _, why := range forSomebody {
		n += r.Reasons[string(why)]
	}
	return min(n, r.Totals.Held)
}

// WaitsBy is the reason for which most of the held records wait.
func (s SyncState) WaitsBy() plan.Reason {
	return slices.MaxFunc(forSomebody, func(a, b plan.Reason) int {
		return cmp.Compare(s.Last.Reasons[string(a)], s.Last.Reasons[string(b)])
	})
}

// correctionsLooked is how many imports of corrections are looked at for one run.
const correctionsLooked = 200

// seenTo reports whether somebody has seen to what did not get through a run: took it
// back, or imported corrections of as many records, which all got through.
func (s *Service) seenTo(ctx context.Context, r store.Run) (bool, error) {
	if r.Undone != 0 {
		return true, nil
	}
	replay, err := s.Workspace.Store.Sync(ctx, r.Name+desk.Replayed)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	later, err := s.Workspace.Store.LatestRuns(ctx, replay.ID, correctionsLooked)
	corrected := int64(0)
	for _, l := range later {
		if l.ID > r.ID && l.Status.Applied() && l.Undone == 0 {
			corrected += l.Totals.Read - l.NotThrough()
		}
	}
	return corrected >= r.NotThrough(), err
}

// settle works out the state from the latest run, the schedule and the queue.
func (s *SyncState) settle(open []store.Job) {
	s.State = stateAfter(s.Last)
	if s.State == StateApproval {
		s.Waiting = s.Last.ID
	}
	if s.Paused && s.State == StateOK {
		s.State = StatePaused
	}
	for _, j := range open {
		if j.Sync != s.Name {
			continue
		}
		s.Job = j.ID
		if j.State == store.JobRunning {
			s.State = StateRunning
		}
		if !j.Planned.IsZero() && j.State == store.JobWaiting && j.Created.Sub(j.Planned) > lateAfter {
			s.State = StateLate
		}
	}
}

// stateAfter is how a run leaves its sync; the zero run: none was made.
func stateAfter(latest store.Run) State {
	switch latest.Status {
	case "":
		return StateNew
	case store.Blocked:
		return StateApproval
	case store.Failed, store.Cancelled, store.PausedQuota:
		return StateFailed
	case store.WithErrors:
		return StateRejects
	case store.Applying:
		return StateRunning
	}
	return StateOK
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
	r, err := desk.LatestLooked(ctx, s.Workspace, sync.ID)
	if errors.Is(err, store.ErrNotFound) {
		return store.Job{}, &run.Error{Code: "not_found", Message: name + " has not been run yet"}
	}
	if err != nil {
		return store.Job{}, err
	}
	if r.NotThrough() == 0 {
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
