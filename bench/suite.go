package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/kith-sync/kith/bench/child"
	"github.com/kith-sync/kith/bench/peers"
	"github.com/kith-sync/kith/bench/people"
)

// suite is what the workloads share: the binary, a folder to work in, the sizes.
type suite struct {
	ctx  context.Context
	log  io.Writer
	dir  string
	kith string
	seed uint64
	rows int
	runs int
	big  bool

	duck      *peers.DuckDB // set once it is installed
	duckError error
}

func (s *suite) path(name string) string { return filepath.Join(s.dir, name) }

// file is always the same path: a one-off import is a sync that is named after its file, and what it knows of the
// last run belongs to that sync.
func (s *suite) file() string { return s.path("people.csv") }

func (s *suite) write(path string, o people.Options) (people.Count, error) {
	o.Seed = s.seed
	f, err := os.Create(path)
	if err != nil {
		return people.Count{}, err
	}
	n, err := people.Write(f, o)
	return n, errors.Join(err, f.Close())
}

// outcome is what kith said and what it cost.
type outcome struct {
	child.Result
	Run    any            `json:"run"`
	Status string         `json:"status"`
	Totals map[string]int `json:"totals"`
}

// load imports a file. An exit code is part of the outcome; output that is no JSON leaves Status and Totals empty.
func (s *suite) load(file, data string, flags ...string) (outcome, error) {
	argv := []string{s.kith, "import", file, "--book", "contacts", "--data", data,
		"--match", "email,phone", "--region", "GB", "--yes", "-o", "json"}
	r, err := child.Run(s.ctx, append(argv, flags...)...)
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	if json.Unmarshal(r.Stdout, &o) != nil && r.Exit == 0 {
		return outcome{}, fmt.Errorf("kith import ended well without JSON on stdout: %q", child.LastLine(r.Stdout))
	}
	o.Result = r
	fmt.Fprintf(s.log, "  kith  %s  exit %d %s %v\n", figures(r.Usage), r.Exit, o.Status, o.Totals)
	return o, nil
}

// mustLoad is load where anything but exit 0 makes the measurement pointless.
func (s *suite) mustLoad(file, data string, flags ...string) (outcome, error) {
	o, err := s.load(file, data, flags...)
	if err == nil && o.Exit != 0 {
		err = fmt.Errorf("kith import: exit %d: %s", o.Exit, child.LastLine(o.Stderr))
	}
	return o, err
}

// peer runs a peer; one that is not installed gives a nil Result and no error.
func (s *suite) peer(argv []string) (*child.Result, error) {
	r, err := child.Good(s.ctx, argv...)
	if errors.Is(err, child.Missing) {
		fmt.Fprintf(s.log, "  peer  %v\n", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(s.log, "  peer  %s  %s\n", figures(r.Usage), filepath.Base(argv[0]))
	return &r, nil
}

// installDuck installs DuckDB once. False means that it cannot be had.
func (s *suite) installDuck() bool {
	if s.duck == nil && s.duckError == nil {
		duck, err := peers.Install(s.ctx, s.path("duckdb"))
		if s.duck, s.duckError = &duck, err; err != nil {
			fmt.Fprintf(s.log, "  peer  %s\n", plain(err, s.dir))
		}
	}
	return s.duckError == nil
}

// base is a data folder that holds the ordinary file; file() is that file afterwards. Workloads change copies of it.
func (s *suite) base() (string, people.Count, error) {
	n, err := s.write(s.file(), people.Options{Rows: s.rows})
	if err != nil {
		return "", n, err
	}
	dir := s.path("base")
	if _, err := os.Stat(dir); err == nil {
		return dir, n, nil
	}
	_, err = s.mustLoad(s.file(), dir)
	return dir, n, err
}

// clone makes name a fresh copy of a data folder.
func (s *suite) clone(from, name string) (string, error) {
	to := s.path(name)
	if err := os.RemoveAll(to); err != nil {
		return "", err
	}
	return to, os.CopyFS(to, os.DirFS(from))
}
