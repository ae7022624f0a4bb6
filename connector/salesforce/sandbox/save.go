package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A saver is who saves records in one call, and how.
type saver struct {
	user      int32
	sets      []string // the user's permission sets
	assign    bool     // let assignment rules choose owners
	allow     bool     // save what a duplicate rule only warns of
	details   bool     // tell all fields of duplicates
	automatic bool     // the org itself, which no rule stops
}

// create saves a new record.
func (s *Sandbox) create(by saver, o *object, in map[string]any) (*row, *problem) {
	r := &row{n: int32(len(o.rows)), createdBy: by.user}
	if p := s.fill(by, o, r, in, true); p != nil {
		return nil, p
	}
	for _, f := range o.fields {
		if f.fallback != "" && r.get(f) == "" {
			r.set(f, s.fallback(by, f, in))
		}
	}
	if p := missing(o, r); p != nil && !by.automatic {
		return nil, p
	}
	if p := s.rules(by, o, nil, r, in); p != nil {
		return nil, p
	}
	now := s.now()
	r.created, r.modified, r.stamp, r.modifiedBy = now, now, now, by.user
	s.put(o, r)
	s.after(by, o, r, true)
	return r, nil
}

func (s *Sandbox) fallback(by saver, f *field, in map[string]any) string {
	switch f.fallback {
	case "me":
		return makeID("005", by.user)
	case "status":
		return "" // the campaign knows
	}
	if sent, ok := in[f.name]; ok && f.kind == "boolean" && sent != nil {
		return ""
	}
	return f.fallback
}

func missing(o *object, r *row) *problem {
	var names []string
	for _, f := range o.fields {
		if f.required && r.get(f) == "" {
			names = append(names, f.name)
		}
	}
	if names == nil {
		return nil
	}
	return refuse("REQUIRED_FIELD_MISSING", "Required fields are missing: ["+strings.Join(names, ", ")+"]", names...)
}

// update changes a record that is there.
func (s *Sandbox) update(by saver, o *object, old *row, in map[string]any) (*row, *problem) {
	if o.noUpdate || o.fixed {
		return nil, refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type "+o.name+" does not support update")
	}
	if p := s.frozen(by, o, old); p != nil {
		return nil, p
	}
	r := old.copy()
	if p := s.fill(by, o, r, in, false); p != nil {
		return nil, p
	}
	if p := missing(o, r); p != nil {
		return nil, p
	}
	if p := s.rules(by, o, old, r, in); p != nil {
		return nil, p
	}
	now := s.now()
	r.modified, r.stamp, r.modifiedBy = now, now, by.user
	s.put(o, r)
	s.after(by, o, r, false)
	return r, nil
}

// fill sets what a body names, if the user may and the values fit.
func (s *Sandbox) fill(by saver, o *object, r *row, in map[string]any, creates bool) *problem {
	for _, name := range slices.Sorted(maps.Keys(in)) {
		raw := in[name]
		if strings.EqualFold(name, "attributes") {
			continue
		}
		if nested, ok := raw.(map[string]any); ok {
			f, id, p := s.parent(by, o, name, nested)
			if p != nil {
				return p
			}
			r.set(f, id)
			continue
		}
		f := o.field(name)
		if f == nil || !f.can(by.sets).read {
			return noColumn(o, name)
		}
		if f.system == sysID && creates {
			return refuse("INVALID_FIELD", "cannot specify Id in an insert call", "Id")
		}
		if f.system == sysID {
			continue
		}
		if !by.automatic && (creates && f.noCreate || !creates && f.noUpdate || !f.can(by.sets).edit) {
			return refuse("INVALID_FIELD_FOR_INSERT_UPDATE", fmt.Sprintf("Unable to create/update fields: %s. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", f.name), f.name)
		}
		v, p := s.check(f, raw)
		if p != nil {
			return p
		}
		r.set(f, v)
	}
	return nil
}

// parent finds whom a body like {"Account": {"Ext__c": "v"}} means.
func (s *Sandbox) parent(by saver, o *object, name string, keys map[string]any) (*field, string, *problem) {
	f := o.relation(name)
	if f == nil {
		return nil, "", noColumn(o, name)
	}
	for key, v := range keys {
		if strings.EqualFold(key, "attributes") {
			continue
		}
		for _, refers := range f.refers {
			parent := s.objects[strings.ToLower(refers)]
			if parent == nil {
				continue
			}
			k := parent.field(key)
			if k == nil || k.index == nil || !k.can(by.sets).read {
				continue
			}
			found := s.holders(parent, k, fmt.Sprint(v))
			if len(found) == 1 {
				return f, makeID(parent.prefix, found[0].n), nil
			}
			return nil, "", refuse("INVALID_FIELD", fmt.Sprintf("Foreign key external ID: %v not found for field %s in entity %s", v, key, parent.name))
		}
		return nil, "", refuse("INVALID_FIELD", "No such external ID "+key+" for "+name)
	}
	return f, "", nil
}

// relation is the reference with a relationship's name.
func (o *object) relation(name string) *field {
	for _, f := range o.fields {
		if f.relation != "" && strings.EqualFold(f.relation, name) {
			return f
		}
	}
	return nil
}

// holders are the rows, not deleted, that have a value in an indexed field.
func (s *Sandbox) holders(o *object, f *field, v string) (out []*row) {
	for _, n := range f.index[f.key(v)] {
		if r := o.row(n); r != nil && !r.deleted {
			out = append(out, r)
		}
	}
	return out
}

// remove puts a record into the recycle bin.
func (s *Sandbox) remove(by saver, o *object, old *row) *problem {
	if o.noDelete || o.fixed {
		return refuse("CANNOT_DELETE_ENTITY", "entity type "+o.name+" does not support delete")
	}
	if p := s.failRow("delete", o, old, nil); p != nil {
		return p
	}
	s.bury(by.user, o, old, "")
	return nil
}

// bury deletes a record and what hangs on it.
func (s *Sandbox) bury(user int32, o *object, old *row, master string) {
	r := old.copy()
	r.deleted, r.modified, r.stamp, r.modifiedBy = true, s.now(), s.now(), user
	if master != "" {
		r.set(o.field("MasterRecordId"), master)
	}
	s.put(o, r)
	id := makeID(o.prefix, r.n)
	for _, c := range o.children {
		owns := c.field.required || c.object.name == "CampaignMember"
		if master != "" || !owns || c.field.index == nil {
			continue
		}
		for _, member := range s.holders(c.object, c.field, id) {
			s.bury(user, c.object, member, "")
		}
	}
}

// put stores a row so that it can be taken back while a transaction is open.
func (s *Sandbox) put(o *object, r *row) {
	old, entries := o.row(r.n), len(o.journal)
	if s.undo == nil && len(o.journal) > 2*len(o.rows)+1000 {
		o.compact()
	}
	o.put(r)
	if s.undo == nil {
		return
	}
	*s.undo = append(*s.undo, func() {
		o.swap(r, old)
		o.journal = o.journal[:entries]
		if old == nil {
			o.rows = o.rows[:r.n]
		}
	})
}

// attempt carries something out and takes it back when it says so.
func (s *Sandbox) attempt(do func() (keep bool)) {
	outer := s.undo
	var steps []func()
	s.undo = &steps
	keep := do()
	s.undo = outer
	if !keep {
		for _, step := range slices.Backward(steps) {
			step()
		}
		return
	}
	if outer != nil {
		*outer = append(*outer, steps...)
	}
}

// plain are a row's values by name, for hooks and tests.
func (s *Sandbox) plain(o *object, r *row) map[string]string {
	out := map[string]string{}
	for _, f := range o.fields {
		if v := s.value(o, r, f); v != "" && f.kind != "address" {
			out[f.name] = v
		}
	}
	return out
}

// number is how a body of Go values names a whole number.
func amount(n int) json.Number { return json.Number(fmt.Sprint(n)) }
