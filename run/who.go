package run

import (
	"context"
	"slices"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// Last names tell apart people who share a telephone (settled question 8). Of the
// records the first pass notes them; of those that are as they were, which it did
// not look at, they are read when somebody else has their telephone.

// names reports whether last names matter to the sync.
func (p *planning) names() bool { return p.book.Names() && p.book.Uses(plan.ByPhone) }

// hashName is the hash of a last name, or 0 where there is none.
func (p *planning) hashName(values []string) uint64 {
	if name := p.book.LastName(values); name != "" {
		return p.engine.Secret.Hash(name)
	}
	return 0
}

// whoIsRecord says whom a record names.
func (p *planning) whoIsRecord(number int64) (plan.Who, error) {
	note, err := p.notes.at(number)
	if again, ok := p.reopened[number]; ok {
		note = again
	}
	who := plan.Who{Name: note.Name, Mail: note.Keys[plan.NumberOf(plan.ByEmail)-1]}
	if name, ok := p.settledNames[number]; ok {
		who.Name = name
	}
	return who, err
}

// whoIsContact says whom a contact names; nobody where several people were made one
// by hand.
func (p *planning) whoIsContact(ref int64, found contact.Record) (who plan.Who) {
	if p.keepers.has(ref) {
		return who
	}
	who.Name = p.hashName(found.Values)
	for _, key := range p.book.KeysFor(plan.ByEmail, found.Values, nil) {
		who.Mail = p.engine.Secret.Hash(key)
	}
	return who
}

// readNames learns the last names of settled records, which must ascend.
func (p *planning) readNames(numbers []int64) error {
	p.settledNames = make(map[int64]uint64, len(numbers))
	return p.eachValues(numbers, func(number int64, values []string) { p.settledNames[number] = p.hashName(values) })
}

// nameAll fills in whom the claims and candidates of a group name.
func (p *pass) nameAll(g *plan.Group, contacts map[int64]contact.Record) (err error) {
	for i := range g.Claims {
		if g.Claims[i].Who, err = p.whoIsRecord(g.Claims[i].Row); err != nil {
			return err
		}
	}
	for i := range g.Candidates {
		k := &g.Candidates[i]
		k.Who = p.whoIsContact(k.Ref, contacts[k.Ref])
	}
	return nil
}

// byName reports whether names have a say in a group: somebody in it is yet to be
// decided.
func (p *pass) byName(g *plan.Group) bool {
	return p.rule.Base() == plan.ByPhone && p.names() &&
		slices.ContainsFunc(g.Claims, func(c plan.Claim) bool { return !c.Decided && !c.Ghost })
}

// flushDoubtful looks at the groups put aside once they are many: groups do not
// depend on each other.
func (p *pass) flushDoubtful(ctx context.Context) error {
	n := 0
	for _, g := range p.doubtful {
		n += len(g.Claims) + len(g.Candidates)
	}
	if n < doubtfulAtOnce {
		return nil
	}
	return p.resolveDoubtful(ctx)
}

// doubtfulAtOnce is how many records and contacts are held in memory.
const doubtfulAtOnce = 1 << 16
