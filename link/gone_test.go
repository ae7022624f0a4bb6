package link_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// removes is a sync that carries deletions both ways, with a guard that does not
// stand in the way of these small worlds.
func removes(found, back plan.NotFound) plan.Sync {
	return plan.Sync{Policy: plan.Policy{Delete: plan.Delete{NotFound: found, Back: back, Scope: plan.WholeBook}},
		Guard: plan.Guard{MaxDeletes: 100, Day: plan.NoLimit}}
}

// Requirements 3.11: what is gone on one side.
func TestGone(t *testing.T) {
	for _, c := range []struct {
		what        string
		def         plan.Sync
		play        func(w *world)
		here, there string
	}{
		{"a record deleted there goes to the trash here", removes(plan.Trash, plan.Keep), func(w *world) {
			w.remote.Delete("r0001")
		}, "", ""},
		{"a contact deleted here is deleted there, where that is chosen", removes(plan.Keep, plan.DeleteGone), func(w *world) {
			w.trash(1)
		}, "", ""},
		{"whoever a person takes out of the trash again stays", removes(plan.Trash, plan.Keep), func(w *world) {
			w.remote.Delete("r0001")
			w.rest()
			w.restore(1)
		}, "1 email=ada@example.com first_name=Ada last_name=Byron", ""},
		{"an edit there is not deleted in silence with what was deleted here", removes(plan.Keep, plan.DeleteGone), func(w *world) {
			w.trash(1)
			w.remote.Edit("r0001", map[string]string{"company": "Acme"})
		}, "", "r0001 company=Acme email=ada@example.com first_name=Ada last_name=Byron"},
		{"an edit here is not deleted in silence with what was deleted there", removes(plan.Trash, plan.Keep), func(w *world) {
			w.remote.Delete("r0001")
			w.edit(1, "company", "Acme")
		}, "1 company=Acme email=ada@example.com first_name=Ada last_name=Byron", ""},
		{"a record that is undeleted there is not deleted again: it comes back", removes(plan.Trash, plan.DeleteGone), func(w *world) {
			w.remote.Delete("r0001")
			w.rest()
			w.remote.Undelete("r0001")
		}, "2 email=ada@example.com first_name=Ada last_name=Byron", "r0001 email=ada@example.com first_name=Ada last_name=Byron"},
		{"a record that people make anew is the same person", removes(plan.Trash, plan.DeleteGone), func(w *world) {
			w.remote.Delete("r0001")
			w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme"})
		}, "1 company=Acme email=ada@example.com first_name=Ada last_name=Byron", "r0002 company=Acme email=ada@example.com first_name=Ada last_name=Byron"},
		{"a record that people make anew after the contact was let go is linked like any other", removes(plan.Unlink, plan.Unlink), func(w *world) {
			w.remote.Delete("r0001")
			w.rest()
			w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme"})
		}, "1 company=Acme email=ada@example.com first_name=Ada last_name=Byron", "r0002 company=Acme email=ada@example.com first_name=Ada last_name=Byron"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, c.def)
			w.t = t
			w.remote.Add(ada())
			w.rest()
			c.play(w)
			w.rest()
			w.want("the book", w.here(), c.here)
			w.want("the remote", w.there(), c.there)
		})
	}
}

// Requirements 3.11: a contact whose record is gone stays, and says so.
func TestMarkedWhereTheRecordIsGone(t *testing.T) {
	def := removes(plan.Mark, plan.Keep)
	def.Name, def.Policy.Delete.Mark = "crm", "company"
	def.Map = []plan.Mapping{{From: "email", To: "email"}, {From: "first_name", To: "first_name"}, {From: "last_name", To: "last_name"}}
	w := newWorld(t, def)
	w.engine.Reverse = w.reverse
	w.remote.Add(ada())
	w.rest()
	w.remote.Delete("r0001")
	r := w.run()
	if r.Totals.Updated != 1 || r.Totals.Deleted != 0 {
		t.Errorf("got %+v, want one updated", r.Totals)
	}
	w.rest()
	w.want("the book", w.here(), "1 company=crm email=ada@example.com first_name=Ada last_name=Byron")
	w.remote.Revive("r0001")
	w.rest()
	w.want("the book when it is back", w.here(), "1 email=ada@example.com first_name=Ada last_name=Byron")
	w.remote.Delete("r0001")
	w.undo(w.run())
	w.want("the book after the undo", w.here(), "1 email=ada@example.com first_name=Ada last_name=Byron")
}

// restore takes a contact out of the trash, as a person does.
func (w *world) restore(number int64) {
	w.t.Helper()
	b, err := w.store.Book(w.t.Context(), "people")
	if err != nil {
		w.t.Fatal(err)
	}
	for c, err := range w.store.TrashedByRef(w.t.Context(), b, []int64{store.Ref(1, number)}) {
		if err != nil {
			w.t.Fatal(err)
		}
		w.write(plan.Change{Action: plan.Restore, Ref: c.Ref, Values: c.Values}) // with the keys it is found by
	}
}

// I5: the guard counts what the sync could remove, not everybody in the book.
func TestTheGuardCountsWhatTheSyncBrought(t *testing.T) {
	w := newWorld(t, plan.Sync{Policy: plan.Policy{Delete: plan.Delete{NotFound: plan.Trash}}})
	w.remote.Add(ada())
	w.rest()
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"} {
		w.add(map[string]string{"first_name": name})
	}
	w.remote.Delete("r0001")
	if r := w.plan(); r.Stop == nil || r.GuardBase != 1 {
		t.Errorf("the one contact that the sync brought would go: got stop %v of %d, want a stop of 1", r.Stop, r.GuardBase)
	}
}

// A plan may wait for its approval: who is back by then is not removed.
func TestWhoIsBackIsNotRemoved(t *testing.T) {
	w := newWorld(t, removes(plan.Trash, plan.Keep))
	w.remote.Add(ada())
	w.rest()
	w.remote.Delete("r0001")
	r := w.plan()
	w.remote.Revive("r0001")
	r, err := w.engine.Apply(t.Context(), w.sync, r)
	if err != nil || r.Totals.Failed != 1 {
		t.Errorf("got %+v, %v; want one left alone", r.Totals, err)
	}
	w.rest()
	w.want("the book", w.here(), "1 email=ada@example.com first_name=Ada last_name=Byron")
}

// Two contacts merged by hand have a record each: a person is told, and nothing
// of either is dropped.
func TestTwoRecordsOfOneContactAreHeld(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Add(ada())
	w.remote.Add(map[string]string{"email": "countess@example.com"})
	w.rest()
	w.write(plan.Change{Action: plan.Remove, Ref: store.Ref(1, 2), Into: store.Ref(1, 1)})
	if r := w.run(); r.Reasons[string(plan.IdentityConflict)] != 1 {
		t.Errorf("got %v, want one held for identity.conflict", r.Reasons)
	}
}

// What a run costs follows what has changed: the trash is read for those who are new.
func TestTheTrashIsReadForNewcomersOnly(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	id := w.remote.Add(ada())
	w.rest()
	m := &counted{Store: w.store}
	w.engine.Memory = m
	w.remote.Edit(id, map[string]string{"company": "Acme"})
	if w.run(); m.trash != 0 {
		t.Errorf("the trash was read %d times for an edit, want never", m.trash)
	}
	w.remote.Add(map[string]string{"email": "bob@example.org"})
	w.remote.Add(map[string]string{"email": "cy@example.org"})
	if w.run(); m.trash != 2 {
		t.Errorf("the trash was read %d times for two newcomers, want once by the plan and once when it is applied", m.trash)
	}
}

type counted struct {
	*store.Store
	trash int
}

func (c *counted) Tombstones(ctx context.Context, book int64) ([]store.Contact, error) {
	c.trash++
	return c.Store.Tombstones(ctx, book)
}

// A run dies when it has thrown somebody away, whose record people then undelete.
func TestWhoCameBackInTheMiddleOfARunStayedInTheTrash(t *testing.T) {
	w := newWorld(t, removes(plan.Trash, plan.DeleteGone))
	w.remote.Add(ada())
	w.rest()
	w.remote.Delete("r0001")
	w.add(map[string]string{"email": "bob@example.org"})
	w.crashAt(1, func() {
		defer w.remote.Undelete("r0001")
		w.run()
	})
	w.rest()
	w.want("the book", w.here(), "2 email=bob@example.org\n3 email=ada@example.com first_name=Ada last_name=Byron")
}

// "It says that it did not write my contact, and the undo left what it wrote." A run dies
// when it has updated a contact, which somebody throws away before the run goes on.
func TestWhatWasWrittenToAContactThrownAwaySinceIsTakenBack(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.engine.Reverse = w.reverse
	w.add(map[string]string{"email": "ada@example.com"})
	w.rest()
	w.remote.Edit("r0001", map[string]string{"company": "Acme"})
	w.add(map[string]string{"email": "bob@example.org"})
	r := w.plan()
	w.crashAt(1, func() {
		defer w.trash(1)
		_, _ = w.engine.Apply(t.Context(), w.sync, r)
	})
	r, err := w.store.Run(t.Context(), r.ID)
	if err != nil || r.Totals.Failed != 0 || r.Totals.Updated != 1 {
		t.Errorf("got %+v, %v; want one update and no failure", r.Totals, err)
	}
	w.restore(1)
	w.want("the book", w.here(), "1 company=Acme email=ada@example.com\n2 email=bob@example.org")
	w.undo(r)
	w.want("the book after the undo", w.here(), "1 email=ada@example.com\n2 email=bob@example.org")
}

// A record that is deleted for good is in no listing: the write that does not find it
// says so, and the next run decides as about any other that is gone.
func TestAWriteLearnsWhoIsGone(t *testing.T) {
	const edited = "1 company=Acme email=ada@example.com first_name=Ada last_name=Byron"
	bookFirst := removes(plan.Keep, plan.Keep)
	bookFirst.Source, bookFirst.Target, bookFirst.Direction = plan.Endpoint{Book: "people"}, plan.Endpoint{Connection: "crm"}, plan.OneWay
	for _, c := range []struct {
		what         string
		def          plan.Sync
		conditional  bool
		play         func(w *world)
		failed, then plan.Reason
		here         string
	}{
		{"an edit here: the contact is kept", removes(plan.Keep, plan.Keep), true, func(w *world) { w.edit(1, "company", "Acme") },
			plan.TargetGone, plan.LinkGone, edited},
		{"an edit of the book that is the source", bookFirst, true, func(w *world) { w.edit(1, "company", "Acme") },
			plan.TargetGone, plan.LinkGone, edited},
		{"an edit here is not thrown away with it", removes(plan.Trash, plan.Keep), true, func(w *world) { w.edit(1, "company", "Acme") },
			plan.TargetGone, plan.ConflictField, edited},
		{"where the remote takes no conditions, the look before the write tells", removes(plan.Keep, plan.Keep), false, func(w *world) { w.edit(1, "company", "Acme") },
			plan.TargetGone, plan.LinkGone, edited},
		{"a deletion finds nothing to delete", removes(plan.Keep, plan.DeleteGone), true, func(w *world) { w.trash(1) },
			plan.TargetGone, plan.NoReason, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, c.def)
			w.t = t
			if w.remote.Can.Conditional = c.conditional; c.def.Direction == plan.OneWay {
				w.add(ada())
			} else {
				w.remote.Add(ada())
			}
			w.rest()
			w.remote.Purge("r0001")
			c.play(w)
			if r := w.run(); r.Reasons[string(c.failed)] != 1 {
				t.Errorf("the run that writes: got %v, want one %s", r.Reasons, c.failed)
			}
			if r := w.run(); r.Totals.Failed != 0 || c.then != "" && r.Reasons[string(c.then)] != 1 {
				t.Errorf("the run after it: got %+v %v, want %s and no failure", r.Totals, r.Reasons, c.then)
			}
			w.rest()
			w.want("the book", w.here(), c.here)
			w.want("the remote", w.there(), "")
		})
	}
}

// That a write does not find a record proves nothing, where the remote shows it (I13).
func TestAWriteThatFindsNothingProvesNothing(t *testing.T) {
	w := newWorld(t, removes(plan.Trash, plan.Keep))
	w.remote.Add(ada())
	w.rest()
	w.edit(1, "company", "Acme")
	w.remote.Before = func(call string) *connector.Fault {
		if call == "write" {
			return &connector.Fault{Kind: connector.Missing, Message: "gone"}
		}
		return nil
	}
	if r := w.run(); r.Reasons[string(plan.TargetGone)] != 1 {
		t.Errorf("got %v, want one target.gone", r.Reasons)
	}
	w.remote.Before = answers
	w.rest()
	w.want("the remote", w.there(), "r0001 company=Acme email=ada@example.com first_name=Ada last_name=Byron")
}

// Where a record is gone and nobody is removed for it, the contact is not said to be gone.
func TestWhatARunSaysOfAContactWhoseRecordIsGone(t *testing.T) {
	for _, c := range []struct {
		what        string
		found, back plan.NotFound
		forward     bool // the book is the source
		want        plan.Reason
	}{
		{"the remote is the source, and the contact stays", plan.Keep, plan.Keep, false, plan.LinkGone},
		{"the remote is the source, and the contact is let go", plan.Unlink, plan.Keep, false, plan.LinkGone},
		{"the remote is the source, and the contact is removed", plan.Trash, plan.Keep, false, plan.SourceGone},
		{"the book is the source, and the contact stays", plan.Trash, plan.Keep, true, plan.LinkGone},
		{"the book is the source, and the contact is removed", plan.Keep, plan.Trash, true, plan.SourceGone},
	} {
		def := removes(c.found, c.back)
		if def.Source, def.Target, def.Direction = (plan.Endpoint{Connection: "crm"}), (plan.Endpoint{Book: "people"}), plan.TwoWay; c.forward {
			def.Source, def.Target = def.Target, def.Source
		}
		w := newWorld(t, def)
		w.remote.Add(ada())
		w.rest()
		w.remote.Delete("r0001")
		if r := w.run(); r.Reasons[string(c.want)] != 1 || len(r.Reasons) != 1 {
			t.Errorf("%s: got %v, want one %s", c.what, r.Reasons, c.want)
		}
	}
}

// What link.gone advises: once the link is dropped, the contact is sent anew.
func TestADroppedLinkSendsTheContactAnew(t *testing.T) {
	for _, purged := range []bool{false, true} {
		def := removes(plan.Keep, plan.Keep)
		def.Source, def.Target, def.Direction = plan.Endpoint{Book: "people"}, plan.Endpoint{Connection: "crm"}, plan.OneWay
		w := newWorld(t, def)
		w.add(ada())
		w.rest()
		if w.remote.Delete("r0001"); purged {
			w.remote.Purge("r0001")
			w.edit(1, "company", "Acme")
		}
		w.rest()
		w.want("the remote, with the link", w.there(), "")
		if n, err := w.store.DropLinks(t.Context(), store.Ref(1, 1), ""); n != 1 || err != nil {
			t.Fatalf("got %d links dropped, %v; want 1", n, err)
		}
		w.rest()
		if got := w.there(); !strings.HasPrefix(got, "r0002 ") {
			t.Errorf("purged %v, without the link: got %q, want Ada anew", purged, got)
		}
	}
}

// The other way round: the run died before it wrote, and what it was about to write is what
// both sides agreed on last.
func TestWhatWasNotWrittenToAContactThrownAwaySinceIsNotSaidToBe(t *testing.T) {
	def := removes(plan.Trash, plan.Keep)
	def.Source, def.Target, def.Direction = plan.Endpoint{Connection: "crm"}, plan.Endpoint{Book: "people"}, plan.OneWay
	def.Policy.Update = plan.WriteAlways
	w := newWorld(t, def)
	w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme"})
	w.remote.Add(map[string]string{"email": "bob@example.org"})
	w.rest()
	w.edit(1, "company", "Umbra")
	w.remote.Delete("r0002")
	r := w.plan()
	w.remote.Before = func(call string) *connector.Fault {
		if call == "fetch" { // whether Bob is still gone
			w.remote.Before = answers
			w.trash(1)
			panic("the power is gone")
		}
		return nil
	}
	w.crash(func() { _, _ = w.engine.Apply(t.Context(), w.sync, r) })
	r, err := w.store.Run(t.Context(), r.ID)
	if err != nil || r.Totals.Updated != 0 || r.Totals.Failed != 1 {
		t.Errorf("got %+v, %v; want a failure and no update", r.Totals, err)
	}
}
