package contact

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/kith-sync/kith/contact/phone"
)

// A Normalizer compares values of every kind. It remembers costly answers, so
// it belongs to one goroutine.
type Normalizer struct {
	region string
	known  *memory
}

// NewNormalizer returns a Normalizer that reads telephone numbers as written in
// region, an ISO 3166-1 alpha-2 code. With "" only numbers with a country code
// can be read.
func NewNormalizer(region string) *Normalizer {
	return &Normalizer{region: region, known: newMemory()}
}

// Canonical returns the form of a value that decides equality (requirements
// 3.1); the raw value is what is kept and sent. A blank has the form "". A
// value without canonical form is returned trimmed, with its problem.
//
//	e-mail    lower case, domain in ASCII        ann@example.com
//	phone     E.164, then the extension          +442079460123;ext=12
//	country   ISO 3166-1 alpha-2                 GB
//	language  BCP 47                             en-GB
//	date      ISO 8601, a moment in UTC          2026-11-21
//	url       scheme and host in lower case      https://example.com/Ann
//	consent   one of five states                 unsubscribed
//	name      trimmed, single spaces, NFC        Ann Example
//	others    trimmed
func (n *Normalizer) Canonical(kind Kind, raw string) (string, Problem) {
	s := Trim(raw)
	if s == "" {
		return "", ""
	}
	switch kind {
	case Email:
		return canonicalEmail(s)
	case Phone:
		number, problem := n.phone(s)
		if problem != "" {
			return s, problem
		}
		return written(number), ""
	case Country:
		return n.known.recall(kind, s, canonicalCountry)
	case Language:
		return n.known.recall(kind, s, canonicalLanguage)
	case Date:
		return canonicalDate(s)
	case URL:
		return canonicalURL(s)
	case Consent:
		return canonicalConsent(s)
	case Password:
		if fingerprint, _, ok := PasswordParts(s); ok {
			return fingerprint, ""
		}
	case Name:
		return norm.NFC.String(collapse(s)), ""
	}
	if strings.IndexByte(s, '\r') >= 0 { // systems write line breaks differently
		s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	}
	return s, ""
}

// MatchKey returns the key that finds the same person elsewhere: "" when the
// value is blank or has none. An e-mail address that is not one and a telephone
// number that cannot be read have no key (requirements 3.1); the key of other
// kinds is the canonical form, or the trimmed value where there is none. An
// extension is not part of the key: systems disagree on where to write it.
func (n *Normalizer) MatchKey(kind Kind, raw string) (string, Problem) {
	switch kind {
	case Email:
		key, problem := n.Canonical(kind, raw)
		if problem != "" {
			return "", problem
		}
		return key, ""
	case Phone:
		s := Trim(raw)
		if s == "" {
			return "", ""
		}
		number, problem := n.phone(s)
		return number.E164, problem
	}
	key, problem := n.Canonical(kind, raw)
	return norm.NFC.String(key), problem
}

// Equal reports whether two values have the same canonical form. Two blanks are
// equal here, for nothing needs to be written; they never match two people.
func (n *Normalizer) Equal(kind Kind, a, b string) bool {
	if a == b {
		return true
	}
	x, _ := n.Canonical(kind, a)
	y, _ := n.Canonical(kind, b)
	return x == y
}

// phone reads a telephone number. What the library has to be asked for is
// remembered: an import repeats its "n/a" and "see notes".
func (n *Normalizer) phone(s string) (phone.Number, Problem) {
	number, ok, sure := phone.Quick(s, n.region)
	if !sure {
		number, ok = n.known.recallPhone(s, n.region)
	}
	if !ok {
		return phone.Number{}, PhoneUnparseable
	}
	return number, ""
}

// written returns the one text for a number and its extension, after RFC 3966.
func written(n phone.Number) string {
	if n.Extension == "" {
		return n.E164
	}
	return n.E164 + ";ext=" + n.Extension
}
