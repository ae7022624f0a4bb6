package run

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// decide is the second pass: it goes through the records in order, a block at a
// time, and writes the plan.
func (p *planning) decide(ctx context.Context, out *planWriter) error {
	notes, err := p.notes.read()
	if err != nil {
		return err
	}
	in, err := p.engine.openStage(p.stage)
	if err != nil {
		return err
	}
	defer in.Close()
	d := &decider{planning: p, in: in, out: out, verdicts: newVerdictReader(p.verdicts), claimed: map[[2]uint64]int64{}}
	defer d.verdicts.stop()
	for first := int64(0); first < p.notes.count; first += blockRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.block(ctx, notes, first, min(blockRows, p.notes.count-first)); err != nil {
			return err
		}
		p.engine.progress("deciding", first, p.notes.count)
	}
	return nil
}

type decider struct {
	*planning
	in       *reading
	out      *planWriter
	verdicts *verdictReader
	pending  []undecided
	outcomes []outcome
	changes  []plan.Change
	claimed  map[[2]uint64]int64 // rule and hash of a key that an update writes -> its line
}

// An undecided record was found in the target and waits for its contact.
type undecided struct {
	at        int // in the block
	change    plan.Change
	values    []string
	defaulted []bool
	detail    plan.Detail
}

func (d *decider) block(ctx context.Context, notes *noteReader, first, n int64) error {
	d.pending, d.outcomes, d.changes = d.pending[:0], d.outcomes[:0], d.changes[:0]
	for number := first; number < first+n; number++ {
		note, err := notes.next()
		if err != nil {
			return err
		}
		if again, ok := d.reopened[number]; ok {
			note = again
		}
		if err := d.record(note, number); err != nil {
			return err
		}
	}
	if err := d.compare(ctx); err != nil {
		return err
	}
	if err := d.nameCandidates(ctx); err != nil {
		return err
	}
	return d.out.add(ctx, d.outcomes, d.changes)
}

// nameCandidates gives the candidates of a file their identifiers, which people know,
// for the places that they stand at.
func (d *decider) nameCandidates(ctx context.Context) error {
	if d.book.Sync.Target.Book != "" {
		return nil
	}
	for i := range d.changes {
		several := d.changes[i].Detail.Several
		for at, place := range several {
			ref, err := strconv.ParseInt(place, 10, 64)
			if err != nil {
				continue
			}
			for found, err := range d.target.Fetch(ctx, []int64{ref}) {
				if err != nil {
					return err
				}
				several[at] = cmp.Or(found.ID, place)
			}
		}
	}
	return nil
}

// record decides one record, or puts it aside until its contact is fetched.
func (d *decider) record(note rowNote, number int64) error {
	o := outcome{Hash: note.Hash, Keys: note.Keys}
	v, found, err := d.verdicts.forRecord(number)
	if err != nil {
		return err
	}
	switch {
	case note.Settled == plan.Unchanged: // clean: as it was after the last run
		o.Action, o.Rule, o.Ref = plan.Unchanged, note.Rule, note.Ref
		d.seen.add(note.Ref)
	case note.Settled != plan.NoAction:
		o.Action, o.Reason = note.Settled, note.Reason
	case found:
		o.Action, o.Reason, o.Rule = v.action, v.reason, v.rule
		if v.action == plan.Update {
			o.Ref = v.ref
		}
	case note.Create == plan.Create && d.thrownAway(note):
		o.Action, o.Reason = plan.Skip, reasonNumber(plan.TrashedByPerson)
	default:
		o.Action, o.Reason = note.Create, note.Why
		if thrown, err := d.secondThrownAway(note, number); err != nil {
			return err
		} else if thrown {
			o.Action, o.Reason = plan.Skip, reasonNumber(plan.TrashedByPerson)
		}
	}
	d.outcomes = append(d.outcomes, o)
	return d.explain(o, v, number)
}

// explain writes a change for every outcome that has more to tell than its code.
func (d *decider) explain(o outcome, v verdict, number int64) error {
	switch o.Action {
	case plan.Unchanged, plan.Create:
		return nil
	case plan.Skip:
		if plan.Reasons[o.Reason] != plan.SourceDuplicate && plan.Reasons[o.Reason] != plan.MatchOutOfScope {
			return nil
		}
	}
	row, err := d.in.At(number)
	if err != nil {
		return err
	}
	c := plan.Change{Row: number, Line: row.Line, Action: o.Action, Reason: plan.Reasons[o.Reason], Rule: ruleOf(o.Rule), Ref: o.Ref}
	fields := d.in.Texts(row)
	c.SourceID = d.in.SourceID(fields)
	if o.Action == plan.Update {
		t := d.book.Translate(fields)
		d.book.Warn(&t)
		d.pending = append(d.pending, undecided{at: len(d.outcomes) - 1, change: c, values: slices.Clone(t.Values), defaulted: slices.Clone(t.Defaulted), detail: t.Detail})
		return nil
	}
	d.fillDetail(&c, row, fields)
	if v.other >= 0 {
		other, err := d.notes.at(v.other)
		if err != nil {
			return err
		}
		c.Detail.OtherLine = other.Line
	}
	for _, ref := range d.several[number] {
		c.Detail.Several = append(c.Detail.Several, fmt.Sprint(store.Number(ref)))
	}
	d.changes = append(d.changes, c)
	return nil
}

// fillDetail says what a person needs to mend a refused or held record.
func (d *decider) fillDetail(c *plan.Change, row *csv.Row, fields []string) {
	if row.Problem != nil {
		c.Detail.Message = row.Problem.Message
		c.Line = row.Problem.Line
		return
	}
	t := d.book.Translate(fields)
	switch {
	case t.Reject != "":
		c.Detail = t.Detail
	case c.Reason == plan.RequiredMissing || c.Reason == plan.GateClosed:
		c.Detail = d.book.DecideCreate(fields, t).Detail
	default:
		c.Detail.Warnings = t.Detail.Warnings
	}
}

// compare fetches the contacts that the block's records were found to be, and
// decides field by field.
func (d *decider) compare(ctx context.Context) error {
	if len(d.pending) == 0 {
		return nil
	}
	refs := make([]int64, len(d.pending))
	for i, u := range d.pending {
		refs[i] = u.change.Ref
	}
	contacts, err := d.fetch(ctx, refs)
	if err != nil {
		return err
	}
	first := len(d.changes)
	for _, u := range d.pending {
		d.changes = append(d.changes, d.compareOne(u, contacts)...)
	}
	if err := d.holdTwins(ctx, d.changes[first:]); err != nil {
		return err
	}
	sortByRow(d.changes)
	return nil
}

func (d *decider) compareOne(u undecided, contacts map[int64]contact.Record) []plan.Change {
	o := &d.outcomes[u.at]
	target, ok := contacts[u.change.Ref]
	c := plan.Change{Action: plan.Hold, Reason: plan.TargetGone}
	if ok {
		c = d.book.DecideUpdate(plan.Translated{Values: u.values, Defaulted: u.defaulted, Detail: u.detail}, target)
	}
	c.Row, c.Line, c.SourceID, c.Rule, c.Ref = u.change.Row, u.change.Line, u.change.SourceID, u.change.Rule, u.change.Ref
	o.Action, o.Reason = c.Action, reasonNumber(c.Reason)
	tells := c.Action != plan.Skip && (c.Action != plan.Unchanged || len(c.Fields) > 0)
	if !tells && d.target.BookID() != 0 { // a file's own record names are only known now
		return nil
	}
	return []plan.Change{c}
}

func sortByRow(changes []plan.Change) {
	for i := 1; i < len(changes); i++ {
		if changes[i].Row < changes[i-1].Row {
			sortChanges(changes)
			return
		}
	}
}

// A planWriter stores a plan as it grows, counts it, and hashes it.
type planWriter struct {
	engine  *Engine
	run     int64
	n       int64
	seq     int64
	sum     hash.Hash
	totals  plan.Totals
	reasons map[string]int64
	blocks  []store.Block
	changes []plan.Change
}

func newPlanWriter(e *Engine, run int64, bound ...string) *planWriter {
	w := &planWriter{engine: e, run: run, sum: sha256.New(), reasons: map[string]int64{}}
	fmt.Fprintln(w.sum, strings.Join(bound, "\n"))
	return w
}

// flushAt is how many blocks go to the store in one transaction.
const flushAt = 16

func (w *planWriter) add(ctx context.Context, outcomes []outcome, changes []plan.Change) error {
	if len(outcomes) > 0 {
		for _, o := range outcomes {
			w.totals.Count(o.Action, 1)
			w.reason(plan.Reasons[o.Reason])
		}
		b := encodeBlock(w.n, outcomes)
		w.sum.Write(b.Data)
		w.blocks = append(w.blocks, b)
		w.n++
	}
	for _, c := range changes {
		if c.Row < 0 {
			w.totals.CountApart(c.Action)
			w.reason(c.Reason)
		}
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		w.sum.Write(text)
	}
	w.changes = append(w.changes, changes...)
	if len(w.blocks) < flushAt && len(w.changes) < 4096 {
		return nil
	}
	return w.flush(ctx)
}

func (w *planWriter) reason(r plan.Reason) {
	if r != plan.NoReason && r != plan.SourceGone {
		w.reasons[string(r)]++
	}
}

func (w *planWriter) flush(ctx context.Context) error {
	if len(w.blocks)+len(w.changes) == 0 {
		return nil
	}
	if err := w.engine.Journal.AppendPlan(ctx, w.run, w.blocks, w.seq, w.changes); err != nil {
		return err
	}
	w.seq += int64(len(w.changes))
	w.blocks, w.changes = w.blocks[:0], w.changes[:0]
	return nil
}

func (w *planWriter) hash() string { return hex.EncodeToString(w.sum.Sum(nil)) }
