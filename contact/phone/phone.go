// Package phone reads telephone numbers as people write them and says which
// number is meant, in E.164. What a number is, is defined by libphonenumber
// (nyaruka/phonenumbers). It formats nothing for people and dials nothing.
package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// A Number is one telephone number. The extension stands apart, because two
// people behind one switchboard are not one person (requirements 3.1).
type Number struct {
	E164      string // "+442079460123"
	Extension string // "12", empty for none
}

// Parse reads a telephone number written anywhere in the default region, an
// ISO 3166-1 alpha-2 code or "". It reports false when the text is not a valid
// number; that is a warning on a row, never an error (requirements 3.1).
func Parse(raw, region string) (Number, bool) {
	if n, ok, sure := Quick(raw, region); sure {
		return n, ok
	}
	return ask(raw, region)
}

// ask asks the library, which costs some ten microseconds.
func ask(raw, region string) (Number, bool) {
	if mangled(raw) {
		return Number{}, false
	}
	// The library means to drop what trails a number, but its pattern for that
	// never matches; with white space behind it an extension is not seen.
	p, err := phonenumbers.Parse(strings.TrimSpace(raw), region)
	if err != nil || !phonenumbers.IsValidNumber(p) {
		return Number{}, false
	}
	return Number{phonenumbers.Format(p, phonenumbers.E164), p.GetExtension()}, true
}

// mangled reports whether a spreadsheet has turned the number into a
// floating-point one, "1.5E+10" or "4,42079E+11": its last digits are lost.
func mangled(raw string) bool {
	s := strings.TrimSpace(raw)
	mantissa, exponent, found := strings.Cut(s, "E")
	if !found {
		mantissa, exponent, found = strings.Cut(s, "e")
	}
	exponent = strings.TrimPrefix(exponent, "+")
	return found && digits(mantissa, ".,") && digits(exponent, "")
}

// digits reports whether s begins with a digit and holds only digits and the
// allowed marks.
func digits(s, allowed string) bool {
	for i, c := range []byte(s) {
		if (c < '0' || c > '9') && (i == 0 || !strings.ContainsRune(allowed, rune(c))) {
			return false
		}
	}
	return s != ""
}
