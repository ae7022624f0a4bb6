package simulate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// rest is the time without faults: all must come to rest within three rounds,
// the next one write nothing (I1), and nobody have lost anything.
func (w *world) rest(seed uint64) {
	w.say("rest")
	w.rng = rand.New(rand.NewPCG(seed, 2))
	w.rate, w.crashAt, w.meddle = 0, 0, false
	w.offset = max(w.offset, 0) + 26*time.Hour
	if slices.ContainsFunc(w.systems, func(s *system) bool { return s.narrowed }) {
		w.offset += 7 * 24 * time.Hour // until everything is listed again
	}
	for _, s := range w.systems {
		s.remote.Settle()
	}
	w.restart()
	quiet := 0
	for range w.rounds() {
		runs := w.round()
		w.offset += time.Hour
		if quiet++; slices.ContainsFunc(runs, unfinished) {
			quiet = 0
		}
		if len(w.result.Violations) > 0 || quiet > w.others() {
			break // at rest already, or never
		}
	}
	writes, seq := w.writes(), w.book().Seq
	for _, r := range w.round() {
		if r.Totals.Writes() != 0 {
			w.broken("I1: %s does not come to rest: %+v", r.Name, r.Totals)
		}
	}
	if w.writes() != writes || w.book().Seq != seq {
		w.broken("I1: a run at rest writes")
	}
	if len(w.result.Violations) == 0 {
		w.judge()
		w.settled()
	}
	w.result.Writes = w.writes()
}

// unfinished reports whether a run leaves something for the next ones: what waited for
// the outcome of a write is looked at once that is known.
func unfinished(r store.Run) bool {
	return r.Totals.Writes()+r.Totals.Failed > 0 || r.Reasons[string(plan.OutcomeUnknown)] > 0
}

// rounds is how many it may take. Two systems pass a value on through the book;
// two syncs of different opinions quarrel until the breaker stops them. And of a name
// that is a placeholder in two fields, one may be cleared first.
func (w *world) rounds() int {
	switch {
	case w.others() > 0:
		return 12
	case w.halfNamed():
		return 4
	}
	return 3
}

// others is how many syncs there are but for one: what one has left, another may take up
// in the round after.
func (w *world) others() (n int) {
	for _, s := range w.systems {
		n += len(s.syncs)
	}
	return n - 1
}

// halfNamed reports whether somebody is called New or Contact.
func (w *world) halfNamed() bool {
	half := func(values map[string]string) bool {
		return values["first_name"] == "New" || values["last_name"] == "Contact"
	}
	for _, values := range w.contacts() {
		if half(values) {
			return true
		}
	}
	for _, s := range w.systems {
		for _, values := range s.remote.There() {
			if half(values) {
				return true
			}
		}
	}
	return false
}

func (w *world) writes() (n int) {
	for _, s := range w.systems {
		n += s.remote.Writes
	}
	return n
}

// round runs every sync once. What the guard stops, a person approves.
func (w *world) round() (runs []store.Run) {
	for _, s := range w.systems {
		for _, sync := range s.syncs {
			r, ok := s.plan(sync)
			if !ok {
				w.broken("I6: %s cannot be planned without any fault: %s %s %s", sync.Name, r.Status, r.Code, r.Message)
				return runs
			}
			if r = s.apply(sync, r, r.Stop != nil); !r.Status.Applied() {
				w.broken("I6: %s cannot be applied without any fault: %s %s %s", sync.Name, r.Status, r.Code, r.Message)
				return runs
			}
			runs = append(runs, r)
		}
	}
	return runs
}

// judge compares both sides and the notebook.
func (w *world) judge() {
	here := w.contacts()
	for _, s := range w.systems {
		there := s.remote.There()
		s.allCame(here, there)
		for _, ref := range slices.Sorted(maps.Keys(here)) {
			id := s.linked[ref]
			if there[id] == nil {
				continue
			}
			for _, f := range bookFields {
				s.judgeField(ref, id, f.Name, here[ref][f.Name], there[id][f.Name])
			}
		}
	}
}

// settled: no write is in the balance any more, but for creates at systems that
// have no key and no search to find them by.
func (w *world) settled() {
	for _, s := range w.systems {
		open, err := s.store.Intents(s.ctx, s.pair.ID)
		if err != nil {
			w.broken("read intents: %v", err)
		}
		for _, i := range open {
			found := 0
			for _, field := range s.Finds {
				for _, x := range s.remote.records {
					if v := i.Payload[field]; v != "" && !x.gone && strings.EqualFold(strings.TrimSpace(v), x.values[field]) {
						found++
					}
				}
				if i.Payload[field] != "" && found < 2 {
					s.broken("I3: the %s of contact %d is still in the balance", field, store.Number(i.Ref))
				}
			}
			if s.ChosenKey || connector.Op(i.Op) != connector.OpCreate {
				s.broken("I3: a write of contact %d is still in the balance", store.Number(i.Ref))
			}
		}
	}
}

// allCame: who is on one side only, is so for a reason that the journal gives.
func (s *system) allCame(here map[int64]map[string]string, there map[string]map[string]string) {
	left := func(a plan.Action) bool { return a == plan.Skip || a == plan.Hold || a == plan.Reject }
	for _, ref := range slices.Sorted(maps.Keys(here)) {
		if s.createsThere() && s.linked[ref] == "" && !left(s.why[fmt.Sprint("c", ref)]) {
			s.broken("I2: contact %d never came to %s, and nobody said why: %v", store.Number(ref), s.name, here[ref])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(there)) {
		if s.createsHere() && s.came[id] == 0 && !left(s.why["r"+id]) {
			s.broken("I2: %s of %s never came to the book, and nobody said why: %v", id, s.name, there[id])
		}
	}
}

// judgeField: the last edit of a field of a person is on both sides, or its own
// side has kept it and the journal or the conflict log says so (I2).
func (s *system) judgeField(ref int64, id, field, here, there string) {
	from, e := s.lastEdit(ref, field)
	if e.n == 0 || blank(e.value) || e.value == "New" || e.value == "Contact" {
		return
	}
	if s.toldOf(ref, field, e.value, e.n) || s.toldOf(ref, field, here, 0) && s.toldOf(ref, field, there, 0) && s.toldOf(ref, field, e.value, 0) {
		return // or it brought a value back that both sides were left with before
	}
	if fault := s.arrived(from, e.value, field, here, there); fault != "" {
		s.broken("I2: %s of contact %d and %s: %q, the last edit (%s), %s; the book has %q, the remote %q",
			field, store.Number(ref), id, e.value, where(from), fault, here, there)
	}
}

// toldOf reports whether the journal or the conflict log has spoken of a value
// since then.
func (s *system) toldOf(ref int64, field, value string, since int) bool {
	for t, n := range s.notes.told {
		if t.ref == ref && t.field == field && n >= since && (same(field, t.value, value) || s.agree(field, t.value, value) || s.agree(field, value, t.value)) {
			return true
		}
	}
	return false
}

// lastEdit is the last thing a person did to a field on any side from which it
// travels. The system it was done at is nil for the book.
func (s *system) lastEdit(ref int64, field string) (from *system, last edit) {
	here := s.notes.edits[place{0, strconv.FormatInt(ref, 10), field}]
	overruled := 0 // the last edit on a side that one sync overwrites and another one reads
	at := ""       // the record it was done at: the contact's, or one that was before it was gone
	if s.bookMirrors(field, nil) {
		overruled = here.n
	} else {
		last = here
	}
	for _, o := range s.systems {
		if o.may(field, func(r rule) bool { return r.in != "" }) && o.mirrors(field) {
			overruled = max(overruled, s.notes.edits[place{o.at, o.linked[ref], field}].n)
		}
		if !o.may(field, func(r rule) bool { return r.in != "" }) || o.mirrors(field) || s.bookMirrors(field, o) {
			if o.may(field, func(r rule) bool { return r.in != "" }) { // it may have come over before it was overruled
				overruled = max(overruled, s.notes.edits[place{o.at, o.linked[ref], field}].n)
			}
			continue
		}
		for id, of := range o.came {
			if e := s.notes.edits[place{o.at, id, field}]; of == ref && e.n > last.n {
				from, last, at = o, e, id
			}
		}
	}
	if from != nil {
		if x, id := from.remote.records[at], from.linked[ref]; x == nil || x.gone || id != "" && id != at {
			return nil, edit{} // its record is gone or is the contact's no more: it may have come over before, or not
		}
	}
	overruled = max(overruled, s.notes.merged[place{id: strconv.FormatInt(ref, 10)}])
	for _, o := range s.systems {
		overruled = max(overruled, s.notes.merged[place{side: o.at, id: o.linked[ref]}])
	}
	if overruled > last.n || last.either {
		return nil, edit{}
	}
	return from, last
}

// arrived says what is wrong with how far an edit came.
func (s *system) arrived(from *system, value, field, here, there string) string {
	in := func(r rule) bool { return carries(r.in) }
	out := func(r rule) bool { return carries(r.out) }
	switch {
	case from == nil && !same(field, here, value):
		return "is no longer in the book"
	case from == nil && s.may(field, out) && !s.agree(field, value, there):
		return "did not come to the remote"
	case from == s && normalized(kindOf(field), there) != normalized(kindOf(field), value):
		return "is no longer at the remote"
	case from != nil && from.may(field, in) && !from.agree(field, here, value):
		return "did not come to the book"
	}
	return ""
}

// where names the side an edit was made on.
func where(s *system) string {
	if s == nil {
		return "in the book"
	}
	return "at " + s.name
}
