package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// Edits by hand are runs of the kind "edit", so that explain can tell them and
// undo can take them back. This is the rule of their values.
const ByHand = "edit"

// Alone refuses a second contact with one e-mail address: it is who a contact is
// (N18). The contact besides may have it, which keeps it for one it was merged with.
func Alone(ctx context.Context, w *workspace.Workspace, b store.Book, values []string, besides int64) error {
	for _, key := range plan.NewKeyring(b.Schema(), b.Region, false).Keys(plan.ByEmail, values, nil) {
		hits, err := w.Store.FindKeys(ctx, b, plan.NumberOf(plan.ByEmail), []uint64{w.Secret().Hash(key)})
		if err != nil {
			return err
		}
		hits = slices.DeleteFunc(hits, func(h store.KeyHit) bool { return besides != 0 && h.Ref == besides })
		if len(hits) > 0 {
			id := store.Number(hits[0].Ref)
			return refuse(string(plan.IdentityConflict), "Contact %d of %s has this e-mail address already. Nothing was changed. Edit it:  kith contacts edit %d FIELD=VALUE", id, b.Name, id)
		}
	}
	return nil
}

// StaysAlone is Alone for an edit that gives a contact another e-mail address. Whoever
// shares theirs already can be edited all the same.
func StaysAlone(ctx context.Context, w *workspace.Workspace, b store.Book, c store.Contact, becomes []string) error {
	ring := plan.NewKeyring(b.Schema(), b.Region, false)
	if slices.Equal(ring.Keys(plan.ByEmail, c.Values, nil), ring.Keys(plan.ByEmail, becomes, nil)) {
		return nil
	}
	return Alone(ctx, w, b, becomes, c.Ref)
}

// Removal is the change that puts a contact into the trash. It keeps the values,
// so that an undo knows who it was.
func Removal(b store.Book, c store.Contact) plan.Change {
	change := plan.Change{Action: plan.Remove, Ref: c.Ref, Version: VersionOf(c)}
	for i, f := range b.Fields {
		if i < len(c.Values) && c.Values[i] != "" {
			change.Fields = append(change.Fields, plan.FieldChange{Name: f.Name, Old: c.Values[i], Rule: ByHand})
		}
	}
	return change
}

// CheckValue refuses by hand what an import refuses or leaves alone: an e-mail
// address that is none would be found by nobody, and a consent is one of its
// states.
func CheckValue(b store.Book, at int, value string) (string, error) {
	kind := b.Fields[at].Kind
	if contact.Blank(value) || kind != contact.Email && kind != contact.Consent {
		return value, nil
	}
	canonical, problem := contact.NewNormalizer(b.Region).Canonical(kind, value)
	switch {
	case problem == contact.EmailInvalid:
		return "", refuse(string(plan.EmailInvalid), "%q is not an e-mail address. Nothing was changed. Write it like ada@example.com", value)
	case problem != "":
		return "", refuse(string(problem), "%q does not say what was consented to. Nothing was changed. Use one of %s", value, strings.Join(contact.ConsentStates, ", "))
	case kind == contact.Consent:
		return canonical, nil
	}
	return value, nil
}

// Restoring is the change that takes a contact out of the trash.
func Restoring(b store.Book, c store.Contact) plan.Change {
	change := plan.Change{Action: plan.Restore, Ref: c.Ref, Values: c.Values}
	for i, f := range b.Fields {
		if i < len(c.Values) && c.Values[i] != "" {
			change.Fields = append(change.Fields, plan.FieldChange{Name: f.Name, New: c.Values[i], Rule: ByHand})
		}
	}
	return change
}

// Restorings are the changes that take contacts out of the trash, by their IDs.
func Restorings(ctx context.Context, w *workspace.Workspace, b store.Book, ids []string) (changes []plan.Change, err error) {
	for _, id := range ids {
		c, err := TrashedContact(ctx, w, b, id)
		if err != nil {
			return nil, err
		}
		back := Restoring(b, c)
		// The contact it was merged into gives back the keys that it has kept for it.
		if back.Into, _, err = w.Engine.MergedInto(ctx, c.Ref); err != nil {
			return nil, err
		}
		if err := Alone(ctx, w, b, c.Values, back.Into); err != nil {
			return nil, err
		}
		changes = append(changes, back)
	}
	return changes, nil
}

// NotErased refuses to add somebody by hand who was erased on request: first the
// suppression is lifted, by somebody who knows what they do.
func NotErased(ctx context.Context, w *workspace.Workspace, b store.Book, values []string) error {
	all, err := w.Store.Suppressions(ctx)
	if err != nil {
		return err
	}
	hashes := run.Hashes(b.Schema(), b.Region, w.Secret())(values)
	for _, s := range all {
		f, err := run.Forgotten(ctx, onlyThis{s})
		if err != nil {
			return err
		}
		if f.Has(hashes) {
			return refuse(string(plan.Erased), "This person was erased on request on %s. Nothing was changed. To have them back:  kith suppressions lift %d", s.At.Format("2006-01-02"), s.ID)
		}
	}
	return nil
}

type onlyThis struct{ store.Suppression }

func (o onlyThis) Suppressions(context.Context) ([]store.Suppression, error) {
	return []store.Suppression{o.Suppression}, nil
}

// KnownField refuses a field that the book does not have.
func KnownField(b store.Book, field string) error {
	if b.Schema().Index(field) >= 0 {
		return nil
	}
	names := make([]string, len(b.Fields))
	for i, f := range b.Fields {
		names[i] = f.Name
	}
	return Absent("field", field, names, "kith fields list --book "+Quoted(b.Name))
}

// Merged are the changes of a merge: the others leave first, so that no key is
// held by two. Of consents the strictest counts (requirements 3.13).
func Merged(b store.Book, keep store.Contact, others []store.Contact) (changes []plan.Change) {
	update := plan.Change{Action: plan.Update, Ref: keep.Ref, Version: VersionOf(keep)}
	for i, f := range b.Fields {
		is := keep.Values[i]
		for _, other := range others {
			if v := other.Values[i]; !contact.Blank(v) && (contact.Blank(is) || f.Kind == contact.Consent && contact.Stricter(v, is)) {
				is = v
			}
		}
		if is != keep.Values[i] {
			update.Fields = append(update.Fields, plan.FieldChange{Name: f.Name, Old: keep.Values[i], New: is, Rule: "merge"})
		}
	}
	for _, other := range others {
		gone := Removal(b, other)
		gone.Into = keep.Ref // whoever comes by its e-mail later is the contact that is kept
		changes = append(changes, gone)
	}
	if len(update.Fields) > 0 {
		changes = append(changes, update)
	}
	return changes
}
