package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every command line of docs/cli.md stands in a script that is run.
func TestEveryExampleOfTheManualIsRun(t *testing.T) {
	manual, err := os.ReadFile("../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	run := map[string]bool{}
	command := regexp.MustCompile(`(?m)^(?:! )?(?:exec|exits \d+) (kith .*)$`)
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllStringSubmatch(string(text), -1) {
			run[m[1]] = true
		}
	}
	examples := 0
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(manual), -1) {
		for line := range strings.Lines(block[1]) {
			examples++
			line, _, _ = strings.Cut(line, "  #") // what it is for
			if line = strings.TrimSpace(line); !run[line] {
				t.Errorf("no script runs the manual's example\n\t%s", line)
			}
		}
	}
	if examples < 30 {
		t.Errorf("found %d examples in the manual; the test no longer understands it", examples)
	}
}
