package run

import (
	"context"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/spill"
)

// A run that knows the last one looks only at records that are new or changed.
// Yet what is decided about these may change what is right for others: a new
// record with an older one's e-mail, or one that is a better match for its
// contact. Such others are reopened: judged as if there had been no run before.
//
// A settled record c, found by rule R (a created one: by its best key), is
// disturbed by a changed record that shares one of these with it:
//
//	a key of a rule worse than R     no: c's contact was taken by the better rule
//	a key of R or a better rule      yes
//	its contact, by a rule as above  likewise
//
// A record that is the same as before but was not settled, such as a duplicate or
// one that is held, disturbs only by a rule better than R: by R itself c has won
// against it already.
//
// A contact that others have edited since, or whose own record is gone, other than
// it was, or reopened, may be free for whoever shares a key with it: its keys count
// as those of a changed record.
//
// A settled record that is not disturbed but shares a key takes part in matching
// as decided, so that others see whose the key is.

// reopenLimit is the share of records that may be looked at again one by one;
// beyond it, reading everything anew costs less.
const reopenLimit = 0.05

// freedLimit is the same for contacts that are free again: their keys are read in
// one sweep, which costs less.
const freedLimit = 0.15

// disturbance is what the records to be matched may disturb.
type disturbance struct {
	keys  []map[uint64]bool // per rule: hash of a key -> it is a changed record's
	rough []bitset          // per rule: spares most look-ups in the map
	refs  map[int64]int     // contact -> best rule by which a changed record points to it
	same  map[int64]int     // likewise, of records that are as before but not settled
}

const roughBits = 1 << 20

// reopenDisturbed reopens disturbed records until nobody else is. It reports
// false when they are too many: all records must then be read anew.
func (p *planning) reopenDisturbed(ctx context.Context) (ok bool, err error) {
	p.reopened = map[int64]rowNote{}
	for {
		d, err := p.disturbance(ctx)
		if err != nil {
			return false, err
		}
		numbers, refs, err := p.disturbed(d)
		if err != nil {
			return false, err
		}
		if len(numbers) == 0 {
			return true, p.enterSettled(d)
		}
		if p.beyond(reopenLimit, len(p.reopened)+len(numbers)) {
			return false, nil
		}
		if err := p.reopen(numbers); err != nil {
			return false, err
		}
		if err := p.loadEdited(ctx, refs); err != nil {
			return false, err
		}
	}
}

// beyond reports whether looking at n records or contacts one by one costs more
// than reading everything anew.
func (p *planning) beyond(limit float64, n int) bool {
	return float64(n) > 1000+limit*float64(p.notes.count)
}

// disturbance collects the keys that are entered for matching and the contacts
// that have them.
func (p *planning) disturbance(ctx context.Context) (*disturbance, error) {
	d := &disturbance{refs: map[int64]int{}, same: map[int64]int{}}
	for i, rule := range p.book.Rules {
		keys, rough := map[uint64]bool{}, newBitset(roughBits)
		for stretch, err := range p.entries[rule].Sorted() {
			if err != nil {
				return nil, err
			}
			if err := p.pointTo(ctx, rule, i, stretch, d); err != nil {
				return nil, err
			}
			for _, r := range stretch {
				keys[r[0]] = keys[r[0]] || r[1]&flagSame == 0
				rough.add(int64(r[0] & (roughBits - 1)))
			}
		}
		for _, h := range p.edited[rule] {
			keys[h] = true
			rough.add(int64(h & (roughBits - 1)))
		}
		d.keys, d.rough = append(d.keys, keys), append(d.rough, rough)
	}
	return d, nil
}

// loadEdited learns the keys of contacts that others changed since the last run,
// or that are free again: whoever shares one with them must be looked at again.
func (p *planning) loadEdited(ctx context.Context, refs []int64) error {
	for found, err := range p.target.Fetch(ctx, refs) {
		if err != nil {
			return err
		}
		for _, rule := range p.book.Rules {
			for _, key := range p.book.KeysFor(rule, found.Values, nil) {
				p.edited[rule] = append(p.edited[rule], p.engine.Secret.Hash(key))
			}
		}
	}
	return nil
}

func (p *planning) pointTo(ctx context.Context, rule plan.Rule, rank int, stretch []spill.Record, d *disturbance) error {
	var changed, same []spill.Record
	for _, r := range stretch {
		if r[1]&flagSame == 0 {
			changed = append(changed, r)
		} else {
			same = append(same, r)
		}
	}
	if err := p.pointBy(ctx, rule, rank, changed, d.refs); err != nil {
		return err
	}
	return p.pointBy(ctx, rule, rank, same, d.same)
}

// pointBy notes the best rule by which entries point to each contact.
func (p *planning) pointBy(ctx context.Context, rule plan.Rule, rank int, entries []spill.Record, best map[int64]int) error {
	hits, err := lookup(ctx, p.target, rule, hashesOf(entries))
	for _, h := range hits {
		if known, ok := best[h.Ref]; !ok || rank < known {
			best[h.Ref] = rank
		}
	}
	return err
}

// disturbed returns the numbers of the settled records that are disturbed, and their
// contacts, ascending.
func (p *planning) disturbed(d *disturbance) (numbers, refs []int64, err error) {
	err = p.eachSettled(func(number int64, note rowNote) error {
		if p.isDisturbed(d, note) {
			numbers, refs = append(numbers, number), append(refs, note.Ref)
		}
		return nil
	})
	slices.Sort(refs)
	return numbers, slices.Compact(refs), err
}

func (p *planning) isDisturbed(d *disturbance, note rowNote) bool {
	rank := p.rankOf(note)
	if pointed, ok := d.refs[note.Ref]; ok && pointed <= rank {
		return true
	}
	if pointed, ok := d.same[note.Ref]; ok && pointed < rank {
		return true
	}
	for i := 0; i <= rank; i++ {
		if known, changed := d.has(i, p.keyOf(note, i)); known && (changed || i < rank) {
			return true
		}
	}
	return false
}

// enterSettled lets the settled records that share a key take part in matching.
func (p *planning) enterSettled(d *disturbance) error {
	var named []int64
	err := p.eachSettled(func(number int64, note rowNote) error {
		p.take(note.Ref, number)
		p.seen.add(note.Ref)
		best := uint64(flagBest)
		for i, rule := range p.book.Rules {
			key := p.keyOf(note, i)
			if key == 0 {
				continue
			}
			if known, _ := d.has(i, key); known {
				if err := p.entries[rule].Add(spill.Record{key, uint64(number)<<flagBits | flagSettled | flagSame | best}); err != nil {
					return err
				}
				if rule.Base() == plan.ByPhone && p.names() {
					named = append(named, number)
				}
			}
			best = 0
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.readNames(named)
}

// has reports whether a key of a rule is to be matched, and whether a changed
// record has it.
func (d *disturbance) has(rule int, key uint64) (known, changed bool) {
	if key == 0 || !d.rough[rule].has(int64(key&(roughBits-1))) {
		return false, false
	}
	changed, known = d.keys[rule][key]
	return known, changed
}

// keyOf is the hash of a record's key for the rule at that place of the sync's.
func (p *planning) keyOf(note rowNote, rule int) uint64 {
	return note.Keys[plan.NumberOf(p.book.Rules[rule])-1]
}

// rankOf is the place of the rule that finds a settled record's contact.
func (p *planning) rankOf(note rowNote) int {
	for i, rule := range p.book.Rules {
		if int(note.Rule) == plan.NumberOf(rule) {
			return i
		}
	}
	return len(p.book.Rules) - 1
}

// eachSettled goes through the records that are settled as they were.
func (p *planning) eachSettled(do func(number int64, note rowNote) error) error {
	notes, err := p.notes.read()
	if err != nil {
		return err
	}
	for number := range p.notes.count {
		note, err := notes.next()
		if err != nil {
			return err
		}
		if note.Settled != plan.Unchanged {
			continue
		}
		if _, again := p.reopened[number]; again {
			continue
		}
		if err := do(number, note); err != nil {
			return err
		}
	}
	return nil
}

// reopen judges records as if there had been no run before.
func (p *planning) reopen(numbers []int64) error {
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
		note := p.judge(in, row)
		note.Hash = hashRow(row)
		p.reopened[n] = note
		if err := p.enter(note, n, 0); err != nil {
			return err
		}
	}
	return nil
}
