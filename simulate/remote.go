// Package simulate runs the whole engine of linked syncs in a world of its own:
// a clock, a network and remotes that fail as real ones do, crashes at every
// effect, and people who edit both sides at any moment. One seed gives one world
// and one course of events; the invariants of docs/reliability.md are checked in
// the remotes themselves and at the end.
package simulate

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// A Remote is a system in memory that behaves as the worse ones do: it pages,
// lags, normalizes what it is sent, and knows when it is written to by us.
type Remote struct {
	Fields   contact.Schema
	Can      connector.Promises
	PageSize int
	Now      func() time.Time
	// Normalize returns how the system stores a value.
	Normalize func(field contact.Field, value string) string
	// Before is asked before a call has any effect, After once it has; either
	// returns the fault to answer with. They may panic, as a crash does.
	Before, After func(call string) *connector.Fault
	// Broken tells of an invariant that one of our calls breaks.
	Broken func(format string, args ...any)

	records map[string]*record
	byKey   map[string]string // idempotency key -> id
	seq     int64
	next    int64
	Calls   map[string]int
	Writes  int
}

type record struct {
	id      string
	values  map[string]string
	version int64
	seq     int64
	gone    bool
	into    string
	visible time.Time // to Find
	changed time.Time
	by      string // who created it: "people" or "kith"
}

// NewRemote returns an empty remote.
func NewRemote(fields contact.Schema, can connector.Promises, now func() time.Time) *Remote {
	return &Remote{Fields: fields, Can: can, PageSize: 50, Now: now, records: map[string]*record{}, byKey: map[string]string{}, Calls: map[string]int{},
		Normalize: func(_ contact.Field, v string) string { return v },
		Before:    func(string) *connector.Fault { return nil }, After: func(string) *connector.Fault { return nil },
		Broken: func(string, ...any) {}}
}

// Name is what the simulation calls the remote.
func (r *Remote) Name() string { return "remote" }

// Promises are those it was made with.
func (r *Remote) Promises() connector.Promises { return r.Can }

// Schema is the one it was made with.
func (r *Remote) Schema(context.Context) (contact.Schema, error) { return r.Fields, nil }

// call counts a call and asks whether it fails before it does anything.
func (r *Remote) call(name string) *connector.Fault {
	r.Calls[name]++
	return r.Before(name)
}

// Changes lists records in the order they were last changed.
func (r *Remote) Changes(_ context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		from, _ := strconv.ParseInt(since, 10, 64) // empty: from the beginning
		all := r.sorted(func(x *record) bool { return x.seq >= from && (since != "" || !x.gone) })
		for {
			if f := r.call("changes"); f != nil {
				yield(connector.Page{}, f)
				return
			}
			n := min(len(all), r.PageSize)
			page := connector.Page{Complete: since == "" && n == len(all)}
			for _, x := range all[:n] {
				page.Items = append(page.Items, r.item(x))
			}
			all = all[n:]
			if r.Can.Incremental && (since != "" || len(all) == 0) {
				page.Cursor = strconv.FormatInt(r.cursorAfter(all), 10)
			}
			if !yield(page, nil) || len(all) == 0 {
				return
			}
		}
	}
}

// cursorAfter is inclusive: the next listing repeats the last change.
func (r *Remote) cursorAfter(rest []*record) int64 {
	if len(rest) > 0 {
		return rest[0].seq
	}
	return r.seq
}

func (r *Remote) sorted(keep func(*record) bool) (all []*record) {
	for _, id := range slices.Sorted(maps.Keys(r.records)) {
		if x := r.records[id]; keep(x) {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b *record) int { return int(a.seq - b.seq) })
	return all
}

func (r *Remote) item(x *record) connector.Item {
	item := connector.Item{Gone: x.gone, MergedInto: x.into}
	item.Record = contact.Record{ID: x.id, Version: strconv.FormatInt(x.version, 10), Modified: x.changed, Values: make([]string, len(r.Fields.Fields))}
	for i, f := range r.Fields.Fields {
		item.Values[i] = x.values[f.Name]
	}
	return item
}

// Fetch returns records by id.
func (r *Remote) Fetch(_ context.Context, ids []string) (items []connector.Item, err error) {
	if f := r.call("fetch"); f != nil {
		return nil, f
	}
	for _, id := range ids {
		x, ok := r.records[id]
		if !ok {
			items = append(items, connector.Item{Record: contact.Record{ID: id}, Gone: true})
			continue
		}
		items = append(items, r.item(x))
	}
	return items, nil
}

// Find searches an index that lags behind.
func (r *Remote) Find(_ context.Context, field string, values []string) (items []connector.Item, err error) {
	if f := r.call("find"); f != nil {
		return nil, f
	}
	for _, x := range r.sorted(func(x *record) bool { return !x.gone && !x.visible.After(r.Now()) }) {
		for _, v := range values {
			if strings.EqualFold(x.values[field], strings.TrimSpace(v)) && v != "" {
				items = append(items, r.item(x))
			}
		}
	}
	return items, nil
}

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
	if f := r.call("write"); f != nil {
		return connector.Outcome{Fault: f}
	}
	o := r.carryOut(w)
	if f := r.After("write"); f != nil {
		return connector.Outcome{Fault: f}
	}
	return o
}

func (r *Remote) carryOut(w connector.Write) connector.Outcome {
	for field, value := range w.Set {
		if contact.IsPlaceholder(value) {
			r.Broken("the placeholder %q was sent as %s (N15)", value, field)
		}
		if r.Fields.Index(field) < 0 {
			r.Broken("field %s was sent, which the remote does not have (I12)", field)
		}
	}
	if w.Op == connector.OpCreate {
		return r.create(w)
	}
	x, ok := r.records[w.ID]
	if !ok || x.gone {
		return connector.Outcome{Fault: &connector.Fault{Kind: connector.Missing, Message: "gone"}}
	}
	if r.Can.Conditional && w.Version != "" && w.Version != strconv.FormatInt(x.version, 10) {
		return connector.Outcome{Fault: &connector.Fault{Kind: connector.Overtaken, Message: "overtaken"}}
	}
	r.Writes++
	if w.Op == connector.OpDelete {
		r.touch(x)
		x.gone = true
		return connector.Outcome{}
	}
	r.set(x, w.Set)
	return connector.Outcome{Record: r.item(x).Record}
}

func (r *Remote) create(w connector.Write) connector.Outcome {
	if id, ok := r.byKey[w.Key]; ok && r.Can.ChosenKey {
		if x := r.records[id]; !x.gone {
			return connector.Outcome{Record: r.item(x).Record} // the same create again
		}
	}
	r.Writes++
	x := r.insert(w.Set, "kith")
	x.visible = r.Now().Add(r.Can.Lag)
	r.byKey[w.Key] = x.id
	return connector.Outcome{Record: r.item(x).Record}
}

func (r *Remote) insert(values map[string]string, by string) *record {
	r.next++
	x := &record{id: fmt.Sprintf("r%04d", r.next), values: map[string]string{}, by: by}
	r.records[x.id] = x
	r.set(x, values)
	return x
}

func (r *Remote) set(x *record, values map[string]string) {
	for field, value := range values {
		at := r.Fields.Index(field)
		if at < 0 {
			continue
		}
		if value = r.Normalize(r.Fields.Fields[at], value); value == "" {
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
func (r *Remote) Add(values map[string]string) string { return r.insert(values, "people").id }

// Edit changes a record as a person would.
func (r *Remote) Edit(id string, values map[string]string) { r.set(r.records[id], values) }

// Delete removes a record as a person would.
func (r *Remote) Delete(id string) {
	x := r.records[id]
	r.touch(x)
	x.gone = true
}

// Merge makes one record of two: the loser is gone and points to the winner,
// whose blanks it fills.
func (r *Remote) Merge(loser, winner string) {
	l, w := r.records[loser], r.records[winner]
	fill := map[string]string{}
	for field, value := range l.values {
		if w.values[field] == "" {
			fill[field] = value
		}
	}
	r.set(w, fill)
	r.touch(l)
	l.gone, l.into = true, winner
}

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
