package workspace_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func open(t *testing.T) *workspace.Workspace {
	t.Helper()
	w, err := workspace.Open(context.Background(), workspace.Options{Folder: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func importFile(t *testing.T, w *workspace.Workspace, text string, change func(*plan.Sync)) store.Run {
	t.Helper()
	ctx := context.Background()
	path := filepath.Join(w.Folder, "people.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	def := plan.Sync{Name: "people", Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: "contacts"}, Region: "GB",
		Match: []plan.Rule{plan.ByEmail, plan.ByPhone}}
	if change != nil {
		change(&def)
	}
	s, err := w.Store.SaveSync(ctx, def.Defaults(), "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.Engine.Plan(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if r.Status == store.Planned {
		if r, err = w.Engine.Apply(ctx, s, r); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestImportAgainChangesNothing(t *testing.T) {
	w := open(t)
	file := "E-mail Address,First Name,Last Name,Mobile\nada@example.com,Ada,Byron,020 7946 0001\nbo@example.org,Bo,Li,\nada@example.com,Ada,Twice,\nbad@@x,Cy,Young,\n,Nobody,None,\n"
	r := importFile(t, w, file, nil)
	t.Log(r.Totals, r.Reasons, r.Notes)
	want := plan.Totals{Read: 5, Created: 2, Skipped: 2, Rejected: 1}
	if r.Totals != want {
		t.Fatalf("totals: got %+v, want %+v", r.Totals, want)
	}
	r = importFile(t, w, file, nil)
	if r.Status != store.SkippedUnchanged {
		t.Errorf("same file: got %s", r.Status)
	}
	r = importFile(t, w, file, func(s *plan.Sync) { s.Source.EveryTime = true })
	if r.Totals.Unchanged != 2 || r.Totals.Writes() != 0 {
		t.Errorf("every time: got %+v", r.Totals)
	}
	r = importFile(t, w, "E-mail Address,First Name,Last Name,Mobile\nada@example.com,Ada,Lovelace,020 7946 0001\nbo2@example.org,Bo,Li,\n,Ada,Lovelace,+442079460001\n", nil)
	t.Log(r.Totals, r.Reasons, r.Notes)
	if r.Totals.Updated != 1 || r.Totals.Created != 1 || r.Totals.Held != 1 {
		t.Errorf("changed file: got %+v %v", r.Totals, r.Reasons)
	}
}
