package salesforce

import "strings"

// isID reports whether a text can be a record's id: 15 characters that tell upper
// from lower case, or these and 3 that say so again.
func isID(s string) bool {
	if len(s) != 15 && len(s) != 18 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// wide is the id of 18 characters: each of the last three says which of five are
// upper case.
func wide(id string) string {
	if len(id) != 15 {
		return id
	}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	for group := range 3 {
		n := 0
		for i := range 5 {
			if c := id[group*5+i]; c >= 'A' && c <= 'Z' {
				n |= 1 << i
			}
		}
		id += digits[n : n+1]
	}
	return id
}

// prefix names the object that a record is of.
func prefix(id string) string {
	if len(id) < 3 {
		return ""
	}
	return id[:3]
}

// apiName reports whether a text can be the name of an object or field: names go
// into statements and paths.
func apiName(s string) bool {
	return s != "" && len(s) < 100 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
