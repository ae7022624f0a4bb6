package csv

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// knownNames are words in the names of columns of contact files (en, de, fr, es).
var knownNames = strings.Fields(`name first firstname last lastname given family surname full email mail phone mobile
	cell tel telephone fax company organisation organization account address street city town zip postal postcode
	state country id title date birthday language notes note tags status website url login password created owner
	gender age number key
	vorname nachname telefon handy firma anrede straße strasse ort stadt plz land sprache geburtstag kunde nummer
	nom prénom prenom courriel téléphone societe société adresse rue ville pays langue civilité
	nombre apellido apellidos correo teléfono telefono móvil empresa dirección direccion calle ciudad país pais idioma`)

// hasHeader says whether the row names columns: it has no value that is
// clearly data, and has a known name, or stands above data of another kind.
func (s *sample) hasHeader(at int) bool {
	head, below := s.rows[at].fields, s.rows[at+1:]
	known, names, numbered := 0, 0, 0
	for _, f := range head {
		f = trimName([]byte(f))
		switch {
		case isNumbered(f):
			names++
			numbered++
		case isData(f):
			return false
		case f != "":
			names++
		}
		if isKnownName(f) {
			known++
		}
	}
	if names*2 < len(head) || names == 0 {
		return false
	}
	return known > 0 || numbered == 0 && (len(below) == 0 || s.differs(head, below))
}

// differs compares names with the values below them. Words above words that
// never recur are taken for names, as C12 presumes.
func (s *sample) differs(head []string, below []sampleRow) bool {
	recurs := false
	for i, name := range head {
		data := 0
		for _, row := range below {
			if i < len(row.fields) {
				if isData(row.fields[i]) {
					data++
				}
				recurs = recurs || name != "" && row.fields[i] == name
			}
		}
		if data*2 > len(below) {
			return true
		}
	}
	return !recurs
}

func isKnownName(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return !unicode.IsLetter(c) })
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(knownNames, w) })
}

// isNumbered reports whether a value is one letter and a number: "Q4" or "c12" may
// be a name or a value, so it speaks neither for a header nor against one.
func isNumbered(v string) bool {
	if v == "" {
		return false
	}
	c, n := utf8.DecodeRuneInString(v)
	return unicode.IsLetter(c) && n < len(v) && strings.Trim(v[n:], "0123456789") == ""
}

// isData reports whether a value is an e-mail address, a web address, or made
// of digits and the signs of numbers, dates and phones.
func isData(v string) bool {
	v = strings.TrimSpace(v)
	if strings.Contains(v, "@") && strings.Contains(v, ".") || strings.HasPrefix(strings.ToLower(v), "http") && strings.Contains(v, "://") {
		return true
	}
	digits, letters := 0, 0
	for _, c := range v {
		switch {
		case unicode.IsDigit(c):
			digits++
		case unicode.IsLetter(c):
			letters++
		}
	}
	return digits > 0 && letters <= 1 || utf8.RuneCountInString(v) > 120
}
