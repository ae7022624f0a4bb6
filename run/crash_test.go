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

// I6: the process may die before or after any effect of a run. The next start
// finishes what was begun, the same command again finds the rest, and the book
// is as it would have been without the crash.
func TestCrashAtEveryEffect(t *testing.T) {
	first := render(lines(
		"k1,ann@example.com,,020 7946 0001,Ann,Lee,Acme,en",
		"k2,bob@example.org,,020 7946 0002,Bob,Day,,",
		"k3,cyd@example.net,,,Cyd,Fox,Umbra,",
		"k3,cyd@example.net,,,Cyd,Twice,,",
		",,,,No,Key,,",
		",dee@@,,020 7946 0003,Dee,Bad,,",
	))
	second := render(lines(
		"k1,ann@example.com,,020 7946 0009,Ann,Lee,Umbra,en-GB",
		"k3,cyd@example.org,cyd@example.net,,Cyd,Fox,Umbra,",
		"k4,eve@example.com,,020 7946 0004,Eve,Roe,,",
		"k5,fay@example.com,,,Fay,Poe,,",
	))
	for _, c := range []struct {
		what string
		do   func(t *testing.T, w *world) error // the deed that may be interrupted; done again until it is through
	}{
		{"a fresh import", func(_ *testing.T, w *world) error { return w.try(first) }},
		{"creates, updates and deletes", func(t *testing.T, w *world) error {
			w.calmly(func() { must[store.Run](t, "first run")(w.tryRun(first)) })
			return w.try(second)
		}},
		{"an undo", func(t *testing.T, w *world) error {
			w.calmly(func() {
				must[store.Run](t, "first run")(w.tryRun(first))
				must[store.Run](t, "second run")(w.tryRun(second))
			})
			return w.tryUndo()
		}},
	} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, effect done %v", c.what, after), func(t *testing.T) {
				t.Parallel()
				want := crashed(t, 0, after, c.do)
				for n := 1; ; n++ {
					got := crashed(t, n, after, c.do)
					if got.effects < n {
						t.Logf("%d points", n-1)
						return
					}
					if got.book != want.book {
						t.Errorf("crash at effect %d (%s): the book is%s\nwant%s", n, got.last, got.book, want.book)
					}
					if got.totals != want.totals {
						t.Errorf("crash at effect %d (%s): totals %+v, want %+v", n, got.last, got.totals, want.totals)
					}
				}
			})
		}
	}
}

// ending is how things stand when a crash has been lived through.
type ending struct {
	book    string
	totals  plan.Totals // of the last run that wrote
	effects int
	last    string // the effect that did not happen, or was the last to
}

// crashed does the deed in a fresh workspace, dies at the n-th effect, starts
// again, and does the deed anew. With n = 0 nothing dies.
func crashed(t *testing.T, n int, after bool, do func(*testing.T, *world) error) ending {
	t.Helper()
	folder := t.TempDir()
	bomb := &bomb{at: n, after: after}
	w := openAt(t, folder, bomb)
	w.open(t, "world")
	bomb.armed = true
	err := do(t, w)
	end := ending{effects: bomb.count, last: bomb.last}
	if err != nil && !errors.Is(err, errCrash) {
		t.Fatalf("crash at effect %d (%s): %v", n, bomb.last, err)
	}
	if err := w.bench.Close(); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, folder, nil)
	again.book, again.Sync = w.book, w.Sync
	again.bench.files.files = w.bench.files.files
	if _, err := again.bench.Recover(ctx); err != nil {
		t.Fatalf("crash at effect %d (%s): start again: %v", n, bomb.last, err)
	}
	if err := again.settle(t, w.deed); err != nil {
		t.Fatalf("crash at effect %d (%s): the deed again: %v", n, bomb.last, err)
	}
	again.checkBook(t)
	if err := again.bench.Store.Check(ctx); err != nil {
		t.Errorf("crash at effect %d (%s): %v", n, bomb.last, err)
	}
	end.book, end.totals = again.shelf(t).String(), again.lastWrites(t)
	if err := again.bench.Close(); err != nil {
		t.Fatal(err)
	}
	return end
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
	return &world{bench: bench, Sync: s, bomb: b}
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
