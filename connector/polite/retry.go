package polite

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Patience says how often and how long to wait for a busy system. The zero value
// does not wait at all.
type Patience struct {
	// Tries is how often one call is made at most, the first time included. Each
	// page of a listing has as many.
	Tries int
	// First is the longest wait before the second try; it doubles with every try.
	First time.Duration
	// Longest limits one wait. A system that asks for a longer one is not waited
	// for: its fault goes to the caller, who can pause the run.
	Longest time.Duration
	// Repeats is how many calls of a whole run are made again at most, so that a
	// system that is down costs a run minutes and not hours.
	Repeats int
}

// DefaultPatience waits about half a minute in all for one call, a minute at
// most, unless the system asks for more; and repeats 200 calls of a run.
func DefaultPatience() Patience {
	return Patience{Tries: 7, First: time.Second, Longest: time.Minute, Repeats: 200}
}

// A Retrying remote makes calls again that found the system busy. Only Busy is
// repeated: it promises that nothing was done. Whatever is Unknown may have been
// done, and a create sent again would be a second record (I3).
//
// The waits are exponential with full jitter, so that runs that were turned away
// together do not come back together. Each Retrying is for one run.
//
// It is our own and not failsafe-go, whose timers and whose chance cannot be
// handed in: a simulation could not repeat a run.
type Retrying struct {
	connector.Remote
	patience Patience
	clock    Clock

	mu     sync.Mutex
	random *rand.Rand
	left   int // repeats of this run
}

// Retry wraps a remote for one run.
func Retry(r connector.Remote, p Patience, c Clock, random *rand.Rand) *Retrying {
	return &Retrying{Remote: r, patience: p, clock: c, random: random, left: p.Repeats}
}

// Schema repeats the call while the system is busy.
func (r *Retrying) Schema(ctx context.Context) (contact.Schema, error) {
	return again(ctx, r, func() (contact.Schema, error) { return r.Remote.Schema(ctx) })
}

// Fetch repeats the call while the system is busy.
func (r *Retrying) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	return again(ctx, r, func() ([]connector.Item, error) { return r.Remote.Fetch(ctx, ids) })
}

// Find repeats the call while the system is busy.
func (r *Retrying) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	return again(ctx, r, func() ([]connector.Item, error) { return r.Remote.Find(ctx, field, values) })
}

func again[T any](ctx context.Context, r *Retrying, call func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		got, err := call()
		fault := faultOf(err)
		if fault == nil || fault.Kind != connector.Busy {
			return got, err
		}
		if !r.wait(ctx, try, fault.RetryAfter) {
			return got, cmp.Or(ctx.Err(), err)
		}
	}
}

// Changes goes on from the last page's cursor when the system was busy. A
// listing without cursors is begun anew as long as none of its pages was handed
// on; after that the fault is.
func (r *Retrying) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		from, begun := since, false
		for try := 1; ; try++ {
			var busy error
			for page, err := range r.Remote.Changes(ctx, from) {
				if fault := faultOf(err); fault != nil && fault.Kind == connector.Busy {
					busy = err
					break
				}
				if !yield(page, err) || err != nil {
					return
				}
				from, begun, try = page.Cursor, true, 1
			}
			if busy == nil {
				return
			}
			stuck := begun && from == ""
			if stuck || !r.wait(ctx, try, faultOf(busy).RetryAfter) {
				yield(connector.Page{}, cmp.Or(ctx.Err(), busy))
				return
			}
		}
	}
}

// Write sends those writes again that found the system busy, and only those.
// Each outcome is that of the write's last attempt, in the order of writes.
func (r *Retrying) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	outcomes := send(ctx, r.Remote, writes)
	for try := 1; ; try++ {
		failed, after := busyOnes(outcomes)
		if len(failed) == 0 || !r.wait(ctx, try, after) {
			return outcomes
		}
		repeated := make([]connector.Write, len(failed))
		for n, i := range failed {
			repeated[n] = writes[i]
		}
		for n, o := range send(ctx, r.Remote, repeated) {
			outcomes[failed[n]] = o
		}
	}
}

// busyOnes returns the positions of the writes that found the system busy, and
// the longest wait that it asked for.
func busyOnes(outcomes []connector.Outcome) (positions []int, after time.Duration) {
	for i, o := range outcomes {
		if o.Fault != nil && o.Fault.Kind == connector.Busy {
			positions = append(positions, i)
			after = max(after, o.Fault.RetryAfter)
		}
	}
	return positions, after
}

// send writes and sees to it that every write has its outcome: with another
// number of outcomes nobody can say whose they are.
func send(ctx context.Context, to connector.Remote, writes []connector.Write) []connector.Outcome {
	outcomes := to.Write(ctx, writes)
	if len(outcomes) == len(writes) {
		return outcomes
	}
	return unsent(writes, &connector.Fault{Kind: connector.Unknown,
		Message: fmt.Sprintf("%s gave %d answers to %d writes", to.Name(), len(outcomes), len(writes))})
}

// wait waits before the next try and reports whether there is one.
func (r *Retrying) wait(ctx context.Context, try int, after time.Duration) bool {
	if try >= r.patience.Tries || after > r.patience.Longest {
		return false
	}
	d, ok := r.draw(try)
	return ok && r.clock.Sleep(ctx, max(after, 0)+d) == nil
}

// draw takes one repeat of the run's and draws the wait before it.
func (r *Retrying) draw(try int) (d time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left <= 0 {
		return 0, false
	}
	r.left--
	ceiling := r.patience.First
	for range try - 1 {
		ceiling = min(2*ceiling, r.patience.Longest) // in steps: a shift could overflow
	}
	if ceiling = min(ceiling, r.patience.Longest); ceiling <= 0 {
		return 0, true
	}
	return time.Duration(r.random.Int64N(int64(ceiling) + 1)), true
}
