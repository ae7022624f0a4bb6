package link

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Undo takes a run back on both sides: what it created goes, what it removed
// comes back, what it updated gets its old values again. Only values that are
// still the run's own go back; what somebody changed since stays, and is listed
// with its reason. The next run of the sync finds both sides settled: it does
// not do again what was taken back.
func (e *Engine) Undo(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	here, err := e.Reverse(ctx, s, r) // also says why a run cannot be taken back
	if err != nil {
		return r, err
	}
	undo := store.Run{SyncID: r.SyncID, Name: r.Name, Kind: store.KindUndo, Status: store.Planning, Started: e.Now(), UndoOf: r.ID}
	undo.Reasons, undo.Warnings = map[string]int64{}, map[string]int64{}
	p, err := e.open(ctx, s, &undo)
	if err != nil {
		return r, err
	}
	defer p.release(ctx)
	undo.Source = fmt.Sprintf("undo of run %d", r.ID)
	if err := p.recover(ctx); err != nil {
		return r, err
	}
	p.resumed = false
	there, err := p.reverseThere(ctx, r)
	if err != nil {
		return r, err
	}
	if undo.Config, err = json.Marshal(marks{MirrorSeq: p.pair.Seq}); err != nil {
		return r, err
	}
	if err := e.Memory.CreateRun(ctx, &undo); err != nil {
		return r, err
	}
	if err := p.markDecided(ctx, r, here); err != nil {
		return r, err
	}
	changes, err := p.together(ctx, here, there)
	if err != nil {
		return r, err
	}
	for i := range changes {
		c := &changes[i]
		c.Row = int64(i)
		if c.TargetID == "" && !c.Remote {
			c.TargetID = number(c.Ref)
		}
		undo.Totals.Count(c.Action, 1)
		if c.Reason != plan.NoReason {
			undo.Reasons[string(c.Reason)]++
		}
	}
	if err := e.Memory.AppendPlan(ctx, undo.ID, nil, 0, changes); err != nil {
		return undo, err
	}
	undo.Status = store.Applying
	if err := e.Memory.UpdateRun(ctx, &undo); err != nil {
		return undo, err
	}
	return p.carryBack(ctx)
}

// madeAnew says what an undo could not bring back.
func (p *pass) madeAnew(ctx context.Context) ([]string, error) {
	n := 0
	for c, err := range p.Memory.Changes(ctx, p.run.ID) {
		if err != nil {
			return nil, err
		}
		if c.Remote && c.Action == plan.Create && c.TargetID != "" {
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("Records deleted at %s came back as new ones, with the values that Kith knows: %d. What else they held is gone. "+
		"Their contacts stay in the trash; kith contacts restore brings them back.", p.remote.Name(), n)}, nil
}

// markDecided marks what of a run's changes to the book was a decided conflict.
func (p *pass) markDecided(ctx context.Context, r store.Run, here []plan.Change) error {
	type field struct {
		ref  int64
		name string
	}
	decided := map[field]bool{}
	for c, err := range p.Memory.Changes(ctx, r.ID) {
		if err != nil {
			return err
		}
		for _, f := range c.Fields {
			if !c.Remote && f.Rule == "winner" {
				decided[field{c.Ref, f.Name}] = true
			}
		}
	}
	for _, c := range here {
		for i := range c.Fields {
			if decided[field{c.Ref, c.Fields[i].Name}] && c.Fields[i].Written() {
				c.Fields[i].Rule = ruleReopen
			}
		}
	}
	return nil
}

// together puts the two halves of a person next to each other: their link is
// written once, with both.
func (p *pass) together(ctx context.Context, here, there []plan.Change) (all []plan.Change, err error) {
	other := map[int64]plan.Change{}
	var refs []int64
	for _, c := range there {
		if c.TargetID != "" {
			other[c.Ref] = c
			refs = append(refs, c.Ref)
		}
	}
	linked, err := p.linkedRefs(ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, c := range here {
		half, ok := other[c.Ref]
		if !ok || !linked[c.Ref] {
			all = append(all, c)
			continue
		}
		c.SourceID = half.TargetID
		all = append(all, c, half)
		delete(other, c.Ref)
	}
	for _, c := range there {
		if _, left := other[c.Ref]; left || c.TargetID == "" {
			all = append(all, c)
		}
	}
	return all, nil
}

// reverseThere makes the changes that take a run back at the remote. It looks at
// the records as they are there now, and takes that into the mirror.
func (p *pass) reverseThere(ctx context.Context, r store.Run) (changes []plan.Change, err error) {
	var done []plan.Change
	var ids []string
	for c, err := range p.Memory.Changes(ctx, r.ID) {
		if err != nil {
			return nil, err
		}
		if c.Remote && c.Reason == plan.OutcomeUnknown { // listed, so that it can be asked for again
			changes = append(changes, plan.Change{Action: plan.Skip, Reason: plan.OutcomeUnknown, Remote: true, Ref: c.Ref, SourceID: c.SourceID, TargetID: c.TargetID})
		}
		if c.Remote && writes(c.Action) {
			done, ids = append(done, c.Change), append(ids, c.TargetID)
		}
	}
	if slices.ContainsFunc(done, func(c plan.Change) bool { return c.Action == plan.Remove && c.Reason != plan.Erased }) {
		if err := p.pull(ctx); err != nil { // who is brought back may have been added again by now
			return nil, err
		}
	}
	items, err := p.fetch(ctx, ids)
	if err != nil {
		return nil, err
	}
	if _, err := p.takeNews(ctx, items); err != nil {
		return nil, err
	}
	now := map[string]connector.Item{}
	for _, item := range items {
		now[item.ID] = item
	}
	known, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, ids)
	if err != nil {
		return nil, err
	}
	mirror := map[string]store.Mirrored{}
	for _, m := range known {
		mirror[m.RemoteID] = m
	}
	back, err := p.broughtBack(ctx, r)
	if err != nil {
		return nil, err
	}
	gone := map[int64][]string{} // the values of those to be brought back
	for _, c := range done {
		item, listed := now[c.TargetID]
		if m := mirror[c.TargetID]; c.Action == plan.Remove && (!listed || item.Gone) {
			gone[c.Ref] = p.fields(&m)
		}
	}
	if err := p.addedAnew(ctx, r, gone, back); err != nil {
		return nil, err
	}
	for _, c := range done {
		item, there := now[c.TargetID]
		there = there && !item.Gone || c.Action == plan.Remove && back[c.Ref]
		changes = append(changes, p.reverseOne(c, item, there, mirror[c.TargetID]))
	}
	return changes, nil
}

// addedAnew adds to those who are back the contacts whose record was removed, and who have
// another one by now, or for whom a record stands that is nobody else's and has come, or was
// changed, since the run was planned: people have added them again.
func (p *pass) addedAnew(ctx context.Context, r store.Run, gone map[int64][]string, back map[int64]bool) error {
	linked, err := p.linkedRefs(ctx, slices.Collect(maps.Keys(gone)))
	if err != nil {
		return err
	}
	came, err := p.cameSince(ctx, r, gone)
	if err != nil {
		return err
	}
	for ref, values := range gone {
		back[ref] = back[ref] || linked[ref] || p.stands(values, came)
	}
	return nil
}

// cameSince are the records without a contact that have come, or were changed, since a run was
// planned, and have a key of one of those who are gone: by that key.
func (p *pass) cameSince(ctx context.Context, r store.Run, gone map[int64][]string) (map[uint64][]store.Mirrored, error) {
	m, err := marksOf(&r)
	if err != nil {
		return nil, err
	}
	since, err := p.Memory.MirrorSince(ctx, p.pair.ID, m.MirrorSeq)
	if err != nil {
		return nil, err
	}
	var ids []int64
	wanted := map[plan.Rule][]uint64{}
	for _, values := range gone {
		hashes := p.hashesThere(values)
		for _, rule := range p.pairing.In.Rules {
			wanted[rule] = append(wanted[rule], hashes[plan.NumberOf(rule)-1])
		}
	}
	for rule, hashes := range wanted {
		hits, err := p.Memory.MirrorByKey(ctx, p.pair.ID, rule, hashes)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			if _, isNew := slices.BinarySearch(since, h.ID); isNew && h.Ref == 0 {
				ids = append(ids, h.ID)
			}
		}
	}
	slices.Sort(ids)
	records, err := p.Memory.MirrorByID(ctx, slices.Compact(ids))
	came := map[uint64][]store.Mirrored{}
	for _, m := range records {
		for _, h := range m.Hashes {
			came[h] = append(came[h], m)
		}
	}
	return came, err
}

// stands reports whether one of the records that have come is of whoever had these values: it
// has their best key, or a lesser one and their names. For a telephone, which a family shares,
// the names count always.
func (p *pass) stands(values []string, came map[uint64][]store.Mirrored) bool {
	hashes := p.hashesThere(values)
	best := p.best(hashes)
	for i, h := range hashes {
		sure := h == best && i != plan.NumberOf(plan.ByPhone)-1
		if h != 0 && slices.ContainsFunc(came[h], func(m store.Mirrored) bool {
			return sure || p.sameNames(values, p.fields(&m))
		}) {
			return true
		}
	}
	return false
}

// sameNames reports whether a record has all the names that somebody had.
func (p *pass) sameNames(values, now []string) bool {
	for at, f := range p.there.Fields {
		if f.Kind == contact.Name && values[at] != "" && !p.pairing.SameThere(at, values[at], now[at]) {
			return false
		}
	}
	return true
}

// broughtBack are the contacts whose records an earlier undo of the run, which was
// stopped on the way, has made anew.
func (p *pass) broughtBack(ctx context.Context, r store.Run) (map[int64]bool, error) {
	back := map[int64]bool{}
	later, err := p.Memory.BookRuns(ctx, r.BookID, r.ID)
	if err != nil {
		return nil, err
	}
	for _, u := range later {
		if u.UndoOf != r.ID || u.Undone != 0 {
			continue
		}
		for c, err := range p.Memory.Changes(ctx, u.ID) {
			if err != nil {
				return nil, err
			}
			if c.Remote && c.Action == plan.Create && c.TargetID != "" {
				back[c.Ref] = true
			}
		}
	}
	return back, nil
}

func (p *pass) reverseOne(c plan.Change, item connector.Item, there bool, m store.Mirrored) plan.Change {
	back := plan.Change{Remote: true, Ref: c.Ref, SourceID: c.SourceID, TargetID: c.TargetID, Version: item.Version}
	switch {
	case c.Reason == plan.Erased: // nothing is left to bring back (requirements 3.14)
		back.Action, back.Reason = plan.Skip, plan.Erased
	case c.Action == plan.Remove && there:
		back.Action, back.Reason = plan.Skip, plan.UndoExists
	case c.Action == plan.Remove: // it comes back as a new record
		back.Action, back.TargetID, back.Version, back.Values = plan.Create, "", "", p.creatable(p.fields(&m))
		back.Fields = created(p.there, back)
	case !there:
		back.Action, back.Reason = plan.Skip, plan.UndoGone
	case c.Action == plan.Create && !p.asCreated(c, item):
		back.Action, back.Reason = plan.Skip, plan.UndoChanged
	case c.Action == plan.Create:
		back.Action, back.Final = plan.Remove, true
		for at, f := range p.there.Fields {
			if old := item.Value(at); old != "" {
				back.Fields = append(back.Fields, plan.FieldChange{Name: f.Name, Old: old, Rule: "undo"})
			}
		}
	default:
		p.reverseFields(&back, c, item)
	}
	return back
}

// creatable leaves out of values those that the remote sets by itself.
func (p *pass) creatable(values []string) []string {
	for at, f := range p.there.Fields {
		if slices.Contains(p.can.Unset, f.Name) {
			values[at] = ""
		}
	}
	return values
}

// asCreated reports whether a record still is what the run made of it.
func (p *pass) asCreated(c plan.Change, item connector.Item) bool {
	made := valuesIn(p.there, c.Fields)
	for at := range p.there.Fields {
		if !p.pairing.SameThere(at, made[at], item.Value(at)) {
			return false
		}
	}
	return true
}

// reverseFields gives the fields their old values that still are as the run left
// them.
func (p *pass) reverseFields(back *plan.Change, c plan.Change, item connector.Item) {
	ours, consent := false, false
	for _, f := range c.Fields {
		at := p.there.Index(f.Name)
		if !f.Written() || at < 0 {
			continue
		}
		value := item.Value(at)
		put := plan.FieldChange{Name: f.Name, Old: value, New: f.Old, Rule: "undo"}
		if f.Rule == "winner" {
			put.Rule = ruleReopen
		}
		switch {
		case !p.pairing.SameThere(at, value, f.New):
			put.New, put.Kept = value, f.Old
		case p.pairing.Out.Consents(at) && contact.Loosens(value, f.Old):
			put.New, put.Kept, put.Rule = value, f.Old, "consent" // only a person loosens it (requirements 3.14)
			consent = true
		default:
			ours = true
		}
		back.Fields = append(back.Fields, put)
	}
	switch back.Action = plan.Update; {
	case !ours && consent:
		back.Action, back.Reason = plan.Skip, plan.UndoConsent
	case !ours:
		back.Action, back.Reason = plan.Skip, plan.UndoChanged
	}
}

// carryBack carries the rest of an undo out.
func (p *pass) carryBack(ctx context.Context) (store.Run, error) {
	err := p.widen(ctx)
	if err == nil {
		err = p.carryAll(ctx, p.checkBack)
	}
	if err == nil {
		err = p.finishBack(ctx)
	}
	if err != nil {
		return p.stop(ctx, err)
	}
	return *p.run, nil
}

// checkBack finds the links of what goes back, and what both sides will agree on
// once it has: the values as they are then, so that nothing travels again.
func (p *pass) checkBack(ctx context.Context, group []*person) error {
	if err := p.loadGroup(ctx, group); err != nil {
		return err
	}
	pending, err := p.pending(ctx)
	if err != nil {
		return err
	}
	for _, x := range group {
		if x.out != nil && x.out.Action == plan.Create {
			x.m = x.link // the tombstone: its record comes back under another name
		}
		if x.m == nil {
			x.m = x.link
		}
		x.j = judgement{base: p.agreedBack(x), forget: p.reopened(x), state: stateOf(x.m)}
		if x.out != nil {
			x.j.outgoing = p.outgoing(x.out.Fields)
		}
		x.halfDone = wroteHere(x)
		x.done = p.resumed && p.carriedOut(x)
		if x.done || x.out == nil || x.out.Action != plan.Create {
			continue
		}
		if _, sent := pending[x.ref()]; sent {
			x.refuse(plan.OutcomeUnknown) // before the crash, or by an earlier undo
		} else if x.link != nil && x.link.State == store.There {
			x.refuse(plan.TargetChanged) // another run has brought the record back
		}
	}
	return nil
}

func stateOf(m *store.Mirrored) store.MirrorState {
	if m == nil {
		return store.There
	}
	return m.State
}

func (p *pass) agreedBack(x *person) map[string]plan.Agreed {
	if x.m == nil {
		return nil
	}
	base := maps.Clone(x.m.Base)
	here, there := p.pairing.Names()
	for at, name := range here {
		a, known := base[name]
		if !known {
			continue
		}
		if x.in != nil {
			i := slices.IndexFunc(x.in.Fields, func(f plan.FieldChange) bool { return f.Name == name && f.Written() })
			if i >= 0 {
				a.Ours = x.in.Fields[i].New // what was edited there since is not ours to settle
			}
		}
		if x.out != nil {
			i := slices.IndexFunc(x.out.Fields, func(f plan.FieldChange) bool { return f.Name == there[at] && f.Written() })
			if i >= 0 {
				a.Theirs = x.out.Fields[i].New // nor what was edited here
			}
		}
		base[name] = a
	}
	return base
}

// reopened are the fields whose conflict had been decided, by a rule or a person:
// nothing is agreed on them any more.
func (p *pass) reopened(x *person) map[string]bool {
	names := map[string]bool{}
	here, there := p.pairing.Names()
	for at, name := range here {
		if x.decided(name, there[at]) {
			names[name] = true
		}
	}
	return names
}

// decided reports whether what goes back for a field was a decided conflict.
func (x *person) decided(here, there string) bool {
	by := func(c *store.StoredChange, name string) bool {
		return c != nil && slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool { return f.Name == name && f.Written() && f.Rule == ruleReopen })
	}
	return by(x.in, here) || by(x.out, there)
}

// ruleReopen marks what an undo gives back of a conflict that was decided.
const ruleReopen = "undo winner"

// finishBack ends an undo that has come to its end.
func (p *pass) finishBack(ctx context.Context) error {
	if err := run.MarkUndone(ctx, p.Memory, *p.run); err != nil {
		return err
	}
	anew, err := p.madeAnew(ctx)
	if err != nil {
		return err
	}
	p.run.Notes = append(p.run.Notes, anew...)
	p.run.Status, p.run.Finished = statusOf(p.run), p.Now()
	return p.Memory.UpdateRun(ctx, p.run)
}

// takenBack reports whether it was an undo over this pair that removed a contact, or brought
// the record of a removed one back.
func (p *pass) takenBack(ctx context.Context, ref int64) (back bool, err error) {
	for c, err := range p.Memory.ChangesOf(ctx, ref) {
		if err != nil {
			return false, err
		}
		if !writes(c.Action) || c.Action == plan.Update || c.Remote && c.Action == plan.Remove {
			continue
		}
		undo, known := p.undos[c.Run]
		if !known {
			if undo, err = p.isUndo(ctx, c.Run); err != nil {
				return false, err
			}
			p.undos[c.Run] = undo
		}
		back = undo && (c.Remote || c.Action == plan.Remove) || back && c.Remote
	}
	return back, nil
}

// isUndo reports whether a run took back one between the same two sides, as far as is known.
func (p *pass) isUndo(ctx context.Context, id int64) (bool, error) {
	r, err := p.Memory.Run(ctx, id)
	if err != nil || r.Kind != store.KindUndo || !r.Linked {
		return false, err
	}
	s, known, err := p.syncOf(ctx, r)
	if err != nil || !known || s.ID == p.sync.ID {
		return err == nil, err
	}
	pair, err := p.Ends.Pair(ctx, s, p.book.ID())
	return pair.ID == p.pair.ID, err
}

// A Reverser makes the changes that take the address book's part of a run back,
// or says why it cannot be taken back.
type Reverser func(ctx context.Context, s store.Sync, r store.Run) ([]plan.Change, error)
