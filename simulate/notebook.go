package simulate

import (
	"maps"
	"strings"
	"unicode"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/contact/phone"
)

// A notebook is what an observer who sees both sides writes down about people's
// doings: the last edit of each field, who was thrown away, and what Kith said
// about values it did not carry over.
type notebook struct {
	n       int // edits so far
	edits   map[place]edit
	emails  map[string]bool // every e-mail and telephone anybody ever had
	trashed map[int64]bool
	into    map[int64]int64 // contacts that a person merged into others
	gone    map[string]bool // "2/r0007": deleted or merged away by a person
	merged  map[place]int   // records that a person made one of, and when
	told    map[told]int    // values that were kept back or lost with a word, and when
}

// A place is a field of a record on one side: the book is side 0.
type place struct {
	side  int
	id    string
	field string
}

// An edit is what a person did to a field.
type edit struct {
	n      int
	value  string
	before *edit // of the same field
	either bool  // it is right that it is there, and that it is not
}

// told is a value the journal or the conflict log speaks of.
type told struct {
	ref   int64
	field string
	value string
}

func newNotebook() notebook {
	return notebook{edits: map[place]edit{}, emails: map[string]bool{}, trashed: map[int64]bool{}, into: map[int64]int64{}, gone: map[string]bool{}, merged: map[place]int{}, told: map[told]int{}}
}

func (n *notebook) copy() notebook {
	c := *n
	c.edits, c.emails = maps.Clone(n.edits), maps.Clone(n.emails)
	c.into = maps.Clone(n.into)
	c.trashed, c.gone, c.told, c.merged = maps.Clone(n.trashed), maps.Clone(n.gone), maps.Clone(n.told), maps.Clone(n.merged)
	return c
}

// note writes an edit down.
func (n *notebook) note(side int, id, field, value string) {
	n.n++
	e := edit{n: n.n, value: value}
	if before, edited := n.edits[place{side, id, field}]; edited {
		e.before = &before
	}
	n.edits[place{side, id, field}] = e
}

// undo takes back what was noted of a field since it last had its value of now.
func (n *notebook) undo(side int, id, field string) {
	at := place{side, id, field}
	last, edited := n.edits[at]
	for e := last.before; edited && e != nil; e = e.before {
		if same(field, e.value, last.value) {
			n.edits[at] = *e
			return
		}
	}
	delete(n.edits, at) // it came from the other side
}

// unsure notes that either side's value of a field is right.
func (n *notebook) unsure(side int, id, field string) {
	at := place{side, id, field}
	if e, edited := n.edits[at]; edited {
		e.either = true
		n.edits[at] = e
	}
}

// normalized is how two values of a kind are compared: what it says, not how it
// is written. It shares no code with the engine but the telephone library.
func normalized(kind contact.Kind, value string) string {
	value = strings.TrimFunc(value, unicode.IsSpace)
	switch kind {
	case contact.Email:
		return strings.ToLower(value)
	case contact.Phone:
		if number, ok := phone.Parse(value, "GB"); ok {
			return number.E164
		}
	case contact.Name:
		return strings.Join(strings.Fields(value), " ")
	}
	return value
}

func kindOf(field string) contact.Kind {
	for _, f := range bookFields {
		if f.Name == field {
			return f.Kind
		}
	}
	return contact.Text
}

// same reports whether two values of a field of the book say the same.
func same(field, a, b string) bool {
	return normalized(kindOf(field), a) == normalized(kindOf(field), b)
}

// there is a value of the book in a system's words, and as it stores it.
func (s *system) there(field, value string) string {
	if value = strings.TrimFunc(value, unicode.IsSpace); field == "stage" {
		value = map[string]string{"L": "lead", "C": "client"}[value]
	}
	at := remoteFields.Index(field)
	if at < 0 {
		return ""
	}
	return normalized(kindOf(field), s.normalize(remoteFields.Fields[at], value))
}

// agree reports whether the book's value and a system's say the same.
func (s *system) agree(field, here, there string) bool {
	return s.there(field, here) == normalized(kindOf(field), there)
}
