package storm

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// rest is the time without faults: all must come to rest within four rounds, the next
// one write nothing (I1), and nobody have lost anything.
func (w *world) rest() {
	w.say("rest")
	w.vendor.calm()
	w.calm, w.meddle, w.crashAt = true, false, 0
	w.clock.pass(26 * time.Hour) // until a system that tells nobody who is gone is listed whole
	w.restart()
	for range 4 {
		w.round()
	}
	if len(w.result.Violations) > 0 {
		return
	}
	before, was := w.vendor.writes(), w.vendor.people()
	r := w.round()
	switch same := maps.EqualFunc(was, w.vendor.people(), maps.Equal); {
	case same && r.Totals.Writes() == 0 && r.Totals.Held+r.Totals.Failed > 0: // what the vendor refuses is tried again by every run
	case !same || r.Totals.Writes() > 0 || w.vendor.writes() != before:
		w.broken("I1: it does not come to rest: %+v, %v, and %d writes", r.Totals, r.Reasons, w.vendor.writes()-before)
	}
	for _, b := range w.vendor.breaches() {
		w.broken("a limit was broken: %s", b)
	}
	if len(w.result.Violations) == 0 {
		w.judge()
	}
	w.result.Writes = w.vendor.writes()
}

// round runs the sync once. What the guard stops, a person approves.
func (w *world) round() store.Run {
	w.clock.pass(10 * time.Minute)
	r, ok := w.runOnce(true)
	if !ok {
		w.broken("I6: it cannot be run without any fault: %s %s %s", r.Status, r.Code, r.Message)
	}
	return r
}

// judge compares both sides and the notebook.
func (w *world) judge() {
	mine, theirs := w.contacts(), w.vendor.people()
	for _, ref := range slices.Sorted(maps.Keys(mine)) {
		if w.of(mine[ref]) == nil {
			w.broken("contact %d is nobody we know: %v", store.Number(ref), mine[ref])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(theirs)) {
		if w.of(theirs[id]) == nil {
			w.broken("%s is nobody we know: %v", id, theirs[id])
		}
	}
	for _, p := range w.people {
		if len(p.emails) > 0 {
			w.judgePerson(p, found(w, p, mine), found(w, p, theirs), mine, theirs)
		}
	}
}

func (w *world) judgePerson(p *person, refs []int64, ids []string, mine map[int64]map[string]string, theirs map[string]map[string]string) {
	name := p.emails[0]
	if len(ids) > 1 || len(refs) > 1 && !p.merged {
		w.broken("I3: %s is there %d times and here %d times: %v %v", name, len(ids), len(refs), ids, refs)
		return
	}
	switch kept := w.gone == plan.Keep || w.gone == plan.Unlink; {
	case p.merged && (p.gone[here] || p.gone[there]):
		return
	case p.gone[here] && !p.seen[there], p.gone[there] && !p.seen[here]:
		return // nobody had time to bring them over
	case len(refs) == 0 && !p.gone[here] && (kept || !p.gone[there]):
		w.broken("I2: %s is not in the book; gone %v", name, p.gone)
		return
	case len(ids) == 0 && !p.gone[there] && (kept || !p.gone[here]):
		w.broken("I2: %s is not at the vendor; gone %v", name, p.gone)
		return
	case len(refs) == 0 || len(ids) == 0 || len(refs) > 1:
		return
	}
	a, b := mine[refs[0]], theirs[ids[0]]
	asked := p.gone[there] && b["news"] == contact.Pending // whoever comes back from the archive is asked
	if p.no && !asked && (contact.Grants(b["news"]) || contact.Grants(a["news"])) {
		w.broken("%s said no, and is %q here and %q there", name, a["news"], b["news"])
	}
	if p.gone[here] || p.gone[there] || p.merged {
		return // came back, or was made anew: docs/reliability.md
	}
	for _, field := range slices.Sorted(maps.Keys(p.claims)) {
		w.judgeField(refs[0], name, field, p.claims[field], a[field], b[field])
	}
}

// judgeField: the last that somebody typed is on both sides; where they typed
// differently, one of the two is, or a person is asked.
func (w *world) judgeField(ref int64, name, field string, c *claim, a, b string) {
	is := func(side int) bool {
		return c.typed[side] != nil && same(field, a, *c.typed[side]) && same(field, b, *c.typed[side])
	}
	switch {
	case c.typed == [2]*string{}, is(here), is(there):
	case w.told(ref, field, c), w.vendor.halves() && w.halved(ref):
	default:
		w.explain(ref)
		w.broken("I2: %s of %s: typed here %s and there %s; the book has %q, the vendor %q", field, name, quoted(c.typed[here]), quoted(c.typed[there]), a, b)
	}
}

func quoted(s *string) string {
	if s == nil {
		return "nothing"
	}
	return `"` + *s + `"`
}

// told reports whether the conflict log, or the journal, says that a value was kept
// back: any of the field where both sides have typed, else the one that was typed.
func (w *world) told(ref int64, field string, c *claim) bool {
	meant := func(values ...string) bool {
		return c.contested() || slices.ContainsFunc(values, func(v string) bool {
			return c.typed[here] != nil && same(field, v, *c.typed[here]) || c.typed[there] != nil && same(field, v, *c.typed[there])
		})
	}
	conflicts, err := w.store.ConflictsOf(w.ctx, ref)
	if err != nil {
		w.broken("read conflicts: %v", err)
	}
	if slices.ContainsFunc(conflicts, func(c store.Conflict) bool { return c.Field == field && meant(c.Ours, c.Theirs, c.TheirsRaw) }) {
		return true
	}
	for c, err := range w.journalOf(ref) {
		if err != nil {
			w.broken("read journal: %v", err)
			return false
		}
		if slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool { return w.ours(f.Name) == field && !f.Written() && meant(f.Old, f.Kept) }) {
			return true
		}
	}
	return false
}

// halved reports whether a create of somebody who has said no got no answer: what we
// cannot promise, docs/reliability.md.
func (w *world) halved(ref int64) bool {
	for c, err := range w.journalOf(ref) {
		no := slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool { return w.ours(f.Name) == "news" && f.New == contact.Unsubscribed })
		if err == nil && no && c.Reason == plan.OutcomeUnknown {
			return true
		}
	}
	return false
}

// latest is above the number of every run of a world.
const latest = int64(500)

// journalOf is all that runs have said of a contact, those that failed half-way included.
func (w *world) journalOf(ref int64) iter.Seq2[store.StoredChange, error] {
	return func(yield func(store.StoredChange, error) bool) {
		for run := range latest {
			for c, err := range w.store.Changes(w.ctx, run) {
				if (err != nil || c.Ref == ref) && !yield(c, err) {
					return
				}
			}
		}
	}
}

// ours is the book's name of a field, on whichever side it is.
func (w *world) ours(name string) string {
	for _, f := range w.vendor.fields() {
		if f[1] == name {
			return f[0]
		}
	}
	return name
}

// explain adds to the trace what the journal says of a contact.
func (w *world) explain(ref int64) {
	for c, err := range w.journalOf(ref) {
		w.say("journal: run %d %s %s %v %+v %v", c.Run, c.Action, c.Reason, c.Fields, c.Detail, err)
	}
	links, err := w.store.MirrorByRef(w.ctx, w.pair().ID, []int64{ref})
	w.say("links: %+v %v", links, err)
}

// look remembers who is where, and what everybody has said at the vendor, which people
// may change.
func (w *world) look() {
	clear(w.said)
	w.hear(func(string, string, string) {})
	for _, values := range w.contacts() {
		if p := w.of(values); p != nil {
			p.seen[here] = true
		}
	}
}

// hearNo looks at everybody after each of our calls: who said no is not subscribed by us
// (requirements 3.14).
func (w *world) hearNo() {
	w.hear(func(id, was, now string) {
		if contact.Stricter(was, contact.Pending) && contact.Grants(now) && !w.vendor.forgetsNo() {
			w.broken("%s was %s, and a call of ours made that %s", id, was, now)
		}
	})
}

func (w *world) hear(changed func(id, was, now string)) {
	for id, values := range w.vendor.people() {
		changed(id, w.said[id], values["news"])
		w.said[id] = values["news"]
		if p := w.of(values); p != nil {
			p.seen[there] = true
		}
	}
}
