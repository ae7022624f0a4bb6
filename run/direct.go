package run

import (
	"context"
	"fmt"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Edits by hand and undos are runs too: their plan is a list of changes, without
// a source. So every value has a run it came from, and they can be undone alike.

// directBatch is how many changes of such a run are written at a time.
const directBatch = 1000

// Edit records and carries out changes made by hand: creates with their Values,
// updates with their Fields, removals and restores of a contact by its Ref.
// What says it in words: "edit 42".
func (e *Engine) Edit(ctx context.Context, book store.Book, what string, changes []plan.Change) (store.Run, error) {
	target, err := e.bookTarget(ctx, book.Name)
	if err != nil {
		return store.Run{}, err
	}
	r := store.Run{Name: what, Kind: store.KindEdit, Status: store.Planning, Started: e.Now(), BookID: book.ID}
	if r.TargetState, err = target.State(ctx); err != nil {
		return r, err
	}
	if err := e.checkUnique(ctx, target, changes); err != nil {
		return r, err
	}
	return e.direct(ctx, target, r, changes)
}

func (e *Engine) bookTarget(ctx context.Context, name string) (Target, error) {
	var s store.Sync
	s.Definition.Target.Book = name
	return e.Connector.Target(ctx, s, "")
}

// checkUnique refuses an edit that would give two contacts one unique identifier (C28).
func (e *Engine) checkUnique(ctx context.Context, target Target, changes []plan.Change) error {
	schema, err := target.Schema(ctx)
	if err != nil || schema.Key == "" {
		return err
	}
	ring := plan.NewKeyring(schema, target.Region(), false)
	leaving := refset{}
	for _, c := range changes {
		if c.Action == plan.Remove {
			leaving.add(c.Ref)
		}
	}
	for _, c := range changes {
		if c.Action == plan.Remove {
			continue
		}
		for _, key := range ring.Keys(plan.ByKey, valuesSet(schema, c), nil) {
			hits, err := target.Lookup(ctx, plan.ByKey, []uint64{e.Secret.Hash(key)})
			if err != nil {
				return err
			}
			for _, h := range hits {
				if h.Ref != c.Ref && !leaving.has(h.Ref) {
					return &Error{Code: string(plan.IdentityConflict), Message: fmt.Sprintf(
						"Contact %s has that %s already. Nothing was changed. No two contacts of a book may have the same", targetID(h.Ref), schema.Key)}
				}
			}
		}
	}
	return nil
}

// valuesSet are the values that a change gives to a contact.
func valuesSet(schema contact.Schema, c plan.Change) []string {
	values := make([]string, len(schema.Fields))
	copy(values, c.Values)
	for _, f := range c.Fields {
		if at := schema.Index(f.Name); at >= 0 && f.Written() {
			values[at] = f.New
		}
	}
	return values
}

// direct stores the changes as a run's plan and carries them out.
func (e *Engine) direct(ctx context.Context, target Target, r store.Run, changes []plan.Change) (store.Run, error) {
	if err := e.Journal.CreateRun(ctx, &r); err != nil {
		return r, err
	}
	creates := int64(0)
	for _, c := range changes {
		if c.Action == plan.Create && c.Ref == 0 {
			creates++
		}
	}
	first, err := target.Reserve(ctx, r.ID, creates)
	if err != nil {
		return r, err
	}
	r.Reasons = map[string]int64{}
	for i := range changes {
		c := &changes[i]
		c.Row = int64(i)
		if c.Action == plan.Create && c.Ref == 0 {
			c.Ref = first
			first++
		}
		if c.TargetID == "" {
			c.TargetID = targetID(c.Ref)
		}
		r.Totals.Count(c.Action, 1)
		if c.Reason != plan.NoReason {
			r.Reasons[string(c.Reason)]++
		}
	}
	if err := e.Journal.AppendPlan(ctx, r.ID, nil, 0, changes); err != nil {
		return r, err
	}
	r.Status = store.Applying
	if err := e.Journal.UpdateRun(ctx, &r); err != nil {
		return r, err
	}
	return e.carryOutDirect(ctx, target, r)
}

// carryOutDirect applies the rest of a run that is a list of changes.
func (e *Engine) carryOutDirect(ctx context.Context, target Target, r store.Run) (store.Run, error) {
	a := &applying{engine: e, run: &r, target: target, indexNow: true}
	for c, err := range e.Journal.Changes(ctx, r.ID) {
		if err != nil {
			return r, err
		}
		if c.Seq < r.Position || !writes(c.Action) {
			continue
		}
		a.batch = append(a.batch, queued{Change: c.Change, seq: c.Seq, block: -1})
		if len(a.batch) == directBatch {
			if err := a.write(ctx, c.Seq+1); err != nil {
				return r, err
			}
		}
	}
	if err := a.write(ctx, r.Totals.Read+r.Totals.Deleted); err != nil {
		return r, err
	}
	if err := a.finish(ctx); err != nil {
		return r, err
	}
	return e.finished(ctx, r)
}

func writes(a plan.Action) bool {
	return a == plan.Create || a == plan.Update || a == plan.Remove || a == plan.Restore
}
