package simulate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Write carries writes out one by one; a crash can come between any two.
func (r *Remote) Write(_ context.Context, writes []connector.Write) []connector.Outcome {
	outcomes := make([]connector.Outcome, len(writes))
	if len(writes) > max(1, r.Can.WriteBatch) {
		r.Broken("%d writes in one call, %d are allowed", len(writes), r.Can.WriteBatch)
	}
	for i, w := range writes {
		outcomes[i] = r.write(w)
	}
	return outcomes
}

func (r *Remote) write(w connector.Write) connector.Outcome {
	if r.Sent != nil {
		r.Sent(w)
	}
	if f := r.call("write"); f != nil {
		r.log("write refused: %s", f.Kind)
		return connector.Outcome{Fault: f}
	}
	if r.Refuse != nil && r.Refuse(w) {
		return connector.Outcome{Fault: &connector.Fault{Kind: connector.Invalid, Message: "refused"}}
	}
	if r.Late != nil {
		if wait := r.Late(w); wait > 0 {
			r.late = append(r.late, late{r.Now().Add(wait), w})
			return connector.Outcome{Fault: &connector.Fault{Kind: connector.Unknown, Message: "no answer"}}
		}
	}
	o := r.carryOut(w)
	if f := r.After("write"); f != nil {
		return connector.Outcome{Fault: f}
	}
	if o.Fault == nil && r.Answered != nil {
		r.Answered(w)
	}
	return o
}

// Settle carries out what the system had kept back and is due by now.
func (r *Remote) Settle() {
	now, due := r.Now(), []late(nil)
	r.late = slices.DeleteFunc(r.late, func(l late) bool {
		if !l.at.After(now) {
			due = append(due, l)
		}
		return !l.at.After(now)
	})
	r.settling = true
	for _, l := range due {
		r.Settled += r.settle(l)
	}
	r.settling = false
}

// settle carries a late write out as of the time it was due.
func (r *Remote) settle(l late) (effects int) {
	before := r.Writes
	if o := r.carryOut(l.w); o.Fault == nil && l.w.Op == connector.OpCreate {
		r.records[o.Record.ID].visible = l.at.Add(r.SearchLag)
	}
	return r.Writes - before
}

func (r *Remote) carryOut(w connector.Write) connector.Outcome {
	for field, value := range w.Set {
		if contact.IsPlaceholder(value) && !r.Restoring && !r.settling {
			r.Broken("the placeholder %q was sent as %s (N15)", value, field)
		}
		if r.Fields.Index(field) < 0 {
			r.Broken("field %s was sent, which the remote does not have (I12)", field)
		}
	}
	if r.Can.ReadOnly {
		r.Broken("a write to a remote that is read only")
	}
	if w.Op == connector.OpCreate {
		return r.create(w)
	}
	x, ok := r.records[w.ID]
	if ok && x.gone && w.Forever && r.Can.Erases {
		r.Purge(w.ID)
		return connector.Outcome{}
	}
	if !ok || x.gone {
		return connector.Outcome{Fault: &connector.Fault{Kind: connector.Missing, Message: "gone"}}
	}
	if r.Can.Conditional && !w.Forever && w.Version != "" && w.Version != strconv.FormatInt(x.version, 10) {
		return connector.Outcome{Fault: &connector.Fault{Kind: connector.Overtaken, Message: "overtaken"}}
	}
	r.watch(w, x.values)
	r.Writes++
	if w.Op == connector.OpDelete {
		r.log("kith deletes %s", w.ID)
		r.touch(x)
		if x.gone = true; w.Forever && r.Can.Erases {
			r.Purge(w.ID)
		}
		return connector.Outcome{}
	}
	r.log("kith updates %s %v", w.ID, w.Set)
	r.set(x, w.Set, false)
	return connector.Outcome{Record: r.item(x).Record}
}

func (r *Remote) watch(w connector.Write, now map[string]string) {
	if r.Watch != nil {
		r.Watch(w, now)
	}
}

func (r *Remote) create(w connector.Write) connector.Outcome {
	if id, ok := r.byKey[w.Key]; ok && r.Can.ChosenKey {
		if x := r.records[id]; x != nil && !x.gone {
			return connector.Outcome{Record: r.item(x).Record} // the same create again
		}
		return connector.Outcome{Fault: &connector.Fault{Kind: connector.Missing, Message: "was made and is gone"}}
	}
	r.watch(w, nil)
	r.Writes++
	x := r.insert(w.Set, false)
	x.visible, x.key = r.Now().Add(r.SearchLag), w.Key
	r.byKey[w.Key] = x.id
	r.log("kith creates %s %v", x.id, w.Set)
	return connector.Outcome{Record: r.item(x).Record}
}

func (r *Remote) insert(values map[string]string, people bool) *record {
	r.next++
	x := &record{id: fmt.Sprintf("r%04d", r.next), values: map[string]string{}, people: map[string]bool{}}
	r.records[x.id] = x
	r.set(x, values, people)
	return x
}

func (r *Remote) set(x *record, values map[string]string, people bool) {
	for field, value := range values {
		at := r.Fields.Index(field)
		if at < 0 {
			continue
		}
		value = r.Normalize(r.Fields.Fields[at], value)
		if !people || value != x.values[field] { // who types what is there has said nothing
			x.people[field] = people
		}
		if value == "" {
			delete(x.values, field)
		} else {
			x.values[field] = value
		}
	}
	r.touch(x)
}

func (r *Remote) touch(x *record) {
	r.seq++
	x.version++
	x.seq, x.changed = r.seq, r.Now()
}

// What people do at the remote, without asking anybody.

// Add creates a record as a person would and returns its id.
func (r *Remote) Add(values map[string]string) string {
	x := r.insert(values, true)
	r.log("a person adds %s %v", x.id, x.values)
	return x.id
}

// Edit changes a record as a person would.
func (r *Remote) Edit(id string, values map[string]string) {
	r.log("a person edits %s %v", id, values)
	r.set(r.records[id], values, true)
}

// Delete removes a record as a person would.
func (r *Remote) Delete(id string) {
	r.log("a person deletes %s", id)
	x := r.records[id]
	r.touch(x)
	x.gone = true
}

// Purge deletes a record for good, as a person would who was asked to: no listing tells
// of it, and nobody can bring it back.
func (r *Remote) Purge(id string) {
	r.log("%s is deleted for good", id)
	delete(r.records, id)
}

// Archived reports whether a record is put away, and could be brought back.
func (r *Remote) Archived(id string) bool { return r.records[id] != nil && r.records[id].gone }

// Undelete brings a record back under its id, as a person would.
func (r *Remote) Undelete(id string) {
	r.log("a person undeletes %s", id)
	x := r.records[id]
	r.touch(x)
	x.gone = false
}

// Merge makes one record of two: the loser is gone and points to the winner,
// whose blanks it fills.
func (r *Remote) Merge(loser, winner string) {
	r.log("a person merges %s into %s", loser, winner)
	l, w := r.records[loser], r.records[winner]
	fill := map[string]string{}
	for field, value := range l.values {
		if w.values[field] == "" {
			fill[field] = value
		}
	}
	r.set(w, fill, true)
	r.touch(l)
	l.gone, l.into = true, winner
}

// Expire makes every cursor given out so far worthless.
func (r *Remote) Expire() { r.seq++; r.expired = r.seq }

// There returns the records that are there, by id.
func (r *Remote) There() map[string]map[string]string {
	all := map[string]map[string]string{}
	for id, x := range r.records {
		if !x.gone {
			all[id] = maps.Clone(x.values)
		}
	}
	return all
}
