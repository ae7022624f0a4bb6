package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/syncfile"
)

// E17, E18: a company is a new one, or an Account that is there and is picked by its
// name; who is linked bears an icon that leads to it.
func TestACompanyIsAnAccountThatIsPicked(t *testing.T) {
	w := newWorld(t)
	w.imports("people", `email,first_name,last_name,company,sync_as
ada@example.com,Ada,Archer,Acme,Contact
bo@example.org,Bo,Baker,Acme,Contact
cy@example.com,Cy,Cole,Bell,Contact
`)
	operator, viewer := w.as(account.Operator), w.as(account.Viewer)
	operator.get("/contacts/1/companies").says("main", "Acme", "2", "Connect a CRM").has("main .button", 0)
	operator.get("/contacts/1/1").saysNot("main", "pick the Account")
	org, at := w.crm()
	acme := org.Add("Account", map[string]string{"Name": "Acme <i>Corporation", "BillingCity": "Leeds"})
	org.Add("Account", map[string]string{"Name": "Acme Toys", "BillingCity": "Hull"})
	org.Add("Account", map[string]string{"Name": "Zenith"})

	// Of everybody of the company, from the list of companies.
	link := operator.get("/contacts/1/companies").Find("tbody tr:nth-child(1) a.button").AttrOr("href", "")
	page := operator.get(link).is(http.StatusOK).says("fieldset", "Acme <i>Corporation Leeds", "Acme Toys Hull", "Create new: Acme").saysNot("fieldset", "Zenith").has("fieldset input:checked[value='']", 1)
	if page.Find("fieldset input[value='"+acme+"']").Length() != 1 {
		t.Fatalf("the Account %s cannot be picked", acme)
	}
	operator.get(link+"&q=zen").says("fieldset", "Zenith").saysNot("fieldset", "Acme Toys")
	form := url.Values{"company": {"Acme"}, "connection": {"crm"}, "account": {acme}}
	viewer.get(link).is(http.StatusForbidden)
	viewer.post("/contacts/1/companies/link", form).is(http.StatusForbidden)
	operator.post("/contacts/1/companies/link", form).is(http.StatusSeeOther)
	w.audited("companies.link", "book:1")
	list := operator.get("/contacts/1/companies").says(".said", "Linked with the Account Acme <i>Corporation: 2 contacts").says("tbody tr:nth-child(1)", "Acme <i>Corporation", "2", acme, "Change")
	if to := list.Find("tbody tr:nth-child(1) .linked a").AttrOr("href", ""); to != at+"/"+acme {
		t.Errorf("the icon leads to %q, want the Account's page", to)
	}
	list.has("tbody tr:nth-child(2) .linked", 0)
	viewer.get("/contacts/1/companies").is(http.StatusOK).has("main .button", 0).has(".linked", 1)
	operator.get("/contacts/1/1").has("main .linked a", 1).says("main", "pick the Account")

	// The next run sends it; a company that nobody has picked becomes an Account, and is
	// known to be one then.
	people, err := syncfile.Parse("", []byte("apiVersion: kith/v1\nkind: Sync\nname: people\npreset: eventgeek\nsource: {book: people}\ntarget: {connection: crm, object: Person}\n"))
	w.no(err)
	_, err = w.Workspace.Store.SaveSync(t.Context(), people[0], "")
	w.no(err)
	w.runs("people")
	for _, id := range org.IDs("Contact") {
		c := org.Values(id)
		if c["FirstName"] != "Cy" && c["AccountId"] != acme {
			t.Errorf("%s has the Account %q, want the one that was picked", c["FirstName"], c["AccountId"])
		}
	}
	if got := org.Count("Account"); got != 4 {
		t.Errorf("got %d Accounts, want the 3 that were there and Bell", got)
	}
	operator.get("/contacts/1/companies").says("tbody tr:nth-child(2)", "Bell", "by its name").has("tbody tr:nth-child(2) .linked a", 1)
	operator.post("/events/new", url.Values{"book": {"1"}, "name": {"Expo"}}).is(http.StatusSeeOther)
	operator.post("/events/1/1/people", url.Values{"id": {"1", "3"}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/people").says("#rows tr:nth-child(2)", "Bell").has("#rows .linked a", 2)

	// One contact goes its own way; a company that is typed lets the Account go.
	operator.post("/contacts/1/companies/link", url.Values{"company": {"Acme <i>Corporation"}, "contact": {"2"}, "connection": {"crm"}, "account": {""}}).is(http.StatusSeeOther)
	operator.get("/contacts/1/2").says(".said", "linked with no Account by hand")
	operator.post("/contacts/1/1/edit", url.Values{"version": {"2"}, "f.company": {"Bell"}}).is(http.StatusSeeOther)
	operator.get("/contacts/1/1").says("main", "Blank: Salesforce Account")
}

// A contact that is added to an event gets a company that is there, found by its name
// while the form is filled in.
func TestANewContactOfAnEventPicksAnAccount(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name,last_name,company\nada@example.com,Ada,Archer,Acme\n")
	org, _ := w.crm()
	acme := org.Add("Account", map[string]string{"Name": "Acme Ltd", "BillingCity": "Leeds"})
	operator := w.as(account.Operator)
	operator.post("/events/new", url.Values{"book": {"1"}, "name": {"Expo"}}).is(http.StatusSeeOther)
	to := operator.get("/events/1/1/people").Find("a.button[href^='/contacts/1/new?']").AttrOr("href", "")
	operator.get(to).is(http.StatusOK).says("form", "Look for the Account at crm").has("input[name=event][value='1']", 1).has("#accounts", 0)
	form := url.Values{"event": {"1"}, "f.email": {"dora@example.com"}, "f.first_name": {"Dora"}, "f.company": {"acme"}, "accounts": {"1"}}
	looked := operator.post("/contacts/1/new", form).is(http.StatusOK).says("#accounts", "Create new", "Acme Ltd Leeds").has("#accounts input:checked[value='']", 1)
	if got := looked.Find("input[name='f.email']").AttrOr("value", ""); got != "dora@example.com" {
		t.Errorf("the form comes back with the e-mail %q", got)
	}
	form.Del("accounts")
	form.Set("account", acme)
	form.Set("account-name-"+acme, "Acme Ltd")
	if to := operator.post("/contacts/1/new", form).is(http.StatusSeeOther).to; to != "/events/1/1/people" {
		t.Errorf("led to %q, want back to the event", to)
	}
	operator.get("/events/1/1/people").says("#rows", "Dora", "Acme Ltd").has("#rows .linked", 1)
	if b := operator.get("/contacts/1/2").body; !strings.Contains(b, acme) {
		t.Error("the contact does not have the Account that was picked")
	}
	w.audited("events.attend", "id:1 book:1")
}
