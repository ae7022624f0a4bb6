package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/workspace"
)

// The marked blocks of the page are run, with a folder of the test for /srv/hr.
func TestThePageOnRemoteFilesIsTrue(t *testing.T) {
	page, err := os.ReadFile("remote-files.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	folder := t.TempDir()
	for name, text := range map[string]string{
		"data/roots":                          folder + "\n",
		folder + "/out/people-1.csv":          "email,first_name\nada@example.com,Ada\n",
		folder + "/out/people-2.csv":          "email,first_name,last_name\nada@example.com,Augusta,King\nbo@example.com,Bo,Li\n",
		filepath.Join(folder, "done/old.txt"): "",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	earlier := time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)
	if err := os.Chtimes(folder+"/out/people-1.csv", earlier, earlier); err != nil {
		t.Fatal(err)
	}
	blocks := block.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 3 {
		t.Fatalf("the page has %d marked blocks; are the marks right?", len(blocks))
	}
	for _, b := range blocks {
		if b[2] != "" {
			if err := os.WriteFile(b[2], []byte(b[3]), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for part := range strings.SplitSeq(b[3], "$ ") {
			if command, shown, _ := strings.Cut(part, "\n"); command != "" {
				printed := run(t, strings.ReplaceAll(command, "/srv/hr", folder))
				compare(t, command, strings.Split(strings.TrimRight(shown, "\n"), "\n"), printed)
			}
		}
	}
}

// Every kind of connection with files, and every code, is one that there is.
func TestThePageOnRemoteFilesNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile("remote-files.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range workspace.Systems() {
		if s.Files() && !strings.Contains(string(page), "\n| `"+s.Name+"` |") {
			t.Errorf("the kind of connection %s has no row", s.Name)
		}
	}
	known := []string{fetch.CodeHostKeyChanged, fetch.CodePostponed, fetch.CodeCut, fetch.CodeWrongContent, fetch.CodeNoListing, fetch.CodeNotOffered}
	for _, code := range regexp.MustCompile("`(fetch\\.[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(strings.Join(known, " "), code[1]) {
			t.Errorf("the page names the code %s, which there is not", code[1])
		}
	}
}
