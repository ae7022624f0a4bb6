package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/cli"
)

// A session runs kith in one data folder, in this process.
type session struct {
	t      *testing.T
	folder string
	person bool   // somebody sits at the terminal
	types  string // what they type
	env    map[string]string
	later  time.Duration // how far the clock is ahead
}

func newSession(t *testing.T) *session {
	return &session{t: t, folder: t.TempDir(), env: map[string]string{}}
}

func (s *session) file(name, text string) string {
	path := filepath.Join(s.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *session) kith(args ...string) (exit int, stdout, stderr string) {
	return s.kithContext(s.t.Context(), args...)
}

func (s *session) kithContext(ctx context.Context, args ...string) (exit int, stdout, stderr string) {
	var out, errs bytes.Buffer
	exit = cli.Run(ctx, cli.World{
		Args: append([]string{"--data", filepath.Join(s.folder, "data")}, args...), Getenv: func(name string) string { return s.env[name] },
		Stdin: strings.NewReader(s.types), Stdout: &out, Stderr: &errs, Now: func() time.Time { return time.Now().Add(s.later) }, Version: "v0.0.0-test",
		Terminal: func(stream any) bool { return s.person && stream != any(&out) },
	})
	return exit, out.String(), errs.String()
}

// people is a CSV file of n e-mail addresses.
func people(n int) string {
	var b strings.Builder
	b.WriteString("email\n")
	for i := range n {
		fmt.Fprintf(&b, "p%d@example.com\n", i+1)
	}
	return b.String()
}

func TestQuestions(t *testing.T) {
	// Each row imports 20 people first, then the same file with 2 or 3 missing.
	for _, c := range []struct {
		name     string
		person   bool
		types    string
		left     int
		flags    string
		exit     int
		contacts int
		says     string
	}{
		{"no is the default answer", true, "\n", 18, "", 0, 20, "Apply? [y/N]"},
		{"no writes nothing and says how to go on", true, "n\n", 18, "", 0, 20, "type:  kith apply"},
		{"yes applies", true, "y\n", 18, "", 0, 18, "Apply? [y/N]"},
		{"--yes answers it", true, "", 18, "--yes", 0, 18, ""},
		{"without a terminal the command is the answer", false, "", 18, "", 0, 18, ""},
		{"the guard wants the number", true, "3\n", 17, "", 0, 17, "type the number of deletes (3)"},
		{"yes is no number", true, "y\n", 17, "", 4, 20, "type the number of deletes (3)"},
		{"another number is refused", true, "20\n", 17, "", 4, 20, ""},
		{"--yes never answers the guard", true, "", 17, "--yes", 4, 20, ""},
		{"without a terminal the guard stops", false, "", 17, "--yes", 4, 20, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSession(t)
			file := s.file("people.csv", people(20))
			if exit, out, errs := s.kith("import", file); exit != 0 {
				t.Fatalf("first import: exit %d\n%s%s", exit, out, errs)
			}
			s.file("people.csv", people(c.left))
			s.person, s.types = c.person, c.types
			args := append([]string{"import", file, "--delete-missing"}, strings.Fields(c.flags)...)
			exit, out, errs := s.kith(args...)
			if exit != c.exit {
				t.Errorf("exit %d, want %d\n%s%s", exit, c.exit, out, errs)
			}
			if !strings.Contains(errs, c.says) {
				t.Errorf("stderr lacks %q:\n%s", c.says, errs)
			}
			s.person = false
			if _, out, _ := s.kith("contacts", "list", "-o", "jsonl"); strings.Count(out, "\n") != c.contacts {
				t.Errorf("%d contacts, want %d", strings.Count(out, "\n"), c.contacts)
			}
		})
	}
}

// A contract is kept by name: programs read these keys.
func TestContract(t *testing.T) {
	s := newSession(t)
	file := s.file("people.csv", "email,first_name\nada@example.com,Ada\nnot-an-address,Bo\n,\n")
	_, out, _ := s.kith("import", file, "--plan", "-o", "json")
	planned := keysOf(t, out, "format_version", "plan", "sync", "run", "status", "totals", "reasons", "warnings", "notes", "mapping", "new_fields", "changes")
	for _, c := range planned["changes"].([]any) {
		change := c.(map[string]any)
		for _, key := range []string{"action", "reason", "matched_by", "line", "target_id", "fields"} {
			if _, ok := change[key]; !ok {
				t.Errorf("a change has no %q: %v", key, change)
			}
		}
	}
	exit, out, _ := s.kith("import", file, "-o", "json")
	done := keysOf(t, out, "run", "sync", "kind", "status", "plan", "totals", "reasons", "warnings", "notes", "started", "finished")
	if exit != 3 || done["status"] != "completed_with_errors" {
		t.Errorf("exit %d, status %v; want 3, completed_with_errors", exit, done["status"])
	}
	totals := done["totals"].(map[string]any)
	for _, key := range []string{"read", "created", "updated", "unchanged", "skipped", "held", "rejected", "failed", "deleted", "blank_lines"} {
		if _, ok := totals[key]; !ok {
			t.Errorf("totals have no %q: %v", key, totals)
		}
	}
	exit, out, errs := s.kith("run", "nothing", "-o", "json")
	failed := keysOf(t, out, "error")["error"].(map[string]any)
	if exit != 1 || failed["code"] != "not_found" || failed["message"] == "" || errs == "" {
		t.Errorf("exit %d, error %v, stderr %q; want 1, not_found with a message on both", exit, failed, errs)
	}
}

func keysOf(t *testing.T, text string, keys ...string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("stdout is not JSON: %v\n%s", err, text)
	}
	for _, key := range keys {
		if _, ok := m[key]; !ok {
			t.Errorf("the JSON has no key %q:\n%s", key, text)
		}
	}
	return m
}

func TestInterruptedIs130(t *testing.T) {
	s := newSession(t)
	file := s.file("people.csv", people(3))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	exit, out, errs := s.kithContext(ctx, "import", file, "-o", "json")
	if exit != 130 || !strings.Contains(out, "run.interrupted") || !strings.Contains(errs, "nothing is lost") {
		t.Errorf("exit %d, want 130\n%s%s", exit, out, errs)
	}
	if exit, out, errs := s.kith("import", file); exit != 0 || !strings.Contains(out, "created 3") {
		t.Errorf("afterwards: exit %d\n%s%s", exit, out, errs)
	}
}
