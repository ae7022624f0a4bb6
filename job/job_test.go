package job

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/store"
)

// A queue in memory has one job at a time, whose lease the test can take away.
type queue struct {
	sync.Mutex
	jobs   []store.Job
	ended  []store.Job
	back   int
	stale  bool
	cancel bool
}

func (q *queue) AddJob(_ context.Context, j store.Job) (store.Job, error) {
	q.Lock()
	defer q.Unlock()
	j.ID = int64(len(q.jobs) + 1)
	q.jobs = append(q.jobs, j)
	return j, nil
}

func (q *queue) TakeJob(context.Context, time.Time, time.Duration) (store.Job, error) {
	q.Lock()
	defer q.Unlock()
	if len(q.jobs) == 0 {
		return store.Job{}, store.ErrNotFound
	}
	j := q.jobs[0]
	q.jobs = q.jobs[1:]
	return j, nil
}

func (q *queue) RenewJob(context.Context, store.Job, time.Time) (bool, error) {
	q.Lock()
	defer q.Unlock()
	if q.stale {
		return false, store.ErrStale
	}
	return q.cancel, nil
}

func (q *queue) FinishJob(_ context.Context, j store.Job) error {
	q.Lock()
	defer q.Unlock()
	q.ended = append(q.ended, j)
	return nil
}

func (q *queue) ReturnJob(context.Context, store.Job) error {
	q.Lock()
	defer q.Unlock()
	q.back++
	return nil
}

func (q *queue) CancelJob(context.Context, int64, time.Time) (store.Job, error) {
	return store.Job{}, nil
}
func (q *queue) Job(context.Context, int64) (store.Job, error) { return store.Job{}, nil }

func TestWhatComesOfAJob(t *testing.T) {
	broken := errors.New("broken")
	until := func(ctx context.Context) (int64, error) {
		<-ctx.Done()
		return 7, context.Cause(ctx)
	}
	for _, row := range []struct {
		sentence string
		queue    *queue
		do       func(ctx context.Context) (int64, error)
		stop     bool // the process shuts down while the job is at work
		state    store.JobState
		back     int
	}{
		{"it is done, with the run that came of it", &queue{}, func(context.Context) (int64, error) { return 7, nil }, false, store.JobDone, 0},
		{"it fails, with a sentence", &queue{}, func(context.Context) (int64, error) { return 7, broken }, false, store.JobFailed, 0},
		{"it is called off", &queue{cancel: true}, until, false, store.JobCancelled, 0},
		{"another worker has it now: this one says nothing", &queue{stale: true}, until, false, "", 0},
		{"the process shuts down: it goes back", &queue{}, until, true, "", 1},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			t.Parallel() // a lease is renewed every two seconds
			ctx, stop := context.WithCancel(t.Context())
			over := make(chan struct{})
			d := &Dispatcher{Queue: row.queue, Now: time.Now, Log: slog.New(slog.DiscardHandler),
				Say: func(err error) (string, string) { return "broken", err.Error() },
				Do: func(ctx context.Context, _ store.Job) (int64, error) {
					defer close(over)
					if row.stop {
						stop()
					}
					return row.do(ctx)
				}}
			if _, err := d.Add(ctx, store.Job{Kind: Run, Sync: "hr"}); err != nil {
				t.Fatal(err)
			}
			working := make(chan struct{})
			go func() { defer close(working); d.Work(ctx) }()
			<-over
			time.AfterFunc(200*time.Millisecond, stop)
			<-working
			var got store.JobState
			if len(row.queue.ended) == 1 {
				if got = row.queue.ended[0].State; row.queue.ended[0].Run != 7 {
					t.Errorf("run %d came of it, want 7", row.queue.ended[0].Run)
				}
			}
			if got != row.state || row.queue.back != row.back {
				t.Errorf("it ended %q and went back %d times, want %q and %d", got, row.queue.back, row.state, row.back)
			}
		})
	}
}
