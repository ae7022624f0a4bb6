package crm

import (
	"sort"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A set-up of the SyncApps article: one object type of the CRM and a main audience,
// both spokes of one book. The syncs are those of the recipe.
const lists = "crm-and-mailing-list.md"

func (w *world) setUpOf() (crm, main store.Sync) {
	return w.sync(recipe(w.t, lists, "crm-to-main")), w.sync(recipe(w.t, lists, "main-to-list"))
}

// mailchimp is an audience that the world is connected to as list.
func (w *world) mailchimp() *sandbox.Audience {
	return w.mailchimpWith(map[string]string{"new_status": "subscribed"})
}

func (w *world) mailchimpWith(settings map[string]string) *sandbox.Audience {
	account := sandbox.New(sandbox.Options{Now: w.clock, Key: "0123456789abcdef-us19"})
	w.connect("list", "mailchimp", "0123456789abcdef-us19", settings, account)
	return account.AddAudience("Main")
}

// listed are the members of the main audience by e-mail, as the connection lists them.
func (w *world) listed() map[string]map[string]string {
	w.t.Helper()
	remote, err := desk.Connected(w.t.Context(), w.Workspace, "list", "Main")
	if err != nil {
		w.t.Fatal(err)
	}
	schema, err := remote.Schema(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for page, err := range remote.Changes(w.t.Context(), "") {
		if err != nil {
			w.t.Fatal(err)
		}
		for _, item := range page.Items {
			values := map[string]string{"id": item.ID}
			for i, f := range schema.Fields {
				values[f.Name] = item.Value(i)
			}
			if !item.Gone {
				all[values["email_address"]] = values
			}
		}
	}
	return all
}

// setUp runs both syncs of a set-up until nothing moves.
func (w *world) setUp(syncs ...store.Sync) {
	for range 3 {
		for _, s := range syncs {
			w.run(s)
		}
	}
	for _, s := range syncs {
		if r := w.run(s); r.Totals.Writes() != 0 {
			w.t.Errorf("%s does not come to rest: %+v", s.Name, r.Totals)
		}
	}
}

func (w *world) members() string {
	var lines []string
	for email, m := range w.listed() {
		lines = append(lines, strings.Join([]string{email, m["FNAME"], m["LNAME"], m["PHONE"], m["status"]}, " "))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func TestContactsOfTheCRMJoinTheMainList(t *testing.T) {
	w := newWorld(t)
	org, list := w.salesforce(), w.mailchimp()
	org.Add("Contact", map[string]string{"FirstName": "John", "LastName": "Doe", "Email": "john@example.com", "Phone": "020 7946 0001"})
	org.Add("Contact", map[string]string{"FirstName": "Ann", "LastName": "Onymous"}) // no e-mail: ignored (S4)
	org.Add("Lead", map[string]string{"LastName": "Lead", "Company": "Acme", "Email": "lead@example.com"})
	list.Add(map[string]string{"email_address": "old@example.com", "status": "subscribed", "FNAME": "Old", "LNAME": "Member"})
	list.Add(map[string]string{"email_address": "grace@example.org", "status": "subscribed", "FNAME": "G", "LNAME": "H"})
	org.Add("Contact", map[string]string{"FirstName": "Grace", "LastName": "Hopper", "Email": "grace@example.org"})
	crm, main := w.setUpOf()
	r := w.run(crm)
	w.want("who has no e-mail is ignored, with a reason (S4)", w.reasons(r), "target.required_missing 1")
	w.setUp(crm, main)
	w.want("the list has who was missing, and who was there is as they were (S3)", w.members(),
		"grace@example.org G H  subscribed\njohn@example.com John Doe 020 7946 0001 subscribed\nold@example.com Old Member  subscribed")
	w.want("the CRM has the list's members (S5)", there(org, "Contact", "Email"), "Contact Email=\nContact Email=grace@example.org\nContact Email=john@example.com\nContact Email=old@example.com")
	if n := org.Count("Lead"); n != 1 {
		t.Errorf("a set-up of Contacts touched Leads: %d", n)
	}
}

// Opt-outs travel both ways, and only ever stricter (3.14; torture 9).
func TestAnOptOutTravelsBothWays(t *testing.T) {
	w := newWorld(t)
	org, list := w.salesforce(), w.mailchimp()
	john := org.Add("Contact", map[string]string{"LastName": "Doe", "Email": "john@example.com"})
	ann := org.Add("Contact", map[string]string{"LastName": "Smith", "Email": "ann@example.com"})
	crm, main := w.setUpOf()
	w.setUp(crm, main)
	list.Unsubscribe(w.listed()["john@example.com"]["id"])
	org.Change(ann, map[string]string{"HasOptedOutOfEmail": "true"})
	w.setUp(main, crm)
	w.want("there", org.Values(john)["HasOptedOutOfEmail"]+" "+org.Values(ann)["HasOptedOutOfEmail"], "true true")
	w.want("on the list", w.members(), "ann@example.com  Smith  unsubscribed\njohn@example.com  Doe  unsubscribed")
	w.imports("main", "email,consent\njohn@example.com,subscribed\n")
	w.setUp(crm, main)
	w.want("a file that says subscribed changes nothing (torture 9)", w.members(), "ann@example.com  Smith  unsubscribed\njohn@example.com  Doe  unsubscribed")
}

// A state that the CRM has no word for is told it once, and both syncs come to rest.
func TestWhoseMailBouncedIsToldTheCRMOnce(t *testing.T) {
	w := newWorld(t)
	org, list := w.salesforce(), w.mailchimp()
	org.Add("Contact", map[string]string{"LastName": "Novak", "Email": "eli@example.com"})
	list.Add(map[string]string{"email_address": "eli@example.com", "status": "cleaned"})
	list.Add(map[string]string{"email_address": "pat@example.com", "status": "pending", "LNAME": "Asked"})
	crm, main := w.setUpOf()
	w.setUp(crm, main)
	w.want("at the CRM", there(org, "Contact", "Email", "HasOptedOutOfEmail"), "Contact Email=eli@example.com HasOptedOutOfEmail=true\nContact Email=pat@example.com HasOptedOutOfEmail=")
}

// "My column of consents came from a CSV": it is a text in the book, and an opt-out
// counts all the same.
func TestAnOptOutCountsForAColumnOfConsentsFromAFile(t *testing.T) {
	w := newWorld(t)
	org, list := w.salesforce(), w.mailchimp()
	w.imports("main", "email,first_name,last_name,consent\nx1@example.com,X,One,subscribed\n")
	crm, main := w.setUpOf()
	w.setUp(main)
	list.Unsubscribe(w.listed()["x1@example.com"]["id"])
	w.setUp(main, crm)
	w.want("in the book", w.people("main", "email", "consent"), "x1@example.com,unsubscribed")
	w.want("at the CRM", there(org, "Contact", "Email", "HasOptedOutOfEmail"), "Contact Email=x1@example.com HasOptedOutOfEmail=true")
}

// S4: a list ignores who has no e-mail, with a reason, and the run is green.
func TestAListIgnoresWhoHasNoEmail(t *testing.T) {
	w := newWorld(t)
	w.mailchimp()
	w.imports("main", "email,first_name,last_name\nx1@example.com,X,One\n")
	b := w.book("main")
	if _, err := w.Engine.Edit(t.Context(), b, "by hand", []plan.Change{{Action: plan.Create, Values: []string{"", "Ann", "Onymous"}}}); err != nil {
		t.Fatal(err)
	}
	_, main := w.setUpOf()
	r := w.run(main)
	w.want("the reason", w.reasons(r)+" "+string(r.Status), "source.no_email 1 succeeded")
}

// S6, S8: fields of those who are there move only where the map says so; the CRM wins.
func TestFieldsMoveOnlyWhereTheMappingIsEnabled(t *testing.T) {
	w := newWorld(t)
	org, list := w.salesforce(), w.mailchimp()
	john := org.Add("Contact", map[string]string{"FirstName": "John", "LastName": "Doe", "Email": "john@example.com", "Phone": "020 7946 0001"})
	crm, main := w.setUpOf()
	w.setUp(crm, main)
	list.Change(w.listed()["john@example.com"]["id"], map[string]string{"FNAME": "Johnny"})
	org.Change(john, map[string]string{"Phone": "020 7946 0002"})
	w.setUp(main, crm)
	w.want("without a mapping nothing moves", w.members()+" | "+org.Values(john)["FirstName"], "john@example.com Johnny Doe 020 7946 0001 subscribed | John")

	enabled := `map:
  - {from: email, to: email_address}
  - {from: first_name, to: FNAME, direction: both, write: if_new_not_blank}
  - {from: last_name, to: LNAME, write: if_new_not_blank}
  - {from: phone, to: PHONE, write: if_new_not_blank}
  - {from: consent, to: status}
`
	main = w.sync(recipe(t, lists, "main-to-list") + "policy: {update: if_new_not_blank, back: if_new_not_blank}\n" + enabled)
	crm = w.sync(recipe(t, lists, "crm-to-main") + "policy: {update: if_new_not_blank, back: if_new_not_blank}\n")
	w.setUp(main, crm)
	w.want("with it each side's changes are made up for", w.members()+" | "+org.Values(john)["FirstName"], "john@example.com Johnny Doe 020 7946 0002 subscribed | Johnny")
	list.Change(w.listed()["john@example.com"]["id"], map[string]string{"FNAME": "Jon"})
	org.Change(john, map[string]string{"FirstName": "Jonathan"})
	w.setUp(crm, main)
	w.want("where both changed a field the CRM wins (S8)", w.members()+" | "+org.Values(john)["FirstName"], "john@example.com Jonathan Doe 020 7946 0002 subscribed | Jonathan")
}

// 3.14: a missing value is not consent, and a box that nobody has ticked is one.
func TestWhoHasNotOptedOutHasNotSaidYes(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	w.mailchimpWith(map[string]string{})
	org.Add("Contact", map[string]string{"FirstName": "John", "LastName": "Doe", "Email": "john@example.com"})
	crm, main := w.setUpOf()
	w.setUp(crm, main)
	w.want("the list asks them", w.members(), "john@example.com John Doe  pending")
}
