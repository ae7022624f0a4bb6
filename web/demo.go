package web

import (
	"fmt"
	"slices"

	"github.com/kith-sync/kith/service"
)

// A step is one thing to try in a demo.
type step struct {
	Text, Why, To string
	Done          bool
}

// demoSteps lead through what the demo has left: an import with records that did not
// get through, one that the guard stopped, and in each recipe a sync that nobody has run
// yet.
func demoSteps(h homeView) []step {
	guard := step{Text: "Look at what the guard stopped", Why: "A broken-off export would have deleted a third of the list. Approve it once, or leave it.", To: "/runs", Done: true}
	rejects := step{Text: "Correct records that did not get through", Why: "Each says what is wrong with it, and is tried again alone.", To: "/runs", Done: true}
	imports := 0
	for _, s := range h.Syncs {
		switch s.State {
		case service.StateApproval:
			guard.To, guard.Done = fmt.Sprintf("/runs/%d", s.Waiting), false
		case service.StateRejects:
			rejects.To, rejects.Done = fmt.Sprintf("/runs/%d/rejects", s.Last.ID), false
		}
		if s.Kept.Definition.Source.File != "" {
			imports++
		}
	}
	steps := []step{guard, rejects,
		{Text: "Ask why a contact is what it is", Why: "Find ada.king@example.com; every value has its origin.", To: "/contacts?q=ada.king%40example.com"}}
	steps = append(steps, recipeSteps(h)...)
	return append(steps, step{Text: "Import a file of your own", Why: "You see every change before anything is written.", To: "/imports/new", Done: imports > demoImports})
}

// demoImports is how many the demo leaves.
const demoImports = 3

// recipeSteps lead to what each recipe does last. Only a demo that is joined to other
// systems has it.
func recipeSteps(h homeView) (steps []step) {
	for _, r := range []struct{ sync, text, why string }{
		{"members", "Send an event's people to its campaign in Salesforce", "Plan, run, and take it back. Under Events stands who is where, and who waits for what."},
		{"main-to-list", "Bring the people of Salesforce and a mailing list together", "Both ways; who has said no on either side stays a no. The plan shows each person first."},
	} {
		i := slices.IndexFunc(h.Syncs, func(s service.SyncState) bool { return s.Name == r.sync })
		if i >= 0 {
			steps = append(steps, step{Text: r.text, Why: r.why, To: "/syncs/" + r.sync, Done: h.Syncs[i].Last.ID != 0})
		}
	}
	return steps
}
