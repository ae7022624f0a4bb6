// Package link keeps an address book and a remote in step over links: which
// contact is which record, and what both last agreed on. It lists the remote
// into a mirror, has package plan decide about whatever changed on either side,
// stores the decision as a plan, applies exactly that plan, and remembers every
// write before it makes it. Like package run it has I/O on both sides; it knows
// no SQL and no system by name.
package link

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Memory is what the engine remembers: runs and plans, the mirror, links,
// intents and conflicts.
type Memory interface {
	CreateRun(ctx context.Context, r *store.Run) error
	UpdateRun(ctx context.Context, r *store.Run) error
	Run(ctx context.Context, id int64) (store.Run, error)
	Interrupted(ctx context.Context) ([]store.Run, error)
	Syncs(ctx context.Context) ([]store.Sync, error)
	BookRuns(ctx context.Context, book, after int64) ([]store.Run, error)
	TouchedSince(ctx context.Context, book, run int64) ([]int64, error)
	DropPlans(ctx context.Context, sync int64) error
	ClearPlan(ctx context.Context, run int64) error
	AppendPlan(ctx context.Context, run int64, blocks []store.Block, seq int64, changes []plan.Change) error
	Changes(ctx context.Context, run int64) iter.Seq2[store.StoredChange, error]
	ChangesOf(ctx context.Context, ref int64) iter.Seq2[store.StoredChange, error]
	Tombstones(ctx context.Context, book int64) ([]store.Contact, error)
	Suppressions(ctx context.Context) ([]store.Suppression, error)
	DeletedSince(ctx context.Context, sync int64, since time.Time) (int64, error)

	Pair(ctx context.Context, id int64) (store.Pair, error)
	Lease(ctx context.Context, pair int64, now, until time.Time) (epoch int64, err error)
	RenewLease(ctx context.Context, pair, epoch int64, until time.Time) error
	TakeListing(ctx context.Context, l store.Listing) (store.Pair, error)
	MirrorByID(ctx context.Context, ids []int64) ([]store.Mirrored, error)
	MirrorByRef(ctx context.Context, pair int64, refs []int64) ([]store.Mirrored, error)
	MirrorByRemote(ctx context.Context, pair int64, ids []string) ([]store.Mirrored, error)
	MirrorByKey(ctx context.Context, pair int64, rule plan.Rule, hashes []uint64) ([]store.MirrorHit, error)
	MirrorSince(ctx context.Context, pair, seq int64) ([]int64, error)
	MirrorLinked(ctx context.Context, pair int64) (int64, error)
	MirrorThere(ctx context.Context, pair int64) ([]string, error)
	Progress(ctx context.Context, sync, pair int64) (store.Progress, error)
	SaveProgress(ctx context.Context, p store.Progress, retry []store.Retry) error
	Retries(ctx context.Context, sync int64) ([]store.Retry, error)
	Intents(ctx context.Context, pair int64) ([]store.Intent, error)
	Intend(ctx context.Context, pair, epoch int64, intents []store.Intent) error
	WriteLinks(ctx context.Context, b store.LinkBatch) error
	OpenConflicts(ctx context.Context, pair int64) ([]store.Conflict, error)
}

// A Book is the address book's side of a pair.
type Book interface {
	connector.Index
	ID() int64
	Reserve(ctx context.Context, run, n int64) (first int64, err error)
	// Trashed yields those contacts with these handles, which must ascend, that were
	// thrown away, as they were last.
	Trashed(ctx context.Context, refs []int64) iter.Seq2[connector.Found, error]
	// WriteLinked carries changes out in one transaction with what they mean for
	// links, which is asked for once it is known which handles were refused.
	WriteLinked(ctx context.Context, b connector.Batch, links func(refused []int64) store.LinkBatch) ([]connector.Result, error)
}

// A Widener is a book that lacks fields which the sync brings. Its schema has them
// already; its contacts have no values there.
type Widener interface {
	Missing() []contact.Field
	Widen(ctx context.Context) error // adds them
}

// Ends opens the two ends of a linked sync.
type Ends interface {
	// Book returns the sync's address book, which it makes when it is new. It may be a
	// Widener.
	Book(ctx context.Context, s store.Sync, remote contact.Schema) (Book, error)
	Remote(ctx context.Context, s store.Sync) (connector.Remote, error)
	Pair(ctx context.Context, s store.Sync, book int64) (store.Pair, error)
}

// An Engine runs linked syncs. All it needs of the world comes in through its
// fields.
type Engine struct {
	Memory   Memory
	Ends     Ends
	Now      func() time.Time
	Secret   plan.Secret
	NewKey   func() string // a new idempotency key, never the same twice
	Reverse  Reverser
	Progress func(phase string, done, total int64)
	// SweepEvery is how often a remote that does not tell what is gone is listed
	// whole; one that does, every seventh time. Zero: a day.
	SweepEvery time.Duration
	// LeaseFor is how long a run that was held up keeps its pair from others. Zero:
	// the next run takes over at once, and the older one commits nothing more.
	LeaseFor time.Duration
}

// A pass is one sync over its pair: a plan in the making, or being applied.
type pass struct {
	*Engine
	sync     store.Sync
	book     Book
	remote   connector.Remote
	pair     store.Pair
	pairing  *plan.Pairing
	here     contact.Schema
	there    contact.Schema
	can      connector.Promises
	run      *store.Run
	resumed  bool                        // some of the plan may be carried out already
	sought   map[uint64][]connector.Item // records by e-mail, of creates in the balance; nil: each is looked for
	answered map[int64]bool              // changes that the remote said it has carried out
	lost     int                         // calls in a row that wrote and had no answer
	epoch    int64                       // of the lease: a commit under an older one is refused (I11)
	times    map[int64]time.Time         // of runs
	undos    map[int64]bool              // runs that have been looked at: whether they took one back over this pair
	twins    map[int64]bool              // mirrored records whose contact was merged into one that has a record of its own

	forgotten plan.Forgotten // people who were erased on request
	allKeys   func(values []string) func(plan.Rule) []uint64
}

func (e *Engine) open(ctx context.Context, s store.Sync, r *store.Run) (*pass, error) {
	remote, err := e.Ends.Remote(ctx, s)
	if err != nil {
		return nil, err
	}
	p := &pass{Engine: e, twins: map[int64]bool{}, undos: map[int64]bool{}, sync: s, remote: remote, can: remote.Promises(), run: r, answered: map[int64]bool{}}
	if p.there, err = remote.Schema(ctx); err != nil {
		return nil, e.unreachable(remote, err)
	}
	if p.book, err = e.Ends.Book(ctx, s, p.there); err != nil {
		return nil, err
	}
	if p.here, err = p.book.Schema(ctx); err != nil {
		return nil, err
	}
	if p.pair, err = e.Ends.Pair(ctx, s, p.book.ID()); err != nil {
		return nil, err
	}
	if p.epoch, err = e.Memory.Lease(ctx, p.pair.ID, e.Now(), e.Now().Add(e.LeaseFor)); err != nil {
		return nil, p.leased(err)
	}
	def := Complete(s.Definition.Towards(p.can.LookedAfter), p.here, p.there)
	if p.pairing, err = plan.Pair(def, p.here, p.there, p.book.Region()); err != nil {
		return nil, &run.Error{Code: run.CodeConfig, Message: err.Error()}
	}
	p.allKeys = run.Hashes(p.here, p.book.Region(), e.Secret)
	if p.forgotten, err = run.Forgotten(ctx, e.Memory); err != nil {
		return nil, err
	}
	r.BookID, r.Source, r.Fingerprint, r.Linked = p.book.ID(), remote.Name(), fingerprint(def), true
	if r.Reasons == nil { // a run read back from the store has none where it counted none
		r.Reasons = map[string]int64{}
	}
	return p, nil
}

// mayWrite refuses a sync that would write to a remote which takes no writes: every
// run of it would fail on the same records.
func (p *pass) mayWrite() error {
	if !p.can.ReadOnly {
		return nil
	}
	def, mend := p.pairing.Sync, ""
	switch back := slices.IndexFunc(def.Map, func(m plan.Mapping) bool { return m.Direction == plan.ToSource || m.Direction == plan.BothWays }); {
	case p.pairing.Forward() == plan.WayOut && def.Direction == plan.TwoWay:
		mend = ", so it cannot be the target; make it the source, and leave direction out"
	case p.pairing.Forward() == plan.WayOut:
		mend = ", so it cannot be the target; make it the source"
	case def.Direction == plan.TwoWay:
		mend = "; leave direction out"
	case back >= 0:
		mend = "; leave the direction of " + def.Map[back].To + " out"
	default:
		return nil
	}
	name := cmp.Or(def.Source.Connection, def.Target.Connection)
	return &run.Error{Code: run.CodeConfig, Message: name + " takes no writes" + mend + ". Nothing was changed"}
}

// CodeLeased is the code of a run that was not begun because another one is
// going on between the same object and book.
const CodeLeased = "sync.running"

func (p *pass) leased(err error) error {
	if !errors.Is(err, store.ErrLeased) {
		return err
	}
	return &run.Error{Code: CodeLeased, Message: fmt.Sprintf("Another run between %s and %s is going on. Nothing was changed. Run the sync again when it has ended", p.remote.Name(), p.book.Name())}
}

// renew keeps the pair for as long again.
func (p *pass) renew(ctx context.Context) error {
	if p.LeaseFor == 0 {
		return ctx.Err()
	}
	return p.Memory.RenewLease(ctx, p.pair.ID, p.epoch, p.Now().Add(p.LeaseFor))
}

// release gives the pair free for the next run.
func (p *pass) release(ctx context.Context) {
	_ = p.Memory.RenewLease(context.WithoutCancel(ctx), p.pair.ID, p.epoch, time.Time{}) // whoever has it now keeps it
}

// Complete fills in what a linked sync leaves open: the map, see BookFields, and the
// match rules.
func Complete(def plan.Sync, here, there contact.Schema) plan.Sync {
	if len(def.Map) == 0 {
		for i, f := range BookFields(here, there) {
			m := plan.Mapping{From: there.Fields[i].Name, To: f.Name}
			if def.Source.Book != "" {
				m.From, m.To = m.To, m.From
			}
			if here.Index(f.Name) >= 0 {
				def.Map = append(def.Map, m)
			}
		}
	}
	def.Map = slices.DeleteFunc(slices.Clone(def.Map), func(m plan.Mapping) bool {
		ours, theirs := m.To, m.From
		if def.Source.Book != "" {
			ours, theirs = m.From, m.To
		}
		return m.Optional && (here.Index(ours) < 0 || there.Index(theirs) < 0)
	})
	if len(def.Match) == 0 {
		def.Match = []plan.Rule{plan.ByLink, plan.ByEmail}
	}
	return def
}

func fingerprint(def plan.Sync) string {
	sum := sha256.Sum256(def.Canonical())
	return hex.EncodeToString(sum[:])
}

// Fault codes of a run that a remote ended.
const (
	CodeUnreachable = "target.unreachable"
	CodeDenied      = "connection.denied"
	CodeQuota       = "quota.paused"
)

// unreachable says for people that a remote did not answer as it should.
func (e *Engine) unreachable(remote connector.Remote, err error) error {
	var f *connector.Fault
	if !errors.As(err, &f) {
		return err
	}
	code, next := CodeUnreachable, "Nothing more was written. Run the sync again later"
	switch f.Kind {
	case connector.Denied:
		code, next = CodeDenied, "Nothing more was written. Sign in again: kith connections set"
	case connector.Quota:
		code, next = CodeQuota, "What was not done is done by the next run"
	}
	return &run.Error{Code: code, Message: fmt.Sprintf("%s: %s. %s", remote.Name(), strings.TrimRight(f.Error(), ". "), next), Err: f}
}

// marks are how far a run's plan looked; they count once it is applied. A run without any
// has looked at nothing.
type marks struct {
	MirrorSeq int64 `json:"mirror_seq"`
	BookRun   int64 `json:"book_run"`
}

func marksOf(r *store.Run) (m marks, err error) {
	if len(r.Config) == 0 {
		return m, nil
	}
	return m, json.Unmarshal(r.Config, &m)
}

func (e *Engine) progress(phase string, done, total int64) {
	if e.Progress != nil {
		e.Progress(phase, done, total)
	}
}

func (p *pass) state(ctx context.Context) (string, error) {
	book, err := p.book.State(ctx)
	if err != nil {
		return "", err
	}
	pair, err := p.Memory.Pair(ctx, p.pair.ID)
	p.pair = pair
	return fmt.Sprintf("%s/%d", book, pair.Seq), err
}
