package syncfile

import (
	"fmt"
	"path"
	"slices"

	"github.com/kith-sync/kith/plan"
)

// ValidateTogether returns what is wrong between the syncs of one installation,
// each of which is right by itself: two of one name, a second one that removes
// from a whole book without consent (settled question 1), two that overwrite one
// field or own it (settled question 24). The key begins with the sync's name.
func ValidateTogether(all []plan.Sync) (found []Error) {
	found = append(found, sameNames(all)...)
	for i, s := range all {
		for _, other := range all[:i] {
			if destination(s) != destination(other) {
				continue
			}
			found = append(found, wholeBooks(other, s)...)
			found = append(found, sameFields(other, s)...)
		}
	}
	return found
}

func sameNames(all []plan.Sync) (found []Error) {
	seen := map[string]bool{}
	for _, s := range all {
		if seen[s.Name] {
			found = append(found, Error{Key: s.Name + ": name", Message: "another sync has this name"})
		}
		seen[s.Name] = true
	}
	return found
}

// destination names what a sync writes to, so that two can be compared.
func destination(s plan.Sync) string {
	if s.Target.Book != "" {
		return "the book " + s.Target.Book
	}
	if s.Target.Connection != "" {
		return "the connection " + s.Target.Connection + " " + s.Target.Object
	}
	return "the file " + path.Clean(s.Target.File)
}

// wholeBooks asks for consent where two syncs would each remove what the other
// brought. One of the two must have given it.
func wholeBooks(first, second plan.Sync) []Error {
	for _, s := range []plan.Sync{first, second} {
		if !takesAway(s) || s.Policy.Delete.Scope != plan.WholeBook || s.Policy.WholeBook != "" {
			return nil
		}
	}
	return []Error{{Key: second.Name + ": policy.delete.scope",
		Message: fmt.Sprintf("%s already removes whatever it does not find from the whole of %s: the two would remove each other's contacts", first.Name, destination(first)),
		Hint:    "Write scope: brought_by_this_sync, or policy: {whole_book: accepted} if that is meant."}}
}

// sameFields asks who owns a field that two syncs overwrite: without an owner it
// would flip from run to run.
func sameFields(first, second plan.Sync) (found []Error) {
	theirs, mine := overwrites(first), overwrites(second)
	for _, m := range mine {
		at := slices.IndexFunc(theirs, func(t claim) bool {
			return t.owner == m.owner && (t.field == m.field || t.field == anyField || m.field == anyField)
		})
		if at < 0 {
			continue
		}
		e := Error{Key: second.Name + ": " + m.key,
			Message: fmt.Sprintf("%s writes %s always, too: the value would flip from run to run", first.Name, either(m.field, theirs[at].field)),
			Hint:    "Give one of the two owner: true, or another write policy."}
		if m.owner {
			e.Message = fmt.Sprintf("%s owns %s already", first.Name, m.field)
			e.Hint = "Leave owner: true out of one of the two."
		}
		found = append(found, e)
	}
	return found
}

// A claim is a field that a sync writes always.
type claim struct {
	field string
	key   string
	owner bool
}

// anyField is the field of a sync without a map: the suggestions could fill each.
const anyField = ""

func overwrites(s plan.Sync) (claims []claim) {
	if len(s.Map) == 0 && s.Policy.Update == plan.WriteAlways {
		return []claim{{anyField, "policy.update", false}}
	}
	for i, m := range s.Map {
		if writePolicy(s, m) == plan.WriteAlways {
			claims = append(claims, claim{m.To, fmt.Sprintf("map[%d].to", i), m.Owner})
		}
	}
	return claims
}

func either(a, b string) string {
	switch {
	case a != anyField:
		return a
	case b != anyField:
		return b
	}
	return "every suggested field"
}
