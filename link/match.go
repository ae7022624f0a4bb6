package link

import (
	"context"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// claim is a record without a link and its match keys.
type claim struct {
	id     int64
	hashes [3]uint64
	best   plan.Rule
	who    plan.Who
}

// match finds contacts for the records that have no link, in passes: the best
// rule for everybody before the next rule for anybody (settled question 9).
func (p *pass) match(ctx context.Context, w *work) error {
	claims, err := p.claims(ctx, w)
	if err != nil {
		return err
	}
	for _, rule := range p.pairing.In.Rules {
		groups := map[uint64][]plan.Claim{}
		var hashes []uint64
		for _, c := range claims {
			h := c.hashes[plan.NumberOf(rule)-1]
			if h == 0 {
				continue
			}
			f, decided := w.found[c.id]
			if groups[h] == nil {
				hashes = append(hashes, h)
			}
			groups[h] = append(groups[h], plan.Claim{Row: c.id, Best: c.best == rule, Decided: decided, Out: decided && f.ref == 0, Who: c.who})
		}
		slices.Sort(hashes)
		last, err := p.resolveAll(ctx, w, rule, hashes, groups, false)
		if err == nil {
			_, err = p.resolveAll(ctx, w, rule, last, groups, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// claims lists the records of the work that have no link and are there.
func (p *pass) claims(ctx context.Context, w *work) (all []claim, err error) {
	for part := range slices.Chunk(w.mirror, contactsAtOnce) {
		mirror, err := p.Memory.MirrorByID(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, m := range mirror {
			if m.Ref != 0 || m.State != store.There {
				continue
			}
			c := claim{id: m.ID, hashes: m.Hashes, who: p.who(p.pairing.In.Translate(p.fields(&m)).Values)}
			for _, rule := range p.pairing.In.Rules {
				if m.Hashes[plan.NumberOf(rule)-1] != 0 {
					c.best = rule
					break
				}
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// resolveAll judges the groups of one rule: those who share a key. The groups of keys that
// a contact keeps for others who were merged into it are returned for the last.
func (p *pass) resolveAll(ctx context.Context, w *work, rule plan.Rule, hashes []uint64, groups map[uint64][]plan.Claim, kept bool) (last []uint64, err error) {
	for part := range slices.Chunk(hashes, contactsAtOnce) {
		candidates, here, err := p.candidates(ctx, rule, part)
		if err != nil {
			return nil, err
		}
		for _, hash := range part {
			if !kept && slices.ContainsFunc(candidates[hash], func(k plan.Candidate) bool { return k.Merged }) {
				last = append(last, hash)
				continue
			}
			for i, k := range candidates[hash] {
				candidates[hash][i].Taken = k.Taken || w.taken[k.Ref]
			}
			if err := p.resolve(ctx, w, rule, groups[hash], candidates[hash], here); err != nil {
				return nil, err
			}
		}
	}
	return last, nil
}

// candidates are the contacts that have keys of a rule, by key, and what is known of them.
func (p *pass) candidates(ctx context.Context, rule plan.Rule, hashes []uint64) (map[uint64][]plan.Candidate, map[int64]*connector.Found, error) {
	hits, err := p.book.Lookup(ctx, rule, hashes)
	if err != nil {
		return nil, nil, err
	}
	var refs []int64
	for _, h := range hits {
		refs = append(refs, h.Ref)
	}
	found, err := p.contacts(ctx, refs)
	if err != nil {
		return nil, nil, err
	}
	linked, err := p.linkedRefs(ctx, refs)
	if err != nil {
		return nil, nil, err
	}
	all, here := map[uint64][]plan.Candidate{}, byRef(found)
	for _, h := range hits {
		c, ok := here[h.Ref]
		if !ok {
			continue
		}
		inside, err := p.pairing.In.InScope(c.Record)
		if err != nil {
			return nil, nil, err
		}
		own := p.hashes(p.pairing.In, c.Values)[plan.NumberOf(rule)-1]
		all[h.Hash] = append(all[h.Hash], plan.Candidate{Ref: h.Ref, Taken: linked[h.Ref], Merged: own != h.Hash, Holder: -1, Outside: !inside, Who: p.who(c.Values)})
	}
	return all, here, nil
}

// who is what tells apart people who share a telephone (settled question 8).
func (p *pass) who(values []string) (who plan.Who) {
	if name := p.pairing.In.LastName(values); name != "" {
		who.Name = p.Secret.Hash(name)
	}
	who.Mail = p.hashes(p.pairing.In, values)[plan.NumberOf(plan.ByEmail)-1]
	return who
}

func (p *pass) linkedRefs(ctx context.Context, refs []int64) (map[int64]bool, error) {
	linked, err := p.Memory.MirrorByRef(ctx, p.pair.ID, sorted(slices.Clone(refs)))
	out := map[int64]bool{}
	for _, m := range linked { // whose record is gone is free for one that was made anew
		out[m.Ref] = m.State == store.There
	}
	return out, err
}

func (p *pass) resolve(ctx context.Context, w *work, rule plan.Rule, claims []plan.Claim, candidates []plan.Candidate, here map[int64]*connector.Found) error {
	failed := p.prefer(ctx, claims, candidates, here)
	g := plan.Group{Rule: rule, Claims: claims, Candidates: candidates,
		Other: func(row, ref int64) plan.Otherness {
			other, err := p.other(ctx, rule, row, here[ref])
			if err != nil {
				failed = err
			}
			return other
		},
		Recent: func(refs []int64) int64 {
			return slices.MaxFunc(refs, func(a, b int64) int { return int(here[a].Rank - here[b].Rank) })
		}}
	verdicts, _ := p.pairing.Sync.Resolve(&g)
	for _, v := range verdicts {
		if v.Action == plan.NoAction {
			continue
		}
		if v.Reason == plan.SourceDuplicate && p.pairing.Sync.OnSeveral == plan.SeveralReview && !passedOver(claims, v) {
			v.Action, v.Reason = plan.Hold, plan.IdentityConflict // two records of the remote share a key: a person looks
		}
		w.found[v.Row] = find{ref: v.Ref, rule: rule, verdict: v}
		if v.Ref != 0 {
			w.taken[v.Ref] = true
		}
	}
	return failed
}

// prefer lets the records go first that have the value of a contact in the field
// which the sync prefers by (E11).
func (p *pass) prefer(ctx context.Context, claims []plan.Claim, candidates []plan.Candidate, here map[int64]*connector.Found) error {
	at := p.here.Index(p.pairing.Sync.Prefer)
	if at < 0 || len(claims) < 2 || len(candidates) == 0 {
		return nil
	}
	ids := make([]int64, len(claims))
	for i, c := range claims {
		ids[i] = c.Row
	}
	mirror, err := p.Memory.MirrorByID(ctx, ids)
	if err != nil {
		return err
	}
	said := map[int64]string{}
	for _, m := range mirror {
		said[m.ID] = contact.Record{Values: p.pairing.In.Translate(p.fields(&m)).Values}.Value(at)
	}
	for i := range claims {
		claims[i].First = slices.ContainsFunc(candidates, func(k plan.Candidate) bool {
			return !k.Taken && said[claims[i].Row] != "" && said[claims[i].Row] == here[k.Ref].Value(at)
		})
	}
	return nil
}

// passedOver reports whether a record is a duplicate only of one that is preferred
// to it: there is nothing to choose.
func passedOver(claims []plan.Claim, v plan.Verdict) bool {
	first := func(row int64) bool {
		return slices.ContainsFunc(claims, func(c plan.Claim) bool { return c.Row == row && c.First })
	}
	return first(v.Other) && !first(v.Row)
}

// other judges whether a record that shares a lesser key with a contact is
// somebody else (settled question 8).
func (p *pass) other(ctx context.Context, rule plan.Rule, id int64, c *connector.Found) (plan.Otherness, error) {
	mirror, err := p.Memory.MirrorByID(ctx, []int64{id})
	if err != nil || len(mirror) == 0 {
		return plan.AnotherPerson, err
	}
	in := p.pairing.In
	values := in.Translate(p.fields(&mirror[0])).Values
	switch {
	case in.OtherIdentity(slices.Index(in.Rules, rule), values, c.Record):
		return plan.AnotherIdentity, nil
	case rule == plan.ByPhone && !in.SamePerson(values, c.Record):
		return plan.AnotherPerson, nil
	}
	return plan.SamePersonHere, nil
}
