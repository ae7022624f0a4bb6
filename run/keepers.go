package run

import (
	"cmp"
	"context"
	"slices"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// A contact that others were merged into by hand keeps their match keys, so that
// two records of a source may lead to it: its own, and that of the one merged
// away. The first counts; the second is its duplicate (settled question 6), or
// the values that a person chose not to keep would come back with every run.
// Groups of such keys are therefore resolved when all others of their pass are.

// shared is a group with a contact that may keep the key for another.
type shared struct {
	hash uint64
	plan.Group
}

// loadKeepers finds out which contacts of the target others were merged into.
func (p *planning) loadKeepers(ctx context.Context) error {
	if p.target.BookID() == 0 {
		return nil
	}
	refs, err := p.engine.Journal.Keepers(ctx, p.target.BookID())
	for _, ref := range refs {
		p.keepers.add(ref)
	}
	return err
}

// take notes that a contact is a record's.
func (p *planning) take(ref, row int64) {
	p.taken.add(ref)
	if p.keepers.has(ref) {
		p.holders[ref] = row
	}
}

// holderOf is the record that took a contact which others were merged into, or -1.
func (p *planning) holderOf(ref int64) int64 {
	if row, ok := p.holders[ref]; ok {
		return row
	}
	return -1
}

// sortOutShared looks whose keys the shared groups have. Groups of contacts' own
// keys join the doubtful ones; the others are returned, in the order in which
// their records count.
func (p *pass) sortOutShared(ctx context.Context) (merged []plan.Group, err error) {
	if len(p.shared) == 0 {
		return nil, nil
	}
	var refs []int64
	for _, s := range p.shared {
		for _, k := range s.Candidates {
			refs = append(refs, k.Ref)
		}
	}
	contacts, err := p.fetch(ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, s := range p.shared {
		if p.markMerged(s, contacts) {
			merged = append(merged, s.Group)
		} else {
			p.doubtful = append(p.doubtful, s.Group)
		}
	}
	p.shared = nil
	slices.SortFunc(merged, func(a, b plan.Group) int { return cmp.Compare(a.Claims[0].Row, b.Claims[0].Row) })
	if p.book.Sync.Duplicates == plan.LastWins {
		slices.Reverse(merged)
	}
	return merged, nil
}

// markMerged marks the candidates whose own keys the group's is not, and reports
// whether there is one.
func (p *pass) markMerged(s shared, contacts map[int64]contact.Record) (any bool) {
	for i := range s.Candidates {
		k := &s.Candidates[i]
		k.Merged = p.isMerged(k.Ref, s.hash, contacts)
		any = any || k.Merged
	}
	return any
}

// isMerged reports whether a contact may have a key for another that was merged
// into it. A telephone may be its own and that of the other as well.
func (p *pass) isMerged(ref int64, hash uint64, contacts map[int64]contact.Record) bool {
	found, ok := contacts[ref]
	if !ok || !p.keepers.has(ref) {
		return false
	}
	own := slices.ContainsFunc(p.book.KeysFor(p.rule, found.Values, nil), func(key string) bool {
		return p.engine.Secret.Hash(key) == hash
	})
	return !own || p.rule.Base() == plan.ByPhone
}
