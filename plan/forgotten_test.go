package plan_test

import (
	"testing"

	"github.com/kith-sync/kith/plan"
)

// I18: who was erased on request stays away, and nobody else does.
func TestForgotten(t *testing.T) {
	var people plan.Forgotten
	if !people.Nobody() || people.Has(func(plan.Rule) []uint64 { return []uint64{1} }) {
		t.Error("the zero value forgets somebody")
	}
	people.Add(map[plan.Rule][]uint64{plan.ByKey: {7}, plan.ByEmail: {1, 2}, plan.ByPhone: {3}})
	people.Add(map[plan.Rule][]uint64{plan.ByPhone: {4}})
	for _, c := range []struct {
		what               string
		keys, mails, phone []uint64
		want               bool
	}{
		{"their e-mail", nil, []uint64{1}, nil, true},
		{"their second e-mail, behind one that is new", nil, []uint64{9, 2}, nil, true},
		{"their identifier, with another e-mail", []uint64{7}, []uint64{9}, nil, true},
		{"their telephone, and nothing better", nil, nil, []uint64{3}, true},
		{"their telephone and another's e-mail: the household", nil, []uint64{9}, []uint64{3}, false},
		{"the telephone that was all that was known, with an e-mail", nil, []uint64{9}, []uint64{4}, true},
		{"a number that is an e-mail of theirs, as a telephone", nil, nil, []uint64{1}, false},
		{"nobody we know", []uint64{8}, []uint64{9}, []uint64{5}, false},
		{"no key at all", nil, nil, nil, false},
	} {
		got := people.Has(func(r plan.Rule) []uint64 {
			return map[plan.Rule][]uint64{plan.ByKey: c.keys, plan.ByEmail: c.mails, plan.ByPhone: c.phone}[r]
		})
		if got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, got, c.want)
		}
	}
}
