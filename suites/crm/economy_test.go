package crm

import (
	"fmt"
	"strings"
	"testing"
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

func diff(before, after map[string]int) map[string]int {
	more := map[string]int{}
	for kind, n := range after {
		if n > before[kind] {
			more[kind] = n - before[kind]
		}
	}
	return more
}
