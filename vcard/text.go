package vcard

import (
	"strings"
	"unicode"
)

// escape makes a value safe to stand on one line (RFC 6350 3.4). Line ends
// become \n, so no value can begin a property of its own; other control
// characters are not allowed in a card and are dropped.
func escape(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\\' || r == ',' || r == ';':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' && r != '\t' || r == 0x7f:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unescape undoes escape. Exports also escape what needs none (Gmail: http\://),
// so a backslash before any punctuation goes. In 2.1 "\n" is not a line end but
// part of a path.
func unescape(s, version string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		if runes[i] != '\\' || i+1 == len(runes) {
			b.WriteRune(runes[i])
			continue
		}
		next := runes[i+1]
		switch {
		case (next == 'n' || next == 'N') && version != "2.1":
			b.WriteByte('\n')
		case unicode.IsPunct(next) || unicode.IsSymbol(next):
			b.WriteRune(next)
		default:
			b.WriteRune('\\')
			continue
		}
		i++
	}
	return b.String()
}

// parts splits a value that is not unescaped yet at every sep that has no
// backslash before it.
func parts(s string, sep byte) []string {
	var out []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// part is the i-th part, or empty.
func part(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}

// joined joins the strings that are not empty.
func joined(sep string, all ...string) string {
	var full []string
	for _, s := range all {
		if s != "" {
			full = append(full, s)
		}
	}
	return strings.Join(full, sep)
}
