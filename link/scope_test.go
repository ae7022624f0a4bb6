package link_test

import (
	"testing"

	"github.com/kith-sync/kith/plan"
)

// Settled question 2, over a link: who is linked and leaves the agent's people is passed
// over, and never looked for among others or created a second time.
func TestALinkOutsideTheAgentFilterEndsTheSearch(t *testing.T) {
	for _, c := range []struct {
		what    string
		outside plan.OutOfScope
		play    func(w *world)
		here    string
	}{
		{"who is linked and has left is passed over, also where a match would go on", plan.OutOfScopeContinue, func(w *world) {
			id := w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme"})
			w.rest()
			w.edit(1, "company", "Other")
			w.rest()
			w.remote.Edit(id, map[string]string{"phone": "020 7946 0001"})
		}, "1 company=Other email=ada@example.com"},
		{"and is taken up again on the way back", plan.OutOfScopeContinue, func(w *world) {
			id := w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme"})
			w.rest()
			w.edit(1, "company", "Other")
			w.rest()
			w.remote.Edit(id, map[string]string{"phone": "020 7946 0001"})
			w.rest()
			w.edit(1, "company", "Acme")
		}, "1 company=Acme email=ada@example.com phone=020 7946 0001"},
		{"whom only an e-mail finds among another agent's people is left out", plan.OutOfScopeSkip, func(w *world) {
			w.add(map[string]string{"email": "ada@example.com", "company": "Other"})
			w.remote.Add(map[string]string{"email": "ada@example.com", "phone": "020 7946 0001"})
		}, "1 company=Other email=ada@example.com"},
		{"or is another person, where the sync says so", plan.OutOfScopeContinue, func(w *world) {
			w.add(map[string]string{"email": "ada@example.com", "company": "Other"})
			w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme"})
		}, "1 company=Other email=ada@example.com\n2 company=Acme email=ada@example.com"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{Scope: `company == "Acme"`, OutOfScope: c.outside})
			c.play(w)
			w.rest()
			w.want("the book", w.here(), c.here)
		})
	}
}
