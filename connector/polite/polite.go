// Package polite makes Kith a good guest of the systems it talks to: it wraps a
// connector.Remote so that calls are repeated when the system is busy, kept to
// its pace, and stopped when the day's allowance is spent. Connectors do not
// know it exists, and it knows no system. Put together they are
//
//	polite.Retry(polite.Limit(polite.Budget(polite.Count(remote))))
//
// so that every attempt waits its turn and is counted, and waiting costs nothing.
package polite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kith-sync/kith/connector"
)

// A Clock tells and passes the time. Tests and simulations hand in their own.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or at once with the context's error when that ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// Real is the clock on the wall.
type Real struct{}

// Now is the time.
func (Real) Now() time.Time { return time.Now() }

// Sleep waits.
func (Real) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// faultOf returns the fault that an error is, or nil.
func faultOf(err error) *connector.Fault {
	fault, _ := errors.AsType[*connector.Fault](err)
	return fault
}

// unsent says of every write that it was not sent, and why.
func unsent(writes []connector.Write, err error) []connector.Outcome {
	fault := faultOf(err)
	if fault == nil {
		fault = &connector.Fault{Kind: connector.Busy, Err: fmt.Errorf("not sent: %w", err)}
	}
	outcomes := make([]connector.Outcome, len(writes))
	for i := range outcomes {
		outcomes[i].Fault = fault
	}
	return outcomes
}
