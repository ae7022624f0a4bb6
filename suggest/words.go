package suggest

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// words splits a header into comparable words: without case, accents and
// punctuation, and split where camelCase or digits begin ("MobilePhone2" is
// mobile, phone, 2).
func words(header string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, fold(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(norm.NFC.String(header))
	for i, r := range runes {
		switch {
		case r == '#' || r == '№':
			flush()
			out = append(out, "number")
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			flush()
			continue
		case i > 0 && begins(runes, i):
			flush()
		}
		word = append(word, r)
	}
	flush()
	return out
}

// begins reports whether a new word begins at i inside a run of letters:
// "firstName", "URLName", "phone2".
func begins(runes []rune, i int) bool {
	before, r := runes[i-1], runes[i]
	if unicode.IsDigit(before) != unicode.IsDigit(r) {
		return true
	}
	if !unicode.IsUpper(r) {
		return false
	}
	next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
	return unicode.IsLower(before) || unicode.IsUpper(before) && next
}

// fold makes a word comparable: lower case, no accents, and the German ways of
// writing an umlaut ("ae") made one.
func fold(s string) string {
	s = plain(s)
	for _, pair := range [][2]string{{"ae", "a"}, {"oe", "o"}, {"ue", "u"}} {
		s = strings.ReplaceAll(s, pair[0], pair[1])
	}
	return s
}

// plain lowers case and takes accents off.
func plain(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case unicode.IsMark(r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'æ':
			b.WriteByte('a')
		case r == 'ł':
			b.WriteByte('l')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// squash joins the words of a header, so that "E-Mail", "email" and "e mail"
// are the same.
func squash(header string) string { return strings.Join(words(header), "") }

// snake is the name of a new field for a header: "Badge colour" is badge_colour.
func snake(header string) string {
	split := strings.FieldsFunc(plain(camelSpaced(header)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(split, "_")
}

// camelSpaced puts a space where camelCase begins a word, but not before digits.
func camelSpaced(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		if i > 0 && unicode.IsLetter(r) && unicode.IsLetter(runes[i-1]) && begins(runes, i) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
