package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func TestBeginningOfSeveralPlansIsRefused(t *testing.T) {
	s := newSession(t)
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: filepath.Join(s.folder, "data"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{"abcd1", "abcd2"} {
		if err := w.Store.CreateRun(t.Context(), &store.Run{Kind: store.KindSync, Status: store.Planned, PlanHash: hash}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"apply", "abcd"}, {"approve", "x", "--plan", "ABCD"}} {
		exit, stdout, stderr := s.kith(append(args, "-o", "json")...)
		if exit != 1 || !strings.Contains(stdout, `"plan.ambiguous"`) || !strings.Contains(stderr, "Nothing was written") {
			t.Errorf("%v: got exit %d\n%s%s\nwant exit 1 and plan.ambiguous", args, exit, stdout, stderr)
		}
	}
}

// What is cleared away is said, and what needs it says why it cannot be done.
func TestSourcesAreClearedAwayAfter90Days(t *testing.T) {
	s := newSession(t)
	path := s.file("people.csv", "email\nada@example.com\nbad@@x\n")
	if exit, _, stderr := s.kith("import", path); exit != 3 {
		t.Fatalf("import: exit %d, want 3\n%s", exit, stderr)
	}
	s.later = 89 * 24 * time.Hour
	if _, _, stderr := s.kith("fields", "add", "note"); strings.Contains(stderr, "Cleared away") {
		t.Errorf("after 89 days: got %q, want nothing cleared away", stderr)
	}
	s.later = 91 * 24 * time.Hour
	if _, _, stderr := s.kith("fields", "add", "colour"); !strings.Contains(stderr, "Cleared away 1 staged source") {
		t.Errorf("after 91 days: got %q, want one source cleared away", stderr)
	}
	exit, stdout, stderr := s.kith("rejects", "1", "-o", "json")
	if exit != 1 || !strings.Contains(stdout, `"stage.gone"`) || !strings.Contains(stderr, "kept for 90 days") {
		t.Errorf("rejects of then: got exit %d\n%s%s\nwant exit 1 and stage.gone", exit, stdout, stderr)
	}
	if exit, stdout, _ := s.kith("explain", "ada@example.com"); exit != 0 || !strings.Contains(stdout, "contact 1 in contacts") {
		t.Errorf("explain: got exit %d\n%s\nwant the contact all the same", exit, stdout)
	}
	if exit, stdout, stderr := s.kith("undo", "1"); exit != 0 {
		t.Errorf("undo: got exit %d, want 0: what a run wrote to a book is in its journal\n%s%s", exit, stdout, stderr)
	}
}
