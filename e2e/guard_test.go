//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kith-sync/kith/plan"
)

// people are so many records of invented people.
func people(n int) string {
	var b strings.Builder
	b.WriteString("id,email,first_name\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,person%d@example.org,Person %d\n", i+1, i+1, i+1)
	}
	return b.String()
}

// mirror deletes who is not in the file any more, up to a tenth.
var mirror = plan.Sync{Preset: "contact-manager", Policy: plan.Policy{Update: "always", Delete: plan.Delete{NotFound: plan.Trash}}}

// A file that lacks a third of the list deletes nobody until a person has looked
// at the deletions and said so.
func TestTheGuardStopsADeletionUntilItIsApproved(t *testing.T) {
	w, b := owned(t)
	w.connects("hr")
	w.places("people.csv", people(30))
	b.fromNetwork("hr", "people.csv", "Delete contacts not found", "Update the contacts")
	b.press("Next").at("Mapping").choose("Unique identifier", "id").press("Run Import now").at("Run 1").sees("30 created")
	w.places("people.csv", people(20))
	b.open("/imports").press("Go").at("Plan 2").sees("Guard:")

	b.open("/").sees("Needs you (1)", "waits for approval").press("Review")
	b.sees("Guard:", "Nothing was written", "10 deleted").saysNot("Apply 10 changes").fine()
	b.press("Show them").sees("person30@example.org", "delete").saysNot("person3@example.org")

	b.press("Approve once and apply") // the browser asks for the tick first
	if got := b.path(); !strings.HasPrefix(got, "/runs/2") {
		t.Fatalf("approving without a look led to %s, want to stay at the plan", got)
	}
	b.tick("I have looked at the changes").press("Approve once and apply").at("Run 2").sees("Succeeded").saysNot("Guard:")
	b.open("/").sees("Nothing. Everything is in step.")
	b.book("contacts").sees("20 contacts in contacts")
	b.press("Trash").sees("person30@example.org")
}

// fromNetwork begins an import of a file that a connection reaches, with boxes ticked.
func (b *tab) fromNetwork(connection, path string, boxes ...string) *tab {
	b.t.Helper()
	return b.open("/imports/new").fills(connection, path, boxes...)
}

// fills fills the first step of the wizard in.
func (b *tab) fills(connection, path string, boxes ...string) *tab {
	b.t.Helper()
	b.tick("From network or Internet").choose("Connection", connection+" (folder)").fill("File location", path)
	for _, box := range boxes {
		b.tick(box)
	}
	return b.press("Next").at("Import file preview").sees("bytes")
}
