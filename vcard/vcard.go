// Package vcard reads and writes vCard files: 4.0 (RFC 6350), 3.0 (RFC 2426) and
// 2.1 as far as real address books export it, as values in the standard field
// names of package suggest. It knows nothing of CardDAV, books or mappings.
//
// The types of a property are go-vcard's. Reading and writing lines is done
// here, because go-vcard unescapes a value before its parts are split (a ";" in
// a street is lost) and neither folds lines nor knows vCard 2.1.
package vcard

import (
	"slices"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/suggest"
)

// A Card is one card of a file.
type Card struct {
	// Fields holds values by field name: the standard ones (see Fields), the
	// names that Write gave to others, and numbered ones ("email.4",
	// "address.2") for what the standard fields have no place for.
	Fields map[string]string
	UID    string
	Line   int // line of its BEGIN:VCARD, counting from 1
	// Revised is when the card was last changed (REV), zero when it does not say.
	Revised time.Time
}

// noCard are the standard fields no card carries: a password never leaves in a
// file made for showing.
var noCard = [...]string{"password"}

// Fields lists the standard fields a card can carry.
func Fields() []contact.Field {
	return slices.DeleteFunc(suggest.Standard(), func(f contact.Field) bool {
		return slices.Contains(noCard[:], f.Name)
	})
}
