//go:build e2e

package e2e

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector/carddav/sandbox"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

const card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:ada\r\nFN:King\r\nN:King;;;;\r\nEMAIL:ada@example.com\r\nORG:COMPANY\r\nEND:VCARD\r\n"

// linked is a world with an address book that goes two ways with a CardDAV server.
func (w *world) linked() *sandbox.Server {
	w.t.Helper()
	cards := &sandbox.Server{}
	listening := httptest.NewServer(cards)
	w.t.Cleanup(listening.Close)
	w.no(os.WriteFile(filepath.Join(w.folder, "egress.allow"), []byte("127.0.0.1\n"), 0o600))
	_, err := w.Workspace.Store.SaveConnection(w.t.Context(), store.Connection{Name: "office", Kind: "carddav",
		Settings: map[string]string{"url": listening.URL + sandbox.BookPath}})
	w.no(err)
	_, err = w.Workspace.Store.SaveSync(w.t.Context(), plan.Sync{Name: "team", Direction: "two_way",
		Source: plan.Endpoint{Connection: "office"}, Target: plan.Endpoint{Book: "people"},
		Map: []plan.Mapping{{From: "email", To: "email"}, {From: "last_name", To: "last_name"}, {From: "company", To: "company", Winner: plan.WinReview}}}, "")
	w.no(err)
	return cards
}

// Both sides change the same field: the two values stand side by side, a person
// takes one, and the next run carries that out.
func TestAConflictIsResolved(t *testing.T) {
	w, b := owned(t)
	cards := w.linked()
	cards.Put("ada.vcf", strings.Replace(card, "COMPANY", "Before", 1))
	b.open("/syncs/team").press("Run now").at("Run 1").sees("1 created")

	b.book("people").press("King").sees("Before").press("Edit")
	b.fill("company", "Ours").press("Save").sees("Ours")
	cards.Put("ada.vcf", strings.Replace(card, "COMPANY", "Theirs", 1))
	b.open("/syncs/team").press("Run now").at("Run 3").sees("1 held")

	b.open("/").sees("1 conflict to decide").press("Decide")
	b.sees("King", "company", "Before", "Ours", "Theirs").fine().press("Take theirs for company of conflict 1")
	b.sees("Chosen", "decided: theirs")
	b.open("/syncs/team").press("Run now").at("Run 4")
	b.open("/conflicts").sees("No conflict waits for anybody")
	b.book("people").press("King").sees("Theirs")
}
