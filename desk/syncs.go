package desk

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// ReportSync is a line of the list of syncs.
func ReportSync(ctx context.Context, w *workspace.Workspace, s store.Sync) (SyncReport, error) {
	r := SyncReport{Name: s.Name, Preset: s.Definition.Preset, Source: endpoint(s.Definition.Source), Target: endpoint(s.Definition.Target)}
	planned, err := ReportSchedule(ctx, w, s, 1)
	if err != nil {
		return r, err
	}
	if planned != nil {
		r.Paused = planned.Paused
		for _, t := range planned.Next {
			r.Next = Moment(t)
		}
	}
	last, err := w.Store.LatestApplied(ctx, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return r, nil
	}
	r.LatestRun, r.Latest, r.Status = last.ID, Moment(last.Started), last.Status
	return r, err
}

func endpoint(e plan.Endpoint) string {
	switch {
	case e.Book != "":
		return "book " + e.Book
	case e.Connection != "":
		return strings.TrimSpace("connection " + e.Connection + " " + e.Object)
	}
	return filepath.Base(e.File)
}

// Against returns what is wrong between new syncs and those stored before. What
// import keeps of single files is left out, and what a replay keeps of rejects:
// nothing runs those by itself.
func Against(ctx context.Context, w *workspace.Workspace, defs []plan.Sync) ([]syncfile.Error, error) {
	stored, err := w.Store.Syncs(ctx)
	if err != nil {
		return nil, err
	}
	replaced := map[string]bool{}
	for _, d := range defs {
		replaced[d.Name] = true
	}
	var all []plan.Sync
	for _, s := range stored {
		if !replaced[s.Name] && !strings.HasPrefix(s.Name, "import-") && !IsReplay(s) {
			all = append(all, s.Definition)
		}
	}
	return syncfile.ValidateTogether(append(all, defs...)), nil
}

// Replayed ends the name of a sync of corrected rejects.
const Replayed = "-rejects"

// IsReplay reports whether a sync is what a replay keeps of another's rejects: one
// that nobody has made and that has no place among those people made. Its settings
// are the other's, so they collide with nothing but that.
//
// A feed, which keeps what a linked sync sends besides contacts, is none of
// people's making either.
func IsReplay(s store.Sync) bool {
	if workspace.IsFeed(s) {
		return true
	}
	return strings.HasSuffix(s.Name, Replayed) && s.Definition.Source.EveryTime && len(s.Definition.Map) > 0 && filepath.IsAbs(s.Definition.Source.File)
}

// CheckSync says everything that is wrong with a definition, by itself and beside
// the syncs that are kept: two that would remove each other's contacts are refused.
func CheckSync(ctx context.Context, w *workspace.Workspace, def plan.Sync) error {
	found := syncfile.Validate(def)
	beside, err := Against(ctx, w, []plan.Sync{def})
	if err != nil {
		return err
	}
	for _, e := range beside {
		if strings.HasSuffix(e.Key, "policy.delete.scope") {
			found = append(found, e)
		}
	}
	all := make([]error, len(found))
	for i := range found {
		all[i] = &found[i]
	}
	return errors.Join(all...)
}

// DeleteSync takes a sync off the list (C45), with what replays of its rejects left
// there. Its runs and contacts stay.
func DeleteSync(ctx context.Context, w *workspace.Workspace, name string) error {
	if _, err := SavedSync(ctx, w, name); err != nil {
		return err
	}
	if err := Free(ctx, w, syncfile.Kind, name); err != nil {
		return err
	}
	if err := w.Store.DeleteSync(ctx, name); err != nil {
		return err
	}
	s, err := w.Store.Sync(ctx, name+Replayed)
	if err != nil || !IsReplay(s) {
		return nil //nolint:nilerr // there is none
	}
	return w.Store.DeleteSync(ctx, s.Name)
}
