package connectortest

import (
	"cmp"
	"slices"
	"testing"

	"github.com/kith-sync/kith/connector"
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
