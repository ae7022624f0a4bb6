package connectortest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

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
