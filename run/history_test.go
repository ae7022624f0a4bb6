package run_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A look at what changed since the last run decides as a look at everything
// does. Two equal worlds live through one history; one of them forgets what it
// knew before every run.
func TestPropIncrementalIsFull(t *testing.T) {
	law(t, func(t *rapid.T, b *bench) {
		quick := drawWorld(t, b, rapid.IntRange(2, 3).Draw(t, "files"))
		full := quick.again(t)
		for n := range rapid.IntRange(2, 4).Draw(t, "deeds") {
			deed := drawDeed(t, quick, n)
			full.anew()
			got, want := deed.do(t, quick), deed.do(t, full)
			if got.Totals != want.Totals || !maps.Equal(got.Reasons, want.Reasons) {
				t.Fatalf("after %v: totals %+v %v, a full look says %+v %v\nincremental%v\nfull%v\n%v", deed,
					got.Totals, got.Reasons, want.Totals, want.Reasons, quick.changes(t, got), full.changes(t, want), quick)
			}
			equalShelves(t, quick, fmt.Sprintf("after %v (want is the full look's)", deed), withoutCodes(quick.shelf(t)), withoutCodes(full.shelf(t)))
		}
	})
}

// A deed is something that happens to a book.
type deed struct {
	what   string // run, edit, trash, add, undo
	file   int
	number int64 // of the contact
	field  int
	value  string
	values []string
}

func (d deed) String() string {
	switch d.what {
	case "run":
		return fmt.Sprintf("run of file %d", d.file)
	case "edit":
		return fmt.Sprintf("edit of contact %d: %s=%q", d.number, fields[d.field].Name, d.value)
	case "add":
		return fmt.Sprintf("adding %q", d.values)
	}
	return fmt.Sprintf("%s %d", d.what, d.number)
}

// drawDeed draws what happens next. The history begins with a run.
func drawDeed(t *rapid.T, w *world, n int) deed {
	numbers := slices.Sorted(maps.Keys(w.shelf(t)))
	what := oneOf(t, "deed", "run", "run", "edit", "trash", "add", "undo")
	if n == 0 || len(numbers) == 0 {
		what = "run"
	}
	d := deed{what: what}
	switch what {
	case "run":
		d.file = rapid.IntRange(0, len(w.Files)-1).Draw(t, "file")
	case "edit", "trash":
		d.number = rapid.SampledFrom(numbers).Draw(t, "contact")
		d.field = rapid.IntRange(1, len(fields)-1).Draw(t, "field")
		d.value = trimmed(rapid.SampledFrom(alphabet[d.field]).Draw(t, "value"))
	case "add":
		d.values = drawValues(t, "added")
		d.values[0] = ""
	}
	return d
}

// do does the deed and returns the run that it was.
func (d deed) do(t *rapid.T, w *world) store.Run {
	t.Helper()
	ref := store.Ref(w.book.ID, d.number)
	switch d.what {
	case "run":
		return w.run(t, d.file)
	case "undo":
		return w.undoLast(t)
	case "edit":
		old := w.shelf(t)[d.number][fields[d.field].Name]
		change := plan.FieldChange{Name: fields[d.field].Name, Old: old, New: d.value, Rule: "edit"}
		return w.edit(t, plan.Change{Action: plan.Update, Ref: ref, Fields: []plan.FieldChange{change}})
	case "trash":
		return w.edit(t, plan.Change{Action: plan.Remove, Ref: ref})
	}
	return w.edit(t, plan.Change{Action: plan.Create, Values: d.values})
}

func (w *world) edit(t *rapid.T, c plan.Change) store.Run {
	t.Helper()
	r, err := w.bench.Engine.Edit(ctx, w.book, "edit", []plan.Change{c})
	var refused *run.Error
	if err != nil && (!errors.As(err, &refused) || refused.Code != string(plan.IdentityConflict)) {
		t.Fatalf("edit: %v", err)
	}
	w.checkBook(t)
	return store.Run{RunDetail: store.RunDetail{Totals: r.Totals}} // refused or not: the same in both worlds
}

// undoLast takes the last run of the world's sync back, if it can be.
func (w *world) undoLast(t *rapid.T) store.Run {
	t.Helper()
	last, err := w.bench.Store.LatestApplied(ctx, w.saved(t).ID)
	if err != nil || last.Undone != 0 || last.Totals.Writes() == 0 {
		return store.Run{}
	}
	return w.undo(t, last)
}

// Settled question 9, I14: the order of rows does not change who is recognised
// by the best key that a row has, where no other row has that key.
func TestPropRowOrderDoesNotChangePairs(t *testing.T) {
	law(t, func(t *rapid.T, b *bench) {
		w := drawWorld(t, b, 0)
		lines := slices.DeleteFunc(drawRows(t, "row", 8), func(l line) bool { return strings.TrimSpace(strings.Join(l.values, "")) == "" }) // those would not be records
		lines = w.distinct(lines)                                                                                                           // of duplicates the first counts: there the order matters on purpose
		shuffled := rapid.Permutation(lines).Draw(t, "order")
		w.Files = []string{render(lines), render(shuffled)}
		first, second := w.pairs(t, w.plan(t, 0), lines), w.pairs(t, w.plan(t, 1), shuffled)
		if !maps.Equal(first, second) {
			t.Fatalf("pairs: got %v, in another order %v\n%v", first, second, w)
		}
	})
}

// distinct leaves out the records that share their best key with another; where second
// addresses count, those that share any.
func (w *world) distinct(lines []line) []line {
	users := map[string]int{}
	for _, l := range lines {
		for _, key := range w.identities(l.values) {
			users[key]++
		}
	}
	return slices.DeleteFunc(lines, func(l line) bool {
		return slices.ContainsFunc(w.identities(l.values), func(key string) bool { return users[key] > 1 })
	})
}

func (w *world) identities(values []string) (keys []string) {
	if !w.Sync.Secondary {
		if _, key := w.bestKey(values); key != "" {
			keys = append(keys, key)
		}
		return keys
	}
	ring := plan.NewKeyring(contact.Schema{Fields: fields}, "GB", true)
	for _, rule := range w.Sync.Match {
		keys = ring.Keys(rule, values, keys)
	}
	return keys
}

// pairs returns which contact each record with a best key of its own is.
func (w *world) pairs(t *rapid.T, r store.Run, lines []line) map[string]int64 {
	t.Helper()
	out, users := map[string]int64{}, map[string]int{}
	for _, c := range w.changes(t, r) {
		if c.Row < 0 {
			continue
		}
		rule, key := w.bestKey(lines[c.Row].values)
		users[key]++
		if key != "" && c.Rule == rule && c.Ref != 0 { // also one held over a value: it is that contact all the same
			out[key] = store.Number(c.Ref)
		}
	}
	maps.DeleteFunc(out, func(key string, _ int64) bool { return users[key] > 1 })
	return out
}

// bestKey returns the key that is a record's identity for the world's sync.
func (w *world) bestKey(values []string) (plan.Rule, string) {
	for _, rule := range w.Sync.Match {
		for _, key := range w.keyring().Keys(rule, values, nil) {
			return rule, key
		}
	}
	return "", ""
}

// withoutCodes leaves out the generated keys, which are drawn at random (C29).
func withoutCodes(s shelf) shelf {
	for _, values := range s {
		delete(values, "unique_key")
		if values[plan.DefaultMark] != "" { // two worlds have syncs of two names
			values[plan.DefaultMark] = "marked"
		}
	}
	return s
}

// contents is what a book holds, whatever the numbers of its contacts.
func contents(s shelf) string {
	var all []string
	for _, values := range s {
		all = append(all, fmt.Sprintln(values))
	}
	slices.Sort(all)
	return strings.Join(all, "")
}
