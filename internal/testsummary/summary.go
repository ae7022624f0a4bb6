package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// An event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build event
	Test       string
	Elapsed    float64
	Output     string
}

// A result is one test, or one package where Test is empty.
type result struct{ Package, Test string }

func (r result) String() string {
	if r.Test == "" {
		return r.Package
	}
	return r.Package + " " + r.Test
}

// A skip is a test that did not run, and why.
type skip struct {
	result
	reason string
}

type summary struct {
	passed  int
	failed  []result
	skipped []skip
	broken  []string            // packages that failed without a failing test: build, panic, time limit
	output  map[result][]string // of what has not ended yet
}

// read follows the events to their end, and shows each package as it ends.
func read(events io.Reader, w *bufio.Writer) (*summary, error) {
	s := &summary{output: map[result][]string{}}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line, w)
		}
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
	}
}

func (s *summary) line(line []byte, w *bufio.Writer) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Fprintf(w, "%s", line) // what the go command says about itself
		return
	}
	s.add(e, w)
	if e.Test == "" {
		_ = w.Flush() // so that a long run can be watched; run's own Flush reports the error
	}
}

func (s *summary) add(e event, w io.Writer) {
	r := result{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(w, e.Output)
	case "output":
		s.output[r] = append(s.output[r], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(e, w)
		} else {
			s.endTest(r, e.Action, w)
		}
		delete(s.output, r)
	}
}

func (s *summary) endTest(r result, action string, w io.Writer) {
	switch action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped = append(s.skipped, skip{r, reason(s.output[r])})
	case "fail":
		s.failed = append(s.failed, r)
		fmt.Fprint(w, strings.Join(s.output[r], ""))
	}
}

func (s *summary) endPackage(e event, w io.Writer) {
	if e.Action == "skip" {
		return // a package without tests
	}
	fmt.Fprintf(w, "%-4s %s (%.1f s)\n", e.Action, e.Package, e.Elapsed)
	if e.Action == "pass" {
		return
	}
	if !s.hasFailure(e.Package) {
		s.broken = append(s.broken, e.Package)
	}
	// What tests said that never ended tells where it stopped: a panic, a time limit.
	for r, lines := range s.output {
		if r.Package == e.Package {
			fmt.Fprint(w, strings.Join(lines, ""))
			delete(s.output, r)
		}
	}
}

func (s *summary) hasFailure(pkg string) bool {
	for _, r := range s.failed {
		if r.Package == pkg {
			return true
		}
	}
	return false
}

// logged matches a line that a test wrote itself: "    file_test.go:12: reason".
var logged = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)$`)

// reason returns what a skipped test said last.
func reason(output []string) string {
	for i := len(output) - 1; i >= 0; i-- {
		if m := logged.FindStringSubmatch(strings.TrimSuffix(output[i], "\n")); m != nil {
			return m[1]
		}
	}
	return "no reason given"
}
