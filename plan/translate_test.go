package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// Requirements 3.1, 3.5: what becomes of one value on its way into the target.
func TestTranslate(t *testing.T) {
	text := func(s string) *string { return &s }
	vip := map[string]string{"1": "VIP", "gold": "VIP", "0": ""}
	for _, c := range []struct {
		what    string
		mapping plan.Mapping // its From, unless set, is the column "company"
		value   string
		want    string
		reject  plan.Reason
		warns   string
	}{
		{what: "a value is kept as it is written", mapping: plan.Mapping{To: "company"}, value: "ACME  Ltd.", want: "ACME  Ltd."},
		{what: "white space around it goes", mapping: plan.Mapping{To: "company"}, value: " Acme\t", want: "Acme", warns: "value.trimmed"},
		{what: "a hard space around it too", mapping: plan.Mapping{To: "company"}, value: "Acme\u00a0", want: "Acme", warns: "value.trimmed"},
		{what: "and what nobody sees", mapping: plan.Mapping{To: "company"}, value: "\ufeffAcmé\u200b", want: "Acmé", warns: "value.trimmed"},
		{what: "a letter beyond ASCII at the end is no white space", mapping: plan.Mapping{To: "company"}, value: "éAcmé", want: "éAcmé"},
		{what: "white space alone is blank", mapping: plan.Mapping{To: "company"}, value: " \t ", want: ""},
		{what: "a hard space alone is blank", mapping: plan.Mapping{To: "company"}, value: "\u00a0", want: ""},
		{what: "an e-mail keeps its capital letters", mapping: plan.Mapping{To: "email"}, value: "Ann@Example.COM", want: "Ann@Example.COM"},
		{what: "a telephone keeps its spaces", mapping: plan.Mapping{To: "phone"}, value: "(020) 7946 0001", want: "(020) 7946 0001"},
		{what: "a telephone from another region is written so that it keeps its meaning", mapping: plan.Mapping{To: "phone", As: "phone(US)"},
			value: "(202) 555-0101", want: "+12025550101"},
		{what: "its extension comes along", mapping: plan.Mapping{To: "phone", As: "phone(US)"}, value: "(202) 555-0101 x7", want: "+12025550101;ext=7"},
		{what: "a telephone nobody can read is kept (3.1)", mapping: plan.Mapping{To: "phone", As: "phone(US)"}, value: "call me", want: "call me"},

		{what: "the placeholder is no name (N15)", mapping: plan.Mapping{To: "last_name"}, value: "New Contact", want: "", warns: "name.placeholder"},
		{what: "nor in another language", mapping: plan.Mapping{To: "first_name"}, value: "neuer  KONTAKT", want: "", warns: "name.placeholder"},
		{what: "a company may be called so", mapping: plan.Mapping{To: "company"}, value: "New Contact", want: "New Contact"},

		{what: "a value map replaces", mapping: plan.Mapping{To: "company", Values: vip}, value: "1", want: "VIP"},
		{what: "a value map ignores case", mapping: plan.Mapping{To: "company", Values: vip}, value: "GOLD", want: "VIP"},
		{what: "a value map lets others through", mapping: plan.Mapping{To: "company", Values: vip}, value: "silver", want: "silver"},
		{what: "a value map can make a value blank", mapping: plan.Mapping{To: "company", Values: vip}, value: "0", want: ""},
		{what: "a default fills a blank", mapping: plan.Mapping{To: "company", Default: "none"}, value: " ", want: "none"},
		{what: "a default fills what the value map made blank", mapping: plan.Mapping{To: "company", Values: vip, Default: "none"}, value: "0", want: "none"},
		{what: "a default leaves a value alone", mapping: plan.Mapping{To: "company", Default: "none"}, value: "Acme", want: "Acme"},

		{what: "a fixed value", mapping: plan.Mapping{To: "company", Value: text("Acme")}, value: "ignored", want: "Acme"},
		{what: "an expression", mapping: plan.Mapping{To: "company", Expr: `upper(company) + "!"`}, value: "acme", want: "ACME!"},
		{what: "an expression that fails rejects the record", mapping: plan.Mapping{To: "company", Expr: `string(int(company))`}, value: "many",
			reject: plan.ExprFailed},

		{what: "a language tag is stored as a tag (C8)", mapping: plan.Mapping{To: "language"}, value: "EN-gb", want: "en-GB"},
		{what: "an unknown language rejects the record (settled question 20)", mapping: plan.Mapping{To: "language"}, value: "klingonish-x",
			reject: plan.LanguageUnknown},
		{what: "an e-mail that is none rejects a record that stands or falls with it (3.6)", mapping: plan.Mapping{To: "email"}, value: "ann@@",
			reject: plan.EmailInvalid},
	} {
		c.mapping.From = "company"
		m := []plan.Mapping{c.mapping}
		if c.mapping.To != "email" {
			m = append(m, plan.Mapping{From: "email", To: "email"})
		}
		row := record(map[string]string{"company": c.value, "email": "ann@example.com"})
		got := rulebook(t, plan.Sync{Region: "GB", Match: []plan.Rule{plan.ByEmail}, Map: m}).Translate(row)
		if got.Reject != c.reject {
			t.Errorf("%s: rejected for %q, want %q", c.what, got.Reject, c.reject)
			continue
		}
		if value := got.Values[people.Index(c.mapping.To)]; c.reject == "" && value != c.want {
			t.Errorf("%s: got %q, want %q", c.what, value, c.want)
		}
		if warns := strings.Join(got.Detail.Warnings, " "); warns != c.warns {
			t.Errorf("%s: warnings: got %q, want %q", c.what, warns, c.warns)
		}
		if c.reject != "" && (got.Detail.Column != "company" || c.reject != plan.ExprFailed && got.Detail.Value != c.value) {
			t.Errorf("%s: blames %q in column %q, want %q in company", c.what, got.Detail.Value, got.Detail.Column, c.value)
		}
	}
}

// Requirements 3.6: `email.invalid` where e-mail is key or required, a warning elsewhere.
func TestInvalidEmail(t *testing.T) {
	row := map[string]string{"uid": "k1", "email": "ann@@", "phone": "020 7946 0001"}
	for _, c := range []struct {
		what   string
		sync   plan.Sync
		row    map[string]string
		reject plan.Reason
	}{
		{"e-mail is the best key: rejected", plan.Sync{Match: []plan.Rule{plan.ByEmail, plan.ByPhone}}, row, plan.EmailInvalid},
		{"a better key is there: only the address goes", plan.Sync{Match: []plan.Rule{plan.ByKey, plan.ByEmail}}, row, ""},
		{"the better key is blank: rejected", plan.Sync{Match: []plan.Rule{plan.ByKey, plan.ByEmail}}, map[string]string{"email": "ann@@"}, plan.EmailInvalid},
		{"e-mail is no key: only the address goes", plan.Sync{Match: []plan.Rule{plan.ByPhone}}, row, ""},
		{"e-mail is no key, but required: rejected", plan.Sync{Match: []plan.Rule{plan.ByPhone}, Required: []string{"email"}}, row, plan.EmailInvalid},
	} {
		got := rulebook(t, c.sync).Translate(record(c.row))
		if got.Reject != c.reject {
			t.Errorf("%s: got %q, want %q", c.what, got.Reject, c.reject)
		}
		if value := got.Values[people.Index("email")]; value != "" {
			t.Errorf("%s: the address %q stayed", c.what, value)
		}
		if warned := slices.Contains(got.Detail.Warnings, string(plan.EmailInvalid)); warned != (c.reject == "") {
			t.Errorf("%s: warned %v", c.what, warned)
		}
	}
}

// N15: the placeholder may be spread over two fields.
func TestPlaceholderInTwoFields(t *testing.T) {
	for _, c := range []struct{ what, first, last, wantFirst, wantLast string }{
		{"New and Contact", "New", "Contact", "", ""},
		{"New and somebody", "New", "Contacto", "New", "Contacto"},
		{"the placeholder and a name", "New Contact", "Lee", "", "Lee"},
	} {
		got := rulebook(t, plan.Sync{}).Translate(record(map[string]string{"email": "ann@example.com", "first_name": c.first, "last_name": c.last}))
		first, last := got.Values[people.Index("first_name")], got.Values[people.Index("last_name")]
		if first != c.wantFirst || last != c.wantLast {
			t.Errorf("%s: got %q %q, want %q %q", c.what, first, last, c.wantFirst, c.wantLast)
		}
	}
}

// A default is what we say when the source says nothing: it never replaces what
// the target knows.
func TestDefaultNeverReplaces(t *testing.T) {
	m := []plan.Mapping{{From: "email", To: "email"}, {From: "company", To: "company", Default: "unknown", Write: plan.WriteAlways}}
	book := rulebook(t, plan.Sync{Match: []plan.Rule{plan.ByEmail}, Map: m})
	for _, c := range []struct {
		what, old, offered string
		want               plan.Action
	}{
		{"the target has a value, the source none", "Acme", "", plan.Unchanged},
		{"neither has one", "", "", plan.Update},
		{"the source has one", "Acme", "Umbra", plan.Update},
	} {
		row := book.Translate(record(map[string]string{"email": "ann@example.com", "company": c.offered}))
		target := contact.Record{Values: record(map[string]string{"email": "ann@example.com", "company": c.old})}
		if got := book.DecideUpdate(row, target); got.Action != c.want {
			t.Errorf("%s: got %v, want %v (%+v)", c.what, got.Action, c.want, got.Fields)
		}
	}
}

// Settled question 13, C28, C29.
func TestMatchFor(t *testing.T) {
	keyed, plain := people, people
	plain.Key = ""
	to := func(fields ...string) (m []plan.Mapping) {
		for _, f := range fields {
			m = append(m, plan.Mapping{From: f, To: f})
		}
		return m
	}
	for _, c := range []struct {
		what   string
		sync   plan.Sync
		target contact.Schema
		want   plan.Rule
	}{
		{"what the sync says", plan.Sync{Match: []plan.Rule{plan.ByPhone}, Map: to("uid", "email", "phone")}, keyed, plan.ByPhone},
		{"the unique identifier", plan.Sync{Map: to("uid", "email", "phone")}, keyed, plan.ByKey},
		{"an identifier that nothing fills recognises nobody", plan.Sync{Map: to("email", "phone")}, keyed, plan.ByEmail},
		{"generated identifiers recognise nobody", plan.Sync{Map: to("uid", "email"), Target: plan.Endpoint{Key: plan.KeyGenerated}}, keyed, plan.ByEmail},
		{"else the e-mail", plan.Sync{Map: to("email", "phone")}, plain, plan.ByEmail},
		{"people without any e-mail: the telephone", plan.Sync{Map: to("first_name", "phone")}, plain, plan.ByPhone},
	} {
		if got := c.sync.MatchFor(c.target); !slices.Equal(got, []plan.Rule{c.want}) {
			t.Errorf("%s: got %v, want %s", c.what, got, c.want)
		}
	}
}

func TestIdentifier(t *testing.T) {
	for _, c := range []struct{ what, name, want string }{
		{"spaces and hyphens become one underscore", "E-mail  Address", "e_mail_address"},
		{"a digit does not begin a name", "2nd phone", "_2nd_phone"},
		{"signs at the ends go", " (Company) ", "company"},
		{"letters of any script stay", "Straße №", "straße"},
		{"nothing stays nothing", "--", ""},
	} {
		if got := plan.Identifier(c.name); got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.what, c.name, got, c.want)
		}
	}
}

// A filter reads columns by identifier or by their exact names, and cannot do
// anything but read.
func TestExpressions(t *testing.T) {
	source := contact.Schema{Fields: []contact.Field{{Name: "E-mail Address"}, {Name: "Agent"}, {Name: "Part"}}}
	for _, c := range []struct {
		what, filter string
		want         bool
		fault        string
	}{
		{"a column by its identifier", `agent == "Ann"`, true, ""},
		{"a column called nearly as a function is", `part == "" && partOf(agent, 1) == "Ann"`, true, ""},
		{"a column by its exact name", `row["E-mail Address"] endsWith "@example.com"`, true, ""},
		{"words of the language", `lower(agent) in ["ann", "bob"]`, true, ""},
		{"false is false", `agent == "Bob"`, false, ""},
		{"no filter lets everyone pass", "  ", true, ""},
		{"a column that is not there", `owner == "Ann"`, false, "filter"},
		{"no yes or no", `agent`, false, "filter"},
		{"not finished", `agent ==`, false, "filter"},
	} {
		sync := plan.Sync{Filter: c.filter, Match: []plan.Rule{plan.ByEmail}, Map: []plan.Mapping{{From: "E-mail Address", To: "email"}}}
		book, err := plan.Compile(sync.Defaults(), source, people, "GB")
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: error %v, want one with %q", c.what, err, c.fault)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if got, err := book.Pass([]string{"ann@example.com", "Ann"}); got != c.want || err != nil {
			t.Errorf("%s: got %v and error %v, want %v", c.what, got, err, c.want)
		}
	}
}

// A sync that does not fit its schemas is refused with the key that is wrong.
func TestCompileRefuses(t *testing.T) {
	email := plan.Mapping{From: "email", To: "email"}
	for _, c := range []struct {
		what string
		sync plan.Sync
		want string
	}{
		{"a field that is not there", plan.Sync{Map: []plan.Mapping{{From: "email", To: "mail"}}}, `map[0]: the target has no field "mail"`},
		{"a column that is not there", plan.Sync{Map: []plan.Mapping{email, {From: "tel", To: "phone"}}}, `map[1]: the source has no column "tel"`},
		{"a field filled twice", plan.Sync{Map: []plan.Mapping{email, email}}, `field "email" is filled twice`},
		{"a kind that is none", plan.Sync{Map: []plan.Mapping{{From: "email", To: "email", As: "mail"}}}, `as: "mail" is not a kind`},
		{"nothing to be recognised by", plan.Sync{Match: []plan.Rule{plan.ByPhone}, Map: []plan.Mapping{email}}, "no mapped field serves"},
		{"a rule that is none", plan.Sync{Match: []plan.Rule{"name"}, Map: []plan.Mapping{email}}, `"name" is not a match rule`},
		{"a required field that is not there", plan.Sync{Required: []string{"shoe_size"}, Map: []plan.Mapping{email}}, `required: the target has no field "shoe_size"`},
		{"an answer to contacts not found that is not built", plan.Sync{Policy: plan.Policy{Delete: plan.Delete{NotFound: plan.Mark}}, Map: []plan.Mapping{email}}, "mark"},
	} {
		if len(c.sync.Match) == 0 {
			c.sync.Match = []plan.Rule{plan.ByEmail}
		}
		_, err := plan.Compile(c.sync.Defaults(), people, people, "GB")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.what, err, c.want)
		}
	}
}

// RFC 5321 lets a domain have no dot, and on the internet it is a slip: the address
// is taken, and a person is told.
func TestEmailWithoutADot(t *testing.T) {
	book := rulebook(t, plan.Sync{})
	for _, c := range []struct {
		address string
		want    bool
	}{
		{"nadia@example", true}, {"nadia@example.com", false}, {"nadia@[192.0.2.1]", false},
		{"nadia@m\u00fcnchen\u3002example", false}, {"nadia", false},
	} {
		got := slices.Contains(book.Translate(record(map[string]string{"email": c.address, "uid": "k1"})).Detail.Warnings, plan.CodeNoDot)
		if got != c.want {
			t.Errorf("%s: warned %v, want %v", c.address, got, c.want)
		}
	}
}

func TestColumnsNamed(t *testing.T) {
	got := plan.ColumnsNamed(`row["First"] + " " + partOf(row[ 'E-mail "1"' ], 2) + row["a \"b\""] + arrow["x"]`)
	if want := []string{"First", `E-mail "1"`, `a "b"`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
