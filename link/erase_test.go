package link_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// erase forgets a contact as an erasure on request does.
func (w *world) erase(number int64, email string) store.ErasureReport {
	w.t.Helper()
	b, err := w.store.Book(w.t.Context(), "people")
	if err != nil {
		w.t.Fatal(err)
	}
	done, err := w.store.Erase(w.t.Context(), store.Erasure{Book: b, Refs: []int64{store.Ref(b.ID, number)}, Now: w.clock(),
		Keys:     []store.Key{{Rule: plan.NumberOf(plan.ByEmail), Hash: secret.Hash(email)}},
		Mentions: func(text string) bool { return strings.Contains(text, email) }})
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// mirrored tells what is known of each record of the remote.
func (w *world) mirrored() string {
	w.t.Helper()
	ids, err := w.store.MirrorSince(w.t.Context(), 1, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := w.store.MirrorByID(w.t.Context(), ids)
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for _, m := range all {
		state := [...]string{"there", "gone", "gone", "erased"}[m.State]
		lines = append(lines, show(m.RemoteID+" "+state, m.Seen))
	}
	return strings.Join(lines, "\n")
}

// I18: over a link nobody comes back who was erased, and nothing of them travels.
func TestErasedOverALink(t *testing.T) {
	const bob = "2 email=bob@example.org"
	for _, c := range []struct {
		what                  string
		play                  func(w *world)
		here, there, mirrored string
	}{
		{"the record stays there, and only its id is known", func(w *world) { w.erase(1, "ada@example.com") },
			bob, "r0001 email=ada@example.com first_name=Ada last_name=Byron\nr0002 email=bob@example.org", "r0001 erased\nr0002 there email=bob@example.org"},
		{"what changes there is none of our business", func(w *world) {
			w.erase(1, "ada@example.com")
			w.run()
			w.remote.Edit("r0001", map[string]string{"company": "Acme", "email": "countess@example.com"})
		}, bob, "r0001 company=Acme email=countess@example.com first_name=Ada last_name=Byron\nr0002 email=bob@example.org", "r0001 erased\nr0002 there email=bob@example.org"},
		{"a new record with the same e-mail is not taken in, nor its values kept", func(w *world) {
			w.erase(1, "ada@example.com")
			w.remote.Delete("r0001")
			w.run()
			w.remote.Add(ada())
		}, bob, "r0002 email=bob@example.org\nr0003 email=ada@example.com first_name=Ada last_name=Byron", "r0001 erased\nr0002 there email=bob@example.org\nr0003 erased"},
		{"a record that was never linked is forgotten as well", func(w *world) {
			w.remote.Add(map[string]string{"email": "ada@example.com", "first_name": "Another"})
			w.run()
			w.erase(1, "ada@example.com")
		}, bob, "r0001 email=ada@example.com first_name=Ada last_name=Byron\nr0002 email=bob@example.org\nr0003 email=ada@example.com first_name=Another",
			"r0001 erased\nr0002 there email=bob@example.org\nr0003 erased"},
		{"a lifted suppression lets the record in again", func(w *world) {
			done := w.erase(1, "ada@example.com")
			w.rest()
			if err := w.store.LiftSuppression(w.t.Context(), done.Suppression); err != nil {
				w.t.Fatal(err)
			}
		}, bob + "\n3 email=ada@example.com first_name=Ada last_name=Byron", "r0001 email=ada@example.com first_name=Ada last_name=Byron\nr0002 email=bob@example.org",
			"r0002 there email=bob@example.org\nr0001 there email=ada@example.com first_name=Ada last_name=Byron"},
		{"everywhere: it is deleted there", func(w *world) {
			w.erase(1, "ada@example.com")
			r, left, err := w.engine.Erase(w.t.Context(), w.sync, []int64{store.Ref(1, 1)})
			if err != nil || len(left) > 0 || r.Totals.Deleted != 1 || !r.Status.Applied() {
				w.t.Errorf("everywhere: got %+v %s, left %v, %v; want one deleted", r.Totals, r.Status, left, err)
			}
		}, bob, "r0002 email=bob@example.org", "r0001 gone\nr0002 there email=bob@example.org"},
		{"everywhere, where nothing can be written: it is left to a person", func(w *world) {
			w.erase(1, "ada@example.com")
			w.remote.Can.ReadOnly = true
			r, left, err := w.engine.Erase(w.t.Context(), w.sync, []int64{store.Ref(1, 1)})
			if err != nil || len(left) != 1 || left[0] != "r0001" || r.ID != 0 {
				w.t.Errorf("read only: got run %d, left %v, %v; want no run, and r0001 left", r.ID, left, err)
			}
			w.remote.Can.ReadOnly = false // or a sync of two ways is refused
		}, bob, "r0001 email=ada@example.com first_name=Ada last_name=Byron\nr0002 email=bob@example.org", "r0001 erased\nr0002 there email=bob@example.org"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.t = t
			w.remote.Add(ada())
			w.remote.Add(map[string]string{"email": "bob@example.org"})
			w.rest()
			c.play(w)
			w.rest()
			w.want("the book", w.here(), c.here)
			w.want("the remote", w.there(), c.there)
			w.want("what is known", w.mirrored(), c.mirrored)
		})
	}
}

// An erasure asks what became of a create before it forgets that it was sent.
func TestACreateInTheBalanceIsSettledForAnErasure(t *testing.T) {
	for _, c := range []struct {
		what                     string
		chosen, findable, made   bool
		lag, since               time.Duration
		there, known, unanswered int
	}{
		{"found: it is linked", false, true, true, time.Hour, time.Minute, 1, 1, 0},
		{"not found while the search lags: nobody knows", false, true, false, time.Hour, time.Minute, 0, 0, 1},
		{"not found although the search would find it: it was never made", false, true, false, time.Hour, 2 * time.Hour, 0, 0, 0},
		{"it cannot be looked for: nobody knows", false, false, true, time.Hour, 2 * time.Hour, 1, 0, 1},
		{"with a key of ours, found: it is not sent again", true, true, true, 0, time.Minute, 1, 1, 0},
		{"with a key of ours, not found: it is not sent again, but may arrive", true, true, false, 0, time.Minute, 0, 0, 1},
		{"only the key tells: it is sent again", true, false, true, 0, time.Minute, 1, 1, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.remote.Can.ChosenKey, w.remote.Can.Lag = c.chosen, c.lag
			if !c.findable {
				w.remote.Can.Finds = nil
			}
			w.add(ada())
			if c.made {
				w.remote.After = unanswered
			} else {
				w.remote.Before = unanswered
			}
			w.run()
			w.remote.After, w.remote.Before = answers, answers
			w.now = w.now.Add(c.since)
			if err := w.engine.Settle(t.Context(), w.sync, []int64{store.Ref(1, 1)}); err != nil {
				t.Fatal(err)
			}
			done := w.erase(1, "ada@example.com")
			if len(w.remote.There()) != c.there || len(done.Records) != c.known || len(done.Unanswered) != c.unanswered {
				t.Errorf("got %d there, %d known, %d unanswered, want %d, %d, %d", len(w.remote.There()), len(done.Records), len(done.Unanswered), c.there, c.known, c.unanswered)
			}
		})
	}
}

// What a run did at both sides is not taken back once the person is erased.
func TestUndoOfAnErasedPerson(t *testing.T) {
	w := newWorld(t, plan.Sync{Policy: plan.Policy{Delete: plan.Delete{Back: plan.DeleteGone}}, Guard: plan.Guard{MaxDeletes: 5, Day: plan.Percent(100)}})
	w.engine.Reverse = w.reverse
	w.remote.Add(ada())
	created := w.run()
	w.rest()
	w.trash(1)
	removed := w.run()
	w.want("the remote after the contact was thrown away", w.there(), "")
	w.erase(1, "ada@example.com")
	for what, r := range map[string]store.Run{"the create": created, "the removal": removed} {
		if done := w.undo(r); done.Reasons[string(plan.Erased)] != 1 || done.Totals.Writes() != 0 {
			t.Errorf("undo of %s: got %+v %v; want nothing written, erased on request", what, done.Totals, done.Reasons)
		}
	}
	w.want("the book", w.here(), "")
	w.want("the remote", w.there(), "")
}

// At a system that puts away what is deleted, an erasure leaves nothing that people could
// bring back, whatever comes in between.
func TestAnErasureEverywhereIsForGood(t *testing.T) {
	erase := func(w *world) store.Run {
		w.t.Helper()
		r, _, err := w.engine.Erase(w.t.Context(), w.sync, []int64{store.Ref(1, 1)})
		if err != nil {
			w.t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		what string
		play func(w *world)
	}{
		{"a record that is there", func(w *world) { erase(w) }},
		{"one that was put away just before", func(w *world) {
			w.remote.Delete("r0001")
			erase(w)
		}},
		{"one that somebody edits meanwhile", func(w *world) {
			w.remote.Before = func(call string) *connector.Fault {
				if call == "write" {
					w.remote.Edit("r0001", map[string]string{"company": "Acme"})
				}
				return nil
			}
			erase(w)
		}},
		{"one that is not there any more, and twice", func(w *world) {
			w.remote.Purge("r0001")
			erase(w)
			if r := erase(w); r.Totals.Failed != 0 {
				w.t.Errorf("again: got %+v, want no failure", r.Totals)
			}
		}},
		{"the answer is lost", func(w *world) {
			w.remote.After = unanswered
			if r := erase(w); r.Totals.Held != 1 {
				w.t.Errorf("got %+v, want one held", r.Totals)
			}
			w.remote.After = answers
			w.run()
		}},
		{"it never arrived, and somebody puts the record away meanwhile", func(w *world) {
			w.remote.Before = unanswered
			erase(w)
			w.remote.Before = answers
			w.remote.Delete("r0001")
			w.run()
		}},
		{"nobody answers for a while", func(w *world) {
			w.remote.Before = unanswered
			erase(w)
			w.run()
			w.remote.Before = answers
			w.run()
		}},
		{"a crash before it was sent, of one that was put away", func(w *world) {
			w.remote.Delete("r0001")
			w.remote.Before = func(call string) *connector.Fault {
				if call == "write" {
					w.remote.Before = answers
					panic("crash")
				}
				return nil
			}
			w.crash(func() { erase(w) })
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.t, w.remote.Can.Erases = t, true
			w.remote.Add(ada())
			w.rest()
			w.erase(1, "ada@example.com")
			c.play(w)
			w.remote.Before, w.remote.After = answers, answers
			w.rest()
			w.want("the remote", w.there(), "")
			w.want("what is known", w.mirrored(), "r0001 gone")
			if w.remote.Archived("r0001") {
				t.Error("the record can still be brought back")
			}
		})
	}
}

// A record that was made one with another may be somebody else's by now.
func TestAnErasureLeavesAMergedRecordToAPerson(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Can.Erases = true
	w.remote.Add(ada())
	w.remote.Add(map[string]string{"email": "bob@example.org"})
	w.rest()
	w.erase(1, "ada@example.com")
	w.remote.Merge("r0001", "r0002")
	r, _, err := w.engine.Erase(t.Context(), w.sync, []int64{store.Ref(1, 1)})
	if err != nil || r.Totals.Held != 1 || r.Totals.Deleted != 0 || !r.Totals.Balanced() {
		t.Errorf("got %+v, %v; want one held, and nobody deleted", r.Totals, err)
	}
	w.want("the remote", w.there(), "r0002 email=bob@example.org first_name=Ada last_name=Byron")
}

// Where a system keeps what was deleted, the run of the erasure says so.
func TestAnErasureSaysWhatTheSystemKeeps(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Can.Bin = "its recycle bin for 15 days"
	w.remote.Add(ada())
	w.rest()
	w.erase(1, "ada@example.com")
	r, _, err := w.engine.Erase(t.Context(), w.sync, []int64{store.Ref(1, 1)})
	if err != nil || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "its recycle bin for 15 days") {
		t.Errorf("got %q, %v; want a note of the bin", r.Notes, err)
	}
}
