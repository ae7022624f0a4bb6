package link

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// send carries the remote's part out. Each write is an intent first, durable
// before the attempt (I3), and leaves it only together with what was learned.
func (p *pass) send(ctx context.Context, people []*person, position int64) error {
	people, err := p.lookBeforeCreating(ctx, people)
	if err != nil {
		return err
	}
	for len(people) > 0 {
		part := people[:min(len(people), max(1, p.can.WriteBatch))]
		people = people[len(part):]
		if part, err = p.lookBeforeWriting(ctx, slices.Clone(part)); err != nil {
			return err
		}
		if err := p.sendPart(ctx, part); err != nil {
			return err
		}
	}
	return p.Memory.WriteLinks(ctx, store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: p.run.ID, Position: position})
}

func (p *pass) sendPart(ctx context.Context, people []*person) error {
	if len(people) == 0 {
		return nil
	}
	intents := make([]store.Intent, len(people))
	for i, x := range people {
		intents[i] = p.intent(x)
	}
	if err := p.Memory.Intend(ctx, p.pair.ID, p.epoch, intents); err != nil {
		return err
	}
	outcomes, err := p.attempt(ctx, intents, people)
	if err != nil {
		return err
	}
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: p.run.ID, Position: -1}
	var stopped error
	var missing []string
	for i, x := range people {
		if f := outcomes[i].Fault; f != nil {
			if f.Kind == connector.Missing && x.out.TargetID != "" {
				missing = append(missing, x.out.TargetID)
			}
			if err := p.refusedThere(&b, x, &intents[i], f); err != nil {
				stopped = err
			}
			continue
		}
		p.sent(&b, x, intents[i], outcomes[i].Record)
	}
	if err := p.Memory.WriteLinks(ctx, b); err != nil {
		return err
	}
	if stopped == nil {
		stopped = p.bury(ctx, missing)
	}
	return cmp.Or(stopped, p.countLost(outcomes))
}

// bury looks at records that a write did not find: no listing may ever tell of one that
// was deleted for good. Only what the remote itself then calls gone is gone (I13), and
// the next run decides about its contact.
func (p *pass) bury(ctx context.Context, ids []string) error {
	items, err := p.fetch(ctx, ids)
	if err != nil {
		return err
	}
	_, err = p.takeNews(ctx, items)
	return err
}

// intent is a person's write, with all that is needed to repeat or settle it.
func (p *pass) intent(x *person) store.Intent {
	c := x.out
	i := store.Intent{Run: p.run.ID, Key: p.NewKey(), Ref: c.Ref, RemoteID: c.TargetID, Payload: map[string]string{}, Base: x.agreed(), Attempted: p.Now()}
	switch c.Action {
	case plan.Create:
		i.Op = int(connector.OpCreate)
		for at, f := range p.there.Fields {
			if at < len(c.Values) && c.Values[at] != "" {
				i.Payload[f.Name] = c.Values[at]
			}
		}
	case plan.Update:
		i.Op = int(connector.OpUpdate)
		for _, f := range c.Fields {
			if f.Written() {
				i.Payload[f.Name] = f.New
			}
		}
	default:
		i.Op = int(connector.OpDelete)
	}
	return i
}

// attempts is how often a create under a chosen key is sent when no answer
// comes: the key makes the repetitions one.
const attempts = 3

// attempt sends intents. Creates without an answer are sent again only where
// their key makes that safe.
func (p *pass) attempt(ctx context.Context, intents []store.Intent, people []*person) ([]connector.Outcome, error) {
	writes := make([]connector.Write, len(intents))
	for i, in := range intents {
		writes[i] = connector.Write{Op: connector.Op(in.Op), ID: in.RemoteID, Key: in.Key, Set: in.Payload}
		writes[i].Forever = in.Op == int(connector.OpDelete) && people[i].out.Reason == plan.Erased
		if p.can.Conditional {
			writes[i].Version = people[i].out.Version
		}
		if m := people[i].m; m != nil {
			writes[i].Known = m.Seen
		}
	}
	outcomes := p.remote.Write(ctx, writes)
	if len(outcomes) != len(writes) {
		return nil, fmt.Errorf("%s: %d outcomes for %d writes", p.remote.Name(), len(outcomes), len(writes))
	}
	for n := 1; n < attempts && p.can.ChosenKey; n++ {
		var again []int
		for i, o := range outcomes {
			if o.Fault != nil && o.Fault.Kind == connector.Unknown && writes[i].Op == connector.OpCreate {
				again = append(again, i)
				intents[i].Attempted, intents[i].Parked = p.Now(), true
			}
		}
		if len(again) == 0 {
			break
		}
		if err := p.resend(ctx, intents, writes, outcomes, again); err != nil {
			return nil, err
		}
	}
	return outcomes, ctx.Err()
}

func (p *pass) resend(ctx context.Context, intents []store.Intent, writes []connector.Write, outcomes []connector.Outcome, again []int) error {
	var part []connector.Write
	var durable []store.Intent
	for _, i := range again {
		part, durable = append(part, writes[i]), append(durable, intents[i])
	}
	if err := p.Memory.Intend(ctx, p.pair.ID, p.epoch, durable); err != nil {
		return err
	}
	for n, o := range p.remote.Write(ctx, part) {
		if o.Fault == nil { // whatever else it answers, the first attempt may still arrive
			outcomes[again[n]] = o
		}
	}
	return nil
}

// sent records a write that was carried out: the base is what the remote
// returned, not what was sent (requirements 3.9).
func (p *pass) sent(b *store.LinkBatch, x *person, i store.Intent, r contact.Record) {
	b.Done = append(b.Done, i.ID)
	p.answered[x.out.Seq] = true
	if i.Op == int(connector.OpDelete) {
		b.Mirror = append(b.Mirror, deleted(*x.m, x.ours != nil))
		return
	}
	m := store.Mirrored{Ref: i.Ref}
	if x.m != nil {
		m = *x.m
	}
	linked := m.Ref
	p.adopt(&m, i, r)
	if i.Parked { // the answer may be about an earlier attempt's record, which people have seen
		p.notOurs(&m, i)
	}
	if p.run.Kind == store.KindUndo && i.Op != int(connector.OpCreate) {
		m.Ref = linked // who took the contact since keeps it
	}
	b.Mirror = append(b.Mirror, m)
	if p.asMade(&x.out.Change, &m) {
		b.Settled = append(b.Settled, *x.out)
	}
}

// asMade has a change say what the remote made of it, which is what an undo finds there, and
// reports whether that is other than what was planned.
func (p *pass) asMade(c *plan.Change, m *store.Mirrored) (other bool) {
	if c.TargetID == "" {
		c.TargetID, c.Fields = m.RemoteID, created(p.there, plan.Change{Values: p.fields(m)})
		return true
	}
	for i := range c.Fields {
		if f := &c.Fields[i]; f.Written() && f.New != m.Seen[f.Name] {
			f.New, other = m.Seen[f.Name], true
		}
	}
	return other
}

// deleted is a record that we have deleted. Where its contact stays, since an undo took
// the record back, it is let go: it is neither made again nor thrown away for that.
// Otherwise whoever comes back under its id, or from the trash, is a new life.
func deleted(m store.Mirrored, stays bool) store.Mirrored {
	if m.State = store.GoneUnlinked; !stays {
		m.State = store.Gone
		return letGo(m)
	}
	return m
}

func letGo(m store.Mirrored) store.Mirrored {
	m.Ref, m.Base = 0, nil
	return m
}

// adopt enters into a mirrored record what a write made of it.
func (p *pass) adopt(m *store.Mirrored, i store.Intent, r contact.Record) {
	m.Ref = i.Ref
	if r.ID == "" { // a remote that returns nothing: what was sent, of a version not yet seen
		r = contact.Record{ID: i.RemoteID, Values: p.after(m.Seen, i.Payload)}
	}
	m.RemoteID = r.ID
	p.seenRecord(m, r)
	m.Base = p.returned(i, m.Seen)
}

// after are the values of a record once a payload is written, in the order of
// the remote's schema.
func (p *pass) after(seen, payload map[string]string) []string {
	values := make([]string, len(p.there.Fields))
	for at, f := range p.there.Fields {
		values[at] = seen[f.Name]
		if v, ok := payload[f.Name]; ok {
			values[at] = v
		}
	}
	return values
}

// returned is the base of an intent with the values the remote returned for what
// it was sent.
func (p *pass) returned(i store.Intent, seen map[string]string) map[string]plan.Agreed {
	base := map[string]plan.Agreed{}
	here, there := p.pairing.Names()
	for at, name := range here {
		a, ok := i.Base[name]
		if !ok {
			continue
		}
		if _, sent := i.Payload[there[at]]; sent {
			a.Theirs = seen[there[at]]
		}
		base[name] = a
	}
	for name, a := range i.Base { // fields of other syncs over the pair
		if _, ok := base[name]; !ok {
			base[name] = a
		}
	}
	return base
}

// refusedThere records what the remote answered instead. It returns an error
// when the fault concerns all further writes too.
func (p *pass) refusedThere(b *store.LinkBatch, x *person, i *store.Intent, f *connector.Fault) error {
	give := func(a plan.Action, why plan.Reason) {
		b.Done = append(b.Done, i.ID)
		p.settle(b, x.out, a, why, f.Message)
	}
	switch f.Kind {
	case connector.Overtaken:
		give(plan.Fail, plan.TargetChanged)
	case connector.Missing:
		if x.out.Reason == plan.Erased { // nothing else was wanted
			p.sent(b, x, *i, contact.Record{})
			return nil
		}
		give(plan.Fail, plan.TargetGone)
	case connector.Taken:
		give(plan.Hold, plan.IdentityConflict)
	case connector.Unknown:
		return p.park(b, x, i, f)
	case connector.Denied, connector.Busy, connector.Quota:
		b.Done = append(b.Done, i.ID) // nothing was done
		return p.unreachable(p.remote, f)
	default:
		give(plan.Fail, plan.TargetInvalid)
	}
	return nil
}

// park keeps the intent of a write whose outcome is not known. The next run
// settles it before anything else.
func (p *pass) park(b *store.LinkBatch, x *person, i *store.Intent, f *connector.Fault) error {
	i.Parked = true
	p.settle(b, x.out, plan.Hold, plan.OutcomeUnknown, f.Message)
	return nil
}

// lostInARow is how many calls may stay without an answer, one after the other, until
// a run stops: all they wrote is for a search to settle.
const lostInARow = 3

// countLost stops a run whose writes are not answered any more.
func (p *pass) countLost(outcomes []connector.Outcome) error {
	if slices.ContainsFunc(outcomes, func(o connector.Outcome) bool { return o.Fault == nil || o.Fault.Kind != connector.Unknown }) {
		p.lost = 0
		return nil
	}
	if p.lost++; p.lost < lostInARow {
		return nil
	}
	return &run.Error{Code: CodeUnreachable, Message: fmt.Sprintf("%s did not answer %d calls in a row. What became of their writes is not known; none is repeated blindly, the next run looks first which arrived. The rest was not sent. Run the sync again later",
		p.remote.Name(), p.lost), Err: outcomes[0].Fault}
}

// lookBeforeWriting reads the records again that are about to be written, where
// the remote cannot refuse a write that comes too late (requirements 3.4). Who
// was changed meanwhile is left to the next run.
func (p *pass) lookBeforeWriting(ctx context.Context, people []*person) ([]*person, error) {
	var ids []string
	for _, x := range people {
		if x.out.Action != plan.Create {
			ids = append(ids, x.out.TargetID)
		}
	}
	if p.can.Conditional || len(ids) == 0 {
		return people, nil
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
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: p.run.ID, Position: -1}
	still := slices.DeleteFunc(people, func(x *person) bool {
		item, asked := now[x.out.TargetID]
		if x.out.Action == plan.Create || !asked {
			return false
		}
		why := p.moved(x, item)
		if why != plan.NoReason {
			p.settle(&b, x.out, plan.Fail, why, "")
		}
		return why != plan.NoReason
	})
	if len(b.Settled) == 0 {
		return people, nil
	}
	return still, p.Memory.WriteLinks(ctx, b)
}

// moved says why a record is not written that is otherwise than it was judged. What was
// judged counts, not the mirror: that may know of a change by now that nobody has judged.
// Who is to be forgotten is, whatever became of the record.
func (p *pass) moved(x *person, item connector.Item) plan.Reason {
	if x.out.Reason == plan.Erased {
		return plan.NoReason
	}
	switch known := x.m != nil && p.asKnown(*x.m, item); {
	case !known && item.Gone:
		return plan.TargetGone
	case !known || p.overtaken(x):
		return plan.TargetChanged
	}
	return plan.NoReason
}

// overtaken reports whether an undo that was interrupted finds a record otherwise than when
// it was planned: nobody has judged it again, and the mirror knows of the change already.
func (p *pass) overtaken(x *person) bool {
	if p.run.Kind != store.KindUndo || !p.resumed || x.m == nil {
		return false
	}
	gone := x.out.Action == plan.Remove // with all its values, and there may be more by now
	return gone && len(x.out.Fields) != len(x.m.Seen) ||
		slices.ContainsFunc(x.out.Fields, func(f plan.FieldChange) bool {
			now := x.m.Seen[f.Name]
			return f.Written() && now != f.Old && (gone || !p.isMadeOf(f.Name, f.New, now))
		})
}

// isMadeOf reports whether a value of the remote is one that was written, in its own way
// of writing. A placeholder, which says nothing, is not made of a blank.
func (p *pass) isMadeOf(field, written, now string) bool {
	return written == now || (written == "") == (now == "") && p.pairing.SameThere(p.there.Index(field), written, now)
}

// lookBeforeCreating asks the remote for people who are about to be created: one
// who appeared there since the listing is not made a second time. They are taken
// into the mirror, and the next run links them.
func (p *pass) lookBeforeCreating(ctx context.Context, people []*person) ([]*person, error) {
	at := p.there.First(contact.Email)
	if at < 0 || !slices.Contains(p.can.Finds, p.there.Fields[at].Name) {
		return people, nil
	}
	var values []string
	for _, x := range people {
		if x.out.Action == plan.Create && x.out.Values[at] != "" {
			values = append(values, x.out.Values[at])
		}
	}
	if len(values) == 0 {
		return people, nil
	}
	found, err := p.remote.Find(ctx, p.there.Fields[at].Name, values)
	if err != nil {
		return nil, p.unreachable(p.remote, err)
	}
	taken, err := p.takenBy(ctx, found)
	if err != nil || len(taken) == 0 {
		return people, err
	}
	if _, err := p.takeNews(ctx, found); err != nil {
		return nil, err
	}
	b := store.LinkBatch{Pair: p.pair.ID, Epoch: p.epoch, Run: p.run.ID, Position: -1}
	free := slices.DeleteFunc(people, func(x *person) bool {
		if x.out.Action != plan.Create || !taken[p.hashesThere(x.out.Values)[1]] {
			return false
		}
		if p.run.Kind == store.KindUndo {
			p.settle(&b, x.out, plan.Skip, plan.UndoExists, "")
		} else {
			p.settle(&b, x.out, plan.Hold, plan.IdentityConflict, "A record of "+p.remote.Name()+" with this e-mail appeared meanwhile. The next run looks at both.")
		}
		return true
	})
	return free, p.Memory.WriteLinks(ctx, b)
}

// takenBy are the e-mails of records that whoever is about to be created would be a second
// of. What an undo brings back was there beside the records of others, who may share it; it
// has looked at those that the mirror knows with that e-mail.
func (p *pass) takenBy(ctx context.Context, found []connector.Item) (map[uint64]bool, error) {
	ids := make([]string, len(found))
	for i, item := range found {
		ids[i] = item.ID
	}
	known, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, ids)
	if err != nil {
		return nil, err
	}
	others := map[string]uint64{}
	for _, m := range known {
		if others[m.RemoteID] = m.Hashes[1]; p.run.Kind != store.KindUndo || m.State != store.There {
			delete(others, m.RemoteID)
		}
	}
	taken := map[uint64]bool{}
	for _, item := range found {
		m := store.Mirrored{}
		if p.seenRecord(&m, item.Record); !item.Gone && m.Hashes[1] != 0 && others[item.ID] != m.Hashes[1] {
			taken[m.Hashes[1]] = true
		}
	}
	return taken, nil
}
