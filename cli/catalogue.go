package cli

import (
	"github.com/kith-sync/kith/catalogue"
	"github.com/kith-sync/kith/plan"
)

// A cause says a reason code for people: what it means, and what to do.
type cause struct{ what, fix string }

// causeOf returns what the catalogue knows of a reason.
func causeOf(code plan.Reason) cause {
	if e, ok := catalogue.Find(string(code)); ok {
		return cause{e.What, e.Fix}
	}
	return cause{string(code), ""}
}
