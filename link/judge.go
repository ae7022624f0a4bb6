package link

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// An item is one person of the work: a record of the mirror, a contact, or both.
type item struct {
	m    *store.Mirrored  // nil: nothing at the remote
	ours *connector.Found // nil: nothing in the book
	ref  int64            // of the link, or of the contact matching found
	rule plan.Rule        // that found it now; empty: the link
}

// A judgement is what becomes of an item. Each change concerns one side.
type judgement struct {
	in, out   *plan.Change
	base      map[string]plan.Agreed // once both are carried out
	outgoing  map[string]bool        // fields of the book whose base waits for the remote's answer
	forget    map[string]bool        // fields that nothing is agreed on any more
	conflicts []plan.Conflict
	state     store.MirrorState
}

// judge decides about one item from what is known of it; it asks nobody.
func (p *pass) judge(it item, k knowledge) (judgement, error) {
	switch {
	case it.m == nil && it.ours == nil:
		return judgement{}, nil
	case it.m != nil && it.m.State == store.Erased:
		return p.leave(it, plan.Skip, plan.Erased), nil
	case it.m == nil:
		return p.onlyHere(it, k)
	case it.m.State != store.There && it.ours == nil:
		return judgement{state: it.m.State}, nil
	case it.m.State != store.There:
		return p.goneThere(it, k)
	case it.ours == nil && it.ref != 0:
		return p.goneHere(it, k)
	case it.ours == nil:
		return p.onlyThere(it, k)
	}
	return p.both(it, k)
}

// knowledge is what judging needs beyond the item itself. It is the same while a
// plan is made and while it is applied.
type knowledge struct {
	thrownAway func() (map[uint64]bool, error)    // best keys of those a person put into the trash
	brought    func() (map[int64]bool, error)     // contacts that runs of this sync created
	takenBack  func(ref int64) (bool, error)      // whether an undo has removed a contact
	choices    map[int64]map[string]plan.Choice   // contact -> field
	frozen     map[int64]map[string]bool          // contact -> field
	rival      func(ours *connector.Found) string // why a contact may not be created at the remote now
	pending    map[int64]store.Intent             // contacts whose create was sent, and whether it arrived is not known
}

// both decides about a person who is on both sides.
func (p *pass) both(it item, k knowledge) (judgement, error) {
	theirs := contact.Record{ID: it.m.RemoteID, Values: p.fields(it.m), Version: it.m.Version, Modified: it.m.Modified}
	if pass, err := p.passes(theirs.Values, it.ours.Values); err != nil || !pass {
		return p.leave(it, plan.Skip, plan.FilteredOut), err
	}
	meeting := plan.Meeting{Ours: it.ours.Record, Theirs: theirs, Base: it.m.Base, Choices: k.choices[it.ref], Frozen: k.frozen[it.ref], Now: p.run.Started}
	if len(it.m.Base) == 0 {
		meeting.Base = nil
	}
	e, t := p.pairing.Meet(meeting)
	if t.Reject != "" {
		j := p.leave(it, plan.Reject, t.Reject)
		j.in.Detail = t.Detail
		return j, nil
	}
	j := judgement{base: e.Base, conflicts: e.Conflicts}
	in, out := p.changeIn(it), p.changeOut(it)
	in.Fields, out.Fields, in.Detail.Warnings = e.In, e.Out, t.Detail.Warnings
	missing := p.missing(e, it)
	if len(missing) > 0 {
		if e = p.onlyConsents(e, it); !written(e.In) && !written(e.Out) {
			return p.hold(it, missing), nil
		}
		j.base, j.conflicts, in.Fields, out.Fields, in.Detail.Missing = e.Base, nil, e.In, e.Out, missing
	}
	waiting := false
	for _, c := range e.Conflicts {
		if c.Winner == plan.WinReview {
			waiting = true
			in.Fields = append(in.Fields, plan.FieldChange{Name: c.Field, Old: c.Ours, New: c.Ours, Kept: c.Theirs, Rule: "conflict"})
		}
	}
	if d := p.pairing.Sync.Policy.Delete; d.NotFound == plan.Mark || d.Back == plan.Mark {
		if f, ok := plan.UnmarkFound(p.pairing.Sync, p.here, it.ours.Record); ok {
			in.Fields = append(in.Fields, f)
		}
	}
	switch {
	case written(in.Fields):
		in.Action = plan.Update
	case len(missing) > 0:
		in.Action, in.Reason = plan.Hold, plan.RequiredMissing
	case waiting:
		in.Action, in.Reason = plan.Hold, plan.ConflictField
	default:
		in.Action = plan.Unchanged
	}
	if waiting && in.Action != plan.Hold { // other fields go on; a person is told all the same
		in.Detail.Warnings = append(in.Detail.Warnings, string(plan.ConflictField))
	}
	j.in = &in
	if written(e.Out) {
		out.Action = plan.Update
		j.out, j.outgoing = &out, p.outgoing(e.Out)
		if in.Action == plan.Unchanged && len(in.Fields) == 0 {
			j.in = nil // one line for one person
		}
	} else if len(e.Out) > 0 {
		in.Fields = append(in.Fields, e.Out...)
	}
	return j, nil
}

// onlyConsents is what goes on of an encounter that has to wait for missing fields: an
// opt-out waits for nothing (requirements 3.14).
func (p *pass) onlyConsents(e plan.Encounter, it item) plan.Encounter {
	base := maps.Clone(it.m.Base)
	for name, a := range e.Base {
		if p.pairing.HoldsConsent(name) {
			if base == nil {
				base = map[string]plan.Agreed{}
			}
			base[name] = a
		}
	}
	return plan.Encounter{In: plan.Consents(e.In), Out: plan.Consents(e.Out), Base: base}
}

// outgoing are the book's fields that a change at the remote is about.
func (p *pass) outgoing(fields []plan.FieldChange) map[string]bool {
	names := map[string]bool{}
	here, there := p.pairing.Names()
	for _, f := range fields {
		for at, name := range there {
			if f.Written() && name == f.Name {
				names[here[at]] = true
			}
		}
	}
	return names
}

// passes reports whether the sync's filter and scope let a linked pair travel.
func (p *pass) passes(theirs, ours []string) (bool, error) {
	pass, err := p.pairing.In.Pass(theirs)
	if err != nil || !pass {
		return false, err
	}
	return p.pairing.Out.Pass(ours)
}

// missing lists the required fields of the sync's target that would still be
// blank once both sides are written.
func (p *pass) missing(e plan.Encounter, it item) []string {
	if p.pairing.Forward() == plan.WayOut {
		return p.pairing.Out.MissingAfter(e.Out, contact.Record{Values: p.fields(it.m)})
	}
	return p.pairing.In.MissingAfter(e.In, it.ours.Record)
}

// hold leaves a person alone until the missing fields are filled (E24).
func (p *pass) hold(it item, missing []string) judgement {
	j := p.leave(it, plan.Hold, plan.RequiredMissing)
	j.in.Detail.Missing = missing
	return j
}

// leave writes nothing about a person, and says why.
func (p *pass) leave(it item, a plan.Action, why plan.Reason) judgement {
	c := p.changeIn(it)
	c.Action, c.Reason = a, why
	return judgement{in: &c, state: it.state(), base: it.base()}
}

func (it item) base() map[string]plan.Agreed {
	if it.m == nil {
		return nil
	}
	return it.m.Base
}

func (it item) state() store.MirrorState {
	if it.m == nil {
		return store.There
	}
	return it.m.State
}

// onlyThere decides about a record that no contact is.
func (p *pass) onlyThere(it item, k knowledge) (judgement, error) {
	values := p.fields(it.m)
	if !p.createsHere() {
		return judgement{}, nil // the target of a one-way sync is not asked what it has besides
	}
	if pass, err := p.pairing.In.Pass(values); err != nil || !pass {
		return p.leave(it, plan.Skip, plan.FilteredOut), err
	}
	t := p.pairing.In.Translate(values)
	if t.Reject != "" {
		j := p.leave(it, plan.Reject, t.Reject)
		j.in.Detail = t.Detail
		return j, nil
	}
	t.Values = append([]string(nil), t.Values...)
	p.pairing.Bind(plan.WayIn, t.Values)
	if !p.pairing.In.HasOwn(t) {
		return p.leave(it, plan.Skip, plan.NoKey), nil
	}
	if p.awaited(it.m, k) {
		return p.leave(it, plan.Hold, plan.OutcomeUnknown), nil
	}
	if gone, err := k.thrownAway(); err != nil || gone[p.best(it.m.Hashes)] {
		return p.leave(it, plan.Skip, plan.TrashedByPerson), err
	}
	c := p.pairing.In.DecideCreate(values, t)
	c.SourceID, c.Fields = it.m.RemoteID, created(p.here, c)
	if c.Action != plan.Create { // nothing is agreed on with nobody
		return judgement{in: &c, state: it.state(), base: it.base()}, nil
	}
	return judgement{in: &c, base: p.pairing.BaseOf(plan.WayIn, t.Values, values)}, nil
}

// onlyHere decides about a contact that no record of the remote is.
func (p *pass) onlyHere(it item, k knowledge) (judgement, error) {
	if !p.createsThere() {
		return judgement{}, nil
	}
	c := p.changeOut(it)
	if _, pending := k.pending[it.ref]; pending {
		c.Action, c.Reason = plan.Hold, plan.OutcomeUnknown
		return judgement{out: &c}, nil
	}
	if p.forgotten.Has(p.allKeys(it.ours.Values)) {
		c.Action, c.Reason = plan.Skip, plan.Erased
		return judgement{out: &c}, nil
	}
	if pass, err := p.pairing.Out.Pass(it.ours.Values); err != nil || !pass {
		c.Action, c.Reason = plan.Skip, plan.FilteredOut
		return judgement{out: &c}, err
	}
	t := p.pairing.Out.Translate(it.ours.Values)
	t.Values = append([]string(nil), t.Values...)
	p.pairing.Bind(plan.WayOut, t.Values)
	if t.Reject == "" && !p.pairing.Out.HasOwn(t) { // a record without a value of its own: nobody could tell it from another
		c.Action, c.Reason = plan.Skip, plan.NoKey
		return judgement{out: &c}, nil
	}
	made := p.pairing.Out.DecideCreate(it.ours.Values, t)
	made.SourceID, made.Ref, made.Remote = c.SourceID, c.Ref, true
	if why := k.rival(it.ours); made.Action == plan.Create && why != "" {
		made.Action, made.Reason, made.Values, made.Detail.Message = plan.Hold, plan.IdentityConflict, nil, why
	}
	if t.Reject != "" {
		made.Action, made.Reason, made.Values = plan.Reject, t.Reject, nil
	}
	made.Fields = created(p.there, made)
	return judgement{out: &made, base: p.pairing.BaseOfSent(it.ours.Values, t.Values, p.Now())}, nil
}

// created spells the values of a create out, field by field.
func created(schema contact.Schema, c plan.Change) (fields []plan.FieldChange) {
	for i, v := range c.Values {
		if v != "" {
			fields = append(fields, plan.FieldChange{Name: schema.Fields[i].Name, New: v, Rule: "create"})
		}
	}
	return fields
}

// valuesIn are the values of a create in the order of a schema.
func valuesIn(schema contact.Schema, fields []plan.FieldChange) []string {
	values := make([]string, len(schema.Fields))
	for _, f := range fields {
		if at := schema.Index(f.Name); at >= 0 {
			values[at] = f.New
		}
	}
	return values
}

func (p *pass) createsHere() bool {
	return p.pairing.Forward() == plan.WayIn || p.pairing.Sync.Direction == plan.TwoWay
}

func (p *pass) createsThere() bool {
	return !p.can.ReadOnly && (p.pairing.Forward() == plan.WayOut || p.pairing.Sync.Direction == plan.TwoWay)
}

// goneThere decides about a contact whose record is gone from the remote. It is
// never created there again (requirements 3.11).
func (p *pass) goneThere(it item, k knowledge) (judgement, error) {
	policy := p.pairing.Sync.Policy.Delete
	does := policy.NotFound
	if p.pairing.Forward() == plan.WayOut {
		does = policy.Back
	}
	j := p.leave(it, plan.Skip, plan.LinkGone)
	removable, err := p.removable(it.ref, does, k)
	if err != nil {
		return j, err
	}
	switch why := p.merged(it); {
	case why != "":
		j.in.Action, j.in.Reason, j.in.Detail.Message = plan.Hold, plan.IdentityConflict, why
	case it.m.State == store.GoneUnlinked:
		return judgement{state: it.m.State, base: it.m.Base}, nil
	case does == plan.Unlink:
		j.state = store.GoneUnlinked
	case does == plan.Mark && removable:
		if f, ok := plan.MarkMissing(p.pairing.Sync, p.here, it.ours.Record); ok {
			j.in.Action, j.in.Reason, j.in.Fields = plan.Update, plan.SourceGone, []plan.FieldChange{f}
		}
	case (does == plan.Trash || does == plan.DeleteGone) && removable:
		if p.movedHere(it) {
			return p.edited(it, "It was edited here after it was deleted at "+p.remote.Name()+". Delete it here too, or kith links drop to create it there again."), nil
		}
		j.in.Action, j.in.Reason, j.in.Final = plan.Remove, plan.SourceGone, does == plan.DeleteGone
		j.state = store.GoneUnlinked      // once: whoever restores it keeps it
		for i, f := range p.here.Fields { // an undo brings them back
			if old := it.ours.Value(i); old != "" {
				j.in.Fields = append(j.in.Fields, plan.FieldChange{Name: f.Name, Old: old, Rule: string(does)})
			}
		}
	}
	return j, nil
}

// removable reports whether a contact is in the scope of what a policy does.
func (p *pass) removable(ref int64, does plan.NotFound, k knowledge) (bool, error) {
	if p.pairing.Sync.Policy.Delete.Scope == plan.WholeBook {
		return true, nil
	}
	if does != plan.Trash && does != plan.DeleteGone && does != plan.Mark {
		return false, nil
	}
	mine, err := k.brought()
	return mine[ref], err
}

// goneHere decides about a record whose contact is no longer in the book. It is
// never created here again. One whom an undo has removed was thrown away by nobody: the
// record stays, as it was before the run that was taken back.
func (p *pass) goneHere(it item, k knowledge) (judgement, error) {
	policy := p.pairing.Sync.Policy.Delete
	does := policy.Back
	if p.pairing.Forward() == plan.WayOut {
		does = policy.NotFound
	}
	if p.twins[it.m.ID] {
		j := p.leave(it, plan.Hold, plan.IdentityConflict)
		j.in.Detail.Message = "Two records of " + p.remote.Name() + " are one contact here. Make one of them there."
		return j, nil
	}
	if (does != plan.Trash && does != plan.DeleteGone) || p.can.ReadOnly || !p.createsThere() {
		return p.leave(it, plan.Skip, plan.TrashedByPerson), nil
	}
	if back, err := k.takenBack(it.ref); err != nil || back {
		return p.leave(it, plan.Skip, plan.TrashedByPerson), err
	}
	if p.movedThere(it) {
		return p.edited(it, "Its record at "+p.remote.Name()+" was edited after the contact was deleted here. Delete it there too, or restore the contact."), nil
	}
	c := plan.Change{Action: plan.Remove, Reason: plan.SourceGone, Remote: true, Final: true, Ref: it.ref,
		SourceID: number(it.ref), TargetID: it.m.RemoteID, Version: it.m.Version}
	return judgement{out: &c, base: it.m.Base, state: store.Gone}, nil
}

// edited holds what one side deleted and the other edited: an edit is not thrown
// away in silence.
func (p *pass) edited(it item, why string) judgement {
	j := p.leave(it, plan.Hold, plan.ConflictField)
	j.in.Detail.Message = why
	return j
}

// movedThere reports whether a record is other than when both sides last agreed.
func (p *pass) movedThere(it item) bool {
	here, there := p.pairing.Names()
	for i, name := range here {
		a, known := it.m.Base[name]
		if at := p.there.Index(there[i]); known && at >= 0 && !p.pairing.SameThere(at, a.Theirs, it.m.Seen[there[i]]) {
			return true
		}
	}
	return false
}

// movedHere reports whether a contact is.
func (p *pass) movedHere(it item) bool {
	here, _ := p.pairing.Names()
	for _, name := range here {
		at := p.here.Index(name)
		if a, known := it.m.Base[name]; known && !p.pairing.SameHere(at, a.Ours, it.ours.Value(at)) {
			return true
		}
	}
	return false
}

func (p *pass) changeIn(it item) plan.Change {
	c := plan.Change{Ref: it.ref, Rule: it.rule}
	if it.m != nil {
		c.SourceID = it.m.RemoteID
	}
	if it.ref != 0 {
		c.TargetID = number(it.ref)
	}
	if it.ours != nil {
		c.Version = it.ours.Version
	}
	return c
}

func (p *pass) changeOut(it item) plan.Change {
	c := plan.Change{Remote: true, Ref: it.ref, Rule: it.rule, SourceID: number(it.ref)}
	if it.m != nil {
		c.TargetID, c.Version = it.m.RemoteID, it.m.Version
	}
	return c
}

func number(ref int64) string { return strconv.FormatInt(store.Number(ref), 10) }

func written(fields []plan.FieldChange) bool {
	for _, f := range fields {
		if f.Written() {
			return true
		}
	}
	return false
}

// knows gathers what judging needs besides the items. What grows with the book is
// read when it is first asked for: most runs bring nobody new and nobody gone.
func (p *pass) knows(ctx context.Context) (k knowledge, err error) {
	k.thrownAway = sync.OnceValues(func() (map[uint64]bool, error) { return p.trashed(ctx) })
	k.brought = sync.OnceValues(func() (map[int64]bool, error) { return p.owned(ctx) })
	k.takenBack = func(ref int64) (bool, error) { return p.takenBack(ctx, ref) }
	k.rival = func(*connector.Found) string { return "" }
	k.choices, k.frozen = map[int64]map[string]plan.Choice{}, map[int64]map[string]bool{}
	open, err := p.Memory.OpenConflicts(ctx, p.pair.ID)
	for _, c := range open {
		if c.Pick != "" {
			put(k.choices, c.Ref, c.Field, plan.Choice{Ours: c.Ours, Theirs: c.TheirsRaw, Pick: c.Pick})
		}
		if c.Oscillates {
			put(k.frozen, c.Ref, c.Field, true)
		}
	}
	if err != nil {
		return k, err
	}
	k.pending, err = p.pending(ctx)
	return k, err
}

// trashed are the best keys of those whom a person threw away.
func (p *pass) trashed(ctx context.Context) (map[uint64]bool, error) {
	gone, err := p.Memory.Tombstones(ctx, p.book.ID())
	keys := map[uint64]bool{}
	for _, c := range gone {
		if h := p.best(p.hashes(p.pairing.In, c.Values)); h != 0 {
			keys[h] = true
		}
	}
	return keys, err
}

// pending are the contacts whose create is in the balance: it is not sent again
// before it is settled (I3).
func (p *pass) pending(ctx context.Context) (map[int64]store.Intent, error) {
	open, err := p.Memory.Intents(ctx, p.pair.ID)
	refs := map[int64]store.Intent{}
	for _, i := range open {
		if i.Op == int(connector.OpCreate) {
			refs[i.Ref] = i
		}
	}
	return refs, err
}

// awaited reports whether a record that nobody is linked to may be what became of
// a create in the balance. Taken for somebody new it would be a second contact of the
// same person.
func (p *pass) awaited(m *store.Mirrored, k knowledge) bool {
	for _, i := range k.pending {
		if p.mayBe(m.Seen, i) || p.willFind(m, i) {
			return true
		}
	}
	return false
}

// willFind reports whether the search for what became of a create will find a record.
func (p *pass) willFind(m *store.Mirrored, i store.Intent) bool {
	record := connector.Item{Record: contact.Record{Values: p.fields(m)}}
	return slices.ContainsFunc(p.can.Finds, func(name string) bool {
		at, sent := p.there.Index(name), i.Payload[name]
		return at >= 0 && sent != "" && p.pairing.SameThere(at, sent, m.Seen[name]) &&
			(p.there.Fields[at].Kind == contact.Email || p.sameName(i, record))
	})
}

// spokenFor reports whether a record may be what became of the create of somebody else
// than a contact, and an answer or a search will tell. Until then it is nobody's: linked
// to the contact, it would be made once more.
func (p *pass) spokenFor(m *store.Mirrored, ref int64, pending map[int64]store.Intent) bool {
	for of, i := range pending {
		if of != ref && p.settles(i) && p.mayBe(m.Seen, i) {
			return true
		}
	}
	return false
}

// settles reports whether an answer or a search will tell what became of a create.
func (p *pass) settles(i store.Intent) bool {
	return p.can.ChosenKey || p.findable(i)
}

func (p *pass) findable(i store.Intent) bool {
	return slices.ContainsFunc(p.can.Finds, func(name string) bool { return i.Payload[name] != "" })
}

// mayBe reports whether a record may be what a create made: it has at least half of
// what was sent. Where a key of ours is sure to tell, at the next answer, one value in
// common is enough to wait for it.
func (p *pass) mayBe(seen map[string]string, i store.Intent) bool {
	same := p.inCommon(seen, i)
	return same > 0 && (p.can.ChosenKey || 2*same >= len(i.Payload))
}

// resembles reports whether a record has most of what a create was sent with.
func (p *pass) resembles(seen map[string]string, i store.Intent) bool {
	return 2*p.inCommon(seen, i) > len(i.Payload)
}

func (p *pass) inCommon(seen map[string]string, i store.Intent) (same int) {
	for name, sent := range i.Payload {
		if at := p.there.Index(name); at >= 0 && p.tookAs(at, sent, seen[name]) {
			same++
		}
	}
	return same
}

func put[V any](m map[int64]map[string]V, ref int64, field string, v V) {
	if m[ref] == nil {
		m[ref] = map[string]V{}
	}
	m[ref][field] = v
}

// best is a record's best match key.
func (p *pass) best(hashes [3]uint64) uint64 {
	for _, rule := range p.pairing.In.Rules {
		if h := hashes[plan.NumberOf(rule)-1]; h != 0 {
			return h
		}
	}
	return 0
}

// owned are the contacts that this sync's runs created.
func (p *pass) owned(ctx context.Context) (map[int64]bool, error) {
	mine := map[int64]bool{}
	for ref, err := range p.book.Owned(ctx, p.sync.ID) {
		if err != nil {
			return nil, err
		}
		mine[ref] = true
	}
	return mine, nil
}
