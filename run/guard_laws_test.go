package run_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// I5, requirements 3.11: a source without records deletes nobody, whatever the
// sync and its guard say.
func TestPropEmptyFileDeletesNobody(t *testing.T) {
	law(t, func(t *rapid.T, b *bench) {
		w := drawWorld(t, b, 1)
		w.Sync.Policy.Delete.NotFound = oneOf(t, "removal", plan.Mark, plan.Trash, plan.DeleteGone)
		w.run(t, 0)
		before := w.shelf(t)
		header, _, _ := strings.Cut(w.Files[0], "\n")
		empty := oneOf(t, "empty file", header+"\n", header, header+"\n\n\n", header+"\r\n")
		r := w.runText(t, empty)
		if gone := r.Totals.Deleted + r.Totals.Marked; gone != 0 {
			t.Fatalf("an empty file deleted or marked %d\n%v", gone, w)
		}
		equalShelves(t, w, "an empty file changed the book", w.shelf(t), before)
	})
}

// I5, C39: what the guard blocks writes nothing at all, creates included, and
// more than the limit is always blocked, the limit itself never.
func TestPropGuardBlocksEverything(t *testing.T) {
	law(t, func(t *rapid.T, b *bench) {
		w := drawWorld(t, b, 2)
		w.run(t, 0)
		before := w.shelf(t)
		percent := rapid.Int64Range(0, 100).Draw(t, "percent")
		w.Sync.Guard = plan.Guard{Explicit: true, Deletes: plan.Percent(percent), Day: plan.NoLimit}
		counts := func(tt plan.Totals) int64 { return tt.Deleted }
		if rarely(t, "counts updates") {
			w.Sync.Guard = plan.Guard{Explicit: true, Changes: plan.Percent(percent), Day: plan.NoLimit}
			counts = func(tt plan.Totals) int64 { return tt.Deleted + tt.Updated + tt.Marked }
		}
		r := w.run(t, 1)
		if over := counts(r.Totals)*100 > percent*r.GuardBase; over != (r.Status == store.Blocked) {
			t.Fatalf("%d of %d with a limit of %d%%: got %s\n%v", counts(r.Totals), r.GuardBase, percent, r.Status, w)
		}
		if r.Status == store.Blocked {
			equalShelves(t, w, "a blocked run changed the book", w.shelf(t), before)
		}
	})
}
