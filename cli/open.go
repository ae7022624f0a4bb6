package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// dataFolder is where kith keeps its data when nobody says otherwise.
func dataFolder(getenv func(string) string, system string) string {
	home := getenv("HOME")
	switch {
	case getenv("KITH_DATA") != "":
		return getenv("KITH_DATA")
	case system == "windows" && getenv("LocalAppData") != "":
		return filepath.Join(getenv("LocalAppData"), "kith")
	case system == "darwin" && home != "":
		return filepath.Join(home, "Library", "Application Support", "kith")
	case getenv("XDG_DATA_HOME") != "":
		return filepath.Join(getenv("XDG_DATA_HOME"), "kith")
	case home != "":
		return filepath.Join(home, ".local", "share", "kith")
	}
	return ""
}

func (a *app) findFolder() error {
	if a.folder == "" {
		a.folder = dataFolder(a.Getenv, runtime.GOOS)
	}
	if a.folder == "" {
		return usage("There is no home folder to keep data in. Name a folder with --data or KITH_DATA")
	}
	return nil
}

// read opens the workspace for a command that only looks.
func (a *app) read(ctx context.Context, do func(context.Context, *workspace.Workspace) error) error {
	return a.open(ctx, func(w *workspace.Workspace) error { return do(ctx, w) })
}

// write opens the workspace for a command that changes something. What an
// earlier process was interrupted in is finished first.
func (a *app) write(ctx context.Context, do func(context.Context, *workspace.Workspace) error) error {
	return a.open(ctx, func(w *workspace.Workspace) error {
		recovered, err := w.Recover(ctx)
		for _, r := range recovered {
			a.say("%s", recoveredText(r))
		}
		if err != nil {
			return err
		}
		if err := a.tidy(ctx, w); err != nil {
			return err
		}
		err = do(ctx, w)
		if err != nil {
			err = errors.Join(err, a.putBack(ctx, w))
		}
		return errors.Join(err, a.keepSchedules(ctx, w))
	})
}

// recoveredText says how a run ended that an earlier process had begun.
func recoveredText(r store.Run) string {
	if r.Status == store.Failed {
		return fmt.Sprintf("Run %d (%s) had been interrupted and could not be finished. %s", r.ID, r.Name, r.Message)
	}
	return fmt.Sprintf("Run %d (%s) had been interrupted. It is finished now: %s.", r.ID, r.Name, statusWords(r.Status))
}

// tidy clears away what has been kept long enough, and says so.
func (a *app) tidy(ctx context.Context, w *workspace.Workspace) error {
	done, err := w.Tidy(ctx)
	if done.Trash > 0 {
		a.say("Removed %s for good, in the trash for 30 days.", several(done.Trash, "contact"))
	}
	if done.Sources > 0 {
		a.say("Cleared away %s that no run of the last 90 days has read.", several(int64(done.Sources), "staged source"))
	}
	if done.Runs > 0 {
		a.say("Cleared away the details of %s of more than 90 days ago. Contacts and totals stay.", several(int64(done.Runs), "run"))
	}
	return err
}

func (a *app) open(ctx context.Context, do func(*workspace.Workspace) error) (err error) {
	if err := a.findFolder(); err != nil {
		return err
	}
	a.bar = a.newProgress()
	w, err := workspace.Open(ctx, workspace.Options{Folder: a.folder, Database: a.Getenv("KITH_DATABASE"), Now: a.Now, Progress: a.bar.report})
	if err != nil {
		return a.cannotOpen(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	defer a.bar.end()
	return do(w)
}

// cannotOpen never repeats the database's address: it may carry a password.
func (a *app) cannotOpen(err error) error {
	var onDisk *fs.PathError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, workspace.ErrLocked), errors.Is(err, workspace.ErrKeyGone), errors.Is(err, workspace.ErrOtherKey):
		return err
	case errors.Is(err, store.ErrDamaged):
		return refuse("data.unusable", "%s", sentence(err.Error()))
	case errors.As(err, &onDisk):
		return refuse("data.unusable", "The data folder %s cannot be used: %v. Nothing was changed. Name another with --data or KITH_DATA", a.folder, innermost(err))
	case a.Getenv("KITH_DATABASE") == "":
		return refuse("data.unusable", "The data folder %s cannot be used: %v. Nothing was changed. Check your rights to what is in it and the free space, or name another with --data", a.folder, err)
	}
	cause, _, _ := strings.Cut(innermost(err).Error(), "\n") // one line for each address that was tried
	return &fault{exit: exitConnect, code: "database.unreachable",
		message: fmt.Sprintf("The database that KITH_DATABASE names cannot be used: %s. Nothing was changed. Check the address, the sign-in and whether the server runs", cause)}
}
