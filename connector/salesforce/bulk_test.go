package salesforce_test

import (
	"fmt"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// bulkStage is an org with some contacts, and a remote that writes ten and more in
// bulk.
func bulkStage(t *testing.T, o sandbox.Options, n int) (*stage, *salesforce.Object, []connector.Item) {
	t.Helper()
	st := newStage(t, o)
	st.withKeys("Contact")
	for i := range n {
		st.Sandbox.Add("Contact", map[string]string{"LastName": fmt.Sprint("Person ", i), "Title": "Cook"})
	}
	s := st.settings("Contact")
	s.BulkFrom = 10
	r := st.open(t, s)
	_, items, _ := since(t, r, "")
	return st, r, items
}

func updates(items []connector.Item, set map[string]string) (writes []connector.Write) {
	for _, i := range items {
		writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: i.ID, Version: i.Version, Set: set})
	}
	return writes
}

// Rows that fail in a job that is complete are told from those that do not (I8),
// and what others have changed is not sent at all.
func TestBulk(t *testing.T) {
	st, r, items := bulkStage(t, sandbox.Options{BulkPolls: 3}, 40)
	st.Sandbox.Change(items[5].ID, map[string]string{"Title": "Doctor"})
	st.Sandbox.Remove(items[6].ID)
	st.Refuse(sandbox.RowFault{Op: "update", Times: -1, Code: "STRING_TOO_LONG", Message: "Title: data value too large", Fields: []string{"Title"}, Where: func(v map[string]string) bool { return v["LastName"] == "Person 7" }})
	before := st.Counts()
	out := r.Write(t.Context(), updates(items, map[string]string{"Title": "Baker, \"chief\"\nof all", "FirstName": ""}))
	kinds := st.Counts().Kinds
	if kinds["POST jobs/ingest"]-before.Kinds["POST jobs/ingest"] != 1 || kinds["PATCH composite/sobjects"] > 0 {
		t.Errorf("got %v, want one bulk job and no collection", kinds)
	}
	for i, o := range out {
		want := map[int]connector.FaultKind{5: connector.Overtaken, 6: connector.Missing, 7: connector.Invalid}[i]
		switch {
		case want == 0 && (o.Fault != nil || o.Record.ID != items[i].ID || value(t, r, connector.Item{Record: o.Record}, "Title") != "Baker, \"chief\"\nof all"):
			t.Errorf("row %d: got %+v, %v, want it done", i, o.Record, o.Fault)
		case want != 0 && (o.Fault == nil || o.Fault.Kind != want):
			t.Errorf("row %d: got %v, want %s", i, o.Fault, want)
		}
	}
	if f := out[7].Fault; f == nil || f.Code != "STRING_TOO_LONG" || f.Field != "Title" {
		t.Errorf("the failed row: got %+v, want its code and field", f)
	}
}

func TestBulkCreatesOnce(t *testing.T) {
	st, r, _ := bulkStage(t, sandbox.Options{}, 0)
	var writes []connector.Write
	for i := range 30 {
		writes = append(writes, connector.Write{Op: connector.OpCreate, Key: fmt.Sprint("key-", i), Set: map[string]string{"LastName": fmt.Sprint("New ", i)}})
	}
	first := r.Write(t.Context(), writes)
	st.Sandbox.Change(first[3].Record.ID, map[string]string{"Title": "Doctor"})
	again := r.Write(t.Context(), writes)
	for i := range writes {
		if first[i].Fault != nil || again[i].Fault != nil || first[i].Record.ID != again[i].Record.ID || first[i].Record.ID == "" {
			t.Fatalf("row %d: got %v and %v, ids %q and %q", i, first[i].Fault, again[i].Fault, first[i].Record.ID, again[i].Record.ID)
		}
	}
	if got := value(t, r, connector.Item{Record: again[3].Record}, "Title"); got != "Doctor" || st.Count("Contact") != 30 {
		t.Errorf("created again: got title %q and %d contacts, want what is there: Doctor, and 30", got, st.Count("Contact"))
	}
	var deletes []connector.Write
	for _, o := range again {
		deletes = append(deletes, connector.Write{Op: connector.OpDelete, ID: o.Record.ID})
	}
	for i, o := range r.Write(t.Context(), deletes) {
		if o.Fault != nil {
			t.Errorf("delete %d: %v", i, o.Fault)
		}
	}
	if st.Count("Contact") != 0 {
		t.Errorf("got %d contacts left, want none", st.Count("Contact"))
	}
}

// A job that ends badly has saved some rows all the same; lost answers leave no row
// without a word.
func TestBulkTroubles(t *testing.T) {
	for _, row := range []struct {
		sentence string
		options  sandbox.Options
		fault    sandbox.Fault
		hide     bool
		done     int // rows
		rest     connector.FaultKind
		cooks    int // left as they were
	}{
		{"a job that fails half-way", sandbox.Options{BulkFirst: 12, BulkPolls: 2}, sandbox.Fault{}, false, 12, connector.Busy, 18},
		{"a job that does not end is aborted", sandbox.Options{BulkFirst: 12, BulkPolls: -1}, sandbox.Fault{}, false, 12, connector.Busy, 18},
		{"a job that cannot be made", sandbox.Options{}, sandbox.Fault{Method: "POST", Path: "jobs/ingest", Status: 503}, false, 0, connector.Busy, 30},
		{"an upload that breaks off", sandbox.Options{}, sandbox.Fault{Method: "PUT", Path: "batches", Drop: true}, false, 0, connector.Busy, 30},
		{"a close that arrives unanswered", sandbox.Options{}, sandbox.Fault{Method: "PATCH", Path: "jobs/ingest", DropLate: true}, false, 30, 0, 0},
		{"a close that does not arrive", sandbox.Options{}, sandbox.Fault{Method: "PATCH", Path: "jobs/ingest", Drop: true}, false, 0, connector.Busy, 30},
		{"a look that fails now and then", sandbox.Options{BulkPolls: 3}, sandbox.Fault{Method: "GET", Path: "jobs/ingest/", Status: 503, Times: 2}, false, 30, 0, 0},
		{"results that are not shown", sandbox.Options{}, sandbox.Fault{Method: "GET", Path: "successfulResults", Status: 500, Times: -1}, false, 0, connector.Unknown, 0},
		{"a field that was hidden meanwhile", sandbox.Options{}, sandbox.Fault{}, true, 0, connector.Invalid, 30},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			st, r, items := bulkStage(t, row.options, 30)
			var writes []connector.Write
			for _, i := range items {
				writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: i.ID, Set: map[string]string{"Title": "Baker"}})
			}
			switch {
			case row.options.BulkPolls == 2:
				r.Between(st.FailJobs)
			case row.hide:
				st.Hide("Contact", "Title")
			case row.fault.Method != "":
				st.Fail(row.fault)
			}
			done := 0
			for i, o := range r.Write(t.Context(), writes) {
				if o.Fault == nil {
					done++
				} else if o.Fault.Kind != row.rest {
					t.Errorf("row %d: got %v, want %s", i, o.Fault, row.rest)
				}
			}
			if done != row.done {
				t.Errorf("got %d rows done, want %d", done, row.done)
			}
			cooks := 0
			for _, i := range items {
				if st.Values(i.ID)["Title"] == "Cook" {
					cooks++
				}
			}
			if cooks != row.cooks {
				t.Errorf("got %d records as they were, want %d", cooks, row.cooks)
			}
		})
	}
}
