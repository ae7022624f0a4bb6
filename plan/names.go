package plan

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// lastName returns what a record says its person's last name is: the last_name
// field, else the last word of the full name, else nothing.
func (b *Rulebook) lastName(values []string) string {
	if at := b.Target.Index("last_name"); at >= 0 && at < len(values) && values[at] != "" {
		return values[at]
	}
	at := b.Target.Index("name")
	if at < 0 || at >= len(values) {
		return ""
	}
	words := strings.Fields(values[at])
	if len(words) < 2 {
		return ""
	}
	return words[len(words)-1]
}

// namesAgree reports whether two last names do not contradict each other: they
// are equal apart from case and accents, or one side has none.
func namesAgree(a, b string) bool {
	return a == "" || b == "" || foldName(a) == foldName(b)
}

// foldName leaves case and accents out of a name. Most names are plain ASCII, where
// lower case is all there is to it: the transformers cost a fifth of an import.
func foldName(s string) string {
	if isASCII(s) {
		return strings.ToLower(strings.TrimSpace(s))
	}
	return foldAccents(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func foldAccents(s string) string {
	var plain strings.Builder
	for _, r := range norm.NFD.String(strings.TrimSpace(s)) {
		if !unicode.Is(unicode.Mn, r) {
			plain.WriteRune(r)
		}
	}
	return cases.Fold().String(norm.NFC.String(plain.String()))
}
