package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// How the file of a remote source is chosen and copied.

// bring looks for the file and copies it, unless it is here already.
func (r *remoteFile) bring(ctx context.Context, had fetch.Entry) error {
	if r.inner != nil {
		return nil
	}
	return persist(ctx, func() error {
		for {
			if err := r.find(ctx); err != nil {
				return err
			}
			known, err := r.download(ctx, had)
			if f, ok := errors.AsType[*fetch.Fault](err); ok && f.Code == fetch.CodeMissing && r.kind == "https" {
				err = noFile(r.sync.Definition.Source)
			}
			if err != nil {
				r.close()
			}
			if err != nil || !known {
				return err
			}
			r.close() // this one only looks new: on to the next
		}
	})
}

// download copies the chosen file. It reports that its content is known where
// each content is read once.
func (r *remoteFile) download(ctx context.Context, had fetch.Entry) (known bool, err error) {
	w, listed := r.workspace, r.chosen
	if pause := r.place.pause(); pause > 0 {
		seen, err := fetch.Settled(ctx, r.place, r.chosen.Path, pause, sleep)
		if err != nil {
			return false, err
		}
		r.chosen = seen
	}
	if r.copy, err = os.MkdirTemp(w.Engine.Temp, "fetched-"); err != nil {
		return false, err
	}
	local := filepath.Join(r.copy, "file")
	file, err := os.OpenFile(local, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	copied, err := fetch.Copy(ctx, r.place, r.chosen.Path, had, r.place.limits(), file)
	if err = errors.Join(err, file.Close()); err != nil {
		return false, err
	}
	if err := r.still(ctx, copied); err != nil {
		return false, err
	}
	name := fileName(r.chosen.Path)
	if copied.Name != "" {
		name = fileName(copied.Name)
	}
	copied.Path = r.chosen.Path
	if copied.Modified.IsZero() { // an FTP server may tell it in its list only
		copied.Modified = listed.Modified
	}
	if r.sync.Definition.Source.Which == plan.WhichAll && r.reads(copied) {
		r.passed = append(r.passed, copied.Path)
		return true, w.remember(ctx, r.sync, copied)
	}
	local, err = named(local, name)
	if err != nil {
		return false, err
	}
	r.brought = &copied
	r.inner, _ = fileAt(r.sync.Definition, local).(connector.Stager)
	return false, nil
}

// still refuses a file that was written to while it was brought.
func (r *remoteFile) still(ctx context.Context, c fetch.Copied) error {
	if r.place.account.kind == "https" {
		return nil // one answer is one state of the file
	}
	now, err := r.place.Stat(ctx, r.chosen.Path)
	if err != nil {
		return err
	}
	if !now.Same(fetch.Entry{Size: c.Bytes, Modified: c.Modified, Tag: c.Tag}) {
		return &fetch.Fault{Code: fetch.CodePostponed, Message: "Somebody is still writing the file. It is read when it has come to rest"}
	}
	return nil
}

// named gives the copy the ending of the file's name, by which it is recognised;
// of what was packed it is the one before.
func named(local, name string) (string, error) {
	ending := strings.ToLower(path.Ext(strings.TrimSuffix(name, ".gz")))
	if ending == "" || len(ending) > 8 {
		return local, nil
	}
	return local + ending, os.Rename(local, local+ending)
}

// remember stores that a file which was read already has been touched.
func (w *Workspace) remember(ctx context.Context, s store.Sync, c fetch.Copied) error {
	known, err := w.Store.FetchedBy(ctx, s.ID)
	if err != nil {
		return err
	}
	for _, f := range known {
		if f.Path == c.Path && f.Hash == c.Hash {
			f.Modified, f.Tag = c.Modified, c.Tag
			return w.Store.SaveFetched(ctx, f)
		}
	}
	return nil
}

// reads reports whether the sync has read this content under this path.
func (r *remoteFile) reads(c fetch.Copied) bool {
	return slices.ContainsFunc(r.known, func(f store.Fetched) bool { return f.Path == c.Path && f.Size == c.Bytes && f.Hash == c.Hash })
}

// find opens the place and chooses the file.
func (r *remoteFile) find(ctx context.Context) (err error) {
	if r.place == nil {
		if r.place, err = r.workspace.place(ctx, r.sync.Definition.Source.Connection); err != nil {
			return err
		}
	}
	if r.kind == "https" && !r.sync.Definition.Source.After.Keeps() {
		return &fetch.Fault{Code: fetch.CodeNotOffered, Message: "Files of a web server cannot be moved or deleted. Leave after out of the sync"}
	}
	if r.chosen.Path != "" && r.sync.Definition.Source.Which != plan.WhichAll {
		return nil
	}
	if r.known, err = r.workspace.Store.FetchedBy(ctx, r.sync.ID); err != nil {
		return err
	}
	e := r.sync.Definition.Source
	if !isPattern(r.kind, e.Path) {
		r.chosen = fetch.Entry{Path: r.place.account.below(e.Path)}
		return r.isThere(ctx)
	}
	files, err := r.place.matching(ctx, e.Path)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f fetch.Entry) bool { return slices.Contains(r.passed, f.Path) })
	if len(files) == 0 && len(r.passed) > 0 {
		return &connector.Nothing{Why: "No new file; what looked new has been read."}
	}
	r.chosen, r.waiting, err = choose(e, files, r.known)
	return err
}

// isThere turns a single file that is missing into what the sync says about it.
func (r *remoteFile) isThere(ctx context.Context) error {
	if r.place.account.kind == "https" { // one request less: the download says it, too
		return nil
	}
	_, err := r.place.Stat(ctx, r.chosen.Path)
	if f, ok := errors.AsType[*fetch.Fault](err); ok && f.Code == fetch.CodeMissing {
		return noFile(r.sync.Definition.Source)
	}
	return err
}

// noFile says what it means that there is no file (no_file: warn, ok or error).
func noFile(e plan.Endpoint) error {
	why := fmt.Sprintf("No file is there for %s at %s. Nothing was changed, and nothing was removed.", e.Path, e.Connection)
	switch e.NoFile {
	case plan.NoFileOK:
		return &connector.Nothing{Why: why}
	case plan.NoFileError:
		return &run.Error{Code: CodeNoFile, Message: strings.TrimSuffix(why, ".")}
	}
	return &connector.Nothing{Why: why, Warning: CodeNoFile}
}

// choose picks the file to read of those that match, oldest first:
//
//	newest  the last of them, unless a newer one was read already
//	all     the first that was not read yet; how many more wait is told
func choose(e plan.Endpoint, files []fetch.Entry, known []store.Fetched) (fetch.Entry, int, error) {
	if len(files) == 0 {
		return fetch.Entry{}, 0, noFile(e)
	}
	if e.Which != plan.WhichAll {
		newest := files[len(files)-1]
		for _, f := range known {
			if f.Modified.After(newest.Modified) && !e.EveryTime {
				return fetch.Entry{}, 0, &connector.Nothing{Why: fmt.Sprintf("No file newer than %s, which run %d has read.", fileName(f.Path), f.Run)}
			}
		}
		return newest, 0, nil
	}
	fresh := slices.DeleteFunc(slices.Clone(files), func(one fetch.Entry) bool {
		return slices.ContainsFunc(known, func(f store.Fetched) bool {
			return f.Path == one.Path && f.Size == one.Size && f.Modified.Equal(one.Modified)
		})
	})
	if len(fresh) == 0 {
		return fetch.Entry{}, 0, &connector.Nothing{Why: fmt.Sprintf("No new file; all %d that match have been read.", len(files))}
	}
	return fresh[0], len(fresh) - 1, nil
}
