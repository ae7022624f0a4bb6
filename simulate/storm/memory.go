package storm

import (
	"context"
	"errors"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// errDead is what a process meets that has died: nothing of it becomes durable any
// more, and none of its calls arrives anywhere.
var errDead = errors.New("the process is dead (simulated)")

// effect counts something that becomes durable, or is seen by the vendor. The process
// dies before or after the one that the step says. Whatever it does then has no effect,
// which is as good as to stop it on the spot, also where calls are made by several
// goroutines.
func (w *world) effect(do func() error) error {
	if w.dead {
		return errDead
	}
	w.effects++
	last := w.crashAt > 0 && w.effects == w.crashAt
	if last && w.rng.IntN(2) == 0 {
		w.dead = true
		return errDead
	}
	err := do()
	if last {
		w.dead = true
		return errDead
	}
	return err
}

// memory is the engine's, where the process may die before or after everything that
// becomes durable.
type memory struct {
	*store.Store
	w *world
}

var _ link.Memory = memory{}

func (m memory) CreateRun(ctx context.Context, r *store.Run) error {
	return m.w.effect(func() error { return m.Store.CreateRun(ctx, r) })
}

func (m memory) UpdateRun(ctx context.Context, r *store.Run) error {
	return m.w.effect(func() error { return m.Store.UpdateRun(ctx, r) })
}

func (m memory) DropPlans(ctx context.Context, sync int64) error {
	return m.w.effect(func() error { return m.Store.DropPlans(ctx, sync) })
}

func (m memory) ClearPlan(ctx context.Context, run int64) error {
	return m.w.effect(func() error { return m.Store.ClearPlan(ctx, run) })
}

func (m memory) AppendPlan(ctx context.Context, run int64, blocks []store.Block, seq int64, changes []plan.Change) error {
	return m.w.effect(func() error { return m.Store.AppendPlan(ctx, run, blocks, seq, changes) })
}

func (m memory) TakeListing(ctx context.Context, l store.Listing) (p store.Pair, err error) {
	err = m.w.effect(func() error { p, err = m.Store.TakeListing(ctx, l); return err })
	return p, err
}

func (m memory) SaveProgress(ctx context.Context, p store.Progress, retry []store.Retry) error {
	return m.w.effect(func() error { return m.Store.SaveProgress(ctx, p, retry) })
}

func (m memory) Intend(ctx context.Context, pair, epoch int64, intents []store.Intent) error {
	return m.w.effect(func() error { return m.Store.Intend(ctx, pair, epoch, intents) })
}

func (m memory) WriteLinks(ctx context.Context, b store.LinkBatch) error {
	return m.w.effect(func() error { return m.Store.WriteLinks(ctx, b) })
}

// mortalBook is the address book's side, with the same dangers.
type mortalBook struct {
	link.Book
	w *world
}

func (b mortalBook) Reserve(ctx context.Context, run, n int64) (first int64, err error) {
	err = b.w.effect(func() error { first, err = b.Book.Reserve(ctx, run, n); return err })
	return first, err
}

func (b mortalBook) WriteLinked(ctx context.Context, batch connector.Batch, links func([]int64) store.LinkBatch) (results []connector.Result, err error) {
	b.w.goOn()
	err = b.w.effect(func() error { results, err = b.Book.WriteLinked(ctx, batch, links); return err })
	return results, err
}
