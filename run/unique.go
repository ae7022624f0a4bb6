package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/kith-sync/kith/plan"
)

// uniqueRules are the rules whose keys no two contacts of the target may share:
// its unique identifier (C28), and the e-mail where the sync recognises people
// by it.
func (p *planning) uniqueRules() (rules []plan.Rule) {
	if p.book.Target.Key != "" {
		rules = append(rules, plan.ByKey)
	}
	if p.book.Uses(plan.ByEmail) && !p.book.Scoped() { // out of scope others may have it: K3-K5
		rule := plan.ByEmail
		if second, ok := p.book.Any(rule); ok {
			rule = second
		}
		rules = append(rules, rule)
	}
	return rules
}

// holdTwins holds the updates that would give a contact the identifier or e-mail
// of another one. Two contacts with one key could not be told apart again.
func (d *decider) holdTwins(ctx context.Context, changes []plan.Change) error {
	for _, rule := range d.uniqueRules() {
		if err := d.holdTwinsBy(ctx, rule, changes); err != nil {
			return err
		}
	}
	return nil
}

func (d *decider) holdTwinsBy(ctx context.Context, rule plan.Rule, changes []plan.Change) error {
	wanted := map[uint64][]int{} // hash of the new key -> changes that write it
	for i := range changes {
		for _, hash := range d.newKeys(rule, changes[i]) {
			wanted[hash] = append(wanted[hash], i)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	hashes := make([]uint64, 0, len(wanted))
	for h := range wanted {
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	hits, err := lookup(ctx, d.target, rule, hashes)
	if err != nil {
		return err
	}
	for _, hit := range hits {
		for _, i := range wanted[hit.Hash] {
			if changes[i].Ref != hit.Ref {
				d.holdTwin(&changes[i], []string{targetID(hit.Ref)}, 0)
			}
		}
	}
	for _, h := range hashes {
		for _, i := range wanted[h] {
			d.claimKey(rule, h, &changes[i])
		}
	}
	return nil
}

// newKeys are the hashes of the keys that an update writes for a rule.
func (d *decider) newKeys(rule plan.Rule, c plan.Change) (hashes []uint64) {
	if c.Action != plan.Update {
		return nil
	}
	values := make([]string, len(d.book.Target.Fields))
	for _, at := range d.book.KeyFields(rule) {
		for _, f := range c.Fields {
			if f.Name == d.book.Target.Fields[at].Name && f.Written() {
				values[at] = f.New
			}
		}
	}
	for _, key := range d.book.KeysFor(rule, values, nil) {
		hashes = append(hashes, d.engine.Secret.Hash(key))
	}
	return hashes
}

// claimKey lets the first update of the run have a key and holds the others.
func (d *decider) claimKey(rule plan.Rule, hash uint64, c *plan.Change) {
	if c.Action != plan.Update {
		return
	}
	claim := [2]uint64{uint64(plan.NumberOf(rule)), hash}
	if line, claimed := d.claimed[claim]; claimed {
		d.holdTwin(c, nil, line)
		return
	}
	d.claimed[claim] = c.Line
}

func (d *decider) holdTwin(c *plan.Change, others []string, line int64) {
	c.Action, c.Reason, c.Fields = plan.Hold, plan.IdentityConflict, nil
	c.Detail.Several, c.Detail.OtherLine = others, line
	c.Detail.Message = "Another contact has that e-mail or unique identifier already."
	if line > 0 {
		c.Detail.Message = fmt.Sprintf("Line %d gives that e-mail or unique identifier to another contact.", line)
	}
	d.outcomes[c.Row%blockRows].Action, d.outcomes[c.Row%blockRows].Reason = plan.Hold, reasonNumber(plan.IdentityConflict)
}
