package salesforce_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// value is what an item has in a field.
func value(t *testing.T, r connector.Remote, item connector.Item, field string) string {
	t.Helper()
	schema, err := r.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := schema.Index(field)
	if at < 0 {
		t.Fatalf("the schema lacks %s", field)
	}
	return item.Value(at)
}

func fetched(t *testing.T, r connector.Remote, id string) connector.Item {
	t.Helper()
	items, err := r.Fetch(t.Context(), []string{id})
	if err != nil || len(items) != 1 {
		t.Fatalf("fetch %s: got %+v, %v", id, items, err)
	}
	return items[0]
}

// A person goes where sync_as says, and its company with it (E3, E16-E18).
func TestPersonCreate(t *testing.T) {
	for _, row := range []struct {
		sentence string
		set      map[string]string
		change   func(*salesforce.Settings)
		object   string // that it becomes; empty: it is refused
		want     map[string]string
		accounts int
	}{
		{"a Lead has its company as text", map[string]string{"sync_as": "Lead", "company": "Acme"}, nil, "Lead", map[string]string{"Company": "Acme"}, 2},
		{"a Contact belongs to the Account of this name", map[string]string{"sync_as": "Contact", "company": "Known Ltd"}, nil, "Contact", map[string]string{"AccountId": "known"}, 2},
		{"whatever its case", map[string]string{"sync_as": "contact", "company": " known LTD "}, nil, "Contact", map[string]string{"AccountId": "known"}, 2},
		{"a new company becomes an Account", map[string]string{"sync_as": "Contact", "company": "O'Hara \\ Sons"}, nil, "Contact", map[string]string{"AccountId": "new"}, 3},
		{"unless that is switched off", map[string]string{"sync_as": "Contact", "company": "Acme"}, func(s *salesforce.Settings) { s.KnownAccountsOnly = true }, "", nil, 2},
		{"an Account that was picked counts more", map[string]string{"sync_as": "Contact", "company": "Acme", "account_id": "known"}, nil, "Contact", map[string]string{"AccountId": "known"}, 2},
		{"the owner is the active user with this e-mail", map[string]string{"sync_as": "Lead", "company": "Acme", "owner_email": "OLLY@example.com"}, nil, "Lead", map[string]string{"OwnerId": "olly"}, 2},
		{"an unknown owner is left out", map[string]string{"sync_as": "Lead", "company": "Acme", "owner_email": "nobody@example.com"}, nil, "Lead", map[string]string{"OwnerId": "us"}, 2},
		{"an address is in one place", map[string]string{"sync_as": "Contact", "company": "Known Ltd", "City": "Leeds", "Country": "United Kingdom"}, nil, "Contact", map[string]string{"MailingCity": "Leeds", "MailingCountry": "United Kingdom"}, 2},
		{"who is neither is refused", map[string]string{"company": "Acme"}, nil, "", nil, 2},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			st := newStage(t, sandbox.Options{})
			ids := map[string]string{"known": st.Sandbox.Add("Account", map[string]string{"Name": "Known Ltd"})}
			st.Sandbox.Add("Account", map[string]string{"Name": "Known Ltd"}) // a younger one of the same name
			profile := st.IDs("Profile")[0]
			ids["olly"] = st.Sandbox.Add("User", map[string]string{"Username": "olly@example.com", "Email": "olly@example.com", "LastName": "Olly", "Alias": "olly", "ProfileId": profile,
				"TimeZoneSidKey": "Europe/London", "LocaleSidKey": "en_GB", "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8", "IsActive": "true"})
			s := st.settings(salesforce.Person)
			if row.change != nil {
				row.change(&s)
			}
			r := st.open(t, s)
			set := map[string]string{"LastName": "Ann", "Email": "Ann@example.com"}
			for k, v := range row.set {
				set[k] = v
				if ids[v] != "" {
					set[k] = ids[v]
				}
			}
			o := r.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: set}})[0]
			if st.Count("Account") != row.accounts {
				t.Errorf("accounts: got %d, want %d", st.Count("Account"), row.accounts)
			}
			if row.object == "" {
				if o.Fault == nil || o.Fault.Kind != connector.Invalid || o.Fault.Field == "" || st.Count("Lead")+st.Count("Contact") > 0 {
					t.Errorf("got %+v, want it refused with the field", o)
				}
				return
			}
			if o.Fault != nil || st.Count(row.object) != 1 {
				t.Fatalf("got %v, want a %s", o.Fault, row.object)
			}
			has := st.Values(o.Record.ID)
			for field, want := range row.want {
				switch {
				case want == "new" && has[field] != "":
				case want == "us":
					if has[field] == "" || has[field] == ids["olly"] || len(r.Notes()) != 1 {
						t.Errorf("%s: got %s, want ours, and a note", field, has[field])
					}
				case ids[want] != "" && has[field] != ids[want], ids[want] == "" && has[field] != want:
					t.Errorf("%s: got %q, want %q", field, has[field], want)
				}
			}
			item := connector.Item{Record: o.Record}
			if got := value(t, r, item, "sync_as"); got != row.object {
				t.Errorf("sync_as: got %q, want what the record is: %s", got, row.object)
			}
			if got := value(t, r, item, "company"); !strings.EqualFold(got, strings.TrimSpace(row.set["company"])) && row.set["account_id"] == "" {
				t.Errorf("company: got %q, want %q", got, row.set["company"])
			}
		})
	}
}

// Leads and Contacts are searched together (E11). Which of them is taken is for the
// engine to say: its key prefer.
func TestPersonFind(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	lead := st.Sandbox.Add("Lead", map[string]string{"LastName": "Ann", "Company": "Acme", "Email": "ann@example.com"})
	contact := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann", "Email": "ann@example.com"})
	younger := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann", "Email": "ann@example.com"})
	converted := st.Sandbox.Add("Lead", map[string]string{"LastName": "Bo", "Company": "Acme", "Email": "bo@example.com"})
	bo, _ := st.Convert(converted, sandbox.Conversion{})
	r := st.open(t, st.settings(salesforce.Person))
	for _, row := range []struct {
		sentence string
		email    string
		want     []string
	}{
		{"everybody of both objects", "ann@example.com", []string{contact, younger, lead}},
		{"however it is written", "ANN@example.com", []string{contact, younger, lead}},
		{"a converted lead is its contact", "bo@example.com", []string{bo}},
	} {
		items, err := r.Find(t.Context(), "Email", []string{row.email})
		var got []string
		for _, i := range items {
			got = append(got, i.ID)
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, %v; want %v", row.sentence, got, err, row.want)
		}
	}
}

// Merges and conversions are followed to who stands for the record in the end
// (3.13), in a listing, in a fetch, and in the fault of a write.
func TestFollowed(t *testing.T) {
	for _, row := range []struct {
		sentence string
		object   string
		happen   func(st *stage) (id, into string)
	}{
		{"a contact merged into another", "Contact", func(st *stage) (string, string) {
			a, b := st.Sandbox.Add("Contact", map[string]string{"LastName": "A"}), st.Sandbox.Add("Contact", map[string]string{"LastName": "B"})
			return a, then(b, func() { st.Merge(b, a) })
		}},
		{"who was merged as well", "Contact", func(st *stage) (string, string) {
			a, b, c := st.Sandbox.Add("Contact", map[string]string{"LastName": "A"}), st.Sandbox.Add("Contact", map[string]string{"LastName": "B"}), st.Sandbox.Add("Contact", map[string]string{"LastName": "C"})
			return a, then(c, func() { st.Merge(b, a); st.Merge(c, b) })
		}},
		{"a lead that was converted", salesforce.Person, func(st *stage) (string, string) {
			a := st.Sandbox.Add("Lead", map[string]string{"LastName": "A", "Company": "Acme"})
			contact, _ := st.Convert(a, sandbox.Conversion{})
			return a, contact
		}},
		{"a lead merged into one that was converted to a contact that was merged", salesforce.Person, func(st *stage) (string, string) {
			a, b := st.Sandbox.Add("Lead", map[string]string{"LastName": "A", "Company": "Acme"}), st.Sandbox.Add("Lead", map[string]string{"LastName": "B", "Company": "Acme"})
			st.Merge(b, a)
			c := st.Sandbox.Add("Contact", map[string]string{"LastName": "C"})
			contact, _ := st.Convert(b, sandbox.Conversion{})
			st.Merge(c, contact)
			return a, c
		}},
		{"a converted lead among leads is only gone", "Lead", func(st *stage) (string, string) {
			a := st.Sandbox.Add("Lead", map[string]string{"LastName": "A", "Company": "Acme"})
			st.Convert(a, sandbox.Conversion{})
			return a, ""
		}},
		{"a deleted contact is only gone", "Contact", func(st *stage) (string, string) {
			a := st.Sandbox.Add("Contact", map[string]string{"LastName": "A"})
			st.Sandbox.Remove(a)
			return a, ""
		}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			st := newStage(t, sandbox.Options{})
			r := st.open(t, st.settings(row.object))
			_, _, cursor := since(t, r, "")
			id, into := row.happen(st)
			var listed connector.Item
			_, items, _ := since(t, r, cursor)
			for _, i := range items {
				if i.ID == id {
					listed = i
				}
			}
			for what, item := range map[string]connector.Item{"listed": listed, "fetched": fetched(t, r, id)} {
				if !item.Gone || item.MergedInto != into {
					t.Errorf("%s: got gone %v, merged into %q; want gone into %q", what, item.Gone, item.MergedInto, into)
				}
			}
			o := r.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: id, Set: map[string]string{"FirstName": "Ann"}}})[0]
			if o.Fault == nil || o.Fault.Kind != connector.Missing {
				t.Errorf("write: got %v, want missing", o.Fault)
			}
		})
	}
}

func then(into string, do func()) string {
	do()
	return into
}

// A person is a member of a campaign once; a status that the campaign does not
// have is replaced, and told as it is then.
func TestCampaignMember(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	campaign := st.Sandbox.Add("Campaign", map[string]string{"Name": "Fair"})
	ann := st.Sandbox.Add("Lead", map[string]string{"LastName": "Ann", "Company": "Acme"})
	bo := st.Sandbox.Add("Contact", map[string]string{"LastName": "Bo"})
	cy := st.Sandbox.Add("Contact", map[string]string{"LastName": "Cy"})
	there := st.Sandbox.Add("CampaignMember", map[string]string{"CampaignId": campaign, "ContactId": cy})
	s := st.settings("CampaignMember")
	s.Campaign = campaign
	r := st.open(t, s)
	out := r.Write(t.Context(), []connector.Write{
		{Op: connector.OpCreate, Key: "1", Set: map[string]string{"LeadId": ann, "Status": "Attended twice"}},
		{Op: connector.OpCreate, Key: "2", Set: map[string]string{"ContactId": bo, "Status": "Responded"}},
		{Op: connector.OpCreate, Key: "3", Set: map[string]string{"ContactId": cy, "Status": "Responded"}},
	})
	for i, want := range []string{"Sent", "Responded"} {
		if out[i].Fault != nil || value(t, r, connector.Item{Record: out[i].Record}, "Status") != want {
			t.Errorf("member %d: got %+v, %v; want status %s", i+1, out[i].Record, out[i].Fault, want)
		}
	}
	if f := out[2].Fault; f == nil || f.Kind != connector.Taken || f.ID != there {
		t.Errorf("a member already: got %+v, want taken by %s", f, there)
	}
	elsewhere := st.Sandbox.Add("Campaign", map[string]string{"Name": "Other"})
	st.Sandbox.Add("CampaignMember", map[string]string{"CampaignId": elsewhere, "ContactId": bo})
	if _, items, _ := since(t, r, ""); len(items) != 3 {
		t.Errorf("members of the campaign: got %d, want 3", len(items))
	}
	if items, err := r.Find(t.Context(), "ContactId", []string{bo}); err != nil || len(items) != 1 || items[0].ID != out[1].Record.ID {
		t.Errorf("found by contact: got %+v, %v", items, err)
	}
}

// Two of our fields want one Account: it is made once.
func TestOneAccountForOneName(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	r := st.open(t, st.settings(salesforce.Person))
	var writes []connector.Write
	for _, key := range []string{"a", "b", "c"} {
		name := "Acme"
		if key == "c" {
			name = "ACME"
		}
		writes = append(writes, connector.Write{Op: connector.OpCreate, Key: key, Set: map[string]string{"sync_as": "Contact", "LastName": key, "company": name}})
	}
	undo := st.Fail(sandbox.Fault{Method: "POST", Path: "composite/sobjects", DropLate: true})
	for _, o := range r.Write(t.Context(), writes) {
		if o.Fault == nil || o.Fault.Kind != connector.Busy {
			t.Errorf("the account's answer is lost: got %v, want busy: no contact was sent", o.Fault)
		}
	}
	undo()
	for _, o := range r.Write(t.Context(), writes) {
		if o.Fault != nil {
			t.Errorf("again: %v", o.Fault)
		}
	}
	if st.Count("Account") != 1 || st.Count("Contact") != 3 {
		t.Errorf("got %d accounts and %d contacts, want 1 and 3", st.Count("Account"), st.Count("Contact"))
	}
}

// A fault names the field as our schema does, whatever the object calls it.
func TestFaultsNameOurFields(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	r := st.open(t, st.settings(salesforce.Person))
	for _, row := range []struct{ syncAs, field string }{{"Lead", "company"}, {"Contact", "LastName"}} {
		set := map[string]string{"sync_as": row.syncAs, "LastName": "Ann", "company": "Acme"}
		delete(set, row.field)
		o := r.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: set}})[0]
		if o.Fault == nil || o.Fault.Code != "REQUIRED_FIELD_MISSING" || o.Fault.Field != row.field {
			t.Errorf("%s without %s: got %+v", row.syncAs, row.field, o.Fault)
		}
	}
	st.Refuse(sandbox.RowFault{Code: "STRING_TOO_LONG", Fields: []string{"MailingCity"}, Message: "City: data value too large"})
	o := r.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"sync_as": "Contact", "LastName": "Ann", "City": "Leeds"}}})[0]
	if o.Fault == nil || o.Fault.Field != "City" {
		t.Errorf("a contact's city: got %+v", o.Fault)
	}
}
