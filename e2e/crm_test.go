//go:build e2e

package e2e

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
)

// salesforce is an org that the world may reach, with a campaign.
func (w *world) salesforce() (org *sandbox.Sandbox, address string) {
	w.t.Helper()
	org = sandbox.New(sandbox.Options{Now: w.clock.now})
	org.Add("Campaign", map[string]string{"Name": "Expo 2026", "IsActive": "true"})
	listening := httptest.NewServer(org)
	w.t.Cleanup(listening.Close)
	w.no(os.WriteFile(filepath.Join(w.folder, "egress.allow"), []byte("127.0.0.1\n"), 0o600))
	return org, listening.URL
}

const guests = `Email,First name,Last name,Company,Sync as
ada@example.com,Ada,Byron,Acme,Lead
grace@example.org,Grace,Hopper,Navy,Contact
alan@example.net,Alan,Turing,,Lead
`

// An event marketer's afternoon: the list of the registration desk becomes Leads and
// Contacts in Salesforce, and members of the event's campaign (E1-E24).
func TestFromAnAttendeeListToSalesforce(t *testing.T) {
	w, b := owned(t)
	org, address := w.salesforce()
	_, err := w.Workspace.Store.CreateBook(t.Context(), store.Book{Name: "contacts", Fields: []contact.Field{{Name: "email", Kind: contact.Email},
		{Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name}, {Name: "company", Kind: contact.Text}, {Name: "sync_as", Kind: contact.Text}}})
	w.no(err)
	b.open("/connections/new?type=salesforce").fill("Name", "crm").fill("Address", address).fill("Client ID (consumer key)", "kith").press("More settings").fill("How to sign in", "client_credentials")
	b.fill("Password or token", "sandbox").press("Save").press("Test now").sees("It works.", "Contact")

	b.open("/imports/new").gives("Select the file to import", w.file("guests.csv", guests)).press("Next").at("Import file preview").press("Next").at("Mapping")
	b.until("the mapping", `() => document.querySelector('#to-4')?.value == 'sync_as'`)
	b.press("Show the plan").at("Plan 1").press("Apply 3 changes").at("Run 1").sees("3 created", "Succeeded", "Undo…")

	b.open("/syncs/new?from=book:contacts&to=connection:crm&to_object=Person&preset=eventgeek&direction=one_way")
	b.sees("Which field goes where", "Save and show the plan").fine().press("Save and show the plan").at("Plan 2").sees("2 created", "1 held", "Alan Turing", "Apply 2 changes").fine()
	b.picture("plan-salesforce")
	b.press("Apply 2 changes").at("Run 2").sees("2 created")
	if leads, contacts := org.Count("Lead"), org.Count("Contact"); leads != 1 || contacts != 1 {
		t.Fatalf("got %d leads and %d contacts, want one of each", leads, contacts)
	}

	b.open("/events/new").fill("Name", "Expo").press("Add event").press("CRM").press("Search").tick("Expo 2026").press("Connect").sees("No sync sends the members yet").fine()
	b.picture("event-crm")
	b.press("Make this sync").sees("Made the sync")
	made := b.path()
	b.open("/runs/1").press("Add these people to an event").choose("Event", "Expo").fill("Status", "Sent").press("Add to event").sees("Sync Status").fine()
	b.open(made).press("Run now").sees("2 created")
	if n := org.Count("CampaignMember"); n != 2 {
		t.Errorf("got %d campaign members, want 2: the third guest waits for a company", n)
	}
	b.open("/events").press("Expo").press("Contacts 3").sees("Ada Byron", "Member", "missing fields: company").fine()
	b.picture("event-contacts")
	b.open("/setups").sees("Set up step by step", "Send the campaign members").fine().picture("setups")
	b.open("/connections/crm").sees("Used by").fine()
	b.open("/contacts").press("contacts").press("Companies").sees("Pick the Account").fine()
	b.picture("companies")
	b.open("/contacts/1/companies/link?company=Acme").sees("Create new: Acme").fine().picture("account")
	b.open("/contacts/1/new?event=1").fill("company", "Eng").press("Look for the Account at crm").sees("Which company is it").fine().picture("new-contact")
	b.open("/contacts").press("contacts").press("Ada Byron").sees(org.IDs("Lead")[0], "crm").fine()
}
