package hubspot

import (
	"context"
	"sync"
	"time"
)

// HubSpot allows an account five searches a second. We leave it a little longer:
// a request may be on its way faster than the one before it.
const (
	searches = 5
	second   = 1100 * time.Millisecond
)

// A pace lets no more than five searches begin within a second.
type pace struct {
	mu    sync.Mutex
	begun [searches]time.Time // a ring
	next  int
}

// wait returns when a search may begin. Turns are given in the order of asking.
func (p *pace) wait(ctx context.Context, clock Clock) error {
	p.mu.Lock()
	now := clock.Now()
	turn := p.begun[p.next].Add(second)
	if turn.Before(now) {
		turn = now
	}
	p.begun[p.next] = turn
	p.next = (p.next + 1) % searches
	p.mu.Unlock()
	if d := turn.Sub(now); d > 0 {
		return clock.Sleep(ctx, d)
	}
	return ctx.Err()
}
