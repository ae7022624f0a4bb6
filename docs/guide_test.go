package docs_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/cli"
)

// block is a marked part of a page: a file to be there, or a session to be run.
//
//	<!-- file NAME -->      the next fenced block is the file NAME
//	<!-- run -->            the next one is a session: "$ kith ..." and lines of what it prints
var block = regexp.MustCompile("(?ms)^<!-- (file (\\S+)|run) -->\n\n```[a-z]*\n(.*?)^```$")

// The guide is run from top to bottom, in one data folder. Of what a command prints
// the page shows some lines, in order; a line that ends with … is shown in part.
// What differs from run to run, such as times and the hashes of plans, may differ.
func TestTheGuideIsTrue(t *testing.T) {
	page, err := os.ReadFile("import-guide.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	blocks := block.FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 15 {
		t.Fatalf("the guide has %d marked blocks; are the marks right?", len(blocks))
	}
	for _, b := range blocks {
		if name := b[2]; name != "" {
			if err := os.WriteFile(name, []byte(b[3]), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for part := range strings.SplitSeq(b[3], "$ ") {
			if command, shown, _ := strings.Cut(part, "\n"); command != "" {
				compare(t, command, strings.Split(strings.TrimRight(shown, "\n"), "\n"), run(t, command))
			}
		}
	}
}

var word = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)

// run carries one command of the page out and returns what it prints.
func run(t *testing.T, command string) []string {
	t.Helper()
	words := word.FindAllString(command, -1)
	for i := range words {
		if w := words[i]; w[0] == '"' || w[0] == '\'' {
			words[i] = w[1 : len(w)-1]
		}
	}
	if words[0] != "kith" {
		t.Fatalf("%q is not a command of kith", command)
	}
	var out bytes.Buffer
	cli.Run(t.Context(), cli.World{
		Args: append([]string{"--data", "data"}, words[1:]...), Getenv: func(string) string { return "" },
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Version: "(docs)",
		Terminal: func(any) bool { return false },
	})
	return strings.Split(out.String(), "\n")
}

var (
	moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:]+Z| in [\d.]+[mµn]?s\b`)
	hash   = regexp.MustCompile(`\b[0-9a-f]{8}\b`)
)

// lasting is a line without what differs from run to run.
func lasting(line string) string {
	return strings.TrimSpace(hash.ReplaceAllString(moment.ReplaceAllString(line, ""), ""))
}

func compare(t *testing.T, command string, shown, printed []string) {
	t.Helper()
	for _, line := range shown {
		want, part := strings.CutSuffix(lasting(line), "…")
		found := false
		for _, p := range printed {
			p = lasting(p)
			found = found || p == want || part && strings.HasPrefix(p, strings.TrimSpace(want))
		}
		if !found {
			t.Errorf("$ %s\nthe guide shows %q, which is not printed:\n%s", command, line, strings.Join(printed, "\n"))
			return
		}
	}
}

// The README shows lines of the demo, of which demo/testdata has all.
func TestTheReadmeShowsTheDemo(t *testing.T) {
	golden, err := os.ReadFile("../demo/testdata/demo.golden")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var printed []string
	for line := range strings.Lines(string(golden)) {
		command, _, _ := strings.Cut(line, "  # ") // "# 3 of 5 lines"
		printed = append(printed, lasting(command))
	}
	_, shown, _ := strings.Cut(string(readme), "```text\n")
	shown, _, _ = strings.Cut(shown, "```")
	for line := range strings.Lines(shown) {
		line, _, _ = strings.Cut(line, "  # ")
		want, part := strings.CutSuffix(lasting(line), "…")
		if !slices.ContainsFunc(printed, func(p string) bool { return p == want || part && strings.HasPrefix(p, want) }) {
			t.Errorf("the README shows %q, which kith demo does not print", line)
		}
	}
}
