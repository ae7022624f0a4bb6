package web

import (
	"fmt"

	"github.com/kith-sync/kith/service"
)

// A step is one thing to try in a demo.
type step struct {
	Text, Why, To string
	Done          bool
}

// demoSteps lead through what the demo has left: an import with records that did not
// get through, and one that the guard stopped.
func demoSteps(h homeView) []step {
	guard := step{Text: "Look at what the guard stopped", Why: "A broken-off export would have deleted a third of the list. Approve it once, or leave it.", To: "/runs", Done: true}
	rejects := step{Text: "Correct records that did not get through", Why: "Each says what is wrong with it, and is tried again alone.", To: "/runs", Done: true}
	for _, s := range h.Syncs {
		switch s.State {
		case service.StateApproval:
			guard.To, guard.Done = fmt.Sprintf("/runs/%d", s.Waiting), false
		case service.StateRejects:
			rejects.To, rejects.Done = fmt.Sprintf("/runs/%d/rejects", s.Last.ID), false
		}
	}
	return []step{guard, rejects,
		{Text: "Ask why a contact is what it is", Why: "Find ada.king@example.com; every value has its origin.", To: "/contacts?q=ada.king%40example.com"},
		{Text: "Import a file of your own", Why: "You see every change before anything is written.", To: "/imports/new", Done: len(h.Syncs) > demoSyncs},
	}
}

// demoSyncs is how many syncs the story leaves.
const demoSyncs = 2
