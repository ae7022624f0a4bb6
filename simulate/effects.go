package simulate

import (
	"context"
	"errors"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// errDisk is what the store says of a full disk.
var errDisk = errors.New("the disk is full (simulated)")

// effect counts something that becomes durable, or is seen by a remote, and dies
// before or after it where the step says so.
func (w *world) effect(do func() error) error {
	w.effects++
	if w.crashAt > 0 && w.effects == w.crashAt && w.rng.IntN(2) == 0 {
		panic(crash{})
	}
	err := do()
	if w.crashAt > 0 && w.effects >= w.crashAt {
		w.crashAt = 0
		panic(crash{})
	}
	return err
}

// durable is an effect on the store, which may have no room left.
func (w *world) durable(do func() error) error {
	return w.effect(func() error {
		if w.rate > 0 && w.rng.Float64() < w.rate/20 {
			w.result.Faults++
			w.say("fault: disk full")
			return errDisk
		}
		return do()
	})
}

// effects is the engine's memory, where the process may die before or after
// everything that becomes durable.
type effects struct {
	*store.Store
	s *system
}

var _ link.Memory = effects{}

func (m effects) CreateRun(ctx context.Context, r *store.Run) error {
	return m.s.durable(func() error { return m.Store.CreateRun(ctx, r) })
}

func (m effects) UpdateRun(ctx context.Context, r *store.Run) error {
	return m.s.durable(func() error { return m.Store.UpdateRun(ctx, r) })
}

func (m effects) DropPlans(ctx context.Context, sync int64) error {
	return m.s.durable(func() error { return m.Store.DropPlans(ctx, sync) })
}

func (m effects) ClearPlan(ctx context.Context, run int64) error {
	return m.s.durable(func() error { return m.Store.ClearPlan(ctx, run) })
}

func (m effects) AppendPlan(ctx context.Context, run int64, blocks []store.Block, seq int64, changes []plan.Change) error {
	return m.s.durable(func() error { return m.Store.AppendPlan(ctx, run, blocks, seq, changes) })
}

func (m effects) TakeListing(ctx context.Context, l store.Listing) (p store.Pair, err error) {
	err = m.s.durable(func() error { p, err = m.Store.TakeListing(ctx, l); return err })
	return p, err
}

func (m effects) SaveProgress(ctx context.Context, p store.Progress, retry []store.Retry) error {
	return m.s.durable(func() error { return m.Store.SaveProgress(ctx, p, retry) })
}

func (m effects) Intend(ctx context.Context, pair, epoch int64, intents []store.Intent) error {
	return m.s.durable(func() error {
		if err := m.Store.Intend(ctx, pair, epoch, intents); err != nil {
			return err
		}
		for _, i := range intents {
			if _, known := m.s.refOf[i.Key]; !known {
				m.s.intended[i.Key] = m.s.ranSince
			}
			m.s.refOf[i.Key], m.s.wantedBy[i.Key] = i.Ref, i.Run
		}
		return nil
	})
}

func (m effects) WriteLinks(ctx context.Context, b store.LinkBatch) error {
	return m.s.durable(func() error { return m.Store.WriteLinks(ctx, b) })
}

// bookEffects is the address book's side, with the same dangers.
type bookEffects struct {
	link.Book
	s *system
}

func (b bookEffects) Reserve(ctx context.Context, run, n int64) (first int64, err error) {
	err = b.s.durable(func() error { first, err = b.Book.Reserve(ctx, run, n); return err })
	return first, err
}

func (b bookEffects) WriteLinked(ctx context.Context, batch connector.Batch, links func([]int64) store.LinkBatch) (results []connector.Result, err error) {
	if slices.Contains(b.s.Finds, "email") {
		b.s.ranSince = b.s.remote.seq // who is there by now is found before a create
	}
	b.s.peopleGoOn(true)
	b.s.watchBook(batch)
	var before map[int64]map[string]string
	if b.s.undoing {
		before = b.s.contacts()
	}
	err = b.s.durable(func() error {
		results, err = b.Book.WriteLinked(ctx, batch, links)
		b.s.say("book %v %v", batch.Changes, results)
		for i, c := range batch.Changes {
			if err == nil && results[i].Refused == "" {
				if c.Action == plan.Remove {
					b.s.removedHere++
				}
				if b.s.undoing {
					b.s.watchUndoHere(c, before[c.Ref])
				}
				b.s.did["here "+c.SourceID] = c.Ref
				b.s.act("here " + c.SourceID)
			}
		}
		return err
	})
	return results, err
}
