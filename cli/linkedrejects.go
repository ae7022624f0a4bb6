package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// What did not get through in a run of a sync with a connection are changes, not
// records of a file: a contact, the record it is linked with, and the values that
// the plan knows of.

// heldThere reports whether a change did not get through.
func heldThere(c plan.Change) bool {
	return c.Action == plan.Reject || c.Action == plan.Hold || c.Action == plan.Fail
}

// linkedColumns are the two sides' names of a change, before its fields.
var linkedColumns = [...]string{"contact", "record"}

// linkedRejects are the changes of a linked run that did not get through, laid
// out as records whose first columns are the contact and the record.
func linkedRejects(ctx context.Context, w *workspace.Workspace, r store.Run) (columns []string, records iter.Seq2[run.Rejected, error], err error) {
	columns = slices.Clone(linkedColumns[:])
	changes := changesOf(ctx, w, r)
	err = forEach(changes, func(c plan.Change) error {
		for _, f := range c.Fields {
			if heldThere(c) && !slices.Contains(columns, f.Name) {
				columns = append(columns, f.Name)
			}
		}
		return nil
	})
	return columns, func(yield func(run.Rejected, error) bool) {
		for c, err := range changes {
			if err == nil && !heldThere(c) {
				continue
			}
			if !yield(run.Rejected{Change: c, Fields: rowOfChange(c, columns)}, err) || err != nil {
				return
			}
		}
	}, err
}

// rowOfChange are a change's sides and what it would have made of the fields;
// where a person decides, what stays until then.
func rowOfChange(c plan.Change, columns []string) []string {
	row := make([]string, len(columns))
	row[0], row[1] = sides(c)
	for _, f := range c.Fields {
		value := f.New
		if !f.Written() {
			value = f.Old
		}
		row[slices.Index(columns, f.Name)] = value
	}
	return row
}

// sides are the contact and the record of a change.
func sides(c plan.Change) (contact, record string) {
	if c.Remote {
		return c.SourceID, c.TargetID
	}
	return c.TargetID, c.SourceID
}

// linkedDetail is why a change did not get through, and which values it is about.
func linkedDetail(c plan.Change) []string {
	parts := detail(c)
	for i, f := range c.Fields {
		if i == 6 {
			return append(parts, fmt.Sprintf("and %d more", len(c.Fields)-i))
		}
		parts = append(parts, fieldText(c.Action, f))
	}
	return parts
}

// sidesText names both sides for people.
func sidesText(c plan.Change) string {
	here, there := sides(c)
	switch {
	case here == "":
		return "record " + cell(there)
	case there == "":
		return "contact " + cell(here)
	}
	return "contact " + cell(here) + "  record " + cell(there)
}
