package plan

import (
	"strings"

	"github.com/expr-lang/expr/vm"

	"github.com/kith-sync/kith/contact"
)

// A Naming gives contacts the name they are shown by: the automatic field Name
// of the Contact Manager, mapped or made by a formula.
type Naming struct {
	schema  contact.Schema
	formula *vm.Program
}

// NewNaming compiles a book's name formula, an expression over its fields such
// as `last_name + ", " + first_name`. Without one a contact is called by its
// name field, else by its first and last name.
func NewNaming(schema contact.Schema, formula string) (*Naming, error) {
	n := &Naming{schema: schema}
	if strings.TrimSpace(formula) == "" {
		return n, nil
	}
	program, err := compileExpr(formula, schema, false)
	n.formula = program
	return n, err
}

// Name returns what a contact is shown as: the placeholder when it has no name
// (N14). The placeholder is never stored and never sent (N15).
func (n *Naming) Name(values []string) string {
	name := n.made(values)
	if contact.Blank(name) {
		return contact.Placeholder
	}
	return strings.TrimSpace(name)
}

func (n *Naming) made(values []string) string {
	if n.formula != nil {
		name, err := runText(n.formula, n.schema, values)
		if err == nil && strings.Trim(name, " ,;-") != "" {
			return name
		}
	}
	if name := n.value(values, "name"); name != "" {
		return name
	}
	return strings.TrimSpace(n.value(values, "first_name") + " " + n.value(values, "last_name"))
}

func (n *Naming) value(values []string, field string) string {
	if at := n.schema.Index(field); at >= 0 && at < len(values) {
		return strings.TrimSpace(values[at])
	}
	return ""
}
