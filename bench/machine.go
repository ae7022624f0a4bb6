package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/kith-sync/kith/bench/child"
	"github.com/kith-sync/kith/bench/peers"
)

// facts is the heading and what one must know to read the table: when, on what, of which source. No host is named.
func facts(ctx context.Context, s *suite) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintf(&b, "- machine: %s/%s, %d × %s, %s memory\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		proc("/proc/cpuinfo", "model name"), proc("/proc/meminfo", "MemTotal"))
	fmt.Fprintf(&b, "- source: commit %s, %s, SQLite embedded\n", commit(ctx), runtime.Version())
	fmt.Fprintf(&b, "- peers: sqlite3 %s; sha256sum %s; DuckDB (node) %s, one thread, the start of node included\n",
		word(ctx, 0, "sqlite3", "--version"), word(ctx, -1, "sha256sum", "--version"), peers.DuckVersion())
	fmt.Fprintf(&b, "- file: %d rows of 16 columns, invented people; ours and the peer in turn, median of %d; "+
		"ratio: median of the ratios of each round\n", s.rows, s.runs)
	fmt.Fprintf(&b, "- CPU: user and system time of all threads; RSS: peak, in units of 1,000,000 bytes; a child's RSS counts "+
		"from the runner's own, at most %s\n", proc("/proc/self/status", "VmHWM"))
	return b.String()
}

// proc reads one "name : value" line of a Linux status file.
func proc(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

func commit(ctx context.Context) string {
	id, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	if changes, err := exec.CommandContext(ctx, "git", "status", "--porcelain").Output(); err != nil || len(changes) > 0 {
		return strings.TrimSpace(string(id)) + " with changes"
	}
	return strings.TrimSpace(string(id))
}

// word is one word of the first line that a program prints; -1 is the last.
func word(ctx context.Context, at int, argv ...string) string {
	r, err := child.Good(ctx, argv...)
	line, _, _ := strings.Cut(string(r.Stdout), "\n")
	words := strings.Fields(line)
	if err != nil || len(words) == 0 {
		return "missing"
	}
	if at < 0 {
		at = len(words) - 1
	}
	return words[at]
}
