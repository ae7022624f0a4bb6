//go:build e2e

package e2e

import (
	"net/url"
	"testing"
)

// A newcomer opens the printed link, becomes the owner and imports a first file:
// upload, preview, mapping, plan, run, correction, contact, undo.
func TestANewcomerImportsAFirstFile(t *testing.T) {
	w := newWorld(t)
	link, err := w.Accounts.SetUpLink(t.Context())
	w.no(err)
	b := w.tab()
	b.open("/").sees("This installation has no owner yet", "it prints another one").fine()
	b.open("/setup?link=" + url.QueryEscape(link)).sees("You become the owner").fine()
	b.fill("Your name", "Grace Example").fill("E-mail", owner).fill("Password", password).press("Set up")
	b.at("Home").sees("There is no sync yet")

	b.press("Setup New Import").sees("1. Where the file is").fine()
	b.gives("Select the file to import", w.file("attendees.csv", attendees))
	b.fill("Country of telephone numbers", "GB").tick("Update the contacts with changes from the import file")
	b.press("Next").at("Import file preview").sees("Badge", "ada@example.com").saysNot("are no records").fine()
	b.press("Next").at("Mapping").at("Mapping")
	if got := b.value("E-mail Address"); got != "email" {
		t.Errorf("the column E-mail Address goes to %q, want email", got)
	}
	b.fill("Name", "badge_colour").press("Add Field")
	b.until("the new field", `() => [...document.querySelectorAll('#to-4 option')].some(o => o.value == 'badge_colour')`)
	b.choose("Badge", "badge_colour (text)").press("Show the plan")
	b.at("Plan 1").sees("5 read", "4 created", "1 rejected", "Apply 4 changes").fine()
	b.press("Apply 4 changes").at("Run 1").sees("Finished", "email.invalid").fine()

	b.press("See, correct and retry what did not get through").at("What did not get through").sees("email.invalid").fine()
	b.fill("E-mail Address of line 4", "cy@example.org").press("Import the ticked records as they stand here")
	b.at("Run 2").sees("1 created")

	b.book("contacts").sees("Ada", "cy@example.org", "5 contacts in contacts")
	b.press("Ada King").sees("ada@example.com", "blue").fine()

	b.open("/runs/1")
	b.press("Undo…").at("Take run 1 back").sees("4 contacts that the run created: into the trash", "goes to the trash").fine()
	b.press("Take run 1 back").sees("takes back run 1").fine()
	b.book("contacts").sees("1 contact in contacts", "cy@example.org").saysNot("ada@example.com")
}

const attendees = `E-mail Address,First Name,Last Name,Phone,Badge
ada@example.com,Ada,King,020 7946 0018,blue
bo@example.org,Bo,Okafor,020 7946 0021,red
cy@@example.org,Cy,Lindqvist,020 7946 0033,red
dee@example.net,Dee,Moreau,,green
eve@example.org,Eve,Santos,020 7946 0045,blue
`
