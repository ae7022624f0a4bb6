package link_test

import (
	"fmt"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A system that is failing takes every write and answers none: each of a thousand
// would have to be looked for.
func TestARunStopsWhenNoWriteIsAnsweredAnyMore(t *testing.T) {
	w := newWorld(t, plan.Sync{Source: plan.Endpoint{Book: "people"}, Target: plan.Endpoint{Connection: "crm"}})
	w.remote.Can.ChosenKey, w.remote.Can.WriteBatch = false, 2
	for i := range 20 {
		w.add(map[string]string{"email": fmt.Sprintf("p%02d@example.com", i)})
	}
	silent := true
	w.remote.After = func(call string) *connector.Fault {
		if silent && call == "write" {
			return &connector.Fault{Kind: connector.Unknown, Message: "no answer"}
		}
		return nil
	}
	r, err := w.engine.Apply(t.Context(), w.sync, w.plan())
	if err == nil || r.Status != store.Failed || len(w.remote.There()) != 6 {
		t.Fatalf("got %v %s with %d records there, want a run that failed after three calls of two", err, r.Status, len(w.remote.There()))
	}
	silent = false
	w.rest()
	if n := len(w.remote.There()); n != 20 {
		t.Errorf("got %d records there, want each of 20 once", n)
	}
}
