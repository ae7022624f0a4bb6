package scenarios

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/store"
)

// laws hold for every scenario, whatever it tells: totals balance; the same
// source again is not even looked at, and looked at all the same writes nothing;
// undoing the last run puts the target back byte for byte.
func (w *world) laws() {
	w.Helper()
	last := w.runs[len(w.runs)-1]
	for i, r := range w.runs {
		if !r.Totals.Balanced() {
			w.Errorf("step %d: totals do not balance: %+v", i+1, r.Totals)
		}
	}
	if last.Kind != store.KindSync || !last.Status.Applied() {
		if after := w.target(); last.Kind != store.KindUndo && last.ID != 0 && after != w.before {
			w.Errorf("%s run wrote:\n--- before\n%s--- after\n%s", last.Status, w.before, after)
		}
		return
	}
	if last.Status != store.SkippedUnchanged { // it did not even look
		w.settles()
	}
	w.undoes(last)
}

// hidesPasswords looks for the passwords of the source in every file that was
// made of it: database, staged sources, copies (settled question 19).
func (w *world) hidesPasswords() {
	w.Helper()
	for _, password := range w.passwords() {
		err := filepath.WalkDir(filepath.Join(w.work, "data"), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if bytes.Contains(text, []byte(password)) {
				w.Errorf("password %q can be read in the data folder, in %s", password, entry.Name())
			}
			return err
		})
		if err != nil {
			w.Fatal(err)
		}
	}
}

// passwords are the values of the source's column of that name.
func (w *world) passwords() (found []string) {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.work, "source.csv"))
	header, rows, _ := strings.Cut(string(text), "\n")
	at := slices.IndexFunc(strings.Split(header, ","), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), "password") })
	if err != nil || at < 0 {
		return nil
	}
	for row := range strings.Lines(rows) {
		if fields := strings.Split(strings.TrimSpace(row), ","); at < len(fields) && fields[at] != "" {
			found = append(found, fields[at])
		}
	}
	return found
}

func (w *world) settles() {
	w.Helper()
	r, err := w.Engine.Plan(w.ctx, w.sync)
	if err != nil {
		w.Fatalf("settles: %v", err)
	}
	every, file := w.sync.Definition.Source.EveryTime, w.sync.Definition.Source.File
	if !every && file != "" && r.Status != store.SkippedUnchanged {
		w.Errorf("the same source again: got %s, want %s (C48)", r.Status, store.SkippedUnchanged)
	}
	again := w.sync
	again.Definition.Source.EveryTime = !every
	again.Definition.Policy.WholeBook = "accepted" // another configuration: every record is looked at
	for range 2 {
		if r, err = w.Engine.Plan(w.ctx, again); err != nil {
			w.Fatalf("settles: %v", err)
		}
		if r.Totals.Writes() != 0 {
			w.Errorf("running again writes: %+v\n%s", r.Totals, w.printChanges(r))
		}
	}
}

func (w *world) undoes(last store.Run) {
	w.Helper()
	if last.Totals.Writes() == 0 {
		return
	}
	if _, err := w.Engine.Undo(w.ctx, w.sync, must(w.Store.Run(w.ctx, last.ID))); err != nil {
		w.Errorf("undo: %v", err)
		return
	}
	if got := w.target(); w.settled(got) != w.settled(w.before) {
		w.Errorf("undo:\n--- want, as before the run\n%s--- got\n%s", w.before, got)
	}
}
