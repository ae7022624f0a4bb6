package run_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/plan"
)

// Undo restores the book's contents byte for byte, and the undo of the undo
// brings back what the run had made of them. Who was removed for good comes back
// under a new number. An undone run can be run again.
func TestPropUndoRestores(t *testing.T) {
	law(t, func(t *rapid.T, b *bench) {
		w := drawWorld(t, b, 2)
		w.run(t, 0)
		before := w.shelf(t)
		r := w.run(t, 1)
		after := w.shelf(t)
		same := equalShelves
		if w.Sync.Policy.Delete.NotFound == plan.DeleteGone {
			// In a book with generated keys, one who never had a key gets one.
			same = func(t tb, w *world, what string, got, want shelf) {
				equalContents(t, w, what, withoutCodes(got), withoutCodes(want))
			}
		}
		if r.Totals.Writes() == 0 {
			return
		}
		changes := w.changes(t, r)
		back := w.undo(t, r)
		same(t, w, "after the undo, plan"+changes.String()+"\nundo"+w.changes(t, back).String(), w.shelf(t), before)
		forth := w.undo(t, back)
		same(t, w, "after the undo of the undo, plan"+changes.String()+"\nredo"+w.changes(t, forth).String(), w.shelf(t), after)
		w.undo(t, forth)
		same(t, w, "after the third undo, plan"+changes.String(), w.shelf(t), before)
		again := w.run(t, 1)
		if again.Totals != r.Totals {
			t.Fatalf("the undone run again: got %+v, want %+v\nfirst%v\nagain%v\nbook%v\n%v",
				again.Totals, r.Totals, changes, w.changes(t, again), before, w)
		}
		equalContents(t, w, "after the undone run again", withoutCodes(w.shelf(t)), withoutCodes(after))
	})
}

func equalContents(t tb, w *world, what string, got, want shelf) {
	t.Helper()
	if contents(got) != contents(want) {
		t.Fatalf("%s\ngot  %v\nwant %v\n%v", what, got, want, w)
	}
}
