package connectortest

import (
	"slices"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
)

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
