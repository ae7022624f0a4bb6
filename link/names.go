package link

import (
	"slices"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/suggest"
)

// surely is how certain it must be that a remote's field is a standard one under
// another name.
const surely = 0.8

// BookFields are the fields of an address book that a remote's fields fill where a
// sync has no map, in the order of the remote's: the book's field of the same name, or
// the standard one that it is under another name (FirstName, FNAME and firstname are
// first_name; its one consent is consent), or a new one of its own name. A password
// has none: its name is empty.
func BookFields(here, there contact.Schema) []contact.Field {
	columns := make([]suggest.Column, len(there.Fields))
	for i, f := range there.Fields {
		columns[i].Name = f.Name
	}
	found := suggest.Mapping(columns, nil)
	out := make([]contact.Field, len(there.Fields))
	used := map[string]bool{"": true}
	for _, f := range there.Fields { // whoever has the name keeps it
		used[f.Name] = true
	}
	consents := 0
	for _, f := range there.Fields {
		if f.Kind == contact.Consent {
			consents++
		}
	}
	standard := suggest.Standard()
	for i, f := range there.Fields {
		f.Required = false // that is the remote's own business
		name := f.Name
		switch s := found[i]; {
		case f.Kind == contact.Password:
			continue
		case here.Index(f.Name) >= 0 || slices.ContainsFunc(standard, func(s contact.Field) bool { return s.Name == f.Name }):
		case f.Kind == contact.Consent && consents == 1:
			name = string(contact.Consent)
		case s.Confidence >= surely && (f.Kind == contact.Text || f.Kind == s.Field.Kind):
			name, f.Kind = s.Field.Name, s.Field.Kind
		}
		if name != f.Name && !used[name] {
			f.Name, f.Label, used[name] = name, "", true
		}
		out[i] = f
	}
	return out
}
