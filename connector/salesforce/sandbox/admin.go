package sandbox

import (
	"fmt"
	"strings"
)

// Hide makes a field not be there for the user of the API, as field-level
// security does; Show brings it back; Lock leaves it readable only.
func (s *Sandbox) Hide(object, field string) { s.secure(object, field, true, false) }

// Show makes a field be there again, and writable.
func (s *Sandbox) Show(object, field string) { s.secure(object, field, false, false) }

// Lock makes a field readable only.
func (s *Sandbox) Lock(object, field string) { s.secure(object, field, false, true) }

func (s *Sandbox) secure(object, name string, hidden, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.must(object).field(name)
	f.hidden, f.locked = hidden, locked
	s.described = s.now()
}

// A NewField is a custom field that an administrator makes.
type NewField struct {
	Name, Label     string   // Name ends in __c
	Kind            string   // as describe names it; empty: string
	Length          int      // zero: 255
	Scale           int      // decimals
	Choices         []string // of a picklist
	Refers          []string // objects, of a reference
	External        bool
	Unique          bool
	CaseSensitive   bool
	Required        bool
	NeedsPermission bool // nobody sees it before a permission set says so
}

// AddField makes a custom field.
func (s *Sandbox) AddField(object string, n NewField) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addField(s.must(object), n)
}

func (s *Sandbox) addField(o *object, n NewField) {
	f := &field{name: n.Name, label: first(n.Label, n.Name), kind: first(n.Kind, "string"), length: n.Length, precision: 18, scale: n.Scale, choices: n.Choices,
		external: n.External, unique: n.Unique, sensitive: n.CaseSensitive, required: n.Required, custom: true, gated: n.NeedsPermission}
	if f.length == 0 {
		f.length = 255
	}
	switch f.kind {
	case "boolean":
		f.defaulted = true
	case "reference":
		f.length, f.refers, f.relation, f.index = idLength, n.Refers, strings.TrimSuffix(n.Name, "__c")+"__r", map[string][]int32{}
	}
	f.unfiltered = f.kind == "textarea" && f.length > 255
	o.add(f)
	s.relate()
	s.described = s.now()
}

// AddObject makes a custom object with a name, and the fields it is given.
func (s *Sandbox) AddObject(name, label string, fields ...NewField) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := made(name, label, label+"s", fmt.Sprintf("a%02d", len(s.order)), text("Name", label+" Name", 80).must().title(), refer("OwnerId", "Owner ID", "Group", "User").or("me"))
	s.addObject(o)
	for _, f := range fields {
		s.addField(o, f)
	}
}
