package run_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// The laws of a run. `go test -run TestProp -rapid.checks=10000` looks longer;
// rapid prints the smallest world that breaks one, and the seed that finds it.

// A step is one run and what the book held before and after it.
type step struct {
	run           store.Run
	changes       told
	before, after shelf
}

// steps runs every version of the world's file, one after the other. Each is
// planned twice before it is applied: planning writes nothing but the plan, and
// twice the same plan (I10).
func steps(t tb, w *world) (all []step) {
	for i := range w.Files {
		s := step{before: w.shelf(t)}
		first := w.plan(t, i)
		s.run = w.plan(t, i)
		if first.PlanHash != s.run.PlanHash {
			t.Fatalf("version %d: the second plan differs from the first\n%v", i, w)
		}
		equalShelves(t, w, "planning changed the book", w.shelf(t), s.before)
		s.run = w.apply(t, s.run)
		s.after, s.changes = w.shelf(t), w.changes(t, s.run)
		all = append(all, s)
	}
	return all
}

// I1: a second look at the same file, with nothing taken on trust from the
// first, finds nothing to do. A held record may go on later without the source
// changing (3.6): what stood in its way can be gone when the first run is over.
// And where last names tell apart who shares a telephone, and one of several is taken,
// a run that gives a contact another last name, or somebody else's telephone, may make
// the next one see somebody else behind that telephone. Then the book comes to rest one
// record after the other: within as many runs as the file has records.
func TestPropSettlesAfterOneRun(t *testing.T) {
	law(t, func(t *rapid.T, b *bench) {
		w := drawWorld(t, b, 1)
		last := w.run(t, 0)
		for n := 2; ; n++ {
			before := w.shelf(t)
			w.anew()
			r := w.run(t, 0)
			if r.Totals.Writes() == 0 {
				equalShelves(t, w, "a run without writes changed the book", w.shelf(t), before)
				return
			}
			if waiting(last) == 0 && !w.renames(t, last) || n > int(r.Totals.Read)+1 {
				t.Fatalf("run %d of one file: got %+v, want no writes\n%v\nbook %v\nplan %v", n, r.Totals, w, before, w.changes(t, r))
			}
			last = r
		}
	})
}

// waiting is how many records may still go on when others have: those held, and
// those rejected because several contacts were left to choose from.
func waiting(r store.Run) int64 { return r.Totals.Held + r.Reasons[string(plan.MatchSeveral)] }

// renames reports whether a run wrote a name by which the sync tells people apart, or gave
// a telephone to a contact of another name, where the sync then takes one of several.
func (w *world) renames(t tb, r store.Run) bool {
	if !w.Sync.TellsByName() || w.Sync.OnSeveral != plan.SeveralFirst && w.Sync.OnSeveral != plan.SeveralMostRecent {
		return false
	}
	return slices.ContainsFunc(w.changes(t, r), func(c plan.Change) bool {
		at := slices.IndexFunc(c.Fields, func(f plan.FieldChange) bool { return f.Name == "last_name" })
		if c.Action != plan.Update || at < 0 {
			return false
		}
		name := c.Fields[at]
		return name.Written() || name.Kept != "" && slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool { return f.Name == "phone" && f.Written() })
	})
}

// C17: the same file again with "every time" reports and does what a full look
// would: two equal worlds, one of which forgets what it knew.
func TestPropSameFileAgainIsAsAFullLook(t *testing.T) {
	law(t, func(t *rapid.T, b *bench) {
		quick := drawWorld(t, b, 1)
		full := quick.again(t)
		quick.run(t, 0)
		full.run(t, 0)
		full.anew()
		got, want := quick.run(t, 0), full.run(t, 0)
		if got.Totals != want.Totals || !maps.Equal(got.Reasons, want.Reasons) {
			t.Fatalf("totals: quick look %+v %v, full look %+v %v\n%v\n%v", got.Totals, got.Reasons, want.Totals, want.Reasons, quick, full.changes(t, want))
		}
		equalShelves(t, quick, "the quick look left another book", withoutCodes(quick.shelf(t)), withoutCodes(full.shelf(t)))
	})
}

// Every run keeps these laws, whatever the world.
func TestPropEveryRun(t *testing.T) {
	laws := []struct {
		name string
		keep func(t *rapid.T, w *world, s step)
	}{
		{"nothing is erased", nothingErased},
		{"policies protect", policiesProtect},
		{"the placeholder does not arrive", noPlaceholder},
		{"each contact is touched once", touchedOnce},
		{"totals add up", totalsAddUp},
		{"no two contacts get one key", noTwoWithOneKey},
	}
	law(t, func(t *rapid.T, b *bench) {
		w := drawWorld(t, b, 2)
		for _, s := range steps(t, w) {
			for _, l := range laws {
				l.keep(t, w, s)
			}
		}
	})
}

// Settled question 7: no value gives way to a blank unless its field may clear.
func nothingErased(t *rapid.T, w *world, s step) {
	for number, values := range s.before {
		now, kept := s.after[number]
		for name, old := range values {
			m, _ := w.mapping(name)
			if kept && now[name] == "" && name != plan.DefaultMark && !(m.MayClear && w.policy(name) == plan.WriteAlways) {
				t.Fatalf("contact %d lost %s %q\n%v", number, name, old, w)
			}
		}
	}
}

// I4, requirements 3.4: what a policy protects stays.
func policiesProtect(t *rapid.T, w *world, s step) {
	for number, values := range s.before {
		now, kept := s.after[number]
		if !kept {
			continue
		}
		for _, f := range fields {
			old := values[f.Name]
			blank := contact.Blank(old) || f.Kind == contact.Name && contact.IsPlaceholder(old) // 3.5
			fills := w.policy(f.Name) == plan.WriteIfExistingBlank && blank
			protected := w.policy(f.Name) == plan.WriteIfExistingBlank || w.policy(f.Name) == plan.WriteNever
			if protected && !fills && now[f.Name] != old {
				t.Fatalf("contact %d: %s under %s went from %q to %q\n%v", number, f.Name, w.policy(f.Name), old, now[f.Name], w)
			}
		}
	}
}

// Requirements 3.5: nobody is ever called "New Contact" by a run.
func noPlaceholder(t *rapid.T, w *world, s step) {
	for _, c := range s.changes {
		for _, f := range c.Fields {
			if f.Written() && f.Name == "first_name" && f.New == "New Contact" {
				t.Fatalf("the placeholder was written:%v\n%v", told{c}, w)
			}
		}
	}
}

// Every contact stands for one record at most, and is written once at most.
func touchedOnce(t *rapid.T, w *world, s step) {
	owner := map[int64]plan.Change{}
	for _, c := range s.changes {
		if c.Ref == 0 || c.Action == plan.Hold || c.Action == plan.Skip || c.Action == plan.Reject {
			continue
		}
		if other, twice := owner[c.Ref]; twice {
			t.Fatalf("contact %s has two changes:%v\n%v", c.TargetID, told{other, c}, w)
		}
		owner[c.Ref] = c
	}
}

// I8: every record has one outcome, and the totals are the sum of the outcomes.
func totalsAddUp(t *rapid.T, w *world, s step) {
	var sum plan.Totals
	reasons := map[string]int64{}
	next := int64(0)
	for _, c := range s.changes {
		if c.Row < 0 {
			sum.CountApart(c.Action)
		} else {
			sum.Count(c.Action, 1)
		}
		if c.Reason != plan.NoReason && c.Reason != plan.SourceGone {
			reasons[string(c.Reason)]++
		}
		if c.Row < 0 {
			continue
		}
		if c.Row != next {
			t.Fatalf("record %d comes where %d is expected\n%v", c.Row, next, w)
		}
		next++
	}
	sum.BlankLines = s.run.Totals.BlankLines
	if sum != s.run.Totals || !sum.Balanced() {
		t.Fatalf("totals: got %+v, the changes say %+v\n%v", s.run.Totals, sum, w)
	}
	if !maps.Equal(reasons, s.run.Reasons) {
		t.Fatalf("reasons: got %v, the changes say %v\n%v", s.run.Reasons, reasons, w)
	}
	if made := int64(len(s.after) - len(s.before)); made != sum.Created-sum.Deleted {
		t.Fatalf("the book grew by %d, the totals say %+v\n%v", made, sum, w)
	}
}

// No run gives two contacts one identity (I3): an e-mail that the sync matches
// by, or a unique identifier (C28). Contacts out of scope may have the e-mail of
// one inside (K3-K5), so those worlds only count for the identifier.
func noTwoWithOneKey(t *rapid.T, w *world, s step) {
	before := w.sharing(s.before)
	for pair, why := range w.sharing(s.after) {
		if _, known := before[pair]; !known {
			t.Fatalf("contacts %v now share %s\n%v\nbefore %v\nafter %v", pair, why, w, s.before, s.after)
		}
	}
}

// sharing returns the pairs of contacts that have one key.
func (w *world) sharing(s shelf) map[[2]int64]string {
	out := map[[2]int64]string{}
	rules := []plan.Rule{}
	if w.Sync.Target.Key == "uid" {
		rules = append(rules, plan.ByKey)
	}
	if slices.Contains(w.Sync.Match, plan.ByEmail) && w.Sync.Scope == "" {
		rules = append(rules, plan.ByEmail)
	}
	for _, rule := range rules {
		owners := map[string][]int64{}
		for _, number := range slices.Sorted(maps.Keys(s)) {
			for _, key := range w.telling(rule, s[number]) {
				for _, other := range owners[key] {
					out[[2]int64{other, number}] = string(rule) + " " + key
				}
				owners[key] = append(owners[key], number)
			}
		}
	}
	return out
}

// telling are the keys by which the sync tells a contact from another.
func (w *world) telling(rule plan.Rule, c map[string]string) []string {
	keys := w.keyring().Keys(rule, w.values(c), nil)
	if w.Sync.Secondary && rule == plan.ByEmail {
		keys = w.keyring().Keys(plan.SecondRules[0], w.values(c), keys)
	}
	return keys
}

// keyring finds the match keys of the world's contacts.
func (w *world) keyring() *plan.Keyring {
	if w.Sync.Target.Key == "uid" {
		return w.bench.keyed
	}
	return w.bench.keyless
}

// values puts a contact's values into the order of fields.
func (w *world) values(c map[string]string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = c[f.Name]
	}
	return out
}

// mapping returns the line of the map that fills a field.
func (w *world) mapping(field string) (plan.Mapping, bool) {
	i := slices.IndexFunc(w.Sync.Map, func(m plan.Mapping) bool { return m.To == field })
	if i < 0 {
		return plan.Mapping{}, false
	}
	return w.Sync.Map[i], true
}

// policy is the write policy of a field: its own, the guarded one of an e-mail
// that is the identity (3.4), or the sync's.
func (w *world) policy(field string) plan.Write {
	m, ok := w.mapping(field)
	switch {
	case !ok:
		return plan.WriteNever
	case m.Write != "":
		return m.Write
	case field == "email" && w.Sync.Match[0] == plan.ByEmail && w.Sync.Policy.Update != plan.WriteNever:
		return plan.WriteIfExistingBlank
	}
	return w.Sync.Policy.Update
}

func equalShelves(t tb, w *world, what string, got, want shelf) {
	t.Helper()
	if !maps.EqualFunc(got, want, maps.Equal) {
		t.Fatalf("%s\ngot  %v\nwant %v\n%v", what, got, want, w)
	}
}
