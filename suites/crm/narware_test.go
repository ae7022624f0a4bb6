package crm

import (
	"strings"
	"testing"
	"time"

	hubspot "github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/desk"
)

// The Narware article: people register, and a CRM that must not be disturbed knows
// some of them. The syncs are those of the recipe.
const hubs = "hub-and-crm.md"

// registers brings people into the hub by the recipe's file.
func (w *world) registers(rows ...string) {
	w.t.Helper()
	w.write(w.folder, "registrations.csv", "email,first_name,last_name,phone,country,registration\n"+strings.Join(rows, "\n")+"\n")
	w.run(w.sync(recipe(w.t, hubs, "registrations")))
}

// people are the contacts of a book by these fields, in the order they came.
func (w *world) people(book string, fields ...string) string {
	w.t.Helper()
	b := w.book(book)
	var lines []string
	for c, err := range w.Store.Contacts(w.t.Context(), b, 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		var values []string
		for _, f := range fields {
			values = append(values, c.Values[b.Schema().Index(f)])
		}
		lines = append(lines, strings.Join(values, ","))
	}
	return strings.Join(lines, "\n")
}

// crmID is the id in the CRM that a contact's link holds.
func (w *world) crmID(book, email string) string {
	w.t.Helper()
	links, err := desk.LinksOf(w.t.Context(), w.Workspace, w.contact(book, email).Ref)
	if err != nil || len(links) != 1 {
		w.t.Fatalf("%s has the links %v, %v; want one", email, links, err)
	}
	return links[0].RemoteID
}

// N5-N12, N20: known ones are pulled, new ones go out once they have registered.
func TestAHubPullsWhomTheCRMKnowsAndSendsWhoHasRegistered(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	known := org.Add("Contact", map[string]string{"FirstName": "Ada", "LastName": "King", "Email": "ada@example.com", "Phone": "020 7946 0001", "MailingCountry": "United Kingdom"})
	org.Add("Contact", map[string]string{"LastName": "Stranger", "Email": "stranger@example.com"})
	w.registers("Ada@Example.com,,,,,invited", "new@example.com,Nia,Newman,020 7946 0002,,succeeded", "later@example.com,Lou,Later,,,invited")
	hub := w.sync(recipe(t, hubs, "hub-to-crm"))
	r := w.run(hub)
	w.want("who has not registered waits (N11), who is only there stays there", w.reasons(r), "gate.closed 1, match.none 1")
	w.rest(hub)
	w.want("the hub has what the CRM knows, and nobody who is only there (N9)", w.people("hub", "email", "first_name", "last_name", "phone", "country"),
		"Ada@Example.com,Ada,King,020 7946 0001,United Kingdom\nnew@example.com,Nia,Newman,020 7946 0002,\nlater@example.com,Lou,Later,,")
	w.want("the CRM has who registered, with what was known (N10)", there(org, "Contact", "Email", "FirstName", "LastName", "Phone"),
		"Contact Email=ada@example.com FirstName=Ada LastName=King Phone=020 7946 0001\n"+
			"Contact Email=new@example.com FirstName=Nia LastName=Newman Phone=020 7946 0002\n"+
			"Contact Email=stranger@example.com FirstName= LastName=Stranger Phone=")
	w.want("a CRM ID is written back, pulled or created", w.crmID("hub", "ada@example.com")+" "+w.crmID("hub", "new@example.com"), known+" "+idOf(org.IDs("Contact"), org.Values, "new@example.com"))

	w.registers("later@example.com,Lou,Later,,,succeeded", "stranger@example.com,,,,,invited")
	w.rest(hub)
	w.want("who comes into the hub after the CRM was listed is pulled whole, too (N9)", w.people("hub", "last_name"), "King\nNewman\nLater\nStranger")
	if got := there(org, "Contact", "Email"); !strings.Contains(got, "later@example.com") {
		t.Errorf("who registers later does not go out (N12): %s", got)
	}
}

func idOf(ids []string, values func(string) map[string]string, email string) string {
	for _, id := range ids {
		if values(id)["Email"] == email {
			return id
		}
	}
	return ""
}

// N13, N16, N17: changes flow both ways, but what the CRM has stays as it is.
func TestTheCRMIsFilledAndNeverOverwritten(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	ada := org.Add("Contact", map[string]string{"LastName": "King", "Email": "ada@example.com", "Phone": "020 7946 0001"})
	w.registers("ada@example.com,Ada,Kong,020 7946 0009,France,succeeded")
	hub := w.sync(recipe(t, hubs, "hub-to-crm"))
	w.rest(hub)
	w.want("a blank is filled, the rest stays", there(org, "Contact", "FirstName", "LastName", "Phone", "MailingCountry"),
		"Contact FirstName=Ada LastName=King Phone=020 7946 0001 MailingCountry=")

	w.edit("hub", "ada@example.com", map[string]string{"phone": "020 7946 0005"})
	w.rest(hub)
	w.want("an edit that may not be sent stays in the hub (settled question 12)", org.Values(ada)["Phone"]+" | "+w.people("hub", "phone"), "020 7946 0001 | 020 7946 0005")
	org.Change(ada, map[string]string{"Phone": "020 7946 0007", "FirstName": "Augusta"})
	w.rest(hub)
	w.want("a later change in the CRM wins", w.people("hub", "first_name", "phone"), "Augusta,020 7946 0007")
}

// N10, N14, N15: with nothing but an e-mail, and without a name that is none.
func TestAtHubSpotAnEmailIsEnough(t *testing.T) {
	w := newWorld(t)
	account := hubspot.New(hubspot.Options{Now: w.clock})
	w.connect("crm", "hubspot", hubspot.DefaultToken, map[string]string{}, account)
	w.registers("new@example.com,New Contact,,,,succeeded")
	hub := w.sync(strings.Replace(recipe(t, hubs, "hub-to-crm"), "object: Contact", "object: contacts", 1))
	w.rest(hub)
	id := w.crmID("hub", "new@example.com")
	got, ok := account.Contact(id)
	if !ok || got["email"] != "new@example.com" || got["firstname"] != "" || got["lastname"] != "" {
		t.Errorf("got %q %v, want a contact with the e-mail and no name", id, got)
	}
	if err := account.Change(id, map[string]string{"firstname": "Nia", "country": "Kenya"}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute) // past the lag of HubSpot's search
	w.rest(hub)
	w.want("what the CRM learns comes into the hub", w.people("hub", "first_name", "country"), "Nia,Kenya")
}

// Settled question 3: without a word about it, a sync fills what is blank in a CRM and
// writes what the CRM knows into the book; a sync that says so overwrites.
func TestTowardsACRMOnlyBlanksAreFilled(t *testing.T) {
	for _, c := range []struct{ name, policy, phone, first string }{
		{"without a word", "", "020 7946 0001", "Ada"},
		{"where the sync says so", "policy: {update: if_new_not_blank}\n", "020 7946 0009", "Ada"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			org := w.salesforce()
			ada := org.Add("Contact", map[string]string{"LastName": "King", "Email": "ada@example.com", "Phone": "020 7946 0001"})
			w.imports("people", "email,first_name,last_name,phone\nada@example.com,Ada,King,\n")
			s := w.sync("name: people-to-crm\ndirection: two_way\nsource: {book: people}\ntarget: {connection: crm, object: Contact}\nmatch: [email]\n" + c.policy +
				"map: [{from: email, to: Email}, {from: first_name, to: FirstName}, {from: last_name, to: LastName}, {from: phone, to: Phone}]\n")
			w.rest(s)
			w.edit("people", "ada@example.com", map[string]string{"phone": "020 7946 0009"})
			w.rest(s)
			w.want("at the CRM", org.Values(ada)["Phone"]+" "+org.Values(ada)["FirstName"], c.phone+" "+c.first)
			org.Change(ada, map[string]string{"FirstName": "Augusta"})
			w.rest(s)
			w.want("in the book", w.people("people", "first_name"), "Augusta")
		})
	}
}

// Settled question 11: a CRM that asks for a last name gets nobody without one.
func TestWhoHasNoNameWaitsForACRMThatDemandsOne(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	w.registers("new@example.com,New Contact,,,,succeeded")
	hub := w.sync(recipe(t, hubs, "hub-to-crm"))
	w.want("held", w.reasons(w.run(hub)), "target.required_missing 1")
	w.registers("new@example.com,Nia,Newman,,,succeeded")
	w.rest(hub)
	w.want("sent with a real name", there(org, "Contact", "FirstName", "LastName"), "Contact FirstName=Nia LastName=Newman")
}

// A sync without a map: the CRM's fields come under the names everything else uses.
func TestWithoutAMapTheCRMsFieldsAreTheStandardOnes(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	org.Add("Contact", map[string]string{"FirstName": "Ada", "LastName": "King", "Email": "ada@example.com", "Phone": "020 7946 0001", "MailingCity": "Leeds", "Title": "Analyst", "HasOptedOutOfEmail": "true"})
	s := w.sync("name: crm-to-people\nsource: {connection: crm, object: Contact}\ntarget: {book: people}\n")
	w.rest(s)
	w.want("the book", w.people("people", "first_name", "last_name", "email", "phone", "title", "consent"), "Ada,King,ada@example.com,020 7946 0001,Analyst,unsubscribed")
	account := hubspot.New(hubspot.Options{Now: w.clock})
	w.connect("hub", "hubspot", hubspot.DefaultToken, map[string]string{}, account)
	if _, err := account.Add(map[string]string{"firstname": "Bob", "lastname": "Cole", "email": "bob@example.com", "jobtitle": "Baker"}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	w.rest(w.sync("name: hub-to-people\nsource: {connection: hub, object: contacts}\ntarget: {book: people}\n"))
	w.want("the same book", w.people("people", "first_name", "last_name", "email", "title"), "Ada,King,ada@example.com,Analyst\nBob,Cole,bob@example.com,Baker")
}

// A field that only comes from the CRM is not sent with a new contact either: there it
// may be one that nobody can write.
func TestADirectionBindsCreatesToo(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	w.registers("new@example.com,Nia,Newman,,Kenya,succeeded")
	w.rest(w.sync(recipe(t, hubs, "hub-to-crm")))
	w.want("at the CRM", there(org, "Contact", "Email", "MailingCountry"), "Contact Email=new@example.com MailingCountry=")
	w.want("the hub keeps what it knows", w.people("hub", "country"), "Kenya")
}

// Settled question 24: the terms of a connection bind every sync on it, whatever the
// sync says, and whichever side of it the CRM is.
func TestTheTermsOfAConnectionBindEverySync(t *testing.T) {
	const fields = "{from: email, to: Email}, {from: first_name, to: FirstName}, {from: last_name, to: LastName}, {from: phone, to: Phone, write: always}"
	for _, c := range []struct{ name, sync string }{
		{"towards the CRM", "source: {book: people}\ntarget: {connection: crm, object: Contact}\npolicy: {update: always}\nmap: [" + fields + "]\n"},
		{"from the CRM", "source: {connection: crm, object: Contact}\ntarget: {book: people}\npolicy: {back: always}\n" +
			"map: [{from: Email, to: email}, {from: FirstName, to: first_name}, {from: LastName, to: last_name}, {from: Phone, to: phone}]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			org := sandbox.New(sandbox.Options{Now: w.clock})
			w.connect("crm", "salesforce", "sandbox", map[string]string{"client_id": "kith", "auth": "client_credentials", "protect": "yes", "gate": `registration == "succeeded"`}, org)
			ada := org.Add("Contact", map[string]string{"LastName": "King", "Email": "ada@example.com", "Phone": "020 7946 0001"})
			w.imports("people", "email,first_name,last_name,phone,registration\nada@example.com,Ada,King,020 7946 0001,\nnew@example.com,Nia,Newman,,invited\n")
			s := w.sync("name: terms\ndirection: two_way\nmatch: [email]\n" + c.sync)
			w.rest(s)
			w.edit("people", "ada@example.com", map[string]string{"phone": "020 7946 0009"})
			w.rest(s)
			w.want("nothing is overwritten, a blank is filled, and who has not registered is not created", there(org, "Contact", "Email", "FirstName", "Phone"),
				"Contact Email=ada@example.com FirstName=Ada Phone=020 7946 0001")
			w.edit("people", "new@example.com", map[string]string{"registration": "succeeded"})
			w.rest(s)
			if n := org.Count("Contact"); n != 2 || org.Values(ada)["Phone"] != "020 7946 0001" {
				t.Errorf("got %d Contacts and %v, want the new one too", n, org.Values(ada))
			}
		})
	}
}
