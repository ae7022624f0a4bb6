package link

import (
	"context"
	"slices"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// followMerges moves links to the survivors of merges, seen at the remote or made
// by hand here (requirements 3.13). The base moves along, so that what the
// survivor has besides counts as a change. Where the survivor has a link of its
// own, or may be what became of a create in the balance, two people on one side are
// one on the other: a person has to merge them there, and judging holds them until
// then.
func (p *pass) followMerges(ctx context.Context, w *work) error {
	pending, err := p.pending(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(slices.Clone(w.mirror), contactsAtOnce) {
		mirror, err := p.Memory.MirrorByID(ctx, part)
		if err != nil {
			return err
		}
		if err := p.followThere(ctx, w, mirror, pending); err != nil {
			return err
		}
		if err := p.followHere(ctx, w, mirror, pending); err != nil {
			return err
		}
	}
	w.mirror = sorted(w.mirror)
	return nil
}

func (p *pass) followThere(ctx context.Context, w *work, mirror []store.Mirrored, pending map[int64]store.Intent) error {
	for _, m := range mirror {
		if m.State == store.There || m.Into == "" || m.Ref == 0 {
			continue
		}
		survivor, err := p.survivorThere(ctx, m)
		if err != nil {
			return err
		}
		if survivor == nil { // whoever they were merged into is gone, too
			continue
		}
		w.mirror = append(w.mirror, survivor.ID)
		if survivor.Ref != 0 {
			continue
		}
		if p.spokenFor(survivor, m.Ref, pending) {
			continue
		}
		survivor.Ref, survivor.Base = m.Ref, m.Base
		m.Ref = 0 // it stays as an alias: its id leads to the survivor
		if err := p.relink(ctx, m, *survivor); err != nil {
			return err
		}
	}
	return nil
}

// survivorThere follows merges of merges to a record that is there.
func (p *pass) survivorThere(ctx context.Context, m store.Mirrored) (*store.Mirrored, error) {
	for range 10 {
		found, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, []string{m.Into})
		if err != nil || len(found) == 0 {
			return nil, err
		}
		if m = found[0]; m.State == store.There {
			return &m, nil
		}
	}
	return nil, nil
}

// freed are the tombstones that keep a contact, without it: it has one link, and another
// record is to have it.
func freed(tombs []store.Mirrored) []store.Mirrored {
	for i := range tombs {
		tombs[i] = letGo(tombs[i])
	}
	return tombs
}

func (p *pass) relink(ctx context.Context, rows ...store.Mirrored) error {
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: p.run.ID, Mirror: rows, Position: -1}
	return p.Memory.WriteLinks(ctx, b)
}

// followHere moves links of contacts that were merged into others by hand.
func (p *pass) followHere(ctx context.Context, w *work, mirror []store.Mirrored, pending map[int64]store.Intent) error {
	var refs []int64
	for _, m := range mirror {
		if m.State == store.There && m.Ref != 0 {
			refs = append(refs, m.Ref)
		}
	}
	found, err := p.contacts(ctx, refs)
	if err != nil {
		return err
	}
	here := byRef(found)
	for _, m := range mirror {
		if m.State != store.There || m.Ref == 0 || here[m.Ref] != nil {
			continue
		}
		survivor, err := p.survivorHere(ctx, m.Ref)
		if err != nil {
			return err
		}
		linked, err := p.linkedRefs(ctx, []int64{survivor})
		if err != nil {
			return err
		}
		i, sent := pending[survivor] // its own record is on its way
		if taken := linked[survivor] || sent && p.settles(i); taken && survivor != 0 {
			p.twins[m.ID] = true
			continue
		}
		if survivor == 0 {
			lapsed, err := p.lapsed(ctx, m.Ref)
			if err != nil {
				return err
			}
			if !lapsed {
				continue
			}
			m.Base = nil
		}
		tombs, err := p.Memory.MirrorByRef(ctx, p.pair.ID, []int64{survivor})
		if err != nil {
			return err
		}
		m.Ref = survivor
		if err := p.relink(ctx, append(freed(tombs), m)...); err != nil {
			return err
		}
		w.taken[survivor] = true
	}
	return nil
}

// lapsed reports whether this sync itself removed a contact, because its record was
// gone. Where that is there again nobody has deleted anybody here: it is a new life.
func (p *pass) lapsed(ctx context.Context, ref int64) (lapsed bool, err error) {
	for c, err := range p.Memory.ChangesOf(ctx, ref) {
		if err != nil {
			return false, err
		}
		switch {
		case c.Remote:
		case c.Action == plan.Remove:
			r, err := p.Memory.Run(ctx, c.Run)
			if err != nil {
				return false, err
			}
			lapsed = c.Reason == plan.SourceGone && r.Kind == store.KindSync && r.SyncID == p.sync.ID
		case c.Action == plan.Restore || c.Action == plan.Create:
			lapsed = false
		}
	}
	return lapsed, nil
}

// survivorHere returns the contact that one was merged into, or 0.
func (p *pass) survivorHere(ctx context.Context, ref int64) (int64, error) {
	for range 10 {
		into := int64(0)
		for c, err := range p.Memory.ChangesOf(ctx, ref) {
			if err != nil {
				return 0, err
			}
			switch {
			case c.Remote:
			case c.Action == plan.Remove:
				into = c.Into
			case c.Action == plan.Restore || c.Action == plan.Create:
				into = 0
			}
		}
		if into == 0 {
			return 0, nil
		}
		found, err := p.contacts(ctx, []int64{into})
		if err != nil || len(found) > 0 {
			return into, err
		}
		ref = into
	}
	return 0, nil
}

// still is what holds of a base for a record that took the place of one that is
// gone: the fields in which it says what was agreed on. What it lacks is filled.
// Where it says something else nothing was ever agreed on, and nothing is
// overwritten: it may be somebody's record that shares the e-mail, and older.
func (p *pass) still(base map[string]plan.Agreed, seen map[string]string) map[string]plan.Agreed {
	held := map[string]plan.Agreed{}
	here, there := p.pairing.Names()
	for i, name := range here {
		a, known := base[name]
		at := p.there.Index(there[i])
		if now := seen[there[i]]; known && at >= 0 && now != "" && p.pairing.SameThere(at, a.Theirs, now) {
			held[name] = a
		}
	}
	return held
}

// merged says why a record or contact that was merged away keeps its link: the
// survivor has one of its own.
func (p *pass) merged(it item) string {
	if it.m.State != store.There && it.m.Into != "" {
		return p.remote.Name() + " made one record of two, and two contacts here are linked with it. Merge them: kith contacts merge"
	}
	return ""
}

// timeOf says when a contact was changed last, where the winner of a field asks.
func (p *pass) timeOf(ctx context.Context, c *connector.Found) {
	if !p.pairing.Uses(plan.WinRecent) || c.Rank == 0 {
		return
	}
	if p.times == nil {
		p.times = map[int64]time.Time{}
	}
	at, known := p.times[c.Rank]
	if !known {
		r, err := p.Memory.Run(ctx, c.Rank)
		if err != nil {
			return // its run is gone: the time is not known, and decides nothing
		}
		at = r.Started
		p.times[c.Rank] = at
	}
	c.Modified = at
}
