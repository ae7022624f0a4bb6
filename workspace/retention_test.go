package workspace_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

const day = 24 * time.Hour

// later opens the folder again, so many days from now.
func later(t *testing.T, folder string, days int) *workspace.Workspace {
	t.Helper()
	clock := func() time.Time { return time.Now().Add(time.Duration(days) * day) }
	w, err := workspace.Open(context.Background(), workspace.Options{Folder: folder, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func staged(t *testing.T, w *workspace.Workspace) (n int) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.Folder, "stage"))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func tidy(t *testing.T, w *workspace.Workspace) workspace.Tidied {
	t.Helper()
	done, err := w.Tidy(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestStagedSourcesAreKept90Days(t *testing.T) {
	folder := t.TempDir()
	w := later(t, folder, 0)
	first := importFile(t, w, "email\nada@example.com\n", nil)
	w.Close()

	w = later(t, folder, 60)
	importFile(t, w, "email\nada@example.com\nbo@example.org\n", nil)
	if got := tidy(t, w); got != (workspace.Tidied{}) {
		t.Errorf("after 60 days: got %+v removed, want nothing", got)
	}
	importFile(t, w, "email\nada@example.com\n", nil) // the first content once more
	w.Close()

	w = later(t, folder, 149)
	if got := tidy(t, w); got.Sources != 0 || got.Runs != 1 {
		t.Errorf("content that was read 89 days ago: got %+v removed, want the details of the first run, no source", got)
	}
	w.Close()

	w = later(t, folder, 151)
	if got := tidy(t, w); got.Sources != 2 || staged(t, w) != 0 || got.Runs != 1 {
		t.Errorf("after 91 idle days: got %+v removed and %d left, want 2 sources, the details of the second run, and 0", got, staged(t, w))
	}
	if got := importFile(t, w, "email\nada@example.com\n", nil); got.Status != store.SkippedUnchanged {
		t.Errorf("the same file again: got %s, want skipped_unchanged", got.Status)
	}
	grown := importFile(t, w, "email\nada@example.com\ncy@example.net\n", nil)
	if want := (plan.Totals{Read: 2, Created: 1, Unchanged: 1}); grown.Totals != want {
		t.Errorf("a grown file: got %+v, want %+v", grown.Totals, want)
	}
	if _, _, err := w.Engine.Rejects(context.Background(), first); err == nil || !strings.Contains(err.Error(), "cleared away after 90 days") {
		t.Errorf("rejects of a run that was cleared away: got %v, want an error that says so", err)
	}
	book, err := w.Store.Book(context.Background(), "contacts")
	if err != nil {
		t.Fatal(err)
	}
	x, err := w.Engine.Explain(context.Background(), w.Store, book, "ada@example.com")
	if err != nil || !x.Found {
		t.Errorf("explain without the staged source: got %+v, %v", x, err)
	}
}

func TestTrashIsKept30Days(t *testing.T) {
	folder := t.TempDir()
	w := later(t, folder, 0)
	mirror := func(s *plan.Sync) {
		s.Policy.Delete.NotFound, s.Guard = plan.Trash, plan.Guard{Deletes: plan.Percent(100), Explicit: true}
	}
	importFile(t, w, "email\nada@example.com\nbo@example.org\n", mirror)
	r := importFile(t, w, "email\nbo@example.org\n", mirror)
	if !r.Status.Applied() || r.Totals.Deleted != 1 {
		t.Fatalf("the mirror: got %d deleted (%s), want 1", r.Totals.Deleted, r.Status)
	}
	w.Close()
	for _, c := range []struct {
		days int
		want int64
	}{{29, 0}, {31, 1}, {31, 0}} {
		w := later(t, folder, c.days)
		if got := tidy(t, w); got.Trash != c.want {
			t.Errorf("after %d days: got %d contacts removed from the trash, want %d", c.days, got.Trash, c.want)
		}
		w.Close()
	}
}
