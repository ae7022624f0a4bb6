package simulate

import (
	"context"
	"runtime/debug"
	"sync"
)

// Totals are what many seeds came to.
type Totals struct {
	Seeds, Violations, Crashes, Faults, Runs int
	Failed                                   []Result // the first of those that break something
}

// failedKept is how many failed results are worth keeping: each is repeated by its
// seed.
const failedKept = 20

func (t *Totals) add(r Result) {
	t.Seeds++
	t.Violations += len(r.Violations)
	t.Crashes += r.Crashes
	t.Faults += r.Faults
	t.Runs += r.Runs
	if len(r.Violations) > 0 && len(t.Failed) < failedKept {
		t.Failed = append(t.Failed, r)
	}
}

// Many plays n seeds from the given one on, several at a time. Each is told of as
// it ends, in any order, one at a time.
func (s *Simulator) Many(ctx context.Context, from uint64, n, atOnce int, each func(Result)) Totals {
	return Many(ctx, s.Run, from, n, atOnce, each)
}

// Many plays n seeds with a function that plays one.
func Many(ctx context.Context, play func(seed uint64) Result, from uint64, n, atOnce int, each func(Result)) Totals {
	// Many small worlds that are soon gone: to collect them less often saves a fifth.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	var totals Totals
	var mu sync.Mutex
	var workers sync.WaitGroup
	seeds := make(chan uint64)
	for range max(1, atOnce) {
		workers.Go(func() {
			for seed := range seeds {
				r := play(seed)
				mu.Lock()
				if totals.add(r); each != nil {
					each(r)
				}
				mu.Unlock()
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		seeds <- from + uint64(i)
	}
	close(seeds)
	workers.Wait()
	return totals
}
