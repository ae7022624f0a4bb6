package hubspot

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// failed gives the errors of a batch to the writes they are about, and returns
// the others.
func (w *writing) failed(part []int, all []apiError) (rest []int) {
	traces, ids := map[string]*connector.Fault{}, map[string]*connector.Fault{}
	for _, e := range all {
		f := itemFault(e)
		for _, trace := range e.Context["objectWriteTraceId"] {
			traces[trace] = f
		}
		for _, id := range e.Context["ids"] {
			ids[id] = f
		}
	}
	for _, i := range part {
		f := traces[strconv.Itoa(i)]
		if id := w.writes[i].ID; f == nil && id != "" {
			f = ids[id]
		}
		if w.out[i].Fault = f; f == nil {
			rest = append(rest, i)
		}
	}
	return rest
}

// unclear is the fault of a write that an answer says nothing about.
func unclear() *connector.Fault {
	return &connector.Fault{Kind: connector.Unknown, Message: "HubSpot did not say what became of this contact."}
}

// created finds out which of the new contacts is whose. HubSpot promises no order
// and, in its answers that were seen, gives no trace: the values tell.
func (w *writing) created(part []int, results []object) {
	free := slices.Clone(results)
	take := func(fits func(o object, i int) bool) {
		part = slices.DeleteFunc(part, func(i int) bool {
			at := slices.IndexFunc(free, func(o object) bool { return fits(o, i) })
			if at < 0 {
				return false
			}
			w.out[i].Record = w.record(free[at])
			free = slices.Delete(free, at, at+1)
			return true
		})
	}
	take(func(o object, i int) bool { return o.Trace == strconv.Itoa(i) })
	take(func(o object, i int) bool {
		email := strings.TrimSpace(w.writes[i].Set["email"])
		return email != "" && strings.EqualFold(email, o.value("email"))
	})
	take(func(o object, i int) bool { return o.value("email") == "" && w.holds(o, i) })
	if len(part) == 1 && len(free) == 1 { // HubSpot has rewritten a value
		w.out[part[0]].Record = w.record(free[0])
		return
	}
	w.fail(part, unclear())
}

// holds reports whether a contact has all the values of a write.
func (w *writing) holds(o object, i int) bool {
	for name, value := range w.writes[i].Set {
		if o.value(name) != value {
			return false
		}
	}
	return true
}

// updated completes what the answers to updates carry: some properties only.
func (w *writing) updated(ctx context.Context, part []int, results []object) {
	by := map[string]object{}
	for _, o := range results {
		by[o.ID] = o
	}
	var unread []int
	for _, i := range part {
		o, answered := by[w.writes[i].ID]
		r, complete := w.over(o, i)
		switch {
		case !answered: // it was merged meanwhile, or was not written
			w.out[i].Fault = unclear()
		case complete:
			w.out[i].Record = r
			w.remember(r)
		default:
			unread = append(unread, i)
		}
	}
	w.reread(ctx, unread)
}

// before are a contact's values before a write to it: as it was read within the last
// minute, or as the caller has them at the version that it still has.
func (w *writing) before(write connector.Write) ([]string, bool) {
	r, ok := w.recent(write.ID)
	switch {
	case ok && len(r.Values) == len(w.fields):
		return r.Values, true
	case write.Version == "" || write.Known == nil:
		return nil, false
	}
	values := make([]string, len(w.fields))
	for at, f := range w.fields {
		values[at] = write.Known[f.Name]
	}
	return values, true
}

// over puts an answer on top of what the contact was before.
func (w *writing) over(o object, i int) (r contact.Record, complete bool) {
	before, ok := w.before(w.writes[i])
	if !ok {
		return r, false
	}
	r = w.record(o)
	for at, f := range w.fields {
		value, sent := w.writes[i].Set[f.Name]
		_, carried := o.Properties[f.Name]
		switch {
		case sent && carried && repeated(f.Name, before[at], value, r.Values[at]):
			return r, false
		case carried || sent && value == "":
		case sent:
			return r, false
		default:
			r.Values[at] = before[at]
		}
	}
	return r, true
}

// repeated reports whether an answer may do no more than repeat what was sent: a
// stage that was to move, which HubSpot moves forward only, and an address that it
// keeps in small letters. The manual does not say which of the two it answers.
// Telephones are left out: written otherwise they are the same number to us.
func repeated(name, before, sent, answered string) bool {
	switch {
	case sent == "" || sent != answered:
		return false
	case name == "lifecyclestage":
		return before != "" && before != sent
	}
	return name == "email" && sent != strings.ToLower(strings.TrimSpace(sent))
}

// recent is a contact that was read within the last minute.
func (c *Contacts) recent(id string) (contact.Record, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.looked[id]
	age := c.clock.Now().Sub(s.at)
	return s.Record, ok && age >= 0 && age < fresh
}

func (c *Contacts) remember(r contact.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, had := c.looked[r.ID]; !had && len(c.looked) >= atOnce {
		clear(c.looked)
	}
	c.looked[r.ID] = seen{r, c.clock.Now()}
}

// reread reads contacts that were written. When it fails, what they hold is not
// known.
func (w *writing) reread(ctx context.Context, part []int) {
	if len(part) == 0 {
		return
	}
	ids := make([]string, len(part))
	for n, i := range part {
		ids[n] = w.writes[i].ID
	}
	items, err := w.Fetch(ctx, ids)
	by := map[string]connector.Item{}
	for _, item := range items {
		by[item.ID] = item
	}
	for _, i := range part {
		item, there := by[w.writes[i].ID]
		if err != nil || !there || item.Gone {
			w.out[i].Fault = &connector.Fault{Kind: connector.Unknown, Message: "It was written, but HubSpot did not show the result.", Err: err}
			continue
		}
		w.out[i].Record = item.Record
	}
}
