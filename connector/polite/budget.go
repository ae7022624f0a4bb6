package polite

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// An Allowance is how many calls a connection may make on one day.
type Allowance struct {
	PerDay int            // any number when 0
	Zone   *time.Location // in which a day begins at midnight; UTC when nil
}

// A Ledger remembers how many calls a connection has made on a day. It outlives
// runs, and all who use the connection share it.
type Ledger interface {
	// Spend counts one more call on a day ("2026-11-22") and reports true, or
	// reports false and counts nothing when limit calls were made.
	Spend(ctx context.Context, day string, limit int) (bool, error)
}

// A Spender is a remote that makes more than one call of some writes.
type Spender interface {
	// Calls is about how many calls it makes of writes.
	Calls(writes []connector.Write) int
}

// A Budgeted remote makes no more calls than it is allowed on a day. From then on
// every call faults with Quota and the time of renewal, and so does every call
// after the system itself has said that its quota is spent.
type Budgeted struct {
	connector.Remote
	allowance Allowance
	ledger    Ledger
	clock     Clock

	mu     sync.Mutex
	paused time.Time // until when the system itself has no quota left
}

// Budget wraps a remote.
func Budget(r connector.Remote, a Allowance, l Ledger, c Clock) *Budgeted {
	if a.Zone == nil {
		a.Zone = time.UTC
	}
	return &Budgeted{Remote: r, allowance: a, ledger: l, clock: c}
}

// spend counts a call, or says why it must not be made.
func (b *Budgeted) spend(ctx context.Context) error {
	now := b.clock.Now().In(b.allowance.Zone)
	b.mu.Lock()
	until := b.paused
	b.mu.Unlock()
	if now.Before(until) {
		return quota(now, until)
	}
	if b.allowance.PerDay == 0 {
		return nil
	}
	ok, err := b.ledger.Spend(ctx, now.Format(time.DateOnly), b.allowance.PerDay)
	if err != nil {
		return fmt.Errorf("count a call: %w", err)
	}
	if !ok {
		return quota(now, midnight(now))
	}
	return nil
}

// heed remembers that the system says its quota is spent.
func (b *Budgeted) heed(fault *connector.Fault) {
	if fault == nil || fault.Kind != connector.Quota {
		return
	}
	now := b.clock.Now().In(b.allowance.Zone)
	until := now.Add(fault.RetryAfter)
	if fault.RetryAfter <= 0 {
		until = midnight(now)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paused = later(b.paused, until)
}

// quota is the fault of a call that is not made before until.
func quota(now, until time.Time) *connector.Fault {
	layout := "15:04"
	if until.After(midnight(now)) {
		layout = "2 January 15:04"
	}
	return &connector.Fault{
		Kind:       connector.Quota,
		Message:    "paused for quota, resumes " + until.In(now.Location()).Format(layout) + " " + now.Location().String(),
		RetryAfter: until.Sub(now),
	}
}

// midnight is the first moment of the next day in now's zone: 01:00 where clocks
// are put forward at midnight, which time.Date may take for 23:00.
func midnight(now time.Time) time.Time {
	y, m, d := now.Date()
	for hour := 0; ; hour++ {
		t := time.Date(y, m, d+1, hour, 0, 0, 0, now.Location())
		if t.Day() != d {
			return t
		}
	}
}

// Schema is one call.
func (b *Budgeted) Schema(ctx context.Context) (contact.Schema, error) {
	return spent(ctx, b, func() (contact.Schema, error) { return b.Remote.Schema(ctx) })
}

// Fetch is one call.
func (b *Budgeted) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	return spent(ctx, b, func() ([]connector.Item, error) { return b.Remote.Fetch(ctx, ids) })
}

// Find is one call.
func (b *Budgeted) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	return spent(ctx, b, func() ([]connector.Item, error) { return b.Remote.Find(ctx, field, values) })
}

func spent[T any](ctx context.Context, b *Budgeted, call func() (T, error)) (got T, err error) {
	if err := b.spend(ctx); err != nil {
		return got, err
	}
	got, err = call()
	b.heed(faultOf(err))
	return got, err
}

// Write is one call for all its writes, or as many as a Spender says.
func (b *Budgeted) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	calls := 1
	if s, ok := b.Remote.(Spender); ok {
		calls = max(1, s.Calls(writes))
	}
	for range calls {
		if err := b.spend(ctx); err != nil {
			return unsent(writes, err)
		}
	}
	outcomes := b.Remote.Write(ctx, writes)
	for _, o := range outcomes {
		b.heed(o.Fault)
	}
	return outcomes
}

// Changes is one call for each page, and one that finds no further page.
func (b *Budgeted) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return paced(ctx, func(yield func(connector.Page, error) bool) {
		for page, err := range b.Remote.Changes(ctx, since) {
			b.heed(faultOf(err))
			if !yield(page, err) {
				return
			}
		}
	}, b.spend, func() {})
}

// A Tally is a ledger in memory.
type Tally struct {
	mu   sync.Mutex
	days map[string]int
}

// Spend counts one more call on a day.
func (t *Tally) Spend(_ context.Context, day string, limit int) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.days[day] >= limit {
		return false, nil
	}
	if t.days == nil {
		t.days = map[string]int{}
	}
	t.days[day]++
	return true, nil
}
