package contact

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// The limits of RFC 5321 4.5.3.1, in bytes.
const (
	maxLocal   = 64
	maxAddress = 254
)

// canonicalEmail returns a trimmed address in lower case with its domain in
// ASCII. An address is one that mail can be sent to under RFC 5321 (and RFC
// 6531, letters of any script before the @): quoted local parts and address
// literals count; comments, folding white space and the obsolete forms of
// RFC 5322 do not. Dots and +tags are kept: only the mailbox's owner knows
// whether they matter.
func canonicalEmail(s string) (string, Problem) {
	if plainEmail(s) {
		return s, ""
	}
	if len(s) > 4*maxAddress {
		return s, EmailInvalid // in no script does an address shrink so much
	}
	if low := strings.ToLower(s); plainEmail(low) {
		return low, ""
	}
	if address, ok := readEmail(BareEmail(s)); ok {
		return address, ""
	}
	return s, EmailInvalid
}

// BareEmail returns the address inside what programs write around one: a link's
// mailto: (RFC 6068), angle brackets, and the name before them (RFC 5322 3.4).
// What is no address inside such signs is returned as it stands.
func BareEmail(s string) string {
	if plainEmail(s) {
		return s
	}
	bare := s
	if inside, ok := strings.CutSuffix(bare, ">"); ok {
		name, address, ok := strings.Cut(inside, "<")
		if !ok || strings.Contains(name, "@") && strings.ContainsAny(name, ";,") {
			return s // no pair of brackets, or a list of addresses
		}
		bare = Trim(address)
	}
	bare = withoutMailto(bare)
	if _, ok := readEmail(bare); !ok {
		return s
	}
	return bare
}

// NoDot reports whether an address that can be read has a domain without a dot, as
// nadia@example. The internet has no such mailboxes to speak of; networks of their
// own do (RFC 5321 2.3.5).
func NoDot(address string) bool {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	return strings.IndexByte(domain, '.') < 0 && !strings.ContainsAny(domain, "[\u3002\uff0e\uff61")
}

// SplitEmails returns the addresses of a cell that lists several, with semicolons
// or commas between them. It is nil unless each of at least two is an address.
func SplitEmails(cell string) []string {
	if strings.Count(cell, "@") < 2 || !strings.ContainsAny(cell, ";,") || isEmail(cell) {
		return nil
	}
	for _, between := range []string{";", ",", ";,"} { // a name may have a comma: "Fox, Kit" <kit@example.com>
		parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(between, r) })
		var found []string
		for _, part := range parts {
			if part = Trim(part); part != "" {
				found = append(found, BareEmail(part))
			}
		}
		if len(found) > 1 && !slices.ContainsFunc(found, func(s string) bool { return !isEmail(s) }) {
			return found
		}
	}
	return nil
}

func isEmail(s string) bool {
	_, problem := canonicalEmail(Trim(s))
	return problem == ""
}

// withoutMailto strips what a link adds to an address (RFC 6068).
func withoutMailto(s string) string {
	const scheme = "mailto:"
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return s
	}
	s, _, _ = strings.Cut(s[len(scheme):], "?")
	return Trim(s)
}

// readEmail returns the canonical form of an address, or false if it is none.
func readEmail(s string) (string, bool) {
	s = norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return "", false
	}
	local, domain := s[:at], s[at+1:]
	if len(local) > maxLocal || !validLocal(local) {
		return "", false
	}
	domain, ok := canonicalDomain(domain)
	if !ok || len(local)+1+len(domain) > maxAddress {
		return "", false
	}
	return local + "@" + domain, true
}

// plainEmail reports whether s is an address already in canonical form, of the
// kind nearly all are: lower-case ASCII, a dot-atom, a domain of host names. It
// looks at each byte once and says no when in doubt.
func plainEmail(s string) bool {
	if len(s) > maxAddress {
		return false
	}
	at := -1   // position of the @
	label := 0 // start of the part since the last dot or @
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.' || c == '@':
			if i == label || at >= 0 && !labelEnds(s[label:i]) {
				return false
			}
			if c == '@' {
				if at >= 0 || i > maxLocal {
					return false
				}
				at = i
			}
			label = i + 1
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
		case at < 0 && c < 0x80 && isAtext(rune(c)) && (c < 'A' || c > 'Z'):
		default:
			return false
		}
	}
	return at > 0 && label < len(s) && labelEnds(s[label:])
}

// labelEnds reports whether a label of letters, digits and hyphens is short
// enough and has its hyphens inside (RFC 1123 2.1).
func labelEnds(label string) bool {
	return len(label) <= 63 && label[0] != '-' && label[len(label)-1] != '-'
}

// validLocal reports whether s is what may stand before the @: a dot-atom or a
// quoted string (RFC 5321 4.1.2).
func validLocal(s string) bool {
	if strings.HasPrefix(s, `"`) {
		return validQuoted(s)
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

// isAtext reports whether r may stand in an atom (RFC 5322 3.2.3, RFC 6531 3.3).
func isAtext(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
		return true
	case r >= 0x80:
		return r != unicode.ReplacementChar && unicode.IsGraphic(r) && !unicode.IsSpace(r)
	}
	return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// validQuoted reports whether s is one quoted string of printing ASCII.
func validQuoted(s string) bool {
	if len(s) < 2 || s[len(s)-1] != '"' {
		return false
	}
	inside := s[1 : len(s)-1]
	for i := 0; i < len(inside); i++ {
		if inside[i] == '\\' {
			i++ // the next character stands for itself
			if i == len(inside) {
				return false
			}
		} else if inside[i] == '"' {
			return false
		}
		if inside[i] < ' ' || inside[i] > '~' {
			return false
		}
	}
	return true
}

// canonicalDomain returns a lower-case domain in ASCII, or an address literal
// as it stands.
func canonicalDomain(s string) (string, bool) {
	if strings.HasPrefix(s, "[") {
		return s, validLiteral(s)
	}
	return asciiHost(s)
}

// asciiHost returns a host name of any script in lower-case ASCII (RFC 5891).
func asciiHost(s string) (string, bool) {
	if strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) {
		ascii, err := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true)).ToASCII(s)
		if err != nil {
			return "", false
		}
		s = ascii
	}
	s = strings.ToLower(s)
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || !labelEnds(label) || strings.ContainsFunc(label, notLDH) {
			return "", false
		}
	}
	return s, len(s) <= 253
}

// notLDH reports whether r is none of the letters, digits and hyphen that a
// host name is made of.
func notLDH(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
}

// validLiteral reports whether s, in lower case, is an address literal of RFC
// 5321 4.1.3: [192.0.2.1] or [ipv6:2001:db8::1].
func validLiteral(s string) bool {
	inside, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return false
	}
	six, is6 := strings.CutPrefix(inside, "ipv6:")
	addr, err := netip.ParseAddr(six)
	if err != nil || addr.Is4() == is6 || addr.Zone() != "" {
		return false
	}
	// RFC 5321 lets "::" stand for two groups or more, netip for one.
	groups := len(strings.FieldsFunc(six, func(r rune) bool { return r == ':' }))
	if strings.Contains(six, ".") {
		groups++
	}
	return !strings.Contains(six, "::") || groups <= 6
}
