package simulate

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A world is a real store, a real book and real engines between it and remotes
// in memory, with a clock of its own and a notebook of what people did.
type world struct {
	Setup
	ctx      context.Context
	folder   string
	path     string // of the database
	store    *store.Store
	backups  []backup
	restored int        // times that one was put back
	shape    store.Book // the book: its fields stay as they are
	systems  []*system
	secret   plan.Secret
	keys     int

	offset time.Duration // of our clock
	behind time.Duration // how far it was set back: the systems have clocks of their own
	ticks  int64

	rng     *rand.Rand // of the step being played
	rate    float64    // of faults in it
	crashAt int        // effect of the step before or after which a crash comes; 0: none
	effects int        // so far in the step
	meddle  bool       // people may edit between our calls
	budget  int        // of such edits in the step
	planned map[string]bool

	notes   notebook
	doings  int // of people in the book
	trace   hash.Hash64
	journal []string // the last lines of the trace, when they are wanted
	keep    bool

	result *Result
}

// A system is one remote of the world and the syncs over it.
type system struct {
	System
	*world
	at     int // 1 for the first: the book is 0
	name   string
	remote *Remote
	conn   int64
	pair   store.Pair
	syncs  []store.Sync
	engine *link.Engine
	plans  map[int64]store.Run // planned, and not applied yet, by sync

	hidden    bool             // its listings are narrowed
	made      map[int64]string // contact -> the record we created for it
	linked    map[int64]string // contact -> the record it is linked to, ever
	came      map[string]int64 // the other way round
	ever      map[string]bool  // records that were a contact's once, or that contacts were made of
	refOf     map[string]int64 // idempotency key -> contact
	wantedBy  map[string]int64 // idempotency key -> run
	intended  map[string]int64 // idempotency key -> sequence of the remote up to which we had looked before
	knownBy   map[int64]int64  // run -> sequence of the remote when its plan was made
	tried     map[string]int   // how often idempotency keys were sent
	ranSince  int64            // sequence of the remote when the plan was made
	looked    int64            // sequence of the pair when its links were looked at
	narrowed  bool             // a listing was narrowed once
	logged    map[int64]int    // conflicts, and when they were seen first
	why       map[string]plan.Action
	acted     map[string]bool  // what it may have written
	actedBy   map[deed]bool    // the same of every run, and of 0: late writes that came while none was carried out
	forgotten map[string]bool  // what was written by when the store was put back: a run that it resumes takes it for its own
	running   int64            // run that is carried out, first or again
	asked     map[string]bool  // records whose deletion was asked for, whatever was answered
	handled   map[string]bool  // records that people undeleted, restored or took back: whose they are is for the engine to say
	lost      map[string]bool  // keys of creates that were on their way when the store was put back
	planning  bool             // while a plan is made
	undoing   bool             // while a run is taken back
	left      map[place]string // what that run has left
	takenBack int64            // the run that is taken back, or was last
	applying  int64            // run, while it is carried out
	did       map[string]int64 // what the run that is applied has certainly written, and to whom

	removedHere, removedThere       int // in the run that is applied
	populationHere, populationThere int // when its plan was made
	removals                        []removal
}

// A backup is a copy of the store, and what was known of its runs then.
type backup struct {
	image []byte // of the database
	notes notebook
	runs  []runsOf // by system
}

// A deed is what a run may have written.
type deed struct {
	run int64
	did string
}

// runsOf is what is known of a system's runs: what they said, and what one that is
// not at its end has done.
type runsOf struct {
	why      map[string]plan.Action
	acted    map[string]bool
	did      map[string]int64
	applying int64

	removedHere, removedThere int
	ranSince                  int64
}

var bookFields = []contact.Field{
	{Name: "email", Kind: contact.Email}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name},
	{Name: "phone", Kind: contact.Phone}, {Name: "company", Kind: contact.Text}, {Name: "stage", Kind: contact.Text},
	{Name: "private", Kind: contact.Text},
}

var remoteFields = contact.Schema{Fields: []contact.Field{
	{Name: "email", Kind: contact.Email}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name},
	{Name: "phone", Kind: contact.Phone}, {Name: "company", Kind: contact.Text}, {Name: "stage", Kind: contact.Text},
	{Name: "theirs_only", Kind: contact.Text},
}}

const bookName = "people"

// newWorld returns the world also where it could not be set up, for its store to be closed.
func newWorld(setup Setup, g *ground, result *Result) (w *world, err error) {
	w = &world{Setup: setup, ctx: context.Background(), folder: g.folder, path: g.path, store: g.store, secret: plan.Secret{1, 2}, trace: fnv.New64a(), result: result}
	w.notes = newNotebook()
	if w.shape, err = w.store.CreateBook(w.ctx, store.Book{Name: bookName, Region: "GB", Fields: bookFields}); err != nil {
		return w, err
	}
	for i, s := range setup.Systems {
		if err = w.addSystem(i+1, s); err != nil {
			return w, fmt.Errorf("system %d: %w", i+1, err)
		}
	}
	return w, nil
}

func (w *world) open() (err error) {
	w.store, err = store.OpenScratch(w.ctx, w.path)
	for _, s := range w.systems {
		s.engine.Memory = effects{w.store, s}
	}
	return err
}

func (w *world) addSystem(at int, setup System) error {
	s := &system{System: setup, world: w, at: at, name: fmt.Sprintf("system%d", at), plans: map[int64]store.Run{},
		made: map[int64]string{}, linked: map[int64]string{}, came: map[string]int64{}, ever: map[string]bool{}, refOf: map[string]int64{}, wantedBy: map[string]int64{}, intended: map[string]int64{},
		knownBy: map[int64]int64{}, tried: map[string]int{}, logged: map[int64]int{}, why: map[string]plan.Action{}, did: map[string]int64{}, acted: map[string]bool{},
		actedBy: map[deed]bool{}, forgotten: map[string]bool{}, asked: map[string]bool{}, lost: map[string]bool{}, handled: map[string]bool{}}
	s.remote = NewRemote(remoteFields, connector.Promises{ChosenKey: setup.ChosenKey, Conditional: setup.Conditional, Incremental: setup.Incremental,
		TellsGone: setup.TellsGone, Finds: setup.Finds, WriteBatch: setup.Batch, FetchBatch: setup.Batch + 1, Lag: setup.Lag()}, w.theirNow)
	s.wire()
	c, err := w.store.SaveConnection(w.ctx, store.Connection{Name: s.name, Kind: "fake"})
	if err != nil {
		return err
	}
	s.conn = c.ID
	if s.pair, err = w.store.PairOf(w.ctx, s.conn, "contacts", 1); err != nil {
		return err
	}
	for i, f := range setup.Syncs {
		saved, err := w.store.SaveSync(w.ctx, f.definition(fmt.Sprintf("%s-%d", s.name, i+1), s.name), "")
		if err != nil {
			return err
		}
		s.syncs = append(s.syncs, saved)
	}
	s.engine = &link.Engine{Memory: effects{w.store, s}, Ends: s, Now: w.now, Secret: w.secret, NewKey: w.newKey, Reverse: s.reverse}
	w.systems = append(w.systems, s)
	return nil
}

// definition is a flow as a sync file would have it.
func (f Flow) definition(name, connection string) plan.Sync {
	d := plan.Sync{Name: name, Source: plan.Endpoint{Connection: connection}, Target: plan.Endpoint{Book: bookName}, Match: f.Match, Map: f.Map}
	if f.FromBook {
		d.Source, d.Target = d.Target, d.Source
	}
	if d.Direction = plan.OneWay; f.TwoWay {
		d.Direction = plan.TwoWay
	}
	d.Policy = plan.Policy{Update: f.Update, Back: f.Back, Delete: plan.Delete{NotFound: f.Gone, Back: f.GoneBack}}
	if f.Whole {
		d.Policy.Delete.Scope = plan.WholeBook
	}
	return d.Defaults()
}

func (w *world) newKey() string { w.keys++; return fmt.Sprint("key", w.keys) }

// now is a clock that only the course of events moves.
func (w *world) now() time.Time {
	w.ticks++
	return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).Add(w.offset + time.Duration(w.ticks)*time.Millisecond)
}

// theirNow is the clock of the systems, which nobody sets back.
func (w *world) theirNow() time.Time { return w.now().Add(w.behind) }

// Book, Remote and Pair are the ends the engine opens.
func (s *system) Book(ctx context.Context, _ store.Sync, _ contact.Schema) (link.Book, error) {
	b, err := book.Open(ctx, s.store, bookName, s.secret, nil)
	return bookEffects{b, s}, err
}

// Remote is the one in memory.
func (s *system) Remote(context.Context, store.Sync) (connector.Remote, error) { return s.remote, nil }

// Pair is shared by all syncs over the system.
func (s *system) Pair(ctx context.Context, _ store.Sync, book int64) (store.Pair, error) {
	return s.store.PairOf(ctx, s.conn, "contacts", book)
}

// say adds a line to the trace.
func (w *world) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	fmt.Fprintln(w.trace, line)
	if w.keep {
		w.journal = append(w.journal, line)
	}
}

// broken records that an invariant does not hold.
func (w *world) broken(format string, args ...any) {
	w.say("BROKEN "+format, args...)
	w.result.Violations = append(w.result.Violations, fmt.Sprintf(format, args...))
}

// A crash is what the process dies of, in the middle of everything.
type crash struct{}

// alive runs f and reports whether the process outlived it.
func (w *world) alive(f func()) (survived bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, planned := p.(crash); !planned {
				panic(p)
			}
			w.say("crash at effect %d", w.effects)
			w.result.Crashes++
		}
	}()
	f()
	return true
}

// forget is what a crash does to what only the process knew: its plans in hand,
// and answers that it had not written down.
func (w *world) forget() {
	for _, s := range w.systems {
		s.planned = nil
		maps.DeleteFunc(s.did, func(did string, _ int64) bool { return strings.HasPrefix(did, "there") })
	}
}

// plan has a sync planned; ok tells whether there is a plan now.
func (s *system) plan(sync store.Sync) (r store.Run, ok bool) {
	delete(s.plans, sync.ID)
	writes, before := s.remote.Writes-s.remote.Settled, s.book()
	s.populationHere, s.populationThere = int(before.Population), len(s.remote.There())
	s.ranSince = s.remote.seq
	s.planned, s.running = nil, 0
	meddled := s.doings
	s.planning = true
	defer func() { s.planning = false }()
	r, err := s.engine.Plan(s.ctx, sync)
	s.say("plan %s: %s %v %s", sync.Name, r.Status, r.Totals, r.Code)
	s.knownBy[r.ID] = s.remote.seq
	s.expected(err)
	if s.book().Seq != before.Seq && s.doings == meddled {
		s.broken("I10: making a plan of %s changed the book", sync.Name)
	}
	if s.remote.Writes-s.remote.Settled != writes && !s.ChosenKey {
		s.broken("I10: making a plan of %s wrote to the remote", sync.Name)
	}
	if err == nil && r.Status == store.Planned {
		s.checkListing()
		s.checkTotals(r, s.journalOf(r))
		if !s.TellsGone { // who is gone there counts until a listing of everything is asked
			s.populationThere = max(s.populationThere, s.known())
		}
		s.plans[sync.ID] = r
		return r, true
	}
	return r, false
}

// apply carries a plan out that was made now or earlier.
func (s *system) apply(sync store.Sync, r store.Run, approve bool) store.Run {
	delete(s.plans, sync.ID)
	r.Approved, s.applying, s.running = approve, r.ID, r.ID
	s.planned = s.plannedWrites(r)
	defer func() { s.planned = nil }()
	r, err := s.engine.Apply(s.ctx, sync, r)
	s.say("apply %s: %s %v %s", sync.Name, r.Status, r.Totals, r.Code)
	s.expected(err)
	if errors.Is(err, errDisk) {
		return r // what the store says of the run is read when the process comes up again
	}
	s.checkRun(r)
	s.applying = 0
	return r
}

// expected complains about errors that no fault explains.
func (w *world) expected(err error) {
	var known *run.Error
	switch {
	case errors.Is(err, errDisk):
		w.forget() // the process gives up, as in a crash
	case err == nil, errors.As(err, &known):
	default:
		w.broken("I15: an error nobody understands: %v", err)
	}
}

// restart is what the process does first when it comes up: it finishes the runs
// that were interrupted.
func (w *world) restart() bool {
	if err := w.store.DropLeases(w.ctx); err != nil {
		w.broken("drop leases: %v", err)
	}
	open, err := w.store.Interrupted(w.ctx)
	if err != nil {
		w.broken("read interrupted runs: %v", err)
	}
	w.finished(open)
	for _, r := range open {
		s, sync := w.syncOf(r.SyncID)
		if s == nil {
			continue // an edit by hand
		}
		if r.Kind == store.KindUndo {
			s.undo(true)
			if of, err := w.store.Run(w.ctx, r.UndoOf); err == nil {
				s.takes(of)
			}
			r, err := s.engine.Resume(w.ctx, sync, r)
			w.say("resume undo of %s: %s %v %s", sync.Name, r.Status, r.Totals, r.Code)
			w.expected(err)
			s.undone(r)
			if errors.Is(err, errDisk) {
				return false
			}
			continue
		}
		s.applying, s.running = r.ID, r.ID
		s.planned = s.plannedWrites(r)
		r, err := s.engine.Resume(w.ctx, sync, r)
		s.planned = nil
		w.say("resume %s: %s %v %s", sync.Name, r.Status, r.Totals, r.Code)
		w.expected(err)
		if errors.Is(err, errDisk) {
			return false
		}
		s.checkRun(r)
		s.applying = 0
	}
	return true
}

// finished looks at runs that had just ended when the process died.
func (w *world) finished(open []store.Run) {
	for _, s := range w.systems {
		if s.applying == 0 || slices.ContainsFunc(open, func(r store.Run) bool { return r.ID == s.applying }) {
			continue
		}
		if r, err := w.store.Run(w.ctx, s.applying); err == nil {
			s.checkRun(r)
		}
		s.applying = 0
	}
}

func (w *world) syncOf(id int64) (*system, store.Sync) {
	for _, s := range w.systems {
		for _, sync := range s.syncs {
			if sync.ID == id {
				return s, sync
			}
		}
	}
	return nil, store.Sync{}
}

func (w *world) book() store.Book {
	b, err := w.store.Book(w.ctx, bookName)
	if err != nil {
		w.broken("read book: %v", err)
	}
	return b
}

// contacts reads the book.
func (w *world) contacts() map[int64]map[string]string {
	all, err := Contacts(w.ctx, w.store, w.shape)
	if err != nil {
		w.broken("read contacts: %v", err)
	}
	return all
}
