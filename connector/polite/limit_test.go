package polite_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/polite"
)

// In any stretch of time t at most Burst + PerSecond * t calls begin, and nobody
// waits when there is room.
func TestPropNoStretchHasMoreCallsThanItsPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := polite.Pace{PerSecond: float64(rapid.IntRange(1, 50).Draw(t, "perSecond")), Burst: rapid.IntRange(0, 10).Draw(t, "burst")}
		c := newClock()
		var begun []time.Time
		r := polite.Limit(&scripted{during: func() { begun = append(begun, c.Now()) }}, p, c)
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			_ = c.Sleep(ctx, time.Duration(rapid.Int64Range(0, int64(300*time.Millisecond)).Draw(t, "pause")))
			before := c.Now()
			_, _ = r.Schema(ctx)
			if waited := c.Now().Sub(before); waited > time.Duration(float64(time.Second)/p.PerSecond) {
				t.Fatalf("a lone caller waited %v at %v a second", waited, p.PerSecond)
			}
		}
		for i := range begun {
			for j := i; j < len(begun); j++ {
				stretch := begun[j].Sub(begun[i])
				// One more may begin at the very end, and an interval is whole nanoseconds.
				most := float64(max(p.Burst, 1)) + p.PerSecond*(stretch+time.Duration(len(begun))).Seconds()
				if n := j - i + 1; float64(n) > most+1e-9 {
					t.Fatalf("%d calls began within %v, want at most %.3f (%+v)", n, stretch, most, p)
				}
			}
		}
	})
}

func TestABurstAfterAPause(t *testing.T) {
	c := newClock()
	r := polite.Limit(&scripted{}, polite.Pace{PerSecond: 2, Burst: 3}, c)
	for range 5 {
		_, _ = r.Schema(ctx)
	}
	equal(t, "waits of five calls at once", fmt.Sprint(c.slept), "[500ms 500ms]")
}

func TestNoPaceIsNoWait(t *testing.T) {
	c := newClock()
	r := polite.Limit(&scripted{}, polite.Pace{}, c)
	for range 100 {
		_, _ = r.Schema(ctx)
	}
	equal(t, "waits", len(c.slept), 0)
}

func TestNoMoreCallsAtOnceThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var under atomic.Int64
		release := make(chan bool)
		s := &scripted{pages: map[string][]step{"": {complete(page("1", "a"))}}, during: func() {
			under.Add(1)
			<-release
			under.Add(-1)
		}}
		r := polite.Limit(s, polite.Pace{AtOnce: 3}, newClock())
		for _, call := range []func(){
			func() { _, _ = r.Schema(ctx) },
			func() { _, _ = r.Fetch(ctx, nil) },
			func() { _, _ = r.Find(ctx, "email", nil) },
			func() { r.Write(ctx, creates("a")) },
			func() { _, _ = list(r, "") },
			func() { _, _ = r.Schema(ctx) },
		} {
			go call()
		}
		for _, want := range []int64{3, 3, 3, 3, 2, 1, 0} {
			synctest.Wait() // until nobody can go on
			equal(t, "calls at once", under.Load(), want)
			if want > 0 {
				release <- true
			}
		}
	})
}

// A listing lets go of its turn while its caller looks at a page: otherwise a
// caller that writes would wait for itself.
func TestACallerMayWriteWhileItLists(t *testing.T) {
	s := &scripted{pages: map[string][]step{"": {page("1", "a"), page("2", "b"), complete(page("3", "c"))}}}
	c := newClock()
	r := polite.Limit(s, polite.Pace{PerSecond: 1, AtOnce: 1}, c)
	for _, err := range r.Changes(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		r.Write(ctx, creates("a"))
	}
	equal(t, "writes", len(s.sent), 3)
	equal(t, "waits of six calls", len(c.slept), 5)
	_, _ = r.Schema(ctx) // every turn was given back
	for _, err := range r.Changes(ctx, "") {
		if err != nil {
			t.Error(err)
		}
		break
	}
	_, _ = r.Schema(ctx)
}

func TestACancelledWaitSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(ctx)
	c := newClock()
	s := &scripted{}
	r := polite.Limit(s, polite.Pace{PerSecond: 1, AtOnce: 1}, c)
	_, _ = r.Schema(ctx)
	cancel()
	got := r.Write(ctx, creates("a", "b"))
	for _, o := range got {
		if kindOf(o.Fault) != connector.Busy || !errors.Is(o.Fault, context.Canceled) {
			t.Errorf("outcome %v, want Busy because of context.Canceled", o.Fault)
		}
	}
	equal(t, "outcomes", len(got), 2)
	equal(t, "calls of Write", len(s.sent), 0)
	if _, err := r.Fetch(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Fetch: got %v, want context.Canceled", err)
	}
	for _, err := range r.Changes(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Changes: got %v, want context.Canceled", err)
		}
	}
	// Whoever gave up has left: otherwise this waits for ever.
	if _, err := r.Schema(context.Background()); err != nil {
		t.Error(err)
	}
}
