package desk

import (
	"context"
	"slices"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// AddField adds a field to a book (C26).
func AddField(ctx context.Context, w *workspace.Workspace, b store.Book, f contact.Field) error {
	if err := CheckField(f); err != nil {
		return err
	}
	if b.Schema().Index(f.Name) >= 0 {
		return refuse("field.exists", "The book %s has a field %q already. Nothing was changed. Use that one, or choose another name", b.Name, f.Name)
	}
	return w.Store.AddFields(ctx, b.ID, []contact.Field{f})
}

// ChangeField gives a field another label, or another kind. A field that has
// values stays or becomes what they can be read as: a password is stored like
// nothing else, and the unique identifier and e-mails say who is who.
func ChangeField(ctx context.Context, w *workspace.Workspace, b store.Book, f contact.Field) error {
	if err := CheckField(f); err != nil {
		return err
	}
	if err := KnownField(b, f.Name); err != nil {
		return err
	}
	old, _ := b.Schema().Field(f.Name)
	keyed := func(k contact.Kind) bool { return k == contact.Email || k == contact.Phone || k == contact.Password }
	if old.Kind != f.Kind && b.Population > 0 && (keyed(old.Kind) || keyed(f.Kind) || f.Name == b.KeyField) {
		return refuse("field.kind_fixed", "%s is a %s, and the %d contacts of %s are known by it or stored by it. Nothing was changed. Add a new field of the kind %s and import into it", f.Name, old.Kind, b.Population, b.Name, f.Kind)
	}
	if err := Free(ctx, w, syncfile.KindBook, b.Name); err != nil {
		return err
	}
	return w.Store.ChangeField(ctx, b.ID, f)
}

// Removable refuses to remove a field that the book cannot do without.
func Removable(b store.Book, field string) error {
	if err := KnownField(b, field); err != nil {
		return err
	}
	if field == b.KeyField {
		return refuse("field.key", "%s is the unique identifier of %s, which a book keeps. Nothing was changed. To have another, make a new book and import into it:  kith books create", field, b.Name)
	}
	return sparesFormula(b, field)
}

// RemoveField takes a field with its values out of a book.
func RemoveField(ctx context.Context, w *workspace.Workspace, b store.Book, field string) error {
	if err := Removable(b, field); err != nil {
		return err
	}
	if err := Free(ctx, w, syncfile.KindBook, b.Name); err != nil {
		return err
	}
	if err := w.Store.RemoveField(ctx, b.ID, field); err != nil {
		return err
	}
	if f, _ := b.Schema().Field(field); f.Kind == contact.Email || f.Kind == contact.Phone {
		return w.Reindex(ctx, b.Name) // nobody is found by what is gone
	}
	return nil
}

// sparesFormula refuses to remove a field that the book's name formula needs.
func sparesFormula(b store.Book, field string) error {
	at := b.Schema().Index(field)
	b.Fields = slices.Delete(slices.Clone(b.Fields), at, at+1)
	if _, err := plan.NewNaming(b.Schema(), b.NameFormula); err == nil || UnknownName(err) != plan.Identifier(field) {
		return nil
	}
	return refuse("field.in_formula", "Contacts of %s are called %s, which needs %s. Nothing was changed. Change that first:  kith books set %s --name-formula ''",
		b.Name, b.NameFormula, field, Quoted(b.Name))
}
