// Package scenarios proves the main job by examples that a product person can
// read: a story, a sync, two files, and what must come of them. It only tests;
// how a scenario is carried out stands in world_test.go, how it is printed in
// print_test.go.
//
// A scenario is a folder of testdata:
//
//	story.md      the customer's words and the requirements that answer them
//	sync.yaml     the sync; sync.2.yaml is what it is from the second step on
//	source.csv    what it reads, or the contacts of the book it reads; source.2.csv is
//	              what stands there in step 2
//	target.csv    the target before: the file itself, or the contacts of the book
//	steps.txt     what happens, a line a step, where it is more than runs: run; plan, apply;
//	              approve; undo STEP; edit ID FIELD=VALUE, delete ID, write LINE by somebody else
//	want.txt      the plan and the target after; want.2.txt is that of step 2
//
// A line of a CSV file that begins with {1..9000} stands for as many lines, in
// which {} is the number.
package scenarios

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kith-sync/kith/store/pgtest"
)

var update = flag.Bool("update", false, "rewrite the want files with what happened")

// fewest scenarios that there must be, each of the five presets on its own.
const (
	fewest          = 55
	fewestPerPreset = 5
)

func TestScenarios(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/*/story.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < fewest {
		t.Errorf("scenarios: got %d, want at least %d", len(folders), fewest)
	}
	for _, preset := range []string{"narware", "kvcore", "eventgeek", "syncapps", "contact-manager"} {
		own, _ := filepath.Glob("testdata/" + preset + "/*/story.md")
		if len(own) < fewestPerPreset {
			t.Errorf("scenarios of preset %s: got %d, want at least %d", preset, len(own), fewestPerPreset)
		}
	}
	playAll(t, folders, func(*testing.T) string { return "" })
}

// The same scenarios with the contacts in PostgreSQL: what comes of them does not
// depend on where they are kept.
func TestScenariosOnPostgres(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/*/story.md")
	if err != nil {
		t.Fatal(err)
	}
	address := pgtest.DSN(t) // skips where there is no PostgreSQL
	playAll(t, folders, func(t *testing.T) string {
		empty(t, address)
		return address
	})
}

// empty makes a database as good as new, which takes less time than a new one.
func empty(t *testing.T, address string) {
	t.Helper()
	ctx := context.Background()
	conn := must(pgx.Connect(ctx, address))
	defer conn.Close(ctx)
	var tables string
	err := conn.QueryRow(ctx, `SELECT coalesce(string_agg(tablename, ', '), '') FROM pg_tables
		WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%'`).Scan(&tables)
	if err == nil {
		_, err = conn.Exec(ctx, `SET session_replication_role = replica`) // tables that are only added to refuse it otherwise
	}
	if err == nil && tables != "" {
		_, err = conn.Exec(ctx, `TRUNCATE `+tables+` RESTART IDENTITY CASCADE`)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// playAll plays scenarios, each in an empty database; without an address it is a
// file.
func playAll(t *testing.T, folders []string, database func(*testing.T) string) {
	t.Helper()
	known := findings(t)
	for _, story := range folders {
		folder := filepath.Dir(story)
		name, _ := filepath.Rel("testdata", folder)
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			r := &report{T: t}
			r.collect(func() {
				cites(r, story)
				play(r, folder, database(t))
			})
			r.tell(known[filepath.ToSlash(name)])
		})
		delete(known, filepath.ToSlash(name))
	}
	for name, finding := range known {
		t.Errorf("finding %s names %s, which is no scenario", finding, name)
	}
}

// requirement is how a story names what it proves: K3, settled question 8,
// requirements 3.4, torture test 13.
var requirement = regexp.MustCompile(`\b[NKESC]\d+\b|settled\s+questions?\s+\d|\b3\.\d+\b|torture\s+test\s+\d|section\s+\d`)

func cites(t *report, story string) {
	t.Helper()
	text, err := os.ReadFile(story)
	if err != nil {
		t.Fatal(err)
	}
	if !requirement.Match(text) {
		t.Errorf("%s names no requirement", story)
	}
}

// play carries the steps of a scenario out, compares what happened with what was
// wanted, and then holds the laws against it.
func play(t *report, folder, database string) {
	w := newWorld(t, folder, database)
	todo := steps(t, folder)
	if wants, _ := filepath.Glob(filepath.Join(folder, "want*.txt")); len(wants) != len(todo) && !*update {
		t.Errorf("want files: got %d, want one for each of %d steps", len(wants), len(todo))
	}
	for i, step := range todo {
		got := w.do(i+1, step)
		compare(t, filepath.Join(folder, numbered("want", i+1, "txt")), got)
	}
	w.laws()
}

// steps reads steps.txt. Without it every source and every sync file is a run.
func steps(t *report, folder string) []string {
	t.Helper()
	if text, err := os.ReadFile(filepath.Join(folder, "steps.txt")); err == nil {
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	last := 1
	names, _ := filepath.Glob(filepath.Join(folder, "*.*.*"))
	for _, name := range names {
		parts := strings.Split(filepath.Base(name), ".")
		if n, err := strconv.Atoi(parts[1]); err == nil && (parts[0] == "source" || parts[0] == "sync") {
			last = max(last, n)
		}
	}
	return slices.Repeat([]string{"run"}, last)
}

// numbered names a file of a step: want.txt, want.2.txt.
func numbered(name string, step int, ending string) string {
	if step == 1 {
		return name + "." + ending
	}
	return name + "." + strconv.Itoa(step) + "." + ending
}

func compare(t *report, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v; got:\n%s", err, got)
		return
	}
	if string(want) != got {
		t.Errorf("%s\n--- want\n%s--- got\n%s", filepath.Base(path), want, got)
	}
}
