package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bench runs the whole programme on a small file with the fake kith. Of the peers only those of tools are there;
// npm never is, so nothing is fetched.
func bench(t *testing.T, mode string, tools []string, args ...string) string {
	t.Helper()
	bin := t.TempDir()
	for _, tool := range tools {
		if path, err := exec.LookPath(tool); err == nil {
			if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	t.Setenv(fakeEnv, mode)
	var out, log bytes.Buffer
	args = append([]string{"-kith", self, "-rows", "2000", "-runs", "1", "-work", t.TempDir()}, args...)
	if err := run(t.Context(), args, &out, &log); err != nil {
		t.Fatalf("bench %s: %v\n%s", args, err, log.String())
	}
	return out.String()
}

// line is the row of the table that contains what.
func line(t *testing.T, table, what string) string {
	t.Helper()
	for l := range strings.Lines(table) {
		if strings.Contains(l, what) {
			return l
		}
	}
	t.Fatalf("no row %q in\n%s", what, table)
	return ""
}

func TestEveryWorkloadIsMeasured(t *testing.T) {
	table := bench(t, "right", []string{"sqlite3", "sha256sum"}, "-big")
	for _, c := range []struct{ row, says string }{
		{"import-fresh", "1960 created"},
		{"unchanged-skip", "skipped_unchanged"},
		{"forced-unchanged", "0 contacts written"},
		{"1 % changed", "20 updated and no other effect"},
		{"into a store of 20:", "20 updated"},
		{"into a store of 200:", "20 updated"},
		{"into a store of 2000:", "20 updated"},
		{"into a store of 10000:", "20 updated"},
		{"file of 200 rows", "196 created"},
		{"file of 2000 rows", "1960 created"},
		{"file of 20000 rows", "19600 created"},
		{"one cell of 64 MB", "exit 3; 1 rejected; 2417 created; line 1235 named"},
		{"9.9 % missing", "194 deleted, nothing else; exit 0"},
		{"10.0 % missing", "196 deleted, nothing else; exit 0"},
		{"10.1 % missing", "0 deleted, nothing else; exit 4"},
		{"empty file", "0 deleted, nothing else"},
		{"header only", "0 deleted, nothing else"},
		{"cut off inside a quoted cell", "0 deleted, nothing else"},
		{"the store of the stopped imports", "1960 unchanged"},
	} {
		got := line(t, table, c.row)
		if !strings.Contains(got, c.says) {
			t.Errorf("row %q does not ask for %q:\n%s", c.row, c.says, got)
		}
		for missed := range strings.SplitSeq(got, "**missed**") { // speed and memory of the fake do not matter
			for _, want := range strings.Split(c.says, "; ") {
				if strings.Contains(missed, "want "+want) {
					t.Errorf("row %q misses %q with a kith that is right:\n%s", c.row, want, got)
				}
			}
			if strings.Contains(missed, "want SQL") {
				t.Errorf("row %q: the judge disagrees:\n%s", c.row, got)
			}
		}
	}
}

func TestWrongDeletesAreMissed(t *testing.T) {
	table := bench(t, "careless", nil, "-only", "11")
	for row, want := range map[string]string{
		"10.1 % missing":                   "want exit 4",
		"empty file":                       "want 0 deleted, nothing else",
		"cut off inside a quoted cell":     "want 0 deleted, nothing else",
		"the store of the stopped imports": "want 1960 unchanged",
	} {
		if got := line(t, table, row); !strings.Contains(got, want) {
			t.Errorf("row %q of a kith without guard: want %q, got\n%s", row, want, got)
		}
	}
}

func TestMissingPeersAreSaid(t *testing.T) {
	table := bench(t, "right", nil, "-only", "1,2,3")
	for _, row := range []string{"import-fresh", "unchanged-skip", "forced-unchanged", "1 % changed"} {
		if got := line(t, table, row); !strings.Contains(got, "peer missing") {
			t.Errorf("row %q does not say that its peer is missing:\n%s", row, got)
		}
	}
}

func TestPublishKeepsWhatPeopleWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	for _, c := range []struct{ name, before, want string }{
		{"a new file gets a heading", "", "# Benchmarks\n\n" + begin + "new\n" + end},
		{"a text without marks keeps its text", "Why.\n", "Why.\n\n" + begin + "new\n" + end},
		{"text around the marks stays", "Why.\n" + begin + "old\n" + end + "Profile.\n", "Why.\n" + begin + "new\n" + end + "Profile.\n"},
	} {
		if err := os.WriteFile(path, []byte(c.before), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := publish(path, "new\n"); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	if err := os.WriteFile(path, []byte(begin+"old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if publish(path, "new\n") == nil {
		t.Error("a file whose end mark is lost was overwritten")
	}
}
