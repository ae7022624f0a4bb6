package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// alter writes over what the data folder keeps of a source: at its end, where
// the last record is.
func (s *session) alter() {
	s.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.folder, "data", "stage", "*.csv*"))
	if err != nil || len(names) != 1 {
		s.t.Fatalf("staged: got %v, %v, want one source", names, err)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		s.t.Fatal(err)
	}
	copy(data[len(data)-8:], bytes.ToUpper([]byte("x@evil.x")))
	if err := os.WriteFile(names[0], data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

var applyLine = regexp.MustCompile(`kith apply ([0-9a-f]{8})`)

// "The plan showed d@example.com, and somebody else was created."
func TestWhatWasApprovedIsWhatIsWritten(t *testing.T) {
	for _, c := range []struct{ sentence, text string }{
		{"a plain copy of the source", "email,first_name\nann@example.com,Ann\nd@example.com,Dee\n"},
		{"a copy that is sealed for its passwords", "email,password\nann@example.com,Secret1\nd@example.com,Secret2\n"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			s := newSession(t)
			path := s.file("people.csv", c.text)
			_, out, _ := s.kith("import", path, "--plan")
			hash := applyLine.FindStringSubmatch(out)
			if hash == nil {
				t.Fatalf("plan: got\n%s", out)
			}
			s.alter()
			exit, out, errs := s.kith("apply", hash[1], "-o", "json")
			if exit != 1 || !strings.Contains(out, `"stage.altered"`) || !strings.Contains(errs, "has been altered in the data folder. Nothing was written. Make a new plan") {
				t.Errorf("apply: got exit %d\n%s%s\nwant exit 1 and stage.altered", exit, out, errs)
			}
			if exit, out, _ := s.kith("contacts", "list"); exit == 0 {
				t.Errorf("contacts: got\n%s\nwant none, and no book", out)
			}
			if exit, out, errs := s.kith("import", path); exit != 0 || !strings.Contains(out, "created 2") {
				t.Errorf("a new plan: got exit %d\n%s%s\nwant 2 created", exit, out, errs)
			}
		})
	}
}

// A run that was stopped in the middle is not finished with what somebody put
// there meanwhile, and does not stand in the way of others.
func TestInterruptedRunWithAnAlteredSourceEnds(t *testing.T) {
	s := newSession(t)
	path := s.file("people.csv", people(3))
	s.kith("import", path, "--plan")
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: filepath.Join(s.folder, "data"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.Store.Run(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	r.Status = store.Applying
	if err := w.Store.UpdateRun(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s.alter()
	exit, out, errs := s.kith("import", path)
	if exit != 0 || !strings.Contains(errs, "Run 1 (import-people) had been interrupted and could not be finished. The run was interrupted after 0 of 3 records") || !strings.Contains(out, "created 3") {
		t.Errorf("got exit %d\n%s%s\nwant run 1 ended, and 3 created by another", exit, out, errs)
	}
	if _, out, _ := s.kith("runs", "show", "1"); !strings.Contains(out, "the copy of its source has been altered, so it cannot be finished. What was written stays") {
		t.Errorf("run 1: got\n%s", out)
	}
}
