//go:build e2e

package e2e

import (
	"testing"

	"github.com/go-rod/rod/lib/proto"
)

// Without JavaScript the import wizard works all the same; while a job is at work
// the page loads itself anew.
func TestTheImportWizardWithoutJavaScript(t *testing.T) {
	w, b := owned(t)
	w.no(proto.EmulationSetScriptExecutionDisabled{Value: true}.Call(b))
	b.open("/imports").press("Setup New Import").sees("1. Where the file is")
	b.gives("Select the file to import", w.file("attendees.csv", attendees)).press("Next").sees("Import file preview")
	b.press("Next").sees("Import File columns").fill("Name", "badge_colour").press("Add Field")
	b.until("the new field", `() => [...document.querySelectorAll('#to-4 option')].some(o => o.value == 'badge_colour')`)
	b.choose("Badge", "badge_colour (text)").press("Run Import").sees("Run 1", "4 created")
	b.press("See, correct and retry what did not get through").sees("What did not get through")
	b.fill("E-mail Address of line 4", "cy@example.org").press("Import the ticked records as they stand here").sees("Run 2", "1 created")
	b.book("contacts").sees("cy@example.org")
}
