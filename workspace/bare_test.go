package workspace_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-sync/kith/plan"
)

// "I saved a sync by a program, said nothing of deleting, and it deleted everybody
// who was not in the file."
func TestASyncThatSaysNothingOfDeletingDeletesNobody(t *testing.T) {
	w := open(t)
	path := filepath.Join(t.TempDir(), "people.csv")
	bare := plan.Sync{Name: "bare", Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: "contacts"}}
	for _, text := range []string{"email\nada@example.com\nbo@example.com\ncy@example.com\n", "email\nada@example.com\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := w.Store.SaveSync(t.Context(), bare, "")
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.Plan(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if r, err = w.Apply(t.Context(), s, r); err != nil || r.Totals.Deleted != 0 {
			t.Fatalf("a run deleted %d (%v), want nobody", r.Totals.Deleted, err)
		}
	}
	if b, err := w.Store.Book(t.Context(), "contacts"); err != nil || b.Population != 3 {
		t.Errorf("%d contacts (%v), want all 3", b.Population, err)
	}
}
