package workspace_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-sync/kith/plan"
)

// A damaged card was "Column 1 holds a NUL byte" in the plan and in the totals; only
// kith rejects called it a card.
func TestADamagedCardIsCalledOneEverywhere(t *testing.T) {
	w := open(t)
	path := filepath.Join(w.Folder, "people.vcf")
	cards := "BEGIN:VCARD\nVERSION:4.0\nFN:Ada Byron\nEMAIL:ada@example.com\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:Bo Li\n"
	if err := os.WriteFile(path, []byte(cards), 0o600); err != nil {
		t.Fatal(err)
	}
	r := importFile(t, w, "", func(s *plan.Sync) { s.Source.File = path })
	if r.Totals.Created != 1 || r.Totals.Rejected != 1 || r.Reasons["row.card"] != 1 {
		t.Errorf("totals: got %+v %v, want 1 created, 1 rejected row.card", r.Totals, r.Reasons)
	}
	_, rejected, err := w.Engine.Rejects(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	const want = "Card at line 6: the file ends before END:VCARD"
	for c, err := range rejected {
		if err != nil || c.Reason != plan.RowCard || c.Detail.Message != want || strings.Join(c.Fields, "") != "" {
			t.Errorf("got %s %q with values %q (%v), want row.card %q without values", c.Reason, c.Detail.Message, c.Fields, err, want)
		}
	}
}
