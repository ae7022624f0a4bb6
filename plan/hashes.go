package plan

// NumberOf gives each match rule the number that stores know it by. Numbers are
// part of stored data and never change.
func NumberOf(r Rule) int {
	switch r {
	case ByKey:
		return 1
	case ByEmail, byAnyEmail:
		return 2
	case ByPhone, byAnyPhone:
		return 3
	case secondEmail:
		return 4
	case secondPhone:
		return 5
	}
	return 0
}

// KeyRules lists the rules that compare values, best first.
var KeyRules = []Rule{ByKey, ByEmail, ByPhone}
