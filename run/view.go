package run

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Changes yields the whole plan of a run: one change for every record read, in
// order, then one for every removal. Creates come with their values as fields.
func (e *Engine) Changes(ctx context.Context, r store.Run) iter.Seq2[plan.Change, error] {
	return func(yield func(plan.Change, error) bool) {
		if r.Kind != store.KindSync || r.Linked {
			e.storedChanges(ctx, r, yield)
			return
		}
		v, err := e.newView(ctx, r)
		if err != nil {
			yield(plan.Change{}, err)
			return
		}
		defer v.close()
		for c, err := range v.records(ctx) {
			if !yield(c.Change, err) || err != nil {
				return
			}
		}
		if v.run.BlocksOf != v.run.ID {
			return // what was removed then is gone
		}
		for {
			c, ok, err := v.changes.pull()
			if !ok && err == nil || !yield(c.Change, err) || err != nil {
				return
			}
		}
	}
}

func (e *Engine) storedChanges(ctx context.Context, r store.Run, yield func(plan.Change, error) bool) {
	if r.Pruned {
		yield(plan.Change{}, detailsGone(r, "its changes can no longer be shown"))
		return
	}
	for c, err := range e.Journal.Changes(ctx, r.ID) {
		if !yield(c.Change, err) || err != nil {
			return
		}
	}
}

// A Rejected record is one that was rejected, held or failed, as it stands in
// the source.
type Rejected struct {
	plan.Change
	Fields []string // in the order of the source's columns; valid until the next one
}

// Rejects yields the records of a run that did not get through: rejected, held
// and failed, with the columns of their source. Their original text is needed,
// so it fails when the staged source has been cleared away.
func (e *Engine) Rejects(ctx context.Context, r store.Run) (columns []string, records iter.Seq2[Rejected, error], err error) {
	v, err := e.newView(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	columns = v.binding.Columns
	return columns, func(yield func(Rejected, error) bool) {
		defer v.close()
		for c, err := range v.records(ctx) {
			if err == nil && c.Action != plan.Reject && c.Action != plan.Hold && c.Action != plan.Fail {
				continue
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}, nil
}

// A view reads a run's blocks, changes and staged source side by side.
type view struct {
	engine  *Engine
	run     store.Run
	binding binding
	book    *plan.Rulebook
	in      *reading
	changes *changeReader
	first   int64 // handle of the first contact that was created
}

func (e *Engine) newView(ctx context.Context, r store.Run) (*view, error) {
	v := &view{engine: e, run: r}
	if r.Status == store.SkippedUnchanged || len(r.Config) == 0 {
		r.BlocksOf, v.run.BlocksOf = 0, 0
	}
	if r.BlocksOf == 0 {
		v.changes = newChangeReader(e.Journal.Changes(ctx, 0))
		return v, nil
	}
	decided, err := e.Journal.Run(ctx, r.BlocksOf)
	if err != nil {
		return nil, err
	}
	if decided.Pruned {
		return nil, detailsGone(r, "its records can no longer be shown")
	}
	v.changes = newChangeReader(e.Journal.Changes(ctx, r.BlocksOf))
	v.first = decided.FirstRef
	if err := json.Unmarshal(r.Config, &v.binding); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	if v.book, err = e.rulebook(&v.binding); err != nil {
		return nil, err
	}
	v.in, err = e.openStage(v.binding.stage(r.Stage))
	return v, err
}

// stage names the staged source that a binding was made for.
func (b *binding) stage(name string) *stage {
	return &stage{name: name, Staging: connector.Staging{Dialect: b.Dialect, Key: b.SourceKey}}
}

func (v *view) close() {
	v.changes.stop()
	if v.in != nil {
		_ = v.in.Close() // it was read
	}
}

// records yields every record read with what became of it.
func (v *view) records(ctx context.Context) iter.Seq2[Rejected, error] {
	return func(yield func(Rejected, error) bool) {
		if v.run.BlocksOf == 0 {
			return
		}
		number, ref := int64(0), v.first
		var outcomes []outcome
		for block, err := range v.engine.Journal.Blocks(ctx, v.run.BlocksOf) {
			if err == nil {
				outcomes, err = decodeBlock(block, outcomes[:0])
			}
			if err != nil {
				yield(Rejected{}, err)
				return
			}
			for _, o := range outcomes {
				c, err := v.record(o, number, ref)
				if !yield(c, err) || err != nil {
					return
				}
				if o.Action == plan.Create && v.first != 0 {
					ref++
				}
				number++
			}
		}
	}
}

func (v *view) record(o outcome, number, ref int64) (Rejected, error) {
	row, err := v.in.At(number)
	if err != nil {
		return Rejected{}, err
	}
	fields := v.in.Texts(row)
	c := plan.Change{Row: number, Line: row.Line, SourceID: v.in.SourceID(fields), Action: o.Action, Reason: plan.Reasons[o.Reason],
		Rule: ruleOf(o.Rule), Ref: o.Ref, TargetID: targetID(o.Ref)}
	stored, ok, err := v.changes.peekRow(number)
	if err != nil {
		return Rejected{}, err
	}
	switch {
	case ok:
		c = stored.Change
	case o.Action == plan.Create:
		t := v.book.Translate(fields)
		v.book.Warn(&t)
		c.Ref, c.TargetID, c.Detail = ref, targetID(ref), t.Detail
		c.Values = slices.Clone(t.Values)
		c.Fields = v.createFields(c.Values)
	case o.Action == plan.Unchanged && row.Problem == nil:
		t := v.book.Translate(fields)
		v.book.Warn(&t)
		c.Detail = t.Detail
	}
	v.mask(&c, fields)
	if v.run.BlocksOf != v.run.ID { // the same source again: what was written then is there now
		c = v.seenAgain(c, o)
	}
	return Rejected{c, fields}, nil
}

func (v *view) seenAgain(c plan.Change, o outcome) plan.Change {
	if c.Action == plan.Create {
		c.Rule = v.bestRule(o)
	}
	if c.Action == plan.Create || c.Action == plan.Update {
		c.Action, c.Fields, c.Values = plan.Unchanged, nil, nil
	}
	return c
}

// bestRule is the first of the sync's rules that a record has a key for.
func (v *view) bestRule(o outcome) plan.Rule {
	for _, rule := range v.book.Rules {
		if o.Keys[plan.NumberOf(rule)-1] != 0 {
			return rule
		}
	}
	return ""
}

// mask hides passwords from whoever looks at a plan.
func (v *view) mask(c *plan.Change, fields []string) {
	for _, m := range v.binding.Sync.Map {
		if f, ok := v.binding.Target.Field(m.To); !ok || f.Kind != contact.Password {
			continue
		}
		for i, name := range v.binding.Columns {
			if name == m.From && i < len(fields) && fields[i] != "" {
				fields[i] = contact.Mask
			}
		}
		for i := range c.Fields {
			if c.Fields[i].Name == m.To {
				maskField(&c.Fields[i])
			}
		}
		if at := v.binding.Target.Index(m.To); at < len(c.Values) && c.Values[at] != "" {
			c.Values[at] = contact.Mask
		}
	}
}

// maskField hides a password, leaving visible whether there is one and that it
// changes.
func maskField(f *plan.FieldChange) {
	for _, value := range []*string{&f.Old, &f.New, &f.Kept} {
		if *value != "" {
			*value = contact.Mask
		}
	}
	if f.Old == f.New && f.Old != "" && f.Kept == "" {
		f.New = contact.Mask + " (changed)"
	}
}

func targetID(ref int64) string {
	if ref == 0 {
		return ""
	}
	return fmt.Sprint(store.Number(ref))
}

// createFields spells a create out, each value with the rule it came by.
func (v *view) createFields(values []string) (fields []plan.FieldChange) {
	for i, value := range values {
		if value != "" {
			fields = append(fields, plan.FieldChange{Name: v.binding.Target.Fields[i].Name, New: value, Rule: "create"})
		}
	}
	return fields
}

// pull returns the next change row.
func (r *changeReader) pull() (store.StoredChange, bool, error) {
	if r.head != nil {
		c := *r.head
		r.head = nil
		return c, true, nil
	}
	c, err, ok := r.next()
	return c, ok, err
}

// peekRow returns the change row of a record if it has one, leaving later rows.
func (r *changeReader) peekRow(number int64) (store.StoredChange, bool, error) {
	for {
		c, ok, err := r.pull()
		if err != nil || !ok {
			return c, false, err
		}
		if c.Row == number {
			return c, true, nil
		}
		if c.Row > number || c.Row < 0 {
			r.head = &c
			return c, false, nil
		}
	}
}
