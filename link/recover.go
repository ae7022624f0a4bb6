package link

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// recover settles the intents that earlier runs left open: a crash or an
// unanswered call came in between. It comes before anything else, so that what
// we wrote ourselves is not taken for somebody's edit.
func (p *pass) recover(ctx context.Context) error {
	p.resumed = true
	open, err := p.Memory.Intents(ctx, p.pair.ID)
	if err != nil {
		return err
	}
	if err := p.seek(ctx, open); err != nil {
		return err
	}
	senders := map[int64]*pass{} // by run
	for _, i := range open {
		q := senders[i.Run]
		if q == nil {
			if q, err = p.as(ctx, i); err != nil {
				return err
			}
			senders[i.Run] = q
		}
		switch connector.Op(i.Op) {
		case connector.OpCreate:
			err = q.recoverCreate(ctx, i)
		default:
			err = q.recoverWrite(ctx, i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// as is the pass of the sync that sent an intent: only its map says which fields were
// sent, and what was agreed on with that. Where it is gone, or pairs no more, ours does.
func (p *pass) as(ctx context.Context, i store.Intent) (*pass, error) {
	r, err := p.Memory.Run(ctx, i.Run)
	if err != nil || r.SyncID == p.sync.ID {
		return p, err
	}
	s, known, err := p.syncOf(ctx, r)
	if err != nil || !known {
		return p, err
	}
	q := *p
	q.sync = s
	def := Complete(q.sync.Definition.Towards(p.can.LookedAfter), p.here, p.there)
	if q.pairing, err = plan.Pair(def, p.here, p.there, p.book.Region()); err != nil {
		return p, nil
	}
	return &q, nil
}

// syncOf is the sync of a run, unless that is gone.
func (p *pass) syncOf(ctx context.Context, r store.Run) (s store.Sync, known bool, err error) {
	all, err := p.Memory.Syncs(ctx)
	at := slices.IndexFunc(all, func(s store.Sync) bool { return s.ID == r.SyncID })
	if err != nil || at < 0 {
		return s, false, err
	}
	return all[at], true, nil
}

// recoverCreate sends a create again where its key makes that safe (Tier A).
// Elsewhere it waits as long as the remote may hide a new record, then looks for
// it, and only when it is not there lets it be created anew (Tier B).
func (p *pass) recoverCreate(ctx context.Context, i store.Intent) error {
	again, err := p.again(ctx, i)
	if err != nil {
		return err
	}
	if again {
		i.Attempted = p.Now()
		if err := p.Memory.Intend(ctx, p.pair.ID, p.epoch, []store.Intent{i}); err != nil {
			return err
		}
		if err := p.sayNo(ctx, &i); err != nil {
			return err
		}
		o := p.remote.Write(ctx, []connector.Write{{Op: connector.OpCreate, Key: i.Key, Set: i.Payload}})[0]
		return p.recovered(ctx, i, o)
	}
	if now := p.Now(); i.Attempted.After(now) { // the clock was set back: nobody knows how long ago it was
		i.Attempted = now
		return p.Memory.Intend(ctx, p.pair.ID, p.epoch, []store.Intent{i})
	}
	if p.mayHide(i) {
		return nil
	}
	return p.search(ctx, i, !p.mayCome(i), false)
}

// onItsWay is how long a request may still be carried out after nobody waits for its answer
// any more: no gateway and no queue in front of a system keeps one back for longer.
const onItsWay = 5 * time.Minute

// mayHide reports whether the remote may have made a record and not show it yet, mayCome
// whether it may still make it.
func (p *pass) mayHide(i store.Intent) bool { return p.Now().Sub(i.Attempted) < p.can.Lag }

func (p *pass) mayCome(i store.Intent) bool { return p.Now().Sub(i.Attempted) < onItsWay }

// search settles a create by what the remote finds of it. Where that is sure, what is
// not found was never made. A record that has little of what was sent is somebody's who
// added them meanwhile, where matching links it with the contact as any other. Only who is to
// be forgotten is taken for the one that was found.
func (p *pass) search(ctx context.Context, i store.Intent, sure, forgets bool) error {
	found, asked, err := p.lookFor(ctx, i)
	switch {
	case err == nil && !asked && p.can.ChosenKey: // it is linked by now, and not sent again
		return p.drop(ctx, i)
	case err != nil || !asked:
		return err
	}
	ours := slices.DeleteFunc(slices.Clone(found), func(item connector.Item) bool {
		return !forgets && !p.resembles(valuesOf(p.there, item.Record), i)
	})
	if len(ours) == 0 && len(found) == 1 {
		matched, err := p.matchedAnyway(ctx, i, found[0].Record)
		if err != nil {
			return err
		}
		if !matched {
			ours = found
		}
		found = nil
	}
	switch {
	case len(ours) == 1:
		return p.recovered(ctx, i, connector.Outcome{Record: ours[0].Record})
	case sure && (len(found) == 0 || p.can.ChosenKey): // where its key alone could tell, nobody wants to know any more
		return p.drop(ctx, i)
	}
	return nil // several: a person must look; the intent stays parked
}

// matchedAnyway reports whether a record has the best key that a contact has now, so that
// matching links the two. Left to it without that, the contact would be made once more. Who
// was thrown away is linked with nobody, but for whom an undo has brought back.
func (p *pass) matchedAnyway(ctx context.Context, i store.Intent, r contact.Record) (bool, error) {
	contacts, err := p.contacts(ctx, []int64{i.Ref})
	if err != nil {
		return false, err
	}
	if len(contacts) == 0 {
		undo, err := p.byUndo(ctx, i)
		return !undo, err
	}
	h := p.best(p.hashes(p.pairing.In, contacts[0].Values))
	return h != 0 && h == p.best(p.hashesThere(r.Values)), nil
}

// again reports whether a create is sent again under its key. Who was thrown away
// meanwhile, or is linked with a record by now, is looked for instead: sent again, they might
// only then be made. What an undo brings back is in the trash and wanted there.
func (p *pass) again(ctx context.Context, i store.Intent) (bool, error) {
	undo, err := p.byUndo(ctx, i)
	if err != nil || !p.can.ChosenKey || undo {
		return p.can.ChosenKey, err
	}
	linked, err := p.Memory.MirrorByRef(ctx, p.pair.ID, []int64{i.Ref})
	if err != nil || slices.ContainsFunc(linked, func(m store.Mirrored) bool { return m.State == store.There }) {
		return false, err
	}
	if !p.findable(i) {
		return true, nil
	}
	found, err := p.contacts(ctx, []int64{i.Ref})
	return len(found) > 0, err
}

// sayNo has a create that is sent again say no where its contact has said so since: it
// may be the first that arrives (requirements 3.14).
func (p *pass) sayNo(ctx context.Context, i *store.Intent) error {
	found, err := p.contacts(ctx, []int64{i.Ref})
	if err != nil || len(found) == 0 {
		return err
	}
	now := p.pairing.Out.Translate(found[0].Values).Values
	for at, f := range p.there.Fields {
		if sent := i.Payload[f.Name]; now[at] != "" && p.pairing.Out.Consents(at) && contact.Loosens(now[at], sent) {
			i.Payload[f.Name] = now[at]
		}
	}
	return nil
}

// lookFor searches the remote for the record of a create whose outcome is not
// known, by the fields it can be found by. Records that are linked are others, and so
// are those that share a lesser key, as families share a telephone, but not the name.
func (p *pass) lookFor(ctx context.Context, i store.Intent) (found []connector.Item, asked bool, err error) {
	for _, name := range p.can.Finds {
		value := i.Payload[name]
		if value == "" || len(found) > 0 {
			continue
		}
		asked = true
		lesser := p.there.Fields[p.there.Index(name)].Kind != contact.Email
		items, err := p.searched(ctx, name, value)
		if err != nil {
			return nil, false, p.unreachable(p.remote, err)
		}
		for _, item := range items {
			linked, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, []string{item.ID})
			if err != nil {
				return nil, false, err
			}
			if !item.Gone && (len(linked) == 0 || linked[0].Ref == 0) && (!lesser || p.sameName(i, item)) {
				found = append(found, item)
			}
		}
	}
	return found, asked, nil
}

// seek searches the remote for all creates in the balance at once: calls are what its
// account is limited by, and a run that was cut off may leave hundreds.
func (p *pass) seek(ctx context.Context, open []store.Intent) error {
	at := p.there.First(contact.Email)
	if at < 0 || p.can.ChosenKey || !slices.Contains(p.can.Finds, p.there.Fields[at].Name) {
		return nil
	}
	var values []string
	for _, i := range open {
		if v := i.Payload[p.there.Fields[at].Name]; v != "" && connector.Op(i.Op) == connector.OpCreate && !p.mayHide(i) {
			values = append(values, v)
		}
	}
	if len(values) < 2 {
		return nil
	}
	found, err := p.remote.Find(ctx, p.there.Fields[at].Name, values)
	if err != nil {
		return p.unreachable(p.remote, err)
	}
	asked, sought := map[uint64]bool{}, map[uint64][]connector.Item{}
	for _, v := range values {
		asked[p.mailHash(v)] = true
	}
	for _, item := range found {
		h := p.mailHash(item.Value(at))
		if !item.Gone && (h == 0 || !asked[h]) { // as by a second e-mail: only a search for one tells whose
			return nil
		}
		sought[h] = append(sought[h], item)
	}
	p.sought = sought
	return nil
}

// mailHash is the key of an e-mail in the remote's words, 0 where it is none to match by.
func (p *pass) mailHash(value string) uint64 {
	values := make([]string, len(p.there.Fields))
	values[p.there.First(contact.Email)] = value
	return p.hashesThere(values)[plan.NumberOf(plan.ByEmail)-1]
}

// searched are the records that have a value, of those that were sought or of all.
func (p *pass) searched(ctx context.Context, field, value string) ([]connector.Item, error) {
	if p.sought != nil && p.there.Index(field) == p.there.First(contact.Email) {
		if h := p.mailHash(value); h != 0 {
			return p.sought[h], nil
		}
	}
	return p.remote.Find(ctx, field, []string{value})
}

// sameName reports whether a record has the names that a create was sent with.
func (p *pass) sameName(i store.Intent, item connector.Item) bool {
	for at, f := range p.there.Fields {
		if sent := i.Payload[f.Name]; f.Kind == contact.Name && sent != "" && !p.tookAs(at, sent, item.Value(at)) {
			return false
		}
	}
	return true
}

// recovered enters the outcome of a create that was in the balance.
func (p *pass) recovered(ctx context.Context, i store.Intent, o connector.Outcome) error {
	if f := o.Fault; f != nil {
		switch f.Kind {
		case connector.Unknown:
			return nil // it stays open
		case connector.Denied, connector.Busy, connector.Quota:
			return p.unreachable(p.remote, f)
		}
		return p.drop(ctx, i)
	}
	linked, err := p.Memory.MirrorByRef(ctx, p.pair.ID, []int64{i.Ref})
	if err != nil {
		return err
	}
	known, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, []string{o.Record.ID})
	if err != nil {
		return err
	}
	m := store.Mirrored{}
	if len(known) > 0 {
		m = known[0]
	}
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: i.Run, Done: []int64{i.ID}, Position: -1}
	elsewhere := slices.ContainsFunc(linked, func(m store.Mirrored) bool { return m.State == store.There })
	switch {
	case m.Ref != 0 && m.Ref == i.Ref: // matching linked the two meanwhile
	case m.Ref != 0 || elsewhere: // it is somebody else's by now: a link changes only by a merge (I16)
		return p.drop(ctx, i)
	default:
		p.adopt(&m, i, o.Record)
		p.notOurs(&m, i)
		b.Mirror = append(freed(linked), m) // in place of those of its contact that are gone
	}
	err = p.cleared(ctx, &b, i, func(c *plan.Change) {
		c.Action, c.TargetID = plan.Create, o.Record.ID
		c.Fields = created(p.there, plan.Change{Values: p.made(i, o.Record)})
	})
	if err != nil {
		return err
	}
	return p.Memory.WriteLinks(ctx, b)
}

func (p *pass) byUndo(ctx context.Context, i store.Intent) (bool, error) {
	r, err := p.Memory.Run(ctx, i.Run)
	return r.Kind == store.KindUndo, err
}

// made are the values of a record as our create made it, as far as can be told: as
// they were sent, but as the remote writes them where it still says the same.
func (p *pass) made(i store.Intent, r contact.Record) []string {
	values := p.after(nil, i.Payload)
	_, mapped := p.pairing.Names()
	for at, f := range p.there.Fields {
		sent, now := i.Payload[f.Name], r.Value(at)
		if !slices.Contains(mapped, f.Name) || p.tookAs(at, sent, now) {
			values[at] = now
		}
	}
	return values
}

// tookAs reports whether a value is what the remote may have made of one that it was
// sent with a create: it may have cut it off.
func (p *pass) tookAs(field int, sent, now string) bool {
	return p.pairing.SameThere(field, sent, now) || now != "" && strings.HasPrefix(sent, now)
}

// cleared has the journal of the run that sent a write say what became of it, so
// that whoever takes the run back takes this back too.
func (p *pass) cleared(ctx context.Context, b *store.LinkBatch, i store.Intent, carriedOut func(*plan.Change)) error {
	for c, err := range p.Memory.ChangesOf(ctx, i.Ref) {
		if err != nil {
			return err
		}
		died := c.Action == plan.Create && c.Reason == plan.NoReason // the run, before it had the answer
		if c.Run == i.Run && c.Remote && (died || c.Reason == plan.OutcomeUnknown) && c.TargetID == i.RemoteID {
			carriedOut(&c.Change)
			c.Reason, c.Detail.Message = plan.NoReason, ""
			b.Settled = append(b.Settled, c)
		}
	}
	if len(b.Settled) == 0 {
		return nil
	}
	r, err := p.Memory.Run(ctx, i.Run)
	if err != nil || r.Status == store.Applying || r.GivenUp { // it is counted once it has ended; or as it was planned
		return err
	}
	for _, c := range b.Settled {
		if c.Action == plan.Remove { // which stands for no record read
			r.Totals.Held, r.Totals.Read, r.Totals.Deleted = r.Totals.Held-1, r.Totals.Read-1, r.Totals.Deleted+1
		} else {
			r.Totals.Move(plan.Hold, c.Action)
		}
		if r.Reasons[string(plan.OutcomeUnknown)]--; r.Reasons[string(plan.OutcomeUnknown)] == 0 {
			delete(r.Reasons, string(plan.OutcomeUnknown))
		}
	}
	if r.Status.Applied() {
		r.Status = statusOf(&r)
	}
	b.Of = &r
	return nil
}

// notOurs keeps what people did to a record, between our attempt and this answer,
// from being taken for what the remote made of our create: the base is then what
// was sent, so that theirs has changed. A value that was cut off is no edit.
func (p *pass) notOurs(m *store.Mirrored, i store.Intent) {
	here, there := p.pairing.Names()
	for at, name := range here {
		sent, ok := i.Payload[there[at]]
		field := p.there.Index(there[at])
		now := m.Seen[there[at]]
		if !ok || field < 0 || p.tookAs(field, sent, now) {
			continue
		}
		if now == "" { // cleared since, or a person made the record, who did not know it
			delete(m.Base, name)
			continue
		}
		a := m.Base[name]
		a.Theirs = sent
		m.Base[name] = a
	}
}

func (p *pass) drop(ctx context.Context, i store.Intent) error { return p.dropWith(ctx, i, nil) }

func (p *pass) dropWith(ctx context.Context, i store.Intent, err error) error {
	if err != nil {
		return err
	}
	return p.Memory.WriteLinks(ctx, store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: i.Run, Done: []int64{i.ID}, Position: -1})
}

// recoverErasure sends a deletion for good again, which does no harm: that a record is
// gone does not say that it is gone for good. Somebody asked to be forgotten, so that
// nothing of the record is looked at.
func (p *pass) recoverErasure(ctx context.Context, i store.Intent, m store.Mirrored) error {
	if f := p.remote.Write(ctx, []connector.Write{{Op: connector.OpDelete, ID: i.RemoteID, Forever: true}})[0].Fault; f != nil {
		switch f.Kind {
		case connector.Unknown:
			return nil // it stays open
		case connector.Denied, connector.Busy, connector.Quota:
			return p.unreachable(p.remote, f)
		case connector.Missing:
		default:
			return p.drop(ctx, i)
		}
	}
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: i.Run, Mirror: []store.Mirrored{deleted(m, false)}, Done: []int64{i.ID}, Position: -1}
	if err := p.cleared(ctx, &b, i, func(c *plan.Change) { c.Action = plan.Remove }); err != nil {
		return err
	}
	return p.Memory.WriteLinks(ctx, b)
}

// recoverWrite finds out whether an update or delete arrived. Fields that the
// remote has as they were sent are agreed on; the others are decided anew.
func (p *pass) recoverWrite(ctx context.Context, i store.Intent) error {
	known, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, []string{i.RemoteID})
	if err != nil {
		return err
	}
	if p.can.Erases && connector.Op(i.Op) == connector.OpDelete && len(known) > 0 && known[0].State == store.Erased {
		return p.recoverErasure(ctx, i, known[0])
	}
	items, err := p.fetch(ctx, []string{i.RemoteID})
	if err != nil {
		return err
	}
	if len(known) == 0 || len(items) == 0 {
		return p.drop(ctx, i)
	}
	undo, err := p.byUndo(ctx, i)
	if err != nil {
		return err
	}
	m, item := known[0], items[0]
	was, untouched := m.Seen, m.Version == item.Version
	touched := m.Version != "" && !untouched // as far as its version tells
	p.seen(&m, item)
	deletes := connector.Op(i.Op) == connector.OpDelete
	switch {
	case !item.Gone && deletes && !undo && touched && maps.Equal(m.Seen, was):
		m = letGo(m) // somebody took it out of the trash there
	case !item.Gone:
		m.Base = p.arrived(m, i, item.Record, untouched)
	case item.MergedInto == "" && deletes:
		m = deleted(m, undo)
	}
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: i.Run, Mirror: []store.Mirrored{m}, Done: []int64{i.ID}, Position: -1}
	if p.isThere(i, item) {
		err = p.cleared(ctx, &b, i, func(c *plan.Change) {
			if c.Action = plan.Update; deletes {
				c.Action = plan.Remove
			}
		})
		if err != nil {
			return err
		}
	}
	return p.Memory.WriteLinks(ctx, b)
}

// isThere reports whether all of an update or delete is so at the remote.
func (p *pass) isThere(i store.Intent, item connector.Item) bool {
	if connector.Op(i.Op) == connector.OpDelete {
		return item.Gone
	}
	for name, sent := range i.Payload {
		if at := p.there.Index(name); item.Gone || at < 0 || !p.pairing.SameThere(at, sent, item.Value(at)) {
			return false
		}
	}
	return true
}

// arrived is the base of a record whose update was in the balance. Where the record
// was written since, but has the value of before, either the update did not arrive or
// a person took it back, and nobody can tell: it is then as if both sides had changed
// it, so that neither value is lost without a word. Where the value sent was agreed on
// before, the remote has made of it what it made of it then.
func (p *pass) arrived(m store.Mirrored, i store.Intent, r contact.Record, untouched bool) map[string]plan.Agreed {
	base := map[string]plan.Agreed{}
	for name, a := range m.Base {
		base[name] = a
	}
	here, there := p.pairing.Names()
	for at, name := range here {
		sent, ok := i.Payload[there[at]]
		field := slices.IndexFunc(p.there.Fields, func(f contact.Field) bool { return f.Name == there[at] })
		if !ok || field < 0 {
			continue
		}
		now := r.Value(field)
		if p.pairing.SameThere(field, sent, now) {
			if a, agreed := i.Base[name]; agreed {
				a.Theirs = now
				base[name] = a
			} else {
				delete(base, name) // an undo opened it again
			}
		} else if a, agreed := base[name]; agreed && !untouched && a.Ours != i.Base[name].Ours && p.pairing.SameThere(field, a.Theirs, now) {
			a.Theirs = sent
			base[name] = a
		}
	}
	return base
}
