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

// A run of the engine asks for the properties, the archive and what was changed:
// three calls when nothing was. The listing is the look before the writes, so that
// a thousand of them are ten calls more and not twenty; by a plan that has waited,
// in whose place another remote was opened, everybody is read just before.
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
	spent("nothing changed", 3, 0)
	f.editAll(t, "called")
	spent("1,000 changed here", 13, 1000)
	spent("they come back once", 11, 0)
	spent("nothing changed since", 3, 0)
	f.editAll(t, "called again")
	st.pass(time.Hour)
	r, err := f.engine.Plan(t.Context(), f.sync)
	must(t, err)
	st.pass(time.Hour)
	st.Reset()
	r, err = f.engine.Apply(t.Context(), f.sync, r)
	if c := st.Counts(); err != nil || r.Totals.Updated != 1000 || c.Calls > 21 || len(c.Breaches) > 0 {
		t.Errorf("a plan that has waited: got %+v, %v by %d calls %v; want 1,000 updates by at most 21", r.Totals, err, c.Calls, c.ByCall)
	}
}

// editAll gives everybody in the book another note, in one run.
func (f *flow) editAll(t *testing.T, text string) {
	t.Helper()
	ctx := t.Context()
	b, err := book.Open(ctx, f.store, "people", flowSecret, nil)
	must(t, err)
	r := store.Run{Name: "edit", Kind: store.KindEdit, Status: store.Applying, Started: f.Now(), BookID: b.ID()}
	must(t, f.store.CreateRun(ctx, &r))
	var changes []plan.Change
	for ref, err := range b.Owned(ctx, 0) {
		must(t, err)
		note := plan.FieldChange{Name: "note", Old: "\x00", New: fmt.Sprint(text, " ", ref), Rule: "edit"}
		changes = append(changes, plan.Change{Action: plan.Update, Ref: ref, Fields: []plan.FieldChange{note}})
	}
	must(t, f.store.AppendPlan(ctx, r.ID, nil, 0, changes))
	_, err = b.Write(ctx, connector.Batch{Run: r.ID, Now: f.Now(), Changes: changes, Position: 1, IndexNow: true})
	must(t, err)
	r.Status = store.Succeeded
	must(t, f.store.UpdateRun(ctx, &r))
}
