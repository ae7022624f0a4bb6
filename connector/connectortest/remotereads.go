package connectortest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
)

func (s Remote) schema(t *testing.T) {
	r, _ := s.Open(t)
	schema, err := r.Schema(t.Context())
	if err != nil || r.Name() == "" || strings.Contains(r.Name(), "://") {
		t.Fatalf("got name %q and error %v, want a name that is no address", r.Name(), err)
	}
	seen := map[string]bool{}
	for _, f := range schema.Fields {
		if f.Name == "" || f.Kind == "" || seen[f.Name] {
			t.Errorf("field %+v: want a name of its own and a kind", f)
		}
		seen[f.Name] = true
	}
	for _, f := range append(slices.Clone(s.Fields), r.Promises().Finds...) {
		if !seen[f] {
			t.Errorf("the schema lacks %q", f)
		}
	}
	if p := r.Promises(); p.FetchBatch < 1 || p.WriteBatch < 1 && !p.ReadOnly {
		t.Errorf("batches: got %d and %d, want at least 1", p.FetchBatch, p.WriteBatch)
	}
}

func (s Remote) empty(t *testing.T) {
	r, _ := s.Open(t)
	pages := listed(t, r, "")
	if len(there(latest(pages))) > 0 || !pages[len(pages)-1].Complete {
		t.Errorf("got %+v, want one complete page without records", pages)
	}
}

// fill adds more people than fit on two pages.
func (s Remote) fill(t *testing.T, r connector.Remote, other Other) (ids []string) {
	t.Helper()
	for n := range 2*r.Promises().FetchBatch + 3 {
		ids = append(ids, other.Add(t, s.person(n)))
	}
	slices.Sort(ids)
	return ids
}

func (s Remote) pages(t *testing.T) {
	r, other := s.Open(t)
	ids := s.fill(t, r, other)
	pages := listed(t, r, "")
	if len(pages) < 3 {
		t.Errorf("got %d pages, want at least 3 for %d records", len(pages), len(ids))
	}
	want := map[string]int{}
	for n := range ids {
		want[s.stored(s.person(n))[s.Fields[0]]] = n
	}
	for i, p := range pages {
		if last := i == len(pages)-1; p.Complete != last {
			t.Errorf("page %d of %d: got complete %v, want %v", i+1, len(pages), p.Complete, last)
		}
		if len(p.Items) > r.Promises().FetchBatch {
			t.Errorf("page %d: got %d records, want at most %d: a page is not the whole book", i+1, len(p.Items), r.Promises().FetchBatch)
		}
		if p.Cursor != "" && !r.Promises().Incremental {
			t.Errorf("page %d: got cursor %q from a remote that does not promise them", i+1, p.Cursor)
		}
		for _, item := range p.Items {
			n, known := want[s.holds(t, r, item.Record)[s.Fields[0]]]
			if !known {
				t.Errorf("page %d: got %+v, whom nobody added", i+1, item)
				continue
			}
			s.same(t, "listed", r, item.Record, s.person(n))
		}
	}
	if r.Promises().Incremental && pages[len(pages)-1].Cursor == "" {
		t.Error("the last page has no cursor, which is promised")
	}
	if got := there(latest(pages)); !slices.Equal(got, ids) {
		t.Errorf("got %d records, want the %d that were added, by these ids", len(got), len(ids))
	}
}

func (s Remote) since(t *testing.T) {
	r, other := s.Open(t)
	ids := s.fill(t, r, other)
	first := listed(t, r, "")
	cursor := first[len(first)-1].Cursor
	other.Change(t, ids[0], s.person(1000))
	added := other.Add(t, s.person(1001))
	other.Remove(t, ids[1])
	for range 2 { // reading does not use a cursor up
		pages := listed(t, r, cursor)
		items := latest(pages)
		s.same(t, "changed", r, items[ids[0]].Record, s.person(1000))
		s.same(t, "added", r, items[added].Record, s.person(1001))
		told := items[ids[1]].Gone
		if told != r.Promises().TellsGone {
			t.Errorf("the removed record: got gone %v, want %v as promised", told, r.Promises().TellsGone)
		}
		if item, listed := items[ids[1]]; listed && !item.Gone {
			t.Errorf("the removed record: got %+v", item)
		}
		all := len(items) >= len(ids)-1
		if all == r.Promises().Incremental {
			t.Errorf("got %d of %d records since the cursor, and the promise to list only changes is %v", len(items), len(ids), r.Promises().Incremental)
		}
		if complete := pages[len(pages)-1].Complete; complete != (cursor == "") {
			t.Errorf("complete: got %v, want %v: only a listing of everything is", complete, cursor == "")
		}
	}
	if !r.Promises().Incremental {
		return
	}
	pages := listed(t, r, cursor)
	if next := latest(listed(t, r, pages[len(pages)-1].Cursor)); len(next) > 3 {
		t.Errorf("nothing changed after the last cursor: got %d records", len(next))
	}
}

// resumes holds I17: what stands after a page is listed from its cursor on,
// whatever happened to the process in between.
func (s Remote) resumes(t *testing.T) {
	r, other := s.Open(t)
	s.fill(t, r, other)
	pages := listed(t, r, "")
	for i, p := range pages {
		if p.Cursor == "" {
			continue
		}
		again := latest(listed(t, r, p.Cursor))
		for id := range latest(pages[i+1:]) {
			if _, listed := again[id]; !listed {
				t.Fatalf("from the cursor of page %d of %d: record %s of a later page is not listed", i+1, len(pages), id)
			}
		}
	}
}

func (s Remote) fetches(t *testing.T) {
	r, other := s.Open(t)
	ids := s.fill(t, r, other)
	other.Remove(t, ids[2])
	items, err := r.Fetch(t.Context(), ids[:r.Promises().FetchBatch])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]connector.Item{}
	for _, item := range items {
		got[item.ID] = item
	}
	if want := slices.Delete(slices.Clone(ids[:r.Promises().FetchBatch]), 2, 3); !slices.Equal(there(got), want) {
		t.Errorf("got %d records, want %d", len(there(got)), len(want))
	}
	if item, answered := got[ids[2]]; answered && !item.Gone {
		t.Errorf("the removed record: got %+v, want it gone", item)
	}
	if items, err := r.Fetch(t.Context(), nil); err != nil || len(items) > 0 {
		t.Errorf("nothing asked: got %+v, %v", items, err)
	}
	if listed := latest(listed(t, r, "")); listed[ids[0]].Version != got[ids[0]].Version {
		t.Errorf("version: listed %q, fetched %q, want the same", listed[ids[0]].Version, got[ids[0]].Version)
	}
}

func (s Remote) finds(t *testing.T) {
	r, other := s.Open(t)
	other.Add(t, map[string]string{s.Fields[1]: "Nobody", s.Fields[2]: "has no key"})
	ids := []string{other.Add(t, s.person(1)), other.Add(t, s.person(2)), other.Add(t, s.person(11))}
	settled(r)
	key := s.Fields[0]
	values := func(ns ...int) (out []string) {
		for _, n := range ns {
			out = append(out, s.person(n)[key])
		}
		return out
	}
	if !slices.Contains(r.Promises().Finds, key) {
		_, err := r.Find(t.Context(), key, values(1))
		kind(t, "find by a field that is not promised", fault(err), connector.Invalid)
		return
	}
	for _, row := range []struct {
		sentence string
		values   []string
		want     []string
	}{
		{"one", values(1), ids[:1]},
		{"whatever its case", []string{strings.ToUpper(values(2)[0])}, ids[1:2]},
		{"several", values(11, 3, 1), []string{ids[0], ids[2]}},
		{"the same twice", values(1, 1), ids[:1]},
		{"nobody", values(4), nil},
		{"a blank is nobody's", []string{""}, nil},
		{"nothing asked", nil, nil},
	} {
		items, err := r.Find(t.Context(), key, row.values)
		var got []string
		for _, item := range items {
			got = append(got, item.ID)
		}
		slices.Sort(got)
		slices.Sort(row.want)
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("find %s: got %v, %v; want %v", row.sentence, got, err, row.want)
		}
	}
	if _, err := r.Find(t.Context(), "no such field", []string{"x"}); err == nil {
		t.Error("find by a field that is not there: got no error")
	}
}

func fault(err error) *connector.Fault {
	var f *connector.Fault
	errors.As(err, &f)
	return f
}

func (s Remote) cancels(t *testing.T) {
	r, other := s.Open(t)
	ids := s.fill(t, r, other)
	calm := func() {
		if s.Settle != nil {
			s.Settle(t, r)
		}
	}
	calm()
	leavesNothing(t, func() {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		wantCancelled(t, "changes", lastError(r.Changes(ended, "")))
		_, err := r.Fetch(ended, ids[:1])
		wantCancelled(t, "fetch", err)
		if finds := r.Promises().Finds; len(finds) > 0 {
			_, err = r.Find(ended, finds[0], []string{"x@example.com"})
			wantCancelled(t, "find", err)
		}
		if !r.Promises().ReadOnly {
			o := doAll(ended, t, r, connector.Write{Op: connector.OpDelete, ID: ids[0]})[0]
			kind(t, "write", o.Fault, connector.Busy, connector.Unknown)
			if o.Fault != nil {
				wantCancelled(t, "write", o.Fault.Err)
			}
		}
		s.cancelsBetweenPages(t, r)
		for _, err := range r.Changes(t.Context(), "") { // a reader may stop early
			if err != nil {
				t.Errorf("changes: %v", err)
			}
			break
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("stopping took %s", took)
		}
		calm()
	})
	if only(t, r, ids[0]).Gone {
		t.Error("a write that was stopped before it began was carried out")
	}
}

func (s Remote) cancelsBetweenPages(t *testing.T, r connector.Remote) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	next, stop := iter.Pull2(r.Changes(ctx, ""))
	defer stop()
	if _, err, ok := next(); err != nil || !ok {
		t.Fatalf("first page: %v", err)
	}
	cancel()
	for range 3 { // a page may be on its way already
		_, err, ok := next()
		if err != nil {
			wantCancelled(t, "the page after", err)
			return
		}
		if !ok {
			t.Error("the listing ended without an error, as if it were whole")
			return
		}
	}
	t.Error("the listing goes on")
}
