// Command bench measures kith against other programs in one run on one machine and prints a table: processor time,
// peak memory, the ratio to the peer, and whether the target is met. The workloads are those of docs/benchmarks.md.
// It calls the kith binary as anybody would, invents its own files, and never talks to a network but to install
// the peer DuckDB from npm.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// workload is one numbered line of the benchmark table.
type workload struct {
	number string
	name   string
	run    func(*suite) ([]row, error)
}

var workloads = []workload{
	{"1", "import-fresh", fresh},
	{"2", "unchanged-skip", unchanged},
	{"3", "forced-unchanged and 1 %", changed},
	{"4", "store growth", storeGrowth},
	{"5", "file growth", fileGrowth},
	{"11", "delete guard", guard},
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 2 && args[0] == "csvloop" { // the peer of workload 5 is this program itself
		return csvLoop(args[1], stdout)
	}
	s := &suite{ctx: ctx, log: stderr, seed: 1}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "numbers of the workloads to run, such as 1,3 (default: all)")
	out := flags.String("out", "", "file to write the table into, such as docs/benchmarks.md; text around the table stays")
	work := flags.String("work", os.TempDir(), "folder for files and stores; about 3 GB at a million rows, 15 GB with -big")
	flags.StringVar(&s.kith, "kith", "", "kith binary to measure (default: built from ./cmd/kith without cgo)")
	flags.IntVar(&s.rows, "rows", 1_000_000, "rows of the ordinary file; the other sizes follow")
	flags.IntVar(&s.runs, "runs", 3, "how often each measurement is made; the table shows the median")
	flags.BoolVar(&s.big, "big", false, "also the store of five times and the file of ten times -rows")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if s.rows < 1000 || s.runs < 1 {
		return errors.New("-rows must be at least 1000 and -runs at least 1")
	}
	if s.dir, err = os.MkdirTemp(*work, "kith-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	if err := s.findKith(); err != nil {
		return err
	}

	var rows []row
	for _, w := range chosen {
		fmt.Fprintf(stderr, "workload %s: %s\n", w.number, w.name)
		got, err := w.run(s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // one that cannot be measured does not hide the others
			got = append(got, row{Case: w.name, Checks: []check{{Want: "to be measured", Got: plain(err, s.dir)}}})
		}
		for i := range got {
			got[i].Workload = w.number
		}
		rows = append(rows, got...)
	}
	text := section(facts(ctx, s), rows)
	if _, err := io.WriteString(stdout, text); err != nil || *out == "" {
		return err
	}
	return publish(*out, text)
}

func choose(only string) ([]workload, error) {
	if only == "" {
		return workloads, nil
	}
	var chosen []workload
	for number := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(workloads, func(w workload) bool { return w.number == strings.TrimSpace(number) })
		if i < 0 {
			return nil, fmt.Errorf("-only %s: there are workloads 1, 2, 3, 4, 5 and 11", number)
		}
		chosen = append(chosen, workloads[i])
	}
	return chosen, nil
}

// findKith builds the binary unless one is given.
func (s *suite) findKith() (err error) {
	if s.kith != "" {
		s.kith, err = filepath.Abs(s.kith)
		return err
	}
	s.kith = filepath.Join(s.dir, "kith")
	if runtime.GOOS == "windows" {
		s.kith += ".exe"
	}
	build := exec.CommandContext(s.ctx, "go", "build", "-trimpath", "-o", s.kith, "./cmd/kith")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build ./cmd/kith (run bench from the project's root): %w\n%s", err, said)
	}
	return nil
}

// plain is an error without the names of temporary folders, fit to be published.
func plain(err error, dir string) string { return strings.ReplaceAll(err.Error(), dir, "…") }
