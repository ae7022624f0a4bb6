package desk

import (
	"context"
	"errors"
	"strings"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// Short is how people name a plan.
func Short(hash string) string { return hash[:min(8, len(hash))] }

const shortestHash = 4

// IsHash reports whether a text can be the beginning of a plan's hash.
func IsHash(s string) bool {
	return len(s) >= shortestHash && len(s) <= 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// StoredPlan finds a plan by the beginning of its hash, with its sync.
func StoredPlan(ctx context.Context, w *workspace.Workspace, hash string) (store.Sync, store.Run, error) {
	if !IsHash(hash) {
		return store.Sync{}, store.Run{}, usage("%q is not a plan's hash: at least %d of its letters and digits are needed", hash, shortestHash)
	}
	r, err := w.Store.RunByPlan(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return store.Sync{}, r, refuse(run.CodePlanUnknown, "There is no plan %s in this data folder. Nothing was written. Make a new one with kith plan", Short(hash))
	}
	if errors.Is(err, store.ErrAmbiguous) {
		return store.Sync{}, r, refuse("plan.ambiguous", "Several plans begin with %s. Nothing was written. Give more of the hash: kith plan and runs show print it whole with -o json", hash)
	}
	if err != nil {
		return store.Sync{}, r, err
	}
	s, err := SyncOf(ctx, w, r)
	return s, r, err
}

// SyncOf returns the sync of a run. Of one that has been deleted, and of edits by
// hand, it knows only where they wrote.
func SyncOf(ctx context.Context, w *workspace.Workspace, r store.Run) (store.Sync, error) {
	s, err := w.Store.Sync(ctx, r.Name)
	if err == nil && s.ID == r.SyncID || !errors.Is(err, store.ErrNotFound) && err != nil {
		return s, err
	}
	s = store.Sync{ID: r.SyncID, Name: r.Name, Definition: BoundOf(r).Sync}
	if s.Definition.Target == (plan.Endpoint{}) {
		b, err := bookOf(ctx, w, r.BookID)
		if err != nil {
			return s, err
		}
		s.Definition.Target.Book = b.Name
	}
	return s, nil
}

func bookOf(ctx context.Context, w *workspace.Workspace, id int64) (store.Book, error) {
	b, err := w.Store.BookByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return b, refuse("not_found", "The address book of this run has been deleted")
	}
	return b, err
}

// Approved puts a blocked run back to where the guard stopped it.
func Approved(r store.Run) store.Run {
	if r.Status == store.Blocked {
		r.Status, r.Code, r.Message = store.Planned, "", ""
	}
	r.Approved = r.Status == store.Planned
	return r
}
