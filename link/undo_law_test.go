package link_test

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// The law of an undo, over many small worlds. `go test ./link -run TestProp
// -rapid.checks=10000` looks longer; rapid prints the smallest world that breaks it.

// A side is who is on one side of a sync, by number or id, and what is known of them.
type side map[string]map[string]string

// sides are both of them.
type sides struct{ here, there side }

func (w *world) sides() sides {
	w.t.Helper()
	s := sides{here: side{}, there: w.remote.There()}
	b, err := w.store.Book(w.t.Context(), "people")
	if err != nil {
		w.t.Fatal(err)
	}
	for c, err := range w.store.Contacts(w.t.Context(), b, 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		s.here[fmt.Sprint(store.Number(c.Ref))] = filled(b, c)
	}
	return s
}

func (s side) String() string {
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(s)) {
		lines = append(lines, "\n    "+show(id, s[id]))
	}
	return strings.Join(lines, "")
}

func (s sides) String() string { return "\n  here" + s.here.String() + "\n  there" + s.there.String() }

func (s sides) equal(o sides) bool {
	same := func(a, b side) bool {
		return maps.EqualFunc(a, b, func(x, y map[string]string) bool { return maps.Equal(x, y) })
	}
	return same(s.here, o.here) && same(s.there, o.there)
}

// said is what each of the fields is drawn from: so little that people collide.
var said = map[string][]string{
	"email":      {"", "ada@example.com", "bob@example.org", "cyd@example.net"},
	"first_name": {"", "Ada", "Bob"},
	"last_name":  {"", "Byron", "King"},
	"phone":      {"", "020 7946 0001", "020 7946 0002"},
	"company":    {"", "Acme", "Umbrella Corp"},
	"news":       {"", "", "subscribed", "unsubscribed"},
}

func oneOf[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

// rarely is true in one case of four.
func rarely(t *rapid.T, label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 3 }

func drawLinked(t *rapid.T) plan.Sync {
	crm, book := plan.Endpoint{Connection: "crm"}, plan.Endpoint{Book: "people"}
	s := plan.Sync{Source: crm, Target: book, Direction: oneOf(t, "direction", plan.TwoWay, plan.TwoWay, plan.OneWay)}
	if rapid.Bool().Draw(t, "from the book") {
		s.Source, s.Target = book, crm
	}
	s.Match = oneOf(t, "match", nil, []plan.Rule{plan.ByLink, plan.ByEmail, plan.ByPhone})
	s.Guard = plan.Guard{Explicit: true, Day: plan.NoLimit}
	s.Policy.Update = oneOf(t, "update", "", plan.WriteIfNewNotBlank, plan.WriteAlways, plan.WriteIfExistingBlank)
	if s.Direction == plan.TwoWay {
		s.Policy.Back = oneOf(t, "back", "", plan.WriteIfNewNotBlank, plan.WriteAlways, plan.WriteIfExistingBlank)
		s.Policy.Delete.Back = drawGone(t, "gone back")
	}
	s.Policy.Delete.NotFound = drawGone(t, "gone")
	s.Policy.Delete.Scope = oneOf(t, "scope of deletes", plan.BroughtByThisSync, plan.WholeBook)
	if s.Policy.Delete.Scope == plan.WholeBook {
		s.Policy.WholeBook = "accepted"
	}
	clears := rapid.Bool().Draw(t, "fields may clear")
	for _, f := range people.Fields {
		m := plan.Mapping{From: f.Name, To: f.Name, MayClear: clears}
		if s.Direction == plan.TwoWay {
			m.Winner = oneOf(t, f.Name+" winner", "", plan.WinTheirs, plan.WinOurs, plan.WinReview, plan.WinRecent, plan.WinNonBlank)
		}
		s.Map = append(s.Map, m)
	}
	return s
}

func drawGone(t *rapid.T, label string) plan.NotFound {
	return oneOf(t, label, plan.Keep, plan.Unlink, plan.Trash, plan.DeleteGone)
}

func drawCan(t *rapid.T) connector.Promises {
	return connector.Promises{ChosenKey: rapid.Bool().Draw(t, "key"), Conditional: rapid.Bool().Draw(t, "conditional"), Incremental: true, TellsGone: true,
		Finds: []string{"email"}, WriteBatch: oneOf(t, "batch", 1, 10), FetchBatch: 10}
}

// A doing is something that a person does on a side, said so that it can be played by hand.
type doing struct {
	there bool
	id    string // whom
	what  string
	field string
	value string
}

func (d doing) String() string {
	at := "here"
	if d.there {
		at = "there"
	}
	return fmt.Sprintf("%s: %s %s %s=%s", at, d.what, d.id, d.field, d.value)
}

// game is a world that is played, and what was done in it.
type game struct {
	*world
	rt   *rapid.T
	log  []string
	ever [2]map[string]bool // who has been here, and there, and was not merged
	held bool               // somebody waited for a person, or for somebody else
}

func (g *game) say(format string, args ...any) { g.log = append(g.log, fmt.Sprintf(format, args...)) }

func (g *game) fail(format string, args ...any) {
	g.rt.Helper()
	g.rt.Fatalf(format+"\n%s", append(args, strings.Join(g.log, "\n"))...)
}

func drawPerson(t *rapid.T) map[string]string {
	values := map[string]string{}
	for _, f := range people.Fields {
		if v := oneOf(t, f.Name, said[f.Name]...); v != "" {
			values[f.Name] = v
		}
	}
	if len(values) == 0 {
		values["last_name"] = "King"
	}
	return values
}

// someone draws one who is on a side; none: empty.
func someone(t *rapid.T, s side, label string) string {
	all := slices.Sorted(maps.Keys(s))
	if len(all) == 0 {
		return ""
	}
	return rapid.SampledFrom(all).Draw(t, label)
}

func (g *game) ref(id string) int64 {
	n := int64(0)
	_, _ = fmt.Sscan(id, &n)
	return store.Ref(1, n)
}

// act has a person do something on one of the sides.
func (g *game) act() (d doing, did bool) {
	t := g.rt
	now := g.sides()
	d.there = rapid.Bool().Draw(t, "there")
	s := now.here
	if d.there {
		s = now.there
	}
	d.what = oneOf(t, "what", "edit", "edit", "edit", "add", "delete", "merge", "bring back")
	switch d.what {
	case "add":
		values := drawPerson(t)
		if d.there {
			d.id = g.remote.Add(values)
		} else {
			d.id = fmt.Sprint(g.add(values))
		}
		g.say("%v %v", d, values)
		return d, true
	case "edit":
		d.id = someone(t, s, "whom")
		d.field = oneOf(t, "field", "email", "first_name", "last_name", "phone", "company", "news")
		d.value = oneOf(t, "value", said[d.field]...)
		if d.id == "" || s[d.id][d.field] == d.value || len(s[d.id]) == 1 && d.value == "" {
			return d, false
		}
		if d.there {
			g.remote.Edit(d.id, map[string]string{d.field: d.value})
		} else {
			g.write(plan.Change{Action: plan.Update, Ref: g.ref(d.id), Fields: []plan.FieldChange{{Name: d.field, Old: s[d.id][d.field], New: d.value, Rule: "edit"}}})
		}
	case "delete":
		if d.id = someone(t, s, "whom"); d.id == "" {
			return d, false
		}
		if d.there {
			g.remote.Delete(d.id)
		} else {
			g.write(plan.Change{Action: plan.Remove, Ref: g.ref(d.id), Fields: fieldsOf(s[d.id])})
		}
	case "merge":
		d.id, d.value = someone(t, s, "whom"), someone(t, s, "into")
		if d.id == d.value {
			return d, false
		}
		if d.there {
			g.ever[1][d.id] = false
			g.remote.Merge(d.id, d.value)
		} else {
			g.ever[0][d.id] = false
			g.write(plan.Change{Action: plan.Remove, Ref: g.ref(d.id), Into: g.ref(d.value), Fields: fieldsOf(s[d.id])})
		}
	case "bring back":
		gone := g.gone(d.there)
		if len(gone) == 0 {
			return d, false
		}
		d.id = rapid.SampledFrom(gone).Draw(t, "whom")
		if d.there {
			g.remote.Undelete(d.id)
		} else {
			g.write(plan.Change{Action: plan.Restore, Ref: g.ref(d.id)})
		}
	}
	g.say("%v", d)
	return d, true
}

func fieldsOf(values map[string]string) (fields []plan.FieldChange) {
	for _, f := range people.Fields {
		if v := values[f.Name]; v != "" {
			fields = append(fields, plan.FieldChange{Name: f.Name, Old: v, Rule: "trash"})
		}
	}
	return fields
}

// gone are those whom a person may bring back on a side. Who was merged stays so.
func (g *game) gone(there bool) (ids []string) {
	now := g.sides()
	s, ever := now.here, g.ever[0]
	if there {
		s, ever = now.there, g.ever[1]
	}
	for _, id := range slices.Sorted(maps.Keys(ever)) {
		if s[id] == nil && ever[id] {
			ids = append(ids, id)
		}
	}
	if there {
		return ids
	}
	b, err := g.store.Book(g.t.Context(), "people")
	if err != nil {
		g.t.Fatal(err)
	}
	trash, err := g.store.TrashedContacts(g.t.Context(), b)
	if err != nil {
		g.t.Fatal(err)
	}
	return slices.DeleteFunc(ids, func(id string) bool {
		return !slices.ContainsFunc(trash, func(c store.Contact) bool { return c.Ref == g.ref(id) })
	})
}

// look notes who has been there.
func (g *game) look() sides {
	now := g.sides()
	for i, s := range []side{now.here, now.there} {
		for id := range s {
			if _, known := g.ever[i][id]; !known {
				g.ever[i][id] = true
			}
		}
	}
	return now
}

// once runs the sync.
func (g *game) once() store.Run {
	r := g.run()
	g.tell(r)
	g.held = g.held || r.Totals.Held > 0
	return r
}

func (g *game) changes(r store.Run) (all []plan.Change) {
	for c, err := range g.store.Changes(g.t.Context(), r.ID) {
		if err != nil {
			g.t.Fatal(err)
		}
		all = append(all, c.Change)
	}
	return all
}

func (g *game) tell(r store.Run) {
	g.say("run %d %s: %s", r.ID, r.Kind, r.Status)
	for _, c := range g.changes(r) {
		at := "here"
		if c.Remote {
			at = "there"
		}
		line := fmt.Sprintf("   %s %s %s, contact %d, of %s %s", at, c.Action, c.TargetID, store.Number(c.Ref), c.SourceID, c.Reason)
		for _, f := range c.Fields {
			line += fmt.Sprintf(" %s:%q->%q(%s %q)", f.Name, f.Old, f.New, f.Rule, f.Kept)
		}
		g.say("%s %s", line, c.Detail.Message)
	}
}

// toRest runs the sync until it writes nothing; it takes three rounds at most (I1).
func (g *game) toRest(rounds int, when string) {
	g.rt.Helper()
	for range rounds {
		before, sent := g.look(), g.remote.Writes
		if r := g.once(); r.Totals.Writes() == 0 && g.remote.Writes == sent {
			if now := g.look(); !now.equal(before) {
				g.fail("a run without writes changed something:%v\nwas%v", now, before)
			}
			return
		}
	}
	g.fail("%s the sync does not come to rest", when)
}

// takeBack undoes a run, and checks that its journal says what it wrote.
func (g *game) takeBack(r store.Run) store.Run {
	g.rt.Helper()
	before := g.look()
	r, err := g.store.Run(g.t.Context(), r.ID)
	if err != nil {
		g.t.Fatal(err)
	}
	u, err := g.engine.Undo(g.t.Context(), g.sync, r)
	if err != nil {
		g.fail("undo of run %d: %v", r.ID, err)
	}
	g.tell(u)
	if u.Totals.Failed > 0 {
		g.fail("an undo failed in part, and nobody was in its way")
	}
	g.journalIsTrue(u, before, g.look())
	return u
}

// journalIsTrue checks that what a run wrote is what its journal says, no more and no less.
func (g *game) journalIsTrue(r store.Run, before, after sides) {
	g.rt.Helper()
	want := sides{here: before.here.copy(), there: before.there.copy()}
	var sum plan.Totals
	reasons := map[string]int64{}
	for _, c := range g.changes(r) {
		sum.Count(c.Action, 1)
		if c.Reason != plan.NoReason {
			reasons[string(c.Reason)]++
		}
		s, id := want.here, fmt.Sprint(store.Number(c.Ref))
		if c.Remote {
			s, id = want.there, c.TargetID
		}
		switch c.Action {
		case plan.Remove:
			delete(s, id)
		case plan.Create, plan.Restore, plan.Update:
			if c.Action != plan.Update {
				s[id] = map[string]string{}
			}
			for _, f := range c.Fields {
				if f.Written() && f.New == "" {
					delete(s[id], f.Name)
				} else if f.Written() {
					s[id][f.Name] = f.New
				}
			}
		}
	}
	if !after.equal(want) {
		g.fail("run %d: the journal says%v\nbut there is%v", r.ID, want, after)
	}
	if sum != r.Totals || !sum.Balanced() || !maps.Equal(reasons, r.Reasons) {
		g.fail("run %d: totals %+v %v, the journal says %+v %v", r.ID, r.Totals, r.Reasons, sum, reasons)
	}
}

func (s side) copy() side {
	out := side{}
	for id, values := range s {
		out[id] = maps.Clone(values)
	}
	return out
}

// renamed gives records that an undo made anew the ids of those they stand for.
func (g *game) renamed(s sides, r, undo store.Run) sides {
	old := g.removed(r)
	out := sides{here: s.here, there: s.there.copy()}
	for _, c := range g.changes(undo) {
		if id := old[c.Ref]; c.Remote && c.Action == plan.Create && id != "" && out.there[c.TargetID] != nil {
			out.there[id] = out.there[c.TargetID]
			delete(out.there, c.TargetID)
		}
	}
	return out
}

// removed are the records that a run deleted, by contact.
func (g *game) removed(r store.Run) map[int64]string {
	ids := map[int64]string{}
	for _, c := range g.changes(r) {
		if c.Remote && c.Action == plan.Remove {
			ids[c.Ref] = c.TargetID
		}
	}
	return ids
}

// stricter puts up with the consents that an undo leaves: it loosens none.
func (g *game) stricter(s sides, undo store.Run) sides {
	out := sides{here: s.here.copy(), there: s.there.copy()}
	for _, c := range g.changes(undo) {
		for _, f := range c.Fields {
			if f.Rule != "consent" {
				continue
			}
			at, id := out.here, fmt.Sprint(store.Number(c.Ref))
			if c.Remote {
				at, id = out.there, c.TargetID
			}
			if at[id] != nil {
				at[id][f.Name] = f.New
			}
		}
	}
	return out
}

// openAgain leaves the fields out whose conflict had been decided before the undo. Nothing is
// agreed on them any more: whoever has nothing there is told.
func (g *game) openAgain(undo store.Run, all ...sides) {
	for _, c := range g.changes(undo) {
		for _, f := range c.Fields {
			if f.Rule != "undo winner" {
				continue
			}
			for _, s := range all {
				for _, at := range []side{s.here, s.there} {
					for _, values := range at {
						delete(values, f.Name)
					}
				}
			}
		}
	}
}

// law checks a law over many small worlds.
func law(t *testing.T, check func(g *game)) {
	t.Helper()
	t.Parallel()
	s, err := store.OpenScratch(t.Context(), filepath.Join(t.TempDir(), "kith.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	rapid.Check(t, func(rt *rapid.T) {
		if err := s.Clear(t.Context()); err != nil {
			rt.Fatal(err)
		}
		def := drawLinked(rt)
		g := &game{world: newWorldIn(rt, s, def), rt: rt, ever: [2]map[string]bool{{}, {}}}
		g.engine.Reverse = g.reverse
		g.remote.Restoring = true // a placeholder may come back
		g.remote.Can = drawCan(rt)
		if rarely(rt, "the system cuts") {
			g.remote.Normalize = eightLetters
		}
		g.say("sync %s\ncan %+v", def.Canonical(), g.remote.Can)
		check(g)
	})
}

// meet has some people be there and the sync come to rest.
func (g *game) meet() {
	for range rapid.IntRange(0, 4).Draw(g.rt, "people") {
		values := drawPerson(g.rt)
		where := oneOf(g.rt, "where", "both", "here", "there")
		if where != "there" {
			g.say("here: %v", values)
			g.add(values)
		}
		if where != "here" {
			g.say("there: %v", values)
			g.remote.Add(values)
		}
	}
	g.toRest(4, "at first")
}

func (g *game) acts(label string, most int) (all []doing) {
	for range rapid.IntRange(0, most).Draw(g.rt, label) {
		if d, did := g.act(); did {
			all = append(all, d)
			g.look()
		}
	}
	return all
}

func TestPropUndoRestores(t *testing.T) {
	law(t, func(g *game) {
		g.meet()
		g.acts("edits", 5)
		before := g.look()
		r := g.once()
		if r.Totals.Writes() == 0 {
			return
		}
		after := g.look()
		u := g.takeBack(r)
		want := g.stricter(before, u)
		if got := g.renamed(g.look(), r, u); !got.equal(want) {
			g.fail("after the undo:%v\nwant%v", got, want)
		}
		undone := g.look()
		switch oneOf(g.rt, "then", "rest", "redo") {
		case "rest":
			g.toRest(4, "after the undo")
			got := g.look()
			g.openAgain(u, got, undone)
			if !g.held && !got.equal(undone) {
				g.fail("the undo does not stand:%v\nwant%v", got, undone)
			}
		case "redo":
			if u.Totals.Writes() == 0 {
				return
			}
			again := g.takeBack(u)
			want := g.stricter(after, again)
			if got := g.renamed(g.renamed(g.look(), u, again), r, u); !got.equal(want) {
				g.fail("after the undo of the undo:%v\nwant%v", got, want)
			}
			g.toRest(4, "after the undo of the undo")
		}
	})
}

// What people did since the run stays; all else is as before it, or is listed with a reason.
func TestPropUndoLeavesWhatPeopleDidSince(t *testing.T) {
	law(t, func(g *game) {
		g.meet()
		g.acts("edits", 4)
		before := g.look()
		r := g.once()
		if r.Totals.Writes() == 0 {
			return
		}
		after := g.look()
		g.acts("edits since", 4)
		again := rarely(g.rt, "another run")
		if again {
			g.once()
			g.acts("edits since that", 2)
		}
		if rarely(g.rt, "another plan") {
			g.tell(g.plan())
		}
		now := g.look()
		u := g.takeBack(r)
		then := g.renamed(g.look(), r, u)
		left := g.left(r, u)
		for i, m := range []moments{{before.here, after.here, now.here, then.here}, {before.there, after.there, now.there, then.there}} {
			for id := range m.everybody() {
				own, known := g.ever[i][id]
				if merged := known && !own; merged && m.after[id] == nil {
					continue // the run had removed them, and people made them one with somebody else
				}
				if !left[i][id] && !maps.Equal(m.then[id], m.want(id)) {
					g.fail("%s is %v after the undo, want %v", id, m.then[id], m.want(id))
				}
			}
		}
		if u.Totals.Writes() > 0 && rarely(g.rt, "undo of the undo") {
			g.acts("edits since the undo", 2)
			g.takeBack(u)
			now = g.look()
		}
		g.toRest(4, "after the undo")
		g.stays(after, now, again)
	})
}

// moments are a side before a run, after it, when people had gone on, and after the undo.
type moments struct{ before, after, now, then side }

func (m moments) everybody() side {
	all := side{}
	for _, s := range []side{m.before, m.after, m.now, m.then} {
		maps.Copy(all, s)
	}
	return all
}

// want is what an undo makes of somebody. Nil: they are gone.
func (m moments) want(id string) map[string]string {
	before, after, now := m.before[id], m.after[id], m.now[id]
	switch {
	case after != nil && maps.Equal(after, now) && now != nil && before == nil:
		return nil // the run had made them
	case after == nil && now == nil:
		return before // it had removed them
	case after == nil || now == nil || before == nil:
		return now
	}
	want := maps.Clone(now)
	for _, f := range people.Fields {
		if old := before[f.Name]; now[f.Name] == after[f.Name] && old != after[f.Name] {
			if want[f.Name] = old; old == "" {
				delete(want, f.Name)
			}
		}
	}
	return want
}

// left are those of whom an undo left something as it was, here and there.
func (g *game) left(r, undo store.Run) (left [2]map[string]bool) {
	removed := g.removed(r)
	left = [2]map[string]bool{{}, {}}
	for _, c := range g.changes(undo) {
		kept := slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool { return !f.Written() })
		if c.Reason == plan.NoReason && !kept {
			continue
		}
		if c.Remote {
			left[1][cmp.Or(c.TargetID, removed[c.Ref])] = true
		} else {
			left[0][fmt.Sprint(store.Number(c.Ref))] = true
		}
	}
	return left
}

// stays checks that what people typed since a run is there when the sync has come to rest,
// on both sides where the sync carries it. What another run has carried may have been cleared
// where it came from: a blank erases nothing.
func (g *game) stays(after, now sides, again bool) {
	def := g.sync.Definition
	if def.Direction != plan.TwoWay {
		return
	}
	end := g.look()
	ids, err := g.store.MirrorThere(g.t.Context(), 1)
	if err != nil {
		g.t.Fatal(err)
	}
	linked, err := g.store.MirrorByRemote(g.t.Context(), 1, ids)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, m := range linked {
		number, id := fmt.Sprint(store.Number(m.Ref)), m.RemoteID
		if m.Ref == 0 || after.here[number] == nil || after.there[id] == nil || now.here[number] == nil || now.there[id] == nil || end.here[number] == nil || end.there[id] == nil {
			continue
		}
		for _, f := range people.Fields {
			here, there := now.here[number][f.Name], now.there[id][f.Name]
			typedHere, typedThere := here != after.here[number][f.Name], there != after.there[id][f.Name]
			if f.Name == "news" || typedHere == typedThere {
				continue
			}
			typed, kept := here, end.here[number][f.Name]
			if typedThere {
				typed, kept = there, end.there[id][f.Name]
			}
			if typed != "" && kept != typed {
				g.fail("%q was typed as %s of contact %s, or of %s, and is gone:%v", typed, f.Name, number, id, end)
			}
			if typed != "" && !again && g.carries() && cut(end.here[number][f.Name]) != cut(end.there[id][f.Name]) {
				g.fail("%q was typed as %s of contact %s, or of %s, and did not travel:%v", typed, f.Name, number, id, end)
			}
		}
	}
}

// carries reports whether whatever is typed has to come to the other side.
func (g *game) carries() bool {
	p := g.sync.Definition.Policy
	return !g.held && p.Update != plan.WriteIfExistingBlank && p.Back != plan.WriteIfExistingBlank
}

// The system does not answer while a run is taken back, or the process dies. Asked for once
// more, the undo has done what one without a fault does: nobody is there twice, nobody is lost.
func TestPropUndoThroughFaults(t *testing.T) {
	law(t, func(g *game) {
		g.meet()
		g.acts("edits", 5)
		before := g.look()
		r := g.once()
		if r.Totals.Writes() == 0 || g.held {
			return
		}
		g.disturbed(r)
		g.look()
		undos := g.undosOf(r)
		g.once() // finds out what arrived
		for range 2 {
			if u, again := g.takeBackAgain(r); again {
				undos = append(undos, u)
			}
		}
		got := g.look()
		if len(undos) == 0 || unknown(g.changes(undos[len(undos)-1])) {
			return
		}
		want := before
		for _, u := range undos {
			want = g.stricter(want, u)
			g.openAgain(u, got, want)
		}
		if got.here.String() != want.here.String() || got.there.people() != want.there.people() {
			g.fail("after the undo:%v\nwant%v", got, want)
		}
		g.toRest(4, "after the undo")
		end := g.look()
		for _, u := range undos {
			g.openAgain(u, got, end)
		}
		if !g.held && !end.equal(got) {
			g.fail("the undo does not stand:%v\nwant%v", end, got)
		}
	})
}

// disturbed takes a run back while something goes wrong, and finishes what was interrupted.
func (g *game) disturbed(r store.Run) {
	what := oneOf(g.rt, "fault", "crash", "no answer", "lost", "busy")
	at, calls := rapid.IntRange(1, 3).Draw(g.rt, "at"), 0
	g.say("%s at write %d", what, at)
	strike := func(call string) *connector.Fault {
		if call != "write" {
			return nil
		}
		if calls++; calls != at {
			return nil
		}
		switch what {
		case "crash":
			panic("the power is gone")
		case "busy":
			return &connector.Fault{Kind: connector.Busy, Message: "busy"}
		}
		return &connector.Fault{Kind: connector.Unknown, Message: "no answer"}
	}
	if what == "crash" || what == "no answer" {
		g.remote.After = strike
	} else {
		g.remote.Before = strike
	}
	func() {
		defer func() {
			if f := recover(); f != nil && f != "the power is gone" {
				panic(f)
			}
		}()
		r, err := g.store.Run(g.t.Context(), r.ID)
		if err != nil {
			g.t.Fatal(err)
		}
		_, err = g.engine.Undo(g.t.Context(), g.sync, r)
		g.say("undo: %v", err)
	}()
	g.remote.After, g.remote.Before = answers, answers
	open, err := g.store.Interrupted(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	for _, i := range open {
		if _, err := g.engine.Resume(g.t.Context(), g.sync, i); err != nil {
			g.fail("resume: %v", err)
		}
	}
}

// undosOf are the undos of a run so far.
func (g *game) undosOf(r store.Run) (all []store.Run) {
	later, err := g.store.BookRuns(g.t.Context(), r.BookID, r.ID)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, u := range later {
		if u.UndoOf == r.ID {
			g.tell(u)
			all = append(all, u)
		}
	}
	return all
}

// takeBackAgain asks for an undo again, where it left anything.
func (g *game) takeBackAgain(r store.Run) (u store.Run, again bool) {
	r, err := g.store.Run(g.t.Context(), r.ID)
	if err != nil {
		g.t.Fatal(err)
	}
	u, err = g.engine.Undo(g.t.Context(), g.sync, r)
	if isCode(err, "undo.impossible") {
		return u, false
	}
	if err != nil {
		g.fail("undo once more: %v", err)
	}
	g.tell(u)
	return u, true
}

func unknown(changes []plan.Change) bool {
	return slices.ContainsFunc(changes, func(c plan.Change) bool { return c.Reason == plan.OutcomeUnknown })
}

// people are those of a side, whatever they are called there.
func (s side) people() string {
	var all []string
	for _, values := range s {
		all = append(all, show("", values))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// cut is what may be left of a value.
func cut(value string) string { return value[:min(len(value), 8)] }
