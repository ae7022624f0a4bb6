package desk

import (
	"fmt"
	"iter"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"

	"github.com/kith-sync/kith/plan"
)

// Quoted writes a name the way a shell takes it as one word.
func Quoted(name string) string {
	if !strings.ContainsAny(name, " \t'\"\\$`&|;<>()*?[]#~!{}") {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// Cell is plain text on one line.
func Cell(s string) string { return strings.Map(Visible, s) }

// Visible replaces what would move a cursor, change colours or turn the reading
// direction around.
func Visible(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return ' '
	case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return '\ufffd'
	}
	return r
}

// Width is how many columns of a terminal a text takes.
func Width(s string) int { return uniseg.StringWidth(s) }

// Shorten cuts a text to a width and says so with an ellipsis.
func Shorten(s string, most int) string {
	if Width(s) <= most {
		return s
	}
	var b strings.Builder
	left := most - 1
	for g := uniseg.NewGraphemes(s); g.Next() && g.Width() <= left; left -= g.Width() {
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// ForEach calls f with each value until one of them fails.
func ForEach[T any](values iter.Seq2[T, error], f func(T) error) error {
	for v, err := range values {
		if err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
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

// FieldText says what a change does to one field.
func FieldText(action plan.Action, f plan.FieldChange) string {
	switch {
	case f.Kept != "":
		return fmt.Sprintf("%s kept %q, not %q (%s)", f.Name, Shorten(Cell(f.Old), 40), Shorten(Cell(f.Kept), 40), f.Rule)
	case action == plan.Create:
		return fmt.Sprintf("%s %q", f.Name, Shorten(Cell(f.New), 40))
	}
	return fmt.Sprintf("%s %q -> %q", f.Name, Shorten(Cell(f.Old), 40), Shorten(Cell(f.New), 40))
}
