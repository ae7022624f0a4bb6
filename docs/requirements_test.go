package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A claim is one row of requirements.md.
type claim struct{ number, status, proof string }

func claims(t *testing.T) (found []claim) {
	t.Helper()
	text, err := os.ReadFile("requirements.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) == 4 && number.MatchString(cells[0]) {
			found = append(found, claim{cells[0], cells[2], cells[3]})
		}
	}
	return found
}

var (
	number   = regexp.MustCompile(`^([NKESC]?\d+|3\.\d+|rank \d+|torture test \d+|I\d+)$`)
	testName = regexp.MustCompile("`([a-z]+)\\.(Test[A-Za-z0-9]+)`")
	scenario = regexp.MustCompile(`\(\.\./scenarios/testdata/([^)]+)/story\.md\)`)
	session  = regexp.MustCompile(`\(\.\./cli/testdata/script/[^)]+\)`)
)

func TestEveryRequirementIsJudged(t *testing.T) {
	var want []string
	for _, series := range []struct {
		letter string
		last   int
	}{{"N", 21}, {"K", 16}, {"E", 24}, {"S", 8}, {"C", 50}, {"", 24}} {
		for n := 1; n <= series.last; n++ {
			want = append(want, fmt.Sprint(series.letter, n))
		}
	}
	want = append(want, "3.2", "3.3", "3.8", "3.9", "3.10", "3.11", "rank 1", "rank 2", "I11", "3.13", "3.14", "rank 4", "rank 15", "torture test 9", "torture test 10", "I18")
	var got []string
	for _, c := range claims(t) {
		got = append(got, c.number)
		if !slices.Contains([]string{"proved", "partly", "not yet"}, c.status) {
			t.Errorf("%s: %q is not a status", c.number, c.status)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("numbers: got %v, want %v", got, want)
	}
}

func TestEveryProofExists(t *testing.T) {
	tests, failing := testsOfTheSource(t), failingScenarios(t)
	for _, c := range claims(t) {
		proofs := len(session.FindAllString(c.proof, -1)) // TestLinksLeadSomewhere looks for the files
		for _, m := range testName.FindAllStringSubmatch(c.proof, -1) {
			proofs++
			if !tests[m[1]+"."+m[2]] {
				t.Errorf("%s: there is no test %s.%s", c.number, m[1], m[2])
			}
		}
		for _, m := range scenario.FindAllStringSubmatch(c.proof, -1) {
			proofs++
			if strings.Contains(failing, " "+m[1]) {
				t.Errorf("%s: scenario %s fails (scenarios/FINDINGS.txt), so it proves nothing", c.number, m[1])
			}
		}
		if proofs == 0 && c.status != "not yet" {
			t.Errorf("%s is %s and names no test", c.number, c.status)
		}
		if proofs > 0 && c.status == "not yet" {
			t.Errorf("%s is not yet there and names a proof", c.number)
		}
	}
}

// failingScenarios is the list of what is known to fail, "" when there is none.
func failingScenarios(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../scenarios/FINDINGS.txt")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

var testFunc = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)

// testsOfTheSource are all Go tests, by the name of their folder: run.TestX.
func testsOfTheSource(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != ".." {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
			found[filepath.Base(filepath.Dir(path))+"."+m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
