package salesforce_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/contact"
)

func TestKinds(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	for object, want := range map[string]map[string]contact.Kind{
		"Contact": {"Email": contact.Email, "Phone": contact.Phone, "FirstName": contact.Name, "LastName": contact.Name, "Birthdate": contact.Date, "Title": contact.Text,
			"MailingCountry": contact.Country, "HasOptedOutOfEmail": contact.Consent, "AccountId": contact.Text, "LeadSource": contact.Text, "Description": contact.Text,
			"Name": "", "MailingAddress": "", "Id": "", "SystemModstamp": "", "IsDeleted": "", "MasterRecordId": ""},
		"Lead": {"Website": contact.URL, "Company": contact.Text, "Country": contact.Country, "IsConverted": "", "Address": ""},
		salesforce.Person: {"Email": contact.Email, "Street": contact.Text, "Country": contact.Country, "sync_as": contact.Text, "company": contact.Text,
			"account_id": contact.Text, "owner_email": contact.Text, "Website": "", "AccountId": "", "Company": "", "OwnerId": ""},
		"Account": {"Name": contact.Text, "Website": contact.URL},
		"Event":   {"Subject": contact.Text, "StartDateTime": contact.Date, "WhoId": contact.Text},
		"User":    {"Username": contact.Text, "Email": contact.Email},
	} {
		schema, err := st.open(t, st.settings(object)).Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, kind := range want {
			if f, _ := schema.Field(name); f.Kind != kind {
				t.Errorf("%s.%s: got kind %q, want %q", object, name, f.Kind, kind)
			}
		}
	}
}

// Nothing of the API is a field of ours that our user may not see; nothing that it
// may not write is written.
func TestFieldLevelSecurity(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Hide("Contact", "Birthdate")
	st.Lock("Contact", "Title")
	r := st.open(t, st.settings("Contact"))
	schema, _ := r.Schema(t.Context())
	if schema.Index("Birthdate") >= 0 || schema.Index("Title") < 0 {
		t.Error("want no hidden field, and the one that can only be read")
	}
	for _, d := range r.Details() {
		if d.Name == "Title" && !d.ReadOnly || d.Name == "LastName" && (!d.Required || d.Longest != 80) || d.Name == "LeadSource" && len(d.Values) == 0 {
			t.Errorf("details: got %+v", d)
		}
	}
	o := r.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"LastName": "Ann", "Title": "Cook"}}})[0]
	if o.Fault == nil || o.Fault.Kind != connector.Invalid || o.Fault.Field != "Title" {
		t.Errorf("got %v, want Title refused", o.Fault)
	}
	st.Hide("Contact", "Department") // while we know it
	if _, err := whole(t.Context(), r, ""); faultOf(err) == nil || faultOf(err).Kind != connector.Invalid || !strings.Contains(err.Error(), "Department") {
		t.Errorf("a field that was hidden meanwhile: got %v, want invalid, by its name", err)
	}
}

// A field more or less changes every version's hash, and no record: writes go on.
func TestVersionOutlivesSchema(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	id := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann"})
	version := fetched(t, st.open(t, st.settings("Contact")), id).Version
	st.AddField("Contact", sandbox.NewField{Name: "New__c"})
	r := st.open(t, st.settings("Contact"))
	w := connector.Write{Op: connector.OpUpdate, ID: id, Version: version, Set: map[string]string{"New__c": "new"}}
	if o := r.Write(t.Context(), []connector.Write{w})[0]; o.Fault != nil {
		t.Errorf("a version from before a field was added: %v", o.Fault)
	}
	st.pass(2 * time.Second)
	st.Sandbox.Change(id, map[string]string{"Title": "Cook"})
	if o := r.Write(t.Context(), []connector.Write{w})[0]; o.Fault == nil || o.Fault.Kind != connector.Overtaken {
		t.Errorf("a version that has moved on: got %v, want overtaken", o.Fault)
	}
}

// The stamps count whole seconds: what changes twice in one is told twice (3.10).
func TestChangesWithinASecond(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	id := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann"})
	r := st.open(t, st.settings("Contact"))
	_, items, cursor := since(t, r, "")
	version := items[0].Version
	for n := range 20 {
		st.Sandbox.Change(id, map[string]string{"Title": fmt.Sprint("Title ", n)})
		var got []connector.Item
		if _, got, cursor = since(t, r, cursor); len(got) != 1 || got[0].Version == version {
			t.Fatalf("change %d: got %+v, want the record once, with another version than %s", n, got, version)
		}
		version = got[0].Version
		if _, again, _ := since(t, r, cursor); len(again) > 0 {
			t.Fatalf("nothing changed: got %+v", again)
		}
	}
}

// An edit whose transaction ends late has an earlier stamp than what was listed.
func TestLateCommit(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.pass(time.Hour)
	st.Sandbox.Add("Contact", map[string]string{"LastName": "Early"})
	r := st.open(t, st.settings("Contact"))
	_, _, cursor := since(t, r, "")
	late := st.Sandbox.Add("Contact", map[string]string{"LastName": "Late"})
	st.pass(9 * time.Minute) // the listing's clock goes on, the stamp does not
	_, items, _ := since(t, r, cursor)
	if len(items) != 1 || items[0].ID != late {
		t.Errorf("got %+v, want the late one", items)
	}
}

// An org with hundreds of fields: they do not fit into an address.
func TestManyFields(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	for i := range 400 {
		st.AddField("Lead", sandbox.NewField{Name: fmt.Sprintf("Some_Field_With_A_Long_Name_%d__c", i)})
		st.AddField("Contact", sandbox.NewField{Name: fmt.Sprintf("Some_Field_With_A_Long_Name_%d__c", i)})
	}
	for _, object := range []string{"Contact", salesforce.Person} {
		acme := st.Sandbox.Add("Account", map[string]string{"Name": "Acme"})
		id := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann", "AccountId": acme, "Email": "ann@example.com", "Some_Field_With_A_Long_Name_399__c": "last"})
		r := st.open(t, st.settings(object))
		_, items, cursor := since(t, r, "")
		found, err := r.Find(t.Context(), "Email", []string{"ann@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		for what, got := range map[string][]connector.Item{"listed": items, "found": found, "fetched": {fetched(t, r, id)}} {
			got = slices.DeleteFunc(slices.Clone(got), func(i connector.Item) bool { return i.ID != id })
			if len(got) != 1 || value(t, r, got[0], "Some_Field_With_A_Long_Name_399__c") != "last" {
				t.Errorf("%s %s: got %d, want the record with its last field", object, what, len(got))
			}
			if object == salesforce.Person && value(t, r, got[0], "company") != "Acme" {
				t.Errorf("%s %s: got company %q, want Acme", object, what, value(t, r, got[0], "company"))
			}
		}
		st.Sandbox.Remove(id)
		_, items, _ = since(t, r, cursor)
		if !slices.ContainsFunc(items, func(i connector.Item) bool { return i.ID == id && i.Gone }) {
			t.Errorf("%s: got %+v, want it gone", object, items)
		}
	}
	if b := st.Counts().Breaches; len(b) > 0 {
		t.Errorf("limits of the API were broken: %v", b)
	}
}

// Many values are looked up in as many statements as addresses demand.
func TestFindMany(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	names := []string{`o'hara@example.com`, `back\slash@example.com`}
	for i := range 1500 {
		names = append(names, fmt.Sprintf("a-rather-long-name-of-person-%d@example.com", i))
	}
	for _, n := range names[2:] {
		st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann", "Email": n})
	}
	r := st.open(t, st.settings("Contact"))
	items, err := r.Find(t.Context(), "Email", names)
	if err != nil || len(distinct(items)) != 1500 || len(items) != 1500 {
		t.Errorf("got %d records, %v; want 1,500", len(items), err)
	}
	if c := st.Counts(); len(c.Breaches) > 0 || c.LongestURI > 16384 {
		t.Errorf("got an address of %d bytes, breaches %v", c.LongestURI, c.Breaches)
	}
}

func TestEnsureExternalID(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	r := st.open(t, st.settings(salesforce.Person))
	if r.Promises().ChosenKey {
		t.Fatal("want no keys before the field is made")
	}
	for range 2 { // what is there stays
		if err := r.EnsureExternalID(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	create := []connector.Write{{Op: connector.OpCreate, Key: "k-1", Set: map[string]string{"LastName": "Ann", "sync_as": "Contact"}}}
	first, second := r.Write(t.Context(), create)[0], r.Write(t.Context(), create)[0]
	if !r.Promises().ChosenKey || first.Fault != nil || first.Record.ID != second.Record.ID || st.Count("Contact") != 1 {
		t.Errorf("got %+v and %+v, want one record", first, second)
	}
	if other := st.open(t, st.settings("Lead")); !other.Promises().ChosenKey {
		t.Error("opened anew: want the field seen")
	}
}

// A field for keys that the org does not hold unique is looked at first.
func TestKeysThatAreNotUnique(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.AddField("Contact", sandbox.NewField{Name: "Legacy__c", Length: 40, External: true})
	s := st.settings("Contact")
	s.ExternalID = "Legacy__c"
	r := st.open(t, s)
	create := connector.Write{Op: connector.OpCreate, Key: "k-1", Set: map[string]string{"LastName": "Ann"}}
	first := r.Write(t.Context(), []connector.Write{create})[0]
	st.Sandbox.Change(first.Record.ID, map[string]string{"LastName": "Bo"})
	second := r.Write(t.Context(), []connector.Write{create})[0]
	if second.Fault != nil || second.Record.ID != first.Record.ID || value(t, r, connector.Item{Record: second.Record}, "LastName") != "Bo" {
		t.Errorf("again: got %+v, %v; want the record as it is", second.Record, second.Fault)
	}
	st.Sandbox.Add("Contact", map[string]string{"LastName": "Twin", "Legacy__c": "k-1"})
	if o := r.Write(t.Context(), []connector.Write{create})[0]; o.Fault == nil || o.Fault.Kind != connector.Invalid || o.Fault.Code != "DUPLICATE_EXTERNAL_ID" {
		t.Errorf("two with the key: got %+v, want it refused", o.Fault)
	}
}

func TestObjects(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.AddObject("Badge__c", "Badge", sandbox.NewField{Name: "Mail__c", Kind: "email", Length: 80})
	for _, wanted := range []string{"", "Nothing", "../limits"} {
		s := st.settings(wanted)
		_, err := salesforce.Open(t.Context(), s, st.client, st.now)
		var choice *salesforce.ChoiceError
		if !errors.As(err, &choice) {
			t.Fatalf("object %q: got %v, want a choice", wanted, err)
		}
		names := map[string]bool{}
		for _, o := range choice.Objects {
			names[o.Name] = true
		}
		if want := map[string]bool{"Person": true, "Contact": true, "Lead": true, "Account": true, "Campaign": true, "CampaignMember": true, "Event": true, "User": true, "Badge__c": true}; !maps.Equal(names, want) {
			t.Errorf("got %v, want %v", names, want)
		}
	}
	r := st.open(t, st.settings("Badge__c"))
	o := r.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"Name": "Ann", "Mail__c": "ann@example.com"}}})[0]
	if _, items, _ := since(t, r, ""); o.Fault != nil || len(items) != 1 {
		t.Errorf("an object of the org's own: got %v, %d records", o.Fault, len(items))
	}
	users := st.open(t, st.settings("User"))
	if p := users.Promises(); !p.ReadOnly || p.Conditional || p.ChosenKey {
		t.Errorf("users: got %+v, want them read only", p)
	}
	if o := users.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Set: map[string]string{"LastName": "x"}}})[0]; o.Fault == nil || o.Fault.Kind != connector.Denied {
		t.Errorf("a user: got %v, want denied", o.Fault)
	}
}

// A meeting is an Event that is related to its contact (E1, settled question 22).
func TestMeeting(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	ann := st.Sandbox.Add("Lead", map[string]string{"LastName": "Ann", "Company": "Acme"})
	r := st.open(t, st.settings("Event"))
	o := r.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{
		"Subject": "Coffee", "StartDateTime": "2026-11-22 10:30+01:00", "DurationInMinutes": "45", "WhoId": ann, "Description": "Wants a demo"}}})[0]
	if o.Fault != nil {
		t.Fatal(o.Fault)
	}
	item := connector.Item{Record: o.Record}
	if got := value(t, r, item, "StartDateTime"); got != "2026-11-22T09:30:00Z" || value(t, r, item, "WhoId") != ann || value(t, r, item, "EndDateTime") != "2026-11-22T10:15:00Z" {
		t.Errorf("got %s to %s with %s", got, value(t, r, item, "EndDateTime"), value(t, r, item, "WhoId"))
	}
}

// Every call tells how many of the day's are used.
func TestLimits(t *testing.T) {
	st := newStage(t, sandbox.Options{DailyLimit: 500})
	st.Use(100)
	r := st.open(t, st.settings("Contact"))
	if used, most := r.Limits(); used != 101 || most != 500 {
		t.Errorf("got %d of %d, want 101 of 500", used, most)
	}
}
