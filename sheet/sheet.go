// Package sheet makes values safe to open in a spreadsheet program, which takes
// a cell that begins like a formula for one and may run it. It changes single
// values and can take exactly its own changes back. It also reads the workbooks of
// such programs (.xlsx), from a reader that somebody else opened.
package sheet

import "strings"

// Marker is the name of the first column of a file whose values are guarded.
// Only such a file is unguarded when it comes back: an apostrophe that begins a
// value of any other file belongs to the value.
const Marker = "kith:spreadsheet"

// Guard returns a value that no spreadsheet takes for a formula. A value that
// begins with = + - @, a tab, a line break, NUL or the full-width forms of those
// signs gets an apostrophe before it; so does a value that looks guarded
// already, so that Unguard gives back every value byte for byte.
func Guard(value string) string {
	if risky(value) {
		return "'" + value
	}
	return value
}

// Unguard takes back what Guard did, and nothing else.
func Unguard(value string) string {
	if strings.HasPrefix(value, "'") && risky(value) {
		return value[1:]
	}
	return value
}

// risky reports whether a value, after any apostrophes, begins like a formula.
func risky(value string) bool {
	rest := strings.TrimLeft(value, "'")
	for _, sign := range [...]string{"=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(rest, sign) {
			return true
		}
	}
	return false
}
