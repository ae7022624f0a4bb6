package link_test

import (
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
)

func ada() map[string]string {
	return map[string]string{"email": "ada@example.com", "first_name": "Ada", "last_name": "Byron"}
}

func TestTwoWay(t *testing.T) {
	for _, c := range []struct {
		what  string
		def   plan.Sync
		play  func(w *world)
		here  string
		there string
	}{
		{"who is on one side only comes to the other", plan.Sync{}, func(w *world) {
			w.remote.Add(ada())
			w.add(map[string]string{"email": "bob@example.org", "company": "Acme"})
		}, "1 company=Acme email=bob@example.org\n2 email=ada@example.com first_name=Ada last_name=Byron",
			"r0001 email=ada@example.com first_name=Ada last_name=Byron\nr0002 company=Acme email=bob@example.org"},
		{"who is on both sides is linked, and blanks are filled both ways", plan.Sync{}, func(w *world) {
			w.remote.Add(ada())
			w.add(map[string]string{"email": "ADA@example.com", "phone": "020 7946 0001"})
		}, "1 email=ADA@example.com first_name=Ada last_name=Byron phone=020 7946 0001",
			"r0001 email=ada@example.com first_name=Ada last_name=Byron phone=020 7946 0001"},
		{"an e-mail changed at the remote keeps the link (rank 1)", plan.Sync{}, func(w *world) {
			id := w.remote.Add(ada())
			w.rest()
			w.remote.Edit(id, map[string]string{"email": "countess@example.com"})
		}, "1 email=countess@example.com first_name=Ada last_name=Byron", "r0001 email=countess@example.com first_name=Ada last_name=Byron"},
		{"an e-mail changed here keeps the link", plan.Sync{}, func(w *world) {
			w.remote.Add(ada())
			w.rest()
			w.edit(1, "email", "countess@example.com")
		}, "1 email=countess@example.com first_name=Ada last_name=Byron", "r0001 email=countess@example.com first_name=Ada last_name=Byron"},
		{"edits of different fields both survive", plan.Sync{}, func(w *world) {
			id := w.remote.Add(ada())
			w.rest()
			w.remote.Edit(id, map[string]string{"company": "Acme"})
			w.edit(1, "phone", "020 7946 0001")
		}, "1 company=Acme email=ada@example.com first_name=Ada last_name=Byron phone=020 7946 0001",
			"r0001 company=Acme email=ada@example.com first_name=Ada last_name=Byron phone=020 7946 0001"},
		{"one field edited on both sides: the source wins", plan.Sync{}, func(w *world) {
			id := w.remote.Add(ada())
			w.rest()
			w.remote.Edit(id, map[string]string{"last_name": "Lovelace"})
			w.edit(1, "last_name", "King")
		}, "1 email=ada@example.com first_name=Ada last_name=Lovelace", "r0001 email=ada@example.com first_name=Ada last_name=Lovelace"},
		{"a remote delete never re-creates, and keeps the contact", plan.Sync{}, func(w *world) {
			id := w.remote.Add(ada())
			w.rest()
			w.remote.Delete(id)
			w.rest()
			w.edit(1, "company", "Acme")
		}, "1 company=Acme email=ada@example.com first_name=Ada last_name=Byron", ""},
		{"a contact thrown away here is not created again", plan.Sync{}, func(w *world) {
			id := w.remote.Add(ada())
			w.rest()
			w.trash(1)
			w.rest()
			w.remote.Edit(id, map[string]string{"company": "Acme"})
		}, "", "r0001 company=Acme email=ada@example.com first_name=Ada last_name=Byron"},
		{"first contact overwrites nothing", plan.Sync{}, func(w *world) {
			w.remote.Add(map[string]string{"email": "ada@example.com", "company": "Acme"})
			w.add(map[string]string{"email": "ada@example.com", "company": "Umbra"})
		}, "1 company=Umbra email=ada@example.com", "r0001 company=Acme email=ada@example.com"},
		{"a value cleared on one side erases nothing", plan.Sync{}, func(w *world) {
			id := w.remote.Add(ada())
			w.rest()
			w.remote.Edit(id, map[string]string{"last_name": ""})
		}, "1 email=ada@example.com first_name=Ada last_name=Byron", "r0001 email=ada@example.com first_name=Ada"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, c.def)
			w.t = t
			c.play(w)
			w.rest()
			w.want("the book", w.here(), c.here)
			w.want("the remote", w.there(), c.there)
		})
	}
}

// While a plan waits for somebody, nothing is at work.
func TestARunTakesNoLongerForWaiting(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.add(ada())
	r := w.plan()
	w.now = w.now.Add(2 * time.Hour)
	r, err := w.engine.Apply(t.Context(), w.sync, r)
	if err != nil || r.Took() > time.Minute || r.Took() == 0 || r.Waited < 2*time.Hour {
		t.Errorf("got %v: it took %s and waited %s, want a moment and 2 hours", err, r.Took(), r.Waited)
	}
	if kept, err := w.store.Run(t.Context(), r.ID); err != nil || kept.Took() > time.Minute || kept.Finished.Sub(kept.Started) < 2*time.Hour {
		t.Errorf("got %v: it is kept as one that took %s, from %s to %s", err, kept.Took(), kept.Started, kept.Finished)
	}
}

func TestTheyShareAnAddressAndItSaidThatSheMatchesSeveralContacts(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Add(map[string]string{"email": "both@example.com", "first_name": "Ada"})
	w.remote.Add(map[string]string{"email": "both@example.com", "first_name": "William"})
	for range 3 {
		if r := w.run(); r.Totals.Held != 1 || r.Reasons[string(plan.IdentityConflict)] != 1 {
			t.Errorf("%d held, %v", r.Totals.Held, r.Reasons)
		}
	}
	w.want("the book", w.here(), "1 email=both@example.com first_name=Ada")
}
