package listmonk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A change is what a write does to a subscriber.
type change struct {
	email, name *string
	attribs     map[string]any // nil removes one
	consent     string         // in Kith's words; empty: not written
}

// data reports whether there is more than consent in it.
func (c change) data() bool { return c.email != nil || c.name != nil || len(c.attribs) > 0 }

// changes reads what a write sets, and leaves out what is so already: listmonk
// sends its confirmation mail again when somebody is written who has not
// confirmed.
func (l *List) changes(s subscriber, set map[string]string) (c change, err error) {
	c.attribs = map[string]any{}
	for field, value := range set {
		switch {
		case field == status:
			if c.consent, err = wanted(value); err != nil {
				return change{}, err
			}
		case field == email && strings.TrimSpace(value) == "":
			return change{}, invalid(email, "A subscriber needs an e-mail address.")
		case field == email:
			if value = strings.TrimSpace(value); !strings.EqualFold(value, s.Email) {
				c.email = &value
			}
		case field == name:
			if value = strings.TrimSpace(value); value != s.Name {
				c.name = &value
			}
		default:
			a, err := l.attribute(field)
			if err != nil {
				return change{}, err
			}
			if value == read(s.Attribs[a.key]) && formOf(s.Attribs[a.key]) != structure {
				continue
			}
			if c.attribs[a.key], err = a.written(value, s.Attribs[a.key]); err != nil {
				return change{}, err
			}
		}
	}
	if c.name != nil && *c.name == "" { // it cannot be blank
		address := s.Email
		if c.email != nil {
			address = *c.email
		}
		made := nameOf(address)
		c.name = &made
	}
	return c, nil
}

// nameOf is the name that listmonk gives somebody who has none, from the e-mail
// address. Its older versions ask for one.
func nameOf(address string) string {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	words := strings.Fields(strings.ReplaceAll(local, ".", " "))
	for i, w := range words {
		first, n := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToTitle(first)) + w[n:]
	}
	return strings.Join(words, " ")
}
