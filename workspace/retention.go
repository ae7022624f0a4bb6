package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// How long what is no longer needed is kept (requirements 3.11 and 3.14,
// reliability section 9).
const (
	keepTrash  = 30 * 24 * time.Hour
	keepSource = 90 * 24 * time.Hour // and the details of runs
)

// lastTidy is the file that says when the folder was tidied last.
const lastTidy = "tidied"

// Tidied counts what Tidy removed for good.
type Tidied struct {
	Trash   int64 // contacts that syncs had put into the trash
	Sources int   // copies of what runs read, and of files as they were before a run
	Runs    int   // whose details were cleared away; their totals stay
}

// Tidy removes contacts that have been in the trash for 30 days, and staged
// sources that no run of the last 90 days has read. Of runs of then the details
// go as well, unless a sync still goes by them: they can no longer show their
// records, nor be undone. Contacts, totals and where each value came from stay.
// Jobs of then are forgotten, and what was taken from an inbox or dismissed then. It does
// so once a day.
func (w *Workspace) Tidy(ctx context.Context) (done Tidied, err error) {
	now, marker := w.Engine.Now(), filepath.Join(w.Folder, lastTidy)
	today := now.UTC().Format(time.DateOnly)
	if last, err := os.ReadFile(marker); err == nil && string(last) == today {
		return done, nil
	}
	if done.Trash, err = w.Store.PurgeTrash(ctx, now.Add(-keepTrash)); err != nil {
		return done, err
	}
	if done.Sources, err = w.pruneSources(ctx, now.Add(-keepSource)); err != nil {
		return done, err
	}
	if done.Runs, err = w.Store.PruneDetails(ctx, now.Add(-keepSource)); err != nil {
		return done, err
	}
	if err := w.Store.PruneJobs(ctx, now.Add(-keepSource)); err != nil {
		return done, err
	}
	if err := w.Store.PruneLeads(ctx, now.Add(-keepSource)); err != nil {
		return done, err
	}
	return done, os.WriteFile(marker, []byte(today), 0o600)
}

func (w *Workspace) pruneSources(ctx context.Context, before time.Time) (removed int, err error) {
	entries, err := os.ReadDir(w.Engine.Stage)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // nothing was ever staged
	}
	if err != nil {
		return 0, fmt.Errorf("staged sources: %w", err)
	}
	for _, entry := range entries {
		old, err := w.outlived(ctx, entry, before)
		if err != nil {
			return removed, err
		}
		if !old {
			continue
		}
		if err := os.Remove(filepath.Join(w.Engine.Stage, entry.Name())); err != nil {
			return removed, fmt.Errorf("staged sources: %w", err)
		}
		removed++
	}
	return removed, nil
}

// outlived reports whether a staged file is that old and no later run has read
// the same content. A source is named by its hash; what else stands here was
// written by one run alone.
func (w *Workspace) outlived(ctx context.Context, entry fs.DirEntry, before time.Time) (bool, error) {
	info, err := entry.Info()
	if err != nil {
		return false, fmt.Errorf("staged sources: %w", err)
	}
	if !info.Mode().IsRegular() || !info.ModTime().Before(before) {
		return false, nil
	}
	hash, ending, _ := strings.Cut(entry.Name(), ".")
	if ending == "" {
		return true, nil
	}
	used, err := w.Store.SourceUsedSince(ctx, hash, before)
	return !used, err
}
