package run

import (
	"context"
	"slices"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A merge by hand removes a contact into another, which keeps its match keys:
// whoever comes by them later is the contact that was kept. That contact's story
// tells of it, and whoever looks for the one that is gone is led to it.

// A Merge is a contact that became part of another.
type Merge struct {
	ID    string `json:"id"`
	Email string `json:"email,omitempty"`
	Into  string `json:"into"`
	Run   int64  `json:"run"`
}

// MergedInto returns the contact that one was merged into and has not been
// separated from since, and the run that did it; zeros where there is none.
func (e *Engine) MergedInto(ctx context.Context, ref int64) (into, run int64, err error) {
	for c, err := range e.Journal.ChangesOf(ctx, ref) {
		if err != nil {
			return 0, 0, err
		}
		if c.Remote {
			continue // it is about the contact's record elsewhere
		}
		switch c.Action {
		case plan.Remove:
			into, run = c.Into, c.Run
		case plan.Create, plan.Restore:
			into, run = 0, 0
		}
	}
	return into, run, nil
}

// standsFor goes from a contact through all merges to the one that it is now.
func (e *Engine) standsFor(ctx context.Context, ref int64) (int64, error) {
	for ref != 0 {
		into, _, err := e.MergedInto(ctx, ref)
		if err != nil || into == 0 {
			return ref, err
		}
		ref = into
	}
	return ref, nil
}

// follow goes from a contact to the one that stands for it today, noting each
// merge on the way.
func (x *explaining) follow(ctx context.Context, ref int64) (int64, error) {
	for {
		into, run, err := x.engine.MergedInto(ctx, ref)
		if err != nil || into == 0 {
			return ref, err
		}
		m, err := x.merge(ctx, ref, into, run)
		if err != nil {
			return ref, err
		}
		x.out.MergedFrom = append(x.out.MergedFrom, *m)
		ref = into
	}
}

// merge describes a merge. Who the other was is known as long as it is in the
// trash, or a contact again.
func (x *explaining) merge(ctx context.Context, ref, into, run int64) (*Merge, error) {
	m := &Merge{ID: targetID(ref), Into: targetID(into), Run: run}
	trash, err := x.trashed(ctx)
	if err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(trash, func(c store.Contact) bool { return c.Ref == ref }); at >= 0 {
		m.Email = x.emailOf(trash[at].Values)
		return m, nil
	}
	for c, err := range x.store.ContactsByRef(ctx, x.book, []int64{ref}) {
		if err != nil {
			return nil, err
		}
		m.Email = x.emailOf(c.Values)
	}
	return m, nil
}

// emailOf is a contact's first e-mail address, as it is written.
func (x *explaining) emailOf(values []string) string {
	for i, f := range x.book.Fields {
		if f.Kind == contact.Email && i < len(values) && values[i] != "" {
			return values[i]
		}
	}
	return ""
}

// tellMerge tells what a run did about a contact that became part of the one
// asked for, or was separated from it again.
func (x *explaining) tellMerge(ctx context.Context, r store.Run, c store.StoredChange) error {
	m, err := x.merge(ctx, c.Ref, c.Into, r.ID)
	if err != nil {
		return err
	}
	action := "merge"
	if c.Action == plan.Restore {
		action = c.Action.String()
	}
	x.out.History = append(x.out.History, HistoryEntry{Run: r.ID, Sync: r.Name, When: when(r), Source: r.Source, Action: action, Merged: m})
	return nil
}
