package crm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	hubspot "github.com/kith-sync/kith/connector/hubspot/sandbox"
)

// benchmarks.md 1: what 1,000 changes among many linked records may cost in calls.
// The number of records does not matter; the cost of listing them once is not counted.
func TestAThousandChangesCostAHandfulOfCalls(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	list := func(phone string, n int) string {
		var csv strings.Builder
		csv.WriteString("first_name,last_name,email,company,sync_as,phone\n")
		for i := range n {
			fmt.Fprintf(&csv, "Pat,Doe%04d,p%04d@example.com,Acme,%s,%s\n", i, i, []string{"Lead", "Contact"}[i%2], phone)
		}
		return csv.String()
	}
	w.imports("people", list("020 7946 0001", 3000))
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	w.rest(people)
	if n := org.Count("Lead") + org.Count("Contact"); n != 3000 {
		t.Fatalf("got %d records, want 3,000", n)
	}
	w.imports("people", list("020 7946 0002", 1000))
	before := org.Counts()
	if r := w.run(people); r.Totals.Updated != 1000 {
		t.Fatalf("got %+v, want 1,000 updates", r.Totals)
	}
	after := org.Counts()
	if calls := after.Calls - before.Calls; calls > 7+4 { // one more of each for Lead and Contact apart
		t.Errorf("1,000 updates cost %d calls, want at most 11: %v", calls, diff(before.Kinds, after.Kinds))
	}
	idle := org.Counts()
	w.run(people)
	if calls := org.Counts().Calls - idle.Calls; calls > 4 {
		t.Errorf("a run without changes cost %d calls, want at most 2 for each of the two objects: %v", calls, diff(idle.Kinds, org.Counts().Kinds))
	}
	if len(after.Breaches) > 0 {
		t.Errorf("limits were broken: %v", after.Breaches)
	}
}

// HubSpot takes a hundred contacts in a call, and no conditions: that nobody's edit is
// overwritten is looked up in its search index, and not contact by contact.
func TestAThousandChangesCostHubSpotTwelveCalls(t *testing.T) {
	w := newWorld(t)
	account := hubspot.New(hubspot.Options{Now: w.clock, Lag: 10 * time.Second})
	w.connect("crm", "hubspot", hubspot.DefaultToken, map[string]string{}, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.now = w.now.Add(250 * time.Millisecond) // a call takes its time: HubSpot counts searches by the second
		account.ServeHTTP(rw, r)
	}))
	list := func(phone string, n int) string {
		var csv strings.Builder
		csv.WriteString("first_name,last_name,email,phone\n")
		for i := range n {
			fmt.Fprintf(&csv, "Pat,Doe%04d,p%04d@example.com,%s\n", i, i, phone)
		}
		return csv.String()
	}
	w.imports("people", list("020 7946 0001", 3000))
	people := w.sync(`name: people-to-hubspot
source: {book: people}
target: {connection: crm, object: contacts}
direction: two_way
policy: {update: if_new_not_blank}
map:
  - {from: email, to: email}
  - {from: first_name, to: firstname}
  - {from: last_name, to: lastname}
  - {from: phone, to: phone}
`)
	later := func() { w.now = w.now.Add(time.Hour) }
	for range 3 { // what we wrote comes back once
		later()
		w.run(people)
	}
	if n := account.Len(); n != 3000 {
		t.Fatalf("got %d contacts, want 3,000", n)
	}
	spent := func(what string, most int, written int64) {
		t.Helper()
		before := account.Counts()
		r := w.run(people)
		after := account.Counts()
		cost := diff(before.ByCall, after.ByCall)
		t.Logf("%s: %d calls %v", what, after.Calls-before.Calls, cost)
		if calls := after.Calls - before.Calls; calls > most || r.Totals.Writes() != written {
			t.Errorf("%s: %d writes by %d calls %v, want %d by at most %d", what, r.Totals.Writes(), calls, cost, written, most)
		}
	}
	later()
	spent("a run without changes, which opens the account", 3, 0)
	spent("another one", 2, 0)
	w.imports("people", list("020 7946 0002", 1000))
	spent("1,000 changed", 12, 1000)
	c, err := w.Store.Connection(t.Context(), "crm")
	if err != nil {
		t.Fatal(err)
	}
	counts := account.Counts()
	if used, most := w.Usage(c); used == 0 || most != 250_000 {
		t.Errorf("the account's calls: got %d of %d, want some of those of a free account", used, most)
	}
	if len(counts.Breaches) > 0 {
		t.Errorf("limits were broken: %v", counts.Breaches)
	}
}

func diff(before, after map[string]int) map[string]int {
	more := map[string]int{}
	for kind, n := range after {
		if n > before[kind] {
			more[kind] = n - before[kind]
		}
	}
	return more
}
