package salesforce_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// Benchmarks, section 1: 1,000 changed among many linked cost at most 7 calls, and
// nothing changed at most 2 for each object.
func TestEconomy(t *testing.T) {
	const people, changed = 12000, 1000
	st := newStage(t, sandbox.Options{})
	st.withKeys("Contact")
	st.Fill("Contact", people, func(i int) map[string]string {
		return map[string]string{"LastName": "Person " + strconv.Itoa(i), "Email": fmt.Sprintf("person%d@example.com", i)}
	})
	st.pass(time.Hour)
	_, all, cursor := linked(t, st.open(t, st.settings("Contact")))
	if len(all) != people {
		t.Fatalf("listed: got %d, want %d", len(all), people)
	}
	st.pass(time.Hour)
	spent := func(what string, most int, do func(r *salesforce.Object)) {
		t.Helper()
		before := st.Counts()
		do(st.open(t, st.settings("Contact")))
		now := st.Counts()
		if n := now.Calls - before.Calls; n > most {
			t.Errorf("%s: got %d calls, want at most %d: %v", what, n, most, now.Kinds)
		} else {
			t.Logf("%s: %d calls", what, n)
		}
	}
	spent("nothing changed", 2, func(r *salesforce.Object) {
		pages, items, next := since(t, r, cursor)
		if len(pages) != 1 || len(items) != 0 {
			t.Errorf("got %d records on %d pages, want none", len(items), len(pages))
		}
		cursor = next
	})
	var writes []connector.Write
	for _, item := range all[:changed] {
		writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: item.ID, Version: item.Version, Set: map[string]string{"Title": "Baker"}})
	}
	spent("1,000 changed by us", 7, func(r *salesforce.Object) {
		_, _, _ = since(t, r, cursor)
		for i, o := range r.Write(t.Context(), writes) {
			if o.Fault != nil || o.Record.ID != writes[i].ID {
				t.Fatalf("write %d: got %+v, %v", i, o.Record, o.Fault)
			}
		}
	})
	st.pass(time.Hour)
	for _, item := range all[:changed] {
		st.Sandbox.Change(item.ID, map[string]string{"Title": "Cook"})
	}
	spent("1,000 changed by others", 2, func(r *salesforce.Object) {
		if _, items, _ := since(t, r, cursor); len(items) != changed {
			t.Errorf("got %d records, want %d", len(items), changed)
		}
	})
	var creates []connector.Write
	for i := range changed {
		creates = append(creates, connector.Write{Op: connector.OpCreate, Key: fmt.Sprintf("key-%d", i), Set: map[string]string{"LastName": "New " + strconv.Itoa(i)}})
	}
	spent("1,000 created", 7, func(r *salesforce.Object) {
		for _, o := range r.Write(t.Context(), creates) {
			if o.Fault != nil {
				t.Fatalf("create: %v", o.Fault)
			}
		}
	})
	if b := st.Counts().Breaches; len(b) > 0 {
		t.Errorf("limits of the API were broken: %v", b)
	}
}

// People are two objects: leads and contacts. They are looked up, written and read
// back in a few calls as well.
func TestEconomyOfPeople(t *testing.T) {
	const people = 1000
	st := newStage(t, sandbox.Options{})
	st.withKeys("Lead", "Contact")
	st.Sandbox.Add("Account", map[string]string{"Name": "Acme"})
	r := st.open(t, st.settings(salesforce.Person))
	var writes []connector.Write
	var emails []string
	for i := range people {
		email := fmt.Sprintf("person%d@some-longer-domain.example.com", i)
		emails = append(emails, email)
		writes = append(writes, connector.Write{Op: connector.OpCreate, Key: fmt.Sprintf("key-%d", i), Set: map[string]string{
			"LastName": "New " + strconv.Itoa(i), "Email": email, "sync_as": []string{"Lead", "Contact"}[i%2], "company": "Acme"}})
	}
	before := st.Counts().Calls
	if items, err := r.Find(t.Context(), "Email", emails); err != nil || len(items) > 0 {
		t.Fatalf("find: got %d, %v", len(items), err)
	}
	for _, o := range r.Write(t.Context(), writes) {
		if o.Fault != nil {
			t.Fatalf("create: %v", o.Fault)
		}
	}
	if n := st.Counts().Calls - before; n > 10 {
		t.Errorf("1,000 people looked up, created and read back: got %d calls, want at most 10: %v", n, st.Counts().Kinds)
	} else {
		t.Logf("1,000 people looked up, created and read back: %d calls", n)
	}
	if b := st.Counts().Breaches; len(b) > 0 {
		t.Errorf("limits of the API were broken: %v", b)
	}
}

func linked(t *testing.T, r *salesforce.Object) (pages []connector.Page, items []connector.Item, cursor string) {
	t.Helper()
	return since(t, r, "")
}

// since lists what changed since a cursor.
func since(t *testing.T, r *salesforce.Object, from string) (pages []connector.Page, items []connector.Item, cursor string) {
	t.Helper()
	pages, err := whole(t.Context(), r, from)
	if err != nil {
		t.Fatalf("changes: %v", err)
	}
	for _, p := range pages {
		items = append(items, p.Items...)
	}
	return pages, items, pages[len(pages)-1].Cursor
}
