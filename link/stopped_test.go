package link_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/contact"
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
	w.stop(n, kind)
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

// stop has every write call from the n-th on end with a fault.
func (w *world) stop(n int, kind connector.FaultKind) {
	calls := 0
	w.remote.Before = func(call string) *connector.Fault {
		if call == "write" {
			if calls++; calls >= n {
				return &connector.Fault{Kind: kind, Message: "not now"}
			}
		}
		return nil
	}
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

// A run that cannot be resumed, because its connection is gone, ends. Nobody knows what
// became of what it was about to write; the next run finds out, and counts nothing twice.
func TestARunThatIsGivenUp(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.add(ada())
	r := w.plan()
	r.Status = store.Applying
	if err := w.store.UpdateRun(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	ends := w.engine.Ends
	w.engine.Ends = noRemote{ends}
	r, err := w.engine.Resume(t.Context(), w.sync, r)
	if err != nil || r.Status != store.Failed || !r.GivenUp || r.Counted() {
		t.Fatalf("got %v %s %+v, want a run that was given up, and whose totals count for nothing", err, r.Status, r.Totals)
	}
	w.engine.Ends = ends
	w.rest()
	w.want("the remote", w.there(), "r0001 email=ada@example.com first_name=Ada last_name=Byron")
	if again, err := w.store.Run(t.Context(), r.ID); err != nil || again.Totals != r.Totals {
		t.Errorf("afterwards it says %+v (%v), before %+v", again.Totals, err, r.Totals)
	}
}

// noRemote are ends of which the remote's is gone.
type noRemote struct{ link.Ends }

func (noRemote) Remote(context.Context, store.Sync) (connector.Remote, error) {
	return nil, &run.Error{Code: "connection.missing", Message: "There is no connection \"crm\""}
}

// A group may have more people than are carried out together at a remote that takes few:
// the journal knows of each whether the remote has said that it is written.
func TestHowFarAStoppedRunCameIsKnownOfAll(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.engine.Reverse = w.reverse
	w.remote.Can.WriteBatch = 600
	const people = 700
	for n := range people {
		w.add(map[string]string{"email": fmt.Sprintf("p%d@example.com", n)})
	}
	w.rest()
	for n := range people {
		w.edit(int64(n+1), "company", "Acme")
	}
	r := w.stopAt(2, connector.Quota)
	written := strings.Count(w.there(), "company=Acme")
	if r.Totals.Updated != int64(written) || written == 0 || written == people {
		t.Errorf("the journal says %+v, %d of %d are written", r.Totals, written, people)
	}
	w.undo(r)
	if left := strings.Count(w.there(), "company=Acme"); left != 0 {
		t.Errorf("%d are left after the undo", left)
	}
}

// An undo that was stopped on the way is done again: nobody is made anew twice.
func TestAnUndoThatWasStoppedIsDoneAgain(t *testing.T) {
	w := newWorld(t, removes(plan.Keep, plan.DeleteGone))
	w.engine.Reverse = w.reverse
	w.remote.Can.WriteBatch = 1
	w.remote.Add(map[string]string{"email": "ada@example.com"})
	w.remote.Add(map[string]string{"email": "bob@example.org"})
	w.rest()
	w.trash(1)
	w.trash(2)
	r := w.run()
	w.want("the remote after the run", w.there(), "")
	w.stop(2, connector.Quota)
	r, err := w.store.Run(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := w.engine.Undo(t.Context(), w.sync, r); err == nil || u.Status != store.PausedQuota || u.Totals.Created != 1 {
		t.Fatalf("the first undo: %v %s %+v, want it stopped after one record", err, u.Status, u.Totals)
	}
	w.remote.Before = func(string) *connector.Fault { return nil }
	w.undo(r)
	w.want("the remote", w.there(), "r0003 email=ada@example.com\nr0004 email=bob@example.org")
}

// Somebody adds a field to the book between the look at a plan and its first write.
func TestValuesDoNotSlipIntoAFieldThatCameMeanwhile(t *testing.T) {
	w := newWorld(t, plan.Sync{Source: plan.Endpoint{Connection: "crm"}, Target: plan.Endpoint{Book: "people"},
		Map: []plan.Mapping{{From: "email", To: "email"}, {From: "company", To: "firm"}}})
	w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme"})
	w.engine.Ends = widens{w}
	r := w.plan()
	r, err := w.engine.Apply(t.Context(), w.sync, r)
	if err == nil || r.Code != run.CodePlanMoved || r.Totals.Created != 0 {
		t.Errorf("got %v %s %s %+v, want a run that was stopped because the fields had changed", err, r.Status, r.Code, r.Totals)
	}
	w.want("the book", w.here(), "")
}

// widens are ends whose book lacks a field, and gets another one just before it.
type widens struct{ *world }

func (e widens) Book(ctx context.Context, s store.Sync, remote contact.Schema) (link.Book, error) {
	b, err := e.world.Book(ctx, s, remote)
	return wider{b.(*book.Book)}, err
}

type wider struct{ *book.Book }

var firm = contact.Field{Name: "firm", Kind: contact.Text}

func (b wider) Schema(ctx context.Context) (contact.Schema, error) {
	s, err := b.Book.Schema(ctx)
	if s.Index("firm") < 0 {
		s.Fields = append(s.Fields, firm)
	}
	return s, err
}

func (wider) Missing() []contact.Field { return []contact.Field{firm} }

func (b wider) Widen(ctx context.Context) error {
	return errors.Join(b.AddFields(ctx, []contact.Field{{Name: "nickname", Kind: contact.Text}}), b.AddFields(ctx, []contact.Field{firm}))
}

// The guard counts what a run removed until all of it is back.
func TestTheGuardCountsARunThatWasTakenBackInPart(t *testing.T) {
	w := newWorld(t, plan.Sync{Policy: plan.Policy{Delete: plan.Delete{Back: plan.DeleteGone}}})
	w.engine.Reverse = w.reverse
	w.remote.Can.WriteBatch = 1
	for i := range 40 {
		w.add(map[string]string{"email": fmt.Sprintf("p%d@example.com", i)})
	}
	w.rest()
	for i := range int64(4) {
		w.trash(i + 1)
	}
	r := w.run()
	w.stop(2, connector.Quota)
	undo, err := w.engine.Undo(t.Context(), w.sync, r)
	if err == nil && undo.Status != store.PausedQuota {
		t.Fatalf("the undo: %s %+v, want it stopped", undo.Status, undo.Totals)
	}
	if n, err := w.store.DeletedSince(t.Context(), r.SyncID, w.now.Add(-24*time.Hour)); err != nil || n != 4 {
		t.Errorf("%d count (%v), want 4", n, err)
	}
}
