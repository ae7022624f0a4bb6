package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// syncsToRun returns the named sync, or those of a file, which are stored.
func (a *app) syncsToRun(ctx context.Context, w *workspace.Workspace, args []string, file string, everyTime bool) (syncs []store.Sync, err error) {
	if file != "" {
		syncs, err = a.saveFile(ctx, w, file)
	} else {
		var s store.Sync
		s, err = desk.SavedSync(ctx, w, args[0])
		syncs = []store.Sync{s}
	}
	for i := range syncs {
		syncs[i].Definition.Source.EveryTime = syncs[i].Definition.Source.EveryTime || everyTime
	}
	return syncs, err
}

// parseFile reads a sync file. Its mistakes carry the path as it was typed.
func parseFile(path string) ([]syncfile.Document, error) {
	if _, err := existing(path); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, refuse(run.CodeSource, "%s cannot be read: %v. Nothing was changed. Check your right to read it", path, innermost(err))
	}
	docs, err := syncfile.Read(path, data)
	if err != nil {
		return nil, err
	}
	if found := syncfile.ValidateTogether(definitions(docs)); len(found) > 0 {
		return nil, invalidSync(inFile(path, "", found))
	}
	return docs, nil
}

// definitions are the syncs of a file, without what stands beside them.
func definitions(docs []syncfile.Document) []plan.Sync {
	defs := make([]plan.Sync, len(docs))
	for i, d := range docs {
		defs[i] = d.Sync
	}
	return defs
}

// inFile gives mistakes their places in a sync file: those of one of its syncs,
// or of any whose name their keys begin with.
func inFile(path, sync string, found []syncfile.Error) []syncfile.Error {
	data, err := os.ReadFile(path)
	if err != nil {
		return found // it was read a moment ago; the mistakes count all the same
	}
	return syncfile.Place(path, data, sync, found)
}

// saveFile stores the syncs of a file under their names. Two that would remove
// each other's contacts are refused also when one of them was stored earlier.
func (a *app) saveFile(ctx context.Context, w *workspace.Workspace, path string) ([]store.Sync, error) {
	docs, err := parseFile(path)
	if err != nil {
		return nil, err
	}
	found, err := desk.Against(ctx, w, definitions(docs))
	if err != nil {
		return nil, err
	}
	var grave []syncfile.Error
	for _, e := range found {
		if strings.HasSuffix(e.Key, "policy.delete.scope") {
			grave = append(grave, e)
		}
	}
	if len(grave) > 0 {
		return nil, invalidSync(inFile(path, "", grave))
	}
	base, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	syncs := make([]store.Sync, len(docs))
	a.schedules, a.paused, a.notified = map[string]*schedule.Schedule{}, map[string]*bool{}, map[string][]notify.Rule{}
	for i, doc := range docs {
		if syncs[i], err = a.keep(ctx, w, doc.Sync, base); err != nil {
			return nil, err
		}
		a.schedules[doc.Sync.Name], a.paused[doc.Sync.Name], a.notified[doc.Sync.Name] = doc.Schedule, doc.Paused, doc.Notify
	}
	return syncs, nil
}
