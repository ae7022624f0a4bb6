package plan

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
