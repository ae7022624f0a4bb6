package link

import (
	"context"
	"iter"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// work is what a run looks at: the records of the mirror and the contacts that
// changed since the sync's last run, and those it has to look at again. A sync
// whose settings changed looks at everything (3.10).
type work struct {
	mirror []int64        // mirrored records, ascending
	refs   []int64        // contacts that have no link yet, ascending
	found  map[int64]find // mirrored record -> what matching says of it
	taken  map[int64]bool // contacts that matching gave to a record
	rivals map[uint64]bool
}

// find is what matching says of a record that has no link yet.
type find struct {
	ref     int64
	rule    plan.Rule
	verdict plan.Verdict
}

func (p *pass) gather(ctx context.Context) (*work, error) {
	done, err := p.Memory.Progress(ctx, p.sync.ID, p.pair.ID)
	if err != nil {
		return nil, err
	}
	if done.Fingerprint != p.run.Fingerprint {
		done.MirrorSeq, done.BookRun = 0, 0
	}
	w := &work{found: map[int64]find{}, taken: map[int64]bool{}, rivals: map[uint64]bool{}}
	if w.mirror, err = p.Memory.MirrorSince(ctx, p.pair.ID, done.MirrorSeq); err != nil {
		return nil, err
	}
	refs, err := p.touched(ctx, done.BookRun)
	if err != nil {
		return nil, err
	}
	retries, err := p.Memory.Retries(ctx, p.sync.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range retries {
		if r.Mirror != 0 {
			w.mirror = append(w.mirror, r.Mirror)
		}
		if r.Ref != 0 {
			refs = append(refs, r.Ref)
		}
	}
	open, err := p.Memory.OpenConflicts(ctx, p.pair.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range open {
		if c.Pick != "" {
			refs = append(refs, c.Ref) // a person has decided
		}
	}
	return w, p.divide(ctx, w, sorted(refs))
}

func sorted(ids []int64) []int64 {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// touched returns the contacts that runs after the given one created, changed or
// removed; every contact when it is 0.
func (p *pass) touched(ctx context.Context, since int64) (refs []int64, err error) {
	if since == 0 {
		for ref, err := range p.book.Owned(ctx, 0) {
			if err != nil {
				return nil, err
			}
			refs = append(refs, ref)
		}
		return refs, nil
	}
	if refs, err = p.Memory.TouchedSince(ctx, p.book.ID(), since); err != nil {
		return nil, err
	}
	runs, err := p.Memory.BookRuns(ctx, p.book.ID(), since)
	for _, r := range runs {
		if r.FirstRef != 0 {
			for n := range r.Totals.Created {
				refs = append(refs, r.FirstRef+n)
			}
		}
	}
	return refs, err
}

// divide adds the records that the contacts are linked to, and those that may
// be them, to the work; what is left are contacts without any counterpart.
func (p *pass) divide(ctx context.Context, w *work, refs []int64) error {
	linked, err := p.Memory.MirrorByRef(ctx, p.pair.ID, refs)
	if err != nil {
		return err
	}
	has := map[int64]bool{} // and whether the record is there
	for _, m := range linked {
		w.mirror = append(w.mirror, m.ID)
		has[m.Ref] = m.State == store.There
	}
	var free []int64 // for a record that nobody has; whose own is gone may have been added again
	for _, ref := range refs {
		there, linked := has[ref]
		if !linked {
			w.refs = append(w.refs, ref)
		}
		if !there {
			free = append(free, ref)
		}
	}
	return p.eachContact(ctx, free, func(found []connector.Found) error {
		for _, rule := range p.pairing.In.Rules {
			hits, err := p.Memory.MirrorByKey(ctx, p.pair.ID, rule, p.keysOf(found, rule))
			if err != nil {
				return err
			}
			for _, h := range hits {
				if h.Ref == 0 {
					w.mirror = append(w.mirror, h.ID)
				}
			}
		}
		return nil
	}, func() { w.mirror = sorted(w.mirror) })
}

// contactsAtOnce is how many contacts are looked at together.
const contactsAtOnce = 500

// eachContact hands the contacts with these handles, which ascend, to do, some
// at a time.
func (p *pass) eachContact(ctx context.Context, refs []int64, do func([]connector.Found) error, then func()) error {
	for part := range slices.Chunk(refs, contactsAtOnce) {
		found, err := p.contacts(ctx, part)
		if err != nil {
			return err
		}
		if err := do(found); err != nil {
			return err
		}
	}
	then()
	return nil
}

func (p *pass) contacts(ctx context.Context, refs []int64) (all []connector.Found, err error) {
	return p.widened(ctx, p.book.Fetch(ctx, sorted(slices.Clone(refs))))
}

// thrownAway are those of the contacts with these handles that lie in the trash.
func (p *pass) thrownAway(ctx context.Context, refs []int64) (all []connector.Found, err error) {
	return p.widened(ctx, p.book.Trashed(ctx, sorted(slices.Clone(refs))))
}

func (p *pass) widened(ctx context.Context, contacts iter.Seq2[connector.Found, error]) (all []connector.Found, err error) {
	for found, err := range contacts {
		if err != nil {
			return nil, err
		}
		found.Values = append(make([]string, 0, len(p.here.Fields)), found.Values...)
		for len(found.Values) < len(p.here.Fields) { // fields that the book gets when the plan is applied
			found.Values = append(found.Values, "")
		}
		p.timeOf(ctx, &found)
		all = append(all, found)
	}
	return all, nil
}

// keysOf returns the hashes of the contacts' keys for a rule, ascending.
func (p *pass) keysOf(found []connector.Found, rule plan.Rule) (hashes []uint64) {
	for _, c := range found {
		if h := p.hashes(p.pairing.In, c.Values)[plan.NumberOf(rule)-1]; h != 0 {
			hashes = append(hashes, h)
		}
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// A stretch of the work: mirrored records and the contacts they are, or may be.
type stretch struct {
	mirror   []store.Mirrored
	contacts map[int64]*connector.Found
	tombs    map[int64]map[string]plan.Agreed // contact -> what it agreed on with a record that is gone
}

// load reads mirrored records with the contacts they are linked to, or were
// found to be.
func (p *pass) load(ctx context.Context, w *work, ids []int64) (s stretch, err error) {
	if s.mirror, err = p.Memory.MirrorByID(ctx, ids); err != nil {
		return s, err
	}
	var refs []int64
	for i := range s.mirror {
		m := &s.mirror[i]
		if f, ok := w.found[m.ID]; ok && m.Ref == 0 && f.ref != 0 {
			refs = append(refs, f.ref)
		} else if m.Ref != 0 {
			refs = append(refs, m.Ref)
		}
	}
	found, err := p.contacts(ctx, refs)
	if err != nil {
		return s, err
	}
	s.contacts, s.tombs = byRef(found), map[int64]map[string]plan.Agreed{}
	linked, err := p.Memory.MirrorByRef(ctx, p.pair.ID, sorted(refs))
	for _, m := range linked {
		if m.State == store.Gone {
			s.tombs[m.Ref] = m.Base
		}
	}
	return s, err
}

func byRef(found []connector.Found) map[int64]*connector.Found {
	out := make(map[int64]*connector.Found, len(found))
	for i := range found {
		out[found[i].Ref] = &found[i]
	}
	return out
}
