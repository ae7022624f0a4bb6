package crm

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

// The syncs are those of the recipe.
const events = "events-to-salesforce.md"

// salesforce is an org that the world is connected to as crm.
func (w *world) salesforce() *sandbox.Sandbox {
	org := sandbox.New(sandbox.Options{Now: w.clock})
	w.connect("crm", "salesforce", "sandbox", map[string]string{"client_id": "kith", "auth": "client_credentials"}, org)
	return org
}

// there prints records of an object, one a line.
func there(org *sandbox.Sandbox, object string, fields ...string) string {
	var lines []string
	for _, id := range org.IDs(object) {
		r := org.Values(id)
		line := object
		for _, f := range fields {
			line += " " + f + "=" + r[f]
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// E1-E13: an attendee list becomes Leads and Contacts.
func TestAnEventMarketersAfternoon(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	org.Add("Contact", map[string]string{"LastName": "Hopper", "FirstName": "Grace", "Email": "grace@example.org", "Description": "met in 2024"})
	w.imports("people", `first_name,last_name,email,company,sync_as,phone,note
Ada,Byron,ada@example.com,Acme,Lead,020 7946 0001,wants a demo
Grace,Hopper,grace@example.org,Navy,Contact,020 7946 0002,met at the stand
Alan,Turing,alan@example.net,,Lead,,
`)
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	r := w.run(people)
	w.want("leads", there(org, "Lead", "FirstName", "LastName", "Company", "Email", "Phone", "Description"),
		"Lead FirstName=Ada LastName=Byron Company=Acme Email=ada@example.com Phone=020 7946 0001 Description=wants a demo")
	w.want("contacts, the description overwritten (E12)", there(org, "Contact", "FirstName", "LastName", "Email", "Phone", "Description"),
		"Contact FirstName=Grace LastName=Hopper Email=grace@example.org Phone=020 7946 0002 Description=met at the stand")
	w.want("accounts, a new company is one (E17)", there(org, "Account", "Name"), "Account Name=Navy")
	w.want("who waits for a company (E24)", w.reasons(r), "target.required_missing 1")

	w.imports("people", "email,company\nalan@example.net,Bletchley\n")
	w.run(people)
	w.want("goes out once the company is there (E22)", fmt.Sprint(strings.Contains(there(org, "Lead", "Email"), "alan@example.net")), "true")
	w.rest(people)
}

// E5, E21, E23.
func TestWhoIsAddedToAnEventLaterJoinsItsCampaign(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	campaign := org.Add("Campaign", map[string]string{"Name": "Expo 2026", "IsActive": "true"})
	w.imports("people", `first_name,last_name,email,company,sync_as
Ada,Byron,ada@example.com,Acme,Lead
Grace,Hopper,grace@example.org,Navy,Contact
`)
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	members := w.sync(recipe(t, events, "members"))
	b := w.book("people")
	expo, err := desk.SaveOccasion(t.Context(), w.Workspace, b, store.KindEvent, 0, desk.OccasionChange{Name: new("Expo")})
	if err != nil {
		t.Fatal(err)
	}
	if expo, err = desk.ConnectCampaign(t.Context(), w.Workspace, expo, "crm", "Expo 2026"); err != nil || expo.Campaign != campaign {
		t.Fatalf("got %+v, %v, want the campaign %s", expo, err, campaign)
	}
	join := func(email, status string) {
		t.Helper()
		if err := desk.Attend(t.Context(), w.Workspace, expo, []store.Contact{w.contact("people", email)}, status); err != nil {
			t.Fatal(err)
		}
	}
	join("ada@example.com", "Sent")
	w.run(members)
	w.want("nobody is a member who is not in Salesforce", there(org, "CampaignMember", "Status"), "")
	w.run(people)
	w.run(members)
	w.want("once they are, they are members", there(org, "CampaignMember", "Status"), "CampaignMember Status=Sent")
	join("grace@example.org", "Responded")
	r := w.run(members)
	w.want("added later, a member later", there(org, "CampaignMember", "Status"), "CampaignMember Status=Responded\nCampaignMember Status=Sent")
	w.rest(members)
	if _, err := w.Undo(t.Context(), members, r); err != nil {
		t.Fatal(err)
	}
	w.want("undone, the membership is gone", there(org, "CampaignMember", "Status"), "CampaignMember Status=Sent")
}

// E7, E8, E17: optional fields, the owner by e-mail, and an Account chosen by hand.
func TestOptionalFieldsOwnerAndAnAccountThatIsThere(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	seller := org.IDs("User")[1]
	mail := org.Values(seller)["Email"]
	acme := org.Add("Account", map[string]string{"Name": "Acme"})
	org.Add("Account", map[string]string{"Name": "Acme"}) // another one of that name
	w.imports("people", `first_name,last_name,email,company,account_id,sync_as,title,mobile,note,owner,street,city
Ada,Byron,ada@example.com,Acme,`+acme+`,Contact,Analyst,020 7946 0003,wants a demo,`+mail+`,1 High St,Leeds
`)
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	w.rest(people)
	ada := org.Values(org.Find("Contact", "Email", "ada@example.com")[0])
	for field, want := range map[string]string{"OwnerId": seller, "AccountId": acme, "Title": "Analyst", "MobilePhone": "020 7946 0003", "Description": "wants a demo",
		"MailingStreet": "1 High St", "MailingCity": "Leeds"} {
		if ada[field] != want {
			t.Errorf("%s: got %q, want %q", field, ada[field], want)
		}
	}
	if n := org.Count("Account"); n != 2 {
		t.Errorf("got %d accounts, want the 2 that were there", n)
	}
}

// E8, 3.4: an owner whom the CRM does not know is left as it is there, with a warning,
// and is not sent again and again.
func TestAnOwnerNobodyKnowsIsToldAndNotSentAgain(t *testing.T) {
	w := newWorld(t)
	w.salesforce()
	w.imports("people", "first_name,last_name,email,company,sync_as,owner\nAda,Byron,ada@example.com,Acme,Lead,ghost@example.org\nBob,Cole,bob@example.com,Acme,Lead,\n")
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	r := w.run(people)
	if !strings.Contains(strings.Join(r.Notes, "\n"), "owner") {
		t.Errorf("the run says %q, want a word about the owner that was left as it is", r.Notes)
	}
	if again := w.run(people); again.Totals.Updated+again.Totals.Created != 0 {
		t.Errorf("the next run: %+v, want nothing written", again.Totals)
	}
	w.edit("people", "ada@example.com", map[string]string{"owner": "nobody@example.org"})
	w.run(people)
	if again := w.run(people); again.Totals.Updated != 0 {
		t.Errorf("after another owner nobody knows: %+v, want nothing written", again.Totals)
	}
}

// The last one who leaves an event leaves what is sent of it, too; and a book of
// somebody's own that has the name of a feed is not taken over.
func TestTheLastMemberLeavesAndNoBookIsTakenOver(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	org.Add("Campaign", map[string]string{"Name": "Expo 2026", "IsActive": "true"})
	w.imports("people", "first_name,last_name,email,company,sync_as\nAda,Byron,ada@example.com,Acme,Lead\n")
	people, members := w.sync(recipe(t, events, "people-to-salesforce")), w.sync(recipe(t, events, "members"))
	w.rest(people)
	b := w.book("people")
	expo, err := desk.SaveOccasion(t.Context(), w.Workspace, b, store.KindEvent, 0, desk.OccasionChange{Name: new("Expo")})
	if err != nil {
		t.Fatal(err)
	}
	if expo, err = desk.ConnectCampaign(t.Context(), w.Workspace, expo, "crm", "Expo 2026"); err != nil {
		t.Fatal(err)
	}
	ada := w.contact("people", "ada@example.com")
	if err := desk.Attend(t.Context(), w.Workspace, expo, []store.Contact{ada}, ""); err != nil {
		t.Fatal(err)
	}
	w.rest(members)
	if err := w.Store.Leave(t.Context(), expo.ID, []int64{ada.Ref}); err != nil {
		t.Fatal(err)
	}
	w.rest(members)
	if n := w.book("people: campaign members at crm").Population; n != 0 {
		t.Errorf("the feed still has %d members, want none", n)
	}

	w.imports("people: meetings at crm", "first_name,last_name,email\nAda,Byron,ada@example.com\n")
	meetings := w.sync("name: meetings\npreset: eventgeek\nsource: {book: people, object: meetings}\ntarget: {connection: crm, object: Event}\n")
	if _, err := w.Plan(t.Context(), meetings); err == nil || !strings.Contains(err.Error(), "Give that another name") {
		t.Errorf("got %v, want that the name is needed", err)
	}
	if n := w.book("people: meetings at crm").Population; n != 1 {
		t.Errorf("the book of somebody's own has %d contacts, want 1", n)
	}
}

// "I took the run back, and now she waits for something": the link says that her
// record is gone there, and nothing waits.
func TestAfterAnUndoNobodyWaits(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	w.imports("people", "first_name,last_name,email,company,sync_as\nZoe,Quill,zoe@example.com,Acme,Lead\n")
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	r := w.run(people)
	if _, err := w.Undo(t.Context(), people, r); err != nil {
		t.Fatal(err)
	}
	w.rest(people)
	w.want("at the CRM", there(org, "Lead", "Email"), "")
	links, waiting, err := desk.InStep(t.Context(), w.Workspace, w.book("people"), w.contact("people", "zoe@example.com").Ref, false)
	if err != nil || len(links) != 1 || !links[0].Gone || waiting != nil {
		t.Errorf("got links %+v, waiting %+v, %v; want one that is gone, and nothing that waits", links, waiting, err)
	}
}
