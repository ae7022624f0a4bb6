package link

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Apply carries exactly the planned run out. It is refused when either side, the
// mirror or the sync has moved since, or when the guard objects and nobody
// approved. A record that somebody changes while the plan is applied is left
// alone and looked at by the next run.
func (e *Engine) Apply(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if r.Status != store.Planned {
		return r, &run.Error{Code: run.CodePlanUsed, Message: fmt.Sprintf("Run %d is %s: its plan was used already. Make a new plan", r.ID, r.Status)}
	}
	made := r.Fingerprint
	p, err := e.open(ctx, s, &r)
	if err != nil {
		return r, err
	}
	defer p.release(ctx)
	state, err := p.state(ctx)
	if err != nil {
		return r, err
	}
	if state != r.TargetState || made != r.Fingerprint {
		return r, &run.Error{Code: run.CodePlanMoved, Message: fmt.Sprintf("The records have changed since the plan of run %d was made. Nothing was written. Make a new plan", r.ID)}
	}
	if r.Stop != nil && !r.Approved {
		r.Status, r.Finished, r.Code, r.Message = store.Blocked, e.Now(), "guard.stopped", r.Stop.Message()
		return r, e.Memory.UpdateRun(ctx, &r)
	}
	r.Status = store.Applying
	if !r.Ready.IsZero() { // its start stays, for it tells what ran beside the plan
		r.Waited = max(0, e.Now().Sub(r.Ready))
	}
	if err := e.Memory.UpdateRun(ctx, &r); err != nil {
		return r, err
	}
	return p.carryOut(ctx)
}

// Resume finishes a run that was interrupted, from the last point that is
// durable. Writes that were on their way are settled first.
func (e *Engine) Resume(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if r.Status == store.Planning {
		r.Status, r.Finished, r.Code = store.Discarded, e.Now(), run.CodeInterrupted
		r.Message = "The run was interrupted while it was planned. Nothing was written."
		return r, errors.Join(e.Memory.ClearPlan(ctx, r.ID), e.Memory.UpdateRun(ctx, &r))
	}
	made := r.Fingerprint
	p, err := e.open(ctx, s, &r)
	if err != nil {
		return e.givenUp(ctx, r, err)
	}
	defer p.release(ctx)
	if made != r.Fingerprint {
		return p.giveUp(ctx, &run.Error{Code: run.CodePlanMoved, Message: "The sync was changed while its run was interrupted. What was written stays. Run the sync again"})
	}
	if err := p.recover(ctx); err != nil {
		return p.giveUp(ctx, err)
	}
	if r.Kind != store.KindSync {
		return p.carryBack(ctx)
	}
	return p.carryOut(ctx)
}

// givenUp ends an interrupted run that cannot be finished now. What was on its
// way stays remembered, and the next run settles it: a system that is down does
// not keep everything else from going on.
func (e *Engine) givenUp(ctx context.Context, r store.Run, cause error) (store.Run, error) {
	r.GivenUp = true
	r, err := e.failed(ctx, r, cause)
	var known *run.Error
	if errors.As(cause, &known) {
		return r, nil
	}
	return r, err
}

// giveUp is givenUp once both ends are open: the journal then says what was not
// carried out.
func (p *pass) giveUp(ctx context.Context, cause error) (store.Run, error) {
	r, err := p.stop(ctx, cause)
	if known := (*run.Error)(nil); errors.As(cause, &known) {
		return r, nil
	}
	return r, err
}

// person is what a plan says about one person, and how it went.
type person struct {
	in, out  *store.StoredChange
	m        *store.Mirrored // the record it is about
	link     *store.Mirrored // the record that its contact is linked to
	tomb     *store.Mirrored // or was, until it was made anew
	ours     *connector.Found
	last     *connector.Found // the contact as it is, or as it was thrown away
	j        judgement
	done     bool // before a crash
	halfDone bool // the book's part only
	refused  plan.Reason
	message  string
}

func (x *person) ref() int64 {
	if x.in != nil && x.in.Ref != 0 {
		return x.in.Ref
	}
	if x.out != nil {
		return x.out.Ref
	}
	return 0
}

// elsewhere reports whether a contact is linked with another record by now than the one
// that the plan is about.
func (x *person) elsewhere() bool { return x.link != nil && x.m != nil && x.link.ID != x.m.ID }

func (x *person) remoteID() string {
	switch {
	case x.in != nil:
		return x.in.SourceID
	case x.out != nil:
		return x.out.TargetID
	}
	return ""
}

// personsAtOnce is how many people are carried out together: one transaction for
// the book, and as many calls as the remote needs. A remote that takes more at once
// gets more, up to mostAtOnce: calls are what its account is limited by.
const (
	personsAtOnce = 200
	mostAtOnce    = 2000
)

func (p *pass) atOnce() int { return max(personsAtOnce, min(p.can.WriteBatch, mostAtOnce)) }

func (p *pass) carryOut(ctx context.Context) (store.Run, error) {
	k, err := p.knows(ctx)
	if err == nil {
		err = p.widen(ctx)
	}
	if err == nil {
		err = p.carryAll(ctx, func(ctx context.Context, group []*person) error { return p.check(ctx, group, k) })
	}
	if err == nil {
		err = p.finish(ctx)
	}
	if err != nil {
		return p.stop(ctx, err)
	}
	return *p.run, nil
}

// widen adds the fields that the sync brings. Values are written by position, so that a
// book whose fields somebody else has changed meanwhile is left alone.
func (p *pass) widen(ctx context.Context) error {
	w, ok := p.book.(Widener)
	if !ok {
		return nil
	}
	if err := w.Widen(ctx); err != nil {
		return err
	}
	now, err := p.book.Schema(ctx)
	if err == nil && !slices.EqualFunc(now.Fields, p.here.Fields, func(a, b contact.Field) bool { return a.Name == b.Name }) {
		err = &run.Error{Code: run.CodePlanMoved, Message: "The fields of " + p.book.Name() + " were changed meanwhile. Nothing more was written. Run the sync again"}
	}
	return err
}

// carryAll carries the rest of a plan out, some people at a time. Each group is
// checked before it is written.
func (p *pass) carryAll(ctx context.Context, check func(context.Context, []*person) error) error {
	next, err := p.reserve(ctx)
	if err != nil {
		return err
	}
	var group []*person
	for c, err := range p.Memory.Changes(ctx, p.run.ID) {
		if err != nil {
			return err
		}
		if c.Action == plan.Create && !c.Remote && c.Ref == 0 {
			c.Ref, c.TargetID = next, number(next)
			next++
		}
		if c.Seq < p.run.Position {
			continue
		}
		p.spellOut(&c.Change)
		if belongs(group, &c) {
			group[len(group)-1].out = &c
			continue
		}
		if len(group) == p.atOnce() {
			if err := p.group(ctx, group, check); err != nil {
				return err
			}
			group = nil
		}
		group = append(group, personOf(&c))
	}
	return p.group(ctx, group, check)
}

// spellOut gives a create its values back, which the plan has by field.
func (p *pass) spellOut(c *plan.Change) {
	switch {
	case c.Action != plan.Create || c.Values != nil:
	case c.Remote:
		c.Values = valuesIn(p.there, c.Fields)
	default:
		c.Values = valuesIn(p.here, c.Fields)
	}
}

func personOf(c *store.StoredChange) *person {
	if c.Remote {
		return &person{out: c}
	}
	return &person{in: c}
}

// belongs reports whether a change is the other half of the last person's.
func belongs(group []*person, c *store.StoredChange) bool {
	if len(group) == 0 || !c.Remote || c.TargetID == "" {
		return false
	}
	last := group[len(group)-1]
	return last.out == nil && last.in.SourceID == c.TargetID
}

// reserve returns the handle of the run's first contact to create. Handles are
// given in the order of the plan, and never twice.
func (p *pass) reserve(ctx context.Context) (int64, error) {
	n := int64(0)
	for c, err := range p.Memory.Changes(ctx, p.run.ID) {
		if err != nil {
			return 0, err
		}
		if c.Action == plan.Create && !c.Remote {
			n++
		}
	}
	if n == 0 {
		return 0, nil
	}
	return p.book.Reserve(ctx, p.run.ID, n)
}

// group carries some people out: the address book first, in one transaction with
// the links, then the remote.
func (p *pass) group(ctx context.Context, group []*person, check func(context.Context, []*person) error) error {
	if err := p.renew(ctx); err != nil || len(group) == 0 {
		return err
	}
	if err := check(ctx, group); err != nil {
		return err
	}
	last := group[len(group)-1]
	position := last.in
	if last.out != nil {
		position = last.out
	}
	out := slices.DeleteFunc(slices.Clone(group), func(x *person) bool { return !x.sends() })
	upTo := position.Seq + 1
	if len(out) > 0 {
		upTo = -1
	}
	if err := p.writeHere(ctx, group, upTo); err != nil {
		return err
	}
	if len(out) > 0 {
		out = slices.DeleteFunc(out, func(x *person) bool { return !x.sends() })
		if err := p.send(ctx, out, position.Seq+1); err != nil {
			return err
		}
	}
	p.run.Position = position.Seq + 1
	p.progress("applying", p.run.Position, 0)
	return nil
}

// sends reports whether something of this person goes to the remote.
func (x *person) sends() bool {
	return x.out != nil && x.refused == "" && !x.done && writes(x.out.Action)
}

func writes(a plan.Action) bool {
	return a == plan.Create || a == plan.Update || a == plan.Remove || a == plan.Restore
}

// check judges people again by what is known now. Who would be judged otherwise
// than planned is refused: nothing is written that was not in the plan.
func (p *pass) check(ctx context.Context, group []*person, k knowledge) error {
	if err := p.loadGroup(ctx, group); err != nil {
		return err
	}
	k.rival = func(*connector.Found) string { return "" } // judged when the plan was made; before sending the remote itself is asked
	if err := p.stillGone(ctx, group); err != nil {
		return err
	}
	for _, x := range group {
		if err := p.checkOne(x, k); err != nil {
			return err
		}
	}
	return nil
}

// stillGone asks once more for the records whose contacts are about to be
// removed: a plan may have waited for its approval.
func (p *pass) stillGone(ctx context.Context, group []*person) error {
	var ids []string
	for _, x := range group {
		if x.in != nil && x.in.Action == plan.Remove && x.m != nil {
			ids = append(ids, x.m.RemoteID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	items, err := p.fetch(ctx, ids)
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	for _, item := range items {
		gone[item.ID] = item.Gone
	}
	for _, x := range group {
		if x.in != nil && x.in.Action == plan.Remove && x.m != nil && !gone[x.m.RemoteID] && !p.carriedOut(x) {
			x.refuse(plan.TargetChanged)
		}
	}
	return nil
}

// loadGroup reads the records and contacts that a group is about.
func (p *pass) loadGroup(ctx context.Context, group []*person) error {
	var ids []string
	var refs []int64
	for _, x := range group {
		if id := x.remoteID(); id != "" {
			ids = append(ids, id)
		}
		if ref := x.ref(); ref != 0 {
			refs = append(refs, ref)
		}
	}
	mirror, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, ids)
	if err != nil {
		return err
	}
	linked, err := p.Memory.MirrorByRef(ctx, p.pair.ID, sorted(slices.Clone(refs)))
	if err != nil {
		return err
	}
	found, err := p.contacts(ctx, refs)
	if err != nil {
		return err
	}
	byID, byLink, here := map[string]*store.Mirrored{}, map[int64]*store.Mirrored{}, byRef(found)
	for i := range mirror {
		byID[mirror[i].RemoteID] = &mirror[i]
	}
	for i := range linked {
		byLink[linked[i].Ref] = &linked[i]
	}
	for _, x := range group {
		x.m, x.link, x.ours = byID[x.remoteID()], byLink[x.ref()], here[x.ref()]
		x.last = x.ours
	}
	return p.loadTrashed(ctx, group)
}

// loadTrashed reads what was thrown away of a group: whether it was written before.
func (p *pass) loadTrashed(ctx context.Context, group []*person) error {
	var refs []int64
	for _, x := range group {
		if x.ours == nil && x.in != nil && x.in.Action == plan.Update {
			refs = append(refs, x.ref())
		}
	}
	if len(refs) == 0 {
		return nil
	}
	found, err := p.thrownAway(ctx, refs)
	trash := byRef(found)
	for _, x := range group {
		if x.ours == nil {
			x.last = trash[x.ref()]
		}
	}
	return err
}

func (p *pass) checkOne(x *person, k knowledge) error {
	if x.refused != "" {
		return nil
	}
	if x.in != nil && x.in.Ref == 0 && x.in.Rule != "" {
		return nil // matching left the record to a person
	}
	if x.halfDone = wroteHere(x); p.carriedOut(x) {
		x.done = true
		return nil
	}
	if _, pending := k.pending[x.ref()]; pending && x.out != nil && x.out.Action == plan.Create {
		x.refuse(plan.OutcomeUnknown) // it was sent before the crash
		return nil
	}
	if x.m != nil && x.m.Ref == 0 && p.spokenFor(x.m, x.ref(), k.pending) {
		x.refuse(plan.OutcomeUnknown)
		return nil
	}
	if x.elsewhere() && isGone(x.link) && x.m.State == store.There {
		x.link, x.tomb = nil, x.link // the person's record was made anew
		if len(x.m.Base) == 0 && x.tomb.State == store.Gone {
			x.m.Base = p.still(x.tomb.Base, x.m.Seen)
		}
	}
	if x.ref() == 0 && x.m != nil && x.m.Ref != 0 { // what was left alone as nobody's is somebody's by now
		x.refuse(plan.TargetChanged)
		return nil
	}
	if x.elsewhere() || x.m == nil && (x.link != nil || x.remoteID() != "") {
		x.refuse(plan.TargetChanged)
		return nil
	}
	it := item{m: x.m, ours: x.ours, ref: x.ref()}
	if x.in != nil && x.in.Action == plan.Create {
		it.ref = 0
	}
	j, err := p.judge(it, k)
	if err != nil {
		return err
	}
	news := x.halfDone && j.in != nil && (writes(j.in.Action) || saysMore(j.in, x.in)) // theirs changed after the book's part was written
	if news || !x.halfDone && !same(x.in, j.in) || !same(x.out, j.out) {
		x.refuse(plan.TargetChanged)
	}
	x.j = j
	return nil
}

// isGone reports whether a record is gone, and its contact is free for another.
func isGone(m *store.Mirrored) bool { return m.State == store.Gone || m.State == store.GoneUnlinked }

func (x *person) refuse(why plan.Reason) { x.refused = why }

// carriedOut reports whether all that is planned for a person is so already, as
// after a crash.
func (p *pass) carriedOut(x *person) bool {
	return (p.run.Position > 0 || p.resumed) && p.isSo(x)
}

func (p *pass) isSo(x *person) bool {
	if x.in != nil && x.in.Action == plan.Create {
		return x.m != nil && x.m.Ref != 0 && x.out == nil
	}
	if x.out != nil && x.out.Action == plan.Create {
		return x.out.TargetID != "" // whoever is linked without it, another run has linked
	}
	if x.out != nil && x.out.Action == plan.Remove {
		return x.m != nil && x.m.State != store.There && x.m.State != store.Erased
	}
	if x.in != nil && x.in.Action == plan.Remove {
		return x.ours == nil
	}
	if x.in != nil && x.in.Action == plan.Restore {
		return x.ours != nil
	}
	if x.m == nil || x.m.Ref != x.ref() {
		return false
	}
	return (x.halfDone || p.doneHere(x)) && p.doneThere(x) && (x.in != nil && writes(x.in.Action) || x.out != nil)
}

// doneHere and doneThere report whether the values are so that one half of an update writes.
func (p *pass) doneHere(x *person) bool {
	return allWritten(x.in, func(f plan.FieldChange) bool {
		return x.last != nil && x.last.Value(p.here.Index(f.Name)) == f.New
	})
}

func (p *pass) doneThere(x *person) bool {
	return allWritten(x.out, func(f plan.FieldChange) bool { return p.isMadeOf(f.Name, f.New, x.m.Seen[f.Name]) })
}

func allWritten(c *store.StoredChange, is func(plan.FieldChange) bool) bool {
	return c == nil || c.Action != plan.Update || !slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool { return f.Written() && !is(f) })
}

// same reports whether a planned change and the one judged now write and say the
// same: a value that is left alone is left with a word to people, or not at all.
func same(planned *store.StoredChange, now *plan.Change) bool {
	if planned == nil || now == nil {
		return planned == nil && now == nil || planned == nil && !writes(now.Action) && len(now.Fields) == 0 || now == nil && !writes(planned.Action)
	}
	return planned.Action == now.Action && slices.Equal(planned.Values, now.Values) && slices.EqualFunc(planned.Fields, now.Fields, sameField)
}

// saysMore reports whether what is judged now keeps a value that the plan had no word for.
func saysMore(now *plan.Change, planned *store.StoredChange) bool {
	return slices.ContainsFunc(now.Fields, func(f plan.FieldChange) bool {
		return f.Kept != "" && !slices.ContainsFunc(planned.Fields, func(g plan.FieldChange) bool { return sameField(f, g) })
	})
}

func sameField(a, b plan.FieldChange) bool {
	return a.Name == b.Name && a.Old == b.Old && a.New == b.New && a.Kept == b.Kept
}

// writeHere writes the address book's part and what it means for the links.
func (p *pass) writeHere(ctx context.Context, group []*person, position int64) error {
	b := connector.Batch{Run: p.run.ID, Now: p.Now(), Position: -1, IndexNow: true}
	var of []*person
	for _, x := range group {
		if x.in == nil || x.refused != "" || x.done || x.halfDone || !writes(x.in.Action) {
			continue
		}
		b.Changes, of = append(b.Changes, x.in.Change), append(of, x)
	}
	_, err := p.book.WriteLinked(ctx, b, func(refused []int64) store.LinkBatch {
		for _, x := range of {
			if slices.Contains(refused, x.in.Ref) {
				x.refuse(plan.TargetChanged)
			}
		}
		return p.learned(group, position)
	})
	return err
}

// learned is what a group's writes to the book mean for links: whoever is in
// step is linked, with the base that both agree on. What still has to go to the
// remote keeps its old base until it is there.
func (p *pass) learned(group []*person, position int64) store.LinkBatch {
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: p.run.ID, Position: position}
	for _, x := range group {
		if x.refused != "" {
			p.settleRefused(&b, x)
			continue
		}
		if x.in != nil && x.in.Action == plan.Create {
			b.Settled = append(b.Settled, *x.in) // its handle is known now
		}
		if x.in != nil && x.out != nil && writes(x.in.Action) && !x.in.Detail.Written {
			x.in.Detail.Written = true // whatever people make of it before the other half is there
			b.Settled = append(b.Settled, *x.in)
		}
		if x.done || x.m == nil || x.elsewhere() || x.in == nil && x.j.base == nil || x.in != nil && leaves(x.in.Action) {
			continue
		}
		m := *x.m
		if m.Base = x.agreedHere(); p.run.Kind != store.KindUndo || m.Ref == 0 { // who took the record since keeps it
			m.Ref = x.ref()
		}
		if x.j.state != store.There && x.out == nil {
			m.State = x.j.state
		}
		if x.tomb != nil {
			b.Mirror = append(b.Mirror, letGo(*x.tomb))
		}
		if !sameLink(m, *x.m) { // what is as it was need not be looked at again
			b.Mirror = append(b.Mirror, m)
		}
		*x.m = m
		b.Judged = append(b.Judged, m.Ref)
		for _, c := range x.j.conflicts {
			b.Conflicts = append(b.Conflicts, store.Conflict{RemoteID: m.RemoteID, Ref: m.Ref, Found: p.Now(), Conflict: c})
		}
	}
	return b
}

// sameLink reports whether nothing was learned about a link.
func sameLink(a, b store.Mirrored) bool {
	return a.Ref == b.Ref && a.State == b.State && maps.EqualFunc(a.Base, b.Base, func(x, y plan.Agreed) bool {
		return x.Ours == y.Ours && x.Theirs == y.Theirs && slices.Equal(x.Wrote, y.Wrote)
	})
}

// leaves reports whether an action leaves the link as it is.
func leaves(a plan.Action) bool { return a == plan.Reject || a == plan.Fail }

// agreedHere is the base once the book is written, and not yet the remote.
func (x *person) agreedHere() map[string]plan.Agreed {
	if x.j.base == nil {
		return x.m.Base
	}
	base := x.agreed()
	for name := range x.j.outgoing {
		if old, known := x.m.Base[name]; known {
			base[name] = old
		} else {
			delete(base, name)
		}
	}
	return base
}

// agreed is the base once all is carried out. Other syncs over the pair have
// fields of their own in it, which stay.
func (x *person) agreed() map[string]plan.Agreed {
	base := map[string]plan.Agreed{}
	if x.m != nil {
		maps.Copy(base, x.m.Base)
	}
	maps.Copy(base, x.j.base)
	for name := range x.j.forget {
		delete(base, name)
	}
	return base
}

// settleRefused records that a person was left alone after all.
func (p *pass) settleRefused(b *store.LinkBatch, x *person) {
	for _, c := range []*store.StoredChange{x.in, x.out} {
		if c == nil || !writes(c.Action) && c.Action != plan.Unchanged || c == x.in && x.halfDone {
			continue
		}
		action := plan.Fail
		if x.refused == plan.OutcomeUnknown {
			action = plan.Hold
		}
		p.settle(b, c, action, x.refused, x.message)
	}
}

// settle gives a planned change another outcome.
func (p *pass) settle(b *store.LinkBatch, c *store.StoredChange, a plan.Action, why plan.Reason, message string) {
	p.run.Totals.Move(c.Action, a)
	p.run.Reasons[string(why)]++
	c.Action, c.Reason, c.Detail.Message = a, why, message
	b.Settled = append(b.Settled, *c)
}

// finish saves how far the sync has come, and what it has to look at again.
func (p *pass) finish(ctx context.Context) error {
	m, err := marksOf(p.run)
	if err != nil {
		return err
	}
	retry, err := p.retries(ctx)
	if err != nil {
		return err
	}
	if err := p.recount(ctx); err != nil {
		return err
	}
	progress := store.Progress{SyncID: p.sync.ID, PairID: p.pair.ID, MirrorSeq: m.MirrorSeq, BookRun: m.BookRun, Fingerprint: p.run.Fingerprint}
	if err := p.Memory.SaveProgress(ctx, progress, retry); err != nil {
		return err
	}
	p.noted()
	p.run.Status, p.run.Finished = statusOf(p.run), p.Now()
	if p.run.EndState, err = p.state(ctx); err != nil {
		return err
	}
	return p.Memory.UpdateRun(ctx, p.run)
}

func statusOf(r *store.Run) store.Status {
	switch {
	case r.Totals.Rejected+r.Totals.Failed > 0:
		return store.WithErrors
	case r.Totals.Held > 0 || len(r.Warnings) > int(min(r.Warnings[plan.CodeTrimmed], 1)):
		return store.WithWarnings
	}
	return store.Succeeded
}

// retries lists the people the next run has to look at although nothing changes.
func (p *pass) retries(ctx context.Context) (all []store.Retry, err error) {
	var ids []string
	for c, err := range p.Memory.Changes(ctx, p.run.ID) {
		if err != nil {
			return nil, err
		}
		if c.Action != plan.Hold && c.Action != plan.Fail {
			continue
		}
		id := c.SourceID
		if c.Remote {
			id = c.TargetID
		}
		if id != "" {
			ids = append(ids, id)
		}
		if c.Ref != 0 {
			all = append(all, store.Retry{Ref: c.Ref})
		}
	}
	mirror, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, ids)
	for _, m := range mirror {
		all = append(all, store.Retry{Mirror: m.ID})
	}
	return all, err
}

// recount adds up what the journal of a resumed run says: what was settled before
// the crash is no longer in memory (I8).
func (p *pass) recount(ctx context.Context) error {
	if !p.resumed {
		return nil
	}
	totals, reasons := plan.Totals{}, map[string]int64{}
	for c, err := range p.Memory.Changes(ctx, p.run.ID) {
		if err != nil {
			return err
		}
		totals.Count(c.Action, 1)
		if c.Reason != plan.NoReason {
			reasons[string(c.Reason)]++
		}
	}
	p.run.Totals, p.run.Reasons = totals, reasons
	return nil
}

// stop ends a run in the middle. What was written stays and is remembered; what
// was not is planned anew by the next run, for the progress is not saved.
func (p *pass) stop(ctx context.Context, cause error) (store.Run, error) {
	ctx = context.WithoutCancel(ctx)
	var known *run.Error
	if !errors.As(cause, &known) && !errors.Is(cause, context.Canceled) {
		return *p.run, cause // the store failed: the run stays open and is resumed
	}
	action, why := plan.Fail, plan.Unreachable
	if known != nil && known.Code == CodeQuota {
		action, why = plan.Hold, plan.QuotaPaused
	}
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: p.run.ID, Position: -1}
	undone, err := p.undone(ctx)
	if err == nil {
		err = p.settleUnanswered(ctx, &b, undone)
	}
	for i := range undone {
		if writes(undone[i].Action) {
			p.settle(&b, &undone[i], action, why, "")
		}
	}
	if err == nil {
		err = p.Memory.WriteLinks(ctx, b)
	}
	if err == nil {
		err = p.recount(ctx)
	}
	if err == nil {
		err = run.MarkUndone(ctx, p.Memory, *p.run)
	}
	if err != nil {
		return *p.run, errors.Join(cause, err)
	}
	p.noted()
	return p.failed(ctx, *p.run, cause)
}

// settleUnanswered records what a run that ends in the middle has sent, and not heard of.
func (p *pass) settleUnanswered(ctx context.Context, b *store.LinkBatch, changes []store.StoredChange) error {
	open, err := p.Memory.Intents(ctx, p.pair.ID)
	for i := range changes {
		c := &changes[i]
		sent := func(o store.Intent) bool { return o.Run == c.Run && o.Ref == c.Ref && o.RemoteID == c.TargetID }
		if c.Remote && slices.ContainsFunc(open, sent) {
			p.settle(b, c, plan.Hold, plan.OutcomeUnknown, "")
		}
	}
	return err
}

// undone lists what the plan would still have written. Of the people who were
// being carried out when it stopped, some have got what they were to get.
func (p *pass) undone(ctx context.Context) (all []store.StoredChange, err error) {
	for c, err := range p.Memory.Changes(ctx, p.run.ID) {
		if err != nil {
			return nil, err
		}
		if c.Seq >= p.run.Position && writes(c.Action) {
			all = append(all, c)
		}
	}
	people := make([]*person, min(len(all), 2*p.atOnce()))
	for i := range people {
		people[i] = personOf(&all[i])
	}
	if err := p.loadGroup(ctx, people); err != nil {
		return nil, err
	}
	left := all[len(people):]
	for i, x := range people {
		if !p.wrote(x) {
			left = append(left, all[i])
		}
	}
	return left, nil
}

// wroteHere reports whether the book's part of a person that has two was written before a crash.
func wroteHere(x *person) bool { return x.in != nil && x.out != nil && x.in.Detail.Written }

// wrote reports whether one half of what is planned for a person is so.
func (p *pass) wrote(x *person) bool {
	switch {
	case x.out != nil && p.answered[x.out.Seq]:
		return true
	case x.in != nil && x.in.Detail.Written:
		return true
	case x.in != nil && x.in.Action == plan.Update:
		return x.last != nil && (x.last.Rank == p.run.ID || p.doneHere(x))
	}
	return p.isSo(x)
}
