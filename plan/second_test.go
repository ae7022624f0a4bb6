package plan_test

import (
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// An update never takes away the one address by which a contact was recognised.
func TestSecondAddressesStayShared(t *testing.T) {
	schema := contact.Schema{Fields: []contact.Field{{Name: "email", Kind: contact.Email}, {Name: "email.2", Kind: contact.Email}}}
	s := plan.Sync{Match: []plan.Rule{plan.ByEmail}, Secondary: true, Policy: plan.Policy{Update: plan.WriteAlways}}
	for _, f := range schema.Fields {
		s.Map = append(s.Map, plan.Mapping{From: f.Name, To: f.Name, MayClear: true})
	}
	book, err := plan.Compile(s.Defaults(), schema, schema, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what               string
		record, here, want [2]string
	}{
		{"another one takes its place, and they share that", [2]string{"home@example.com", "new@example.com"}, [2]string{"ann@example.com", "home@example.com"},
			[2]string{"ann@example.com", "new@example.com"}},
		{"a blank would clear it", [2]string{"home@example.com", ""}, [2]string{"ann@example.com", "home@example.com"}, [2]string{"ann@example.com", "home@example.com"}},
		{"another one is shared: it may go", [2]string{"ann@example.com", "new@example.com"}, [2]string{"ann@example.com", "home@example.com"},
			[2]string{"ann@example.com", "new@example.com"}},
	} {
		values := c.here
		for _, f := range book.DecideUpdate(book.Translate(c.record[:]), contact.Record{Values: c.here[:]}).Fields {
			if f.Written() {
				values[schema.Index(f.Name)] = f.New
			}
		}
		if values != c.want {
			t.Errorf("%s: got %q, want %q", c.what, values, c.want)
		}
	}
}
