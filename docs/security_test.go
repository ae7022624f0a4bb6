package docs_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var securityRow = regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)

// The table of security.md has its 50 rows, and each names a test that is there, or
// says why there is none.
func TestEveryRowOfSecurityIsProved(t *testing.T) {
	text, err := os.ReadFile("security.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsOfTheSource(t)
	rows := securityRow.FindAllStringSubmatch(string(text), -1)
	if len(rows) != 50 {
		t.Errorf("got %d rows, want 50", len(rows))
	}
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("row %d: got the number %s", i+1, row[1])
		}
		proofs := testName.FindAllStringSubmatch(row[4], -1)
		if len(proofs) == 0 && !strings.HasPrefix(row[3], "Reason:") {
			t.Errorf("row %s names no test and says no reason", row[1])
		}
		for _, m := range proofs {
			if name := m[1] + "." + m[2]; !tests[name] {
				t.Errorf("row %s: there is no test %s", row[1], name)
			}
		}
	}
}
