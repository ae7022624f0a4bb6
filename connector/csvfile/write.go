package csvfile

import (
	"context"
	"fmt"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
)

// Write changes rows in memory.
func (t *Target) Write(ctx context.Context, b connector.Batch) ([]connector.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, c := range b.Changes {
		for _, f := range c.Fields {
			if c.Action == plan.Update && t.content.schema.Index(f.Name) < 0 {
				return nil, fmt.Errorf("%s has no column %s any more", t.Name(), f.Name)
			}
		}
	}
	t.index, t.prepared = nil, false
	results := make([]connector.Result, len(b.Changes))
	for i, c := range b.Changes {
		results[i] = t.write(c)
	}
	return results, nil
}

func (t *Target) write(c plan.Change) connector.Result {
	old := t.content.at(c.Ref)
	switch c.Action {
	case plan.Create, plan.Restore:
		if old == nil { // else it was created before
			return t.create(c)
		}
		return connector.Result{TargetID: t.content.id(int(c.Ref - 1))}
	case plan.Remove:
		if old != nil {
			t.put(c.Ref, nil)
		}
	case plan.Update:
		if old == nil {
			return connector.Result{Refused: plan.TargetGone}
		}
		return t.update(c, old)
	}
	return connector.Result{TargetID: c.TargetID}
}

func (t *Target) create(c plan.Change) connector.Result {
	row := make([]string, len(t.content.columns))
	copy(row, c.Values)
	if refused := t.refused(row); refused != nil {
		return *refused
	}
	if id := t.content.idAt; id >= 0 && row[id] == "" && c.Action == plan.Create {
		row[id] = t.content.nextID()
	}
	t.put(c.Ref, row)
	return connector.Result{TargetID: t.content.id(int(c.Ref - 1))}
}

// update changes a copy: whoever has fetched the row keeps it as it was.
func (t *Target) update(c plan.Change, old []string) connector.Result {
	row := slices.Clone(old)
	for _, f := range c.Fields {
		if f.Written() {
			row[t.content.schema.Index(f.Name)] = f.New
		}
	}
	if refused := t.refused(row); refused != nil {
		return *refused
	}
	t.put(c.Ref, row)
	return connector.Result{TargetID: c.TargetID}
}

func (t *Target) put(ref int64, row []string) {
	c := t.content
	for int64(len(c.rows)) < ref {
		c.rows = append(c.rows, nil)
	}
	c.rows[ref-1] = row
	if row != nil && c.idAt >= 0 {
		c.ids.see(row[c.idAt])
	}
	t.dirty = true
}

// refused says why a row cannot be written as the sync says the file is written.
func (t *Target) refused(row []string) *connector.Result {
	if t.trial == nil {
		return nil
	}
	if err := t.trial.Write(row); err != nil {
		return &connector.Result{Refused: plan.TargetInvalid, Message: err.Error()}
	}
	return nil
}
