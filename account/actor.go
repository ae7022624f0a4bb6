package account

import (
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/store"
)

// An Actor is who does something: a user in a browser, a program with a user's
// token, or whoever stands at the machine itself. The zero Actor is nobody and
// may nothing.
type Actor struct {
	User    store.User
	Session store.Session // zero when it is no browser
	Token   store.Token   // zero when it is no program
	Address string
	console bool
}

// Console is whoever runs a command on the machine: they can read the data
// folder anyway, so they may everything.
func Console() Actor { return Actor{console: true} }

// May reports whether the actor may do what a role may. A token needs the scope
// besides, and the role of its user as it is now.
func (a Actor) May(least Role) bool {
	switch {
	case a.console:
		return true
	case a.User.ID == 0 || a.User.Disabled || !Role(a.User.Role).May(least):
		return false
	case a.Token.ID != 0:
		return slices.Contains(strings.Fields(a.Token.Scopes), string(scopeOf(least)))
	}
	return a.Session.State == stateOpen
}

// Fresh reports whether the actor has proved within the last 15 minutes who they
// are. A program never has.
func (a Actor) Fresh(now time.Time) bool {
	return a.console || a.Session.ID != 0 && now.Sub(a.Session.Proved) < proofLasts
}

// String names the actor as the audit log does: by number.
func (a Actor) String() string {
	switch {
	case a.console:
		return "console"
	case a.Token.ID != 0:
		return numbered("token", a.Token.ID)
	case a.User.ID != 0:
		return userObject(a.User.ID)
	}
	return "nobody"
}
