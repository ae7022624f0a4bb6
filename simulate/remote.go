package simulate

import (
	"context"
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
	// SearchLag is how long Find misses a record we created; at most Can.Lag.
	SearchLag time.Duration
	// Normalize returns how the system stores a value.
	Normalize func(field contact.Field, value string) string
	// Before is asked before a call has any effect, After once it has; either
	// returns the fault to answer with. They may panic, as a crash does.
	Before, After func(call string) *connector.Fault
	// Late says how long after our timeout a write is carried out after all; zero
	// carries it out at once. Nil: never late.
	Late func(w connector.Write) time.Duration
	// Refuse says whether the system finds fault with a record it was sent. Nil:
	// never.
	Refuse func(w connector.Write) bool
	// Hidden leaves records out of a listing although they are there. Nil: none.
	Hidden func(id string) bool
	// Sent is told of every write we attempt, whatever becomes of it. Nil: nobody.
	Sent func(w connector.Write)
	// Watch is told of every write just before it has an effect. Nil: nobody.
	Watch func(w connector.Write, now map[string]string)
	// Answered is told of every write whose success we were told of. Nil: nobody.
	Answered func(w connector.Write)
	// Restoring lets a write bring back a placeholder that was there before, as an undo does.
	Restoring bool
	// NoVersions has records come without a version.
	NoVersions bool
	// Broken tells of an invariant that one of our calls breaks.
	Broken func(format string, args ...any)

	records  map[string]*record
	byKey    map[string]string // idempotency key -> id
	late     []late
	settling bool // what is late is carried out now
	seq      int64
	expired  int64 // cursors up to here no longer hold
	next     int64
	Calls    map[string]int
	Writes   int                              // that had an effect
	Settled  int                              // those of them that were late
	Log      func(format string, args ...any) // of all that happens; nil: nobody
}

type record struct {
	id      string
	values  map[string]string
	people  map[string]bool // fields that a person wrote last
	version int64
	seq     int64
	gone    bool
	into    string
	visible time.Time // to Find
	changed time.Time
	key     string // of the create that made it; empty: a person did
}

// late is a write that the system carries out after we gave up waiting.
type late struct {
	at time.Time
	w  connector.Write
}

// NewRemote returns an empty remote.
func NewRemote(fields contact.Schema, can connector.Promises, now func() time.Time) *Remote {
	return &Remote{Fields: fields, Can: can, PageSize: 50, Now: now, SearchLag: can.Lag, records: map[string]*record{}, byKey: map[string]string{}, Calls: map[string]int{},
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
	r.Settle()
	r.Calls[name]++
	return r.Before(name)
}

func (r *Remote) log(format string, args ...any) {
	if r.Log != nil {
		r.Log(format, args...)
	}
}

// Changes lists records in the order they were last changed. People go on
// working while it pages: what they change meanwhile comes with the next cursor.
func (r *Remote) Changes(_ context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		from, _ := strconv.ParseInt(since, 10, 64) // empty: from the beginning
		all, seqs, end := r.changedSince(from, since != "")
		for {
			if f := r.call("changes"); f != nil {
				yield(connector.Page{}, f)
				return
			}
			if since != "" && from < r.expired {
				yield(connector.Page{}, &connector.Fault{Kind: connector.Expired, Message: "the cursor has expired"})
				return
			}
			n := min(len(all), r.PageSize)
			page := connector.Page{Items: r.items(all[:n], since != ""), Complete: since == "" && n == len(all)}
			all, seqs = all[n:], seqs[n:]
			switch {
			case r.Can.Incremental && len(all) == 0:
				page.Cursor = strconv.FormatInt(end, 10)
			case r.Can.Incremental && since != "":
				page.Cursor = strconv.FormatInt(seqs[0], 10)
			}
			if !yield(page, nil) || len(all) == 0 {
				return
			}
		}
	}
}

// changedSince is a snapshot of what a listing goes through: a cursor is
// inclusive, so that the last change is listed again.
func (r *Remote) changedSince(from int64, incremental bool) (all []*record, seqs []int64, end int64) {
	all = r.sorted(func(x *record) bool { return x.seq >= from && (incremental || !x.gone) })
	for _, x := range all {
		seqs = append(seqs, x.seq)
	}
	return all, seqs, r.seq
}

// items are records as they are now; what is gone only where the system tells.
func (r *Remote) items(records []*record, incremental bool) (items []connector.Item) {
	for _, x := range records {
		if x.gone && (!incremental || !r.Can.TellsGone) || !incremental && r.Hidden != nil && r.Hidden(x.id) {
			continue
		}
		items = append(items, r.item(x))
	}
	return items
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
	if r.NoVersions {
		item.Version = ""
	}
	return item
}

// Fetch returns records by id.
func (r *Remote) Fetch(_ context.Context, ids []string) (items []connector.Item, err error) {
	if len(ids) > max(1, r.Can.FetchBatch) {
		r.Broken("%d records asked for in one call, %d are allowed", len(ids), r.Can.FetchBatch)
	}
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
	if !slices.Contains(r.Can.Finds, field) {
		r.Broken("a search by %s, which the remote does not offer", field)
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

// Revive puts a deleted record back as it was, as a person would.
func (r *Remote) Revive(id string) {
	x := r.records[id]
	r.touch(x)
	x.gone = false
}
