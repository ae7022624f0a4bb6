package run

import (
	"context"
	"errors"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Origins is the part of a contact's explanation that is at hand at once, however
// large its book and the files are that it came from: where each value comes from,
// and what runs changed. The line of the record that created it, and the records
// that changed nothing, are left to Explain, which looks through the files.
func (e *Engine) Origins(ctx context.Context, book store.Book, c store.Contact) (Explanation, error) {
	x := &explaining{engine: e, book: book, contact: &c, origin: map[string]FieldOrigin{},
		out: Explanation{Book: book.Name, ID: targetID(c.Ref), Found: true, History: []HistoryEntry{}}}
	x.born = func(string) FieldOrigin { return FieldOrigin{Run: c.CreatedRun, Rule: "create"} }
	var changes []store.StoredChange
	for change, err := range e.Journal.ChangesOf(ctx, c.Ref) {
		if err != nil {
			return x.out, err
		}
		changes = append(changes, change)
	}
	runs := map[int64]store.Run{}
	runOf := func(id int64) (store.Run, error) {
		if r, ok := runs[id]; ok {
			return r, nil
		}
		r, err := e.Journal.Run(ctx, id)
		runs[id] = r
		return r, err
	}
	created := func(c store.StoredChange) bool { return c.Action == plan.Create && !c.Remote }
	if !slices.ContainsFunc(changes, created) {
		r, err := runOf(c.CreatedRun)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return x.out, err
		}
		if err == nil {
			x.tell(r, store.StoredChange{Pruned: r.Pruned, Change: plan.Change{Action: plan.Create, Ref: c.Ref}})
		}
	}
	for _, change := range changes {
		r, err := runOf(change.Run)
		if err != nil {
			return x.out, err
		}
		x.tell(r, change)
	}
	x.origins()
	return x.out, nil
}
