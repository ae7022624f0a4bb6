package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A ContactLink is a contact's record at another system, and how far the two are in
// step (E14, E15).
type ContactLink struct {
	LinkReport
	Sync    string     `json:"sync,omitempty"` // that keeps the two in step
	LastRun int64      `json:"last_run,omitempty"`
	Last    *time.Time `json:"last,omitempty"`
}

// Waiting says why a contact did not get through to a connection (E24).
type Waiting struct {
	Run     int64       `json:"run"`
	Reason  plan.Reason `json:"reason"`
	Missing []string    `json:"missing,omitempty"` // fields without a value
}

// Fields names what is missing, for people.
func (w Waiting) Fields() string { return strings.Join(w.Missing, ", ") }

// InStep are a contact's records at other systems, with the sync that leads there and
// its latest run; and why it has none, where a sync has looked at it.
func InStep(ctx context.Context, w *workspace.Workspace, b store.Book, ref int64, trashed bool) (links []ContactLink, waiting *Waiting, err error) {
	if links, err = linksInStep(ctx, w, b, ref); err != nil {
		return nil, nil, err
	}
	if trashed || slices.ContainsFunc(links, func(l ContactLink) bool { return !l.Gone }) {
		return links, nil, nil
	}
	waiting, err = waitingOf(ctx, w, ref)
	return links, waiting, err
}

func linksInStep(ctx context.Context, w *workspace.Workspace, b store.Book, ref int64) ([]ContactLink, error) {
	all, err := LinksOf(ctx, w, ref)
	if err != nil || len(all) == 0 {
		return []ContactLink{}, err
	}
	syncs, err := w.Store.Syncs(ctx)
	if err != nil {
		return nil, err
	}
	links := make([]ContactLink, len(all))
	for i, l := range all {
		links[i] = ContactLink{LinkReport: l}
		for _, sync := range syncs {
			if !leadsTo(sync.Definition, b.Name, l) {
				continue
			}
			links[i].Sync = sync.Name
			r, err := w.Store.LatestApplied(ctx, sync.ID)
			if err == nil {
				links[i].LastRun, links[i].Last = r.ID, &r.Started
			} else if !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
		}
	}
	return links, nil
}

func leadsTo(d plan.Sync, book string, l LinkReport) bool {
	return d.Linked() && d.Source.Book+d.Target.Book == book && d.Source.Connection+d.Target.Connection == l.Connection && d.Source.Object+d.Target.Object == l.Object
}

// waitingOf says why a contact did not get through to a connection the last time that a
// sync looked at it there; nil where none did.
func waitingOf(ctx context.Context, w *workspace.Workspace, ref int64) (*Waiting, error) {
	var latest *Waiting
	linked := map[int64]bool{}
	for c, err := range w.Store.ChangesOf(ctx, ref) {
		if err != nil {
			return nil, err
		}
		if _, known := linked[c.Run]; !known {
			r, err := w.Store.Run(ctx, c.Run)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			linked[c.Run] = r.Linked
		}
		if !linked[c.Run] {
			continue
		}
		latest = nil
		final := c.Reason == plan.LinkGone || c.Reason == plan.SourceGone || c.Reason == plan.TrashedByPerson // it is not made again: the link says so
		if c.Reason != "" && !final && c.Action != plan.Unchanged && c.Action != plan.NoAction {
			latest = &Waiting{Run: c.Run, Reason: c.Reason, Missing: c.Detail.Missing}
		}
	}
	return latest, nil
}
