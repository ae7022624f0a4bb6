package polite

import (
	"context"
	"iter"
	"sync"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Counts are the calls that were made, by method.
type Counts struct {
	Schema, Changes, Fetch, Find, Write int
	Pages                               int // that listings have handed on
	Writes                              int // that the calls of Write carried
}

// A Counted remote counts calls, for tests and benchmarks.
type Counted struct {
	connector.Remote
	mu     sync.Mutex
	counts Counts
}

// Count wraps a remote.
func Count(r connector.Remote) *Counted { return &Counted{Remote: r} }

// Counts returns what was counted until now.
func (c *Counted) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

func (c *Counted) add(count func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count(&c.counts)
}

// Schema counts a call.
func (c *Counted) Schema(ctx context.Context) (contact.Schema, error) {
	c.add(func(n *Counts) { n.Schema++ })
	return c.Remote.Schema(ctx)
}

// Fetch counts a call.
func (c *Counted) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	c.add(func(n *Counts) { n.Fetch++ })
	return c.Remote.Fetch(ctx, ids)
}

// Find counts a call.
func (c *Counted) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	c.add(func(n *Counts) { n.Find++ })
	return c.Remote.Find(ctx, field, values)
}

// Write counts a call and its writes.
func (c *Counted) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	c.add(func(n *Counts) { n.Write++; n.Writes += len(writes) })
	return c.Remote.Write(ctx, writes)
}

// Changes counts a listing when it is begun, and its pages.
func (c *Counted) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		c.add(func(n *Counts) { n.Changes++ })
		for page, err := range c.Remote.Changes(ctx, since) {
			if err == nil {
				c.add(func(n *Counts) { n.Pages++ })
			}
			if !yield(page, err) {
				return
			}
		}
	}
}
