package cli

import (
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
)

// What did not get through in a run of a sync with a connection are changes, not
// records of a file: a contact, the record it is linked with, and the values that
// the plan knows of.

// sidesText names both sides for people.
func sidesText(c plan.Change) string {
	here, there := desk.Sides(c)
	switch {
	case here == "":
		return "record " + desk.Cell(there)
	case there == "":
		return "contact " + desk.Cell(here)
	}
	return "contact " + desk.Cell(here) + "  record " + desk.Cell(there)
}
