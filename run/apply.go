package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/spill"
	"github.com/kith-sync/kith/store"
)

// Apply carries exactly the planned run out. It is refused when the target has
// moved since the plan was made, or when the guard objects and nobody approved.
func (e *Engine) Apply(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if r.Status != store.Planned {
		return r, &Error{Code: CodePlanUsed, Message: fmt.Sprintf("Plan %s was used already (run %d is %s). Make a new plan", short(r.PlanHash), r.ID, r.Status)}
	}
	if r.Pruned {
		return r, detailsGone(r, "plan "+short(r.PlanHash)+" can no longer be applied; make a new plan")
	}
	target, err := e.Connector.Target(ctx, s, s.Definition.PhoneRegion())
	if err != nil {
		return r, err
	}
	state, err := target.State(ctx)
	if err != nil {
		return r, err
	}
	if state != r.TargetState {
		return r, moved(r, target.Name())
	}
	if err := e.sourceStands(ctx, s, r); err != nil {
		return r, err
	}
	if r.Stop != nil && !r.Approved {
		r.Status, r.Finished, r.Code, r.Message = store.Blocked, e.Now(), "guard.stopped", r.Stop.Message()
		return r, e.Journal.UpdateRun(ctx, &r)
	}
	if r.Totals.Writes() == 0 {
		r.EndState = state
		return e.finished(ctx, r)
	}
	if err := e.stageStands(ctx, r); err != nil {
		return r, err
	}
	r.Status, r.Started = store.Applying, e.Now()
	if err := e.Journal.UpdateRun(ctx, &r); err != nil {
		return r, err
	}
	return e.carryOut(ctx, target, r)
}

// moved refuses a plan that no longer fits the world (requirements 3.12).
func moved(r store.Run, what string) error {
	return &Error{Code: CodePlanMoved, Message: fmt.Sprintf("%s has changed since plan %s was made. Nothing was written. Make a new plan", what, short(r.PlanHash))}
}

// sourceStands checks that neither the sync nor its source has changed since the
// plan was made.
func (e *Engine) sourceStands(ctx context.Context, s store.Sync, r store.Run) error {
	if fingerprint(s.Definition) != r.Fingerprint {
		return moved(r, "The sync "+s.Name)
	}
	source, err := e.Connector.Source(ctx, s)
	if err != nil {
		return err
	}
	if stager, ok := source.(connector.Stager); ok {
		return e.fileStands(ctx, stager, r)
	}
	st, err := e.stageSource(ctx, source, s.Definition)
	if err != nil {
		return err
	}
	if st.Hash != r.SourceHash {
		return errors.Join(moved(r, source.Name()), e.Files.Remove(e.stagePath(st.name)))
	}
	return nil
}

func (e *Engine) fileStands(ctx context.Context, source connector.Stager, r store.Run) error {
	stamp, err := source.Stamp(ctx)
	if err != nil {
		return moved(r, source.Name()) // it is gone, or cannot be read any more
	}
	if stamp != "" && stamp == r.Stamp {
		return nil
	}
	size, hash, err := source.Fingerprint(ctx, r.SourceSize)
	if err != nil || size != r.SourceSize || hash != r.SourceHash {
		return moved(r, source.Name())
	}
	return nil
}

// short is how people name a plan.
func short(hash string) string { return hash[:min(8, len(hash))] }

// Resume finishes a run that was interrupted while it was applied, from the last
// point that is durable. Nothing is lost and nothing is written twice.
func (e *Engine) Resume(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if r.Status == store.Planning {
		r.Status, r.Finished, r.Code = store.Discarded, e.Now(), CodeInterrupted
		r.Message = "The run was interrupted while it was planned. Nothing was written."
		e.dropStage(ctx, r)
		r.Stage = ""
		return r, errors.Join(e.Journal.ClearPlan(ctx, r.ID), e.Journal.UpdateRun(ctx, &r))
	}
	target, err := e.targetOf(ctx, s, r)
	if err != nil {
		return r, err
	}
	if r.Kind != store.KindSync {
		return e.carryOutDirect(ctx, target, r)
	}
	if err := e.stageStands(ctx, r); err != nil {
		var lost *Error
		if !errors.As(err, &lost) {
			return r, err // it could not be read this time
		}
		return e.giveUp(ctx, target, r, lost.Code)
	}
	if target.Durable() {
		return e.carryOut(ctx, target, r)
	}
	state, err := target.State(ctx)
	switch {
	case err != nil:
		return r, err
	case state == r.EndState:
		return e.finished(ctx, r)
	case state != r.TargetState:
		r.Status, r.Finished, r.Code = store.Failed, e.Now(), CodeTargetMoved
		r.Message = target.Name() + " was changed by somebody else while the run was interrupted. It was left as it is. Run the sync again."
		return r, e.Journal.UpdateRun(ctx, &r)
	}
	r.Position = 0
	return e.carryOut(ctx, target, r)
}

// giveUp ends a run that cannot be finished because its staged source is lost.
// What it has written stays, with its match keys, and it says how far it came.
func (e *Engine) giveUp(ctx context.Context, target Target, r store.Run, code string) (store.Run, error) {
	a := &applying{engine: e, run: &r, target: target, until: r.Position}
	if target.Durable() && r.Position > 0 {
		if err := a.index(ctx); err != nil {
			return r, err
		}
	}
	lost := "is gone"
	if code == CodeStageAltered {
		lost = "has been altered"
	}
	r.Status, r.Finished, r.Code = store.Failed, e.Now(), code
	r.Message = fmt.Sprintf("The run was interrupted after %d of %d records, and the copy of its source %s, so it cannot be finished. "+
		"What was written stays. Run the sync again.", min(r.Position, r.Totals.Read), r.Totals.Read, lost)
	return r, e.Journal.UpdateRun(ctx, &r)
}

// carryOut applies the rest of a run's plan.
func (e *Engine) carryOut(ctx context.Context, target Target, r store.Run) (store.Run, error) {
	var b binding
	if err := json.Unmarshal(r.Config, &b); err != nil {
		return r, fmt.Errorf("read plan: %w", err)
	}
	if err := target.Make(ctx, b.Target); err != nil {
		return r, err
	}
	r.BookID = target.BookID()
	if err := e.Journal.UpdateRun(ctx, &r); err != nil {
		return r, err
	}
	if err := e.keepTarget(ctx, target, r); err != nil {
		return r, err
	}
	a := &applying{engine: e, run: &r, binding: b, target: target}
	for _, step := range []func(context.Context) error{a.rows, a.removals, a.index, a.finish} {
		if err := step(ctx); err != nil {
			return r, err
		}
	}
	return e.finished(ctx, r)
}

func (e *Engine) finished(ctx context.Context, r store.Run) (store.Run, error) {
	if r.Kind == store.KindUndo {
		if err := MarkUndone(ctx, e.Journal, r); err != nil {
			return r, err
		}
	}
	r.Status, r.Finished = statusOf(r.Totals, worrying(r.Warnings)), e.Now()
	return r, e.Journal.UpdateRun(ctx, &r)
}

// applying is the state of one run being applied.
type applying struct {
	engine   *Engine
	run      *store.Run
	binding  binding
	target   Target
	batch    []queued
	weight   int
	changes  []plan.Change // of the batch, reused
	slab     []string      // values of the batch's creates, reused
	indexNow bool
	until    int64 // index only what records before this one created; 0: all
}

// queued is a change on its way to the target.
type queued struct {
	plan.Change
	seq   int64 // of its change row, or -1
	block int64
}

// A batch is closed when it is heavy enough: an update costs about as much as
// ten creates, and one transaction should stay short. A removal weighs less than
// its cost: the more there are in a batch, the fewer times each leaf of the key
// index is written.
const (
	createWeight = 5
	updateWeight = 50
	removeWeight = 2
	batchWeight  = 20000
)

// rows applies the creates and updates, in order of records.
func (a *applying) rows(ctx context.Context) error {
	if a.run.Totals.Created+a.run.Totals.Updated == 0 {
		return nil
	}
	first, err := a.target.Reserve(ctx, a.run.ID, a.run.Totals.Created)
	if err != nil {
		return err
	}
	book, err := a.engine.rulebook(&a.binding)
	if err != nil {
		return err
	}
	in, err := a.engine.openStage(a.binding.stage(a.run.Stage))
	if err != nil {
		return err
	}
	defer in.Close()
	updates := newChangeReader(a.engine.Journal.Changes(ctx, a.run.ID))
	defer updates.stop()
	number, ref := int64(0), first
	var outcomes []outcome
	for block, err := range a.engine.Journal.Blocks(ctx, a.run.ID) {
		if err != nil {
			return err
		}
		if outcomes, err = decodeBlock(block, outcomes[:0]); err != nil {
			return err
		}
		for _, o := range outcomes {
			if err := a.row(ctx, o, block.N, number, ref, in, book, updates); err != nil {
				return err
			}
			if o.Action == plan.Create {
				ref++
			}
			number++
		}
	}
	return a.write(ctx, number)
}

func (a *applying) row(ctx context.Context, o outcome, block, number, ref int64, in *reading, book *plan.Rulebook, updates *changeReader) error {
	if number < a.run.Position || o.Action != plan.Create && o.Action != plan.Update {
		return nil
	}
	q := queued{seq: -1, block: block}
	switch o.Action {
	case plan.Create:
		row, err := in.At(number)
		if err != nil {
			return err
		}
		fields := in.Texts(row)
		q.Change = plan.Change{Row: number, Line: row.Line, SourceID: in.SourceID(fields), Action: plan.Create, Ref: ref,
			Values: a.keepValues(book.Translate(fields).Values)}
		a.weight += createWeight
	case plan.Update:
		stored, err := updates.forRow(number)
		if err != nil {
			return err
		}
		q.Change, q.seq = stored.Change, stored.Seq
		a.weight += updateWeight
	}
	a.batch = append(a.batch, q)
	if a.weight < batchWeight {
		return nil
	}
	return a.write(ctx, number+1)
}

// removals applies what happens to contacts that are not found: deletes and
// marks. Their positions follow those of the records.
func (a *applying) removals(ctx context.Context) error {
	if a.run.Totals.Deleted+a.run.Totals.Marked == 0 {
		return nil
	}
	position := a.run.Totals.Read
	for c, err := range a.engine.Journal.Changes(ctx, a.run.ID) {
		if err != nil {
			return err
		}
		if c.Row >= 0 || !writes(c.Action) {
			continue
		}
		position++
		if position <= a.run.Position {
			continue
		}
		a.batch = append(a.batch, queued{Change: c.Change, seq: c.Seq, block: -1})
		a.weight += removeWeight
		if c.Action == plan.Update {
			a.weight += updateWeight
		}
		if a.weight >= batchWeight {
			if err := a.write(ctx, position); err != nil {
				return err
			}
		}
	}
	return a.write(ctx, position)
}

// write sends the batch to the target and records what was refused.
func (a *applying) write(ctx context.Context, position int64) error {
	if len(a.batch) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err // between batches: the run can be resumed
	}
	batch := connector.Batch{Run: a.run.ID, Now: a.engine.Now(), Position: -1, IndexNow: a.indexNow}
	if a.target.Durable() {
		batch.Position = position
	}
	a.changes = a.changes[:0]
	for _, q := range a.batch {
		a.changes = append(a.changes, q.Change)
	}
	batch.Changes = a.changes
	results, err := a.target.Write(ctx, batch)
	if err != nil {
		return err
	}
	for i, result := range results {
		if result.Refused != "" {
			if err := a.refused(ctx, a.batch[i], result); err != nil {
				return err
			}
		}
	}
	a.run.Position = position
	a.engine.progress("writing", position, a.run.Totals.Read+a.run.Totals.Deleted+a.run.Totals.Marked)
	a.batch, a.weight, a.slab = a.batch[:0], 0, a.slab[:0]
	return nil
}

// keepValues copies a record's values into memory that lasts until the batch is
// written.
func (a *applying) keepValues(values []string) []string {
	if cap(a.slab)-len(a.slab) < len(values) {
		a.slab = make([]string, 0, max(batchWeight/createWeight*len(values), 1))
	}
	first := len(a.slab)
	a.slab = append(a.slab, values...)
	return a.slab[first:len(a.slab):len(a.slab)]
}

// refused turns a planned write into a failed one, in the totals, in its change
// row and in its block, which the next run relies on.
func (a *applying) refused(ctx context.Context, q queued, result connector.Result) error {
	if q.Row < 0 && q.Action == plan.Update {
		a.run.Totals.FailMark()
	} else {
		a.run.Totals.Move(q.Action, plan.Fail)
	}
	if a.run.Reasons == nil {
		a.run.Reasons = map[string]int64{}
	}
	a.run.Reasons[string(result.Refused)]++
	c := q.Change
	c.Action, c.Reason, c.Detail.Message = plan.Fail, result.Refused, result.Message
	if q.block >= 0 {
		if err := a.failBlock(ctx, q); err != nil {
			return err
		}
	}
	if q.seq < 0 {
		return a.engine.Journal.AppendPlan(ctx, a.run.ID, nil, a.extraSeq(), []plan.Change{c})
	}
	return a.engine.Journal.SettleChange(ctx, a.run.ID, q.seq, c)
}

// extraSeq numbers the change rows of creates that failed: after all planned ones.
func (a *applying) extraSeq() int64 { return 1<<40 + a.run.Totals.Failed }

func (a *applying) failBlock(ctx context.Context, q queued) error {
	for block, err := range a.engine.Journal.Blocks(ctx, a.run.ID) {
		if err != nil {
			return err
		}
		if block.N != q.block {
			continue
		}
		outcomes, err := decodeBlock(block, nil)
		if err != nil {
			return err
		}
		outcomes[q.Row%blockRows].Action = plan.Fail
		return a.engine.Journal.ReplaceBlock(ctx, a.run.ID, encodeBlock(block.N, outcomes))
	}
	return fmt.Errorf("plan block %d is missing", q.block)
}

// KeyTaker is a target that keeps match keys of what was created in it.
type KeyTaker interface {
	// AddKeys stores keys in order of their hashes; those already there stay.
	AddKeys(ctx context.Context, rule plan.Rule, hits []connector.Hit) error
}

// index gives the created contacts their match keys, in order of the keys: one
// sweep over the index instead of a random walk. Until it is done no other run
// may match against the target; repeating it changes nothing.
func (a *applying) index(ctx context.Context) error {
	taker, ok := a.target.(KeyTaker)
	if !ok || a.run.Totals.Created == 0 {
		return nil
	}
	first, err := a.target.Reserve(ctx, a.run.ID, a.run.Totals.Created)
	if err != nil {
		return err
	}
	var sorters [len(outcome{}.Keys)]*spill.Sorter
	for i := range sorters {
		sorters[i] = spill.New(a.engine.Temp, maxHash)
		defer sorters[i].Close()
	}
	if err := a.createdKeys(ctx, first, sorters[:]); err != nil {
		return err
	}
	for i, rule := range plan.KeyRules {
		if err := addKeys(ctx, taker, rule, sorters[i]); err != nil {
			return err
		}
		if err := sorters[i].Close(); err != nil { // its memory before the next one's
			return err
		}
		a.engine.progress("indexing", int64(i+1), int64(len(plan.KeyRules)))
	}
	return a.indexSecond(ctx, taker, first)
}

// createdKeys sorts the keys of what the plan creates, whose first handle is ref.
func (a *applying) createdKeys(ctx context.Context, ref int64, sorters []*spill.Sorter) error {
	number := int64(0)
	var outcomes []outcome
	for block, err := range a.engine.Journal.Blocks(ctx, a.run.ID) {
		if err != nil {
			return err
		}
		if outcomes, err = decodeBlock(block, outcomes[:0]); err != nil {
			return err
		}
		for _, o := range outcomes {
			if number++; a.until > 0 && number > a.until {
				break
			}
			if o.Action != plan.Create {
				continue
			}
			for i, key := range o.Keys {
				if key == 0 {
					continue
				}
				if err := sorters[i].Add(spill.Record{key, uint64(ref)}); err != nil {
					return err
				}
			}
			ref++
		}
	}
	return nil
}

func addKeys(ctx context.Context, taker KeyTaker, rule plan.Rule, sorter *spill.Sorter) error {
	var hits []connector.Hit
	for stretch, err := range sorter.Sorted() {
		if err != nil {
			return err
		}
		for part := range slices.Chunk(stretch, keysAtOnce) {
			hits = hits[:0]
			for _, r := range part {
				hits = append(hits, connector.Hit{Hash: r[0], Ref: int64(r[1])})
			}
			if err := taker.AddKeys(ctx, rule, hits); err != nil {
				return err
			}
		}
	}
	return nil
}

// keysAtOnce is how many keys go to the index in one transaction.
const keysAtOnce = 16384

// Preparer is a target that can say what its state will be before it finishes.
type Preparer interface {
	Prepare(ctx context.Context) (state string, err error)
}

// Noter is a target that has something to tell people about how it was written.
type Noter interface{ Notes() []string }

func (a *applying) finish(ctx context.Context) error {
	if p, ok := a.target.(Preparer); ok {
		state, err := p.Prepare(ctx)
		if err != nil {
			return err
		}
		a.run.EndState = state
		if err := a.engine.Journal.UpdateRun(ctx, a.run); err != nil {
			return err
		}
	}
	if n, ok := a.target.(Noter); ok {
		a.run.Notes = append(a.run.Notes, n.Notes()...)
	}
	if err := a.target.Finish(ctx, a.run.ID); err != nil {
		return err
	}
	state, err := a.target.State(ctx)
	a.run.EndState = state
	return err
}

// changeReader walks through a run's change rows in order of records.
type changeReader struct {
	next func() (store.StoredChange, error, bool)
	stop func()
	head *store.StoredChange
}

func newChangeReader(changes iter.Seq2[store.StoredChange, error]) *changeReader {
	r := &changeReader{}
	r.next, r.stop = iter.Pull2(changes)
	return r
}

// forRow returns the change row of a record that has one.
func (r *changeReader) forRow(number int64) (store.StoredChange, error) {
	c, ok, err := r.peekRow(number)
	if err == nil && !ok {
		err = fmt.Errorf("the plan has no change for record %d", number)
	}
	return c, err
}
