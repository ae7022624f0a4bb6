//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// asKith makes the test's own program the real one.
const asKith = "KITH_TEST_IS_KITH"

func TestMain(m *testing.M) {
	if os.Getenv(asKith) != "" {
		main()
	}
	os.Exit(m.Run())
}

const people = 150_000

// A server that is told to stop in the middle of an import stops with exit code 0;
// the next one finishes the run, and nobody is there twice.
func TestStopInMidImport(t *testing.T) {
	if testing.Short() {
		t.Skip("imports 150,000 people")
	}
	dir := t.TempDir()
	folder := filepath.Join(dir, "data")
	queue(t, dir, folder)

	first := serve(t, folder)
	awaitWriting(t, folder)
	if err := first.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err != nil {
		t.Fatalf("the server that was told to stop: %v\n%s", err, first.Stderr)
	}
	if n := count(t, folder, `SELECT count(*) FROM run WHERE status = 'applying'`); n != 1 {
		t.Fatalf("%d runs are left in the middle, want 1: the signal came too early or too late", n)
	}

	second := serve(t, folder)
	await(t, "the run to be finished", func() bool {
		return count(t, folder, `SELECT count(*) FROM job WHERE state IN ('waiting', 'running')`) == 0
	})
	if err := second.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Fatalf("the second server: %v\n%s", err, second.Stderr)
	}
	if n := count(t, folder, `SELECT count(*) FROM contact`); n != people {
		t.Errorf("%d contacts, want %d", n, people)
	}
	if n := count(t, folder, `SELECT population FROM book`); n != people {
		t.Errorf("the book counts %d contacts, want %d", n, people)
	}
	if n := count(t, folder, `SELECT count(*) FROM job WHERE state <> 'done'`); n != 0 {
		t.Errorf("%d jobs are not done\n%s", n, second.Stderr)
	}
}

// queue leaves an import waiting in a new data folder.
func queue(t *testing.T, dir, folder string) {
	t.Helper()
	var rows bytes.Buffer
	rows.WriteString("email,first_name\n")
	for n := range people {
		fmt.Fprintf(&rows, "p%d@example.com,First %d\n", n, n)
	}
	if err := os.WriteFile(filepath.Join(dir, "people.csv"), rows.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: folder, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	def := plan.Sync{Name: "people", Source: plan.Endpoint{File: "people.csv"}, Target: plan.Endpoint{Book: "people"}}.Defaults()
	if _, err := w.Store.SaveSync(t.Context(), def, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.AddJob(t.Context(), store.Job{Kind: job.Run, Sync: "people", By: "test", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

// serve starts the real program on a port of its own.
func serve(t *testing.T, folder string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), asKith+"=1", "KITH_DATA="+folder, "KITH_DATABASE=")
	cmd.Stderr = new(strings.Builder)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended already when all went well
	return cmd
}

// awaitWriting waits until a run is at work and has written some of it.
func awaitWriting(t *testing.T, folder string) {
	t.Helper()
	await(t, "contacts to be written", func() bool {
		return count(t, folder, `SELECT count(*) FROM run WHERE status = 'applying' AND position > 0`) == 1
	})
}

const patience = 2 * time.Minute

func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !there(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// count asks the database beside the server; before that has made it, it is 0.
func count(t *testing.T, folder, query string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "kith.db")+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		return -1 // not there yet
	}
	return n
}
