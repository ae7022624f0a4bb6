package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// PeopleOf are the names of whom some changes of a run are about, in their order; none of a
// book that is gone.
func PeopleOf(ctx context.Context, w *workspace.Workspace, r store.Run, changes []plan.Change) ([]string, error) {
	b, err := w.Store.BookByID(ctx, r.BookID)
	if errors.Is(err, store.ErrNotFound) {
		return make([]string, len(changes)), nil
	}
	if err != nil {
		return nil, err
	}
	return peopleOf(ctx, w, r, b, changes)
}

// peopleOf are the names of whom some changes of a run are about, in their order: what they
// are called in the book or its trash, by the values of the change, or at the other side.
func peopleOf(ctx context.Context, w *workspace.Workspace, r store.Run, b store.Book, changes []plan.Change) ([]string, error) {
	known, err := calledHere(ctx, w, b, changes)
	if err != nil {
		return nil, err
	}
	naming, names := Naming(b), make([]string, len(changes))
	var records []string
	for i, c := range changes {
		if names[i] = cmp.Or(known[c.Ref], calledIn(b, naming, c)); names[i] == "" {
			_, record := Sides(c)
			records = append(records, record)
		}
	}
	there, err := calledThere(ctx, w, r, b, records)
	for i, c := range changes {
		if names[i] == "" {
			_, record := Sides(c)
			names[i] = there[record]
		}
	}
	return names, err
}

// calledHere is what the contacts of some changes are called in the book, or its trash.
func calledHere(ctx context.Context, w *workspace.Workspace, b store.Book, changes []plan.Change) (map[int64]string, error) {
	var refs []int64
	for _, c := range changes {
		if c.Ref != 0 {
			refs = append(refs, c.Ref)
		}
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)
	known, naming := map[int64]string{}, Naming(b)
	for c, err := range w.Store.ContactsByRef(ctx, b, refs) {
		if err != nil {
			return nil, err
		}
		known[c.Ref] = calledBy(b, naming, c.Values)
	}
	for _, ref := range refs {
		if _, live := known[ref]; live {
			continue
		}
		c, err := w.Store.TrashedContact(ctx, b, ref)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		known[ref] = calledBy(b, naming, c.Values)
	}
	return known, nil
}

// calledThere is what records of a run's connection are called by what Kith knows of them, by
// their IDs. Of a sync that is gone nobody can say.
func calledThere(ctx context.Context, w *workspace.Workspace, r store.Run, b store.Book, records []string) (map[string]string, error) {
	s, err := SyncOf(ctx, w, r)
	if err != nil || len(records) == 0 || !s.Definition.Linked() {
		return nil, err
	}
	from, to := s.Definition.Source, s.Definition.Target
	c, err := w.Store.Connection(ctx, from.Connection+to.Connection)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pairs, err := w.Store.PairsOf(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	naming, names := Naming(b), map[string]string{}
	for _, pair := range pairs {
		if pair.ConnectionID != c.ID || pair.Object != from.Object+to.Object {
			continue
		}
		known, err := w.Store.MirrorByRemote(ctx, pair.ID, records)
		if err != nil {
			return nil, err
		}
		for _, m := range known {
			names[m.RemoteID] = calledBy(b, naming, valuesHere(s.Definition, b, m.Seen))
		}
	}
	return names, nil
}

// valuesHere puts what a record says into the fields of the book, as the map names them.
func valuesHere(d plan.Sync, b store.Book, seen map[string]string) []string {
	values := make([]string, len(b.Fields))
	for _, m := range d.Map {
		here, there := m.To, m.From
		if d.Source.Book != "" {
			here, there = there, here
		}
		if at := b.Schema().Index(here); at >= 0 && values[at] == "" {
			values[at] = seen[there]
		}
	}
	return values
}

// calledBy is what people call somebody: by name, else by e-mail.
func calledBy(b store.Book, n *plan.Naming, values []string) string {
	if len(values) == 0 {
		return ""
	}
	if name := NameOf(n, values); name != "" {
		return name
	}
	if at := b.Schema().First(contact.Email); at >= 0 && at < len(values) {
		return values[at]
	}
	return ""
}

// calledIn is what the values of a change call somebody who is no contact yet, or none
// any more.
func calledIn(b store.Book, n *plan.Naming, c plan.Change) string {
	values, email := make([]string, len(b.Fields)), ""
	for _, f := range c.Fields {
		value := cmp.Or(f.New, f.Old)
		if at := b.Schema().Index(f.Name); at >= 0 && !c.Remote {
			values[at] = value
		}
		if email == "" && strings.Contains(value, "@") {
			email = value
		}
	}
	return cmp.Or(NameOf(n, values), email)
}
