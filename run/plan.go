package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/spill"
	"github.com/kith-sync/kith/store"
)

// Plan decides what a sync would do now and stores the decision. Nothing else is
// written: neither the target nor the source changes. The run it returns is
// planned, blocked by the guard, or skipped because nothing changed.
func (e *Engine) Plan(ctx context.Context, s store.Sync) (store.Run, error) {
	s.Definition = s.Definition.Defaults() // who says nothing of deleting deletes nobody, and is guarded
	source, err := e.Connector.Source(ctx, s)
	if err != nil {
		return store.Run{}, err
	}
	target, err := e.Connector.Target(ctx, s, s.Definition.PhoneRegion())
	if err != nil {
		return store.Run{}, err
	}
	state, err := target.State(ctx)
	if err != nil {
		return store.Run{}, err
	}
	r := store.Run{SyncID: s.ID, Name: s.Name, Kind: store.KindSync, Status: store.Planning, Started: e.Now(),
		BookID: target.BookID(), TargetState: state, Fingerprint: fingerprint(s.Definition)}
	r.Source = source.Name()
	last, err := e.lastRun(ctx, s.ID)
	if err != nil {
		return r, err
	}
	if done, err := e.unchanged(ctx, s, source, last, &r); done || err != nil {
		return r, err
	}
	st, err := e.stageSource(ctx, source, s.Definition)
	found(source, &r)
	if nothing, ok := errors.AsType[*connector.Nothing](err); ok {
		err = e.nothing(ctx, last, nothing, &r)
		return r, err
	}
	if err != nil {
		return e.failed(ctx, r, err)
	}
	r.SourceHash, r.SourceSize, r.Stage, r.Stamp = st.Hash, st.Size, st.name, st.Stamp
	r.Notes = append(r.Notes, st.Notes...)
	if err := e.Journal.DropPlans(ctx, s.ID); err != nil {
		return r, err
	}
	if err := e.Journal.CreateRun(ctx, &r); err != nil {
		return r, err
	}
	if err := e.makePlan(ctx, s, target, st, last, &r); err != nil {
		_ = e.Journal.ClearPlan(context.WithoutCancel(ctx), r.ID)
		return e.failed(ctx, r, err)
	}
	return r, e.Journal.UpdateRun(ctx, &r)
}

// guarded reports whether the guard looks at a sync's plans: it protects against
// accidental deletion, so it sleeps while nothing may be deleted, unless the
// sync names it (C39, settled question 4).
func guarded(s plan.Sync) bool {
	return s.Guard.Explicit || s.Policy.Delete.NotFound != plan.Keep
}

// guard notes on a plan what the guard has against it: what it would do, or what the sync
// removed in the last 24 hours together with it (I5).
func (e *Engine) guard(ctx context.Context, s store.Sync, r *store.Run) error {
	if !guarded(s.Definition) {
		return nil
	}
	g := s.Definition.Guard
	r.Stop = g.Check(r.Totals, r.GuardBase)
	if r.Stop != nil || r.Totals.Deleted == 0 || s.ID == 0 {
		return nil
	}
	before, err := e.Journal.DeletedSince(ctx, s.ID, e.Now().Add(-24*time.Hour))
	if err != nil {
		return err
	}
	r.Stop = g.CheckDay(r.Totals.Deleted, before, r.GuardBase)
	return nil
}

// lastRun returns the last run that carried its plan out, or nil when there is
// none or it was undone: then nothing of it holds any more.
func (e *Engine) lastRun(ctx context.Context, syncID int64) (*store.Run, error) {
	last, err := e.Journal.LatestApplied(ctx, syncID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || last.BlocksOf == 0 {
		return &last, err
	}
	decided, err := e.Journal.Run(ctx, last.BlocksOf)
	if err != nil || last.Undone != 0 || decided.Undone != 0 {
		return nil, err
	}
	return &last, nil
}

// dropStage removes the staged source of a run that came to nothing, unless the
// last run of its sync read the same content.
func (e *Engine) dropStage(ctx context.Context, r store.Run) {
	last, err := e.Journal.LatestApplied(ctx, r.SyncID)
	if r.Stage == "" || err == nil && last.Stage == r.Stage {
		return
	}
	_ = e.Files.Remove(e.stagePath(r.Stage)) // if it cannot be, it goes with its age
}

// records says how many records something is true of.
func records(n int64, one, many string) string {
	if n == 1 {
		return "1 record " + one
	}
	return fmt.Sprintf("%d records %s", n, many)
}

// people says how many contacts something is true of.
func people(n int, one, many string) string {
	if n == 1 {
		return "1 contact " + one
	}
	return fmt.Sprintf("%d contacts %s", n, many)
}

// failed records why a run could not be planned and returns the error.
func (e *Engine) failed(ctx context.Context, r store.Run, cause error) (store.Run, error) {
	ctx = context.WithoutCancel(ctx)
	r.Status, r.Finished = store.Failed, e.Now()
	if errors.Is(cause, context.Canceled) {
		r.Status = store.Cancelled
	}
	e.dropStage(ctx, r)
	r.Stage = ""
	r.Message, r.Code = cause.Error(), "run.failed"
	var known *Error
	if errors.As(cause, &known) {
		r.Code, r.Message = known.Code, known.Message
	}
	save := e.Journal.UpdateRun
	if r.ID == 0 {
		save = e.Journal.CreateRun
	}
	return r, errors.Join(cause, save(ctx, &r))
}

func (e *Engine) makePlan(ctx context.Context, s store.Sync, target Target, st *stage, last *store.Run, r *store.Run) error {
	schema, err := target.Schema(ctx)
	if err != nil {
		return err
	}
	b, err := e.bind(ctx, s.Definition, st, schema, target.Region())
	if err != nil {
		return err
	}
	if b.fillsPassword() { // under a name that did not tell
		if err := e.sealStage(st); err != nil {
			return err
		}
		r.Stage = st.name
	}
	book, err := e.rulebook(&b)
	if err != nil {
		return err
	}
	if r.Config, err = json.Marshal(b); err != nil {
		return err
	}
	r.Notes = append(r.Notes, b.Notes...)
	if len(b.Columns) == 0 {
		return e.planNothing(r, b)
	}
	p, err := e.readSource(ctx, b, book, target, st, last, r)
	if err != nil {
		return err
	}
	defer p.close()
	p.decided, p.out = newBitset(p.notes.count), newBitset(p.notes.count)
	if err := p.match(ctx); err != nil {
		return err
	}
	if err := p.loadTombstones(ctx); err != nil {
		return err
	}
	out := newPlanWriter(e, r.ID, r.SourceHash, r.TargetState, b.print())
	if err := p.decide(ctx, out); err != nil {
		return err
	}
	base, notes, err := p.removals(ctx, out, r.SyncID)
	if err != nil {
		return err
	}
	if err := out.flush(ctx); err != nil {
		return err
	}
	r.Notes = append(r.Notes, notes...)
	if out.reasons[string(plan.Erased)] > 0 && e.Vault != nil { // the source still has somebody who was erased: its copy tells nobody
		if err := e.sealStage(st); err != nil {
			return err
		}
		r.Stage = st.name
	}
	if n := p.warnings[string(contact.PhoneUnparseable)]; n > 0 && s.Definition.PhoneRegion() == "" && target.Region() == "" {
		r.Notes = append(r.Notes, records(n, "has", "have")+" a telephone that cannot be told without its country; region: GB, or whichever it is, reads it.")
	}
	if p.phoneOnly > 0 {
		r.Notes = append(r.Notes, records(p.phoneOnly, "has", "have")+" no e-mail but a telephone; match: [email, phone] takes them in.")
	}
	out.totals.BlankLines = p.blank
	r.Totals, r.Reasons, r.Warnings, r.GuardBase = out.totals, out.reasons, p.warnings, base
	r.PlanHash, r.BlocksOf = out.hash(), r.ID
	if err := e.guard(ctx, s, r); err != nil {
		return err
	}
	if r.Totals.Read == 0 {
		p.warnings["source.empty"]++
	}
	r.Status = store.Planned
	if !r.Totals.Balanced() {
		return fmt.Errorf("the totals of run %d do not add up: %+v", r.ID, r.Totals)
	}
	return nil
}

// planNothing is the plan for a source without even a header: nothing to read,
// nothing to remove.
func (e *Engine) planNothing(r *store.Run, b binding) error {
	r.Warnings = map[string]int64{"source.empty": 1}
	r.Notes = append(r.Notes, "The source is empty. Nothing was changed, and nothing was removed.")
	r.PlanHash, r.BlocksOf, r.Status = hashText([]byte(r.SourceHash+r.TargetState+b.print())), r.ID, store.Planned
	return nil
}

// readSource reads the source, looking only at what is new since the last run
// where it can. Where too much of the old is disturbed, it reads all of it anew.
func (e *Engine) readSource(ctx context.Context, b binding, book *plan.Rulebook, target Target, st *stage, last *store.Run, r *store.Run) (*planning, error) {
	var old *snapshot
	var err error
	if !book.AddOnly() {
		if old, err = e.openSnapshot(ctx, b, last, r.BookID); err != nil {
			return nil, err
		}
	}
	defer old.close()
	for {
		p, err := e.newPlanning(b, book, target, st, r.ID)
		if err != nil {
			return nil, err
		}
		if p.forgotten, err = Forgotten(ctx, e.Journal); err != nil {
			p.close()
			return nil, err
		}
		if err := p.loadKeepers(ctx); err != nil {
			p.close()
			return nil, err
		}
		if err := p.read(ctx, old); err != nil {
			p.close()
			return nil, err
		}
		if old == nil {
			return p, nil
		}
		settled, err := p.settle(ctx, old)
		if err != nil {
			p.close()
			return nil, err
		}
		if settled {
			return p, nil
		}
		p.close()
		old = nil
	}
}

// settle finds out whom the records that are as they were can be left to. It
// reports false when so much has changed that all must be read anew.
func (p *planning) settle(ctx context.Context, old *snapshot) (bool, error) {
	if p.settled == 0 {
		return true, nil // nobody is as before: nobody can be disturbed
	}
	freed, err := old.freedAll()
	if err != nil || p.beyond(freedLimit, len(freed)) {
		return false, err
	}
	others := append(freed, old.edited...)
	slices.Sort(others)
	if err := p.loadEdited(ctx, slices.Compact(others)); err != nil {
		return false, err
	}
	return p.reopenDisturbed(ctx)
}

func (e *Engine) newPlanning(b binding, book *plan.Rulebook, target Target, st *stage, run int64) (*planning, error) {
	temp := e.Temp
	if temp == "" {
		temp = os.TempDir()
	}
	notes, err := newNoteFile(temp)
	if err != nil {
		return nil, err
	}
	p := &planning{engine: e, binding: b, book: book, target: target, stage: st, run: run, notes: notes,
		entries: map[plan.Rule]*spill.Sorter{}, edited: map[plan.Rule][]uint64{}, verdicts: spill.New(temp, uint64(max(st.Size, 1))),
		taken: refset{}, keepers: refset{}, holders: map[int64]int64{}, seen: refset{}, several: map[int64][]int64{}, warnings: map[string]int64{},
		allKeys: Hashes(book.Target, target.Region(), e.Secret), fast: &failFast{reasons: map[uint8]int64{}}}
	for _, rule := range book.Rules {
		p.entries[rule] = spill.New(temp, maxHash)
	}
	return p, nil
}

func (p *planning) close() {
	p.notes.close()
	_ = p.verdicts.Close() // temporary files, which the next start would sweep
	for _, s := range p.entries {
		_ = s.Close()
	}
}

// fingerprint identifies a sync's settings (C48): a changed setting is a reason
// to run although the source is the same.
func fingerprint(s plan.Sync) string {
	s = s.Defaults()
	return hashText(whatMatters(s).Canonical())
}

// unchanged ends a run before it begins when neither the source nor the sync has
// changed since the last time (C48, settled question 16).
func (e *Engine) unchanged(ctx context.Context, s store.Sync, source connector.Source, last *store.Run, r *store.Run) (bool, error) {
	stager, ok := source.(connector.Stager)
	if !ok || last == nil || last.Fingerprint != r.Fingerprint || last.BlocksOf == 0 {
		return false, nil
	}
	size, hash, err := stager.Fingerprint(ctx, last.SourceSize)
	found(source, r)
	if nothing, ok := errors.AsType[*connector.Nothing](err); ok {
		return true, e.nothing(ctx, last, nothing, r)
	}
	if err != nil {
		failed, err := e.failed(ctx, *r, sourceFault(source.Name(), err))
		*r = failed
		return true, err
	}
	if size != last.SourceSize || hash != last.SourceHash {
		return false, nil
	}
	r.SourceHash, r.SourceSize, r.Stage, r.BlocksOf, r.Config = hash, size, last.Stage, last.BlocksOf, last.Config
	decided, err := e.Journal.Run(ctx, last.BlocksOf) // the last run that looked at every record
	if err != nil {
		return false, err
	}
	if s.Definition.Source.EveryTime {
		if decided.EndState != r.TargetState || s.Definition.Scope != "" || mayGoOn(decided) {
			return false, nil
		}
		var b binding
		if json.Unmarshal(decided.Config, &b) != nil {
			return false, nil
		}
		if moved, renamed, err := e.moved(ctx, decided, b); err != nil || renamed || len(moved) > 0 {
			return false, err
		}
		if decided.Totals.Created+decided.Totals.Updated > 0 && e.addsOnly(last) {
			return false, nil // what was created then, or lost its mark, would be skipped now
		}
		r.Warnings, r.FirstRef = decided.Warnings, decided.FirstRef
		return true, e.finishUnchanged(ctx, r, store.Succeeded, again(decided.Totals), decided.Reasons)
	}
	edited, err := e.Journal.TouchedSince(ctx, r.BookID, decided.ID)
	if err != nil {
		return true, err
	}
	r.Notes = append(r.Notes, "The source has not changed since run "+fmt.Sprint(last.ID)+"; nothing to do.")
	if edited, err = e.amongRecords(ctx, decided, edited); err != nil {
		return true, err
	}
	if len(edited) > 0 {
		r.Notes = append(r.Notes, people(len(edited), "was", "were")+" edited since. Run with --every-time to apply the source to them again.")
	}
	return true, e.finishUnchanged(ctx, r, store.SkippedUnchanged, plan.Totals{}, nil)
}

// found notes what a source that is looked for has turned out to be.
func found(source connector.Source, r *store.Run) {
	r.Source = source.Name()
	if t, ok := source.(connector.Tracker); ok {
		r.Origin, r.Waiting = t.Found()
	}
}

// nothing ends a run that has nothing to read. What the last run has read stays
// what the next one is compared with.
func (e *Engine) nothing(ctx context.Context, last *store.Run, n *connector.Nothing, r *store.Run) error {
	if last != nil {
		r.SourceHash, r.SourceSize, r.Stage, r.BlocksOf, r.Config, r.Fingerprint = last.SourceHash, last.SourceSize, last.Stage, last.BlocksOf, last.Config, last.Fingerprint
	}
	r.Notes = append(r.Notes, n.Why)
	status := store.SkippedUnchanged
	if n.Warning != "" {
		status, r.Warnings = store.WithWarnings, map[string]int64{n.Warning: 1}
	}
	return e.finishUnchanged(ctx, r, status, plan.Totals{}, nil)
}

// amongRecords returns those of the contacts that records of a run were found to
// be, or that it created: others are none of its sync's business.
func (e *Engine) amongRecords(ctx context.Context, decided store.Run, refs []int64) (ours []int64, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	asked, next := refset{}, decided.FirstRef
	for _, ref := range refs {
		asked.add(ref)
	}
	var outcomes []outcome
	for block, err := range e.Journal.Blocks(ctx, decided.ID) {
		if err != nil {
			return nil, err
		}
		if outcomes, err = decodeBlock(block, outcomes[:0]); err != nil {
			return nil, err
		}
		for _, o := range outcomes {
			if o.Action == plan.Create {
				o.Ref = next
				next++
			}
			if o.Ref != 0 && asked.has(o.Ref) {
				ours = append(ours, o.Ref)
			}
		}
	}
	slices.Sort(ours)
	return slices.Compact(ours), nil
}

// mayGoOn reports whether a run left records that may get on although the source
// is the same: those held, and those refused because several contacts shared a
// key (requirements 3.6).
func mayGoOn(r store.Run) bool {
	return r.Totals.Held > 0 || r.Reasons[string(plan.MatchSeveral)] > 0
}

// addsOnly reports whether a run's sync updates nothing.
func (e *Engine) addsOnly(r *store.Run) bool {
	var b binding
	if json.Unmarshal(r.Config, &b) != nil {
		return false
	}
	book, err := e.rulebook(&b)
	return err == nil && book != nil && book.AddOnly()
}

// again is what a run's totals are when the same source meets what it left.
func again(t plan.Totals) plan.Totals {
	t.Unchanged += t.Created + t.Updated
	t.Created, t.Updated, t.Deleted, t.Marked = 0, 0, 0, 0
	return t
}

func (e *Engine) finishUnchanged(ctx context.Context, r *store.Run, status store.Status, totals plan.Totals, reasons map[string]int64) error {
	r.Status, r.Totals, r.Reasons, r.Finished, r.EndState = status, totals, reasons, e.Now(), r.TargetState
	if status == store.Succeeded {
		r.Status = statusOf(totals, worrying(r.Warnings))
	}
	return e.Journal.CreateRun(ctx, r)
}

// worrying reports whether any of the warnings is one to look at.
func worrying(warnings map[string]int64) bool {
	for code, n := range warnings {
		if code != plan.CodeTrimmed && n > 0 {
			return true
		}
	}
	return false
}

// statusOf is the status of a run that was carried out to its end (requirements 3.7).
func statusOf(t plan.Totals, warnings bool) store.Status {
	switch {
	case t.Rejected+t.Failed > 0:
		return store.WithErrors
	case t.Held > 0 || warnings:
		return store.WithWarnings
	}
	return store.Succeeded
}

// stagePath is where a staged source lies.
func (e *Engine) stagePath(name string) string { return filepath.Join(e.Stage, name) }
