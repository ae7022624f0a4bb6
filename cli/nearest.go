package cli

import "strings"

// nearest returns the name that was probably meant, or "": one slip of the pen
// in four letters is forgiven.
func nearest(typed string, names []string) (near string) {
	if len(typed) > 60 {
		return ""
	}
	a := []rune(strings.ToLower(typed))
	least := len(a)/4 + 2
	for _, name := range names {
		if d := distance(a, []rune(strings.ToLower(name))); d < least {
			near, least = name, d
		}
	}
	return near
}

// distance counts the letters to add, drop or replace.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(diagonal+cost, row[j]+1, row[j+1]+1)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
