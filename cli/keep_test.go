package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/store/pgtest"
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

// "What happened to my run of last spring?" Its totals are there, where each
// value came from as well; its records are not, and it can no longer be undone.
func TestDetailsOfARunAreClearedAwayAfter90Days(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { detailsAfter90Days(t, newSession(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		s := newSession(t)
		s.env["KITH_DATABASE"] = pgtest.DSN(t)
		detailsAfter90Days(t, s)
	})
}

func detailsAfter90Days(t *testing.T, s *session) {
	said := func(want string, args ...string) {
		t.Helper()
		if _, stdout, stderr := s.kith(args...); !strings.Contains(stdout+stderr, want) {
			t.Errorf("kith %s: got\n%s%s\nwant %q", strings.Join(args, " "), stdout, stderr, want)
		}
	}
	people := "email,first_name,city\nada@example.com,Ada,York\nbo@example.org,Bo,\n"
	said("created 2", "import", s.file("people.csv", people))
	said("updated 1", "import", s.file("people.csv", strings.Replace(people, "York", "Bath", 1)), "--update", "always")
	said("updated 1", "contacts", "edit", "2", "city=Leeds")
	said("created 0", "import", s.file("other.csv", "email,city\nbo@example.org,Hull\nbad@@x,Rome\n"), "--update", "always")
	s.later = 60 * 24 * time.Hour
	said("created 1", "import", s.file("people.csv", strings.Replace(people, "York", "Bath", 1)+"cy@example.net,Cy,\n"))

	s.later = 91 * 24 * time.Hour
	said("Cleared away the details of 3 runs", "fields", "add", "note")
	for _, run := range []string{"1", "2", "3"} {
		said("details of run "+run+" were cleared away after 90 days: it can no longer be undone. Nothing was changed", "undo", run)
		said("can no longer be shown", "runs", "show", run, "--plan")
	}
	said(`"code": "run.pruned"`, "undo", "2", "-o", "json")
	said("can no longer be shown", "rejects", "2")
	said("created 2  updated 0", "runs", "show", "1")
	said("details were cleared away after 90 days", "runs", "show", "1")
	said(`"pruned": true`, "runs", "show", "1", "-o", "json")

	said(`"ada@example.com"  from run 1, people.csv, column "email" (create)`, "explain", "ada@example.com")
	said(`"Bath"             from run 2, people.csv, line 2, column "city" (always)`, "explain", "ada@example.com")
	said("import-people  create", "explain", "ada@example.com")
	said("wrote city; what was there before is not kept longer than 90 days", "explain", "ada@example.com")
	said(`from run 4, other.csv, line 2, column "city" (always)`, "explain", "bo@example.org")

	// The latest run of a sync is kept as long as it is that: the next one goes by it.
	said("up to date", "import", filepath.Join(s.folder, "other.csv"), "--update", "always")
	said("created 0  updated 1", "undo", "4")
	said(`"Leeds"`, "explain", "bo@example.org")
}
