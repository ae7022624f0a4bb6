package run_test

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/plan"
)

// What happens to contacts whose records are gone decides nothing about the
// records there are: a run under another delete policy need not look at all of
// them again, and removes whom a full look would remove.
func TestPropAnotherDeletePolicyNeedsNoFullLook(t *testing.T) {
	law(t, func(t *rapid.T, b *bench) {
		quick := drawWorld(t, b, rapid.IntRange(2, 3).Draw(t, "files"))
		full := quick.again(t)
		for range rapid.IntRange(2, 4).Draw(t, "runs") {
			policy := plan.Delete{
				NotFound: oneOf(t, "not_found", plan.Keep, plan.Mark, plan.Trash, plan.DeleteGone),
				Scope:    oneOf(t, "scope", plan.BroughtByThisSync, plan.WholeBook),
			}
			quick.Sync.Policy.Delete, full.Sync.Policy.Delete = policy, policy
			full.anew()
			file := rapid.IntRange(0, len(quick.Files)-1).Draw(t, "file")
			got, want := quick.run(t, file), full.run(t, file)
			if got.Totals != want.Totals || !maps.Equal(got.Reasons, want.Reasons) {
				t.Fatalf("file %d under %+v: totals %+v %v, a full look says %+v %v\nincremental%v\nfull%v\n%v", file, policy,
					got.Totals, got.Reasons, want.Totals, want.Reasons, quick.changes(t, got), full.changes(t, want), quick)
			}
			equalShelves(t, quick, "under another delete policy (want is the full look's)", withoutCodes(quick.shelf(t)), withoutCodes(full.shelf(t)))
		}
	})
}
