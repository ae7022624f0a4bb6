package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A remote source is a file of a connection. It is brought whole to the folder of
// temporary files, and from there it is read like a file of this machine: plan,
// rejects, undo and explain know no difference.

// Codes of what was noticed about remote files.
const (
	CodeNoFile  = "source.no_file"
	CodeNotTidy = "source.not_tidied"
)

// An origin is what a run remembers of the remote file that it read.
type origin struct {
	Connection string `json:"connection"`
	fetch.Entry
	Bytes int64  `json:"bytes"`
	Hash  string `json:"hash"`
}

// remoteFile is a connector.Tracker.
type remoteFile struct {
	workspace *Workspace
	sync      store.Sync
	known     []store.Fetched // what the sync has read, the latest last
	kind      string          // of the connection

	place   *place
	chosen  fetch.Entry // the file that is read; without a path until it was looked for
	passed  []string    // files that only looked new
	waiting int
	brought *fetch.Copied
	inner   connector.Stager // the copy
	copy    string           // its folder
}

func (w *Workspace) remoteSource(ctx context.Context, s store.Sync) (connector.Source, error) {
	known, err := w.Store.FetchedBy(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	c, err := w.Store.Connection(ctx, s.Definition.Source.Connection)
	if err != nil && !errors.Is(err, store.ErrNotFound) { // that it is not there, its opening says
		return nil, err
	}
	return &remoteFile{workspace: w, sync: s, known: known, kind: c.Kind}, nil
}

// Name is the file's name, once it was looked for, and its connection's.
func (r *remoteFile) Name() string {
	file := r.chosen.Path
	if file == "" {
		file = r.sync.Definition.Source.Path
	}
	return fileName(file) + " at " + r.sync.Definition.Source.Connection
}

// fileName is a path's last part, without the query of a web address.
func fileName(file string) string {
	bare, _, _ := strings.Cut(file, "?")
	return path.Base(bare)
}

// Found tells what was read, for the run to remember.
func (r *remoteFile) Found() (string, int) {
	if r.brought == nil {
		return "", 0
	}
	o := origin{r.sync.Definition.Source.Connection, r.brought.Entry, r.brought.Bytes, r.brought.Hash}
	o.Path = r.chosen.Path
	text, err := json.Marshal(o)
	if err != nil {
		return "", r.waiting // texts and numbers always marshal
	}
	return string(text), r.waiting
}

// Stage brings the file and stages it like a local one.
func (r *remoteFile) Stage(ctx context.Context, w io.Writer) (connector.Staging, error) {
	defer r.close()
	if err := r.bring(ctx, fetch.Entry{}); err != nil {
		return connector.Staging{}, r.fault(err)
	}
	s, err := r.inner.Stage(ctx, w)
	if err != nil {
		return s, err
	}
	s.Stamp = stampOf(r.brought.Entry)
	s.Notes = append([]string{r.told()}, s.Notes...)
	return s, nil
}

// told names the file for people.
func (r *remoteFile) told() string {
	text := fmt.Sprintf("%s: %s, %d bytes", r.sync.Definition.Source.Connection, r.chosen.Path, r.brought.Bytes)
	if !r.brought.Modified.IsZero() {
		text += ", of " + r.brought.Modified.UTC().Format("2006-01-02 15:04:05") + " UTC"
	}
	if r.waiting == 1 {
		text += "; 1 more file waits"
	} else if r.waiting > 1 {
		text += fmt.Sprintf("; %d more files wait", r.waiting)
	}
	return text
}

// stampOf is empty where the server says too little: then the content decides.
func stampOf(e fetch.Entry) string {
	if e.Stamp() == "" {
		return ""
	}
	return e.Path + ", " + e.Stamp()
}

// Fingerprint brings the file, unless its server can say that it is the one that
// was read last.
func (r *remoteFile) Fingerprint(ctx context.Context, expectedSize int64) (int64, string, error) {
	if r.brought != nil {
		return r.inner.Fingerprint(ctx, expectedSize)
	}
	had, last, read := r.had(ctx)
	err := r.bring(ctx, had)
	if f, ok := errors.AsType[*fetch.Fault](err); ok && f.Code == fetch.Unchanged {
		r.close()
		r.brought = &fetch.Copied{Entry: had, Bytes: last.Size, Hash: last.Hash}
		return read.SourceSize, read.SourceHash, nil
	}
	if err != nil {
		r.close()
		return 0, "", r.fault(err)
	}
	size, hash, err := r.inner.Fingerprint(ctx, expectedSize)
	if err != nil || r.isLast(ctx, hash) {
		r.close() // it will not be staged
	}
	return size, hash, err
}

// isLast reports whether a content is the one that the sync's last run read.
func (r *remoteFile) isLast(ctx context.Context, hash string) bool {
	last, err := r.workspace.Store.LatestApplied(ctx, r.sync.ID)
	return err == nil && hash != "" && last.SourceHash == hash
}

// had is the file that was read last, and the run that read it, where the path
// names one file: only such a one can be asked for on condition.
func (r *remoteFile) had(ctx context.Context) (had fetch.Entry, last store.Fetched, read store.Run) {
	if len(r.known) == 0 || isPattern(r.kind, r.sync.Definition.Source.Path) {
		return had, last, read
	}
	last = r.known[len(r.known)-1]
	if r.kind == "https" && last.Path != r.sync.Definition.Source.Path {
		return had, last, read // of another file
	}
	read, err := r.workspace.Store.Run(ctx, last.Run)
	if err != nil || read.SourceHash == "" {
		return had, last, read // nobody knows what it was any more
	}
	return fetch.Entry{Path: last.Path, Size: last.Size, Modified: last.Modified, Tag: last.Tag}, last, read
}

// Stamp looks at the file without reading it.
func (r *remoteFile) Stamp(ctx context.Context) (string, error) {
	defer r.close()
	err := persist(ctx, func() error {
		if err := r.find(ctx); err != nil {
			return err
		}
		e, err := r.place.Stat(ctx, r.chosen.Path)
		r.chosen = e
		return err
	})
	if err != nil {
		return "", r.fault(err)
	}
	return stampOf(r.chosen), nil
}

// Records is not how a file is read: every stager is staged.
func (r *remoteFile) Records(context.Context) (contact.Schema, iter.Seq2[contact.Record, error]) {
	return contact.Schema{}, func(yield func(contact.Record, error) bool) {
		yield(contact.Record{}, fmt.Errorf("read %s: it has to be staged", r.Name()))
	}
}

func (r *remoteFile) fault(err error) error {
	if _, nothing := errors.AsType[*connector.Nothing](err); nothing {
		return err
	}
	return placeFault(r.sync.Definition.Source.Connection, err)
}

// close ends the session and removes the copy.
func (r *remoteFile) close() {
	if r.place != nil {
		_ = r.place.Close() // everything that was wanted of it was read
		r.place = nil
	}
	if r.copy != "" {
		_ = os.RemoveAll(r.copy) // what stays goes at the next start
		r.copy, r.inner = "", nil
	}
}

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
