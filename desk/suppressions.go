package desk

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A SuppressionReport is somebody who was erased on request.
type SuppressionReport struct {
	Suppression int64     `json:"suppression"`
	Erased      time.Time `json:"erased"`
	Book        string    `json:"book"`
	Contact     string    `json:"contact,omitempty"` // the ID it had
	Keys        int       `json:"keys"`
	Reason      string    `json:"reason"`
	Run         int64     `json:"run"`
}

// Suppressions are all of them, oldest first.
func Suppressions(ctx context.Context, w *workspace.Workspace) ([]SuppressionReport, error) {
	all, err := w.Store.Suppressions(ctx)
	if err != nil {
		return nil, err
	}
	return suppressionReports(ctx, w, all)
}

func suppressionReports(ctx context.Context, w *workspace.Workspace, all []store.Suppression) ([]SuppressionReport, error) {
	books, err := w.Store.Books(ctx)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, b := range books {
		names[b.ID] = b.Name
	}
	reports := make([]SuppressionReport, len(all))
	for i, s := range all {
		reports[i] = SuppressionReport{Suppression: s.ID, Erased: s.At, Book: names[s.BookID], Keys: len(s.Keys), Reason: s.Reason, Run: s.Run}
		if s.Ref != 0 {
			reports[i].Contact = strconv.FormatInt(store.Number(s.Ref), 10)
		}
	}
	return reports, nil
}

// LiftSuppression lets an erased person come back.
func LiftSuppression(ctx context.Context, w *workspace.Workspace, id int64) error {
	err := w.Store.LiftSuppression(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return refuse("not_found", "There is no suppression %d. kith suppressions lists them", id)
	}
	return err
}
