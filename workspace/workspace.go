// Package workspace puts Kith together in one data folder: the database, the
// staged sources, the installation's key and the lock that keeps a second
// process out. It names the concrete types; it decides nothing.
package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kith-sync/kith/connector/polite"
	"github.com/kith-sync/kith/files"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A Workspace is an open data folder.
type Workspace struct {
	Folder string
	Store  *store.Store
	Engine *run.Engine
	keys   keys
	opened opened
	lock   *os.File

	sessions sync.Map // of accounts: *session

	silence  time.Duration
	patience polite.Patience
}

// Options say where a workspace is and what it may use of the world.
type Options struct {
	Folder   string // created when it is not there
	Database string // postgres://... ; empty: a SQLite file in the folder
	Scratch  bool   // nobody needs the SQLite file once the process has ended; see store.OpenScratch
	Now      func() time.Time
	Progress func(phase string, done, total int64)
	// Silence is how long another system may say nothing in the middle of
	// something; each protocol's usual time when 0.
	Silence time.Duration
	// Patience is how a busy system is asked again; polite.DefaultPatience when zero.
	Patience polite.Patience
}

// ErrLocked is returned when another process has the data folder open.
var ErrLocked = errors.New("another kith process is using this data folder")

// Open opens the data folder and finishes what an earlier process was
// interrupted in. The caller closes it.
func Open(ctx context.Context, o Options) (*Workspace, error) {
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := lockFolder(o.Folder)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Folder: o.Folder, lock: lock, silence: o.Silence, patience: cmp.Or(o.Patience, polite.DefaultPatience())}
	if err := w.open(ctx, o); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Workspace) open(ctx context.Context, o Options) (err error) {
	if err := w.checkKey(); err != nil {
		return err
	}
	if w.keys, err = loadKeys(filepath.Join(w.Folder, "key")); err != nil {
		return err
	}
	switch file := filepath.Join(w.Folder, "kith.db"); {
	case o.Database != "":
		w.Store, err = store.OpenPostgres(ctx, o.Database)
	case o.Scratch:
		w.Store, err = store.OpenScratch(ctx, file)
	default:
		w.Store, err = store.OpenSQLite(ctx, file)
	}
	if err != nil {
		return err
	}
	check, err := w.Store.Setting(ctx, "key check", w.keys.check)
	if err != nil {
		return err
	}
	if check != w.keys.check {
		return ErrOtherKey
	}
	if err := w.Store.DropLeases(ctx); err != nil { // the folder's lock is ours: whoever had a lease is dead
		return err
	}
	temp := filepath.Join(w.Folder, "tmp")
	if err := os.RemoveAll(temp); err != nil { // left by a process that was killed
		return fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := sweepIncoming(filepath.Join(w.Folder, "stage")); err != nil {
		return err
	}
	w.Engine = &run.Engine{Journal: w.Store, Connector: w, Files: files.OS{}, Stage: filepath.Join(w.Folder, "stage"), Temp: temp,
		Now: o.Now, Secret: w.keys.match, Vault: w.keys, Progress: o.Progress}
	return nil
}

// sweepIncoming removes copies of sources that a killed process left unfinished.
func sweepIncoming(stage string) error {
	left, err := filepath.Glob(filepath.Join(stage, "incoming-*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// ErrKeyGone is returned when a data folder has contacts but not the key that
// recognises them.
var ErrKeyGone = errors.New("the installation's key is missing from the data folder. Nothing was changed. " +
	"Put the file named key back from a backup: without it nobody would be recognised, and every import would create everybody anew")

// ErrOtherKey is returned when a database was made with another key: nobody in
// it would be recognised.
var ErrOtherKey = errors.New("this database belongs to another installation's key. Nothing was changed. " +
	"Copy the file named key from the data folder that the database was made with, or name that folder with --data")

// checkKey refuses a data folder that has lost its key.
func (w *Workspace) checkKey() error {
	_, err := os.Stat(filepath.Join(w.Folder, "key"))
	if !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(w.Folder, "kith.db")); err == nil {
		return ErrKeyGone
	}
	return nil
}

// Recover finishes the runs that an earlier process left in the middle, and
// returns them as they ended.
func (w *Workspace) Recover(ctx context.Context) (recovered []store.Run, err error) {
	runs, err := w.Store.Interrupted(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		sync, err := w.syncOf(ctx, r)
		if err != nil {
			return recovered, err
		}
		if r, err = w.Resume(ctx, sync, r); err != nil {
			return recovered, fmt.Errorf("finish run %d: %w", r.ID, err)
		}
		recovered = append(recovered, r)
	}
	return recovered, nil
}

// Secret keys the hashes of match keys.
func (w *Workspace) Secret() plan.Secret { return w.keys.match }

// Close closes the database and gives the folder free.
func (w *Workspace) Close() error {
	var err error
	if w.Store != nil {
		err = w.Store.Close()
	}
	return errors.Join(err, w.lock.Close())
}
