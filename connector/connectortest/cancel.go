package connectortest

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
)

func lastError[T any](list iter.Seq2[T, error]) (last error) {
	for _, err := range list {
		last = err
	}
	return last
}

func wantCancelled(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%s after the context was cancelled: got %v, want %v", what, err, context.Canceled)
	}
}

// leavesNothing fails when f leaves goroutines behind that do not settle.
func leavesNothing(t *testing.T, f func()) {
	t.Helper()
	before := runtime.NumGoroutine()
	f()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("goroutines: got %d, want %d as before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}

func (s Suite) cancelledTarget(t *testing.T) {
	target := s.Target(t, Schema, People())
	run := s.run(t, target)
	before, refs := state(t, target), owned(t, target, 0)
	leavesNothing(t, func() {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := target.State(ended)
		wantCancelled(t, "state", err)
		_, err = target.Lookup(ended, plan.ByEmail, []uint64{1})
		wantCancelled(t, "lookup", err)
		wantCancelled(t, "fetch", lastError(target.Fetch(ended, refs)))
		wantCancelled(t, "owned", lastError(target.Owned(ended, 0)))
		wantCancelled(t, "add fields", target.AddFields(ended, extra))
		_, err = target.Write(ended, connector.Batch{Run: run, Now: now, Position: -1, Changes: []plan.Change{{Action: plan.Remove, Ref: refs[0]}}})
		wantCancelled(t, "write", err)
		if k, ok := target.(keeper); ok {
			wantCancelled(t, "keep", k.Keep(ended, io.Discard))
		}
	})
	if got := state(t, target); got != before {
		t.Errorf("state: got %s, want %s", got, before)
	}
	sameRows(t, "records", contents(t, target), People())
}
