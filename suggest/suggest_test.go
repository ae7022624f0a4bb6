package suggest

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/contact"
	"pgregory.net/rapid"
)

func TestMapping(t *testing.T) {
	for _, row := range []struct {
		name    string
		columns string // "header: value, value | header: ..."
		want    string // "field (why) | field ..."
	}{
		{"Title holding Mr and Ms is a prefix",
			"Title: Mr, Ms, Mr | First Name | Last Name", "prefix (header and values) | first_name (header) | last_name (header)"},
		{"Title holding jobs is a job title",
			"Title: Sales Manager, CEO, Engineer", "title (header and values)"},
		{"a header that says e-mail over values that are none is not the e-mail",
			"Email: yes, no, yes | Contact: ann@example.com, bob@example.org", "email_2 () | email (values)"},
		{"Name beside Vorname is the last name", "Name | Vorname", "last_name (header) | first_name (header)"},
		{"Nombre beside Apellidos is the first name", "Nombre | Apellidos", "first_name (header) | last_name (header)"},
		{"Name beside First Name with full names stays the name",
			"First Name: Ada | Name: Ada Lovelace", "first_name (header and values) | name (header and values)"},
		{"an attendee prefix that all columns share says nothing",
			"Attendee Gala First Name | Attendee Gala Last Name | Attendee Gala Email | Attendee Gala City",
			"first_name (header) | last_name (header) | email (header) | city (header)"},
		{"a file without a header is read by its values",
			": ada@example.com, ben@example.org | : Ada, Ben, Grace | : Lovelace, Quick, Hopper | : 020 7946 0001, +1 202 555 0101 | : London, Berlin",
			"email (values) | first_name (values) | last_name (values) | phone (values) | city (values)"},
		{"headers in a language nobody taught us are read by their values",
			"Sähköposti: aino@example.com, ben@example.org | Etunimi: Anna, Peter | Sukunimi: Virtanen, Quick | Puhelin: +44 20 7946 0001",
			"email (values) | first_name (values) | last_name (values) | phone (values)"},
		{"beside known headers a strange column of cities is a field of its own",
			"First Name | Last Name | Email | Meetup: London, Paris", "first_name (header) | last_name (header) | email (header) | meetup ()"},
		{"two e-mail columns take two fields", "Email | Email", "email (header) | email.2 (header)"},
		{"an unknown column keeps its name in snake case", "Badge colour", "badge_colour ()"},
		{"a column without a name is named by its place", " : x", "column_1 ()"},
		{"required marks and brackets do not matter", "E-Mail* | First name (required)", "email (header) | first_name (header)"},
		{"compounds are taken apart", "Firmentelefonnummer | Kundenvorname", "phone (header) | first_name (header)"},
		{"both languages in one header", "Telefon / Phone | Vorname / First name", "phone (header) | first_name (header)"},
	} {
		var got []string
		for _, s := range Mapping(parse(row.columns), nil) {
			got = append(got, s.Field.Name+" ("+s.Why+")")
		}
		if g := strings.Join(got, " | "); g != row.want {
			t.Errorf("%s: %s\n got  %s\n want %s", row.name, row.columns, g, row.want)
		}
	}
}

// parse reads "header: value, value | header: ...".
func parse(s string) []Column {
	var out []Column
	for _, part := range strings.Split(s, " | ") {
		name, values, _ := strings.Cut(part, ":")
		c := Column{Name: strings.TrimSpace(name)}
		if values = strings.TrimSpace(values); values != "" {
			c.Samples = strings.Split(values, ", ")
		}
		out = append(out, c)
	}
	return out
}

func TestMappingToExistingFields(t *testing.T) {
	existing := []contact.Field{
		{Name: "FirstName", Kind: contact.Name}, {Name: "LastName", Kind: contact.Name},
		{Name: "MobilePhone", Kind: contact.Phone}, {Name: "email", Kind: contact.Email},
		{Name: "badge", Label: "Badge colour", Kind: contact.Text}, {Name: "colour", Kind: contact.Text},
		{Name: "title", Label: "Funktion im Verein", Kind: contact.Text},
	}
	for _, row := range []struct{ name, header, want string }{
		{"a field that plays the part under another name is proposed", "Vorname", "FirstName"},
		{"the same for a phone", "Handy", "MobilePhone"},
		{"a field's own name wins", "colour", "colour"},
		{"a field's label wins", "badge COLOUR", "badge"},
		{"a standard name that exists is used", "E-Mail", "email"},
		{"a label somebody gave a standard field wins", "Funktion im Verein", "title"},
		{"a part that no field plays is proposed as new", "PLZ", "postal_code"},
	} {
		if got := Mapping(named(row.header), existing)[0].Field.Name; got != row.want {
			t.Errorf("%s: %q: got %q, want %q", row.name, row.header, got, row.want)
		}
	}
}

func TestNewFieldKinds(t *testing.T) {
	for _, row := range []struct {
		name, column string
		want         contact.Kind
	}{
		{"web addresses", "Agenda: https://example.com/a, www.example.org", contact.URL},
		{"dates", "Checked in: 2026-01-02, 2026-03-04", contact.Date},
		{"words", "Badge colour: red, blue", contact.Text},
	} {
		columns := append(named("First Name", "Last Name", "Email"), parse(row.column)...)
		got := Mapping(columns, nil)[3]
		if got.Field.Kind != row.want || got.Confidence != 0 {
			t.Errorf("%s: got %s at %.2f, want %s at 0", row.name, got.Field.Kind, got.Confidence, row.want)
		}
	}
}

// Whatever the header, every column has a suggestion of its own and no two
// columns the same field.
func TestMappingIsOneToOne(t *testing.T) {
	words := rapid.SampledFrom([]string{"email", "E-Mail", "phone", "home", "work", "name", "first", "last", "Nom", "2", "Straße", "company", "", "title", "colour", "Typ", "value", "label", "3", "4", "№", "\u0301"})
	sample := rapid.SampledFrom([]string{"ann@example.com ::: ann@example.org", "+44 20 7946 0001 ::: 020 7946 0002 ::: 020 7946 0003", "Mobile", "* Work ::: Home", "020 7946 0004"})
	header := rapid.Custom(func(t *rapid.T) Column {
		return Column{Name: strings.Join(rapid.SliceOfN(words, 0, 4).Draw(t, "words"), " "), Samples: rapid.SliceOfN(rapid.OneOf(rapid.String(), sample), 0, 3).Draw(t, "samples")}
	})
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.SliceOfN(header, 0, 12).Draw(t, "columns")
		got := Mapping(columns, nil)
		seen := map[string]bool{}
		for i, s := range got {
			if (i < len(columns)) != (s.Part == 0) || s.Part == 0 && s.Column != i || s.Field.Name == "" || seen[s.Field.Name] || s.Confidence < 0 || s.Confidence > 1 {
				t.Fatalf("suggestion %d is %+v after %v", i, s, seen)
			}
			seen[s.Field.Name] = true
		}
		if len(got) < len(columns) {
			t.Fatalf("got %d suggestions for %d columns", len(got), len(columns))
		}
	})
}

func TestFingerprint(t *testing.T) {
	base := Fingerprint([]string{"First Name", "E-Mail"})
	for _, row := range []struct {
		name    string
		columns []string
		same    bool
	}{
		{"case, spaces and order do not matter", []string{"e-mail ", "FIRST  NAME"}, true},
		{"another column is another header", []string{"First Name", "E-Mail", "Phone"}, false},
		{"a column twice is another header", []string{"First Name", "E-Mail", "E-Mail"}, false},
		{"another word is another header", []string{"Last Name", "E-Mail"}, false},
	} {
		if same := Fingerprint(row.columns) == base; same != row.same {
			t.Errorf("%s: got same=%v, want %v", row.name, same, row.same)
		}
	}
}

func TestStandardFields(t *testing.T) {
	want := "email email.2 email.3 first_name middle_name last_name name prefix suffix phone mobile phone.work phone.home phone.2 fax company title department website street city state postal_code country language owner note birthday external_id tags login password linkedin twitter facebook sync_as"
	var got []string
	for _, f := range Standard() {
		got = append(got, f.Name)
		if f.Label == "" || f.Kind == "" {
			t.Errorf("%s has label %q and kind %q, want both", f.Name, f.Label, f.Kind)
		}
	}
	if g := strings.Join(got, " "); g != want {
		t.Errorf("got %s\nwant %s", g, want)
	}
}

// Every concept and slot of the tables is a standard field, so a slip of the
// pen in a table is found here.
func TestTablesNameStandardFields(t *testing.T) {
	k := knowledge()
	standard := map[string]bool{}
	for _, f := range k.fields {
		standard[f.Name] = true
	}
	for phrase, meanings := range k.heads {
		for _, m := range meanings {
			if !standard[m.concept] || m.weight < 0 || m.weight > 1 {
				t.Errorf("%q means %+v, want a standard field and a weight up to 1", phrase, m)
			}
		}
	}
	for concept, rules := range k.rules {
		for _, r := range rules {
			for _, s := range r.slots {
				if !standard[s.field] || !standard[concept] {
					t.Errorf("%s goes to %s, want standard fields", concept, s.field)
				}
			}
		}
	}
}
