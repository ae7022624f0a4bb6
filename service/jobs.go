package service

import (
	"context"
	"errors"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

// A JobReport is a piece of work and how far it has come.
type JobReport struct {
	ID       int64          `json:"id"`
	Kind     string         `json:"kind"` // plan, run, apply, undo, replay or retry
	Sync     string         `json:"sync,omitempty"`
	Subject  int64          `json:"subject,omitempty"` // the run that it is about
	By       string         `json:"by"`                // user:1, token:2, schedule
	State    store.JobState `json:"state"`             // waiting, running, done, failed or cancelled
	Created  *time.Time     `json:"created,omitempty"`
	Started  *time.Time     `json:"started,omitempty"`
	Finished *time.Time     `json:"finished,omitempty"`
	Cancel   bool           `json:"cancel,omitempty"` // asked to stop
	Run      int64          `json:"run,omitempty"`    // that came of it
	Code     string         `json:"code,omitempty"`   // why it failed
	Message  string         `json:"message,omitempty"`
	Progress *Progress      `json:"progress,omitempty"` // while it is at work
}

// ReportJob says what a job is; it never says which file of ours it reads.
func ReportJob(j store.Job, p *Progress) JobReport {
	return JobReport{ID: j.ID, Kind: j.Kind, Sync: j.Sync, Subject: j.Subject, By: j.By, State: j.State, Created: desk.Moment(j.Created), Started: desk.Moment(j.Started),
		Finished: desk.Moment(j.Finished), Cancel: j.Cancel, Run: j.Run, Code: j.Code, Message: j.Message, Progress: p}
}

// Job returns a piece of work by its number.
func (s *Service) Job(ctx context.Context, id int64) (JobReport, error) {
	j, err := s.Workspace.Store.Job(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return JobReport{}, notThere("There is no job %d, or not any more", id)
	}
	return ReportJob(j, s.Progress(j.ID)), err
}

// CancelJob asks a piece of work to stop; one that waits is over at once.
func (s *Service) CancelJob(ctx context.Context, id int64) (JobReport, error) {
	if _, err := s.Job(ctx, id); err != nil {
		return JobReport{}, err
	}
	j, err := s.Jobs.Cancel(ctx, id)
	return ReportJob(j, s.Progress(j.ID)), err
}

// JobsBefore returns pieces of work before a number, the latest first; of one sync
// when it is named.
func (s *Service) JobsBefore(ctx context.Context, sync string, before int64, limit int) ([]JobReport, error) {
	jobs, err := s.Workspace.Store.Jobs(ctx, sync, before, limit)
	all := make([]JobReport, len(jobs))
	for i, j := range jobs {
		all[i] = ReportJob(j, s.Progress(j.ID))
	}
	return all, err
}
