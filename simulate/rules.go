package simulate

import (
	"github.com/kith-sync/kith/plan"
)

// What a sync file says about a field, read from the setup alone and not with the
// engine's code: the judge has its own opinion.

// A rule is what one flow lets happen to one field.
type rule struct {
	in, out  plan.Write // "" where the field does not travel that way
	winner   plan.Winner
	mayClear bool
}

func (f Flow) rule(field string) (r rule, mapped bool) {
	for _, m := range f.Map {
		if m.To != field {
			continue
		}
		forth, back := f.writes(m)
		r = rule{in: forth, out: back, winner: m.Winner, mayClear: m.MayClear}
		if f.FromBook {
			r.in, r.out = back, forth
		}
		return r, true
	}
	return r, false
}

// writes are the policies of a mapping to the target and back.
func (f Flow) writes(m plan.Mapping) (forth, back plan.Write) {
	forth, back = f.Update, f.Back
	if m.Write != "" {
		forth = m.Write
	}
	if back == "" {
		back = plan.WriteIfNewNotBlank
	}
	switch {
	case m.Direction == plan.ToTarget, m.Direction == "" && !f.TwoWay:
		back = ""
	case m.Direction == plan.ToSource:
		forth = ""
	}
	if !f.TwoWay && m.To == "email" && m.Write == "" && forth != plan.WriteNever {
		forth = plan.WriteIfExistingBlank // an identity is not overwritten
	}
	return forth, back
}

func carries(w plan.Write) bool { return w == plan.WriteAlways || w == plan.WriteIfNewNotBlank }

// may asks all flows of a system what the most permissive of them lets happen to
// a field.
func (s *system) may(field string, ask func(rule) bool) bool {
	for _, f := range s.Syncs {
		if r, ok := f.rule(field); ok && ask(r) {
			return true
		}
	}
	return false
}

func (s *system) createsHere() bool {
	for _, f := range s.Syncs {
		if f.TwoWay || !f.FromBook {
			return true
		}
	}
	return false
}

func (s *system) createsThere() bool {
	for _, f := range s.Syncs {
		if f.TwoWay || f.FromBook {
			return true
		}
	}
	return false
}

// mirrors reports whether some flow makes the system's field what the book says,
// whatever people do to it there: that is what one way means.
func (s *system) mirrors(field string) bool {
	return s.may(field, func(r rule) bool { return r.in == "" && carries(r.out) })
}

// bookMirrors reports the same of the book's field, towards any system but one.
func (w *world) bookMirrors(field string, but *system) bool {
	for _, s := range w.systems {
		if s != but && s.may(field, func(r rule) bool { return r.out == "" && carries(r.in) }) {
			return true
		}
	}
	return false
}
