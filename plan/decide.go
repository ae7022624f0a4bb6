package plan

import (
	"slices"

	"github.com/kith-sync/kith/contact"
)

// DecideCreate says what becomes of a record that no rule found in the target:
// created, held until it may be, or skipped (K5, K7, N11, E22).
func (b *Rulebook) DecideCreate(fields []string, t Translated) Change {
	c := Change{Action: Create, Values: t.Values, Detail: t.Detail}
	if !b.Sync.Policy.Creates() {
		return c.turn(Skip, MatchNone) // K8
	}
	if open, err := b.GateOpen(fields); err != nil || !open {
		if err != nil {
			c.Detail.Message = err.Error()
		}
		return c.turn(Hold, GateClosed)
	}
	missing, demanded := b.missing(b.required, t.Values), b.missing(b.demanded, t.Values)
	if len(missing) == 0 && len(demanded) == 1 && b.emailAt >= 0 && demanded[0] == b.Target.Fields[b.emailAt].Name {
		return c.turn(Skip, NoEmail) // S4: a list ignores who has no address
	}
	if missing = append(missing, demanded...); len(missing) > 0 {
		c.Detail.Missing = missing
		return c.turn(Hold, RequiredMissing)
	}
	if in, err := b.InScope(contact.Record{Values: t.Values}); err != nil || !in {
		// Outside its own scope the contact would never be found again, and be
		// created anew by every run (settled question 2).
		return c.turn(Hold, ScopeReview)
	}
	return c
}

// DecideUpdate says what a record does to the contact it was found to be,
// field by field. Policies bind updates, never creates (K16).
func (b *Rulebook) DecideUpdate(t Translated, target contact.Record) Change {
	c := Change{Action: Update, Ref: 0, TargetID: target.ID, Version: target.Version, Detail: t.Detail}
	unmark := b.unmark(target)
	writes := len(unmark) > 0
	if b.AddOnly() && !writes {
		return c.turn(Skip, MatchExists) // K7: Add a Contact alone
	}
	for at, policy := range b.writes {
		if policy == "" {
			continue
		}
		defaulted := at < len(t.Defaulted) && t.Defaulted[at]
		if defaulted && !b.blank(b.Target.Fields[at], target.Value(at)) {
			continue // a default is not what the source knows: it never replaces
		}
		f, differs := b.decideField(at, policy, target.Value(at), t.Values[at])
		if defaulted {
			f.Rule = "default"
		}
		if b.Consents(at) {
			f, differs = b.decideConsent(at, policy, target.Value(at), t.Values[at], defaulted)
		}
		if differs {
			c.Fields = append(c.Fields, f)
			writes = writes || f.Kept == ""
		}
	}
	if b.Sync.Secondary {
		c.Fields = b.keepShared(c.Fields, t.Values, target)
		writes = writes && slices.ContainsFunc(c.Fields, FieldChange.Written) || len(unmark) > 0
	}
	c.Fields = append(c.Fields, unmark...)
	if missing := b.missingAfter(t.Values, target); len(missing) > 0 {
		c.Detail.Missing = missing
		if c.Fields = Consents(c.Fields); len(c.Fields) > 0 {
			return c // an opt-out waits for nothing (3.14)
		}
		return c.turn(Hold, RequiredMissing)
	}
	if !writes {
		return c.turn(Unchanged, NoReason)
	}
	if in, err := b.InScope(contact.Record{Values: b.after(c.Fields, target)}); err != nil || !in {
		// It would leave the scope, and the next run would take another contact for
		// it, or none (settled question 2).
		c.Fields = nil
		return c.turn(Hold, ScopeReview)
	}
	return c
}

// after are the values of a contact once its changes are made.
func (b *Rulebook) after(fields []FieldChange, target contact.Record) []string {
	if b.scope == nil {
		return nil
	}
	values := make([]string, len(b.Target.Fields))
	copy(values, target.Values)
	for _, f := range fields {
		if f.Written() {
			values[b.Target.Index(f.Name)] = f.New
		}
	}
	return values
}

func (c Change) turn(a Action, why Reason) Change {
	c.Action, c.Reason, c.Values = a, why, nil
	return c
}

// AddOnly reports whether no field may ever be updated.
func (b *Rulebook) AddOnly() bool {
	for _, w := range b.writes {
		if w != "" && w != WriteNever {
			return false
		}
	}
	return true
}

// decideField is the table of requirements 3.4:
//
//	policy              blank<-value   value<-blank                value<-other
//	always              write          keep (clear if may_clear)   write
//	if_new_not_blank    write          keep                        write; a telephone that
//	                                                               can be read stays where
//	                                                               the new one cannot
//	if_existing_blank   write          keep                        keep, shown as kept
//	never               keep           keep                        keep, shown as kept
//
// It answers false where there is nothing to tell: both sides are equal, or the
// source knows nothing.
func (b *Rulebook) decideField(at int, policy Write, old, offered string) (FieldChange, bool) {
	field := b.Target.Fields[at]
	f := FieldChange{Name: field.Name, Old: old, New: offered, Rule: string(policy)}
	if old == offered {
		return f, false
	}
	oldBlank := b.blank(field, old)
	switch {
	case offered == "":
		return f, policy == WriteAlways && b.mayClear[at] && !oldBlank && !slices.Contains(b.required, at)
	case !oldBlank && b.norm.Equal(field.Kind, old, offered):
		return f, false
	case policy == WriteNever, policy == WriteIfExistingBlank && !oldBlank:
		f.New, f.Kept = old, offered
	case policy == WriteIfNewNotBlank && b.worse(field.Kind, old, offered):
		f.New, f.Kept, f.Rule = old, offered, string(contact.PhoneUnparseable)
	}
	return f, true
}

// worse reports whether a telephone number that can be compared would give way to
// one that cannot: the new one is not blank, but says less.
func (b *Rulebook) worse(kind contact.Kind, old, offered string) bool {
	if kind != contact.Phone || contact.Blank(old) {
		return false
	}
	_, bad := b.norm.Canonical(kind, offered)
	_, was := b.norm.Canonical(kind, old)
	return bad != "" && was == ""
}

// blank reports whether a stored value says nothing: also a name that is the
// placeholder (requirements 3.1, 3.5).
func (b *Rulebook) blank(f contact.Field, value string) bool {
	return contact.Blank(value) || f.Kind == contact.Name && contact.IsPlaceholder(value)
}

func (b *Rulebook) missing(wanted []int, values []string) (names []string) {
	for _, at := range wanted {
		if contact.Blank(values[at]) {
			names = append(names, b.Target.Fields[at].Name)
		}
	}
	return names
}

// missingAfter lists the required fields that would still be blank once the
// update is made.
func (b *Rulebook) missingAfter(values []string, target contact.Record) (names []string) {
	for _, at := range b.required {
		if contact.Blank(values[at]) && b.blank(b.Target.Fields[at], target.Value(at)) {
			names = append(names, b.Target.Fields[at].Name)
		}
	}
	return names
}

// SamePerson reports whether a record found by telephone is the contact it was
// found to be (settled question 8): their e-mails agree, or the last names do not
// contradict each other. The kvCORE reading (K4) asks for the telephone alone.
func (b *Rulebook) SamePerson(values []string, target contact.Record) bool {
	if !b.Names() || namesAgree(b.lastName(values), b.lastName(target.Values)) {
		return true
	}
	if b.emailAt < 0 {
		return false
	}
	ours, _ := b.norm.MatchKey(contact.Email, values[b.emailAt])
	theirs, _ := b.norm.MatchKey(contact.Email, target.Value(b.emailAt))
	return ours != "" && ours == theirs
}

// OtherIdentity reports whether the contact carries a better key than the rule
// that found it, and one that differs from the record's: then it is somebody
// else who shares the lesser key.
func (b *Rulebook) OtherIdentity(rule int, values []string, target contact.Record) bool {
	for better := range rule {
		if base := b.Rules[better].Base(); base == ByEmail || base == ByPhone {
			continue // e-mails change; SamePerson judges them
		}
		ours, theirs := b.Keys(better, values, nil), b.Keys(better, target.Values, nil)
		if len(ours) > 0 && len(theirs) > 0 && ours[0] != theirs[0] {
			return true
		}
	}
	return false
}
