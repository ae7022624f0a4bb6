package cli

import (
	"context"
	"path/filepath"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// replay imports corrected rejects through the sync they come from: as its
// sibling, so that the sync's own memory of its source stays right. Only the
// columns that the sync maps count, and nothing is ever deleted: a file of
// rejects says nothing about who is missing.
func (a *app) replay(ctx context.Context, w *workspace.Workspace, r store.Run, path string) error {
	whole, err := readable(path)
	if err != nil {
		return err
	}
	s, err := a.replaySync(ctx, w, r, whole)
	if err != nil {
		return err
	}
	j := &job{app: a, workspace: w, sync: s}
	return a.printRuns(j.run(ctx), false, j)
}

func (a *app) replaySync(ctx context.Context, w *workspace.Workspace, r store.Run, path string) (store.Sync, error) {
	def, err := desk.ReplayOf(r, path)
	if err != nil {
		return store.Sync{}, err
	}
	return a.keep(ctx, w, def, filepath.Dir(path))
}

// retryRejects takes the records that did not get through the last run that looked at any, and tries
// them again as they stand: what was held may go on now.
func (a *app) retryRejects(ctx context.Context, w *workspace.Workspace, syncs []store.Sync) error {
	var jobs []*job
	var err error
	for _, s := range syncs {
		j := &job{app: a, workspace: w}
		if j.sync, err = a.rejectsSync(ctx, w, s); err != nil {
			break
		}
		if j.sync.ID == 0 {
			j.idle(s.Name, "The last run has no rejected, held or failed records")
			jobs = append(jobs, j)
			continue
		}
		jobs = append(jobs, j)
		if err = j.run(ctx); err != nil || !j.applied {
			break
		}
	}
	return a.printRuns(err, len(syncs) > 1, jobs...)
}

// rejectsSync returns the sync that reads the last run's rejects, or none.
func (a *app) rejectsSync(ctx context.Context, w *workspace.Workspace, s store.Sync) (store.Sync, error) {
	r, err := latestLooked(ctx, w, s.Name)
	if err != nil {
		return store.Sync{}, err
	}
	path, err := desk.RejectsFile(ctx, w, r)
	if path == "" || err != nil {
		return store.Sync{}, err
	}
	return a.replaySync(ctx, w, r, path)
}
