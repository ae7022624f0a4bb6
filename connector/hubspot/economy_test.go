package hubspot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
)

// A thousand changes among a million linked contacts are read by fewer than a dozen
// calls, and a thousand writes are ten, the look before them a listing of two
// (benchmarks, section 1); no limit is broken.
func TestAThousandChangesAmongAMillion(t *testing.T) {
	st := newStage(t, sandbox.Options{Lag: 10 * time.Second})
	first := st.Populate(1_000_000, time.Millisecond)
	st.pass(24 * time.Hour)
	c := st.open(t)
	schema, err := c.Schema(t.Context())
	must(t, err)
	title, name := schema.Index("jobtitle"), schema.Index("firstname")
	cursor := fmt.Sprintf("since %d", st.Now().Add(-time.Minute).UnixMilli())
	measure := func(what string, most int, do func()) {
		t.Helper()
		st.Reset()
		do()
		counts := st.Counts()
		t.Logf("%s: %d calls %v", what, counts.Calls, counts.ByCall)
		if counts.Calls > most || len(counts.Breaches) > 0 || counts.Refused > 0 {
			t.Errorf("%s: got %d calls %v, %d refused, breaches %q; want at most %d", what, counts.Calls, counts.ByCall, counts.Refused, counts.Breaches, most)
		}
	}
	measure("nothing changed", 2, func() {
		items, last := listed(t, c, cursor)
		if cursor = last.Cursor; len(items) != 0 {
			t.Errorf("got %d changes, want none", len(items))
		}
	})
	var writes []connector.Write
	for i := range int64(1000) {
		items, err := c.Fetch(t.Context(), []string{fmt.Sprint(first + 700_000 + i)})
		must(t, err)
		writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: items[0].ID, Version: items[0].Version,
			Known: seenIn(t, c, items[0].Record), Set: map[string]string{"jobtitle": "Baker"}})
	}
	st.pass(time.Hour)
	measure("1,000 changed here", 12, func() {
		_, last := listed(t, c, cursor)
		cursor = last.Cursor
		for i, o := range c.Write(t.Context(), writes) {
			if o.Fault != nil || o.Record.Value(title) != "Baker" || o.Record.Value(name) == "" {
				t.Fatalf("write %d: got %+v, %v", i, o.Record, o.Fault)
			}
		}
	})
	st.pass(time.Hour)
	_, last := listed(t, c, cursor)
	cursor = last.Cursor
	for i := range int64(1000) {
		must(t, st.Change(fmt.Sprint(first+i*997), map[string]string{"city": "Ely"}))
		st.pass(time.Millisecond)
	}
	st.pass(time.Hour)
	measure("1,000 changed there", 12, func() {
		items, last := listed(t, c, cursor)
		if cursor = last.Cursor; len(items) != 1000 {
			t.Errorf("got %d changes, want 1000", len(items))
		}
	})
	write := func(look bool) func() {
		return func() {
			for n := range int64(10) {
				writes, ids := make([]connector.Write, 100), make([]string, 100)
				for i := range writes {
					ids[i] = fmt.Sprint(first + 500_000 + n*100 + int64(i))
					writes[i] = update(ids[i], "jobtitle", fmt.Sprint("Title ", look, n, i))
				}
				if look {
					_, err := c.Fetch(t.Context(), ids)
					must(t, err)
				}
				for i, o := range c.Write(t.Context(), writes) {
					if o.Fault != nil || o.Record.Value(title) != writes[i].Set["jobtitle"] || o.Record.Value(name) == "" {
						t.Fatalf("write %d: got %+v, %v", i, o.Record, o.Fault)
					}
				}
			}
		}
	}
	// Without a version nobody looks at contacts before they are written to. HubSpot
	// answers with a part of a contact: what was read of it before completes the
	// outcome, and without that it is read afterwards.
	measure("1,000 changed here without a version, read before", 20, write(true))
	st.pass(2 * time.Minute)
	measure("1,000 changed here without a version, not read", 20, write(false))
	st.pass(time.Hour)
	measure("1,000 new ones", 10, func() {
		for n := range 10 {
			writes := make([]connector.Write, 100)
			for i := range writes {
				writes[i] = create("email", fmt.Sprintf("new%d@example.org", n*100+i), "firstname", "New")
			}
			for i, o := range c.Write(t.Context(), writes) {
				if o.Fault != nil {
					t.Fatalf("write %d: %v", i, o.Fault)
				}
			}
		}
	})
	st.pass(time.Hour)
	measure("ours come back once", 20, func() {
		items, last := listed(t, c, cursor)
		if cursor = last.Cursor; len(items) != 2000 {
			t.Errorf("got %d, want 2000", len(items))
		}
	})
	measure("and then no more", 2, func() {
		if items, _ := listed(t, c, cursor); len(items) > 0 {
			t.Errorf("got %d, want none", len(items))
		}
	})
}
