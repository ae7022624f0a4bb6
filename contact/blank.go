package contact

import (
	"strings"
	"unicode"
)

// Placeholder is what a contact without a name is shown as (N14). It is never
// stored and never sent (requirements 3.5).
const Placeholder = "New Contact"

// Blank reports whether a value says nothing: it is empty or holds only white
// space and characters without width. A blank never matches a blank
// (requirements 3.1).
func Blank(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c > ' ' && c < 0x7f {
			return false // the common case: a visible ASCII character
		}
	}
	return Trim(s) == ""
}

// Trim returns s without white space and characters without width at both
// ends: what a copy from a web page or a spreadsheet brings along.
func Trim(s string) string {
	if s == "" || visible(s[0]) && visible(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, invisible)
}

// visible reports whether b is a printing ASCII character.
func visible(b byte) bool { return b > ' ' && b < 0x7f }

// invisible reports whether r leaves no mark on a page. The marks of writing
// direction and the byte order mark are in category Cf like the zero-width
// spaces, but so are some signs that are seen, hence the list.
func invisible(r rune) bool {
	switch {
	case unicode.IsSpace(r), r == 0x00ad, r == 0x180e, r == 0xfeff:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2069:
		return true
	}
	return false
}

// collapse turns every run of white space into one space and trims the ends.
func collapse(s string) string {
	s = Trim(s)
	if !hasOddSpace(s) {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

// hasOddSpace reports white space other than single ASCII spaces.
func hasOddSpace(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x80, c >= '\t' && c <= '\r', c == ' ' && i > 0 && s[i-1] == ' ':
			return true
		}
	}
	return false
}

// IsPlaceholder reports whether a name is "New Contact" in any language Kith
// or a common address book speaks, so that the literal in a file counts as
// blank too (requirements 3.5). Only ask it about names: a company may be
// called anything.
func IsPlaceholder(s string) bool {
	if !mayBePlaceholder(s) {
		return false
	}
	switch strings.ToLower(collapse(s)) {
	case "new contact",
		"neuer kontakt",                 // de
		"nouveau contact",               // fr
		"nuevo contacto",                // es
		"nuovo contatto",                // it
		"nieuw contact",                 // nl
		"nieuwe contactpersoon",         // nl
		"novo contacto", "novo contato", // pt, pt-BR
		"nou contacte",                   // ca
		"ny kontakt", "ny kontaktperson", // da, nb, sv
		"uusi yhteystieto",         // fi
		"nowy kontakt",             // pl
		"nový kontakt",             // cs, sk
		"új névjegy",               // hu
		"contact nou",              // ro
		"novi kontakt", "nov stik", // hr, sl
		"yeni kişi",                      // tr
		"νέα επαφή",                      // el
		"новый контакт", "новий контакт", // ru, uk
		"нов контакт",                    // bg
		"איש קשר חדש", "جهة اتصال جديدة", // he, ar
		"新しい連絡先", "新联系人", "新增聯絡人", "새 연락처": // ja, zh-Hans, zh-Hant, ko
		return true
	}
	return false
}

// mayBePlaceholder spares nearly every name the comparison: the phrases below
// that are written in Latin letters begin with one of few, and none is long.
func mayBePlaceholder(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	if c := s[0]; c >= 0x80 || c <= ' ' {
		return true
	}
	switch s[0] | 0x20 {
	case 'n', 'u', 'c', 'y':
		return true
	}
	return false
}
