package desk

import (
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Naming is what a book's contacts are called on screens (N14). A formula that
// has lost its field gives way to the names.
func Naming(b store.Book) *plan.Naming {
	n, _ := plan.NewNaming(b.Schema(), b.NameFormula)
	return n
}

// NameOf is a contact's name for programs: the placeholder never leaves (N15).
func NameOf(n *plan.Naming, values []string) string {
	if name := n.Name(values); name != contact.Placeholder {
		return name
	}
	return ""
}

// ReportContact says who a contact is, passwords masked.
func ReportContact(b store.Book, n *plan.Naming, c store.Contact) ContactReport {
	r := ContactReport{ID: store.Number(c.Ref), Name: NameOf(n, c.Values), Fields: map[string]string{}, Version: c.Version,
		CreatedRun: c.CreatedRun, UpdatedRun: c.UpdatedRun, DeletedRun: c.DeletedRun, DeletedAt: moment(c.DeletedAt)}
	for i, f := range b.Fields {
		if v := Shown(f, c, i); v != "" {
			r.Fields[f.Name] = v
		}
	}
	return r
}

// Shown is a value as people and programs may see it.
func Shown(f contact.Field, c store.Contact, at int) string {
	if at >= len(c.Values) {
		return ""
	}
	if f.Kind == contact.Password {
		return masked(c.Values[at])
	}
	return c.Values[at]
}
