package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	for _, row := range []struct {
		sentence string
		events   []string
		want     string // somewhere in the output
		err      string
	}{
		{"a passing test is counted", []string{
			`{"Action":"run","Package":"p","Test":"TestA"}`,
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
			`{"Action":"pass","Package":"p","Elapsed":0.25}`,
		}, "1 tests ran: 1 passed, 0 failed, 0 skipped", ""},
		{"a package ends in a line of its own", []string{
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
			`{"Action":"pass","Package":"p","Elapsed":0.25}`,
		}, "pass p (0.2 s)", ""},
		{"a skipped test is listed with its reason", []string{
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
			`{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}`,
			`{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: no FTP server\n"}`,
			`{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}`,
			`{"Action":"skip","Package":"p","Test":"TestB"}`,
		}, "Skipped:\n  p TestB: no FTP server\n", ""},
		{"a skip without a word is shown as such", []string{
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
			`{"Action":"skip","Package":"p","Test":"TestB"}`,
		}, "p TestB: no reason given", ""},
		{"a failing test shows what it said", []string{
			`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: got 1, want 2\n"}`,
			`{"Action":"fail","Package":"p","Test":"TestA"}`,
			`{"Action":"fail","Package":"p","Elapsed":0.1}`,
		}, "got 1, want 2\nfail p", "1 tests failed, 0 packages"},
		{"a passing test's chatter is left out", []string{
			`{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}`,
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
		}, "\n1 tests ran", ""},
		{"a package that does not build fails, with the compiler's words", []string{
			`{"ImportPath":"p","Action":"build-output","Output":"p.go:1: undefined: x\n"}`,
			`{"ImportPath":"p","Action":"build-fail"}`,
			`{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p"}`,
		}, "undefined: x", "0 tests failed, 1 packages"},
		{"a panic shows what the interrupted test said", []string{
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
			`{"Action":"output","Package":"p","Test":"TestB","Output":"panic: boom\n"}`,
			`{"Action":"fail","Package":"p","Elapsed":0.1}`,
		}, "panic: boom", "0 tests failed, 1 packages"},
		{"words of the go command itself are passed on", []string{
			`go: no such tool`,
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
		}, "go: no such tool\n", ""},
		{"no test at all is a failure", nil, "0 tests ran", "no test ran"},
	} {
		var out strings.Builder
		err := run(strings.NewReader(strings.Join(row.events, "\n")+"\n"), &out, "")
		if !strings.Contains(out.String(), row.want) {
			t.Errorf("%s: got no %q in\n%s", row.sentence, row.want, out.String())
		}
		if got := message(err); (got == "") != (row.err == "") || !strings.Contains(got, row.err) {
			t.Errorf("%s: got error %q, want %q", row.sentence, got, row.err)
		}
		if strings.Contains(out.String(), "chatter") {
			t.Errorf("%s: got the passing test's output in\n%s", row.sentence, out.String())
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestTallyKeepsOneLinePerCall(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tally")
	events := `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestB"}` + "\n"
	for range 2 {
		if err := run(strings.NewReader(events), new(strings.Builder), file); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1 0 1\n1 0 1\n"; string(got) != want {
		t.Errorf("tally after two calls: got %q, want %q", got, want)
	}
}
