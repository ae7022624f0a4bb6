package scenarios

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var strict = flag.Bool("findings", false, "let scenarios fail that FINDINGS.txt names")

// A report collects what is wrong in a scenario, so that one that is known to
// fail can be told from one that fails anew.
type report struct {
	*testing.T
	wrong []string
}

// stopped ends a scenario that cannot go on.
type stopped struct{}

func (r *report) Errorf(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

func (r *report) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(stopped{})
}

func (r *report) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

// collect runs a scenario up to its end or its first fatal fault.
func (r *report) collect(scenario func()) {
	defer func() {
		if p := recover(); p != nil && p != any(stopped{}) {
			r.Errorf("%v", p)
		}
	}()
	scenario()
}

// tell passes the verdict on. A scenario that FINDINGS.txt names is skipped with
// its finding as long as it fails, and fails when it no longer does: a finding
// must not outlive its cause.
func (r *report) tell(finding string) {
	r.Helper()
	switch {
	case finding == "" || *strict:
		for _, w := range r.wrong {
			r.T.Error(w)
		}
	case len(r.wrong) == 0:
		r.T.Errorf("finding %s is mended here: take this scenario out of FINDINGS.txt", finding)
	default:
		r.Skipf("known to fail: finding %s of FINDINGS.txt", finding)
	}
}

var findingLine = regexp.MustCompile(`^(F\d+)\s+(.*)$`)

// findings reads which scenarios FINDINGS.txt names. A line of it that begins
// with F and a number lists the scenarios of that finding.
func findings(t *testing.T) map[string]string {
	t.Helper()
	known := map[string]string{}
	file, err := os.Open("FINDINGS.txt")
	if os.IsNotExist(err) {
		return known
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if m := findingLine.FindStringSubmatch(lines.Text()); m != nil {
			for _, word := range strings.FieldsFunc(m[2], func(r rune) bool { return r == ' ' || r == ',' }) {
				if strings.Contains(word, "/") {
					known[word] = m[1]
				}
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return known
}
