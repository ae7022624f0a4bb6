//go:build slow && unix

package run_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
)

// I6, R4: `kill -9` of the real program at random moments of an import, then the
// same command again. KITH_KILLS sets how often (200), KITH_SEED repeats a run.
func TestKill9(t *testing.T) {
	kills, seed := number(t, "KITH_KILLS", 200), number(t, "KITH_SEED", time.Now().UnixNano())
	t.Logf("%d kills with KITH_SEED=%d", kills, seed)
	k := newKillers(t)
	for _, c := range []*killing{k.prepare(t, "a fresh import", nil, k.before), k.prepare(t, "creates, updates and deletes", k.before, k.after)} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			landed := map[string]int64{}
			for i := range kills / 2 {
				landed[k.kill(t, c, rand.New(rand.NewPCG(uint64(seed), uint64(i))))]++
				if t.Failed() {
					t.Fatalf("kill %d with KITH_SEED=%d", i, seed)
				}
			}
			t.Logf("where the kills landed: %v", landed)
			if landed["after the end"] > kills/4 {
				t.Errorf("%d of %d kills came after the end; the others prove little", landed["after the end"], kills/2)
			}
		})
	}
}

func number(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// people is how many records the killed imports have.
const people = 4000

// killers holds the program and the two versions of its file.
type killers struct {
	program       string
	before, after []byte
}

func newKillers(t *testing.T) *killers {
	t.Helper()
	k := &killers{program: filepath.Join(t.TempDir(), "kith")}
	build := exec.Command("go", "build", "-o", k.program, "../cmd/kith")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build kith: %v\n%s", err, out)
	}
	const header = "E-mail Address,First Name,Last Name,Mobile Phone,Company\n"
	before, after := bytes.NewBufferString(header), bytes.NewBufferString(header)
	row := func(b *bytes.Buffer, i int, company string) {
		fmt.Fprintf(b, "person%d@example.com,Ann%s,Lee%s,020 7946 0%03d,%s\n", i, letters(i%97), letters(i), i%1000, company)
	}
	for i := range people {
		row(before, i, "Acme")
		switch {
		case i%20 == 0: // left out: deleted
		case i%3 == 0:
			row(after, i, "Umbra")
		default:
			row(after, i, "Acme")
		}
	}
	for i := range people / 4 {
		row(after, people+i, "New")
	}
	k.before, k.after = before.Bytes(), after.Bytes()
	return k
}

// letters writes a number as an ending of names: telephones are shared, names are not.
func letters(i int) string {
	text := ""
	for ; i > 0 || text == ""; i /= 20 {
		text += string("bcdfghjklmnpqrstvwxz"[i%20])
	}
	return text
}

// A killing is an import that will be killed, and how it ends when it is not.
type killing struct {
	what   string
	folder string // as it is before the import
	file   []byte
	book   string
	totals plan.Totals
	took   time.Duration
}

// prepare makes the folder that the import starts from, and lets a copy of it
// come to its end undisturbed.
func (k *killers) prepare(t *testing.T, what string, earlier, file []byte) *killing {
	t.Helper()
	c := &killing{what: what, folder: t.TempDir(), file: file}
	if earlier != nil {
		k.place(t, c.folder, earlier)
		k.succeed(t, c.folder, importing("people.csv")...)
	}
	folder := k.copy(t, c)
	start := time.Now()
	c.totals = k.totals(t, folder, "people.csv")
	c.took = time.Since(start)
	c.book = k.export(t, folder)
	t.Logf("%s: %+v in %v", what, c.totals, c.took)
	return c
}

// copy copies the folder and puts the import's file into it.
func (k *killers) copy(t *testing.T, c *killing) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(c.folder)); err != nil {
		t.Fatal(err)
	}
	k.place(t, folder, c.file)
	return folder
}

func (k *killers) place(t *testing.T, folder string, file []byte) {
	t.Helper()
	for _, name := range []string{"people.csv", "again.csv"} {
		if err := os.WriteFile(filepath.Join(folder, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// importing is the command that is killed, and given again.
func importing(file string) []string {
	return []string{"import", file, "--name", strings.TrimSuffix(file, ".csv"), "--book", "contacts", "--match", "email,phone", "--region", "GB",
		"--delete-missing", "--guard", "none", "--yes", "-o", "json"}
}

func (k *killers) command(folder string, args ...string) *exec.Cmd {
	c := exec.Command(k.program, append(args, "--data", filepath.Join(folder, "data"))...)
	c.Dir = folder
	return c
}

// succeed runs a command to its end and returns what it prints.
func (k *killers) succeed(t *testing.T, folder string, args ...string) string {
	t.Helper()
	var out, faults bytes.Buffer
	c := k.command(folder, args...)
	c.Stdout, c.Stderr = &out, &faults
	if err := c.Run(); err != nil {
		t.Fatalf("kith %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), faults.String())
	}
	return out.String()
}

func (k *killers) totals(t *testing.T, folder, file string) plan.Totals {
	t.Helper()
	var run struct{ Totals plan.Totals }
	if err := json.Unmarshal([]byte(k.succeed(t, folder, importing(file)...)), &run); err != nil {
		t.Fatal(err)
	}
	return run.Totals
}

func (k *killers) export(t *testing.T, folder string) string {
	t.Helper()
	return k.succeed(t, folder, "contacts", "export", "--book", "contacts")
}

// kill kills the import once or twice, runs it again, and looks at everything.
// It returns where the last kill landed.
func (k *killers) kill(t *testing.T, c *killing, r *rand.Rand) (landed string) {
	t.Helper()
	folder := k.copy(t, c)
	for range 1 + r.IntN(2) {
		landed = k.killOnce(t, folder, time.Duration(r.Int64N(int64(c.took))))
	}
	last := k.totals(t, folder, "people.csv")
	if got := k.export(t, folder); got != c.book {
		t.Errorf("the book differs from that of an undisturbed import:\n%s", firstDifference(got, c.book))
	}
	if doctor := k.succeed(t, folder, "doctor"); strings.Contains(doctor, " no ") {
		t.Errorf("doctor:\n%s", doctor)
	}
	k.checkRuns(t, folder, c, last)
	if again := k.totals(t, folder, "people.csv"); again.Writes() != 0 {
		t.Errorf("a further run wrote: %+v", again)
	}
	// To another sync everything is new, so everybody is looked up by e-mail.
	if again := k.totals(t, folder, "again.csv"); again.Unchanged != c.totals.Read {
		t.Errorf("looked up: got %+v, want all %d unchanged", again, c.totals.Read)
	}
	for _, i := range []int{1, 1 + r.IntN(people/20)*20, people - 1} {
		who := fmt.Sprintf("person%d@example.com", i)
		if told := k.succeed(t, folder, "explain", who); !strings.Contains(told, who) {
			t.Errorf("explain %s:\n%s", who, told)
		}
	}
	if !t.Failed() {
		_ = os.RemoveAll(folder) // a hundred of them are a lot
	}
	return landed
}

// killOnce starts the import and kills it after a while.
func (k *killers) killOnce(t *testing.T, folder string, after time.Duration) string {
	t.Helper()
	c := k.command(folder, importing("people.csv")...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = c.Process.Kill()
	if err := c.Wait(); err == nil {
		return "after the end"
	}
	return "within"
}

// checkRuns: what the interrupted runs and the last one have written together is
// what one undisturbed run writes. A run that was finished on the next start
// has its own row in the history.
func (k *killers) checkRuns(t *testing.T, folder string, c *killing, last plan.Totals) {
	t.Helper()
	var runs []struct {
		Run    int64
		Status string
		Totals plan.Totals
	}
	text := k.succeed(t, folder, "runs", "list", "-o", "json")
	if err := json.Unmarshal([]byte(text), &runs); err != nil {
		t.Fatalf("runs list: %v\n%s", err, text)
	}
	for _, r := range runs {
		if !r.Totals.Balanced() {
			t.Errorf("run %d (%s): the totals do not add up: %+v", r.Run, r.Status, r.Totals)
		}
		if r.Totals == c.totals {
			return
		}
	}
	t.Errorf("no run has the totals %+v; the last has %+v:\n%s", c.totals, last, text)
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: got %q, want %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}
