package desk_test

import (
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

var members = store.Book{Name: "members", KeyField: "no", Region: "GB", Fields: []contact.Field{
	{Name: "no", Kind: contact.Text}, {Name: "email", Kind: contact.Email}, {Name: "phone", Kind: contact.Phone}, {Name: "born", Kind: contact.Date},
	{Name: "tags", Kind: contact.Text}, {Name: "login", Kind: contact.Password}, {Name: "news", Kind: contact.Consent}}}

func TestChosen(t *testing.T) {
	ada := []string{"7", "Ada@Example.com", "020 7946 0001", "2001-02-03", "VIP, press", "hashed:ab:secret", "subscribed"}
	where := func(field, is, value string) desk.Choice {
		return desk.Choice{Where: []desk.Condition{{Field: field, Is: is, Value: value}}}
	}
	for _, row := range []struct {
		sentence string
		choice   desk.Choice
		want     bool
	}{
		{"nothing asked for chooses everybody", desk.Choice{}, true},
		{"a text is found whatever its case", desk.Choice{Search: "ADA@"}, true},
		{"a text that is nowhere", desk.Choice{Search: "zebra"}, false},
		{"a password is not searched", desk.Choice{Search: "secret"}, false},
		{"a telephone is the same however it is written", where("phone", desk.Is, "+44 20 7946 0001"), true},
		{"an e-mail address whatever its case", where("email", desk.Is, "ada@example.com"), true},
		{"is not", where("email", desk.IsNot, "ada@example.com"), false},
		{"contains", where("email", desk.Contains, "EXAMPLE"), true},
		{"begins", where("email", desk.Begins, "ada"), true},
		{"begins elsewhere", where("email", desk.Begins, "example"), false},
		{"a tag is a whole word", where("tags", desk.Tagged, "pres"), false},
		{"a tag among others", where("tags", desk.Tagged, "vip"), true},
		{"a date before another", where("born", desk.Before, "3 Feb 2002"), true},
		{"a date after another", where("born", desk.After, "2001-02-04"), false},
		{"a blank date is before nothing", desk.Choice{Where: []desk.Condition{{Field: "born", Is: desk.IsBlank}}}, false},
		{"a password may be there or not", where("login", desk.IsFilled, ""), true},
		{"all have to hold", desk.Choice{Search: "ada", Where: []desk.Condition{{Field: "no", Is: desk.Is, Value: "8"}}}, false},
	} {
		test, err := desk.Chosen(members, row.choice)
		if err != nil {
			t.Errorf("%s: %v", row.sentence, err)
			continue
		}
		if got := test(ada); got != row.want {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
	for sentence, choice := range map[string]desk.Choice{
		"a field that is not there":        where("hat", desk.Is, "7"),
		"a way to compare that is none":    where("no", "rhymes", "7"),
		"a password is compared with none": where("login", desk.Is, "secret"),
	} {
		if _, err := desk.Chosen(members, choice); err == nil {
			t.Errorf("%s: got no error, want one", sentence)
		}
	}
	if test, _ := desk.Chosen(members, where("born", desk.Before, "2002-01-01")); test(nil) {
		t.Error("a blank date: got it before 2002, want it before nothing")
	}
}

func TestBulkChanges(t *testing.T) {
	contacts := []store.Contact{{Ref: 1, Values: []string{"7", "a@example.com", "", "", "", "", ""}}, {Ref: 2, Values: []string{"8", "b@example.com", "", "", "VIP; press", "", ""}}}
	for _, row := range []struct {
		sentence string
		bulk     desk.Bulk
		want     []string // the new values; what is so already has none
	}{
		{"a field is set where it differs", desk.Bulk{Do: desk.BulkSet, Field: "tags", Value: "VIP; press"}, []string{"VIP; press"}},
		{"a field is emptied", desk.Bulk{Do: desk.BulkSet, Field: "tags"}, []string{""}},
		{"a consent is one of its states", desk.Bulk{Do: desk.BulkSet, Field: "news", Value: "Opted out"}, []string{"unsubscribed", "unsubscribed"}},
		{"a tag is added with the signs that are there", desk.Bulk{Do: desk.BulkTag, Field: "tags", Value: "new"}, []string{"new", "VIP; press; new"}},
		{"a tag that is there stays as it is written", desk.Bulk{Do: desk.BulkTag, Field: "tags", Value: "vip"}, []string{"vip"}},
		{"a tag is removed whatever its case", desk.Bulk{Do: desk.BulkUntag, Field: "tags", Value: "vip"}, []string{"press"}},
	} {
		changes, err := row.bulk.Changes(members, contacts)
		if err != nil {
			t.Errorf("%s: %v", row.sentence, err)
			continue
		}
		var got []string
		for _, c := range changes {
			got = append(got, c.Fields[0].New)
		}
		if len(got) != len(row.want) {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
			continue
		}
		for i := range got {
			if got[i] != row.want[i] {
				t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
			}
		}
	}
	for sentence, bulk := range map[string]desk.Bulk{
		"the identifier is each contact's own":     {Do: desk.BulkSet, Field: "no", Value: "9"},
		"so is the first e-mail address":           {Do: desk.BulkSet, Field: "email", Value: "x@example.com"},
		"so is a password":                         {Do: desk.BulkSet, Field: "login", Value: "x"},
		"tags stand in texts":                      {Do: desk.BulkTag, Field: "born", Value: "x"},
		"a tag has no comma":                       {Do: desk.BulkTag, Field: "tags", Value: "x,y"},
		"a word that is no consent is none":        {Do: desk.BulkSet, Field: "news", Value: "perhaps"},
		"there is nothing else that can be done":   {Do: "shout", Field: "tags", Value: "x"},
		"a field that is not there is not changed": {Do: desk.BulkSet, Field: "hat", Value: "x"},
	} {
		if changes, err := bulk.Changes(members, contacts); err == nil {
			t.Errorf("%s: got %d changes, want an error", sentence, len(changes))
		}
	}
}
