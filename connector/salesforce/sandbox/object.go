package sandbox

import (
	"slices"
	"strings"
)

// An object is a kind of record: what describe tells of it, and its rows.
type object struct {
	name, label, plural, prefix string
	fields                      []*field
	byName                      map[string]*field // by lower-case name
	children                    []child
	fixed                       bool // rows are made by the system only
	noUpdate, noDelete          bool
	tooling                     bool // seen below /tooling only
	table
}

// A child is another object's reference to this one, as sub-selects name it.
type child struct {
	name   string
	object *object
	field  *field
}

// A field is one of an object's fields.
type field struct {
	at          int16 // in object.fields
	name, label string
	kind        string // as describe names types
	length      int    // of text, in characters
	precision   int    // of numbers
	scale       int
	required    bool   // neither nillable nor defaulted on create
	fallback    string // what a create without it stores
	defaulted   bool
	system      byte // which of a row's own values it is, zero: a cell
	formula     func(s *Sandbox, o *object, r *row) string
	noCreate    bool
	noUpdate    bool
	unique      bool
	sensitive   bool // to case, when unique
	external    bool // an external id
	idLookup    bool
	refers      []string
	relation    string // name of the relationship of a reference
	choices     []string
	restricted  bool
	custom      bool
	nameField   bool
	compound    string // the field that shows it together with others
	unfiltered  bool   // can be neither filtered nor sorted by
	index       map[string][]int32

	hidden bool // by field-level security
	locked bool // readable only, by field-level security
	gated  bool // seen only by users with a grant
	grants map[string]grant
}

// A grant is what a permission set allows with a field, by the set's id.
type grant struct{ read, edit bool }

const (
	sysID byte = iota + 1
	sysDeleted
	sysCreated
	sysCreatedBy
	sysModified
	sysModifiedBy
	sysStamp
)

func (o *object) field(name string) *field { return o.byName[strings.ToLower(name)] }

func (o *object) add(fields ...*field) {
	if o.byName == nil {
		o.byName = map[string]*field{}
	}
	for _, f := range fields {
		f.at = int16(len(o.fields))
		o.fields = append(o.fields, f)
		o.byName[strings.ToLower(f.name)] = f
		if f.unique || f.external || f.idLookup && f.system == 0 || f.kind == "reference" && f.index != nil {
			f.index = map[string][]int32{}
		}
	}
}

// name is the field by which people know a record.
func (o *object) nameField() *field {
	for _, f := range o.fields {
		if f.nameField {
			return f
		}
	}
	return nil
}

func text(name, label string, length int) *field {
	return &field{name: name, label: label, kind: "string", length: length}
}

func area(name, label string, length int) *field {
	return &field{name: name, label: label, kind: "textarea", length: length, unfiltered: length > 255}
}

func email(name, label string) *field {
	return &field{name: name, label: label, kind: "email", length: 80, idLookup: true}
}

func phone(name, label string) *field {
	return &field{name: name, label: label, kind: "phone", length: 40}
}

func link(name, label string, length int) *field {
	return &field{name: name, label: label, kind: "url", length: length}
}

func flag(name, label string) *field {
	return &field{name: name, label: label, kind: "boolean", defaulted: true}
}

func count(name, label string, digits int) *field {
	return &field{name: name, label: label, kind: "int", precision: digits}
}

func decimal(name, label, kind string, precision, scale int) *field {
	return &field{name: name, label: label, kind: kind, precision: precision, scale: scale}
}

func date(name, label string) *field { return &field{name: name, label: label, kind: "date"} }
func datetime(name, label string) *field {
	return &field{name: name, label: label, kind: "datetime"}
}

func pick(name, label string, choices ...string) *field {
	return &field{name: name, label: label, kind: "picklist", length: 255, choices: choices}
}

// refer is a reference to one object or several. Its relation is the name
// without Id.
func refer(name, label string, objects ...string) *field {
	return &field{name: name, label: label, kind: "reference", length: idLength, refers: objects, relation: strings.TrimSuffix(name, "Id")}
}

func (f *field) must() *field { f.required = true; return f }
func (f *field) or(value string) *field {
	f.fallback, f.defaulted = value, true
	return f
}
func (f *field) readOnly() *field          { f.noCreate, f.noUpdate = true, true; return f }
func (f *field) once() *field              { f.noUpdate = true; return f }
func (f *field) indexed() *field           { f.index = map[string][]int32{}; return f }
func (f *field) title() *field             { f.nameField = true; return f }
func (f *field) in(compound string) *field { f.compound = compound; return f }
func (f *field) only() *field              { f.restricted = true; return f }
func (f *field) wide(length int) *field    { f.length = length; return f }

func (f *field) by(formula func(s *Sandbox, o *object, r *row) string) *field {
	f.formula = formula
	return f.readOnly()
}

// numeric, textual and timed say how values compare.
func (f *field) numeric() bool {
	return slices.Contains([]string{"int", "double", "currency", "percent"}, f.kind)
}

func (f *field) timed() bool { return f.kind == "date" || f.kind == "datetime" }

func (f *field) textual() bool {
	return slices.Contains([]string{"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"}, f.kind)
}

// polymorphic references lead to several objects.
func (f *field) polymorphic() bool { return len(f.refers) > 1 }

// can says whether a user may read and write a field.
func (f *field) can(sets []string) grant {
	g := grant{!f.hidden, !f.hidden && !f.locked}
	if !f.gated {
		return g
	}
	var has grant
	for _, set := range sets {
		has.read = has.read || f.grants[set].read
		has.edit = has.edit || f.grants[set].edit
	}
	return grant{g.read && has.read, g.edit && has.edit}
}
