package link_test

import (
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/simulate"
	"github.com/kith-sync/kith/store"
)

// Found by the simulator (seed 8,868): two records shared an e-mail, so that one of
// them was held. The other one was deleted, and the held one took its place: its
// older values were taken for edits.
func TestMyEditWasLostWhenTheDoubleWasDeleted(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Add(ada())
	w.rest()
	w.remote.Add(map[string]string{"email": "ada@example.com", "last_name": "Byron-King", "company": "Acme"})
	w.edit(1, "last_name", "Lovelace")
	w.rest()
	w.remote.Delete("r0001")
	w.rest()
	w.want("the book", w.here(), "1 company=Acme email=ada@example.com first_name=Ada last_name=Lovelace")
	w.want("the remote", w.there(), "r0002 company=Acme email=ada@example.com first_name=Ada last_name=Byron-King")
}

// A plan waits for its approval; meanwhile another sync of the book runs, and then
// the plan is applied under its older number.
func TestWhatALatePlanBroughtCameToTheOtherSystemToo(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	other := w.another("desk")
	w.remote.Add(ada())
	for range 2 {
		w.rest()
		other.rest()
	}
	w.remote.Edit("r0001", map[string]string{"company": "Acme"})
	r := w.plan()
	other.rest()
	if _, err := w.engine.Apply(t.Context(), w.sync, r); err != nil {
		t.Fatal(err)
	}
	other.rest()
	w.want("the other system", other.there(), "r0001 company=Acme email=ada@example.com first_name=Ada last_name=Byron")
}

// another is a second system over the same book.
func (w *world) another(name string) *world {
	w.t.Helper()
	o := *w
	c, err := w.store.SaveConnection(w.t.Context(), store.Connection{Name: name, Kind: "fake"})
	if err != nil {
		w.t.Fatal(err)
	}
	o.id, o.remote = c.ID, simulate.NewRemote(people, w.remote.Can, w.clock)
	o.remote.Broken = w.t.Errorf
	def := plan.Sync{Name: name, Source: plan.Endpoint{Connection: name}, Target: plan.Endpoint{Book: "people"}, Direction: plan.TwoWay}
	if o.sync, err = w.store.SaveSync(w.t.Context(), def.Defaults(), ""); err != nil {
		w.t.Fatal(err)
	}
	engine := *w.engine
	o.engine = &engine
	o.engine.Ends = link.Ends(&o)
	return &o
}

// A write whose answer was lost is found by a later run, and then belongs to the
// run that sent it: its journal says so, and an undo takes it back.
func TestUndoForgotWhatWasOnlyFoundLater(t *testing.T) {
	for _, c := range []struct {
		what        string
		before      func(w *world)
		then        func(w *world)
		totals      plan.Totals
		here, there string // after the undo
	}{
		{"a create", func(*world) {}, func(w *world) { w.add(ada()) }, plan.Totals{Read: 1, Created: 1},
			"1 email=ada@example.com first_name=Ada last_name=Byron", ""},
		{"an update", func(w *world) { w.remote.Add(ada()) }, func(w *world) { w.edit(1, "company", "Acme") }, plan.Totals{Read: 1, Updated: 1},
			"1 company=Acme email=ada@example.com first_name=Ada last_name=Byron", "r0001 email=ada@example.com first_name=Ada last_name=Byron"},
		{"a removal", func(w *world) { w.remote.Add(ada()) }, func(w *world) { w.trash(1) }, plan.Totals{Deleted: 1},
			"", "r0002 email=ada@example.com first_name=Ada last_name=Byron"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, removes(plan.Keep, plan.DeleteGone))
			w.t, w.engine.Reverse = t, w.reverse
			c.before(w)
			w.rest()
			c.then(w)
			silent := true
			w.remote.After = func(call string) *connector.Fault {
				if call == "write" && silent {
					return &connector.Fault{Kind: connector.Unknown, Message: "no answer"}
				}
				return nil
			}
			r := w.run()
			if r.Totals.Held != 1 || r.Reasons[string(plan.OutcomeUnknown)] != 1 {
				t.Fatalf("without an answer: got %+v %v, want one outcome that is not known", r.Totals, r.Reasons)
			}
			silent = false
			w.rest()
			r, err := w.store.Run(t.Context(), r.ID)
			if err != nil || r.Totals != c.totals || r.Reasons[string(plan.OutcomeUnknown)] != 0 || r.Status != store.Succeeded {
				t.Errorf("once it was found: got %s %+v %v %v, want %+v", r.Status, r.Totals, r.Reasons, err, c.totals)
			}
			w.undo(r)
			w.rest()
			w.want("the book", w.here(), c.here)
			w.want("the remote", w.there(), c.there)
		})
	}
}

// A listing was narrowed for a while by a missing permission. A remote that lists
// changes and tells what is gone never mentioned the others again.
func TestPeopleHiddenForAWhileNeverCame(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	id := w.remote.Add(ada())
	w.remote.Add(map[string]string{"email": "bob@example.org"})
	w.remote.Hidden = func(hidden string) bool { return hidden == id }
	w.rest()
	w.remote.Hidden = nil
	w.rest()
	w.want("the book before the whole listing", w.here(), "1 email=bob@example.org")
	w.now = w.now.AddDate(0, 0, 8)
	w.rest()
	w.want("the book", w.here(), "1 email=bob@example.org\n2 email=ada@example.com first_name=Ada last_name=Byron")
}

// A record that a listing leaves out is not gone: what changes here comes to it all
// the same, and not only once it is listed again.
func TestMyEditWaitedAWeekBecauseTheirListingLeftHimOut(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	id := w.remote.Add(ada())
	w.remote.Add(map[string]string{"email": "bob@example.org"})
	w.rest()
	w.now = w.now.AddDate(0, 0, 8) // everything is listed again
	w.remote.Hidden = func(hidden string) bool { return hidden == id }
	w.run()
	w.edit(1, "company", "Acme")
	w.rest()
	w.want("the remote", w.there(), "r0001 company=Acme email=ada@example.com first_name=Ada last_name=Byron\nr0002 email=bob@example.org")
}
