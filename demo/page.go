package demo

import (
	"strings"

	"github.com/rivo/uniseg"
)

const pageWidth = 100

// cut shortens every line that is wider than the page, and says so with an
// ellipsis.
func cut(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if uniseg.StringWidth(l) > pageWidth {
			lines[i] = beginning(l, pageWidth-1) + "…"
		}
	}
	return strings.Join(lines, "\n")
}

// beginning returns as much of a text as has room.
func beginning(text string, room int) string {
	var b strings.Builder
	for g := uniseg.NewGraphemes(text); g.Next() && g.Width() <= room; room -= g.Width() {
		b.WriteString(g.Str())
	}
	return b.String()
}

// fold breaks a wide line between words; what follows stands further in.
func fold(line string) string {
	var done []string
	for uniseg.StringWidth(line) > pageWidth {
		at := strings.LastIndex(beginning(line, pageWidth), " ")
		if at <= foldIndent {
			break // one long word
		}
		done = append(done, line[:at])
		line = strings.Repeat(" ", foldIndent) + line[at+1:]
	}
	return strings.Join(append(done, line), "\n")
}

const foldIndent = 14
