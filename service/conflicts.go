package service

import (
	"context"
	"errors"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A ConflictState is a field that both sides of a link changed differently.
type ConflictState struct {
	desk.ConflictReport
	BookID     int64  `json:"book_id"`
	ContactID  int64  `json:"contact_id"`
	Connection string `json:"connection"`
	Object     string `json:"object,omitempty"`
}

// A ConflictList is a stretch of the conflicts that wait for a person.
type ConflictList struct {
	Conflicts []ConflictState `json:"items"`
	Next      int64           `json:"next,omitempty"` // where the next stretch begins; 0: this was the last
}

// Conflicts are those that wait for a person, or for the run that carries out what
// a person chose: oldest first, from a position on.
func (s *Service) Conflicts(ctx context.Context, after int64, limit int) (ConflictList, error) {
	list := ConflictList{Conflicts: []ConflictState{}}
	open, err := s.Workspace.Store.ConflictsAfter(ctx, after, limit)
	if err != nil {
		return list, err
	}
	connections, err := s.Workspace.Store.Connections(ctx)
	if err != nil {
		return list, err
	}
	names := map[int64]string{}
	for _, c := range connections {
		names[c.ID] = c.Name
	}
	pairs := map[int64]store.Pair{}
	for _, c := range open {
		st := ConflictState{ConflictReport: desk.ReportConflict(c), BookID: store.BookOf(c.Ref), ContactID: store.Number(c.Ref)}
		if st.Book, st.Name, err = desk.Called(ctx, s.Workspace, c.Ref); err != nil {
			return list, err
		}
		p, known := pairs[c.Pair]
		if !known {
			if p, err = s.Workspace.Store.Pair(ctx, c.Pair); err != nil {
				return list, err
			}
			pairs[c.Pair] = p
		}
		st.Connection, st.Object = names[p.ConnectionID], p.Object
		list.Conflicts = append(list.Conflicts, st)
	}
	if limit > 0 && len(open) == limit {
		list.Next = open[limit-1].ID
	}
	return list, nil
}

// PickConflict decides a conflict. The next run of its sync carries that out, while
// both sides are as they are now. Until then it may be decided anew.
func (s *Service) PickConflict(ctx context.Context, id int64, pick plan.Winner) error {
	if pick != plan.WinOurs && pick != plan.WinTheirs {
		return &run.Error{Code: desk.CodeUsage, Message: "A conflict is decided by ours or theirs. Nothing was changed"}
	}
	err := s.Workspace.Store.PickConflict(ctx, id, pick, s.Now())
	if errors.Is(err, store.ErrNotFound) {
		return notThere("No open conflict has the number %d. A run may have settled it meanwhile", id)
	}
	return err
}
