package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// ReplayOf is the sync that imports the corrected rejects of a run from a file: a
// sibling of the run's own, so that its memory of its source stays right. Only the
// columns that the sync maps count, and nothing is ever deleted: a file of rejects
// says nothing about who is missing.
func ReplayOf(r store.Run, path string) (plan.Sync, error) {
	if r.Linked {
		return plan.Sync{}, refuse(run.CodeSourceAbsent, "Run %d is of a sync with a connection. Nothing was changed. There is nothing to replay: correct the contacts or the records, and the next kith run %s looks at them again", r.ID, Quoted(r.Name))
	}
	b := BoundOf(r)
	if len(b.Sync.Map) == 0 {
		return plan.Sync{}, refuse(run.CodeSourceAbsent, "Run %d has no records to replay: it looked at none. kith runs list shows the others", r.ID)
	}
	def := b.Sync
	def.Name = strings.TrimSuffix(r.Name, Replayed) + Replayed
	def.Source = plan.Endpoint{File: path, Key: def.Source.Key, EveryTime: true, CSV: plan.CSV{Header: new(true)}}
	def.Policy.Delete.NotFound = plan.Keep
	return def, nil
}

// LatestLooked returns the last run of a sync that looked at its records, or
// store.ErrNotFound. A run whose source had not changed looked at none: what the run
// before left behind still waits.
func LatestLooked(ctx context.Context, w *workspace.Workspace, syncID int64) (store.Run, error) {
	const some = 50
	for before := int64(0); ; {
		runs, err := w.Store.RunsOf(ctx, syncID, before, some)
		if err != nil {
			return store.Run{}, err
		}
		for _, r := range runs {
			if r.Kind == store.KindSync && looked(r) {
				return r, nil
			}
			before = r.ID
		}
		if len(runs) < some {
			return store.Run{}, store.ErrNotFound
		}
	}
}

// looked tells a run that looked at records from one that found its source unchanged
// or not there.
func looked(r store.Run) bool {
	return r.Status.Applied() && r.Status != store.SkippedUnchanged && (r.PlanHash != "" || r.Totals.Read > 0)
}

// RejectsFile writes the records of a run that did not get through to a file in
// the data folder and returns its path; without such records it is empty.
func RejectsFile(ctx context.Context, w *workspace.Workspace, r store.Run) (string, error) {
	found, err := RejectsOf(ctx, w, r)
	if err != nil || len(found.Groups) == 0 {
		return "", err
	}
	dir := filepath.Join(w.Folder, "rejects", fmt.Sprintf("sync-%d", r.SyncID))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("rejects of %s: %w", r.Name, err)
	}
	out, err := os.OpenFile(filepath.Join(dir, "rejects.csv"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	defer out.Close()
	if err := WriteRejects(out, found); err != nil {
		return "", err
	}
	return out.Name(), out.Close()
}

// PlannedWith is the definition that a plan was made with, where that is another
// than the one that is kept.
func PlannedWith(r store.Run) (def plan.Sync, differs bool, err error) {
	if len(r.Settings) == 0 {
		return def, false, nil
	}
	if err := json.Unmarshal(r.Settings, &def); err != nil {
		return def, false, fmt.Errorf("settings of plan %s: %w", Short(r.PlanHash), err)
	}
	return def, true, nil
}
