package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/store"
)

// Once a remote file is fully applied, it is remembered, and kept, moved or
// deleted as the sync says: never before. What could not be done then is tried
// again after the next run.

// tidy is called with every run that came to its end.
func (w *Workspace) tidy(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if s.Definition.Source.Path == "" || !r.Status.Applied() || r.Kind != store.KindSync {
		return r, nil
	}
	ctx = context.WithoutCancel(ctx) // what was applied must be known as applied
	if r.Origin != "" {
		var o origin
		if err := json.Unmarshal([]byte(r.Origin), &o); err != nil {
			return r, fmt.Errorf("run %d: %w", r.ID, err)
		}
		read := r.ID
		if r.BlocksOf != 0 {
			read = r.BlocksOf // the run that did; this one only saw that nothing has changed
		}
		f := store.Fetched{SyncID: s.ID, Path: o.Path, Size: o.Bytes, Hash: o.Hash, Modified: o.Modified, Tag: o.Tag, Run: read, At: w.Engine.Now(),
			Settled: s.Definition.Source.After.Keeps()}
		if err := w.Store.SaveFetched(ctx, f); err != nil {
			return r, err
		}
	}
	if s.Definition.Source.After.Keeps() {
		return r, nil
	}
	notes, err := w.putAway(ctx, s, r.ID)
	if err != nil {
		notes = append(notes, fmt.Sprintf("What was read could not be put away, which is tried again after the next run: %s.", strings.TrimRight(err.Error(), ".")))
		if r.Warnings == nil {
			r.Warnings = map[string]int64{}
		}
		r.Warnings[CodeNotTidy]++
		if r.Status == store.Succeeded || r.Status == store.SkippedUnchanged {
			r.Status = store.WithWarnings
		}
	}
	if len(notes) == 0 {
		return r, nil
	}
	r.Notes = append(r.Notes, notes...)
	return r, w.Store.UpdateRun(ctx, &r)
}

// putAway moves or deletes what a sync has read and not yet put away.
func (w *Workspace) putAway(ctx context.Context, s store.Sync, id int64) (notes []string, err error) {
	known, err := w.Store.FetchedBy(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	var p *place
	for _, f := range known {
		if f.Settled {
			continue
		}
		if p == nil {
			if p, err = w.place(ctx, s.Definition.Source.Connection); err != nil {
				return notes, placeFault(s.Definition.Source.Connection, err)
			}
			defer p.Close()
		}
		note, err := putAway(ctx, p, s, f, id)
		if err != nil {
			return notes, placeFault(p.name, err)
		}
		notes = append(notes, note)
		f.Settled = true
		if err := w.Store.SaveFetched(ctx, f); err != nil {
			return notes, err
		}
	}
	return notes, nil
}

// putAway moves or deletes one file, unless it has been written to since: that is
// a file of its own, which nobody has read.
func putAway(ctx context.Context, p *place, s store.Sync, f store.Fetched, id int64) (note string, err error) {
	now, err := p.Stat(ctx, f.Path)
	if bad, ok := errors.AsType[*fetch.Fault](err); ok && bad.Code == fetch.CodeMissing {
		return fileName(f.Path) + " was gone already.", nil
	}
	if err != nil {
		return "", err
	}
	if now.Size != f.Size || !now.Modified.IsZero() && !now.Modified.Equal(f.Modified) {
		return fileName(f.Path) + " has been written to since it was read. It stays.", nil
	}
	folder, moves := s.Definition.Source.After.Folder()
	if !moves {
		return fmt.Sprintf("%s was deleted at %s.", fileName(f.Path), p.name), p.Remove(ctx, f.Path)
	}
	if !strings.HasPrefix(folder, "/") { // a folder beside the file
		folder = path.Join(path.Dir(f.Path), folder)
	}
	name := fileName(f.Path)
	err = p.Move(ctx, f.Path, path.Join(folder, name))
	if bad, ok := errors.AsType[*fetch.Fault](err); ok && bad.Code == fetch.CodeNotOffered { // one of that name is there
		ending := path.Ext(name)
		name = fmt.Sprintf("%s.run-%d%s", strings.TrimSuffix(name, ending), id, ending)
		err = p.Move(ctx, f.Path, path.Join(folder, name))
	}
	return fmt.Sprintf("%s was moved to %s at %s.", fileName(f.Path), path.Join(folder, name), p.name), err
}
