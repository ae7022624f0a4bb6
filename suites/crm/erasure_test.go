package crm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/desk"
)

// erase forgets whoever has an e-mail, and tells what was left at other systems.
func (w *world) erase(email string, everywhere bool) (left string) {
	w.t.Helper()
	p, err := desk.PersonNamed(w.t.Context(), w.Workspace, w.book("people"), email)
	if err != nil {
		w.t.Fatal(err)
	}
	report, err := desk.Erase(w.t.Context(), w.Workspace, p, everywhere)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, l := range report.Left {
		all = append(all, fmt.Sprintf("%s of %s: %s", l.Object, l.Connection, l.Why))
	}
	return strings.Join(all, "\n")
}

// records tells what an erasure of whoever has an e-mail would find at other systems.
func (w *world) records(email string) string {
	w.t.Helper()
	p, err := desk.PersonNamed(w.t.Context(), w.Workspace, w.book("people"), email)
	if err != nil {
		w.t.Fatal(err)
	}
	found, err := desk.RecordsOf(w.t.Context(), w.Workspace, p)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, l := range found {
		all = append(all, fmt.Sprintf("%s of %s, linked %v", l.Object, l.Connection, l.Linked))
	}
	return strings.Join(all, "\n")
}

// The answer to a write is lost, and the person asks to be forgotten: what is not known to
// be gone is told, and a second erasure finds it.
func TestWhoIsErasedWhileAnAnswerIsLost(t *testing.T) {
	const notAsked, notLinked, notKnown = "Person of crm: it was not asked for: --everywhere", "Person of crm: no contact was linked with it: see whether it is the person", "Person of crm: nobody knows yet whether it was made"
	silent := func(org *sandbox.Sandbox, path string, late bool) (heal func()) {
		return org.Fail(sandbox.Fault{Method: "POST", Path: path, DropLate: late, Drop: !late, Times: -1})
	}
	created := func(w *world, org *sandbox.Sandbox, made bool) (rest func()) {
		w.imports("people", "first_name,last_name,email,company,sync_as\nAda,Byron,ada@example.com,Acme,Lead\n")
		people := w.sync(recipe(t, events, "people-to-salesforce"))
		heal := silent(org, "/composite/", made)
		w.run(people)
		heal()
		return func() { w.now = w.now.Add(time.Hour); w.rest(people) }
	}
	for _, c := range []struct {
		what  string
		play  func(w *world, org *sandbox.Sandbox)
		there int
	}{
		{"the record that the create has made is found and deleted", func(w *world, org *sandbox.Sandbox) {
			created(w, org, true)
			w.want("left", w.erase("ada@example.com", true), "")
			for range 2 {
				w.want("left, again", w.erase("ada@example.com", true), "")
			}
		}, 0},
		{"nobody asked to delete it: there may be one, and a second erasure knows", func(w *world, org *sandbox.Sandbox) {
			rest := created(w, org, true)
			w.want("left", w.erase("ada@example.com", false), notKnown)
			rest()
			w.want("left, again", w.erase("ada@example.com", false), notAsked)
			w.want("what the page lists before", w.records("ada@example.com"), "Person of crm, linked false")
			w.want("left, everywhere", w.erase("ada@example.com", true), notLinked)
		}, 1},
		{"the create never arrived: nobody knows for some minutes, then nothing is left", func(w *world, org *sandbox.Sandbox) {
			rest := created(w, org, false)
			w.want("left", w.erase("ada@example.com", true), notKnown)
			rest()
			w.want("left, later", w.erase("ada@example.com", true), "")
		}, 0},
		{"the deletion gets no answer: it is told, and a second erasure deletes", func(w *world, org *sandbox.Sandbox) {
			w.imports("people", "first_name,last_name,email,company,sync_as\nAda,Byron,ada@example.com,Acme,Lead\n")
			w.rest(w.sync(recipe(t, events, "people-to-salesforce")))
			heal := org.Fail(sandbox.Fault{Method: "DELETE", Drop: true, Times: -1})
			w.want("left", w.erase("ada@example.com", true), "Person of crm: Salesforce did not say whether it was done.")
			heal()
			w.want("left, again", w.erase("ada@example.com", true), "")
		}, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t)
			org := w.salesforce()
			c.play(w, org)
			if n := org.Count("Lead"); n != c.there {
				t.Errorf("at the CRM: got %d, want %d", n, c.there)
			}
			if n := w.people("people", "email"); n != "" {
				t.Errorf("in the book: got %q, want nobody", n)
			}
		})
	}
}
