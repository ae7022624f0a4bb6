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
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/fetch"
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
