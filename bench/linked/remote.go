package main

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// A remote keeps its records in a slice and the order of their changes in
// another, so that listing n changes costs n.
type remote struct {
	values   [][]string
	versions []int
	log      []int // record that changed, oldest first
	edits    int
}

func newRemote(n int) *remote {
	r := &remote{}
	for i := range n {
		r.values = append(r.values, []string{fmt.Sprintf("p%d@example.com", i), "First", "Last" + strconv.Itoa(i%977), fmt.Sprintf("+44 20 7946 %04d", i%10000), "Company " + strconv.Itoa(i%5003), ""})
		r.versions = append(r.versions, 1)
		r.log = append(r.log, i)
	}
	return r
}

// change edits n records as people would.
func (r *remote) change(n int) {
	r.edits++
	for i := range n {
		at := len(r.values) - 1 - i
		r.set(at, map[string]string{"note": fmt.Sprintf("edit %d", r.edits)})
	}
}

func (r *remote) set(at int, values map[string]string) {
	row := append([]string(nil), r.values[at]...)
	for name, v := range values {
		row[schema.Index(name)] = v
	}
	r.values[at] = row
	r.versions[at]++
	r.log = append(r.log, at)
}

func (r *remote) Name() string { return "bench" }

func (r *remote) Promises() connector.Promises {
	return connector.Promises{ChosenKey: true, Conditional: true, Incremental: true, TellsGone: true, WriteBatch: batch, FetchBatch: batch}
}

func (r *remote) Schema(context.Context) (contact.Schema, error) { return schema, nil }

const page = 1000

func (r *remote) Changes(_ context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		from, _ := strconv.Atoi(since) // empty: from the beginning
		for {
			to := min(len(r.log), from+page)
			p := connector.Page{Cursor: strconv.Itoa(to), Complete: since == "" && to == len(r.log)}
			for _, at := range r.log[from:to] {
				p.Items = append(p.Items, connector.Item{Record: r.record(at)})
			}
			from = to
			if !yield(p, nil) || to == len(r.log) {
				return
			}
		}
	}
}

func (r *remote) record(at int) contact.Record {
	return contact.Record{ID: strconv.Itoa(at), Version: strconv.Itoa(r.versions[at]), Values: r.values[at]}
}

func (r *remote) Fetch(_ context.Context, ids []string) (items []connector.Item, _ error) {
	for _, id := range ids {
		at, _ := strconv.Atoi(id) // it is ours
		items = append(items, connector.Item{Record: r.record(at)})
	}
	return items, nil
}

func (r *remote) Find(context.Context, string, []string) ([]connector.Item, error) { return nil, nil }

func (r *remote) Write(_ context.Context, writes []connector.Write) []connector.Outcome {
	out := make([]connector.Outcome, len(writes))
	for i, w := range writes {
		at, err := strconv.Atoi(w.ID)
		if w.Op != connector.OpUpdate || err != nil || w.Version != strconv.Itoa(r.versions[at]) {
			out[i].Fault = &connector.Fault{Kind: connector.Invalid, Message: "the benchmark only updates"}
			continue
		}
		r.set(at, w.Set)
		out[i].Record = r.record(at)
	}
	return out
}
