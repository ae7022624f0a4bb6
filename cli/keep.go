package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// A sync is kept before it is planned, because its plan belongs to it. One that
// could not be planned is put back as it was: a refusal changes nothing.

// keep stores a sync and remembers what stood in its place.
func (a *app) keep(ctx context.Context, w *workspace.Workspace, def plan.Sync, base string) (store.Sync, error) {
	before, err := w.Store.Sync(ctx, def.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return before, err
	}
	if before.ID != 0 && !bytes.Equal(before.Definition.Canonical(), def.Canonical()) {
		if err := desk.Free(ctx, w, syncfile.Kind, def.Name); err != nil {
			return before, err
		}
	}
	s, err := w.Store.SaveSync(ctx, def, base)
	if err != nil {
		return s, err
	}
	if a.replaced == nil {
		a.replaced = map[string]store.Sync{}
	}
	if _, again := a.replaced[s.Name]; !again {
		a.replaced[s.Name] = before
	}
	return s, nil
}

// planned settles that a sync stays as it is kept.
func (a *app) planned(s store.Sync) { delete(a.replaced, s.Name) }

// putBack restores the syncs that were kept and not planned. It goes on when the
// command is interrupted: an interruption is a refusal as well.
func (a *app) putBack(ctx context.Context, w *workspace.Workspace) (err error) {
	ctx = context.WithoutCancel(ctx)
	for name, before := range a.replaced {
		delete(a.schedules, name)
		if before.ID == 0 {
			err = errors.Join(err, w.Store.DeleteSync(ctx, name))
			continue
		}
		_, failed := w.Store.SaveSync(ctx, before.Definition, before.Base)
		err = errors.Join(err, failed)
	}
	a.replaced = nil
	return err
}

// keepSchedules stores when the syncs of a file run by themselves and who is told
// about it, once it is settled that they stay. A file says all of a sync: without a
// schedule it runs by hand only, and whom it does not name is told no more.
func (a *app) keepSchedules(ctx context.Context, w *workspace.Workspace) error {
	ctx = context.WithoutCancel(ctx)
	for _, name := range slices.Sorted(maps.Keys(a.schedules)) {
		s, err := w.Store.Sync(ctx, name)
		if err == nil {
			err = desk.KeepSchedule(ctx, w, s, a.schedules[name], a.paused[name])
		}
		if err == nil {
			err = w.Store.SaveNotify(ctx, s.ID, a.notified[name])
		}
		if err != nil {
			return err
		}
	}
	a.schedules = nil
	return nil
}

// setAside puts a sync back as it was before a plan that was not applied: a look
// changes nothing for the runs to come. The plan remembers what it was made with.
func (a *app) setAside(ctx context.Context, w *workspace.Workspace, before, now store.Sync, planID int64) error {
	changed := desk.Differing(before.Definition, now.Definition)
	if before.ID == 0 || len(changed) == 0 || planID == 0 {
		return nil
	}
	r, err := w.Store.Run(ctx, planID)
	if err != nil {
		return err
	}
	now.Definition.Guard = before.Definition.Guard
	r.Settings = now.Definition.Canonical()
	if err := w.Store.UpdateRun(ctx, &r); err != nil {
		return err
	}
	if _, err := w.Store.SaveSync(ctx, before.Definition, before.Base); err != nil {
		return err
	}
	a.say("These settings are the plan's own: %s. kith run %s goes on as before, unless this plan is applied.", strings.Join(changed, ", "), desk.Quoted(now.Name))
	return nil
}

// keepPlanned keeps a sync with the settings of the plan that is to be applied.
func (a *app) keepPlanned(ctx context.Context, w *workspace.Workspace, s store.Sync, r store.Run) (store.Sync, error) {
	def, differs, err := desk.PlannedWith(r)
	if err != nil || !differs {
		return s, err
	}
	return a.keep(ctx, w, def, filepath.Dir(def.Source.File))
}

// nameFor returns what the import of a file is kept as when nobody says so:
// import-list, or import-list-2 where import-list reads another file of that
// name. A file finds its own import again.
func (a *app) nameFor(ctx context.Context, w *workspace.Workspace, path string) (string, error) {
	first := importName(path)
	for n := 1; ; n++ {
		name := first
		if n > 1 {
			name = fmt.Sprintf("%s-%d", first, n)
		}
		s, err := w.Store.Sync(ctx, name)
		switch {
		case errors.Is(err, store.ErrNotFound) && n > 1:
			a.say("%s reads another file of this name; this one is kept as %s. If it is the same list, import it with --name %s.", first, name, desk.Quoted(strings.TrimPrefix(first, "import-")))
			return name, nil
		case errors.Is(err, store.ErrNotFound):
			return name, nil
		case err != nil:
			return "", err
		case sourcePath(s) == path:
			return name, nil
		}
	}
}

// sourcePath is the file that a sync reads.
func sourcePath(s store.Sync) string {
	if path := s.Definition.Source.File; path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Base, s.Definition.Source.File)
}
