package connectortest

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

func (s Suite) target(t *testing.T) {
	for _, row := range []struct {
		sentence string
		test     func(t *testing.T)
		applies  bool
	}{
		{"it can do what it says and no more", s.abilities, true},
		{"it has what it was made with", s.asMade, true},
		{"records are found by each rule", s.lookup, true},
		{"a blank finds nobody", s.blanks, true},
		{"records come in the order asked for, those gone left out", s.fetches, true},
		{"handles are reserved once for a run", s.reserves, true},
		{"changes are carried out in order", s.writes, true},
		{"what is not mapped stays byte for byte", s.unmapped, true},
		{"a refused change does not stop the others", s.refuses, true},
		{"what has moved on is not overwritten", s.movedOn, s.Versions},
		{"a batch that is repeated changes nothing", s.writesTwice, true},
		{"what is removed comes back", s.restores, true},
		{"the state changes with the content and only then", s.states, true},
		{"fields are added", s.addsFields, true},
		{"it lasts as promised", s.lasts, true},
		{"its state is known before it is finished", s.prepares, s.Prepares},
		{"a sync owns what its runs created", s.owns, true},
		{"keys are taken at the end", s.takesKeys, s.TakesKeys},
		{"it is kept and put back byte for byte", s.keeps, s.Keeps},
		{"a cancelled context ends everything", s.cancelledTarget, true},
	} {
		if row.applies {
			t.Run(row.sentence, row.test)
		}
	}
}

func (s Suite) abilities(t *testing.T) {
	target := s.Target(t, Schema, nil)
	_, takes := target.(keyTaker)
	_, prepares := target.(preparer)
	_, keeps := target.(keeper)
	if takes != s.TakesKeys || prepares != s.Prepares || keeps != s.Keeps {
		t.Errorf("takes keys, prepares, keeps: got %v %v %v, want %v %v %v", takes, prepares, keeps, s.TakesKeys, s.Prepares, s.Keeps)
	}
}

func (s Suite) asMade(t *testing.T) {
	target := s.Target(t, Schema, People())
	if target.Name() == "" {
		t.Error("the target has no name")
	}
	if got := target.Region(); got != Region {
		t.Errorf("region: got %q, want %q", got, Region)
	}
	schema, err := target.Schema(t.Context())
	if err != nil || schema.Key != Schema.Key {
		t.Errorf("schema: got key %q, %v; want %q", schema.Key, err, Schema.Key)
	}
	for _, f := range Schema.Fields {
		if got, _ := schema.Field(f.Name); got.Kind != f.Kind {
			t.Errorf("field %s: got kind %q, want %q", f.Name, got.Kind, f.Kind)
		}
	}
	sameRows(t, "records", contents(t, target), People())
	sameRows(t, "records of an empty target", contents(t, s.Target(t, Schema, nil)), nil)
}

// look returns the places among the target's records of those with a key.
func (s Suite) look(t *testing.T, target connector.Target, rule plan.Rule, values ...string) (places []int) {
	t.Helper()
	ring := plan.NewKeyring(Schema, Region, false)
	var hashes []uint64
	for _, v := range values {
		row := make([]string, len(Schema.Fields))
		for i := range row {
			row[i] = v
		}
		for _, key := range ring.Keys(rule, row, nil) {
			hashes = append(hashes, s.Secret.Hash(key))
		}
	}
	slices.Sort(hashes)
	hits, err := target.Lookup(t.Context(), rule, slices.Compact(hashes))
	if err != nil {
		t.Fatalf("lookup: %v", err)
	}
	if !slices.IsSortedFunc(hits, func(a, b connector.Hit) int { return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Ref, b.Ref)) }) {
		t.Errorf("hits by %s: got %v, want them ascending", rule, hits)
	}
	refs := owned(t, target, 0)
	for _, h := range hits {
		places = append(places, slices.Index(refs, h.Ref))
	}
	slices.Sort(places)
	return places
}

func (s Suite) lookup(t *testing.T) {
	target := s.Target(t, Schema, People())
	for _, row := range []struct {
		sentence string
		rule     plan.Rule
		values   []string
		want     []int
	}{
		{"by unique identifier", plan.ByKey, []string{"2"}, []int{1}},
		{"by e-mail, whatever its case", plan.ByEmail, []string{"ADA@Example.com"}, []int{0}},
		{"by telephone, however written; two share it", plan.ByPhone, []string{"+44 (0)20 7946 0001"}, []int{0, 3}},
		{"several at once", plan.ByKey, []string{"5", "1", "9", "3"}, []int{0, 2, 4}},
		{"nobody", plan.ByEmail, []string{"eve@example.com"}, nil},
		{"an identifier is no e-mail", plan.ByEmail, []string{"1"}, nil},
		{"nothing asked", plan.ByKey, nil, nil},
	} {
		if got := s.look(t, target, row.rule, row.values...); !slices.Equal(got, row.want) {
			t.Errorf("%s: got records %v, want %v", row.sentence, got, row.want)
		}
	}
}

func (s Suite) blanks(t *testing.T) {
	target := s.Target(t, Schema, People())
	for _, rule := range plan.KeyRules {
		hits, err := target.Lookup(t.Context(), rule, []uint64{s.Secret.Hash("")})
		if err != nil || len(hits) > 0 {
			t.Errorf("the hash of a blank by %s: got %v, %v; want nobody", rule, hits, err)
		}
	}
}

func (s Suite) fetches(t *testing.T) {
	target := s.Target(t, Schema, People())
	run, refs := s.run(t, target), owned(t, target, 0)
	if !slices.IsSorted(refs) {
		t.Fatalf("handles: got %v, want them ascending", refs)
	}
	write(t, target, run, remove(fetch(t, target, refs[1])[0]))
	var got []int64
	for _, f := range fetch(t, target, append(refs, refs[4]+1000)...) {
		got = append(got, f.Ref)
	}
	if want := slices.Delete(slices.Clone(refs), 1, 2); !slices.Equal(got, want) {
		t.Errorf("fetch all: got %v, want %v", got, want)
	}
	if got := fetch(t, target); len(got) > 0 {
		t.Errorf("fetch none: got %v", got)
	}
	if got := s.look(t, target, plan.ByKey, "2"); len(got) > 0 {
		t.Errorf("look up the one that is gone: got %v", got)
	}
	for range target.Fetch(t.Context(), refs) {
		break // a reader may stop early
	}
}

func (s Suite) reserves(t *testing.T) {
	target := s.Target(t, Schema, People())
	refs := owned(t, target, 0)
	reserve := func(run, n int64) int64 {
		first, err := target.Reserve(t.Context(), run, n)
		if err != nil {
			t.Fatalf("reserve: %v", err)
		}
		return first
	}
	one := s.run(t, target)
	first := reserve(one, 3)
	if first <= refs[len(refs)-1] {
		t.Errorf("first handle: got %d, want one after %d", first, refs[len(refs)-1])
	}
	write(t, target, one, create(first, "7"))
	if again := reserve(one, 3); again != first {
		t.Errorf("reserved again for the run: got %d, want %d", again, first)
	}
	if two := s.runOf(t, target, 2); two != one {
		if next := reserve(two, 1); next < first+3 {
			t.Errorf("reserved for another run: got %d, want %d or more", next, first+3)
		}
	}
}

func create(ref int64, uid string) plan.Change {
	return plan.Change{Action: plan.Create, Ref: ref, Values: []string{uid, uid + "@example.com", "", "New", `"new", it is`}}
}

func update(f connector.Found, name, value string) plan.Change {
	old := f.Value(Schema.Index(name))
	return plan.Change{Action: plan.Update, Ref: f.Ref, TargetID: f.ID, Version: f.Version,
		Fields: []plan.FieldChange{{Name: name, Old: old, New: value, Rule: "always"}}}
}

func remove(f connector.Found) plan.Change {
	return plan.Change{Action: plan.Remove, Ref: f.Ref, TargetID: f.ID, Version: f.Version}
}

func accepted(t *testing.T, results []connector.Result) {
	t.Helper()
	for i, r := range results {
		if r.Refused != "" {
			t.Errorf("change %d: refused with %s %s", i, r.Refused, r.Message)
		}
	}
}

func (s Suite) writes(t *testing.T) {
	target := s.Target(t, Schema, People())
	run := s.run(t, target)
	have := fetch(t, target, owned(t, target, 0)...)
	s.look(t, target, plan.ByEmail, "ada@example.com") // whatever is kept of this must not show later
	first, err := target.Reserve(t.Context(), run, 2)
	if err != nil {
		t.Fatal(err)
	}
	results := write(t, target, run, create(first, "7"), update(have[0], "email", "lovelace@example.com"), remove(have[2]), create(first+1, "8"))
	accepted(t, results)
	want := People()
	want[0][1] = "lovelace@example.com"
	want = append(slices.Delete(want, 2, 3), create(0, "7").Values, create(0, "8").Values)
	sameRows(t, "records", contents(t, target), want)
	for i, id := range []string{fetch(t, target, first)[0].ID, have[0].ID, have[2].ID, fetch(t, target, first+1)[0].ID} {
		if results[i].TargetID != id {
			t.Errorf("target id of change %d: got %q, want %q", i, results[i].TargetID, id)
		}
	}
	for value, want := range map[string][]int{"lovelace@example.com": {0}, "ada@example.com": nil, "7@example.com": {4}} {
		if got := s.look(t, target, plan.ByEmail, value); !slices.Equal(got, want) {
			t.Errorf("look up %s: got %v, want %v", value, got, want)
		}
	}
	if have[0].Value(1) != "ada@example.com" {
		t.Errorf("a record fetched before: got %q, want it as it was", have[0].Values)
	}
	finish(t, target, run)
	sameRows(t, "records, opened anew", contents(t, s.Reopen(t, target)), want)
}

func (s Suite) unmapped(t *testing.T) {
	target := s.Target(t, Schema, People())
	run := s.run(t, target)
	var changes []plan.Change
	want := People()
	for i, f := range fetch(t, target, owned(t, target, 0)...) {
		changes = append(changes, update(f, "first_name", "Changed"))
		want[i][3] = "Changed"
	}
	accepted(t, write(t, target, run, changes...))
	finish(t, target, run)
	sameRows(t, "records", contents(t, s.Reopen(t, target)), want)
}

func (s Suite) refuses(t *testing.T) {
	target := s.Target(t, Schema, People())
	run := s.run(t, target)
	have := fetch(t, target, owned(t, target, 0)...)
	write(t, target, run, remove(have[1]))
	other := s.runOf(t, target, 2)
	results := write(t, target, other, update(have[0], "remark", "one"), update(have[1], "remark", "two"), remove(have[1]), update(have[2], "remark", "three"))
	for i, want := range []plan.Reason{"", plan.TargetGone, "", ""} {
		if results[i].Refused != want {
			t.Errorf("change %d: got refused %q, want %q", i, results[i].Refused, want)
		}
	}
	want := slices.Delete(People(), 1, 2)
	want[0][4], want[1][4] = "one", "three"
	sameRows(t, "records", contents(t, target), want)
}

func (s Suite) movedOn(t *testing.T) {
	target := s.Target(t, Schema, People())
	have := fetch(t, target, owned(t, target, 0)...)
	write(t, target, s.run(t, target), update(have[0], "remark", "one"), update(have[1], "remark", "one"))
	results := write(t, target, s.runOf(t, target, 2), update(have[0], "email", "late@example.com"), remove(have[1]), update(have[2], "remark", "in time"))
	for i, want := range []plan.Reason{plan.TargetChanged, plan.TargetChanged, ""} {
		if results[i].Refused != want {
			t.Errorf("change %d: got refused %q, want %q", i, results[i].Refused, want)
		}
	}
	want := People()
	want[0][4], want[1][4], want[2][4] = "one", "one", "in time"
	sameRows(t, "records", contents(t, target), want)
	if got := s.look(t, target, plan.ByEmail, "late@example.com", "ada@example.com"); !slices.Equal(got, []int{0}) {
		t.Errorf("keys of a refused change: got %v, want those of before", got)
	}
	now := fetch(t, target, have[0].Ref)[0]
	results = write(t, target, s.runOf(t, target, 3), update(now, "email", "first@example.com"), update(now, "email", "second@example.com"))
	if results[0].Refused != "" || results[1].Refused != plan.TargetChanged {
		t.Errorf("two updates of one record at once: got %+v, want the second refused", results)
	}
	if got := s.look(t, target, plan.ByEmail, "first@example.com"); !slices.Equal(got, []int{0}) {
		t.Errorf("keys of the first of two updates: got %v", got)
	}
}

func (s Suite) writesTwice(t *testing.T) {
	target := s.Target(t, Schema, People())
	run := s.run(t, target)
	have := fetch(t, target, owned(t, target, 0)...)
	first, err := target.Reserve(t.Context(), run, 2)
	if err != nil {
		t.Fatal(err)
	}
	batch := []plan.Change{create(first, "7"), update(have[0], "email", "new@example.com"), remove(have[1]),
		{Action: plan.Create, Ref: first + 1, Values: []string{"", "key@example.com"}}}
	results := write(t, target, run, batch...)
	before, rows := state(t, target), contents(t, target)
	again := write(t, target, run, batch...)
	accepted(t, again)
	if !slices.Equal(again, results) {
		t.Errorf("results: got %+v, want %+v as the first time", again, results)
	}
	if got := state(t, target); got != before {
		t.Errorf("state: got %s, want %s", got, before)
	}
	sameRows(t, "records", contents(t, target), rows)
	finish(t, target, run)
	finish(t, target, run)
	sameRows(t, "records, opened anew", contents(t, s.Reopen(t, target)), rows)
}

func (s Suite) restores(t *testing.T) {
	target := s.Target(t, Schema, People())
	have := fetch(t, target, owned(t, target, 0)...)
	write(t, target, s.run(t, target), remove(have[1]))
	back := plan.Change{Action: plan.Restore, Ref: have[1].Ref, TargetID: have[1].ID, Values: have[1].Values}
	run := s.runOf(t, target, 2)
	accepted(t, write(t, target, run, back))
	accepted(t, write(t, target, run, back))
	sameRows(t, "records", contents(t, target), People())
	if got := s.look(t, target, plan.ByEmail, "bo@example.org"); !slices.Equal(got, []int{1}) {
		t.Errorf("look up the restored record: got %v, want [1]", got)
	}
}

func (s Suite) states(t *testing.T) {
	target := s.Target(t, Schema, People())
	run := s.run(t, target)
	seen := []string{state(t, target)}
	if got := state(t, target); got != seen[0] {
		t.Errorf("asked twice: got %s, want %s", got, seen[0])
	}
	fetch(t, target, owned(t, target, 0)...)
	s.look(t, target, plan.ByKey, "1")
	if err := target.AddFields(t.Context(), Schema.Fields[:2]); err != nil {
		t.Fatal(err)
	}
	finish(t, target, run)
	if got := state(t, target); got != seen[0] {
		t.Errorf("after reading only: got %s, want %s", got, seen[0])
	}
	have := fetch(t, target, owned(t, target, 0)...)
	first, err := target.Reserve(t.Context(), run, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []plan.Change{create(first, "7"), update(have[0], "remark", "one"), remove(have[1])} {
		write(t, target, run, change)
		finish(t, target, run)
		got := state(t, target)
		if slices.Contains(seen, got) {
			t.Errorf("after %s: got state %s, want one not seen before %v", change.Action, got, seen)
		}
		seen = append(seen, got)
	}
	if got := state(t, s.Reopen(t, target)); got != seen[len(seen)-1] {
		t.Errorf("opened anew: got state %s, want %s", got, seen[len(seen)-1])
	}
	gone := s.runOf(t, target, 2)
	write(t, target, gone, update(have[1], "remark", "gone"))
	finish(t, target, gone)
	if got := state(t, target); got != seen[len(seen)-1] {
		t.Errorf("after a refused change: got state %s, want %s", got, seen[len(seen)-1])
	}
}

var extra = []contact.Field{{Name: "city", Kind: contact.Text}, {Name: "email", Kind: contact.Email}}

func (s Suite) addsFields(t *testing.T) {
	target := s.Target(t, Schema, People())
	run := s.run(t, target)
	for range 2 {
		if err := target.AddFields(t.Context(), extra); err != nil {
			t.Fatal(err)
		}
	}
	have := fetch(t, target, owned(t, target, 0)...)
	change := update(have[1], "remark", "moved")
	change.Fields = append(change.Fields, plan.FieldChange{Name: "city", New: "Ely"})
	accepted(t, write(t, target, run, change))
	finish(t, target, run)
	reopened := s.Reopen(t, target)
	schema, err := reopened.Schema(t.Context())
	if err != nil || len(schema.Fields) != len(Schema.Fields)+1 {
		t.Fatalf("schema: got %+v, %v; want one more field", schema, err)
	}
	for i, f := range fetch(t, reopened, owned(t, reopened, 0)...) {
		want := ""
		if i == 1 {
			want = "Ely"
		}
		if got := f.Value(schema.Index("city")); got != want {
			t.Errorf("city of record %d: got %q, want %q", i, got, want)
		}
	}
	want := People()
	want[1][4] = "moved"
	sameRows(t, "records", contents(t, reopened), want)
}

// lasts: a durable target keeps what was written without Finish; of any other,
// nothing is seen before.
func (s Suite) lasts(t *testing.T) {
	target := s.Target(t, Schema, People())
	run, before := s.run(t, target), state(t, target)
	have := fetch(t, target, owned(t, target, 0)...)
	write(t, target, run, update(have[0], "remark", "written"))
	want := People()
	if target.Durable() {
		want[0][4] = "written"
	} else if got := state(t, target); got != before {
		t.Errorf("state before it is finished: got %s, want %s", got, before)
	}
	sameRows(t, "records before it is finished, opened anew", contents(t, s.Reopen(t, target)), want)
	finish(t, target, run)
	want[0][4] = "written"
	sameRows(t, "records after it is finished, opened anew", contents(t, s.Reopen(t, target)), want)
}

func (s Suite) prepares(t *testing.T) {
	target := s.Target(t, Schema, People())
	p := target.(preparer)
	run := s.run(t, target)
	have := fetch(t, target, owned(t, target, 0)...)
	write(t, target, run, update(have[0], "remark", "written"))
	if _, err := p.Prepare(t.Context()); err != nil {
		t.Fatalf("prepare: %v", err)
	}
	write(t, target, run, update(have[1], "remark", "written later"))
	finish(t, target, run)
	want := People()
	want[0][4], want[1][4] = "written", "written later"
	sameRows(t, "records written after it was prepared, opened anew", contents(t, s.Reopen(t, target)), want)

	before := state(t, target)
	write(t, target, run, update(fetch(t, target, have[2].Ref)[0], "remark", "written"))
	promised, err := p.Prepare(t.Context())
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	if got := state(t, target); got != before {
		t.Errorf("state once prepared: got %s, want %s still", got, before)
	}
	finish(t, target, run)
	if got := state(t, target); got != promised || got == before {
		t.Errorf("state once finished: got %s, want %s as promised", got, promised)
	}
}

func (s Suite) owns(t *testing.T) {
	target := s.Target(t, Schema, People())
	all := owned(t, target, 0)
	if len(all) != len(People()) {
		t.Fatalf("all records: got %v, want %d", all, len(People()))
	}
	for range target.Owned(t.Context(), 0) {
		break // a reader may stop early
	}
	for _, sync := range []int64{1, 2} {
		run := s.runOf(t, target, sync)
		first, err := target.Reserve(t.Context(), run, 1)
		if err != nil {
			t.Fatal(err)
		}
		write(t, target, run, create(first, string(rune('6'+sync))))
		want := []int64{first}
		if !s.OwnsBySync {
			want = nil // it cannot say who created what, so nobody's sync may remove it
		}
		if got := owned(t, target, sync); !slices.Equal(got, want) {
			t.Errorf("owned by sync %d: got %v, want %v", sync, got, want)
		}
	}
}

func (s Suite) takesKeys(t *testing.T) {
	target := s.Target(t, Schema, People())
	taker := target.(keyTaker)
	run := s.run(t, target)
	first, err := target.Reserve(t.Context(), run, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.Write(t.Context(), connector.Batch{Run: run, Now: now, Position: -1, Changes: []plan.Change{create(first, "7")}}); err != nil {
		t.Fatal(err)
	}
	hits := []connector.Hit{{Hash: s.Secret.Hash("7@example.com"), Ref: first}}
	states := []string{}
	for range 2 {
		if err := taker.AddKeys(t.Context(), plan.ByEmail, hits); err != nil {
			t.Fatal(err)
		}
		if got := s.look(t, target, plan.ByEmail, "7@example.com"); !slices.Equal(got, []int{5}) {
			t.Errorf("look up by a key taken: got %v, want [5]", got)
		}
		states = append(states, state(t, target))
	}
	if states[0] != states[1] {
		t.Errorf("state after the same keys again: got %s, want %s", states[1], states[0])
	}
}

func (s Suite) keeps(t *testing.T) {
	target := s.Target(t, Schema, People())
	k := target.(keeper)
	run, before := s.run(t, target), state(t, target)
	var kept, again bytes.Buffer
	if err := k.Keep(t.Context(), &kept); err != nil {
		t.Fatalf("keep: %v", err)
	}
	copied := bytes.Clone(kept.Bytes())
	write(t, target, run, remove(fetch(t, target, owned(t, target, 0)...)[0]))
	finish(t, target, run)
	if err := k.PutBack(t.Context(), &kept); err != nil {
		t.Fatalf("put back: %v", err)
	}
	if got := state(t, target); got != before {
		t.Errorf("state: got %s, want %s", got, before)
	}
	if err := k.Keep(t.Context(), &again); err != nil || !bytes.Equal(again.Bytes(), copied) {
		t.Errorf("kept again: got %q, %v; want %q", again.Bytes(), err, copied)
	}
	sameRows(t, "records", contents(t, target), People())
	sameRows(t, "records, opened anew", contents(t, s.Reopen(t, target)), People())
}
