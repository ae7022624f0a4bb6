package salesforce

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// Write carries writes out by collections of 200, two in a call, and by Bulk 2.0
// where there are many. Before an update or delete with a version all of these
// records are read, and those that have moved on are left alone; afterwards all
// are read again, for the org rewrites what it is sent. One that is refused does
// not stop the others.
func (o *Object) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	out := make([]connector.Outcome, len(writes))
	for from := 0; from < len(writes); {
		to := from + distinct(writes[from:])
		o.wave(ctx, writes[from:to], out[from:to])
		from = to
	}
	return out
}

// distinct is how many writes there are before one is about the same record, or
// has the same key, as an earlier one: a collection takes each once.
func distinct(writes []connector.Write) int {
	had := map[string]bool{}
	for i, w := range writes {
		name := "id " + w.ID
		if w.Op == connector.OpCreate {
			name = "key " + w.Key
		}
		if had[name] && name != "key " {
			return i
		}
		had[name] = true
	}
	return len(writes)
}

// A task is one write under way.
type task struct {
	connector.Write
	t    *table
	body map[string]any
	sent map[string]any // body, with what the record had already
	now  row            // as it was before the write, where that was read
	done bool
	out  *connector.Outcome
}

// fail ends a task.
func (k *task) fail(f *connector.Fault) { k.out.Fault = f }

func (k *task) open() bool { return k.out.Fault == nil && !k.done }

func (o *Object) wave(ctx context.Context, writes []connector.Write, out []connector.Outcome) {
	tasks := make([]*task, len(writes))
	for i, w := range writes {
		tasks[i] = &task{Write: w, out: &out[i]}
		if f := o.prepare(tasks[i]); f != nil {
			tasks[i].fail(f)
		}
	}
	for _, step := range []func(context.Context, []*task) error{o.before, o.accounts, o.owners, o.existing, o.nothing, o.send} {
		left := open(tasks)
		if len(left) == 0 {
			break
		}
		if err := step(ctx, left); err != nil {
			failOpen(left, err)
		}
	}
	o.after(ctx, tasks)
	for _, k := range tasks {
		o.ourName(k)
	}
}

// ourName names the field that a fault complains about as our schema does.
func (o *Object) ourName(k *task) {
	f := k.out.Fault
	if f == nil || f.Field == "" || k.t == nil || o.index(f.Field) >= 0 {
		return
	}
	for _, c := range o.columns {
		if from := c.from[k.t.Name]; from != nil && from.Name == f.Field {
			named := *f // others may share it
			named.Field = c.Name
			k.out.Fault = &named
			return
		}
	}
}

// failOpen ends those of some tasks that have not ended yet.
func failOpen(tasks []*task, err error) {
	for _, k := range tasks {
		if k.open() {
			k.fail(asFault(err))
		}
	}
}

func open(tasks []*task) []*task {
	return slices.DeleteFunc(slices.Clone(tasks), func(k *task) bool { return !k.open() })
}

// prepare finds the table of a write and puts its values as the API takes them.
func (o *Object) prepare(k *task) *connector.Fault {
	if o.Promises().ReadOnly {
		return &connector.Fault{Kind: connector.Denied, Message: "These records are read only: Kith changes nothing in them."}
	}
	switch k.Op {
	case connector.OpCreate:
		k.t = o.tableFor(k.Set[SyncAs])
		if k.t == nil {
			return invalid(SyncAs, "Say whether this person is to be a Lead or a Contact in Salesforce.")
		}
	case connector.OpUpdate, connector.OpDelete:
		k.ID = wide(k.ID)
		for _, t := range o.tables {
			if len(o.of(t, []string{k.ID})) > 0 {
				k.t = t
			}
		}
		if k.t == nil {
			return &connector.Fault{Kind: connector.Missing, Message: "There is no record with this id."}
		}
	default:
		return invalid("", "There is no such operation.")
	}
	if k.Op == connector.OpDelete {
		return nil
	}
	return o.fill(k)
}

// tableFor is the one that sync_as names; the only one where there is one.
func (o *Object) tableFor(name string) *table {
	if len(o.tables) == 1 {
		return o.tables[0]
	}
	for _, t := range o.tables {
		if sameName(t.Name, name) {
			return t
		}
	}
	return nil
}

// fill puts the values of a write into its body. Fields of a Person that stand for
// others are looked up later.
func (o *Object) fill(k *task) *connector.Fault {
	k.body = map[string]any{}
	for name, text := range k.Set {
		at := o.index(name)
		if at < 0 {
			return invalid(name, "Salesforce has no field "+name+" here.")
		}
		c := o.columns[at]
		f := c.from[k.t.Name]
		switch {
		case c.role == attendee && k.Op == connector.OpCreate:
			if fault := k.attend(text); fault != nil {
				return fault
			}
			continue
		case c.role == syncAs || c.role == owner || c.role == company && k.t.Name == "Contact" || f == nil:
			continue // what the record is does not change; a Lead has no account
		case c.role == account:
			text = strings.TrimSpace(text)
			if text != "" && !isID(text) {
				return invalid(name, "The account is no id of Salesforce.")
			}
		}
		if k.Op == connector.OpCreate && !f.Createable || k.Op == connector.OpUpdate && !f.Updateable {
			return invalid(name, "Salesforce lets us read "+name+", but not write it.")
		}
		v, fault := o.sent(f, text)
		if fault != nil {
			fault.Field = name
			return fault
		}
		if v != nil || k.Op == connector.OpUpdate {
			k.body[f.Name] = v
		}
	}
	if k.Op == connector.OpCreate {
		return o.complete(k)
	}
	return nil
}

// attend names the person of a new CampaignMember: whose a member is does not change.
func (k *task) attend(id string) *connector.Fault {
	switch id = strings.TrimSpace(id); {
	case !isID(id) || !strings.HasPrefix(id, "003") && !strings.HasPrefix(id, "00Q"):
		return invalid(Attendee, "A member of a campaign is a Lead or a Contact.")
	case strings.HasPrefix(id, "003"):
		k.body["ContactId"] = id
	default:
		k.body["LeadId"] = id
	}
	return nil
}

// complete adds to a create what its values do not say.
func (o *Object) complete(k *task) *connector.Fault {
	if id := o.settings.Campaign; k.t.Name == "CampaignMember" && id != "" && k.body["CampaignId"] == nil {
		k.body["CampaignId"] = id
	}
	if k.t.key == "" || k.Key == "" {
		return nil
	}
	if f := k.t.at[k.t.key]; f.Length > 0 && len(k.Key) > f.Length {
		return invalid(k.t.key, "The field "+k.t.key+" is too short for our keys. It needs room for 40 characters.")
	}
	k.body[k.t.key] = k.Key
	return nil
}

// before reads the records that are to be changed under a condition.
func (o *Object) before(ctx context.Context, tasks []*task) error {
	for _, t := range o.tables {
		bound := slices.DeleteFunc(slices.Clone(tasks), func(k *task) bool { return k.t != t || k.Op == connector.OpCreate || k.Version == "" })
		var ids []string
		for _, k := range bound {
			ids = append(ids, k.ID)
		}
		rows, err := o.retrieve(ctx, t, ids)
		if err != nil {
			failOpen(bound, err)
			continue
		}
		by := byID(rows)
		for _, k := range bound {
			k.judge(o, by[k.ID])
		}
	}
	return nil
}

// judge holds a write against its record as it is now.
func (k *task) judge(o *Object, now row) {
	switch {
	case now == nil || now.yes("IsDeleted"):
		k.fail(&connector.Fault{Kind: connector.Missing, Message: "The record was deleted in Salesforce."})
	case now.yes("IsConverted"):
		f := problem{Code: "CANNOT_UPDATE_CONVERTED_LEAD"}.fault(true)
		f.ID = wide(now.text("ConvertedContactId"))
		k.fail(f)
	case !sameVersion(o.version(k.t, now), k.Version):
		k.fail(&connector.Fault{Kind: connector.Overtaken, Message: "Somebody else has changed the record meanwhile."})
	}
	k.now = now
}

// nothing ends updates that would leave the record as it is: the org would take
// them for a change all the same (3.9).
func (o *Object) nothing(_ context.Context, tasks []*task) error {
	for _, k := range tasks {
		k.sent = maps.Clone(k.body)
		if k.Op != connector.OpUpdate {
			continue
		}
		for name, v := range k.body {
			if now, known := k.now[name]; known && o.same(k.t.at[name], now, v) {
				delete(k.body, name)
			}
		}
		k.done = k.done || len(k.body) == 0
	}
	return nil
}

// after reads what was written as the org has it now.
func (o *Object) after(ctx context.Context, tasks []*task) {
	o.own(ctx, tasks)
	for _, t := range o.tables {
		var ids []string
		for _, k := range tasks {
			if k.t == t && k.done && k.Op != connector.OpDelete {
				ids = append(ids, k.ID)
			}
		}
		rows, err := o.rows(ctx, t, ids)
		by := byID(rows)
		for _, k := range tasks {
			if k.t != t || !k.done || k.Op == connector.OpDelete {
				continue
			}
			r := by[k.ID]
			switch {
			case err != nil:
				k.fail(&connector.Fault{Kind: connector.Unknown, Message: "It was written, but Salesforce did not show the result.", Err: err})
			case r == nil:
				k.fail(&connector.Fault{Kind: connector.Missing, Message: "The record was deleted in Salesforce, or is hidden from our user."})
			default:
				k.out.Record = o.item(t, r).Record
				k.undisturbed(o, r)
			}
		}
	}
}

// undisturbed puts what was sent in the place of what somebody else has typed into the
// record before it was read again: that is theirs, and the next listing tells it. What
// the org itself makes of a value it is sent is saved under our name.
func (k *task) undisturbed(o *Object, r row) {
	if by := wide(r.text("LastModifiedById")); by == "" || by == wide(o.api.session.who()) {
		return
	}
	for i, c := range o.columns {
		f := c.from[k.t.Name]
		if f == nil {
			continue
		}
		v, sent := k.sent[f.Name]
		switch {
		case !sent || o.same(f, r[f.Name], v):
			continue
		case c.role == company && f.Name == "AccountId", c.role == owner:
			k.out.Record.Values[i] = k.Set[c.Name]
		default:
			k.out.Record.Values[i] = o.shown(f, v)
		}
		k.out.Record.Version = "" // one that was not seen
	}
}
