package run

import (
	"cmp"
	"context"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/spill"
)

// match finds out which contact each record is: in passes, the best rule for
// everybody before the next rule for anybody (settled question 9). Within a pass
// records and contacts meet in order of the key's hash, so that the work is one
// walk along both, and memory stays flat.
func (p *planning) match(ctx context.Context) error {
	for i, rule := range p.book.Rules {
		pass := &pass{planning: p, rule: rule, place: i}
		for stretch, err := range p.entries[rule].Sorted() {
			if err != nil {
				return err
			}
			if err := pass.walk(ctx, stretch); err != nil {
				return err
			}
			if err := pass.flushDoubtful(ctx); err != nil {
				return err
			}
		}
		if err := pass.resolveGathered(ctx); err != nil {
			return err
		}
		merged, err := pass.sortOutShared(ctx)
		if err != nil {
			return err
		}
		if err := pass.resolveDoubtful(ctx); err != nil {
			return err
		}
		pass.doubtful = merged // when it is known whose contacts they were merged into are
		if err := pass.resolveDoubtful(ctx); err != nil {
			return err
		}
		p.engine.progress("matching", int64(i+1), int64(len(p.book.Rules)))
	}
	return nil
}

type pass struct {
	*planning
	rule     plan.Rule
	place    int          // of the rule among the sync's rules
	doubtful []plan.Group // need a look at the records themselves
	shared   []shared     // have a contact that may keep the key for another
	all      several      // of a rule by which people have several keys
}

// walk meets a stretch of entries with the target's contacts.
func (p *pass) walk(ctx context.Context, stretch []spill.Record) error {
	hits, err := lookup(ctx, p.target, p.rule, hashesOf(stretch))
	if err != nil {
		return err
	}
	outside, err := p.outside(ctx, hits)
	if err != nil {
		return err
	}
	at := 0
	for len(stretch) > 0 {
		n := 1
		for n < len(stretch) && stretch[n][0] == stretch[0][0] {
			n++
		}
		for at < len(hits) && hits[at].Hash < stretch[0][0] {
			at++
		}
		first := at
		for at < len(hits) && hits[at].Hash == stretch[0][0] {
			at++
		}
		if n > 1 || at > first {
			if err := p.meet(ctx, stretch[:n], hits[first:at], outside); err != nil {
				return err
			}
		}
		stretch = stretch[n:]
	}
	return nil
}

func hashesOf(stretch []spill.Record) []uint64 {
	hashes := make([]uint64, 0, len(stretch))
	for _, r := range stretch {
		if len(hashes) == 0 || hashes[len(hashes)-1] != r[0] {
			hashes = append(hashes, r[0])
		}
	}
	return hashes
}

// outside returns the contacts among the hits that are out of the target scope.
func (p *pass) outside(ctx context.Context, hits []connector.Hit) (map[int64]bool, error) {
	if !p.book.Scoped() {
		return nil, nil
	}
	outside := map[int64]bool{}
	for found, err := range p.target.Fetch(ctx, refsOf(hits)) {
		if err != nil {
			return nil, err
		}
		in, err := p.book.InScope(found.Record)
		if err != nil {
			return nil, err
		}
		outside[found.Ref] = !in
	}
	return outside, nil
}

func refsOf(hits []connector.Hit) []int64 {
	refs := make([]int64, len(hits))
	for i, h := range hits {
		refs[i] = h.Ref
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// meet resolves the records and contacts that share one key, or puts them aside
// when the records themselves have to be looked at.
func (p *pass) meet(ctx context.Context, entries []spill.Record, hits []connector.Hit, outside map[int64]bool) error {
	g := plan.Group{Rule: p.rule, Unique: !p.book.Uses(p.rule)}
	look := false
	for _, e := range entries {
		c := plan.Claim{Row: int64(e[1] >> flagBits), Best: e[1]&flagBest != 0, Ghost: e[1]&flagGhost != 0}
		c.Decided = e[1]&flagSettled != 0 || !c.Ghost && p.decided.has(c.Row)
		c.Out = p.out.has(c.Row)
		g.Claims = append(g.Claims, c)
		look = look || !c.Best && !c.Decided && !c.Ghost
	}
	free := false
	for _, h := range hits {
		k := plan.Candidate{Ref: h.Ref, Taken: p.taken.has(h.Ref), Outside: outside[h.Ref]}
		g.Candidates = append(g.Candidates, k)
		free = free || !k.Taken
	}
	if p.rule.Any() {
		p.gather(g, entries)
		return nil
	}
	if slices.ContainsFunc(hits, func(h connector.Hit) bool { return p.keepers.has(h.Ref) }) {
		p.shared = append(p.shared, shared{entries[0][0], g})
		return nil
	}
	if look && free || p.byName(&g) || len(hits) > 1 && p.book.Sync.OnSeveral == plan.SeveralMostRecent {
		p.doubtful = append(p.doubtful, g)
		return nil
	}
	return p.resolve(&g)
}

func (p *pass) resolve(g *plan.Group) error {
	verdicts, seen := p.book.Sync.Resolve(g)
	for _, ref := range seen {
		p.seen.add(ref)
	}
	for _, v := range verdicts {
		if v.Action == plan.NoAction {
			continue
		}
		if err := p.settle(v); err != nil {
			return err
		}
	}
	return nil
}

// settle records a verdict: {record, action|reason|rule, contact or other record}.
func (p *pass) settle(v plan.Verdict) error {
	p.decided.add(v.Row)
	if v.Action != plan.Update {
		p.out.add(v.Row)
	}
	packed := uint64(v.Action) | uint64(reasonNumber(v.Reason))<<8 | uint64(plan.NumberOf(p.rule))<<16
	third := uint64(v.Other + 1)
	if v.Action == plan.Update {
		p.take(v.Ref, v.Row)
		third = uint64(v.Ref)
	}
	if len(v.Several) > 0 {
		p.several[v.Row] = slices.Clone(v.Several)
	}
	return p.verdicts.Add(spill.Record{uint64(v.Row), packed, third})
}

// resolveDoubtful looks at the records and contacts of the groups put aside, in
// one reading of the source and one fetch of the contacts, and resolves them.
func (p *pass) resolveDoubtful(ctx context.Context) error {
	if len(p.doubtful) == 0 {
		return nil
	}
	var numbers, refs []int64
	for _, g := range p.doubtful {
		for _, c := range g.Claims {
			if len(g.Candidates) > 0 && !c.Best && !c.Decided && !c.Ghost {
				numbers = append(numbers, c.Row)
			}
		}
		for _, k := range g.Candidates {
			refs = append(refs, k.Ref)
		}
	}
	records, err := p.valuesOf(numbers)
	if err != nil {
		return err
	}
	contacts, err := p.fetch(ctx, refs)
	if err != nil {
		return err
	}
	var ranks map[int64]int64
	if p.book.Sync.OnSeveral == plan.SeveralMostRecent {
		if ranks, err = p.changedLast(ctx, p.rivals(contacts)); err != nil {
			return err
		}
	}
	for i := range p.doubtful {
		g := &p.doubtful[i]
		p.refresh(g)
		if p.byName(g) {
			if err := p.nameAll(g, contacts); err != nil {
				return err
			}
		}
		g.Other = func(row, ref int64) plan.Otherness { return p.otherness(records[row], contacts[ref]) }
		g.Recent = func(refs []int64) int64 {
			return slices.MaxFunc(refs, func(a, b int64) int { return cmp.Compare(ranks[a], ranks[b]) })
		}
		if err := p.resolve(g); err != nil {
			return err
		}
	}
	p.doubtful = nil
	return nil
}

// refresh takes note of what was decided since the group was put aside.
func (p *pass) refresh(g *plan.Group) {
	for i := range g.Claims {
		c := &g.Claims[i]
		c.Decided = c.Decided || !c.Ghost && p.decided.has(c.Row)
		c.Out = p.out.has(c.Row)
	}
	for i := range g.Candidates {
		k := &g.Candidates[i]
		k.Taken, k.Holder = p.taken.has(k.Ref), p.holderOf(k.Ref)
	}
}

func (p *pass) otherness(values []string, target contact.Record) plan.Otherness {
	if p.book.OtherIdentity(p.place, values, target) {
		return plan.AnotherIdentity
	}
	if p.rule == plan.ByPhone && !p.book.SamePerson(values, target) {
		return plan.AnotherPerson
	}
	return plan.SamePersonHere
}

// valuesOf reads the translated values of the records with these numbers.
func (p *planning) valuesOf(numbers []int64) (map[int64][]string, error) {
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	out := make(map[int64][]string, len(numbers))
	return out, p.eachValues(numbers, func(number int64, values []string) { out[number] = slices.Clone(values) })
}

// eachValues hands on the translated values of the records with these numbers, which
// must ascend. They are good until the next.
func (p *planning) eachValues(numbers []int64, do func(number int64, values []string)) error {
	if len(numbers) == 0 {
		return nil
	}
	in, err := p.engine.openStage(p.stage)
	if err != nil {
		return err
	}
	defer in.Close()
	for _, n := range numbers {
		row, err := in.At(n)
		if err != nil {
			return err
		}
		do(n, p.book.Translate(in.Texts(row)).Values)
	}
	return nil
}

func (p *planning) fetch(ctx context.Context, refs []int64) (map[int64]contact.Record, error) {
	slices.Sort(refs)
	refs = slices.Compact(refs)
	out := make(map[int64]contact.Record, len(refs))
	for found, err := range p.target.Fetch(ctx, refs) {
		if err != nil {
			return nil, err
		}
		out[found.Ref] = found.Record
	}
	return out, nil
}
