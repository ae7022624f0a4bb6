// Package contact holds what a contact is: a record of typed fields. It knows
// how values of each kind are compared, and nothing about where records come
// from, how they are stored, or what time it is.
package contact

import (
	"slices"
	"time"
)

// A Kind says what a field's values mean. It decides how two values are
// compared (requirements 3.1), never how they are stored: the raw value is kept.
type Kind string

// The kinds of field an address book can have.
const (
	Text     Kind = "text"
	Name     Kind = "name"
	Email    Kind = "email"
	Phone    Kind = "phone"
	Country  Kind = "country"
	Language Kind = "language"
	Date     Kind = "date"
	URL      Kind = "url"
	Password Kind = "password"
	Consent  Kind = "consent"
)

// Kinds lists every kind, in the order screens show them.
var Kinds = []Kind{Text, Name, Email, Phone, Country, Language, Date, URL, Password, Consent}

// A Field is one named, typed attribute of the records of a schema.
type Field struct {
	Name  string `json:"name"`            // lower snake case in books: "first_name", "phone.work"
	Label string `json:"label,omitempty"` // what people see; the name when empty
	Kind  Kind   `json:"kind"`
	// Required: the system of these records makes no new one without it.
	Required bool `json:"required,omitempty"`
}

// Title returns the label, or the name of a field that has none.
func (f Field) Title() string {
	if f.Label != "" {
		return f.Label
	}
	return f.Name
}

// A Schema is the ordered list of fields that the records of one object have.
// Values of a record stand in the order of its schema.
type Schema struct {
	Fields []Field `json:"fields"`
	Key    string  `json:"key,omitempty"` // field that is the unique identifier (C28), if any
}

// Index returns the position of the named field, or -1.
func (s Schema) Index(name string) int {
	return slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
}

// Field returns the named field and whether the schema has it.
func (s Schema) Field(name string) (Field, bool) {
	if i := s.Index(name); i >= 0 {
		return s.Fields[i], true
	}
	return Field{}, false
}

// First returns the position of the first field of a kind, or -1. It is the
// record's primary e-mail or phone: the "main card" of K6.
func (s Schema) First(k Kind) int {
	return slices.IndexFunc(s.Fields, func(f Field) bool { return f.Kind == k })
}

// A Record is one person in one system. A missing value and an empty value mean
// the same thing: the system knows nothing.
type Record struct {
	ID       string    // as the system names it
	Values   []string  // in the order of the schema; may be shorter
	Version  string    // as the system names it; empty when it has none
	Modified time.Time // zero when the system does not say
	Rank     int64     // orders the records of a system by their last change
}

// Value returns the value at position i, empty when the record has none there.
func (r Record) Value(i int) string {
	if i < 0 || i >= len(r.Values) {
		return ""
	}
	return r.Values[i]
}
