// Package docs_test keeps the manual true: its links lead somewhere, the proofs it
// names exist, and the guide's commands print what it shows. It tests no program.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages are all texts for people: those of the project's root and of this folder.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	add := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[path] = string(text)
	}
	for _, name := range []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md"} {
		add(filepath.Join("..", name))
	}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			add(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var (
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fenced = regexp.MustCompile("(?ms)^```.*?^```$")
	spans  = regexp.MustCompile("`[^`\n]*`")
)

// prose is a page without what stands in it as code.
func prose(text string) string {
	return spans.ReplaceAllStringFunc(fenced.ReplaceAllString(text, ""), func(s string) string { return strings.ReplaceAll(s, "](", "] (") })
}

func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	for page, text := range all {
		for _, found := range link.FindAllStringSubmatch(prose(text), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, ":") {
				continue // another site
			}
			path := page
			if target != "" {
				path = filepath.Join(filepath.Dir(page), filepath.FromSlash(target))
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: link to %s: there is no such file", page, found[1])
				continue
			}
			if anchor != "" && !anchors(all[path])[anchor] {
				t.Errorf("%s: link to %s: the page has no such heading", page, found[1])
			}
		}
	}
}

var (
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	written = regexp.MustCompile(`<a id="([^"]+)">`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the places of a page that a link can name.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range written.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		found[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return found
}

var required = regexp.MustCompile(`(?m)^\t(\S+) (v\S+)$`) // not those marked "// indirect"

func TestDependenciesAreExplained(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("decisions/0008-dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range required.FindAllStringSubmatch(string(mod), -1) {
		if row := "| " + m[1] + " | " + m[2] + " |"; !strings.Contains(string(page), row) {
			t.Errorf("decisions/0008-dependencies.md has no row that begins with %q", row)
		}
	}
}
