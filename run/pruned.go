package run

import (
	"fmt"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Of a run of more than 90 days ago its totals stay, and which contacts and
// fields it wrote; what it decided record by record is cleared away.

// keptDays is how long that is, for people. Package workspace keeps to it.
const keptDays = 90

// detailsGone says that a run has no details any more, and what follows.
func detailsGone(r store.Run, so string) error {
	return &Error{Code: CodePruned, Message: fmt.Sprintf(
		"The details of run %d were cleared away after %d days: %s. Nothing was changed; its totals are kept:  kith runs show %d", r.ID, keptDays, so, r.ID)}
}

// tellCreation tells how the contact came to be where the run's records are not
// at hand: the run itself is.
func (x *explaining) tellCreation(r store.Run) {
	if x.contact != nil && x.contact.CreatedRun == r.ID && r.Kind == store.KindSync {
		x.tell(r, store.StoredChange{Pruned: r.Pruned, Change: plan.Change{Action: plan.Create, Ref: x.contact.Ref}})
	}
}
