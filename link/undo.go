package link

import (
	"context"

	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Undo takes a run back on both sides.
func (e *Engine) Undo(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	return r, &run.Error{Code: run.CodeUndo, Message: "Runs of a sync with a connection cannot be taken back yet. Nothing was changed"}
}
