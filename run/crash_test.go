package run_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// Two files, so that a run has something of everything to do.
const (
	crashColumns = "uid,email,email.2,phone,first_name,last_name,company,language\n"
	crashFirst   = crashColumns + `k1,ann@example.com,,020 7946 0001,Ann,Lee,Acme,en
k2,bob@example.org,,020 7946 0002,Bob,Day,,
k3,cyd@example.net,,,Cyd,Fox,Umbra,
k3,cyd@example.net,,,Cyd,Twice,,
,,,,No,Key,,
,dee@@,,020 7946 0003,Dee,Bad,,
`
	crashSecond = crashColumns + `k1,ann@example.com,,020 7946 0009,Ann,Lee,Umbra,en-GB
k3,cyd@example.org,cyd@example.net,,Cyd,Fox,Umbra,
k4,eve@example.com,,020 7946 0004,Eve,Roe,,
k5,fay@example.com,,,Fay,Poe,,
`
)

// I6: the process may die before or after any effect of a run. The next start
// finishes what was begun, the same command again finds the rest, and the book
// is as it would have been without the crash.
func TestCrashAtEveryEffect(t *testing.T) {
	for _, c := range []crash{
		{"a fresh import", nil, func(w *world) error { return w.attempt(crashFirst) }},
		{"creates, updates and deletes", []string{crashFirst}, func(w *world) error { return w.attempt(crashSecond) }},
		{"an undo", []string{crashFirst, crashSecond}, (*world).attemptUndo},
	} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, the effect happens: %v", c.what, after), func(t *testing.T) {
				t.Parallel()
				want := c.live(t, 0, after)
				for n := 1; n <= want.effects; n++ {
					got := c.live(t, n, after)
					if got.book != want.book {
						t.Errorf("crash at effect %d (%s): the book is%s\nwant%s", n, got.last, got.book, want.book)
					}
					if got.undone != want.undone {
						t.Errorf("crash at effect %d (%s): the run says its undo changed %d contacts, want %d", n, got.last, got.undone, want.undone)
					}
					if got.totals != want.totals {
						t.Errorf("crash at effect %d (%s): totals %+v, want %+v", n, got.last, got.totals, want.totals)
					}
				}
				t.Logf("%d effects", want.effects)
			})
		}
	}
}

// A crash is what may be interrupted, and what came before it.
type crash struct {
	what   string
	before []string
	deed   func(w *world) error
}

// ending is how things stand when a crash has been lived through.
type ending struct {
	book    string
	totals  plan.Totals // of the last run that wrote
	undone  int64       // contacts that the undo named by the undone run has changed
	effects int
	last    string // the last effect, done or not
}

// live does the deed in a fresh workspace, dies at the n-th effect, starts
// again, and does the deed once more. With n = 0 nothing dies.
func (c crash) live(t *testing.T, n int, after bool) ending {
	t.Helper()
	folder := t.TempDir()
	bomb := &bomb{at: n, after: after}
	w := openAt(t, folder, bomb)
	for _, text := range c.before {
		if err := w.attempt(text); err != nil {
			t.Fatal(err)
		}
	}
	bomb.armed = true
	if err := c.deed(w); err != nil && !errors.Is(err, errCrash) {
		t.Fatalf("crash at effect %d (%s): %v", n, bomb.last, err)
	}
	if err := w.bench.Close(); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, folder, nil)
	again.bench.files.files = w.bench.files.files
	if _, err := again.bench.Recover(ctx); err != nil {
		t.Fatalf("crash at effect %d (%s): start again: %v", n, bomb.last, err)
	}
	if err := c.deed(again); err != nil {
		t.Fatalf("crash at effect %d (%s): the same again: %v", n, bomb.last, err)
	}
	again.checkBook(t)
	if err := again.bench.Store.Check(ctx); err != nil {
		t.Errorf("crash at effect %d (%s): %v", n, bomb.last, err)
	}
	end := ending{book: again.shelf(t).String(), totals: again.lastWrites(t), effects: bomb.count, last: bomb.last}
	end.undone = again.undone(t)
	if err := again.bench.Close(); err != nil {
		t.Fatal(err)
	}
	return end
}

// attempt runs a file, and returns the error that the process may die of.
func (w *world) attempt(text string) error {
	w.bench.files.put(w.Sync.Source.File, text)
	s, err := w.bench.Store.SaveSync(ctx, w.Sync.Defaults(), "")
	if err != nil {
		return err
	}
	r, err := w.bench.Engine.Plan(ctx, s)
	if err == nil && r.Status == store.Planned {
		_, err = w.bench.Engine.Apply(ctx, s, r)
	}
	return err
}

// attemptUndo takes the last run of the sync back, unless that is done already.
func (w *world) attemptUndo() error {
	s, err := w.bench.Store.Sync(ctx, w.Sync.Name)
	if err != nil {
		return err
	}
	r, err := w.bench.Store.LatestApplied(ctx, s.ID)
	if err != nil || r.Undone != 0 {
		return err
	}
	_, err = w.bench.Engine.Undo(ctx, s, r)
	return err
}

// undone is how many contacts were changed by the undo that the sync's last run
// says it was undone by.
func (w *world) undone(t tb) int64 {
	t.Helper()
	r := must[store.Run](t, "last run")(w.bench.Store.LatestApplied(ctx, must[store.Sync](t, "sync")(w.bench.Store.Sync(ctx, w.Sync.Name)).ID))
	if r.Undone == 0 {
		return 0
	}
	return must[store.Run](t, "undo")(w.bench.Store.Run(ctx, r.Undone)).Totals.Writes()
}

// lastWrites are the totals of the last run that wrote something.
func (w *world) lastWrites(t tb) plan.Totals {
	t.Helper()
	for _, r := range must[[]store.Run](t, "list runs")(w.bench.Store.Runs(ctx, 0, 100)) {
		if r.Totals.Writes() > 0 {
			return r.Totals
		}
	}
	return plan.Totals{}
}

func openAt(t *testing.T, folder string, b *bomb) *world {
	t.Helper()
	w, err := workspace.Open(ctx, workspace.Options{Folder: folder, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	bench := newBenchOn(w)
	if b != nil {
		w.Engine.Journal = journal{w.Store, b}
		w.Engine.Connector = dying{bench, b}
	}
	s := plan.Sync{Region: "GB", Match: []plan.Rule{plan.ByKey, plan.ByEmail, plan.ByPhone}}
	s.Source.EveryTime = true
	s.Target.Key = "uid"
	s.Policy.Delete = plan.Delete{NotFound: plan.Trash, Scope: plan.BroughtByThisSync}
	s.Guard.Explicit = true
	for _, f := range fields {
		s.Map = append(s.Map, plan.Mapping{From: f.Name, To: f.Name})
	}
	s.Name, s.Source.File, s.Target.Book = "world", "world.csv", "world"
	return &world{bench: bench, Sync: s, book: store.Book{Name: "world"}}
}

var errCrash = errors.New("the process has died")

// A bomb lets a number of effects happen and no more.
type bomb struct {
	armed bool
	at    int
	after bool // the last effect happens, but nobody hears of it
	count int
	last  string
}

// effect does something to the world, unless the process is dead.
func effect[T any](b *bomb, what string, do func() (T, error)) (none T, err error) {
	if !b.armed {
		return do()
	}
	b.count++
	switch {
	case b.at == 0 || b.count < b.at:
		return do()
	case b.count == b.at:
		b.last = what
		if b.after {
			if v, err := do(); err != nil {
				return v, err
			}
		}
	}
	return none, errCrash
}

func only(b *bomb, what string, do func() error) error {
	_, err := effect(b, what, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// journal counts what a run writes into the store.
type journal struct {
	run.Journal
	bomb *bomb
}

func (j journal) CreateRun(ctx context.Context, r *store.Run) error {
	return only(j.bomb, "create run", func() error { return j.Journal.CreateRun(ctx, r) })
}

func (j journal) UpdateRun(ctx context.Context, r *store.Run) error {
	return only(j.bomb, "update run to "+string(r.Status), func() error { return j.Journal.UpdateRun(ctx, r) })
}

func (j journal) DropPlans(ctx context.Context, sync int64) error {
	return only(j.bomb, "drop plans", func() error { return j.Journal.DropPlans(ctx, sync) })
}

func (j journal) ClearPlan(ctx context.Context, id int64) error {
	return only(j.bomb, "clear plan", func() error { return j.Journal.ClearPlan(ctx, id) })
}

func (j journal) AppendPlan(ctx context.Context, id int64, blocks []store.Block, seq int64, changes []plan.Change) error {
	return only(j.bomb, "append plan", func() error { return j.Journal.AppendPlan(ctx, id, blocks, seq, changes) })
}

// dying opens targets that count what is written to them.
type dying struct {
	*bench
	bomb *bomb
}

func (d dying) Target(ctx context.Context, s store.Sync, region string) (run.Target, error) {
	t, err := d.bench.Target(ctx, s, region)
	return dyingTarget{t, d.bomb}, err
}

type dyingTarget struct {
	run.Target
	bomb *bomb
}

func (t dyingTarget) Make(ctx context.Context, schema contact.Schema) error {
	return only(t.bomb, "make target", func() error { return t.Target.Make(ctx, schema) })
}

func (t dyingTarget) Reserve(ctx context.Context, id, n int64) (int64, error) {
	return effect(t.bomb, "reserve", func() (int64, error) { return t.Target.Reserve(ctx, id, n) })
}

func (t dyingTarget) Write(ctx context.Context, b connector.Batch) ([]connector.Result, error) {
	return effect(t.bomb, "write", func() ([]connector.Result, error) { return t.Target.Write(ctx, b) })
}

func (t dyingTarget) Finish(ctx context.Context, id int64) error {
	return only(t.bomb, "finish", func() error { return t.Target.Finish(ctx, id) })
}

func (t dyingTarget) AddKeys(ctx context.Context, rule plan.Rule, hits []connector.Hit) error {
	return only(t.bomb, "index "+string(rule), func() error { return t.Target.(run.KeyTaker).AddKeys(ctx, rule, hits) })
}
