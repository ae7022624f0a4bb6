package suggest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
)

// Google Contacts writes values in pairs of columns, "Phone 1 - Label" beside
// "Phone 1 - Value", and several of them into one cell where that is full (K12).

// between stands between the values of one cell.
const between = " ::: "

// mostParts is how many values of one cell find a field.
const mostParts = 8

// nearlyAll is the share of labels that must say the same: a column has one field,
// and whoever is not labelled so would come under the wrong word.
const nearlyAll = 0.9

// firsts are the first values of cells.
func firsts(samples []string) []string {
	if !slices.ContainsFunc(samples, func(s string) bool { return len(values(s)) > 1 }) {
		return samples
	}
	return nths(samples, 1)
}

// nths are the n-th values of the cells that have so many.
func nths(samples []string, n int) (out []string) {
	for _, cell := range samples {
		if values := values(cell); len(values) >= n {
			out = append(out, values[n-1])
		}
	}
	return out
}

// values are those of one cell. People list e-mail addresses with a semicolon or a
// comma.
func values(cell string) []string {
	if addresses := contact.SplitEmails(cell); len(addresses) > 0 {
		return addresses
	}
	return strings.Split(cell, between)
}

// further proposes fields for the second and later values in the cells of e-mail
// and telephone columns: the one their label names, else the next that is free.
func (s *sheet) further(columns []Suggestion) (out []Suggestion) {
	used := map[string]bool{}
	for _, c := range columns {
		used[c.Field.Name] = true
	}
	for _, c := range columns {
		if c.Field.Kind != contact.Email && c.Field.Kind != contact.Phone {
			continue
		}
		for n := 2; n <= mostParts && len(nths(s.columns[c.Column].Samples, n)) > 0; n++ {
			f, free := s.fields[s.labelled(c.Column, n)]
			if !free || used[f.Name] {
				f = s.numbered(string(c.Field.Kind), used)
			}
			used[f.Name] = true
			out = append(out, Suggestion{Column: c.Column, Field: f, Confidence: c.Confidence, Why: WhyValues, Part: n})
		}
	}
	return out
}

// numbered takes the first of email.2, email.3 ... that is not used.
func (s *sheet) numbered(kind string, used map[string]bool) contact.Field {
	for n := 2; ; n++ {
		f, known := s.fields[kind+"."+strconv.Itoa(n)]
		if !known {
			f = contact.Field{Name: kind + "." + strconv.Itoa(n), Kind: contact.Kind(kind), Label: s.fields[kind].Label + " " + strconv.Itoa(n)}
		}
		if !used[f.Name] {
			used[f.Name] = true
			return f
		}
	}
}

// anotherOf is the kind of a column that is an e-mail address or a telephone by its
// header, whatever its number, and by its values; "" for any other. A third and a
// fourth are numbered on.
func (s *sheet) anotherOf(column int) string {
	var rest []string
	for _, w := range words(s.columns[column].Name) {
		if !isNumber(w) {
			rest = append(rest, w)
		}
	}
	r := s.tables.read(strings.Join(rest, " "), nil)
	e := s.evidence[column]
	switch {
	case r.spoiled || r.fields[r.concept] < 0.9:
		return ""
	case r.concept == "email" && e["email"] >= 0.5:
		return "email"
	case (r.concept == "phone" || r.concept == "mobile") && e["callable"] >= 0.5:
		return "phone"
	}
	return ""
}

// labelled is the field that nearly all labels beside a column of telephones name:
// mobile, phone.work ... It is "" where they name none, or several.
func (s *sheet) labelled(column, part int) string {
	labels := nths(s.labelsOf(column), part)
	count := map[string]int{}
	for _, l := range labels {
		count[s.typeOf(l)]++
	}
	for field, n := range count {
		if field != "" && float64(n) >= nearlyAll*float64(len(labels)) {
			return field
		}
	}
	return ""
}

// labelsOf are the values of the column that labels another.
func (s *sheet) labelsOf(column int) []string {
	name, ok := strings.CutSuffix(squash(s.columns[column].Name), squash("value"))
	if !ok || s.readings[column].concept != "phone" {
		return nil
	}
	for _, c := range s.columns {
		if other := squash(c.Name); other == name+squash("label") || other == name+squash("type") {
			return c.Samples
		}
	}
	return nil
}

// typeOf is the field that a label names, in any language that headers may have:
// "* Work" is phone.work. "Main" and "Other" name none.
func (s *sheet) typeOf(label string) (field string) {
	says := s.tables.read("phone "+label, nil).fields
	for _, f := range [...]string{"mobile", "fax", "phone.work", "phone.home"} {
		if says[f] > max(says[field], 0.75) {
			field = f
		}
	}
	return field
}
