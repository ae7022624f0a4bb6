package service

import (
	"context"
	"time"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A Home says whether everything is all right.
type Home struct {
	Syncs     []SyncState `json:"syncs"`
	Conflicts int         `json:"conflicts"` // that wait for a person
	Week      plan.Totals `json:"week"`      // of the runs of the last seven days
}

// weekScanned is how many runs are looked at for the last seven days.
const weekScanned = 1000

// Home looks at everything at once.
func (s *Service) Home(ctx context.Context) (Home, error) {
	syncs, err := s.Syncs(ctx)
	if err != nil {
		return Home{}, err
	}
	open, err := s.Workspace.Store.OpenConflicts(ctx, 0)
	if err != nil {
		return Home{}, err
	}
	h := Home{Syncs: syncs, Conflicts: len(open)}
	runs, err := s.Workspace.Store.Runs(ctx, 0, weekScanned)
	for _, r := range runs {
		if r.Kind == store.KindSync && r.Counted() && s.Now().Sub(r.Started) < 7*24*time.Hour {
			h.Week.Read += r.Totals.Read
			h.Week.Created += r.Totals.Created
			h.Week.Updated += r.Totals.Updated
			h.Week.Deleted += r.Totals.Deleted
			h.Week.Rejected += r.Totals.Rejected
		}
	}
	return h, err
}
