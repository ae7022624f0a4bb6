package plan_test

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// Requirements 3.11: who is marked, and who loses the mark.
func TestMarks(t *testing.T) {
	def := plan.Sync{Name: "members", Policy: plan.Policy{Update: plan.WriteNever, Delete: plan.Delete{NotFound: plan.Mark, Mark: "company"}}}
	for _, f := range people.Fields {
		if f.Name != "company" {
			def.Map = append(def.Map, plan.Mapping{From: f.Name, To: f.Name})
		}
	}
	book := rulebook(t, def)
	for _, c := range []struct {
		what, there, missing, found string
	}{
		{"a blank field gets the mark", "", "members", ""},
		{"a mark stays, and goes with the person's return", "members", "members", ""},
		{"another sync's mark is not ours", "guests", "guests", "guests"},
	} {
		target := contact.Record{Values: record(map[string]string{"email": "a@example.com", "company": c.there})}
		missing := c.there
		if f, ok := plan.MarkMissing(book.Sync, book.Target, target); ok {
			missing = f.New
		}
		found := c.there
		for _, f := range book.DecideUpdate(book.Translate(record(map[string]string{"email": "a@example.com"})), target).Fields {
			found = f.New
		}
		if missing != c.missing || found != c.found {
			t.Errorf("%s: missing %q, found %q; want %q and %q", c.what, missing, found, c.missing, c.found)
		}
	}
}

// A mark needs a field of its own that takes any text.
func TestMarkNeedsAField(t *testing.T) {
	for _, c := range []struct{ what, field, want string }{
		{"one that is mapped", "company", "filled by the map"},
		{"a telephone", "phone", "not one for any text"},
		{"none", "remark", "no field"},
	} {
		s := plan.Sync{Name: "members", Match: []plan.Rule{plan.ByEmail}, Policy: plan.Policy{Delete: plan.Delete{NotFound: plan.Mark, Mark: c.field}},
			Map: []plan.Mapping{{From: "email", To: "email"}, {From: "company", To: "company"}}}
		if _, err := plan.Compile(s.Defaults(), people, people, "GB"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.what, err, c.want)
		}
		s.Source, s.Target = plan.Endpoint{Connection: "crm"}, plan.Endpoint{Book: "people"}
		if _, err := plan.Pair(s.Defaults(), people, people, "GB"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, over a link: got %v, want %q", c.what, err, c.want)
		}
		s.Source, s.Target = s.Target, s.Source
		s.Direction, s.Policy.Delete = plan.TwoWay, plan.Delete{Back: plan.Mark, Mark: c.field}
		if _, err := plan.Pair(s.Defaults(), people, people, "GB"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, over a link from the book: got %v, want %q", c.what, err, c.want)
		}
	}
}
