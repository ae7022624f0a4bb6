// Package child runs a program and says what it cost: processor time of all its threads, the most memory it held,
// and what it wrote to disk, as the operating system accounts for it. It judges nothing.
package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Usage is the cost of one run.
//
// RSS has a floor: Linux counts what the parent held at the moment of exec as the child's, so a parent that wants
// true figures stays small.
type Usage struct {
	CPU     time.Duration // user and system time
	Wall    time.Duration
	RSS     int64 // peak resident memory in bytes
	Written int64 // bytes of file pages made dirty, in whole pieces of the page cache; 0 on file systems that do not count them
}

// Result is a finished run. A program that ends with an error code is a Result, not an error.
type Result struct {
	Usage
	Exit           int
	Stdout, Stderr []byte
}

// Missing is the error of a program that is not installed.
var Missing = exec.ErrNotFound

// Run runs argv and waits for its end. When ctx ends first, the program is killed and ctx's error returned.
func Run(ctx context.Context, argv ...string) (Result, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return Result{}, err
	}
	r := Result{Usage: usage(cmd.ProcessState), Exit: cmd.ProcessState.ExitCode(), Stdout: out.Bytes(), Stderr: errs.Bytes()}
	r.Wall = wall
	return r, nil
}

// Good runs argv and takes any exit code but 0 for an error that carries the last line the program said.
func Good(ctx context.Context, argv ...string) (Result, error) {
	r, err := Run(ctx, argv...)
	if err == nil && r.Exit != 0 {
		err = fmt.Errorf("%s: exit %d: %s", argv[0], r.Exit, LastLine(r.Stderr))
	}
	return r, err
}

// LastLine is the last line that is not blank.
func LastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
