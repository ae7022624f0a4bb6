// Package job hands work to workers: what people and schedules ask for is put in a
// queue, and a dispatcher takes one piece after the other, holds its lease while it
// is carried out, and stores how it ended. It knows nothing of what a piece of work
// does: that is the Do it is given. Workers on other hosts would share the queue.
package job

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/kith-sync/kith/store"
)

// Kinds of work.
const (
	Plan   = "plan"   // look, write nothing
	Run    = "run"    // plan and apply, unless the guard stops it
	Apply  = "apply"  // exactly a plan that was made before
	Undo   = "undo"   // take a run back
	Replay = "replay" // corrected rejects, through the sync they come from
	Retry  = "retry"  // what did not get through, as it stands
)

// A Queue keeps jobs. *store.Store is one.
type Queue interface {
	AddJob(ctx context.Context, j store.Job) (store.Job, error)
	TakeJob(ctx context.Context, now time.Time, lease time.Duration) (store.Job, error)
	RenewJob(ctx context.Context, j store.Job, until time.Time) (cancel bool, err error)
	FinishJob(ctx context.Context, j store.Job) error
	ReturnJob(ctx context.Context, j store.Job) error
	CancelJob(ctx context.Context, id int64, now time.Time) (store.Job, error)
	Job(ctx context.Context, id int64) (store.Job, error)
}

// A Dispatcher carries jobs out, one at a time.
type Dispatcher struct {
	Queue Queue
	// Do carries a job out and returns the run that came of it, also with an error.
	// It stops soon after ctx is cancelled, at a point where it can be resumed.
	Do func(ctx context.Context, j store.Job) (run int64, err error)
	// Say returns an error's code and what it means for people.
	Say func(err error) (code, message string)
	// Ended is called with every job that is over; nil does nothing.
	Ended func(ctx context.Context, j store.Job)
	// Between is called before a job is taken, and now and then while there is none:
	// what it does is not done beside a job. Nil does nothing.
	Between func(ctx context.Context)
	Now     func() time.Time
	Log     *slog.Logger

	wake chan struct{}
	once sync.Once
}

const (
	lease = time.Minute
	renew = 2 * time.Second // how soon a worker learns that its job was called off
	idle  = time.Second     // how soon work is found that another process added
)

// unexpected is the code of an error that nobody has put into words.
const unexpected = "failed"

// ErrCancelled is the cause of the context of a job that was called off.
var ErrCancelled = errors.New("called off")

func (d *Dispatcher) waker() chan struct{} {
	d.once.Do(func() { d.wake = make(chan struct{}, 1) })
	return d.wake
}

// Add puts a job in the queue and wakes the worker.
func (d *Dispatcher) Add(ctx context.Context, j store.Job) (store.Job, error) {
	j.Created = d.Now()
	j, err := d.Queue.AddJob(ctx, j)
	select {
	case d.waker() <- struct{}{}:
	default: // it is awake
	}
	return j, err
}

// Cancel asks a job to stop. One that waits is over at once.
func (d *Dispatcher) Cancel(ctx context.Context, id int64) (store.Job, error) {
	return d.Queue.CancelJob(ctx, id, d.Now())
}

// Work takes jobs until ctx is done. The job that it has then stops at a point
// where it can be resumed, and goes back into the queue.
func (d *Dispatcher) Work(ctx context.Context) {
	for ctx.Err() == nil {
		if d.Between != nil {
			d.Between(ctx)
		}
		j, err := d.Queue.TakeJob(ctx, d.Now(), lease)
		if err == nil {
			d.carryOut(ctx, j)
			continue
		}
		if !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil {
			d.Log.Error("the queue cannot be read", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-d.waker():
		case <-time.After(idle):
		}
	}
}

func (d *Dispatcher) carryOut(ctx context.Context, j store.Job) {
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var watching sync.WaitGroup
	held := j // as it was taken: what comes of it is written beside the watch
	watching.Go(func() { d.hold(work, stop, held) })
	var err error
	j.Run, err = d.Do(work, j)
	lost := errors.Is(context.Cause(work), store.ErrStale)
	cancelled := errors.Is(context.Cause(work), ErrCancelled)
	stop(nil)
	watching.Wait()
	after := context.WithoutCancel(ctx)
	switch {
	case lost:
		return // another worker has it
	case ctx.Err() != nil && err != nil:
		if err := d.Queue.ReturnJob(after, j); err != nil {
			d.Log.Error("the job could not be put back", "job", j.ID, "error", err)
		}
		return
	case cancelled && err != nil:
		j.State, j.Code, j.Message = store.JobCancelled, "run.interrupted", "It was called off. What was written is complete."
	case err != nil:
		j.State = store.JobFailed
		if j.Code, j.Message = d.Say(err); j.Code == unexpected {
			d.Log.Error("a job failed", "job", j.ID, "kind", j.Kind, "sync", j.Sync, "error", err)
		}
	default:
		j.State = store.JobDone
	}
	j.Finished = d.Now()
	if err := d.Queue.FinishJob(after, j); err != nil {
		d.Log.Error("the end of a job could not be stored", "job", j.ID, "error", err)
		return
	}
	if d.Ended != nil {
		d.Ended(after, j)
	}
}

// hold renews the job's lease until ctx is done, and stops the work when the job
// was called off or taken over.
func (d *Dispatcher) hold(ctx context.Context, stop context.CancelCauseFunc, j store.Job) {
	tick := time.NewTicker(renew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch cancel, err := d.Queue.RenewJob(ctx, j, d.Now().Add(lease)); {
		case errors.Is(err, store.ErrStale):
			stop(store.ErrStale)
			return
		case err != nil && ctx.Err() == nil:
			d.Log.Error("the lease of a job could not be renewed", "job", j.ID, "error", err)
		case cancel:
			stop(ErrCancelled)
			return
		}
	}
}
