package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// A world is an installation of its own, with the files of one scenario.
type world struct {
	*report
	ctx    context.Context
	folder string // of the scenario
	work   string // where its files stand while it is played
	*workspace.Workspace
	sync   store.Sync
	runs   []store.Run // of each step; zero where it wrote no run
	before string      // the target before the last step
}

func newWorld(t *report, folder, database string) *world {
	t.Helper()
	w := &world{report: t, ctx: context.Background(), folder: folder, work: t.TempDir()}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { now = now.Add(time.Second); return now }
	var err error
	if w.Workspace, err = workspace.Open(w.ctx, workspace.Options{Folder: filepath.Join(w.work, "data"), Database: database, Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// do carries one step out and tells what happened.
func (w *world) do(n int, step string) string {
	w.Helper()
	if err := w.prepare(n); err != nil {
		w.runs = append(w.runs, store.Run{})
		return fmt.Sprintf("not valid\n%v\n", err)
	}
	w.before = w.target()
	defer w.hidesPasswords()
	verb, rest, _ := strings.Cut(strings.TrimSpace(step), " ")
	switch verb {
	case "run":
		return w.run()
	case "plan":
		return w.plan()
	case "apply":
		return w.apply()
	case "approve":
		return w.approve()
	case "undo":
		return w.undo(rest)
	case "edit", "delete", "write":
		w.runs = append(w.runs, store.Run{})
		return w.meddle(verb, rest)
	}
	w.Fatalf("step %d: %q is no step", n, step)
	return ""
}

// prepare puts the files of a step in place.
// The error is what validate says against the sync.
func (w *world) prepare(n int) error {
	w.Helper()
	w.place(numbered("source", n, "csv"), "source.csv")
	if text, err := os.ReadFile(filepath.Join(w.folder, numbered("sync", n, "yaml"))); err == nil {
		syncs, err := syncfile.Parse("sync.yaml", text)
		if err == nil {
			err = together(syncs)
		}
		if err != nil {
			return err
		}
		if w.sync, err = w.Store.SaveSync(w.ctx, syncs[0], w.work); err != nil {
			w.Fatal(err)
		}
	}
	if n > 1 {
		return nil
	}
	w.place("target.csv", "target.csv")
	if source := w.sync.Definition.Source.Book; source != "" {
		w.fill(source, "source.csv")
	}
	if target := w.sync.Definition.Target.Book; target != "" {
		w.fill(target, "target.csv")
	}
	return nil
}

// together is what validate says against the syncs of a file as neighbours.
func together(syncs []plan.Sync) error {
	var problems []error
	for _, p := range syncfile.ValidateTogether(syncs) {
		problems = append(problems, &p)
	}
	return errors.Join(problems...)
}

func (w *world) place(from, to string) {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.folder, from))
	if err != nil {
		return // the step has none of its own
	}
	if err := os.WriteFile(filepath.Join(w.work, to), expand(w.report, text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// expand writes out the lines that begin with {1..9000}.
func expand(t *report, text []byte) []byte {
	t.Helper()
	if !strings.Contains(string(text), "..") {
		return text
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		span, pattern, isRange := strings.Cut(strings.TrimPrefix(line, "{"), "}")
		from, to, both := strings.Cut(span, "..")
		if line[0] != '{' || !isRange || !both {
			out.WriteString(line)
			continue
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		for i := first; i <= last; i++ {
			out.WriteString(strings.ReplaceAll(pattern, "{}", strconv.Itoa(i)))
		}
	}
	return []byte(out.String())
}

// fill brings the contacts of a file into a book by an import of its own. With a
// column "number" two contacts may share an e-mail: it tells them apart.
func (w *world) fill(book, file string) {
	w.Helper()
	path := filepath.Join(w.work, file)
	if _, err := os.Stat(path); err != nil {
		return
	}
	def := plan.Sync{Name: "before " + book, Source: plan.Endpoint{File: path}, Region: w.sync.Definition.Region,
		Target: plan.Endpoint{Book: book}}
	if book == w.sync.Definition.Target.Book {
		def.Target.Key = w.sync.Definition.Target.Key
	}
	header, _, _ := strings.Cut(string(must(os.ReadFile(path))), "\n")
	columns := strings.Split(strings.TrimSpace(header), ",")
	if def.Target.Key == "" && slices.Contains(columns, "email") && slices.Contains(columns, "phone") {
		def.Match = []plan.Rule{plan.ByEmail, plan.ByPhone}
	}
	for _, column := range columns {
		def.Map = append(def.Map, plan.Mapping{From: column, To: column, As: w.kindOf(column)})
		if column == "number" {
			def.Target.Key, def.Match = column, []plan.Rule{plan.ByKey}
		}
	}
	s, err := w.Store.SaveSync(w.ctx, def.Defaults(), w.work)
	if err != nil {
		w.Fatal(err)
	}
	r, err := w.Engine.Plan(w.ctx, s)
	if err == nil {
		r, err = w.Engine.Apply(w.ctx, s, r)
	}
	if err != nil || r.Totals.Created != r.Totals.Read {
		w.Fatalf("fill the book: got %+v, %v; want everybody created", r.Totals, err)
	}
}

// kindOf is what the sync says that a field of the book is, where no name tells:
// a consent.
func (w *world) kindOf(field string) string {
	for _, m := range w.sync.Definition.Map {
		if m.To == field && m.As == string(contact.Consent) {
			return m.As
		}
	}
	return ""
}

// run plans and applies, and prints the plan as it stood before it was applied.
func (w *world) run() string {
	w.Helper()
	r, err := w.Engine.Plan(w.ctx, w.sync)
	if err != nil {
		w.runs = append(w.runs, store.Run{})
		return w.printFault(err)
	}
	changes := w.printChanges(r)
	if r.Status == store.Planned {
		if r, err = w.Engine.Apply(w.ctx, w.sync, r); err != nil {
			w.Fatalf("apply: %v", err)
		}
	}
	w.runs = append(w.runs, r)
	return w.printRun(r) + changes + shorten(w.target())
}

// plan only looks; apply carries out what the step before has planned.
func (w *world) plan() string {
	w.Helper()
	r, err := w.Engine.Plan(w.ctx, w.sync)
	if err != nil {
		w.Fatal(err)
	}
	w.runs = append(w.runs, r)
	return w.printRun(r) + w.printChanges(r) + shorten(w.target())
}

func (w *world) apply() string {
	w.Helper()
	at := slices.IndexFunc(w.runs, func(r store.Run) bool { return r.Status == store.Planned })
	r, err := w.Engine.Apply(w.ctx, w.sync, w.runs[at])
	if err != nil {
		w.runs = append(w.runs, store.Run{})
		return w.printFault(err)
	}
	w.runs = append(w.runs, r)
	return w.printRun(r) + "\n" + shorten(w.target())
}

// approve plans again, lets a person approve exactly that plan, and applies it.
func (w *world) approve() string {
	w.Helper()
	r, err := w.Engine.Plan(w.ctx, w.sync)
	if err != nil {
		w.Fatal(err)
	}
	changes := w.printChanges(r)
	r.Approved = true
	if r, err = w.Engine.Apply(w.ctx, w.sync, r); err != nil {
		w.Fatalf("apply: %v", err)
	}
	w.runs = append(w.runs, r)
	return w.printRun(r) + changes + shorten(w.target())
}

// undo takes the run of a step back: "undo 1".
func (w *world) undo(step string) string {
	w.Helper()
	n, err := strconv.Atoi(step)
	if err != nil {
		w.Fatalf("undo of which step? got %q", step)
	}
	r, err := w.Engine.Undo(w.ctx, w.sync, must(w.Store.Run(w.ctx, w.runs[n-1].ID)))
	if err != nil {
		w.runs = append(w.runs, store.Run{})
		return w.printFault(err)
	}
	w.runs = append(w.runs, r)
	return w.printRun(r) + w.printChanges(r) + shorten(w.target())
}

// meddle is what somebody else does to the target between two runs:
// "edit 2 phone=020 7946 0009", "delete 2", or "write LINE" to a file.
func (w *world) meddle(verb, rest string) string {
	w.Helper()
	if verb == "write" {
		f := must(os.OpenFile(filepath.Join(w.work, "target.csv"), os.O_APPEND|os.O_WRONLY, 0o600))
		fmt.Fprintln(f, rest)
		if err := f.Close(); err != nil {
			w.Fatal(err)
		}
		return shorten(w.target())
	}
	id, what, _ := strings.Cut(rest, " ")
	number := must(strconv.ParseInt(id, 10, 64))
	book := must(w.Store.Book(w.ctx, w.sync.Definition.Target.Book))
	c := plan.Change{Action: plan.Remove, Ref: store.Ref(book.ID, number)}
	if verb == "edit" {
		name, value, _ := strings.Cut(what, "=")
		c.Action = plan.Update
		c.Fields = []plan.FieldChange{{Name: name, New: value, Old: w.value(book, c.Ref, name), Rule: "edit"}}
	}
	if _, err := w.Engine.Edit(w.ctx, book, verb+" "+rest, []plan.Change{c}); err != nil {
		w.Fatal(err)
	}
	return shorten(w.target())
}

func (w *world) value(book store.Book, ref int64, field string) string {
	for c, err := range w.Store.ContactsByRef(w.ctx, book, []int64{ref}) {
		if err != nil {
			w.Fatal(err)
		}
		return contact.Record{Values: c.Values}.Value(book.Schema().Index(field))
	}
	w.Fatalf("there is no contact %d to edit", store.Number(ref))
	return ""
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
