package link_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Who comes back: by an undo, from the trash, or because a colleague adds them again.

func TestSheWasRestoredAndTheUndoMadeHerASecondTime(t *testing.T) {
	for what, c := range map[string]struct {
		who   map[string]string
		since func(w *world)
	}{
		"names only":       {map[string]string{"first_name": "Ada", "last_name": "Byron"}, func(*world) {}},
		"new e-mail since": {map[string]string{"email": "ada@example.com", "last_name": "Byron"}, func(w *world) { w.edit(1, "email", "ada@example.org"); w.rest() }},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, removes(plan.Keep, plan.DeleteGone))
			w.engine.Reverse = w.reverse
			w.remote.Add(c.who)
			w.rest()
			w.trash(1)
			r := w.run()
			w.restore(1)
			w.rest()
			c.since(w)
			w.undo(r)
			if n := len(w.remote.There()); n != 1 {
				t.Errorf("%d records after the undo:\n%s", n, w.there())
			}
		})
	}
}

func TestTheUndoLeftMyWifeOutForHerHusbandsTelephone(t *testing.T) {
	for what, c := range map[string]struct {
		match         []plan.Rule
		wife, husband map[string]string
	}{
		"telephone": {[]plan.Rule{plan.ByLink, plan.ByEmail, plan.ByPhone}, map[string]string{"first_name": "Ada", "phone": "020 7946 0001"},
			map[string]string{"first_name": "William", "phone": "020 7946 0001", "email": "william@example.com"}},
		"e-mail": {nil, map[string]string{"first_name": "Ada", "email": "both@example.com"}, map[string]string{"first_name": "William", "email": "both@example.com"}},
	} {
		t.Run(what, func(t *testing.T) {
			def := removes(plan.DeleteGone, plan.Keep)
			def.Source, def.Target, def.Match = plan.Endpoint{Book: "people"}, plan.Endpoint{Connection: "crm"}, c.match
			w := newWorld(t, def)
			w.engine.Reverse = w.reverse
			w.add(c.wife)
			w.rest()
			w.remote.Add(c.husband) // whom the sync does not care for
			w.rest()
			w.trash(1)
			r := w.run()
			u := w.undo(r)
			if n := len(w.remote.There()); n != 2 {
				t.Errorf("%d records after the undo, %v:\n%s", n, u.Reasons, w.there())
			}
		})
	}
}

func TestTheUndoDidNotLookWhereNothingCanBeSearched(t *testing.T) {
	w := newWorld(t, removes(plan.Keep, plan.DeleteGone))
	w.engine.Reverse = w.reverse
	w.remote.Can.Finds = nil
	w.remote.Add(ada())
	w.rest()
	w.trash(1)
	r := w.run()
	w.remote.Add(ada()) // a colleague needs her
	w.undo(r)
	w.want("the remote", w.there(), "r0002 email=ada@example.com first_name=Ada last_name=Byron")
}

func TestSheWasAddedAgainByTelephoneAndTheUndoMadeHerASecondTime(t *testing.T) {
	for what, c := range map[string]struct {
		again map[string]string
		want  int
	}{
		"with her names":        {map[string]string{"first_name": "Ada", "last_name": "Byron", "phone": "+442079460001"}, 1},
		"with another e-mail":   {map[string]string{"first_name": "Ada", "last_name": "Byron", "phone": "020 7946 0001", "email": "ada@example.org"}, 1},
		"her husband":           {map[string]string{"first_name": "William", "last_name": "Byron", "phone": "020 7946 0001"}, 2},
		"nobody knows his name": {map[string]string{"phone": "020 7946 0001"}, 2},
	} {
		t.Run(what, func(t *testing.T) {
			def := removes(plan.Keep, plan.DeleteGone)
			def.Match = []plan.Rule{plan.ByLink, plan.ByEmail, plan.ByPhone}
			w := newWorld(t, def)
			w.engine.Reverse = w.reverse
			w.remote.Add(map[string]string{"first_name": "Ada", "last_name": "Byron", "phone": "020 7946 0001", "email": "ada@example.com"})
			w.rest()
			w.trash(1)
			r := w.run()
			w.remote.Add(c.again)
			u := w.undo(r)
			if n := len(w.remote.There()); n != c.want {
				t.Errorf("%d records after the undo, %v:\n%s", n, u.Reasons, w.there())
			}
		})
	}
}

func TestTheUndoLeftMyWifeOutForIHadBeenAddedAgain(t *testing.T) {
	def := removes(plan.Keep, plan.DeleteGone)
	def.Match = []plan.Rule{plan.ByLink, plan.ByEmail, plan.ByPhone}
	w := newWorld(t, def)
	w.engine.Reverse = w.reverse
	husband := map[string]string{"first_name": "William", "last_name": "King", "phone": "020 7946 0001"}
	w.remote.Add(husband)
	w.remote.Add(map[string]string{"first_name": "Ada", "last_name": "Byron", "phone": "020 7946 0001"})
	w.rest()
	w.trash(1)
	w.trash(2)
	r := w.run()
	w.remote.Add(husband)
	w.undo(r)
	w.want("the remote", w.there(), "r0003 first_name=William last_name=King phone=020 7946 0001\nr0004 first_name=Ada last_name=Byron phone=020 7946 0001")
}

func TestTheUndoOfTheUndoLeftMeOutForWhoWasThereAllTheTime(t *testing.T) {
	w := newWorld(t, plan.Sync{Match: []plan.Rule{plan.ByLink, plan.ByEmail, plan.ByPhone}})
	w.engine.Reverse = w.reverse
	w.add(map[string]string{"email": "bob@example.com"})
	w.rest()
	w.remote.Add(map[string]string{"email": "bob@example.com", "phone": "020 7946 0001"})
	w.add(map[string]string{"email": "ada@example.com", "phone": "020 7946 0001"})
	w.undo(w.undo(w.run()))
	w.want("the remote", w.there(), "r0001 email=bob@example.com\nr0002 email=bob@example.com phone=020 7946 0001\n"+
		"r0004 email=ada@example.com phone=020 7946 0001")
}

func TestIRestoredHerAndSheIsNotLinkedWithTheRecordThatAColleagueHadAdded(t *testing.T) {
	for what, undone := range map[string]bool{"the removal was undone": true, "the removal stays": false} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, removes(plan.DeleteGone, plan.DeleteGone))
			w.engine.Reverse = w.reverse
			w.remote.Add(ada())
			w.rest()
			w.trash(1)
			r := w.run()
			w.remote.Add(ada()) // a colleague needs her
			if undone {
				w.undo(r)
			}
			w.rest() // she is in the trash here
			w.restore(1)
			w.rest()
			w.edit(1, "last_name", "Lovelace")
			w.rest()
			w.want("the remote", w.there(), "r0002 email=ada@example.com first_name=Ada last_name=Lovelace")
		})
	}
}

func TestItIsOursThoughPeopleHaveChangedMostOfIt(t *testing.T) {
	correct := func(w *world) {
		w.remote.Edit("r0001", map[string]string{"first_name": "Augusta", "last_name": "Lovelace", "company": "Umbra"})
	}
	for what, c := range map[string]struct {
		finds  string
		since  func(w *world)
		shouts bool // the system writes everything in capitals
	}{
		"corrected there":                      {"email", correct, false},
		"corrected there, another e-mail here": {"email", func(w *world) { correct(w); w.edit(1, "email", "countess@example.com") }, false},
		"a system of capitals, another e-mail": {"email", func(w *world) { w.edit(1, "email", "countess@example.com") }, true},
		"a system of capitals":                 {"email", func(*world) {}, true},
		"found by its telephone, another e-mail": {"phone", func(w *world) {
			w.remote.Edit("r0001", map[string]string{"email": "office@acme.example", "company": "Acme Ltd"})
		}, false},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.remote.Can.ChosenKey, w.remote.Can.Finds, w.remote.Can.Lag, w.remote.SearchLag = false, []string{c.finds}, time.Hour, 0
			if c.shouts {
				w.remote.Normalize = func(f contact.Field, v string) string {
					if f.Kind == contact.Name || f.Kind == contact.Text {
						return strings.ToUpper(v)
					}
					return v
				}
			}
			w.add(map[string]string{"email": "ada@example.com", "company": "Acme", "phone": "020 7946 0001"})
			w.remote.After = unanswered
			w.run()
			w.remote.After = answers
			c.since(w)
			w.run() // before the search may be asked
			w.now = w.now.Add(2 * time.Hour)
			w.rest()
			if len(w.remote.There()) != 1 || strings.Contains(w.here(), "\n") {
				t.Errorf("twice:\n%s\n%s", w.here(), w.there())
			}
		})
	}
}

func TestTheBooksHalfWasWrittenAndItSaysFailed(t *testing.T) {
	for what, since := range map[string]func(w *world){
		"the field was edited":     func(w *world) { w.edit(1, "company", "Umbra") },
		"another field was edited": func(w *world) { w.edit(1, "last_name", "Umbra") },
		"the other half's was":     func(w *world) { w.edit(1, "phone", "020 7946 0002") },
		"it was thrown away":       func(w *world) { w.trash(1) },
		"the system is busy, and the field was edited": func(w *world) {
			w.edit(1, "company", "Umbra")
			panic(connector.Busy)
		},
	} {
		for _, undo := range []bool{false, true} {
			t.Run(what, func(t *testing.T) {
				w := newWorld(t, plan.Sync{})
				w.engine.Reverse = w.reverse
				w.remote.Add(ada())
				w.rest()
				w.remote.Edit("r0001", map[string]string{"company": "Acme"})
				w.edit(1, "phone", "020 7946 0001")
				r := w.plan()
				do := func() { _, _ = w.engine.Apply(t.Context(), w.sync, r) }
				if undo {
					do()
					done, err := w.store.Run(t.Context(), r.ID)
					if err != nil {
						t.Fatal(err)
					}
					do = func() { _, _ = w.engine.Undo(t.Context(), w.sync, done) }
				}
				w.interrupted(do, since)
				if undo {
					r = w.undoOf(r)
				}
				for c, err := range w.store.Changes(t.Context(), r.ID) {
					if err != nil || !c.Remote && c.Action != plan.Update {
						t.Errorf("undo %v: the book's part was written, and it says %v %s (%v)", undo, c.Action, c.Reason, err)
					}
				}
			})
		}
	}
}

// interrupted dies before its first write, or hears that the system is busy, once people
// have done something.
func (w *world) interrupted(do func(), people func(w *world)) {
	w.t.Helper()
	busy := false
	w.remote.Before = func(call string) *connector.Fault {
		if call != "write" {
			return nil
		}
		w.remote.Before = answers
		func() {
			defer func() { busy = recover() != nil }()
			people(w)
		}()
		if !busy {
			panic("the power is gone")
		}
		return &connector.Fault{Kind: connector.Busy, Message: "busy"}
	}
	func() {
		defer func() { _ = recover() }()
		do()
	}()
	w.remote.Before = answers
	w.resume()
}

func TestTheUndoThatDiedBeforeItWroteDoesWhatItWouldHaveDone(t *testing.T) {
	var came [2]string
	for i, die := range []bool{false, true} {
		w := newWorld(t, plan.Sync{})
		w.engine.Reverse = w.reverse
		armed := false
		w.engine.Memory = dying{w.store, &armed}
		acme := ada()
		acme["company"] = "Acme"
		w.remote.Add(acme)
		w.rest()
		w.remote.Edit("r0001", map[string]string{"company": "Beta"})
		w.edit(1, "phone", "020 7946 0001")
		r := w.run()
		w.edit(1, "company", "Acme")
		w.rest()
		w.edit(1, "company", "Beta")
		if armed = die; die {
			w.crash(func() { w.undo(r) })
		} else {
			w.undo(r)
		}
		w.rest()
		came[i] = w.here() + "\n" + w.there()
	}
	if came[0] != came[1] {
		t.Errorf("without a crash:\n%s\nwith one:\n%s", came[0], came[1])
	}
}

// dying dies just after an undo is to be applied.
type dying struct {
	*store.Store
	armed *bool
}

func (d dying) UpdateRun(ctx context.Context, r *store.Run) error {
	err := d.Store.UpdateRun(ctx, r)
	if *d.armed && r.Status == store.Applying {
		*d.armed = false
		panic("the power is gone")
	}
	return err
}

func TestWhoIsForgottenIsWhateverBecameOfTheRecord(t *testing.T) {
	for what, since := range map[string]func(w *world){
		"put away": func(w *world) { w.remote.Delete("r0001") },
		"edited":   func(w *world) { w.remote.Edit("r0001", map[string]string{"company": "Acme"}) },
	} {
		for _, conditional := range []bool{true, false} {
			w := newWorld(t, plan.Sync{})
			w.remote.Can.Conditional, w.remote.Can.Erases = conditional, true
			w.remote.Add(ada())
			w.rest()
			since(w)
			r, left, err := w.engine.Erase(t.Context(), w.sync, []int64{store.Ref(1, 1)})
			if err != nil || r.Totals.Failed != 0 || w.remote.Archived("r0001") || len(w.remote.There()) != 0 {
				t.Errorf("%s, conditional %v: %+v %v, left %v, %v:\n%s", what, conditional, r.Totals, r.Reasons, left, err, w.there())
			}
		}
	}
}

func TestNobodyKnewWhetherTheUndoHadBroughtHerBack(t *testing.T) {
	w := newWorld(t, removes(plan.Keep, plan.DeleteGone))
	w.engine.Reverse = w.reverse
	w.remote.Can.ChosenKey, w.remote.Can.Lag = false, time.Hour
	w.remote.Add(ada())
	w.rest()
	w.trash(1)
	r := w.run()
	w.remote.After = unanswered
	w.undo(r)
	w.remote.After = answers
	w.remote.Edit("r0002", map[string]string{"first_name": "Augusta", "last_name": "Lovelace"})
	w.now = w.now.Add(2 * time.Hour)
	w.rest()
	if u := w.undoOf(r); u.Totals.Created != 1 || u.Totals.Held != 0 {
		t.Errorf("the undo says %+v %v of the record that it made", u.Totals, u.Reasons)
	}
	w.want("the remote", w.there(), "r0002 email=ada@example.com first_name=Augusta last_name=Lovelace")
}
