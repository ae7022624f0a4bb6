package main

import (
	"errors"
	"fmt"
	"io"
)

// report writes the part that is read last, and so goes last: the counts.
func (s *summary) report(w io.Writer) {
	if len(s.skipped) > 0 {
		fmt.Fprintln(w, "\nSkipped:")
	}
	for _, k := range s.skipped {
		fmt.Fprintf(w, "  %s: %s\n", k.result, k.reason)
	}
	if s.failures() > 0 {
		fmt.Fprintln(w, "\nFailed:")
	}
	for _, r := range s.failed {
		fmt.Fprintf(w, "  %s\n", r)
	}
	for _, pkg := range s.broken {
		fmt.Fprintf(w, "  %s: did not build, or ended early\n", pkg)
	}
	fmt.Fprintf(w, "\n%d tests ran: %d passed, %d failed, %d skipped\n",
		s.passed+s.failures(), s.passed, s.failures(), len(s.skipped))
}

func (s *summary) verdict() error {
	switch {
	case s.failures() > 0:
		return fmt.Errorf("%d tests failed, %d packages did not build or ended early", len(s.failed), len(s.broken))
	case s.passed == 0:
		return errors.New("no test ran")
	}
	return nil
}

// failures counts a package that did not build or ended early as one failure:
// how many of its tests would have passed nobody knows.
func (s *summary) failures() int { return len(s.failed) + len(s.broken) }
