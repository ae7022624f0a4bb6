//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// An import from a folder is scheduled for 19:00 in Paris, runs at that moment by
// the installation's clock and not before, and once more the next day.
func TestAnImportIsScheduledAndFired(t *testing.T) {
	w, b := owned(t)
	w.connects("hr")
	w.places("people.csv", "id,email,first_name\n1,ada@example.com,Ada\n")
	b.fromNetwork("hr", "people.csv", "Update the contacts").sees("ada@example.com")
	b.press("Next").at("Mapping").press("Schedule import").at("Schedule import")

	b.fill("At (one time", "19:00").fill("Time zone", "Europe/Paris").fill("From", "2026-11-22")
	b.sees("every day at 19:00, Europe/Paris", "Sun 22 Nov 2026 19:00 (+01:00)", "Mon 23 Nov 2026 19:00 (+01:00)")
	b.fine().press("Finish").sees("The import is scheduled")

	w.clock.forward(9*time.Hour + 59*time.Minute) // 17:59 UTC is 18:59 in Paris
	w.no(w.StartDue(t.Context()))
	b.open("/runs").saysNot("people")
	w.clock.forward(2 * time.Minute)
	w.no(w.StartDue(t.Context()))
	b.until("the first run", `async () => (await (await fetch('/runs')).text()).includes('/runs/1"')`)
	b.open("/runs/1").sees("Succeeded", "1 created")
	b.open("/imports").sees("Latest Import", "Next Import", "Nov 23, 2026, 7:00 PM")
	b.book("contacts").sees("ada@example.com")
}
