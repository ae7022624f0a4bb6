package desk

import (
	"cmp"
	"context"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// RunSides are the two sides of a run of a sync with a connection: each change is
// written to one of them.
type RunSides struct {
	Book       string
	Connection string
	Between    string // both, with an arrow the way the sync goes
	Here       SideTotals
	There      SideTotals
	b          store.Book
	r          store.Run
}

// SideTotals are what a run writes to one side, or its plan would.
type SideTotals struct{ Created, Updated, Deleted int64 }

// Any reports whether there is anything.
func (t SideTotals) Any() bool { return t != SideTotals{} }

// String says them for people: 27 created, 1 deleted.
func (t SideTotals) String() string {
	var parts []string
	for _, c := range []struct {
		n    int64
		word string
	}{{t.Created, "created"}, {t.Updated, "updated"}, {t.Deleted, "deleted"}} {
		if c.n > 0 {
			parts = append(parts, humanize.Comma(c.n)+" "+c.word)
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing")
}

func (t *SideTotals) count(a plan.Action, n int64) {
	switch a {
	case plan.Create, plan.Restore:
		t.Created += n
	case plan.Update:
		t.Updated += n
	case plan.Remove:
		t.Deleted += n
	}
}

// SidesOf are the sides of a linked run, not counted yet.
func SidesOf(ctx context.Context, w *workspace.Workspace, r store.Run) (s RunSides, err error) {
	s.r = r
	sync, err := SyncOf(ctx, w, r)
	if err != nil {
		return s, err
	}
	if s.b, err = bookOf(ctx, w, r.BookID); err != nil {
		return s, err
	}
	from, to := sync.Definition.Source, sync.Definition.Target
	s.Book, s.Connection = s.b.Name, cmp.Or(from.Connection, to.Connection, "the connection") // of a sync that is gone
	there := strings.TrimSpace(s.Connection + " " + cmp.Or(from.Object, to.Object))
	switch {
	case from.Connection == "" && to.Connection == "":
		s.Between = s.Book + ", " + there
	case sync.Definition.Direction == plan.TwoWay:
		s.Between = s.Book + " ↔ " + there
	case to.Connection != "":
		s.Between = s.Book + " → " + there
	default:
		s.Between = there + " → " + s.Book
	}
	return s, nil
}

// Count counts what comes to each side. It reads all that the run did: a million changes
// take seconds.
func (s *RunSides) Count(ctx context.Context, w *workspace.Workspace, r store.Run) error {
	counts, err := w.Store.CountSides(ctx, r.ID)
	for _, c := range counts {
		if c.Remote {
			s.There.count(c.Action, c.N)
		} else {
			s.Here.count(c.Action, c.N)
		}
	}
	return err
}

// Written is the name of the side that a change is written to; none where nothing is.
func (s RunSides) Written(c plan.Change) string {
	switch c.Action {
	case plan.Create, plan.Update, plan.Remove, plan.Restore, plan.Fail:
		if c.Remote {
			return s.Connection
		}
		return s.Book
	}
	return ""
}

// SidesText names both sides of a change for people, with an arrow to the one that is
// written: record 1013 → contact 8.
func (s RunSides) SidesText(c plan.Change) string {
	here, there := Sides(c)
	if here != "" {
		here = "contact " + Cell(here)
	}
	if there != "" {
		there = "record " + Cell(there)
	}
	from, to, arrow := there, here, " → "
	if c.Remote {
		from, to = here, there
	}
	if c.Action == plan.Create && to == "" {
		to = map[bool]string{true: "a new record", false: "a new contact"}[c.Remote]
	}
	if s.Written(c) == "" {
		arrow = ", "
	}
	switch {
	case from == "" && to == "":
		return "—"
	case from == "":
		return to
	case to == "":
		return from
	}
	return from + arrow + to
}

// People are the names of whom some changes of a run are about, in their order: what
// they are called in the book or its trash, by the values of the change, or at the other side.
func (s RunSides) People(ctx context.Context, w *workspace.Workspace, changes []plan.Change) ([]string, error) {
	return peopleOf(ctx, w, s.r, s.b, changes)
}
