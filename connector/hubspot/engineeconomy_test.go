package hubspot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A run of the engine opens the account twice, for the plan and for carrying it
// out. HubSpot takes no condition and answers an update with a part of the
// contact, so that everybody who is written to is read just before: 10 calls
// besides the 10 of the writes.
func TestEconomyWithTheEngine(t *testing.T) {
	st := newStage(t, sandbox.Options{Lag: 10 * time.Second})
	f := newFlow(t, st)
	st.Populate(1000, time.Millisecond)
	spent := func(what string, most, writes int) {
		t.Helper()
		st.pass(time.Hour)
		st.Reset()
		r := f.run()
		c := st.Counts()
		t.Logf("%s: %d calls %v", what, c.Calls, c.ByCall)
		if c.Calls > most || r.Totals.Writes() != int64(writes) || len(c.Breaches) > 0 {
			t.Errorf("%s: got %d calls, %+v, breaches %q; want at most %d calls and %d writes", what, c.Calls, r.Totals, c.Breaches, most, writes)
		}
	}
	spent("1,000 listed", 14, 1000)
	spent("nothing changed", 4, 0)
	f.editAll(t)
	spent("1,000 changed here", 24, 1000)
	spent("they come back once", 14, 0)
	spent("nothing changed since", 4, 0)
}

// editAll gives everybody in the book another note, in one run.
func (f *flow) editAll(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	b, err := book.Open(ctx, f.store, "people", flowSecret, nil)
	must(t, err)
	r := store.Run{Name: "edit", Kind: store.KindEdit, Status: store.Applying, Started: f.Now(), BookID: b.ID()}
	must(t, f.store.CreateRun(ctx, &r))
	var changes []plan.Change
	for ref, err := range b.Owned(ctx, 0) {
		must(t, err)
		note := plan.FieldChange{Name: "note", Old: "\x00", New: fmt.Sprint("note ", ref), Rule: "edit"}
		changes = append(changes, plan.Change{Action: plan.Update, Ref: ref, Fields: []plan.FieldChange{note}})
	}
	must(t, f.store.AppendPlan(ctx, r.ID, nil, 0, changes))
	_, err = b.Write(ctx, connector.Batch{Run: r.ID, Now: f.Now(), Changes: changes, Position: 1, IndexNow: true})
	must(t, err)
	r.Status = store.Succeeded
	must(t, f.store.UpdateRun(ctx, &r))
}
