package mailchimp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
	"github.com/kith-sync/kith/contact"
)

// benchmarks.md 1: 1,000 changed contacts among a million take at most 4 calls.
func TestCallsForAThousandAmongAMillion(t *testing.T) {
	for _, row := range []struct {
		sentence               string
		options                sandbox.Options
		writes, reads, creates int
	}{
		{"as users have seen it", sandbox.Options{}, 4, 1, 8},
		{"a listing hides the archive", sandbox.Options{HidesArchived: true}, 5, 2, 8},
	} {
		st := newStage(t, row.options)
		st.list.Fill(1_000_000)
		st.Remove(t, st.Add(t, map[string]string{"email_address": "gone@example.com"}))
		a := st.open(t)
		schema, known := knownOf(t, a, st, 0, 1000)
		_, another := knownOf(t, a, st, 1000, 1000)
		cursor := "2026-11-22T10:04:00+00:00" // what the listing of all gave
		count := func(what string, most int, do func()) {
			st.Recount()
			do()
			t.Logf("%s, %s: %d calls", row.sentence, what, st.Counts().Calls)
			if c := st.Counts(); c.Calls > most || len(c.Breaches) > 0 {
				t.Errorf("%s, %s: got %d calls %v and breaches %v, want at most %d calls", row.sentence, what, c.Calls, c.ByCall, c.Breaches, most)
			}
		}
		count("1,000 changed in Kith", row.writes, func() {
			listed(t, a, cursor)
			var writes []connector.Write
			for _, item := range known {
				writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: item.ID, Version: item.Version, Set: map[string]string{"LNAME": "Changed"}, Known: values(schema, item.Record)})
			}
			for i, o := range a.Write(t.Context(), writes) {
				if o.Fault != nil || o.Record.ID != writes[i].ID || o.Record.Value(schema.Index("LNAME")) != "Changed" {
					t.Fatalf("%s, write %d: got %+v", row.sentence, i, o)
				}
			}
		})
		count("1,000 changed in Kith, by a plan of another day", 6, func() {
			var writes []connector.Write
			for _, item := range another {
				writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: item.ID, Version: item.Version, Set: map[string]string{"LNAME": "Changed"}})
			}
			for i, o := range a.Write(t.Context(), writes) {
				if o.Fault != nil {
					t.Fatalf("%s, write %d: got %v", row.sentence, i, o.Fault)
				}
			}
		})
		cursor = st.clock.now().Add(2 * time.Minute).Format(time.RFC3339)
		st.clock.tick()
		for n := range 1000 {
			st.list.Change(st.list.Member(5000+n), map[string]string{"FNAME": "Other"})
		}
		count("1,000 changed in Mailchimp", row.reads, func() {
			if got := len(listed(t, a, cursor)); got != 1000 {
				t.Errorf("%s: got %d changed, want 1000", row.sentence, got)
			}
		})
		count("1,000 new ones, looked for before", row.creates, func() {
			var emails []string
			var writes []connector.Write
			for n := range 1000 {
				emails = append(emails, fmt.Sprintf("new%d@example.com", n))
				writes = append(writes, connector.Write{Op: connector.OpCreate, Key: fmt.Sprint(n), Set: map[string]string{"email_address": emails[n]}})
			}
			if found, err := a.Find(t.Context(), "email_address", emails); err != nil || len(found) > 0 {
				t.Fatalf("%s: find: got %d, %v", row.sentence, len(found), err)
			}
			for i, o := range a.Write(t.Context(), writes) {
				if o.Fault != nil || o.Record.ID == "" || o.Record.Value(0) != emails[i] {
					t.Fatalf("%s, create %d: got %+v", row.sentence, i, o)
				}
			}
		})
	}
}

// knownOf fetches n members: what a linked book knows of them.
func knownOf(t *testing.T, a *mailchimp.Audience, st *stage, first, n int) (contact.Schema, []connector.Item) {
	t.Helper()
	schema, err := a.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range n {
		ids = append(ids, st.list.Member(first+i))
	}
	items, err := a.Quick().Fetch(t.Context(), ids)
	if err != nil || len(items) != n {
		t.Fatalf("fetch: got %d, %v", len(items), err)
	}
	return schema, items
}

func values(schema contact.Schema, r contact.Record) map[string]string {
	out := map[string]string{}
	for i, f := range schema.Fields {
		out[f.Name] = r.Value(i)
	}
	return out
}

// listed reads a listing to its end; the later of two states of a record counts.
func listed(t *testing.T, a *mailchimp.Audience, since string) map[string]connector.Item {
	t.Helper()
	out := map[string]connector.Item{}
	for p, err := range a.Changes(t.Context(), since) {
		if err != nil {
			t.Fatalf("changes since %q: %v", since, err)
		}
		for _, item := range p.Items {
			out[item.ID] = item
		}
	}
	return out
}
