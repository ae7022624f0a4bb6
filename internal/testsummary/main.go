// Command testsummary reads the output of `go test -json` and says what a
// person wants to know: a line per package, the output of what failed, the
// reason for every skip, and how many tests ran. It runs no tests itself.
//
// It exits 1 when a test or a build failed, or when no test ran at all: a
// mistyped -run pattern must not look like success.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	tally := flag.String("tally", "", "append the counts to this `file`, one line per call: passed failed skipped")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *tally); err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
}

func run(events io.Reader, out io.Writer, tally string) error {
	w := bufio.NewWriter(out)
	s, err := read(events, w)
	if err != nil {
		return err
	}
	s.report(w)
	if err := w.Flush(); err != nil {
		return err
	}
	if err := s.append(tally); err != nil {
		return err
	}
	return s.verdict()
}

// append adds the counts to the file that the whole run is counted in.
func (s *summary) append(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, s.passed, s.failures(), len(s.skipped)); err != nil {
		return err
	}
	return f.Close()
}
