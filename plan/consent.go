package plan

import (
	"slices"

	"github.com/kith-sync/kith/contact"
)

// Consent stands apart from data (requirements 3.14). No sync and no import moves
// it to a looser state; only a person does, by an edit, and the run of that edit
// is the record of it. This is the rule that fields of the kind consent go by.
const byConsent = "consent"

// decideConsent is the table of requirements 3.14:
//
//	policy      blank<-state            state<-blank   state<-stricter   state<-looser
//	never       keep, shown as kept     keep           keep, shown       keep, shown
//	any other   write; a default that   keep           write             keep, shown as kept
//	            grants: keep, shown
//
// Creates take the state that is offered.
func (b *Rulebook) decideConsent(at int, policy Write, old, offered string, defaulted bool) (FieldChange, bool) {
	f := FieldChange{Name: b.Target.Fields[at].Name, Old: old, New: offered, Rule: byConsent}
	if contact.Blank(offered) || b.norm.Equal(contact.Consent, old, offered) {
		return f, false // a missing value is not consent, and takes none away
	}
	if policy == WriteNever || !contact.Stricter(offered, old) || defaulted && contact.Grants(offered) {
		f.New, f.Kept = old, offered
	}
	return f, true
}

// Consents reports whether a field of the target holds a consent: by its kind, or
// because its mapping says so.
func (b *Rulebook) Consents(at int) bool {
	return b.Target.Fields[at].Kind == contact.Consent || b.consent[at]
}

// Consents are the consents among changes that are written. They go on where the rest
// has to wait.
func Consents(fields []FieldChange) []FieldChange {
	return slices.DeleteFunc(slices.Clone(fields), func(f FieldChange) bool { return f.Rule != byConsent || !f.Written() })
}

// strictest decides about a consent. The stricter of the two sides wins in both
// directions, whichever policy the field has, and there is no conflict:
//
//	theirs stricter    taken, unless they have not moved since a person here said otherwise
//	ours stricter      sent, unless this is what the remote made of it
//	one side blank     filled by the other
//
// What may not be written is kept and shown.
func (d *duel) strictest() {
	if d.f.in == WriteNever || d.f.out == WriteNever {
		d.keepBase() // the day the policy lets it, it is made up for
	} else {
		d.leave("")
	}
	theirsMoved := !d.known || !d.sameThere(d.theirs, d.base.Theirs)
	switch {
	case d.offersIn != "" && contact.Stricter(d.offersIn, d.ours):
		d.tighten(&d.e.In, d.f.name, d.ours, d.offersIn, d.f.way&WayIn != 0 && d.f.in != WriteNever && theirsMoved)
	case d.rests(theirsMoved):
	case d.known && d.ours == contact.Pending && d.base.Ours == contact.Pending && d.offersIn == contact.Subscribed: // they have said yes there, which is what was asked
		d.tighten(&d.e.Out, d.p.theirs.Fields[d.f.theirs].Name, d.theirs, d.offersOut, false)
	case d.offersOut != "" && d.f.theirs >= 0 && contact.Stricter(d.ours, d.consentThere()):
		d.tighten(&d.e.Out, d.p.theirs.Fields[d.f.theirs].Name, d.theirs, d.offersOut, d.f.way&WayOut != 0 && d.f.out != WriteNever)
	}
}

// rests reports whether the remote has what it could make of our state, for it may
// know fewer of them: a yes or a question that it put in its own words, and a no that
// it took for another no. A no that it does not have is said again. And a question
// that nobody there has been asked is nothing to tell it.
func (d *duel) rests(theirsMoved bool) bool {
	there := d.consentThere()
	if d.ours == contact.Pending && contact.Blank(there) {
		return true
	}
	no := !contact.Blank(there) && !contact.Grants(there)
	return d.known && !theirsMoved && d.sameHere(d.ours, d.base.Ours) && (contact.Grants(d.ours) || no)
}

// consentThere is the remote's state in the address book's words, or as it is
// written where they do not tell what it means.
func (d *duel) consentThere() string {
	if d.offersIn != "" {
		return d.offersIn
	}
	return d.theirs
}

func (d *duel) tighten(side *[]FieldChange, name, old, stricter string, write bool) {
	c := FieldChange{Name: name, Old: old, New: stricter, Rule: byConsent}
	if !write {
		c.New, c.Kept = old, stricter
	}
	*side = append(*side, c)
	switch {
	case !write:
	case side == &d.e.In:
		d.settle(stricter, d.theirs)
	default:
		d.settle(d.ours, stricter)
	}
}
