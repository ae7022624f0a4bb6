package storm

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/connector/polite"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/simulate"
	"github.com/kith-sync/kith/store"
)

// A clock is the one of everybody in a world. It goes on when told, and when somebody
// sleeps.
type clock struct {
	mu sync.Mutex
	at time.Time
}

// Now is the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(max(0, d))
}

// Sleep lets time pass.
func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.pass(d)
	return ctx.Err()
}

// A world is a real store, a real book and the real engine between it and a sandbox on
// loopback, with a clock of its own and a notebook of what people did.
type world struct {
	seed   uint64
	ctx    context.Context
	path   string // of the database
	folder string
	store  *store.Store
	shape  store.Book
	vendor vendor
	server *httptest.Server
	client *http.Client
	clock  *clock
	conn   int64
	sync   store.Sync
	engine *link.Engine
	remote connector.Remote // opened, for a minute
	opened time.Time
	keys   int
	gone   plan.NotFound // what becomes of a person whom the other side has thrown away

	rng     *rand.Rand
	rate    float64 // of faults
	crashAt int     // effect of the step before or after which the process dies; 0: none
	effects int     // so far in the step
	dead    bool
	meddle  bool // people go on between our calls
	busy    int  // edits left in the step
	calm    bool // no faults any more

	people  []*person
	byEmail map[string]*person // by every address that anybody ever had
	serial  int
	said    map[string]string // consent at the vendor when we looked last, by id

	trace   hash.Hash64
	journal []string
	keep    bool
	result  *simulate.Result
}

const bookName = "people"

// The fields of the book, and of everybody's account in other words.
var bookFields = []contact.Field{
	{Name: "email", Kind: contact.Email}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name},
	{Name: "company", Kind: contact.Text}, {Name: "note", Kind: contact.Text}, {Name: "news", Kind: contact.Consent}, {Name: "sync_as", Kind: contact.Text},
}

func (w *world) setUp(p *Player, seed uint64) (err error) {
	w.ctx, w.trace, w.byEmail, w.said = context.Background(), fnv.New64a(), map[string]*person{}, map[string]string{}
	w.rng = rand.New(rand.NewPCG(seed, 0x73746f726d))
	w.clock = &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	if w.folder, err = os.MkdirTemp(p.folder, "world"); err != nil {
		return err
	}
	w.path = filepath.Join(w.folder, "kith.db")
	if err := os.WriteFile(w.path, p.empty, 0o600); err != nil {
		return err
	}
	w.vendor = vendors[p.system](w.rng, w.clock)
	w.server = httptest.NewServer(w.vendor)
	w.client = &http.Client{Transport: &wire{w, &http.Transport{}}}
	w.engine = &link.Engine{Ends: w, Now: w.now, Secret: secret, NewKey: func() string { w.keys++; return fmt.Sprint("key-", w.keys) }}
	if err := w.open(); err != nil {
		return err
	}
	if w.shape, err = w.store.CreateBook(w.ctx, store.Book{Name: bookName, Region: "GB", Fields: bookFields}); err != nil {
		return err
	}
	c, err := w.store.SaveConnection(w.ctx, store.Connection{Name: p.system, Kind: p.system})
	if err != nil {
		return err
	}
	w.conn = c.ID
	w.sync, err = w.store.SaveSync(w.ctx, w.definition(p.system), "")
	w.rate = pick(w.rng, 0, 0.02, 0.06, 0.15, 0.3)
	return err
}

var secret = plan.Secret{1, 2}

// definition is the sync as its file would have it.
func (w *world) definition(system string) plan.Sync {
	d := plan.Sync{Name: system, Source: plan.Endpoint{Book: bookName}, Target: plan.Endpoint{Connection: system, Object: w.vendor.object()}, Direction: plan.TwoWay}
	fromBook := chance(w.rng, 50)
	if !fromBook {
		d.Source, d.Target = d.Target, d.Source
	}
	winner := pick(w.rng, "", "", plan.WinSource, plan.WinTarget, plan.WinReview)
	for _, m := range w.vendor.fields() {
		one := plan.Mapping{From: m[0], To: m[1], Winner: winner, MayClear: m[0] == "note"}
		if !fromBook {
			one.From, one.To = one.To, one.From
		}
		if m[0] == "news" && w.vendor.hearsNo() {
			one.Direction = map[bool]string{true: plan.ToSource, false: plan.ToTarget}[fromBook]
		}
		d.Map = append(d.Map, one)
	}
	w.gone = pick(w.rng, plan.Keep, plan.Keep, plan.Trash, plan.Unlink)
	d.Policy = plan.Policy{Update: plan.WriteAlways, Back: plan.WriteAlways, Delete: plan.Delete{NotFound: w.gone, Back: w.gone, Scope: plan.WholeBook}}
	return d.Defaults()
}

// open opens the store, as a process does that comes up.
func (w *world) open() (err error) {
	if w.store != nil {
		err = w.store.Close()
	}
	if err == nil {
		w.store, err = store.OpenScratch(w.ctx, w.path)
	}
	w.engine.Memory, w.remote, w.dead = memory{w.store, w}, nil, false
	return err
}

func (w *world) close() {
	if w.server != nil {
		w.client.CloseIdleConnections()
		w.server.Close()
	}
	if w.store != nil {
		_ = w.store.Close() // the world is over
	}
	_ = os.RemoveAll(w.folder)
}

// now goes on by a moment whenever the engine looks at it.
func (w *world) now() time.Time {
	w.clock.pass(time.Millisecond)
	return w.clock.Now()
}

// Book, Remote and Pair are the ends the engine opens, put together as package
// workspace does it.
func (w *world) Book(ctx context.Context, _ store.Sync, _ contact.Schema) (link.Book, error) {
	b, err := book.Open(ctx, w.store, bookName, secret, nil)
	return mortalBook{b, w}, err
}

// Remote signs in at the sandbox.
func (w *world) Remote(ctx context.Context, _ store.Sync) (connector.Remote, error) {
	if w.remote != nil && w.clock.Now().Sub(w.opened) < time.Minute {
		return w.remote, nil
	}
	remote, err := w.vendor.open(ctx, w.server.URL, w.client, w.clock)
	if err != nil {
		return nil, &run.Error{Code: link.CodeUnreachable, Message: "not opened", Err: err}
	}
	w.remote, w.opened = polite.Remember(polite.Retry(remote, polite.DefaultPatience(), w.clock, w.rng)), w.clock.Now()
	return w.remote, nil
}

// Pair is the only one.
func (w *world) Pair(ctx context.Context, _ store.Sync, book int64) (store.Pair, error) {
	return w.store.PairOf(ctx, w.conn, w.vendor.object(), book)
}

// step is a stretch of life: people do something, and the sync runs, or dies.
func (w *world) step() {
	for range w.rng.IntN(5) {
		w.something()
	}
	w.effects, w.crashAt, w.meddle, w.busy = 0, 0, true, 3
	if chance(w.rng, 25) {
		w.crashAt = 1 + w.rng.IntN(pick(w.rng, 8, 25, 60))
	}
	w.work()
	w.meddle, w.crashAt = false, 0
	w.look()
	w.clock.pass(pick(w.rng, time.Second, 20*time.Second, 5*time.Minute, time.Hour, 26*time.Hour))
}

// work is what a process does: it finishes what was interrupted, then runs the sync.
// One that died comes up again later.
func (w *world) work() {
	if w.restart() {
		w.runOnce(chance(w.rng, 30))
	}
	if w.dead {
		w.say("crash at effect %d", w.effects)
		w.result.Crashes++
		if err := w.open(); err != nil {
			w.broken("open: %v", err)
		}
	}
}

func (w *world) runOnce(approve bool) (r store.Run, ok bool) {
	r, err := w.engine.Plan(w.ctx, w.sync)
	w.say("plan: %s %v %s", r.Status, r.Totals, r.Code)
	if w.expected(err); w.dead || err != nil || r.Status != store.Planned {
		return r, false
	}
	w.goOn() // somebody looks at the plan
	r.Approved = approve && r.Stop != nil
	r, err = w.engine.Apply(w.ctx, w.sync, r)
	w.ended("apply", r, err)
	return r, !w.dead && r.Status.Applied()
}

func (w *world) ended(did string, r store.Run, err error) {
	w.say("%s: %s %v %s", did, r.Status, r.Totals, r.Code)
	if w.expected(err); w.dead {
		return
	}
	w.result.Runs++
	if !r.Totals.Balanced() {
		w.broken("I8: the totals of run %d do not add up: %+v", r.ID, r.Totals)
	}
}

// expected complains about errors that no fault explains.
func (w *world) expected(err error) {
	var known *run.Error
	if err != nil && !w.dead && !errors.As(err, &known) {
		w.broken("I15: an error nobody understands: %v", err)
	}
}

func (w *world) restart() (survived bool) {
	if err := w.store.DropLeases(w.ctx); err != nil {
		w.broken("drop leases: %v", err)
	}
	open, err := w.store.Interrupted(w.ctx)
	if err != nil {
		w.broken("read interrupted runs: %v", err)
	}
	for _, r := range open {
		r, err := w.engine.Resume(w.ctx, w.sync, r)
		if w.ended("resume", r, err); w.dead {
			return false
		}
	}
	return true
}

// say adds a line to the trace.
func (w *world) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	fmt.Fprintln(w.trace, line)
	if w.keep {
		w.journal = append(w.journal, w.clock.Now().Format("15:04:05.000 ")+line)
	}
}

// broken records that a promise is not kept.
func (w *world) broken(format string, args ...any) {
	w.say("BROKEN "+format, args...)
	w.result.Violations = append(w.result.Violations, fmt.Sprintf(format, args...))
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

func chance(rng *rand.Rand, percent int) bool { return rng.IntN(100) < percent }
