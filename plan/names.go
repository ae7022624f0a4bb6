package plan

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
	"unicode"
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

func foldName(s string) string {
	strip := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	plain, _, err := transform.String(strip, strings.TrimSpace(s))
	if err != nil {
		plain = s
	}
	return cases.Fold().String(plain)
}
