package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
)

func hashText(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// removals plans what happens to the contacts the source no longer has
// (requirements 3.11). It returns how many contacts the sync may remove at all,
// which is what the guard measures against, and notes for people.
func (p *planning) removals(ctx context.Context, out *planWriter, syncID int64) (base int64, notes []string, err error) {
	policy := p.book.Sync.Policy.Delete
	if policy.NotFound == plan.Keep {
		return 0, nil, nil
	}
	owner := syncID
	if policy.Scope == plan.WholeBook {
		owner = 0
	}
	base, missing, err := p.missing(ctx, owner)
	if err != nil {
		return 0, nil, err
	}
	if missing, err = p.withoutShared(ctx, missing); err != nil {
		return 0, nil, err
	}
	if why := p.incomplete(int64(len(missing))); why != "" {
		if len(missing) > 0 {
			p.warnings["delete.left_out"] += int64(len(missing))
			notes = append(notes, why)
		}
		return base, notes, nil
	}
	return base, nil, p.planRemovals(ctx, out, missing)
}

// missing returns how many contacts the sync may remove, and those that no
// record of the source points to. Contacts out of the target scope are none of
// its business (I12).
func (p *planning) missing(ctx context.Context, owner int64) (base int64, missing []int64, err error) {
	var refs []int64
	for ref, err := range p.target.Owned(ctx, owner) {
		if err != nil {
			return 0, nil, err
		}
		if p.book.Scoped() {
			refs = append(refs, ref)
			continue
		}
		base++
		if !p.seen.has(ref) {
			missing = append(missing, ref)
		}
	}
	for found, err := range p.target.Fetch(ctx, refs) {
		if err != nil {
			return 0, nil, err
		}
		in, err := p.book.InScope(found.Record)
		if err != nil {
			return 0, nil, err
		}
		if !in {
			continue
		}
		base++
		if !p.seen.has(found.Ref) {
			missing = append(missing, found.Ref)
		}
	}
	return base, missing, nil
}

// withoutShared leaves out the contacts that share a key with a record that is as
// it was: whoever shares a key with somebody in the source is in the source too.
// Matching says so of the records it looked at; these it did not look at again.
func (p *planning) withoutShared(ctx context.Context, missing []int64) ([]int64, error) {
	if p.settled == 0 || len(missing) == 0 {
		return missing, nil
	}
	owners := make([]map[uint64][]int64, len(p.book.Rules))
	for found, err := range p.target.Fetch(ctx, missing) {
		if err != nil {
			return nil, err
		}
		for i, rule := range p.book.Rules {
			if rule == plan.ByPhone {
				continue // families share a telephone
			}
			for _, key := range p.book.Keys(i, found.Values, nil) {
				if owners[i] == nil {
					owners[i] = map[uint64][]int64{}
				}
				h := p.engine.Secret.Hash(key)
				owners[i][h] = append(owners[i][h], found.Ref)
			}
		}
	}
	err := p.eachSettled(func(_ int64, note rowNote) error {
		for i := range p.book.Rules {
			for _, ref := range owners[i][p.keyOf(note, i)] {
				p.seen.add(ref)
			}
		}
		return nil
	})
	return slices.DeleteFunc(missing, p.seen.has), err
}

// incomplete says why absence from the source proves nothing this time (I13).
func (p *planning) incomplete(missing int64) string {
	switch {
	case p.notes.count == 0 && !p.stage.whole:
		return "The source has no records, so nothing was removed. An empty file never deletes."
	case p.cutOff:
		return "The last record of the source is not complete, as if the file had been cut off, so nothing was removed."
	case p.unreadable > 0:
		return records(p.unreadable, "of the source could", "of the source could") + " not be read, so nothing was removed: whoever is missing may stand there."
	case missing > 0 && p.nameless >= missing:
		return records(p.nameless, "of the source has", "of the source have") + " no key to be recognised by, so nothing was removed: whoever is missing may be there under a mistyped or blank key."
	}
	return ""
}

func (p *planning) planRemovals(ctx context.Context, out *planWriter, missing []int64) error {
	for found, err := range p.target.Fetch(ctx, missing) {
		if err != nil {
			return err
		}
		c, ok := p.notFound(found)
		if !ok {
			continue
		}
		if err := out.add(ctx, nil, []plan.Change{c}); err != nil {
			return err
		}
	}
	return nil
}

// notFound is what the sync does to a contact that the source no longer has;
// nothing where it is marked already.
func (p *planning) notFound(found connector.Found) (plan.Change, bool) {
	policy := p.book.Sync.Policy.Delete
	c := plan.Change{Row: -1, Action: plan.Remove, Reason: plan.SourceGone, Ref: found.Ref, TargetID: found.ID, Version: found.Version}
	if policy.Marks() {
		c.Action = plan.Update
		f, ok := plan.MarkMissing(p.book.Sync, p.book.Target, found.Record)
		c.Fields = []plan.FieldChange{f}
		return c, ok
	}
	c.Final = policy.NotFound == plan.DeleteGone
	for i, f := range p.book.Target.Fields {
		if old := found.Value(i); old != "" {
			c.Fields = append(c.Fields, plan.FieldChange{Name: f.Name, Old: old, Rule: string(policy.NotFound)})
		}
	}
	return c, true
}
