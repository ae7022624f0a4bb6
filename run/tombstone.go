package run

import (
	"context"

	"github.com/kith-sync/kith/plan"
)

// A contact that a person threw away stays away: a source that still has it does
// not bring it back (settled question 23). What the sync itself or an undo
// removed comes again as usual, unless it had opted out: a new contact would be
// one whom nobody knows to have said no.

// loadTombstones collects the identities of the contacts that people threw away.
func (p *planning) loadTombstones(ctx context.Context) error {
	p.tombstones = map[[2]uint64]bool{}
	if p.target.BookID() == 0 {
		return nil
	}
	gone, err := p.engine.Journal.Tombstones(ctx, p.target.BookID())
	if err != nil {
		return err
	}
	for _, c := range gone {
		for _, rule := range p.book.Rules {
			keys := p.book.KeysFor(rule, c.Values, nil)
			if len(keys) > 0 {
				p.tombstones[[2]uint64{uint64(plan.NumberOf(rule)), p.engine.Secret.Hash(keys[0])}] = true
				break // its identity is its best key
			}
		}
	}
	return nil
}

// thrownAway reports whether a record is somebody a person threw away.
func (p *planning) thrownAway(note rowNote) bool {
	for _, rule := range p.book.Rules {
		if key := note.Keys[plan.NumberOf(rule)-1]; key != 0 {
			return p.tombstones[[2]uint64{uint64(plan.NumberOf(rule)), key}]
		}
	}
	return false
}
