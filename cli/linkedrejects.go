package cli

import (
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
)

// What did not get through in a run of a sync with a connection are changes, not
// records of a file: a contact, the record it is linked with, and the values that
// the plan knows of.

// whoText names both sides for people, and whom it is about.
func whoText(who string, c plan.Change) string {
	here, there := desk.Sides(c)
	return linkedText(who, here, there)
}

func linkedText(who, here, there string) string {
	if who != "" {
		who = desk.Cell(who) + ", "
	}
	switch {
	case here == "":
		return who + "record " + desk.Cell(there)
	case there == "":
		return who + "contact " + desk.Cell(here)
	}
	return who + "contact " + desk.Cell(here) + "  record " + desk.Cell(there)
}
