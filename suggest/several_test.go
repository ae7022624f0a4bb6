package suggest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kith-sync/kith/contact"
)

// K12: of a Google export the second address in a cell was lost, the third
// telephone became phone_3_value, and its labels said nothing.
func TestGoogleContacts(t *testing.T) {
	for _, row := range []struct {
		name    string
		columns string // as in TestMapping
		want    string // "field | field#part of its column"
	}{
		{"two addresses in one cell find two fields",
			"First Name: Bo | E-mail 1 - Value: bo@example.org ::: bo2@example.org", "first_name | email | email.2#2"},
		{"a second column keeps its field before them",
			"E-mail 1 - Value: bo@example.org ::: bo2@example.org, cy@example.com | E-mail 2 - Value: bo3@example.org",
			"email | email.2 | email.3#2"},
		{"five addresses find five fields",
			"E-mail 1 - Value: a@example.org ::: b@example.org ::: c@example.org ::: d@example.org ::: e@example.org",
			"email | email.2#2 | email.3#3 | email.4#4 | email.5#5"},
		{"telephones are typed by their labels",
			"Phone 1 - Label: Mobile, Mobile | Phone 1 - Value: 020 7946 0001, 020 7946 0002 | Phone 2 - Label: * Work | Phone 2 - Value: 020 7946 0003",
			"phone_1_label | mobile | phone_2_label | phone.work"},
		{"in other languages too",
			"Phone 1 - Label: Mobil, Mobil | Phone 1 - Value: 020 7946 0001, 020 7946 0002 | Phone 2 - Type: Privat | Phone 2 - Value: 020 7946 0003",
			"phone_1_label | mobile | phone_2_type | phone.home"},
		{"labels that do not agree type nobody",
			"Phone 1 - Label: Mobile, Work | Phone 1 - Value: 020 7946 0001, 020 7946 0002", "phone_1_label | phone"},
		{"nor do labels that are no type", "Phone 1 - Label: Main, Main | Phone 1 - Value: 020 7946 0001, 020 7946 0002", "phone_1_label | phone"},
		{"two telephones in one cell go by their labels",
			"Phone 1 - Label: Mobile ::: Work | Phone 1 - Value: +46 70 174 0601 ::: +46 8 465 004 01", "phone_1_label | mobile | phone.work#2"},
		{"two mobiles are a mobile and a number",
			"Phone 1 - Label: Mobile ::: Mobile | Phone 1 - Value: +46 70 174 0601 ::: +46 70 174 0602", "phone_1_label | mobile | phone.2#2"},
		{"the third and fourth telephone are numbered on",
			"Phone 1 - Value: 020 7946 0001 | Phone 2 - Value: 020 7946 0002 | Phone 3 - Value: 020 7946 0003 | Phone 4 - Value: 020 7946 0004",
			"phone | phone.2 | phone.3 | phone.4"},
		{"so is the fourth address",
			"E-mail 1 - Value: a@example.org | E-mail 2 - Value: b@example.org | E-mail 3 - Value: c@example.org | E-mail 4 - Value: d@example.org",
			"email | email.2 | email.3 | email.4"},
		{"groups in one cell are one text", "E-mail 1 - Value: bo@example.org | Labels: * myContacts ::: Friends", "email | tags"},
		{"the manager's telephone is nobody's third", "Phone: 020 7946 0001 | Phone 2: 020 7946 0002 | Manager phone: 020 7946 0003", "phone | phone.2 | manager_phone"},
	} {
		for _, existing := range [][]contact.Field{nil, Standard()} {
			if got := fieldsOf(Mapping(googleColumns(row.columns), existing)); got != row.want {
				t.Errorf("%s (%d fields exist): %s\n got  %s\n want %s", row.name, len(existing), row.columns, got, row.want)
			}
		}
	}
}

// What an earlier import added is found again.
func TestNumberedFieldsAreFoundAgain(t *testing.T) {
	columns := googleColumns("Phone 1 - Value: 020 7946 0001 | Phone 2 - Value: 020 7946 0002 | Phone 3 - Value: 020 7946 0003 | " +
		"E-mail 1 - Value: a@example.org ::: b@example.org ::: c@example.org ::: d@example.org")
	var book []contact.Field
	for _, s := range Mapping(columns, nil) {
		book = append(book, s.Field)
	}
	want := fieldsOf(Mapping(columns, nil))
	if got := fieldsOf(Mapping(columns, book)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func googleColumns(s string) []Column {
	var out []Column
	for _, part := range strings.Split(s, " | ") {
		out = append(out, parse(part)...)
	}
	return out
}

func fieldsOf(all []Suggestion) string {
	var out []string
	for _, s := range all {
		name := s.Field.Name
		if s.Part > 0 {
			name += fmt.Sprintf("#%d", s.Part)
		}
		out = append(out, name)
	}
	return strings.Join(out, " | ")
}
