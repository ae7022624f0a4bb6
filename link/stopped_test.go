package link_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// "Salesforce went away in the middle of it, and undo says that nothing was changed."
func TestARunThatWasStoppedIsTakenBackAsFarAsItCame(t *testing.T) {
	for what, fault := range map[string]connector.FaultKind{
		"the remote went away":  connector.Busy,
		"the day's calls spent": connector.Quota,
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.t = t
			w.engine.Reverse = w.reverse
			w.remote.Can.WriteBatch = 1
			w.add(map[string]string{"email": "ada@example.com"})
			w.add(map[string]string{"email": "bob@example.org"})
			w.rest()
			w.edit(1, "company", "Acme")
			w.edit(2, "company", "Acme")
			r := w.stopAt(2, fault)
			if !r.Status.Stopped() || r.Totals.Updated != 1 {
				t.Fatalf("got %s %+v, want a run that was stopped after one update", r.Status, r.Totals)
			}
			w.want("the remote", w.there(), "r0001 company=Acme email=ada@example.com\nr0002 email=bob@example.org")
			if got := w.story(1); got != fmt.Sprintf("%d update company=Acme", r.ID) {
				t.Errorf("the story of contact 1 ends with %q", got)
			}
			w.undo(r)
			w.want("the remote", w.there(), "r0001 email=ada@example.com\nr0002 email=bob@example.org")
		})
	}
}

// stopAt plans and applies while every write call from the n-th on ends with a fault.
func (w *world) stopAt(n int, kind connector.FaultKind) store.Run {
	w.t.Helper()
	calls := 0
	w.remote.Before = func(call string) *connector.Fault {
		if call == "write" {
			if calls++; calls >= n {
				return &connector.Fault{Kind: kind, Message: "not now"}
			}
		}
		return nil
	}
	defer func() { w.remote.Before = func(string) *connector.Fault { return nil } }()
	r, err := w.engine.Plan(w.t.Context(), w.sync)
	if err == nil {
		r, err = w.engine.Apply(w.t.Context(), w.sync, r)
	}
	if known := (*run.Error)(nil); err != nil && !errors.As(err, &known) {
		w.t.Fatal(err)
	}
	return r
}

// story is the last that was written of a contact at the remote, in the words of the store.
func (w *world) story(number int64) (last string) {
	w.t.Helper()
	for c, err := range w.store.ChangesOf(w.t.Context(), store.Ref(1, number)) {
		if err != nil {
			w.t.Fatal(err)
		}
		if !c.Remote {
			continue
		}
		last = fmt.Sprintf("%d %s", c.Run, c.Action)
		for _, f := range c.Fields {
			if f.Written() {
				last += " " + f.Name + "=" + f.New
			}
		}
	}
	return last
}

// A run that cannot be resumed, because its connection is gone, does not say that it
// wrote what it was about to write.
func TestWhoIsGivenUpIsNotSaidToBeWritten(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.add(map[string]string{"email": "ada@example.com"})
	r, err := w.engine.Plan(t.Context(), w.sync)
	if err != nil {
		t.Fatal(err)
	}
	r.Status = store.Applying
	if err := w.store.UpdateRun(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	w.engine.Ends = noRemote{w.engine.Ends}
	r, err = w.engine.Resume(t.Context(), w.sync, r)
	if err != nil || r.Status != store.Failed || r.Totals.Created != 0 || r.Reasons[string(plan.OutcomeUnknown)] != 1 || r.Wrote() {
		t.Errorf("got %v %s %+v %v, want a failed run with one record whose outcome is not known", err, r.Status, r.Totals, r.Reasons)
	}
}

// noRemote are ends of which the remote's is gone.
type noRemote struct{ link.Ends }

func (noRemote) Remote(context.Context, store.Sync) (connector.Remote, error) {
	return nil, &run.Error{Code: "connection.missing", Message: "There is no connection \"crm\""}
}
