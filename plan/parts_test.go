package plan_test

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// K12: a Google export with two addresses in one cell lost the second one, with
// only a warning.
func TestSeveralValuesInOneCell(t *testing.T) {
	source := contact.Schema{Fields: []contact.Field{{Name: `E-mail "1"`}, {Name: "Phone"}}}
	target := contact.Schema{Fields: []contact.Field{{Name: "email", Kind: contact.Email}, {Name: "email.2", Kind: contact.Email},
		{Name: "email.3", Kind: contact.Email}, {Name: "phone", Kind: contact.Phone}}}
	first := plan.Mapping{From: `E-mail "1"`, To: "email"}
	second := plan.Mapping{Expr: plan.PartOf(`E-mail "1"`, 2), To: "email.2"}
	third := plan.Mapping{Expr: plan.PartOf(`E-mail "1"`, 3), To: "email.3"}
	for _, c := range []struct {
		what  string
		more  []plan.Mapping
		value string
		want  string
		warns string
	}{
		{"one value is one value", []plan.Mapping{second, third}, "bo@example.org", "bo@example.org||", ""},
		{"two values find two fields", []plan.Mapping{second, third}, "bo@example.org ::: bo2@example.org", "bo@example.org|bo2@example.org|", ""},
		{"three find three", []plan.Mapping{second, third}, "bo@example.org ::: bo2@example.org ::: bo3@example.org", "bo@example.org|bo2@example.org|bo3@example.org", ""},
		{"a value for which there is no field is told", []plan.Mapping{second}, "bo@example.org ::: bo2@example.org ::: bo3@example.org", "bo@example.org|bo2@example.org|", "value.several"},
		{"without any field for it too", nil, "bo@example.org ::: bo2@example.org", "bo@example.org||", "value.several"},
		{"a second value that is no address goes alone", []plan.Mapping{second}, "bo@example.org ::: bo@@", "bo@example.org||", "email.invalid"},
	} {
		sync := plan.Sync{Match: []plan.Rule{plan.ByEmail}, Map: append([]plan.Mapping{first}, c.more...)}
		book, err := plan.Compile(sync.Defaults(), source, target, "GB")
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		got := book.Translate([]string{c.value, ""})
		if value := strings.Join(got.Values[:3], "|"); value != c.want || got.Reject != "" {
			t.Errorf("%s: got %q %s, want %q", c.what, value, got.Reject, c.want)
		}
		if warns := strings.Join(got.Detail.Warnings, " "); warns != c.warns {
			t.Errorf("%s: warnings: got %q, want %q", c.what, warns, c.warns)
		}
	}
	for column, want := range map[string]bool{`E-mail "1"`: true, "E-mail": false, "Phone": false} {
		if got := second.Reads(column); got != want {
			t.Errorf("%s reads %s: got %v, want %v", second.Expr, column, got, want)
		}
	}
}
