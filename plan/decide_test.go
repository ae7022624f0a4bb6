package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// people is the schema of the tests' target; their sources have columns of the
// same names.
var people = contact.Schema{Key: "uid", Fields: []contact.Field{
	{Name: "uid", Kind: contact.Text}, {Name: "email", Kind: contact.Email}, {Name: "phone", Kind: contact.Phone},
	{Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name}, {Name: "company", Kind: contact.Text},
	{Name: "language", Kind: contact.Language},
}}

// rulebook compiles a sync over people, every field mapped to its namesake
// unless the sync has a map of its own.
func rulebook(t testing.TB, s plan.Sync) *plan.Rulebook {
	t.Helper()
	if len(s.Match) == 0 {
		s.Match = []plan.Rule{plan.ByEmail, plan.ByPhone}
	}
	if len(s.Map) == 0 {
		for _, f := range people.Fields {
			s.Map = append(s.Map, plan.Mapping{From: f.Name, To: f.Name})
		}
	}
	book, err := plan.Compile(s.Defaults(), people, people, "GB")
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// record lists values in the order of people; those not named are blank.
func record(values map[string]string) []string {
	out := make([]string, len(people.Fields))
	for name, v := range values {
		out[people.Index(name)] = v
	}
	return out
}

// Requirements 3.4, cell by cell, and what counts as equal (3.1).
func TestWritePolicies(t *testing.T) {
	const keep, write, kept, clear = "nothing to tell", "written", "kept, and shown", "cleared"
	for _, c := range []struct {
		what     string
		policy   plan.Write
		field    string
		old, new string
		mayClear bool
		want     string
	}{
		{"always: both blank is nothing", plan.WriteAlways, "company", "", "", false, keep},
		{"always fills a blank", plan.WriteAlways, "company", "", "Acme", false, write},
		{"always does not erase", plan.WriteAlways, "company", "Acme", "", false, keep},
		{"always erases where the field may clear", plan.WriteAlways, "company", "Acme", "", true, clear},
		{"always replaces", plan.WriteAlways, "company", "Acme", "Umbra", false, write},
		{"if_new_not_blank: both blank is nothing", plan.WriteIfNewNotBlank, "company", "", "", true, keep},
		{"if_new_not_blank fills a blank", plan.WriteIfNewNotBlank, "company", "", "Acme", false, write},
		{"if_new_not_blank does not erase", plan.WriteIfNewNotBlank, "company", "Acme", "", false, keep},
		{"if_new_not_blank does not erase where the field may clear", plan.WriteIfNewNotBlank, "company", "Acme", "", true, keep},
		{"if_new_not_blank keeps a telephone that can be read from one that cannot", plan.WriteIfNewNotBlank, "phone", "+1 202-555-0143", "12025550143", false, kept},
		{"if_new_not_blank replaces a telephone that cannot be read either", plan.WriteIfNewNotBlank, "phone", "ask Ann", "12025550143", false, write},
		{"if_new_not_blank replaces a telephone by one that can be read", plan.WriteIfNewNotBlank, "phone", "020 7946 0018", "020 7946 0019", false, write},
		{"if_new_not_blank replaces", plan.WriteIfNewNotBlank, "company", "Acme", "Umbra", false, write},
		{"if_existing_blank: both blank is nothing", plan.WriteIfExistingBlank, "company", "", "", true, keep},
		{"fill leaves what is there", plan.WriteIfExistingBlank, "company", "Acme", "Umbra", false, kept},
		{"fill fills a blank", plan.WriteIfExistingBlank, "company", "", "Acme", false, write},
		{"fill takes white space for blank", plan.WriteIfExistingBlank, "company", "  ", "Acme", false, write},
		{"fill takes the placeholder for blank", plan.WriteIfExistingBlank, "last_name", "New Contact", "Lee", false, write},
		{"fill does not erase", plan.WriteIfExistingBlank, "company", "Acme", "", true, keep},
		{"never: both blank is nothing", plan.WriteNever, "company", "", "", true, keep},
		{"never does not fill", plan.WriteNever, "company", "", "Acme", false, kept},
		{"never does not erase", plan.WriteNever, "company", "Acme", "", true, keep},
		{"never does not replace", plan.WriteNever, "company", "Acme", "Umbra", false, kept},
		{"the same telephone written otherwise is no update", plan.WriteAlways, "phone", "020 7946 0001", "+44 20 7946 0001", false, keep},
		{"another extension is an update", plan.WriteAlways, "phone", "020 7946 0001", "020 7946 0001 ext. 5", false, write},
		{"a capital letter in an e-mail is no update", plan.WriteAlways, "email", "ann@example.com", "Ann@Example.COM", false, keep},
		{"a capital letter in a name is an update", plan.WriteAlways, "last_name", "lee", "Lee", false, write},
		{"a capital letter in a text is an update", plan.WriteAlways, "company", "acme", "Acme", false, write},
		{"white space around a text is no update", plan.WriteAlways, "company", "Acme", " Acme ", false, keep},
	} {
		book := rulebook(t, plan.Sync{Map: []plan.Mapping{
			{From: "uid", To: "uid", Write: plan.WriteAlways}, {From: c.field, To: c.field, Write: c.policy, MayClear: c.mayClear},
		}, Match: []plan.Rule{plan.ByKey}})
		change := book.DecideUpdate(book.Translate(record(map[string]string{"uid": "k1", c.field: c.new})),
			contact.Record{Values: record(map[string]string{"uid": "k1", c.field: c.old})})
		if got := outcomeOf(change, c.old, strings.TrimSpace(c.new)); got != c.want {
			t.Errorf("%s: got %s, want %s (%+v)", c.what, got, c.want, change)
		}
	}
}

// outcomeOf says in words what a change does to its only field.
func outcomeOf(c plan.Change, old, offered string) string {
	if len(c.Fields) == 0 && c.Action == plan.Unchanged {
		return "nothing to tell"
	}
	switch f := c.Fields[0]; {
	case c.Action == plan.Update && f.Written() && f.New == "" && f.Old == old:
		return "cleared"
	case c.Action == plan.Update && f.Written() && f.New == offered && f.Old == old:
		return "written"
	case c.Action == plan.Unchanged && !f.Written() && f.Kept == offered && f.New == old:
		return "kept, and shown"
	}
	return fmt.Sprintf("something odd: %+v", c)
}

// Requirements 3.4: an e-mail that is the identity only fills a blank, unless
// its field says otherwise.
func TestIdentityEmailIsNotOverwritten(t *testing.T) {
	for _, c := range []struct {
		what  string
		match []plan.Rule
		write plan.Write
		want  plan.Action
	}{
		{"e-mail is the identity", []plan.Rule{plan.ByEmail, plan.ByPhone}, "", plan.Unchanged},
		{"e-mail is the identity, and its field says always", []plan.Rule{plan.ByEmail, plan.ByPhone}, plan.WriteAlways, plan.Update},
		{"a key is the identity", []plan.Rule{plan.ByKey, plan.ByEmail}, "", plan.Update},
	} {
		book := rulebook(t, plan.Sync{Match: c.match, Policy: plan.Policy{Update: plan.WriteAlways}, Map: []plan.Mapping{
			{From: "uid", To: "uid"}, {From: "phone", To: "phone"}, {From: "email", To: "email", Write: c.write}}})
		row := record(map[string]string{"uid": "k1", "email": "new@example.com", "phone": "020 7946 0001"})
		target := record(map[string]string{"uid": "k1", "email": "old@example.com", "phone": "020 7946 0001"})
		if got := book.DecideUpdate(book.Translate(row), contact.Record{Values: target}); got.Action != c.want {
			t.Errorf("%s: got %v, want %v (%+v)", c.what, got.Action, c.want, got.Fields)
		}
	}
}

// K5, K7, K8, N11, E22: what becomes of a record that nobody in the target is.
func TestCreates(t *testing.T) {
	no := false
	for _, c := range []struct {
		what string
		sync plan.Sync
		row  map[string]string
		want plan.Action
		why  plan.Reason
	}{
		{"nobody found: created", plan.Sync{}, map[string]string{"email": "ann@example.com"}, plan.Create, ""},
		{"creating is switched off (K8)", plan.Sync{Policy: plan.Policy{Create: &no}}, map[string]string{"email": "ann@example.com"}, plan.Skip, plan.MatchNone},
		{"policies bind updates, never creates (K16)", plan.Sync{Policy: plan.Policy{Update: plan.WriteNever}}, map[string]string{"email": "ann@example.com"}, plan.Create, ""},
		{"the gate is open", plan.Sync{Gate: `company == "Acme"`}, map[string]string{"email": "ann@example.com", "company": "Acme"}, plan.Create, ""},
		{"the gate is closed (N11)", plan.Sync{Gate: `company == "Acme"`}, map[string]string{"email": "ann@example.com"}, plan.Hold, plan.GateClosed},
		{"a required field is blank (E6)", plan.Sync{Required: []string{"last_name"}}, map[string]string{"email": "ann@example.com"}, plan.Hold, plan.RequiredMissing},
		{"a required name that is the placeholder is blank (settled question 11)", plan.Sync{Required: []string{"last_name"}},
			map[string]string{"email": "ann@example.com", "last_name": "New Contact"}, plan.Hold, plan.RequiredMissing},
		{"a required field is filled", plan.Sync{Required: []string{"last_name"}}, map[string]string{"email": "ann@example.com", "last_name": "Lee"}, plan.Create, ""},
		{"a create inside the scope", plan.Sync{Scope: `company == "Acme"`}, map[string]string{"email": "ann@example.com", "company": "Acme"}, plan.Create, ""},
		{"a create outside the scope would be made again by every run (settled question 2)", plan.Sync{Scope: `company == "Acme"`},
			map[string]string{"email": "ann@example.com"}, plan.Hold, plan.ScopeReview},
	} {
		book := rulebook(t, c.sync)
		row := record(c.row)
		got := book.DecideCreate(row, book.Translate(row))
		if got.Action != c.want || got.Reason != c.why {
			t.Errorf("%s: got %v %q, want %v %q", c.what, got.Action, got.Reason, c.want, c.why)
		}
	}
}

// The two switches of K7-K9 and the list of what is missing (E24).
func TestUpdatesAsAWhole(t *testing.T) {
	row, target := map[string]string{"email": "ann@example.com", "company": "Umbra"}, map[string]string{"email": "ann@example.com", "company": "Acme"}
	for _, c := range []struct {
		what string
		sync plan.Sync
		want plan.Action
		why  plan.Reason
	}{
		{"a difference is an update", plan.Sync{}, plan.Update, ""},
		{"add only: a match is left alone (K7)", plan.Sync{Policy: plan.Policy{Update: plan.WriteNever}}, plan.Skip, plan.MatchExists},
		{"do not overwrite (K10)", plan.Sync{Policy: plan.Policy{Update: plan.WriteIfExistingBlank}}, plan.Unchanged, ""},
		{"still missing after the update: held (E24)", plan.Sync{Required: []string{"last_name"}}, plan.Hold, plan.RequiredMissing},
		{"the gate binds creation only (settled question 10)", plan.Sync{Gate: "false"}, plan.Update, ""},
	} {
		book := rulebook(t, c.sync)
		got := book.DecideUpdate(book.Translate(record(row)), contact.Record{Values: record(target)})
		if got.Action != c.want || got.Reason != c.why {
			t.Errorf("%s: got %v %q, want %v %q", c.what, got.Action, got.Reason, c.want, c.why)
		}
		if c.why == plan.RequiredMissing && !slices.Equal(got.Detail.Missing, []string{"last_name"}) {
			t.Errorf("%s: missing: got %v, want last_name", c.what, got.Detail.Missing)
		}
	}
}

// decision draws a sync, a record and a contact, and decides.
func decision(t *rapid.T) (plan.Sync, []string, plan.Change) {
	policies := []plan.Write{plan.WriteIfNewNotBlank, plan.WriteAlways, plan.WriteIfExistingBlank, plan.WriteNever}
	s := plan.Sync{Match: []plan.Rule{plan.ByKey}}
	row, target := make([]string, len(people.Fields)), make([]string, len(people.Fields))
	values := []string{"", " ", "New Contact", "Ann", "ann", "a@example.com", "A@Example.com", "020 7946 0001", "+442079460001", "en", "EN"}
	for i, f := range people.Fields {
		s.Map = append(s.Map, plan.Mapping{From: f.Name, To: f.Name,
			Write: rapid.SampledFrom(policies).Draw(t, "policy"), MayClear: rapid.Bool().Draw(t, "may clear")})
		row[i], target[i] = rapid.SampledFrom(values).Draw(t, "new"), rapid.SampledFrom(values).Draw(t, "old")
	}
	book, err := plan.Compile(s.Defaults(), people, people, "GB")
	if err != nil {
		t.Fatal(err)
	}
	return s, target, book.DecideUpdate(book.Translate(row), contact.Record{Values: target})
}

// if_existing_blank and never hold for every value (I4).
func TestPropProtectedFieldsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, target, c := decision(t)
		for _, f := range c.Fields {
			at := people.Index(f.Name)
			policy := s.Map[at].Write
			blank := contact.Blank(target[at]) || people.Fields[at].Kind == contact.Name && contact.IsPlaceholder(target[at]) // 3.1
			if f.Written() && (policy == plan.WriteNever || policy == plan.WriteIfExistingBlank && !blank) {
				t.Fatalf("%s under %s: %q became %q", f.Name, policy, f.Old, f.New)
			}
		}
	})
}

// Settled question 7: blank never erases unless the field may clear.
func TestPropBlankNeverErases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, target, c := decision(t)
		for _, f := range c.Fields {
			m := s.Map[people.Index(f.Name)]
			if f.Written() && contact.Blank(f.New) && !contact.Blank(f.Old) && !(m.MayClear && m.Write == plan.WriteAlways) {
				t.Fatalf("%s under %s: %q was erased", f.Name, m.Write, f.Old)
			}
			if f.Old != target[people.Index(f.Name)] {
				t.Fatalf("%s: old is %q, the contact has %q", f.Name, f.Old, target[people.Index(f.Name)])
			}
		}
	})
}

// An update made is an update no more: deciding again finds nothing to write.
func TestPropUpdateSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, target, c := decision(t)
		book, err := plan.Compile(s.Defaults(), people, people, "GB")
		if err != nil {
			t.Fatal(err)
		}
		after, offered := slices.Clone(target), slices.Clone(target)
		for _, f := range c.Fields {
			at := people.Index(f.Name)
			after[at], offered[at] = f.New, f.New
			if f.Kept != "" {
				offered[at] = f.Kept
			}
		}
		if again := book.DecideUpdate(plan.Translated{Values: offered}, contact.Record{Values: after}); again.Action == plan.Update {
			t.Fatalf("after %+v another update: %+v", c.Fields, again.Fields)
		}
	})
}
