package link_test

import (
	"slices"
	"testing"

	"github.com/kith-sync/kith/plan"
)

// Requirements 3.13, 3.14, I18: the strictest consent of both sides wins in both
// directions, and nothing waits for a person.
func TestConsentOverALink(t *testing.T) {
	reader := func(news string) map[string]string {
		return map[string]string{"email": "ada@example.com", "news": news}
	}
	for _, c := range []struct {
		what        string
		play        func(w *world)
		here, there string
	}{
		{"who unsubscribes at the remote is unsubscribed here", func(w *world) {
			id := w.remote.Add(reader("subscribed"))
			w.rest()
			w.remote.Edit(id, map[string]string{"news": "unsubscribed"})
		}, "1 email=ada@example.com news=unsubscribed", "r0001 email=ada@example.com news=unsubscribed"},
		{"who unsubscribes here is unsubscribed at the remote", func(w *world) {
			w.remote.Add(reader("subscribed"))
			w.rest()
			w.edit(1, "news", "unsubscribed")
		}, "1 email=ada@example.com news=unsubscribed", "r0001 email=ada@example.com news=unsubscribed"},
		{"of two edits the stricter counts", func(w *world) {
			id := w.remote.Add(reader("subscribed"))
			w.rest()
			w.edit(1, "news", "unsubscribed")
			w.remote.Edit(id, map[string]string{"news": "cleaned"})
		}, "1 email=ada@example.com news=cleaned", "r0001 email=ada@example.com news=cleaned"},
		{"at first contact the stricter counts: theirs", func(w *world) {
			w.remote.Add(reader("unsubscribed"))
			w.add(reader("subscribed"))
		}, "1 email=ada@example.com news=unsubscribed", "r0001 email=ada@example.com news=unsubscribed"},
		{"at first contact the stricter counts: ours", func(w *world) {
			w.remote.Add(reader("subscribed"))
			w.add(reader("suppressed"))
		}, "1 email=ada@example.com news=suppressed", "r0001 email=ada@example.com news=suppressed"},
		{"a remote that forgets a no is reminded", func(w *world) {
			id := w.remote.Add(reader("unsubscribed"))
			w.rest()
			w.remote.Edit(id, map[string]string{"news": "subscribed"})
		}, "1 email=ada@example.com news=unsubscribed", "r0001 email=ada@example.com news=unsubscribed"},
		{"a person's edit here stands, and opens nothing at the remote", func(w *world) {
			w.remote.Add(reader("unsubscribed"))
			w.rest()
			w.edit(1, "news", "subscribed")
		}, "1 email=ada@example.com news=subscribed", "r0001 email=ada@example.com news=unsubscribed"},
		{"until the remote says no anew", func(w *world) {
			id := w.remote.Add(reader("unsubscribed"))
			w.rest()
			w.edit(1, "news", "subscribed")
			w.rest()
			w.remote.Edit(id, map[string]string{"news": "suppressed"})
		}, "1 email=ada@example.com news=suppressed", "r0001 email=ada@example.com news=suppressed"},
		{"a create takes the state that is offered, both ways", func(w *world) {
			w.remote.Add(reader("pending"))
			w.add(map[string]string{"email": "bob@example.org", "news": "unsubscribed"})
		}, "1 email=bob@example.org news=unsubscribed\n2 email=ada@example.com news=pending",
			"r0001 email=ada@example.com news=pending\nr0002 email=bob@example.org news=unsubscribed"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.t = t
			c.play(w)
			w.rest()
			w.want("the book", w.here(), c.here)
			w.want("the remote", w.there(), c.there)
			if open, err := w.store.OpenConflicts(t.Context(), 0); err != nil || len(open) > 0 {
				t.Errorf("conflicts: got %+v, %v; want none", open, err)
			}
		})
	}
}

// An opt-out waits for nothing: the rest of a person who lacks a required field is held.
func TestAnOptOutTravelsWhileARequiredFieldIsBlank(t *testing.T) {
	w := newWorld(t, plan.Sync{Source: plan.Endpoint{Connection: "crm"}, Target: plan.Endpoint{Book: "people"}, Direction: plan.TwoWay, Required: []string{"company"},
		Map: []plan.Mapping{{From: "email", To: "email"}, {From: "first_name", To: "first_name"}, {From: "company", To: "company", MayClear: true, Write: plan.WriteAlways}, {From: "news", To: "news"}}})
	ada := w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme", "news": "subscribed"})
	bob := w.remote.Add(map[string]string{"email": "bob@example.org", "company": "Acme", "news": "subscribed"})
	w.rest()
	for n, id := range []string{ada, bob} {
		w.edit(int64(n+1), "company", "")
		w.remote.Edit(id, map[string]string{"company": ""})
	}
	w.remote.Edit(ada, map[string]string{"news": "unsubscribed", "first_name": "Ada"})
	w.edit(2, "news", "unsubscribed")
	w.run()
	w.run()
	w.want("the book", w.here(), "1 email=ada@example.com news=unsubscribed\n2 email=bob@example.org news=unsubscribed")
	w.want("the remote", w.there(), ada+" email=ada@example.com first_name=Ada news=unsubscribed\n"+bob+" email=bob@example.org news=unsubscribed")
	if r := w.plan(); r.Totals.Writes() != 0 {
		t.Errorf("the next plan: %+v, want nothing written", r.Totals)
	}
}

// A remote that takes no writes keeps its state, and the run says so.
func TestConsentIsKeptWhereTheRemoteTakesNone(t *testing.T) {
	w := newWorld(t, plan.Sync{Source: plan.Endpoint{Connection: "crm"}, Target: plan.Endpoint{Book: "people"}})
	w.remote.Can.ReadOnly = true
	w.remote.Add(map[string]string{"email": "ada@example.com", "news": "subscribed"})
	w.run()
	w.edit(1, "news", "unsubscribed")
	r := w.run()
	kept := false
	for c, err := range w.store.Changes(t.Context(), r.ID) {
		if err != nil {
			t.Fatal(err)
		}
		kept = kept || slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool {
			return f.Name == "news" && f.Rule == "consent" && f.Kept == "unsubscribed"
		})
	}
	if !kept || r.Totals.Failed > 0 {
		t.Errorf("kept: got %v, %+v; want the unsubscribe shown as kept, and nothing failed", kept, r.Totals)
	}
	w.want("the book", w.here(), "1 email=ada@example.com news=unsubscribed")
}

// An undo takes no unsubscribe back: only an edit loosens a consent.
func TestUndoLoosensNoConsent(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.engine.Reverse = w.reverse
	id := w.remote.Add(map[string]string{"email": "ada@example.com", "news": "subscribed", "company": "Acme"})
	w.rest()
	w.remote.Edit(id, map[string]string{"news": "unsubscribed", "company": "Umbra"})
	r := w.run()
	w.undo(r)
	w.want("the book", w.here(), "1 company=Acme email=ada@example.com news=unsubscribed")
}
