package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Erase forgets a person everywhere in the data folder (requirements 3.14), and
// names the staged sources that have the person and stay, because a run in
// progress needs them. The suppression is durable before anything else is gone;
// whatever an interruption leaves, a second Erase removes.
func (w *Workspace) Erase(ctx context.Context, p run.Person) (done store.ErasureReport, kept []string, err error) {
	stages, err := w.CopiesOf(&p)
	if err != nil {
		return done, nil, err
	}
	done, err = w.Store.Erase(ctx, store.Erasure{Book: p.Book, Refs: p.Refs, Keys: p.Keys, Now: w.Engine.Now(), Stages: stages, Mentions: p.Mentions})
	if err != nil {
		return done, nil, err
	}
	needed, err := w.neededStages(ctx)
	if err != nil {
		return done, nil, err
	}
	for _, name := range stages {
		if needed[name] {
			kept = append(kept, name)
			continue
		}
		if err := os.Remove(filepath.Join(w.Engine.Stage, name)); err != nil {
			return done, kept, fmt.Errorf("staged sources: %w", err)
		}
		done.Sources++
	}
	return done, kept, w.Store.Compact(ctx)
}

// CopiesOf names the files of the stage folder that have the person: what runs
// read, and target files as they were before a run.
func (w *Workspace) CopiesOf(p *run.Person) (names []string, err error) {
	entries, err := os.ReadDir(w.Engine.Stage)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing was ever staged
	}
	if err != nil {
		return nil, fmt.Errorf("staged sources: %w", err)
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		found, err := w.Engine.StageMentions(entry.Name(), p)
		if err != nil {
			return nil, err
		}
		if found {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

func (w *Workspace) neededStages(ctx context.Context) (map[string]bool, error) {
	open, err := w.Store.Interrupted(ctx)
	needed := map[string]bool{}
	for _, r := range open {
		needed[r.Stage] = true
	}
	return needed, err
}

// A Leftover is a record of an erased person at another system that a person has
// to delete there.
type Leftover struct {
	store.Linked
	Why string
}

// EraseThere deletes what erased contacts are linked with at other systems, each
// by a run of its own, and returns what is left to do by hand.
func (w *Workspace) EraseThere(ctx context.Context, b store.Book, refs []int64) (runs []store.Run, left []Leftover, err error) {
	links, err := w.LinksOf(ctx, refs)
	if err != nil {
		return nil, nil, err
	}
	syncs, err := w.Store.Syncs(ctx)
	if err != nil {
		return nil, nil, err
	}
	done := map[[2]string]string{} // what came of each pair
	for _, l := range links {
		pair := [2]string{l.Connection, l.Object}
		why, tried := done[pair]
		if !tried {
			r, reason := w.eraseAt(ctx, syncs, b, pair, refs)
			if why = reason; r.ID != 0 {
				runs = append(runs, r)
			}
			done[pair] = why
		}
		if why != "" {
			left = append(left, Leftover{l, why})
		}
	}
	return runs, left, nil
}

// eraseAt says why it could not delete what is linked over a pair, if it could not.
func (w *Workspace) eraseAt(ctx context.Context, syncs []store.Sync, b store.Book, pair [2]string, refs []int64) (store.Run, string) {
	for _, s := range syncs {
		name, object := connectionOf(s)
		if !s.Definition.Linked() || name != pair[0] || object != pair[1] || s.Definition.Target.Book+s.Definition.Source.Book != b.Name {
			continue
		}
		r, left, err := w.linker().Erase(ctx, s, refs)
		switch {
		case err != nil:
			return r, err.Error()
		case len(left) > 0:
			return r, "it takes no writes"
		case r.Totals.Failed+r.Totals.Held > 0: // held: no answer
			return r, fmt.Sprintf("run %d did not succeed in all of it", r.ID)
		}
		return r, ""
	}
	return store.Run{}, "no sync leads there any more"
}

// LinksOf are the records of other systems that contacts are linked with and that
// may still be there.
func (w *Workspace) LinksOf(ctx context.Context, refs []int64) (all []store.Linked, err error) {
	for _, ref := range refs {
		links, err := w.Store.Links(ctx, ref)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if l.State == store.There || l.State == store.Erased {
				all = append(all, l)
			}
		}
	}
	return all, nil
}
