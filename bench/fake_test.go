package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The test binary plays kith when it is started with fakeEnv set: an address book in one JSON file, with just the
// rules that the workloads ask for. The value "careless" makes it delete without any guard.
const fakeEnv = "KITH_BENCH_FAKE"

func TestMain(m *testing.M) {
	mode := os.Getenv(fakeEnv)
	if mode == "" {
		os.Exit(m.Run())
	}
	if os.Args[1] == "csvloop" { // the peer of workload 5: bench starts itself, and here that is the test
		if csvLoop(os.Args[2], os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(fakeKith(os.Args[1:], mode == "careless"))
}

type fakeStore struct {
	Source string
	Rows   map[string]string // e-mail -> row
}

func fakeKith(args []string, careless bool) int {
	if args[0] == "rejects" {
		fmt.Println("line 1235")
		return 0
	}
	path := filepath.Join(args[slices.Index(args, "--data")+1], "book.json")
	var store fakeStore
	if text, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(text, &store); err != nil {
			return 1
		}
	}
	text, err := os.ReadFile(args[1])
	if err != nil {
		return 1
	}
	source := fmt.Sprintf("%x", sha256.Sum256(text))
	if source == store.Source && !slices.Contains(args, "--every-time") {
		return say("skipped_unchanged", nil, 0)
	}
	next, totals, complete := fakeRead(text, store.Rows)
	exit := min(3*totals["rejected"], 3)
	if gone := len(store.Rows) - totals["unchanged"] - totals["updated"]; slices.Contains(args, "--delete-missing") {
		if gone*10 > len(store.Rows) && len(next) > 0 && !careless {
			return say("blocked", nil, 4)
		}
		if complete || careless {
			totals["deleted"] = gone
			store.Rows = map[string]string{}
		}
	}
	for email, row := range store.Rows {
		if _, known := next[email]; !known {
			next[email] = row
		}
	}
	out, err := json.Marshal(fakeStore{source, next})
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o755) != nil || os.WriteFile(path, out, 0o644) != nil {
		return 1
	}
	return say("succeeded", totals, exit)
}

// fakeRead takes the first row of each e-mail. A file without rows or with an open quote is not complete.
func fakeRead(text []byte, known map[string]string) (map[string]string, map[string]int, bool) {
	next, totals := map[string]string{}, map[string]int{}
	in := csv.NewReader(bytes.NewReader(text))
	if _, err := in.Read(); err != nil {
		return next, totals, false
	}
	for {
		r, err := in.Read()
		if err != nil {
			return next, totals, err == io.EOF && len(next) > 0
		}
		row, email := strings.Join(r, "\x00"), r[1]
		before, found := known[email]
		_, twice := next[email]
		switch {
		case len(row) > 1<<20:
			totals["rejected"]++
			continue
		case twice:
			totals["skipped"]++
			continue
		case !found:
			totals["created"]++
		case before == row:
			totals["unchanged"]++
		default:
			totals["updated"]++
		}
		next[email] = row
	}
}

func say(status string, totals map[string]int, exit int) int {
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"run": 1, "status": status, "totals": totals}); err != nil {
		return 1
	}
	return exit
}
