package desk

import (
	"cmp"
	"slices"

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
		CreatedRun: c.CreatedRun, UpdatedRun: c.UpdatedRun, DeletedRun: c.DeletedRun, DeletedAt: Moment(c.DeletedAt)}
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

// onScreen is how many fields a table has room for, beside ID and name.
const onScreen = 5

// ColumnsOnScreen chooses the fields of a table, how to reach somebody first, and
// counts those that are left out.
func ColumnsOnScreen(b store.Book) (at []int, left int) {
	for i, f := range b.Fields {
		if f.Kind != contact.Name && f.Kind != contact.Password {
			at = append(at, i)
		}
	}
	rank := func(i int) int {
		first := []string{"email", "phone", "mobile", "company"}
		if r := slices.Index(first, b.Fields[i].Name); r >= 0 {
			return r
		}
		return len(first)
	}
	slices.SortStableFunc(at, func(x, y int) int { return cmp.Compare(rank(x), rank(y)) })
	left = max(len(at)-onScreen, 0)
	return at[:len(at)-left], left
}
