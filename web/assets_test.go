package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What browsers load is small, and is what is written down about it (reliability.md 8).
const (
	mostBytes = 60 << 10 // of all assets, gzipped
	mostLines = 400      // of scripts that are ours
)

// vendored reads the table of files from elsewhere: the checksum of each.
func vendored(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("assets/VENDORED.md")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([\w.-]+\.\w+) \|.*\| ([0-9a-f]{64}) \|$`).FindAllStringSubmatch(string(text), -1) {
		sums[row[1]] = row[2]
	}
	return sums
}

func TestVendoredFilesAreThoseThatWereTakenIn(t *testing.T) {
	sums := vendored(t)
	if len(sums) == 0 {
		t.Fatal("assets/VENDORED.md lists no file with its checksum")
	}
	for name, want := range sums {
		content, err := os.ReadFile(filepath.Join("assets", name))
		if err != nil {
			t.Errorf("%s is listed and not there: %v", name, err)
			continue
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s: its checksum is %x, and VENDORED.md says %s", name, sum, want)
		}
	}
	minified, err := filepath.Glob("assets/*.min.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range minified {
		if sums[path.Base(filepath.ToSlash(file))] == "" {
			t.Errorf("%s is from elsewhere and not in VENDORED.md", file)
		}
	}
}

func TestAssetsAreSmall(t *testing.T) {
	sums, total, lines := vendored(t), 0, 0
	for file, content := range files(t, "assets") {
		name := path.Base(file)
		if ext := path.Ext(name); ext == ".md" || ext == ".txt" {
			continue
		}
		total += packed(t, content)
		if path.Ext(name) == ".js" && sums[name] == "" {
			lines += bytes.Count(content, []byte("\n"))
		}
	}
	if total > mostBytes {
		t.Errorf("all assets are %d bytes gzipped, want at most %d", total, mostBytes)
	}
	if lines > mostLines {
		t.Errorf("scripts of our own have %d lines, want at most %d", lines, mostLines)
	}
	t.Logf("%d bytes gzipped, %d lines of our own script", total, lines)
}

func packed(t *testing.T, content []byte) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// inline is what the content security policy would refuse.
var inline = []struct {
	what string
	is   *regexp.Regexp
}{
	{"a style element", regexp.MustCompile(`(?i)<style`)},
	{"a style attribute", regexp.MustCompile(`(?i)\sstyle\s*=`)},
	{"a script without a file", regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>\s*[^<\s]`)},
	{"a handler in an attribute", regexp.MustCompile(`(?i)<[^>]*\son[a-z]+\s*=\s*["']`)},
	{"an address with a script", regexp.MustCompile(`(?i)["']javascript:`)},
	{"a file of another host", regexp.MustCompile(`(?i)<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?//`)},
}

func TestTemplatesHaveNoInlineScriptOrStyle(t *testing.T) {
	for file, content := range files(t, "pages") {
		for _, w := range inline {
			if at := w.is.Find(content); at != nil {
				t.Errorf("%s has %s: %s", file, w.what, at)
			}
		}
	}
}

func TestInlineIsFound(t *testing.T) {
	for _, row := range []struct{ what, text string }{
		{"a style element", "<style>p{}</style>"},
		{"a style attribute", `<p style="color: red">`},
		{"a script without a file", "<script>\nalert(1)</script>"},
		{"a handler in an attribute", `<a href="/" onclick="x()">`},
		{"an address with a script", `<a href="javascript:x()">`},
		{"a file of another host", `<img alt="" src="//cdn.example.org/x.png">`},
	} {
		found := ""
		for _, w := range inline {
			if w.is.MatchString(row.text) {
				found = w.what
			}
		}
		if found != row.what {
			t.Errorf("%s: found %q, want %q", row.text, found, row.what)
		}
	}
}

// files are the files of a folder by their paths.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		all[strings.TrimPrefix(file, "./")], err = os.ReadFile(filepath.Join(folder, file))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
