package run

import (
	"cmp"
	"context"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/spill"
)

// With secondary: true people are also found by their second e-mails and
// telephones, in a pass of its own behind that of the main card (requirements 3.2).
// There a record has several keys and may meet several contacts, so that what
// depends on each other is gathered first and then judged as one group.

// hashSecond notes all e-mails and telephones of a record, and returns for how many
// rules there are any.
func (p *planning) hashSecond(values []string, note *rowNote) (usable int) {
	for i, base := range []plan.Rule{plan.ByEmail, plan.ByPhone} {
		rule, ok := p.book.Any(base)
		if !ok {
			continue
		}
		for _, key := range p.book.KeysFor(rule, values, nil) {
			note.Second[i] = append(note.Second[i], p.engine.Secret.Hash(key))
		}
		if len(note.Second[i]) > 0 {
			usable++
		}
	}
	return usable
}

// second are a record's keys for a rule by which it has several.
func (n *rowNote) second(rule plan.Rule) []uint64 {
	if rule.Base() == plan.ByEmail {
		return n.Second[0]
	}
	return n.Second[1]
}

// enterSecond adds the keys of such a rule to its entries; the third word of an
// entry says that the key is the main card's. It reports whether there are any.
func (p *planning) enterSecond(rule plan.Rule, note rowNote, number int64, flags uint64) (bool, error) {
	keys := note.second(rule)
	for _, key := range keys {
		own := uint64(0)
		if key == note.Keys[plan.NumberOf(rule)-1] {
			own = 1
		}
		if err := p.entries[rule].Add(spill.Record{key, uint64(number)<<flagBits | flags, own}); err != nil {
			return false, err
		}
	}
	return len(keys) > 0, nil
}

// lookup finds the contacts that have keys with these hashes, wherever the target
// keeps them.
func lookup(ctx context.Context, target connector.Index, rule plan.Rule, hashes []uint64) (hits []connector.Hit, err error) {
	kept := rule.Indexes()
	for _, index := range kept {
		some, err := target.Lookup(ctx, index, hashes)
		if err != nil {
			return nil, err
		}
		hits = append(hits, some...)
	}
	if len(kept) > 1 {
		slices.SortFunc(hits, func(a, b connector.Hit) int { return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Ref, b.Ref)) })
	}
	return hits, nil
}

// several is what a pass by several keys has met so far.
type several struct {
	group plan.Group
	at    map[int64]int // record -> its place among the claims
}

// gather puts a group of one key into the group of all, unless nothing is to be
// decided in it and nobody to be protected.
func (p *pass) gather(g plan.Group, entries []spill.Record) {
	undecided := slices.ContainsFunc(g.Claims, func(c plan.Claim) bool { return !c.Decided && !c.Ghost })
	free := slices.ContainsFunc(g.Candidates, func(k plan.Candidate) bool { return !k.Taken })
	if !undecided && !free {
		return
	}
	all := &p.all
	if all.at == nil {
		all.at, all.group = map[int64]int{}, plan.Group{Rule: p.rule}
	}
	key := entries[0][0]
	for i, c := range g.Claims {
		at, met := all.at[c.Row]
		if !met {
			at = len(all.group.Claims)
			all.at[c.Row] = at
			all.group.Claims = append(all.group.Claims, c)
		}
		known := &all.group.Claims[at]
		known.Keys = append(known.Keys, key)
		if entries[i][2] == 1 {
			known.Own = key
		}
	}
	for _, k := range g.Candidates {
		k.Key = key
		all.group.Candidates = append(all.group.Candidates, k)
	}
}

// resolveGathered judges all that a pass by several keys has gathered.
func (p *pass) resolveGathered(ctx context.Context) error {
	if len(p.all.group.Claims) == 0 {
		return nil
	}
	g := p.all.group
	p.all.group, p.all.at = plan.Group{}, nil
	var refs []int64
	for _, k := range g.Candidates {
		refs = append(refs, k.Ref)
	}
	contacts, err := p.fetch(ctx, refs)
	if err != nil {
		return err
	}
	for i := range g.Candidates {
		k := &g.Candidates[i]
		k.Merged = p.isMerged(k.Ref, k.Key, contacts)
	}
	p.doubtful = append(p.doubtful, g)
	return p.resolveDoubtful(ctx)
}

// SecondKeeper is a target that may keep the keys of second e-mails and telephones.
type SecondKeeper interface{ KeepsSecond() bool }

// indexSecond gives created contacts, whose first handle is ref, the keys of their
// second e-mails and telephones, where the target keeps these.
func (a *applying) indexSecond(ctx context.Context, taker KeyTaker, ref int64) error {
	keeper, ok := a.target.(SecondKeeper)
	if !ok || !keeper.KeepsSecond() {
		return nil
	}
	schema, err := a.target.Schema(ctx)
	if err != nil {
		return err
	}
	ring := plan.NewKeyring(schema, a.target.Region(), false)
	sorters := make([]*spill.Sorter, len(plan.SecondRules))
	for i := range sorters {
		sorters[i] = spill.New(a.engine.Temp, maxHash)
		defer sorters[i].Close()
	}
	var refs []int64
	for last := ref + a.run.Totals.Created + a.run.Totals.Failed; ref < last; ref += int64(len(refs)) {
		refs = refs[:0]
		for at := ref; at < last && len(refs) < directBatch; at++ {
			refs = append(refs, at)
		}
		for found, err := range a.target.Fetch(ctx, refs) {
			if err != nil {
				return err
			}
			for i, rule := range plan.SecondRules {
				for _, key := range ring.Keys(rule, found.Values, nil) {
					if err := sorters[i].Add(spill.Record{a.engine.Secret.Hash(key), uint64(found.Ref)}); err != nil {
						return err
					}
				}
			}
		}
	}
	for i, rule := range plan.SecondRules {
		if err := addKeys(ctx, taker, rule, sorters[i]); err != nil {
			return err
		}
	}
	return nil
}

// secondThrownAway reports whether a record that only second e-mails tell is
// somebody a person threw away.
func (d *decider) secondThrownAway(note rowNote, number int64) (bool, error) {
	rule, ok := d.book.Any(plan.ByEmail)
	if !ok || note.Create != plan.Create || note.Keys[plan.NumberOf(plan.ByEmail)-1] != 0 || len(d.tombstones) == 0 {
		return false, nil
	}
	row, err := d.in.At(number)
	if err != nil {
		return false, err
	}
	for _, key := range d.book.KeysFor(rule, d.book.Translate(d.in.Texts(row)).Values, nil) {
		if d.tombstones[[2]uint64{uint64(plan.NumberOf(rule)), d.engine.Secret.Hash(key)}] {
			return true, nil
		}
	}
	return false, nil
}
