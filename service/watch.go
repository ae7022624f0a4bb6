package service

import (
	"context"
	"iter"
	"time"

	"github.com/kith-sync/kith/store"
)

// watchEvery is how often whoever watches a job hears of it.
const watchEvery = 300 * time.Millisecond

// Watch yields a job whenever something about it has changed, and a last time when
// it is over. It ends early when the job cannot be read or ctx is done.
func (s *Service) Watch(ctx context.Context, id int64) iter.Seq2[store.Job, *Progress] {
	return func(yield func(store.Job, *Progress) bool) {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		var before store.JobState
		var told Progress
		for {
			j, err := s.Workspace.Store.Job(ctx, id)
			if err != nil {
				return
			}
			p := s.Progress(id)
			if j.State != before || p != nil && *p != told {
				if !yield(j, p) || j.State.Over() {
					return
				}
				if before = j.State; p != nil {
					told = *p
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}
