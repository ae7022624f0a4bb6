package account

import (
	"fmt"
	"slices"
	"strings"
)

// A Role is what somebody may do. Each may do what those below it may.
//
//	owner      everything, users and their roles included
//	manager    connections, syncs, settings, books
//	operator   run, approve, undo, edit contacts, import
//	viewer     look
type Role string

// The roles.
const (
	Owner    Role = "owner"
	Manager  Role = "manager"
	Operator Role = "operator"
	Viewer   Role = "viewer"
)

// Roles lists the roles, the least first.
func Roles() []Role { return []Role{Viewer, Operator, Manager, Owner} }

// May reports whether this role may do what another may. What is no role may
// nothing, and nobody may what needs no known role.
func (r Role) May(other Role) bool {
	mine, least := slices.Index(Roles(), r), slices.Index(Roles(), other)
	return mine >= least && least >= 0
}

// ParseRole returns the role of that name, or ErrRole.
func ParseRole(name string) (Role, error) {
	if r := Role(name); slices.Contains(Roles(), r) {
		return r, nil
	}
	return "", fmt.Errorf("%q: %w. The roles are owner, manager, operator and viewer", name, ErrRole)
}

// A Scope is what a token may be used for. Scopes do not contain each other: a
// token that only starts runs need not be able to read a contact. Each needs a
// role of whoever the token belongs to, and never reaches further.
//
//	read    what a viewer may
//	run     what an operator may besides
//	write   what a manager may besides
//	admin   what an owner may besides
type Scope string

// The scopes.
const (
	Read  Scope = "read"
	Run   Scope = "run"
	Write Scope = "write"
	Admin Scope = "admin"
)

// Scopes lists the scopes in the order of the roles they need.
func Scopes() []Scope { return []Scope{Read, Run, Write, Admin} }

// Role returns the role that a scope needs; none for what is no scope.
func (s Scope) Role() Role {
	if i := slices.Index(Scopes(), s); i >= 0 {
		return Roles()[i]
	}
	return ""
}

// scopeOf is the scope that lets a token do what a role may.
func scopeOf(least Role) Scope {
	if i := slices.Index(Roles(), least); i >= 0 {
		return Scopes()[i]
	}
	return ""
}

// ParseScopes reads scopes with commas or spaces between them, or returns ErrRole.
func ParseScopes(text string) ([]Scope, error) {
	var scopes []Scope
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		s := Scope(word)
		if s.Role() == "" {
			return nil, fmt.Errorf("%q: %w. The scopes of a token are read, run, write and admin", word, ErrRole)
		}
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 {
		return nil, fmt.Errorf("a token without scopes may do nothing: %w. The scopes are read, run, write and admin", ErrRole)
	}
	return scopes, nil
}

func joined(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}
