package cli_test

import (
	"strings"
	"testing"
)

func TestMergeAsksWhoeverIsThere(t *testing.T) {
	for _, c := range []struct {
		name   string
		person bool
		types  string
		flag   string
		left   int
	}{
		{"no is the default answer", true, "\n", "", 2},
		{"yes merges", true, "y\n", "", 1},
		{"--yes does not ask", true, "", "--yes", 1},
		{"without a terminal the command is the answer", false, "", "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSession(t)
			if exit, out, errs := s.kith("import", s.file("people.csv", people(2))); exit != 0 {
				t.Fatalf("import: exit %d\n%s%s", exit, out, errs)
			}
			s.person, s.types = c.person, c.types
			exit, out, errs := s.kith(append([]string{"contacts", "merge", "1", "2"}, strings.Fields(c.flag)...)...)
			if exit != 0 || !strings.Contains(out, "kept, not") {
				t.Errorf("got exit %d, want 0 and what is kept\n%s%s", exit, out, errs)
			}
			s.person = false
			if _, out, _ := s.kith("contacts", "list", "-o", "jsonl"); strings.Count(out, "\n") != c.left {
				t.Errorf("got %d contacts, want %d", strings.Count(out, "\n"), c.left)
			}
		})
	}
}
