package link_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// What people do at a system between our look and our write.

func TestMyEditThereWasOverwrittenForSomebodyElseWasToBeMade(t *testing.T) {
	for _, versions := range []bool{true, false} {
		w := newWorld(t, plan.Sync{})
		w.remote.Can.Conditional, w.remote.NoVersions = false, !versions
		w.remote.Add(ada())
		w.rest()
		w.edit(1, "company", "Acme")
		w.add(map[string]string{"email": "countess@example.com"})
		r := w.plan()
		w.remote.Edit("r0001", map[string]string{"email": "countess@example.com", "company": "Umbra"})
		if _, err := w.engine.Apply(t.Context(), w.sync, r); err != nil {
			t.Fatal(err)
		}
		if got := w.remote.There()["r0001"]["company"]; got != "Umbra" {
			t.Errorf("versions %v: the company is %q, which a person had typed over with Umbra", versions, got)
		}
	}
}

func TestTheUndoMadeHerASecondTime(t *testing.T) {
	for _, seen := range []bool{false, true} {
		w := newWorld(t, removes(plan.Keep, plan.DeleteGone))
		w.engine.Reverse = w.reverse
		if seen { // where nobody can look, what a listing told of counts
			w.remote.Can.Finds = nil
		}
		w.remote.Add(ada())
		w.rest()
		w.trash(1)
		r := w.run()
		w.want("the remote after the run", w.there(), "")
		w.remote.Add(ada()) // a colleague needs her
		if seen {
			w.rest()
		}
		if u := w.undo(r); len(u.Notes) != 0 {
			t.Errorf("nobody came back, and it says %q", u.Notes)
		}
		w.want("the remote", w.there(), "r0002 email=ada@example.com first_name=Ada last_name=Byron")
	}
}

func TestTheUndoBroughtMyWifeBackBesideMe(t *testing.T) {
	w := newWorld(t, removes(plan.Keep, plan.DeleteGone))
	w.engine.Reverse = w.reverse
	w.remote.Add(ada())
	w.rest()
	w.trash(1)
	r := w.run()
	w.add(map[string]string{"email": "ada@example.com", "first_name": "William"})
	w.rest()
	if u := w.undo(r); len(u.Notes) != 1 || !strings.Contains(u.Notes[0], "came back as new ones, with the values that Kith knows: 1.") {
		t.Errorf("one came back, and it says %q", u.Notes)
	}
	w.want("the remote", w.there(), "r0002 email=ada@example.com first_name=William\nr0003 email=ada@example.com first_name=Ada last_name=Byron")
}

func TestAColleagueAddedHerWhileOurCreateHung(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Can.ChosenKey, w.remote.Can.Lag = false, time.Hour
	w.add(map[string]string{"email": "ada@example.com", "first_name": "Ada", "last_name": "Byron", "company": "Acme"})
	w.remote.Before = unanswered
	w.run()
	w.remote.Before = answers
	w.remote.Add(map[string]string{"email": "ada@example.com", "first_name": "Augusta", "last_name": "Lovelace", "company": "Umbra", "phone": "020 7946 0001"})
	w.now = w.now.Add(2 * time.Hour)
	w.rest()
	w.want("the book", w.here(), "1 company=Acme email=ada@example.com first_name=Ada last_name=Byron phone=020 7946 0001")
}

func TestIAddedHerAnewAndSheNeverCame(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Can.ChosenKey, w.remote.Can.Finds, w.remote.Can.Lag = false, nil, time.Hour
	w.add(map[string]string{"email": "ada@example.com", "first_name": "Ada"})
	w.remote.Before = unanswered
	w.run()
	w.remote.Before = answers
	w.trash(1) // for it hangs
	w.add(map[string]string{"email": "ada@example.com", "first_name": "Ada"})
	w.now = w.now.Add(48 * time.Hour)
	w.run()
	w.want("the remote", w.there(), "r0001 email=ada@example.com first_name=Ada")
}

func TestMyHusbandNeverCameBecauseMineHangs(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Can.ChosenKey, w.remote.Can.Finds, w.remote.Can.Lag = false, []string{"phone"}, time.Hour
	w.add(map[string]string{"email": "both@example.com", "first_name": "Ada"})
	w.remote.Before = unanswered
	w.run()
	w.remote.Before = answers
	w.edit(1, "email", "ada@example.com") // a person takes them apart
	w.add(map[string]string{"email": "both@example.com", "first_name": "Bob", "phone": "020 7946 0001"})
	w.now = w.now.Add(48 * time.Hour)
	w.run()
	w.want("the remote", w.there(), "r0001 email=both@example.com first_name=Bob phone=020 7946 0001")
}

func TestItSaysThatItDidNotWriteWhatIsThere(t *testing.T) {
	spelt := func(f contact.Field, v string) string {
		if f.Name == "phone" && v == "020 7946 0001" {
			return "+442079460001"
		}
		return v
	}
	for what, c := range map[string]struct {
		field, value string
		since        func(w *world)
	}{
		"of a contact thrown away since":        {"company", "Acme", func(w *world) { w.trash(1) }},
		"of a contact edited since":             {"company", "Acme", func(w *world) { w.edit(1, "last_name", "Lovelace") }},
		"of a value the system spells anew":     {"phone", "020 7946 0001", func(*world) {}},
		"of a value spelt anew and thrown away": {"phone", "020 7946 0001", func(w *world) { w.trash(1) }},
	} {
		for _, conditional := range []bool{true, false} {
			t.Run(what, func(t *testing.T) {
				w := newWorld(t, plan.Sync{})
				w.remote.Can.Conditional, w.remote.Normalize = conditional, spelt
				w.engine.Reverse = w.reverse
				w.add(map[string]string{"email": "ada@example.com"})
				w.rest()
				w.edit(1, c.field, c.value)
				r := w.plan()
				w.crashAt(1, func() {
					defer c.since(w)
					_, _ = w.engine.Apply(t.Context(), w.sync, r)
				})
				r, err := w.store.Run(t.Context(), r.ID)
				if err != nil || r.Totals.Failed != 0 || r.Totals.Updated != 1 {
					t.Errorf("conditional %v: got %+v %v, %v; want one update and no failure", conditional, r.Totals, r.Reasons, err)
				}
				w.undo(r)
				w.want("the remote", w.there(), "r0001 email=ada@example.com")
			})
		}
	}
}

func TestTheUndoSaysThatItDidNotWriteMyContact(t *testing.T) {
	for what, people := range map[string]func(w *world){
		"another field was edited": func(w *world) { w.edit(1, "last_name", "Lovelace") },
		"the field was edited":     func(w *world) { w.edit(1, "company", "Umbra") },
		"it was thrown away":       func(w *world) { w.trash(1) },
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.engine.Reverse = w.reverse
			w.remote.Add(ada())
			w.rest()
			w.remote.Edit("r0001", map[string]string{"company": "Acme"})
			w.edit(1, "phone", "020 7946 0001")
			r := w.run()
			w.dieBefore(1, func() { people(w) })
			w.crash(func() { w.undo(r) })
			if u := w.undoOf(r); u.Totals.Updated != 2 || u.Totals.Failed != 0 {
				t.Errorf("the undo wrote both halves and says %+v %v", u.Totals, u.Reasons)
			}
			w.want("the remote", w.there(), "r0001 company=Acme email=ada@example.com first_name=Ada last_name=Byron")
		})
	}
}

func TestTheUndoLeftHimForAWordTypedAndTakenBack(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.engine.Reverse = w.reverse
	w.remote.Can.Conditional = false
	w.add(ada())
	r := w.run()
	w.dieBefore(1, func() {
		w.remote.Edit("r0001", map[string]string{"company": "Umbra"})
		w.remote.Edit("r0001", map[string]string{"company": ""})
	})
	w.crash(func() { w.undo(r) })
	w.want("the remote", w.there(), "")
}

// dieBefore panics before the n-th write, once people have done something.
func (w *world) dieBefore(n int, people func()) {
	calls := 0
	w.remote.Before = func(call string) *connector.Fault {
		if call == "write" {
			if calls++; calls == n {
				w.remote.Before = answers
				people()
				panic("the power is gone")
			}
		}
		return nil
	}
}

func TestSheWasMadeTwiceForAnotherSyncHadLeftHerRecordAlone(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	o := w.beside(namesOnly())
	w.add(map[string]string{"first_name": "Ada"})
	w.remote.After = unanswered
	w.run()
	w.add(map[string]string{"email": "bob@example.org"})
	r := o.plan() // in which her record has nothing, and nobody knows yet that it is hers
	o.crashAt(1, func() { _, _ = o.engine.Apply(t.Context(), o.sync, r) })
	w.rest()
	w.want("the remote", w.there(), "r0001 first_name=Ada\nr0002 email=bob@example.org")
}

func TestAColleaguesRecordIsNotHersBecauseSheWasThrownAway(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.engine.Reverse = w.reverse
	w.add(map[string]string{"email": "ada@example.com", "first_name": "Ada", "last_name": "Byron", "company": "Acme"})
	w.remote.Before = unanswered
	r := w.run()
	w.remote.Before = answers
	w.trash(1)
	w.remote.Add(map[string]string{"email": "ada@example.com", "first_name": "Augusta", "last_name": "Lovelace", "company": "Umbra"})
	w.now = w.now.Add(2 * time.Hour)
	w.rest()
	if r, err := w.store.Run(t.Context(), r.ID); err != nil || r.Totals.Created != 0 {
		t.Errorf("the run says %+v of a record that a colleague made; %v", r.Totals, err)
	}
}

func TestSheWasThrownAwayAndRestoredWhileOurCreateWasOnItsWay(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Late = func(connector.Write) time.Duration { return time.Minute }
	w.add(ada())
	w.run()
	w.remote.Late = nil
	w.trash(1)
	w.plan() // looks for her in vain
	w.write(plan.Change{Action: plan.Restore, Ref: store.Ref(1, 1)})
	w.run()
	w.now = w.now.Add(2 * time.Minute)
	w.remote.Settle()
	w.rest()
	w.want("the remote", w.there(), "r0001 email=ada@example.com first_name=Ada last_name=Byron")
}

func TestSeveralWereAddedWhoMayBeHersAndNobodyIsHeldForEver(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.add(ada())
	w.remote.Before = unanswered
	w.run()
	w.remote.Before = answers
	w.trash(1)
	w.remote.Add(ada())
	w.remote.Add(ada())
	w.now = w.now.Add(2 * time.Hour)
	w.rest()
	if open, err := w.store.Intents(t.Context(), 1); err != nil || len(open) != 0 {
		t.Errorf("still in the balance: %+v, %v", open, err)
	}
}

// The store fails while a run goes on after a crash, so that it stays open; the next run
// of the sync makes whom it was to make.
func TestTwoRunsSayThatTheyMadeHer(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.engine.Reverse = w.reverse
	w.add(ada())
	r := w.plan()
	w.remote.Before = func(call string) *connector.Fault {
		if call == "find" { // the last look before a create
			panic("the power is gone")
		}
		return nil
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = w.engine.Apply(t.Context(), w.sync, r)
	}()
	w.remote.Before = answers
	next := w.run()
	w.crash(func() { panic("nothing but to come up again") })
	made := 0
	for _, id := range []int64{r.ID, next.ID} {
		r, err := w.store.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		made += int(r.Totals.Created)
	}
	if made != 1 {
		t.Errorf("%d runs say that they made her", made)
	}
}

func TestEightHundredCreatesWereSettledOneCallAfterTheOther(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Can.ChosenKey, w.remote.Can.Lag, w.remote.Can.WriteBatch = false, time.Hour, 5
	for _, name := range []string{"ann", "bea", "cai", "dot", "eve"} {
		w.add(map[string]string{"email": name + "@example.com"})
	}
	w.remote.After = unanswered
	w.run()
	w.remote.After = answers
	w.now = w.now.Add(2 * time.Hour)
	searches := 0
	w.remote.Before = func(call string) *connector.Fault {
		if call == "find" {
			searches++
		}
		return nil
	}
	w.run()
	if n := len(w.remote.There()); n != 5 || searches > 1 {
		t.Errorf("%d records after %d searches; want 5 after one", n, searches)
	}
	if open, err := w.store.Intents(t.Context(), 1); err != nil || len(open) != 0 {
		t.Errorf("still in the balance: %+v, %v", open, err)
	}
}
