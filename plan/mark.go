package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kith-sync/kith/contact"
)

// Under not_found: mark (requirements 3.11) a contact that the source no longer
// has stays, and a field of it names the sync that misses it. The mark goes when
// a record of the source is found to be the contact again, whatever the write
// policies say: it tells about the source, and holds none of its values.
//
//	field                 the contact is missing   a record is the contact
//	blank                 the sync's name          -
//	the sync's name       -                        blank
//	anything else         -                        -
//
// A mark is an update: the guard counts it among changes, not among deletes.

// DefaultMark is the field that a mark stands in where the sync names none.
const DefaultMark = "not_found"

// ruleMark is the rule of a field change that sets or takes away a mark.
const ruleMark = "mark"

// Marks reports whether contacts of a file or book that are not found are marked.
func (d Delete) Marks() bool { return d.NotFound == Mark }

// MarkField is the field that marks stand in.
func (d Delete) MarkField() string { return cmp.Or(d.Mark, DefaultMark) }

// MarkMissing is the change that marks a contact as not found by a sync, unless
// it is marked already.
func MarkMissing(s Sync, schema contact.Schema, missing contact.Record) (f FieldChange, ok bool) {
	name := s.Policy.Delete.MarkField()
	at := schema.Index(name)
	if at < 0 || !contact.Blank(missing.Value(at)) {
		return f, false
	}
	return FieldChange{Name: name, Old: missing.Value(at), New: s.Name, Rule: ruleMark}, true
}

// UnmarkFound is the change that takes a sync's own mark off a contact that is
// found again.
func UnmarkFound(s Sync, schema contact.Schema, found contact.Record) (f FieldChange, ok bool) {
	name := s.Policy.Delete.MarkField()
	at := schema.Index(name)
	if at < 0 || s.Name == "" || found.Value(at) != s.Name {
		return f, false
	}
	return FieldChange{Name: name, Old: s.Name, Rule: ruleMark}, true
}

// checkMark says what keeps a field from being the one for marks. Over a link marks
// stand in the address book: see Pair.
func (b *Rulebook) checkMark() error {
	if !b.Sync.Policy.Delete.Marks() || b.Sync.Linked() {
		return nil
	}
	name := b.Sync.Policy.Delete.MarkField()
	at := b.Target.Index(name)
	return canMark(b.Target, name, at >= 0 && b.writes[at] != "")
}

// checkMark says the same of the address book's field.
func (p *Pairing) checkMark() error {
	d := p.Sync.Policy.Delete
	if d.NotFound != Mark && d.Back != Mark {
		return nil
	}
	if p.ours.Index(d.MarkField()) < 0 {
		return fmt.Errorf("policy.delete.mark: the address book has no field %q", d.MarkField())
	}
	here, _ := p.Names()
	return canMark(p.ours, d.MarkField(), slices.Contains(here, d.MarkField()))
}

func canMark(schema contact.Schema, name string, mapped bool) error {
	f, ok := schema.Field(name)
	switch {
	case !ok:
		return fmt.Errorf("policy.delete.mark: the target has no field %q", name)
	case f.Kind != contact.Text || name == schema.Key:
		return fmt.Errorf("policy.delete.mark: field %q is not one for any text; name another", name)
	case mapped:
		return fmt.Errorf("policy.delete.mark: field %q is filled by the map; name another", name)
	}
	return nil
}

// unmark lists the changes that take this sync's mark off a contact.
func (b *Rulebook) unmark(target contact.Record) []FieldChange {
	if !b.Sync.Policy.Delete.Marks() {
		return nil
	}
	if f, ok := UnmarkFound(b.Sync, b.Target, target); ok {
		return []FieldChange{f}
	}
	return nil
}
