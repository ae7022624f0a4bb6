package connectortest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// A fake is a remote in memory: the smallest that keeps all promises, and, with
// a bug planted, one that breaks a single one.
type fake struct {
	mu      sync.Mutex
	promise connector.Promises
	bug     string
	rows    map[string]fakeRow
	change  int
	n       int
	trouble Trouble
	age     int
}

type fakeRow struct {
	values map[string]string
	change int
	gone   bool
}

var fakeSchema = contact.Schema{Fields: []contact.Field{{Name: "email", Kind: contact.Email}, {Name: "first_name", Kind: contact.Name}, {Name: "note", Kind: contact.Text}}}

func newFake(bug string, readOnly bool) *fake {
	return &fake{bug: bug, rows: map[string]fakeRow{}, promise: connector.Promises{
		ChosenKey: !readOnly, Conditional: !readOnly, Incremental: true, TellsGone: true, Finds: []string{"email"}, ReadOnly: readOnly, WriteBatch: 5, FetchBatch: 5,
	}}
}

func (f *fake) Name() string                 { return "Memory: people" }
func (f *fake) Promises() connector.Promises { return f.promise }

func (f *fake) Schema(context.Context) (contact.Schema, error) { return fakeSchema, nil }

func (f *fake) Add(_ *testing.T, values map[string]string) string {
	f.n++
	id := fmt.Sprintf("id-%04d", f.n)
	f.store(id, values)
	return id
}

func (f *fake) Change(_ *testing.T, id string, values map[string]string) { f.store(id, values) }

func (f *fake) store(id string, values map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change++
	f.rows[id] = fakeRow{values: maps.Clone(values), change: f.change}
}

func (f *fake) Remove(_ *testing.T, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change++
	f.rows[id] = fakeRow{change: f.change, gone: true}
}

func (f *fake) item(id string) connector.Item {
	row := f.rows[id]
	if row.gone {
		return connector.Item{Record: contact.Record{ID: id}, Gone: true}
	}
	rec := contact.Record{ID: id, Version: strconv.Itoa(row.change)}
	for _, field := range fakeSchema.Fields {
		rec.Values = append(rec.Values, row.values[field.Name])
	}
	return connector.Item{Record: rec}
}

// fails is the trouble there is, as a fault.
func (f *fake) fails(ctx context.Context) error {
	if ctx.Err() != nil && f.bug != "does not stop" {
		return ctx.Err()
	}
	switch f.trouble {
	case SignedOut:
		return &connector.Fault{Kind: connector.Denied}
	case Down:
		return &connector.Fault{Kind: connector.Busy}
	case Throttled:
		after := 7 * time.Second
		if f.bug == "forgets when to try again" {
			after = 0
		}
		return &connector.Fault{Kind: connector.Busy, RetryAfter: after}
	}
	return nil
}

func (f *fake) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		f.mu.Lock()
		age, text, _ := strings.Cut(since, ".")
		after, _ := strconv.Atoi(text)
		var ids []string
		for id, row := range f.rows {
			if row.change > after && (!row.gone || since != "" && f.bug != "does not tell what is gone") || f.bug == "lists everything always" && !row.gone {
				ids = append(ids, id)
			}
		}
		slices.SortFunc(ids, func(a, b string) int { return f.rows[a].change - f.rows[b].change })
		end := strconv.Itoa(f.age) + "." + strconv.Itoa(f.change)
		var pages []connector.Page
		size := f.promise.FetchBatch
		if f.bug == "one page for all" {
			size = 1000
		}
		for some := range slices.Chunk(ids, size) {
			p := connector.Page{Cursor: strconv.Itoa(f.age) + "." + strconv.Itoa(f.rows[some[len(some)-1]].change)}
			if f.bug == "a cursor too far" {
				p.Cursor = end
			}
			for _, id := range some {
				p.Items = append(p.Items, f.item(id))
			}
			pages = append(pages, p)
		}
		if len(pages) == 0 {
			pages = append(pages, connector.Page{})
		}
		last := &pages[len(pages)-1]
		last.Cursor, last.Complete = end, since == "" || f.bug == "always complete"
		err := f.fails(ctx)
		if since != "" && age != strconv.Itoa(f.age) && f.bug != "takes any cursor" {
			err = &connector.Fault{Kind: connector.Expired}
		}
		cut := f.trouble == CutShort
		f.mu.Unlock()
		for i, p := range pages {
			if err == nil && ctx.Err() != nil && f.bug != "does not stop" {
				err = ctx.Err()
			}
			if cut && i == 1 {
				if f.bug == "a broken listing ends quietly" {
					return
				}
				err = &connector.Fault{Kind: connector.Busy}
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

func (f *fake) Fetch(ctx context.Context, ids []string) (items []connector.Item, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fails(ctx); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, known := f.rows[id]; known {
			items = append(items, f.item(id))
		}
	}
	return items, nil
}

func (f *fake) Find(ctx context.Context, field string, values []string) (items []connector.Item, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fails(ctx); err != nil {
		return nil, err
	}
	if field != "email" {
		return nil, &connector.Fault{Kind: connector.Invalid}
	}
	for id, row := range f.rows {
		same := func(v string) bool { return v != "" && strings.EqualFold(v, row.values[field]) }
		if f.bug == "a blank matches" {
			same = func(v string) bool { return strings.EqualFold(v, row.values[field]) }
		}
		if !row.gone && slices.ContainsFunc(values, same) {
			items = append(items, f.item(id))
		}
	}
	return items, nil
}

func (f *fake) Write(ctx context.Context, writes []connector.Write) (out []connector.Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range writes {
		err := f.fails(ctx)
		fault := fault(err)
		if err != nil && fault == nil {
			fault = &connector.Fault{Kind: connector.Busy, Err: err}
		}
		if f.promise.ReadOnly && f.bug != "writes though read only" {
			fault = &connector.Fault{Kind: connector.Denied}
		}
		if f.trouble == Refused {
			fault = &connector.Fault{Kind: connector.Invalid}
		}
		if fault != nil {
			out = append(out, connector.Outcome{Fault: fault})
			continue
		}
		o := f.one(w)
		if f.trouble == LostAnswer {
			o = connector.Outcome{Fault: &connector.Fault{Kind: connector.Unknown}}
			if f.bug == "a lost answer is called busy" {
				o.Fault.Kind = connector.Busy
			}
		}
		out = append(out, o)
	}
	return out
}

func (f *fake) one(w connector.Write) connector.Outcome {
	id := w.ID
	if w.Op == connector.OpCreate {
		id = "key-" + w.Key
		if f.bug == "two records for one key" {
			id += strconv.Itoa(f.change)
		}
		if row, exists := f.rows[id]; exists && !row.gone {
			return connector.Outcome{Record: f.item(id).Record}
		}
	}
	row, exists := f.rows[id]
	switch {
	case w.Op != connector.OpCreate && (!exists || row.gone):
		return connector.Outcome{Fault: &connector.Fault{Kind: connector.Missing}}
	case w.Version != "" && w.Version != strconv.Itoa(row.change) && f.bug != "writes over what was overtaken":
		return connector.Outcome{Fault: &connector.Fault{Kind: connector.Overtaken}}
	}
	f.change++
	if w.Op == connector.OpDelete {
		f.rows[id] = fakeRow{change: f.change, gone: true}
		return connector.Outcome{}
	}
	values := maps.Clone(row.values)
	if values == nil || f.bug == "an update forgets other fields" {
		values = map[string]string{}
	}
	maps.Copy(values, w.Set)
	f.rows[id] = fakeRow{values: values, change: f.change}
	o := connector.Outcome{Record: f.item(id).Record}
	if f.bug == "an outcome without version" {
		o.Record.Version = ""
	}
	return o
}

func suiteOfFakes(bug string, readOnly bool, promise func(*connector.Promises)) Remote {
	troubles := []Trouble{SignedOut, Throttled, Down, CutShort, OldCursor}
	if !readOnly {
		troubles = append(troubles, LostAnswer, Refused)
	}
	return Remote{
		Open: func(*testing.T) (connector.Remote, Other) {
			f := newFake(bug, readOnly)
			if promise != nil {
				promise(&f.promise)
			}
			return f, f
		},
		Troubles: troubles,
		Disturb: func(_ *testing.T, r connector.Remote, trouble Trouble) func() {
			f := r.(*fake)
			f.trouble = trouble
			if trouble == OldCursor {
				f.age++
			}
			return func() { f.trouble = "" }
		},
	}
}

func TestARemoteThatKeepsItsPromisesPasses(t *testing.T) {
	t.Run("read and write", suiteOfFakes("", false, nil).Run)
	t.Run("read only", suiteOfFakes("", true, nil).Run)
}

// planted are the bugs, and the promises too many or too few, that the suite
// must find.
func planted() map[string]Remote {
	out := map[string]Remote{}
	for _, bug := range []string{
		"does not stop", "does not tell what is gone", "lists everything always", "one page for all", "a cursor too far", "always complete", "takes any cursor",
		"a broken listing ends quietly", "a blank matches", "two records for one key", "writes over what was overtaken", "an update forgets other fields",
		"an outcome without version", "a lost answer is called busy", "forgets when to try again",
	} {
		out[bug] = suiteOfFakes(bug, false, nil)
	}
	out["writes though read only"] = suiteOfFakes("writes though read only", true, nil)
	for name, promise := range map[string]func(*connector.Promises){
		"keys are chosen, unpromised":     func(p *connector.Promises) { p.ChosenKey = false },
		"gone is told, unpromised":        func(p *connector.Promises) { p.TellsGone = false },
		"only changes, unpromised":        func(p *connector.Promises) { p.Incremental = false },
		"a search that does not exist":    func(p *connector.Promises) { p.Finds = append(p.Finds, "phone") },
		"a search that is not promised":   func(p *connector.Promises) { p.Finds = nil },
		"conditions are kept, unpromised": func(p *connector.Promises) { p.Conditional = false },
		"no batches":                      func(p *connector.Promises) { p.WriteBatch = 0 },
	} {
		out[name] = suiteOfFakes("", false, promise)
	}
	return out
}

// Each planted bug runs in a process of its own, because a test that must fail
// cannot run inside one that must pass.
func TestTheSuiteFindsPlantedBugs(t *testing.T) {
	bugs := planted()
	if name := os.Getenv("KITH_PLANTED"); name != "" {
		bugs[name].Run(t)
		return
	}
	for name := range bugs {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheSuiteFindsPlantedBugs$")
			cmd.Env = append(os.Environ(), "KITH_PLANTED="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || strings.Contains(string(out), "panic:") || !strings.Contains(string(out), "--- FAIL") {
				t.Errorf("planted %q: got %v, want the suite to fail:\n%s", name, err, out)
			}
		})
	}
}
