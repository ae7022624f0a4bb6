package plan

import (
	"testing"

	"github.com/kith-sync/kith/contact"
)

func TestNaming(t *testing.T) {
	schema := contact.Schema{Fields: []contact.Field{
		{Name: "name", Kind: contact.Name}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name},
	}}
	for _, c := range []struct {
		what, formula string
		values        []string
		want          string
	}{
		{"a mapped name is the name", "", []string{"Ada Lovelace", "Augusta", "King"}, "Ada Lovelace"},
		{"without one it is first and last name", "", []string{"", "Ada", "Lovelace"}, "Ada Lovelace"},
		{"a formula goes before both", `last_name + ", " + first_name`, []string{"Ada", "Ada", "Lovelace"}, "Lovelace, Ada"},
		{"a formula that yields nothing gives way", `last_name + ", " + first_name`, []string{"Ada", "", ""}, "Ada"},
		{"nobody is without a name (N14)", "", []string{"", "", ""}, "New Contact"},
	} {
		n, err := NewNaming(schema, c.formula)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.Name(c.values); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
	if _, err := NewNaming(schema, `nickname + "!"`); err == nil {
		t.Error("a formula over a field that the book does not have was accepted")
	}
}
