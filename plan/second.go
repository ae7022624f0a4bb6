package plan

import (
	"slices"

	"github.com/kith-sync/kith/contact"
)

// With secondary: true every e-mail and telephone of a person takes part in
// matching (requirements 3.2); without, only those of the main card do (K6). The
// main card still comes first: each of the two rules has one behind it, by which
// people have as many keys as they have addresses or numbers.
const (
	byAnyEmail Rule = "any_email"
	byAnyPhone Rule = "any_phone"
)

// A target keeps the keys that only the second addresses and numbers give apart
// from those of the main card, so that other syncs do not see them.
const (
	secondEmail Rule = "second_email"
	secondPhone Rule = "second_phone"
)

// SecondRules are the rules under which a target keeps the keys of second e-mails
// and telephones.
var SecondRules = []Rule{secondEmail, secondPhone}

// Base is the rule that people know a rule by.
func (r Rule) Base() Rule {
	switch r {
	case byAnyEmail, secondEmail:
		return ByEmail
	case byAnyPhone, secondPhone:
		return ByPhone
	}
	return r
}

// Any reports whether people have several keys for the rule.
func (r Rule) Any() bool { return r == byAnyEmail || r == byAnyPhone }

// Indexes are the rules under which a target has the keys that are looked for by r.
func (r Rule) Indexes() []Rule {
	switch r {
	case byAnyEmail:
		return []Rule{ByEmail, secondEmail}
	case byAnyPhone:
		return []Rule{ByPhone, secondPhone}
	}
	return []Rule{r}
}

// anyOf is the rule behind one of the main card, or "" where there is none.
func anyOf(r Rule) Rule {
	switch r {
	case ByEmail:
		return byAnyEmail
	case ByPhone:
		return byAnyPhone
	}
	return ""
}

// keepShared keeps the second addresses and numbers that a record shares with its
// contact, where the update would leave the two none in common: the next run would
// not find the contact any more.
func (b *Rulebook) keepShared(fields []FieldChange, values []string, target contact.Record) []FieldChange {
	for _, base := range []Rule{ByEmail, ByPhone} {
		rule, ok := b.Any(base)
		if !ok {
			continue
		}
		theirs := b.KeysFor(rule, values, nil)
		shared := func(value string, at int) bool {
			key, _ := b.norm.MatchKey(b.Target.Fields[at].Kind, value)
			return key != "" && slices.Contains(theirs, key)
		}
		var lost []int // fields whose shared key would go
		common := false
		for _, at := range b.KeyFields(rule) {
			old := target.Value(at)
			i := slices.IndexFunc(fields, func(f FieldChange) bool { return f.Written() && f.Name == b.Target.Fields[at].Name })
			if i < 0 {
				common = common || shared(old, at)
				continue
			}
			common = common || shared(fields[i].New, at)
			if shared(old, at) {
				lost = append(lost, i)
			}
		}
		if !common && len(lost) > 0 {
			f := &fields[lost[0]]
			f.New, f.Kept, f.Rule = f.Old, f.New, "secondary"
		}
	}
	return slices.DeleteFunc(fields, func(f FieldChange) bool { return f.Rule == "secondary" && f.Kept == "" }) // a blank is nothing to tell of
}
