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

// A Pace is how fast a system may be called. The zero value is any.
type Pace struct {
	// PerSecond is how many calls a second are made in the long run; Burst how
	// many may come at once after a pause, 1 when 0.
	PerSecond float64
	Burst     int
	// AtOnce is how many calls may be under way.
	AtOnce int
}

// A Limited remote is called no faster than its pace: in any stretch of time t
// at most Burst + PerSecond * t calls begin, whoever makes them. One Limited
// serves everybody who uses the connection.
//
// The bucket is our own: it is a dozen lines, and golang.org/x/time/rate would
// be another module for them.
type Limited struct {
	connector.Remote
	clock Clock
	slots chan struct{} // nil for any number

	mu       sync.Mutex
	interval time.Duration // between calls in the long run; 0 for any pace
	slack    time.Duration // how far ahead of that a burst may be
	due      time.Time     // of the next call in the long run
}

// Limit wraps a remote.
func Limit(r connector.Remote, p Pace, c Clock) *Limited {
	l := &Limited{Remote: r, clock: c}
	if p.PerSecond > 0 {
		l.interval = time.Duration(float64(time.Second) / p.PerSecond)
		l.slack = time.Duration(max(p.Burst, 1)-1) * l.interval
	}
	if p.AtOnce > 0 {
		l.slots = make(chan struct{}, p.AtOnce)
	}
	return l
}

// enter waits for a call's turn. Who has entered leaves.
func (l *Limited) enter(ctx context.Context) error {
	if l.slots != nil {
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("wait for a turn: %w", ctx.Err())
		}
	}
	d := l.reserve()
	if d <= 0 {
		return nil
	}
	if err := l.clock.Sleep(ctx, d); err != nil {
		l.leave()
		return fmt.Errorf("wait for a turn: %w", err)
	}
	return nil
}

func (l *Limited) leave() {
	if l.slots != nil {
		<-l.slots
	}
}

// reserve takes the next turn and returns how long it is until then. Turns are
// given in the order of asking (the generic cell rate algorithm).
func (l *Limited) reserve() time.Duration {
	if l.interval == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	turn := later(now, l.due.Add(-l.slack))
	l.due = later(l.due, turn).Add(l.interval)
	return turn.Sub(now)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Schema waits for its turn.
func (l *Limited) Schema(ctx context.Context) (contact.Schema, error) {
	if err := l.enter(ctx); err != nil {
		return contact.Schema{}, err
	}
	defer l.leave()
	return l.Remote.Schema(ctx)
}

// Fetch waits for its turn.
func (l *Limited) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.leave()
	return l.Remote.Fetch(ctx, ids)
}

// Find waits for its turn.
func (l *Limited) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.leave()
	return l.Remote.Find(ctx, field, values)
}

// Write waits for its turn. Nothing is sent when the context ends before.
func (l *Limited) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	if err := l.enter(ctx); err != nil {
		return unsent(writes, err)
	}
	defer l.leave()
	return l.Remote.Write(ctx, writes)
}

// Changes waits for a turn before every page. While the caller looks at a page
// the listing is not under way, so that it can write in between. A turn is also
// spent on learning that there is no further page.
func (l *Limited) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return paced(ctx, l.Remote.Changes(ctx, since), l.enter, l.leave)
}

// paced calls enter before, and leave after, every page of a listing.
func paced(ctx context.Context, pages iter.Seq2[connector.Page, error], enter func(context.Context) error, leave func()) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		if err := enter(ctx); err != nil {
			yield(connector.Page{}, err)
			return
		}
		inside := true
		defer func() {
			if inside {
				leave()
			}
		}()
		for page, err := range pages {
			leave()
			inside = false
			if !yield(page, err) || err != nil || page.Complete {
				return
			}
			if err := enter(ctx); err != nil {
				yield(connector.Page{}, err)
				return
			}
			inside = true
		}
	}
}
