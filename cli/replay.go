package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
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
	if r.Linked {
		return store.Sync{}, refuse(string(run.CodeSourceAbsent), "Run %d is of a sync with a connection. Nothing was changed. There is nothing to replay: correct the contacts or the records, and the next kith run %s looks at them again", r.ID, desk.Quoted(r.Name))
	}
	b := desk.BoundOf(r)
	if len(b.Sync.Map) == 0 {
		return store.Sync{}, refuse(run.CodeSourceAbsent, "Run %d has no records to replay: it looked at none. kith runs list shows the others", r.ID)
	}
	def := b.Sync
	def.Name = strings.TrimSuffix(r.Name, desk.Replayed) + desk.Replayed
	def.Source = plan.Endpoint{File: path, Key: def.Source.Key, EveryTime: true, CSV: plan.CSV{Header: new(true)}}
	def.Policy.Delete.NotFound = plan.Keep
	return a.keep(ctx, w, def, filepath.Dir(path))
}

// retryRejects takes the records that did not get through the last run and tries
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
			a.say("%s: the last run has no rejected, held or failed records.", s.Name)
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
	r, err := latestRun(ctx, w, s.Name)
	if err != nil {
		return store.Sync{}, err
	}
	found, err := desk.RejectsOf(ctx, w, r)
	if err != nil || len(found.Groups) == 0 {
		return store.Sync{}, err
	}
	dir := filepath.Join(w.Folder, "rejects", fmt.Sprintf("sync-%d", s.ID))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return store.Sync{}, fmt.Errorf("rejects of %s: %w", s.Name, err)
	}
	out, err := os.OpenFile(filepath.Join(dir, "rejects.csv"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return store.Sync{}, err
	}
	defer out.Close()
	if err := desk.WriteRejects(out, found); err != nil {
		return store.Sync{}, err
	}
	if err := out.Close(); err != nil {
		return store.Sync{}, err
	}
	return a.replaySync(ctx, w, r, out.Name())
}
