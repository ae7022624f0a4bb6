package link_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/simulate"
	"github.com/kith-sync/kith/store"
)

// tb is what a world needs of a test, or of a case of a law.
type tb interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// A world is a book and a remote that a sync keeps in step.
type world struct {
	t      tb
	now    time.Time
	store  *store.Store
	remote *simulate.Remote
	engine *link.Engine
	sync   store.Sync
	book   *book.Book
	keys   int
	id     int64 // of the connection
}

var people = contact.Schema{Fields: []contact.Field{
	{Name: "email", Kind: contact.Email}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name},
	{Name: "phone", Kind: contact.Phone}, {Name: "company", Kind: contact.Text}, {Name: "news", Kind: contact.Consent},
}}

var secret = plan.Secret{1, 2}

func newWorld(t *testing.T, def plan.Sync) *world {
	t.Helper()
	s, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "kith.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return newWorldIn(t, s, def)
}

// newWorldIn makes a world of an empty store.
func newWorldIn(t tb, s *store.Store, def plan.Sync) *world {
	t.Helper()
	w := &world{t: t, store: s, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	w.remote = simulate.NewRemote(people, connector.Promises{ChosenKey: true, Conditional: true, Incremental: true, TellsGone: true,
		Finds: []string{"email"}, WriteBatch: 10, FetchBatch: 10}, w.clock)
	w.remote.Broken = t.Errorf
	if _, err := w.store.CreateBook(t.Context(), store.Book{Name: "people", Region: "GB", Fields: people.Fields}); err != nil {
		t.Fatal(err)
	}
	c, err := w.store.SaveConnection(t.Context(), store.Connection{Name: "crm", Kind: "fake"})
	if err != nil {
		t.Fatal(err)
	}
	w.id = c.ID
	w.engine = &link.Engine{Memory: w.store, Ends: w, Now: w.clock, Secret: secret, NewKey: func() string { w.keys++; return fmt.Sprint("key", w.keys) }}
	if def.Source == (plan.Endpoint{}) {
		def.Source, def.Target, def.Direction = plan.Endpoint{Connection: "crm"}, plan.Endpoint{Book: "people"}, plan.TwoWay
	}
	def.Name = "crm"
	w.sync, err = w.store.SaveSync(t.Context(), def.Defaults(), "")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time { w.now = w.now.Add(time.Millisecond); return w.now }

func (w *world) Book(ctx context.Context, _ store.Sync, _ contact.Schema) (link.Book, error) {
	b, err := book.Open(ctx, w.store, "people", secret, nil)
	w.book = b
	return b, err
}

func (w *world) Remote(context.Context, store.Sync) (connector.Remote, error) { return w.remote, nil }

func (w *world) Pair(ctx context.Context, _ store.Sync, book int64) (store.Pair, error) {
	return w.store.PairOf(ctx, w.id, "contacts", book)
}

// run plans and applies the sync once.
func (w *world) run() store.Run {
	w.t.Helper()
	r := w.plan()
	r, err := w.engine.Apply(w.t.Context(), w.sync, r)
	if err != nil {
		w.t.Fatalf("apply: %v", err)
	}
	if !r.Totals.Balanced() {
		w.t.Errorf("totals do not add up: %+v", r.Totals)
	}
	return r
}

func (w *world) plan() store.Run {
	w.t.Helper()
	r, err := w.engine.Plan(w.t.Context(), w.sync)
	if err != nil {
		w.t.Fatalf("plan: %v", err)
	}
	return r
}

// rest runs the sync until nothing is left to do, and checks that it comes to
// rest: at most three runs, then one without a write (I1).
func (w *world) rest() {
	w.t.Helper()
	for range 3 {
		w.run()
	}
	before := w.remote.Writes
	if r := w.run(); r.Totals.Writes() != 0 || w.remote.Writes != before {
		w.t.Errorf("the sync does not come to rest: %+v", r.Totals)
	}
}

// filled are the values of a contact that are not blank.
func filled(b store.Book, c store.Contact) map[string]string {
	values := map[string]string{}
	for i, f := range b.Fields {
		if c.Values[i] != "" {
			values[f.Name] = c.Values[i]
		}
	}
	return values
}

// here prints the book as lines of "number field=value", there the remote.
func (w *world) here() string {
	w.t.Helper()
	b, err := w.store.Book(w.t.Context(), "people")
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for c, err := range w.store.Contacts(w.t.Context(), b, 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		lines = append(lines, show(fmt.Sprint(store.Number(c.Ref)), filled(b, c)))
	}
	return strings.Join(lines, "\n")
}

func (w *world) there() string {
	var lines []string
	all := w.remote.There()
	for _, id := range slices.Sorted(maps.Keys(all)) {
		lines = append(lines, show(id, all[id]))
	}
	return strings.Join(lines, "\n")
}

func show(id string, values map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		id += " " + name + "=" + values[name]
	}
	return id
}

// add, edit and trash are what people do in the book.
func (w *world) add(values map[string]string) int64 {
	w.t.Helper()
	row := make([]string, len(people.Fields))
	for name, v := range values {
		row[people.Index(name)] = v
	}
	ref := w.write(plan.Change{Action: plan.Create, Values: row})
	return store.Number(ref)
}

func (w *world) edit(number int64, field, value string) {
	w.t.Helper()
	w.write(plan.Change{Action: plan.Update, Ref: store.Ref(1, number), Fields: []plan.FieldChange{{Name: field, Old: "\x00", New: value, Rule: "edit"}}})
}

func (w *world) trash(number int64) {
	w.t.Helper()
	w.write(plan.Change{Action: plan.Remove, Ref: store.Ref(1, number)})
}

// write does what an edit by hand does: a run of its own.
func (w *world) write(c plan.Change) int64 {
	w.t.Helper()
	ctx := w.t.Context()
	b, err := book.Open(ctx, w.store, "people", secret, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r := store.Run{Name: "edit", Kind: store.KindEdit, Status: store.Applying, Started: w.clock(), BookID: b.ID()}
	if err := w.store.CreateRun(ctx, &r); err != nil {
		w.t.Fatal(err)
	}
	if c.Action == plan.Create {
		if c.Ref, err = b.Reserve(ctx, r.ID, 1); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.store.AppendPlan(ctx, r.ID, nil, 0, []plan.Change{c}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := b.Write(ctx, connector.Batch{Run: r.ID, Now: w.clock(), Changes: []plan.Change{c}, Position: 1, IndexNow: true}); err != nil {
		w.t.Fatal(err)
	}
	r.Status = store.Succeeded
	if err := w.store.UpdateRun(ctx, &r); err != nil {
		w.t.Fatal(err)
	}
	return c.Ref
}

func (w *world) want(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s:\n got %s\nwant %s", what, strings.ReplaceAll(got, "\n", "\n     "), strings.ReplaceAll(want, "\n", "\n     "))
	}
}

// books opens the book for the engine that reverses runs on it.
type books struct{ *world }

func (b books) Source(context.Context, store.Sync) (connector.Source, error) { panic("not asked for") }

func (b books) Target(ctx context.Context, _ store.Sync, _ string) (run.Target, error) {
	target, err := book.Open(ctx, b.store, "people", secret, nil)
	return made{target}, err
}

type made struct{ *book.Book }

func (m made) BookID() int64 { return m.ID() }

func (made) Make(context.Context, contact.Schema) error { return nil }
