package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/kith-sync/kith/plan"
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
	store.Linked // RemoteID is empty where nobody knows whether there is a record
	Why          string
}

// SettleThere finds out what became of creates of contacts that got no answer, as
// far as the other systems can tell by now. One that cannot be asked is passed over.
func (w *Workspace) SettleThere(ctx context.Context, b store.Book, refs []int64) error {
	if len(refs) == 0 {
		return nil
	}
	syncs, err := w.Store.Syncs(ctx)
	for _, s := range syncs {
		if leadsTo(s, b) {
			_ = w.linker().Settle(ctx, s, refs) // what stays open is told by the erasure
		}
	}
	return err
}

// EraseThere deletes records that erased contacts were linked with at other systems,
// those of each by a run of its own, and returns what is left to do by hand.
func (w *Workspace) EraseThere(ctx context.Context, b store.Book, records []store.Linked) (runs []store.Run, left []Leftover, err error) {
	syncs, err := w.Store.Syncs(ctx)
	if err != nil {
		return nil, nil, err
	}
	refs := map[[2]string][]int64{}
	for _, l := range records {
		pair := [2]string{l.Connection, l.Object}
		refs[pair] = append(refs[pair], l.Ref)
	}
	done := map[[2]string]func(id string) string{} // why a record of a pair was left
	for _, l := range records {
		pair := [2]string{l.Connection, l.Object}
		if l.Ref == 0 {
			left = append(left, Leftover{l, "no contact was linked with it: see whether it is the person"})
			continue
		}
		if done[pair] == nil {
			r, why, err := w.eraseAt(ctx, syncs, b, pair, refs[pair])
			if err != nil {
				return runs, left, err
			}
			if r.ID != 0 {
				runs = append(runs, r)
			}
			done[pair] = why
		}
		if why := done[pair](l.RemoteID); why != "" {
			left = append(left, Leftover{l, why})
		}
	}
	return runs, left, nil
}

// eraseAt deletes what is linked over a pair, and says of each record why it was left,
// if it was.
func (w *Workspace) eraseAt(ctx context.Context, syncs []store.Sync, b store.Book, pair [2]string, refs []int64) (r store.Run, why func(id string) string, err error) {
	all := func(reason string) func(string) string { return func(string) string { return reason } }
	at := slices.IndexFunc(syncs, func(s store.Sync) bool {
		name, object := connectionOf(s)
		return leadsTo(s, b) && name == pair[0] && object == pair[1]
	})
	if at < 0 {
		return r, all("no sync of the book leads there any more"), nil
	}
	r, left, err := w.linker().Erase(ctx, syncs[at], refs)
	switch {
	case err != nil:
		return r, all(err.Error()), nil
	case len(left) > 0:
		return r, all("it takes no writes"), nil
	}
	reasons := map[string]string{}
	for c, err := range w.Store.Changes(ctx, r.ID) {
		if err != nil {
			return r, nil, err
		}
		if c.Action == plan.Fail || c.Action == plan.Hold {
			reasons[c.TargetID] = cmp.Or(c.Detail.Message, fmt.Sprintf("run %d: %s", r.ID, c.Reason))
		}
	}
	return r, func(id string) string { return reasons[id] }, nil
}

// leadsTo reports whether a sync is over links with the contacts of a book.
func leadsTo(s store.Sync, b store.Book) bool {
	return s.Definition.Linked() && s.Definition.Target.Book+s.Definition.Source.Book == b.Name
}
