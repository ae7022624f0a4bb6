package run_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/csvfile"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A small world is an address book, a file and a sync between them, drawn from
// so few values that people collide all the time: the same e-mail in other
// letters, a telephone shared by a family, a key used twice.

// fields are those of a world's book, in the order of its file's columns.
var fields = []contact.Field{
	{Name: "uid", Kind: contact.Text}, {Name: "email", Kind: contact.Email}, {Name: "email.2", Kind: contact.Email},
	{Name: "phone", Kind: contact.Phone}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name},
	{Name: "company", Kind: contact.Text}, {Name: "language", Kind: contact.Language},
}

// alphabet holds the values that each of the fields is drawn from.
var alphabet = [][]string{
	{"", "k1", "k2", "k3", " k1 ", "k4"},
	{"", "ann@example.com", "bob@example.org", "Ann@Example.COM", " bob@example.org ", "cyd@example.net", "ann@@", "n/a"},
	{"", "", "", "ann@example.com", "dee@example.com"},
	{"", "020 7946 0001", "+44 20 7946 0001", "(020) 79460001", "020 7946 0002", "0044 20 7946 0002", "call me"},
	{"", "Ann", "Bob", "New Contact"},
	{"", "Lee", "LEE", "Day", "Léé"},
	{"", "Acme", "Umbra", "  "},
	{"", "", "en", "en-GB", "klingonish-x"},
}

// A world is drawn by rapid and played in a workspace that all cases share.
type world struct {
	Sync  plan.Sync
	Seed  [][]string // contacts of the book before the first run
	Files []string   // contents of the source, run after run
	bench *bench
	book  store.Book
}

// A bench is the workspace in which worlds are played, one after the other.
type bench struct {
	*workspace.Workspace
	files          *memory
	keyed, keyless *plan.Keyring // of books with and without an identifier
}

func newBench(t testing.TB) *bench {
	t.Helper()
	var moment atomic.Int64
	clock := func() time.Time { return time.UnixMilli(1_790_000_000_000 + moment.Add(1)) }
	w, err := workspace.Open(context.Background(), workspace.Options{Folder: t.TempDir(), Scratch: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return newBenchOn(w)
}

func newBenchOn(w *workspace.Workspace) *bench {
	schema := contact.Schema{Fields: fields}
	b := &bench{Workspace: w, files: newMemory(), keyless: plan.NewKeyring(schema, "GB", false)}
	schema.Key = "uid"
	w.Engine.Files, w.Engine.Connector = b.files, b
	b.keyed = plan.NewKeyring(schema, "GB", false)
	return b
}

// Source is a file in memory: the bench stands in for the workspace's connectors.
func (b *bench) Source(_ context.Context, s store.Sync) (connector.Source, error) {
	return csvfile.New(b.files, s.Definition.Source.File, s.Definition.Source), nil
}

// law checks a law of the engine over many small worlds.
func law(t *testing.T, check func(t *rapid.T, b *bench)) {
	t.Helper()
	t.Parallel()
	b := newBench(t)
	rapid.Check(t, func(t *rapid.T) {
		t.Cleanup(func() { b.clear(t) })
		check(t, b)
	})
}

// clear leaves nothing of a case behind, so that the ten thousandth costs no more
// than the first.
func (b *bench) clear(t tb) {
	clear(b.files.files)
	if err := b.Store.Clear(ctx); err != nil {
		t.Errorf("clear: %v", err)
	}
}

var ctx = context.Background()

// drawWorld draws a world with n versions of its file.
func drawWorld(t *rapid.T, b *bench, n int) *world {
	w := &world{bench: b}
	w.Sync = drawSync(t)
	w.Seed = drawSeed(t, w.Sync)
	file := drawRows(t, "row", 8)
	for i := range n {
		if i > 0 {
			file = drawEdited(t, file)
		}
		w.Files = append(w.Files, render(file))
	}
	w.open(t, "world")
	return w
}

// again is the same world once more, with a book and a sync of its own.
func (w *world) again(t tb) *world {
	twin := *w
	twin.open(t, "twin")
	return &twin
}

// tb is a *testing.T, or a *rapid.T with one case of many.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
	Cleanup(f func())
}

// must ends the case when the engine fails where it may not.
func must[T any](t tb, what string) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return v
	}
}

// open makes the world's book and puts the seed into it.
func (w *world) open(t tb, name string) {
	t.Helper()
	w.Sync.Name, w.Sync.Target.Book = name, name
	w.Sync.Source.File = name + ".csv"
	made := store.Book{Name: name, Region: "GB", Fields: fields}
	if w.Sync.Target.Key == "uid" {
		made.KeyField = "uid"
	}
	w.book = must[store.Book](t, "create book")(w.bench.Store.CreateBook(ctx, made))
	var changes []plan.Change
	for _, values := range w.Seed {
		changes = append(changes, plan.Change{Action: plan.Create, Values: values})
	}
	if len(changes) > 0 {
		must[store.Run](t, "seed")(w.bench.Engine.Edit(ctx, w.book, "seed", changes))
	}
}

// plan plans the n-th version of the file.
func (w *world) plan(t tb, n int) store.Run {
	t.Helper()
	return w.planText(t, w.Files[n])
}

func (w *world) planText(t tb, text string) store.Run {
	t.Helper()
	w.bench.files.put(w.Sync.Source.File, text)
	return must[store.Run](t, "plan")(w.bench.Engine.Plan(ctx, w.saved(t)))
}

func (w *world) saved(t tb) store.Sync {
	return must[store.Sync](t, "save sync")(w.bench.Store.SaveSync(ctx, w.Sync.Defaults(), ""))
}

// run plans and applies the n-th version of the file.
func (w *world) run(t tb, n int) store.Run {
	t.Helper()
	return w.runText(t, w.Files[n])
}

func (w *world) runText(t tb, text string) store.Run {
	t.Helper()
	return w.apply(t, w.planText(t, text))
}

func (w *world) apply(t tb, r store.Run) store.Run {
	t.Helper()
	if r.Status == store.Planned {
		r = must[store.Run](t, "apply")(w.bench.Engine.Apply(ctx, w.saved(t), r))
	}
	w.checkBook(t)
	return r
}

// anew makes the next run look at every record, as if there had been none
// before: a changed setting does so even where it changes nothing (3.10).
func (w *world) anew() { w.Sync.Preset += "x" }

// undo takes a run back.
func (w *world) undo(t tb, r store.Run) store.Run {
	t.Helper()
	r = must[store.Run](t, "read run")(w.bench.Store.Run(ctx, r.ID))
	done := must[store.Run](t, "undo")(w.bench.Engine.Undo(ctx, w.saved(t), r))
	w.checkBook(t)
	return done
}

// A shelf is what a book holds: contact number -> field -> value, blanks left out.
type shelf map[int64]map[string]string

func (w *world) shelf(t tb) shelf {
	t.Helper()
	book := must[store.Book](t, "read book")(w.bench.Store.Book(ctx, w.book.Name))
	out := shelf{}
	for c, err := range w.bench.Store.Contacts(ctx, book, 0) {
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]string{}
		for i, f := range book.Fields {
			if c.Values[i] != "" {
				values[f.Name] = c.Values[i]
			}
		}
		out[store.Number(c.Ref)] = values
	}
	if int64(len(out)) != book.Population {
		t.Fatalf("the book says it has %d contacts, it has %d", book.Population, len(out))
	}
	return out
}

// changes returns a run's plan and checks that it tells of every record once.
func (w *world) changes(t tb, r store.Run) (all told) {
	t.Helper()
	for c, err := range w.bench.Engine.Changes(ctx, r) {
		if err != nil {
			t.Fatalf("changes of run %d: %v", r.ID, err)
		}
		all = append(all, c)
	}
	return all
}

// String describes the world so that it can be played by hand. It is the same
// each time: rapid only shrinks what fails in the same words.
func (w *world) String() string {
	def := w.Sync
	def.Name, def.Preset, def.Source.File, def.Target.Book, def.Map = "", "", "", "", nil
	for _, m := range w.Sync.Map {
		if m.Write != "" || m.MayClear {
			def.Map = append(def.Map, plan.Mapping{To: m.To, Write: m.Write, MayClear: m.MayClear})
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "sync: %s\n", def.Canonical())
	for i, s := range w.Seed {
		fmt.Fprintf(&b, "book %d: %q\n", i+1, s)
	}
	for i, f := range w.Files {
		fmt.Fprintf(&b, "file %d:\n%s", i, f)
	}
	return b.String()
}

// String prints a book without what is drawn at random.
func (s shelf) String() string {
	var b strings.Builder
	for _, number := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "\n  %d:", number)
		for _, name := range slices.Sorted(maps.Keys(s[number])) {
			if name != "unique_key" {
				fmt.Fprintf(&b, " %s=%q", name, s[number][name])
			}
		}
	}
	return b.String()
}

// told prints changes as a person would read them.
type told []plan.Change

func (all told) String() string {
	var b strings.Builder
	for _, c := range all {
		fmt.Fprintf(&b, "\n  line %d %s contact %d %s %s", c.Line, c.Action, store.Number(c.Ref), c.Rule, c.Reason)
		for _, f := range c.Fields {
			fmt.Fprintf(&b, " %s:%q->%q(%s %q)", f.Name, f.Old, f.New, f.Rule, f.Kept)
		}
		fmt.Fprintf(&b, " other %d several %v %s", c.Detail.OtherLine, c.Detail.Several, c.Detail.Message)
	}
	return b.String()
}
