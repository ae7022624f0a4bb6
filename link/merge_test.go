package link_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Requirements 3.13: a merge at the remote or here moves the link.
func TestMerges(t *testing.T) {
	for _, c := range []struct {
		what        string
		play        func(w *world)
		here, there string
	}{
		{"two records become one there, and one of them had no contact", func(w *world) {
			w.remote.Add(ada())
			w.rest()
			other := w.remote.Add(map[string]string{"email": "countess@example.com", "company": "Acme"})
			w.remote.Merge("r0001", other)
		}, "1 company=Acme email=countess@example.com first_name=Ada last_name=Byron", "r0002 company=Acme email=countess@example.com first_name=Ada last_name=Byron"},
		{"two contacts become one here: the survivor without a link takes it", func(w *world) {
			w.remote.Add(ada())
			w.rest()
			number := w.add(map[string]string{"email": "countess@example.com", "company": "Acme"})
			w.write(plan.Change{Action: plan.Remove, Ref: store.Ref(1, 1), Into: store.Ref(1, number)})
		}, "2 company=Acme email=countess@example.com", "r0001 company=Acme email=countess@example.com first_name=Ada last_name=Byron"},
		{"two contacts become one here: the survivor whose record is gone takes it", func(w *world) {
			w.remote.Add(ada())
			w.remote.Add(map[string]string{"email": "countess@example.com"})
			w.rest()
			w.remote.Delete("r0002")
			w.rest()
			w.write(plan.Change{Action: plan.Remove, Ref: store.Ref(1, 1), Into: store.Ref(1, 2)})
		}, "2 email=countess@example.com", "r0001 email=countess@example.com first_name=Ada last_name=Byron"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.t = t
			c.play(w)
			w.rest()
			w.want("the book", w.here(), c.here)
			w.want("the remote", w.there(), c.there)
		})
	}
}

// Two of our contacts are one there: a person merges them, until then nobody
// guesses.
func TestTheMergeOfOthersIsFollowedBesideOneWhoseSurvivorIsGone(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	names := func(n string) map[string]string {
		return map[string]string{"email": n + "@example.com", "last_name": n}
	}
	var ids []string
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		ids = append(ids, w.remote.Add(names(n)))
	}
	w.rest()
	gone := w.remote.Add(map[string]string{"last_name": "x"})
	w.remote.Merge(ids[0], gone)
	w.remote.Delete(gone) // whoever they were merged into is gone, too
	made := w.remote.Add(map[string]string{"email": "new@example.com"})
	w.remote.Merge(ids[2], made)
	w.remote.Merge(ids[3], made)
	w.run()
	w.run()
	if b, err := w.store.Book(t.Context(), "people"); err != nil || b.Population != 5 {
		t.Errorf("got %d contacts, %v; want nobody doubled", b.Population, err)
	}
}

func TestTwoContactsOfOneRecordAreHeld(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Add(ada())
	w.remote.Add(map[string]string{"email": "bob@example.org"})
	w.rest()
	w.remote.Merge("r0001", "r0002")
	r := w.run()
	if r.Totals.Held != 1 || r.Reasons[string(plan.IdentityConflict)] != 1 {
		t.Errorf("got %+v %v, want one held for identity.conflict", r.Totals, r.Reasons)
	}
	w.want("the book", w.here(), "1 email=ada@example.com first_name=Ada last_name=Byron\n2 email=bob@example.org first_name=Ada last_name=Byron")
}

// Requirements 3.8: the value changed last wins, where both times are known.
func TestMostRecentWins(t *testing.T) {
	for _, c := range []struct {
		what  string
		play  func(w *world)
		there string
	}{
		{"the edit here came last", func(w *world) {
			w.remote.Edit("r0001", map[string]string{"last_name": "Lovelace"})
			w.now = w.now.Add(time.Hour)
			w.edit(1, "last_name", "King")
		}, "r0001 email=ada@example.com first_name=Ada last_name=King"},
		{"the edit there came last", func(w *world) {
			w.edit(1, "last_name", "King")
			w.now = w.now.Add(time.Hour)
			w.remote.Edit("r0001", map[string]string{"last_name": "Lovelace"})
		}, "r0001 email=ada@example.com first_name=Ada last_name=Lovelace"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var def plan.Sync
			for _, f := range people.Fields {
				def.Map = append(def.Map, plan.Mapping{From: f.Name, To: f.Name, Winner: plan.WinRecent})
			}
			w := newWorld(t, def)
			w.t = t
			w.remote.Add(ada())
			w.rest()
			c.play(w)
			w.rest()
			w.want("the remote", w.there(), c.there)
		})
	}
}

// I11: one run at a time between an object and a book; who was held up and lost
// the lease commits nothing more.
func TestLease(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.engine.LeaseFor = 10 * time.Minute
	w.remote.Add(ada())
	w.rest()
	slow := &pausing{Remote: w.remote, meanwhile: func() {
		if _, err := w.engine.Plan(t.Context(), w.sync); !isCode(err, "sync.running") {
			t.Errorf("a second run at the same time: got %v, want sync.running", err)
		}
		w.now = w.now.Add(11 * time.Minute)
		w.engine.Ends = w
		w.run()
	}}
	w.add(map[string]string{"email": "bob@example.org"})
	w.engine.Ends = through{w, slow}
	r := w.plan()
	_, err := w.engine.Apply(t.Context(), w.sync, r)
	if !errors.Is(err, store.ErrStale) {
		t.Errorf("the run that lost its lease: got %v, want %v", err, store.ErrStale)
	}
	if n := len(w.remote.There()); n != 2 {
		t.Errorf("the remote has %d records, want 2: %s", n, w.there())
	}
}

func isCode(err error, code string) bool {
	var known *run.Error
	return errors.As(err, &known) && known.Code == code
}

// pausing is a remote whose first write takes so long that much happens
// meanwhile.
type pausing struct {
	connector.Remote
	meanwhile func()
}

func (p *pausing) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	if p.meanwhile != nil {
		do := p.meanwhile
		p.meanwhile = nil
		do()
	}
	return p.Remote.Write(ctx, writes)
}

// through opens another remote than the world's.
type through struct {
	*world
	remote connector.Remote
}

func (t through) Remote(context.Context, store.Sync) (connector.Remote, error) { return t.remote, nil }

// Found by the simulator (seed 690): two contacts were merged here before the first run, and
// the system has a record of each. The run failed with an error of the database.
func TestTheFirstRunFailedAfterIHadMergedTwo(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.add(map[string]string{"email": "countess@example.com", "last_name": "King"})
	w.add(ada())
	w.write(plan.Change{Action: plan.Remove, Ref: store.Ref(1, 1), Into: store.Ref(1, 2)})
	w.remote.Add(map[string]string{"email": "countess@example.com", "company": "Acme"})
	own := w.remote.Add(ada())
	w.rest()
	w.want("the book", w.here(), "2 email=ada@example.com first_name=Ada last_name=Byron")
	linked, err := w.store.MirrorByRef(t.Context(), 1, []int64{store.Ref(1, 2)})
	if err != nil || len(linked) != 1 || linked[0].RemoteID != own {
		t.Errorf("linked with %+v, %v; want %s, which has the e-mail of its own", linked, err, own)
	}
	if r := w.run(); r.Reasons[string(plan.IdentityConflict)] != 1 {
		t.Errorf("got %+v %v, want the other record held", r.Totals, r.Reasons)
	}
	w.remote.Merge("r0001", own)
	w.rest()
	w.want("the book after the merge there", w.here(), "2 company=Acme email=ada@example.com first_name=Ada last_name=Byron")
}

// Found by the simulator (seed 1,438): who was new here and had a linked contact merged into
// it was to be created at the system as well, and the run ended with an error.
func TestWhoIHadMergedWasToBeCreatedOnceMore(t *testing.T) {
	w := newWorld(t, plan.Sync{})
	w.remote.Add(ada())
	w.rest()
	w.add(map[string]string{"email": "countess@example.com"})
	w.write(plan.Change{Action: plan.Remove, Ref: store.Ref(1, 1), Into: store.Ref(1, 2)})
	if r := w.run(); r.Totals.Created+r.Totals.Failed != 0 || r.Status != store.Succeeded {
		t.Errorf("got %s %+v, want nobody created", r.Status, r.Totals)
	}
	w.rest()
	w.want("the remote", w.there(), "r0001 email=countess@example.com first_name=Ada last_name=Byron")
}
