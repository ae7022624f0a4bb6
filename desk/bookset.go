package desk

import (
	"context"
	"errors"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// CreateBook makes an empty address book with the fields that were asked for, as
// NAME or NAME:KIND, beside those that every book has.
func CreateBook(ctx context.Context, w *workspace.Workspace, b store.Book, fields []string) (store.Book, error) {
	if b.Name == "" || b.Name != Cell(b.Name) {
		return b, usage("%q is not a name for a book. Nothing was changed. Give it one or more letters on one line", b.Name)
	}
	if err := CheckRegion(b.Region); err != nil {
		return b, err
	}
	if err := FirstFields(&b, fields); err != nil {
		return b, err
	}
	if err := CheckFormula(b); err != nil {
		return b, err
	}
	if _, err := w.Store.Book(ctx, b.Name); err == nil {
		return b, refuse("book.exists", "There is a book %q already. Nothing was changed. Choose another name", b.Name)
	} else if !errors.Is(err, store.ErrNotFound) {
		return b, err
	}
	return w.Store.CreateBook(ctx, b)
}

// Configure checks settings against a book's fields and contacts, and stores them.
func Configure(ctx context.Context, w *workspace.Workspace, old, changed store.Book) (store.Book, error) {
	if err := CheckFormula(changed); err != nil {
		return old, err
	}
	if changed.KeyMade && !old.KeyMade && old.Population > 0 {
		return old, refuse("book.not_empty", "Generated identifiers are drawn when contacts are made, and %s has %d already. Nothing was changed", old.Name, old.Population)
	}
	if changed.KeyMade && changed.Schema().Index(GeneratedKey) < 0 {
		if err := w.Store.AddFields(ctx, changed.ID, []contact.Field{{Name: GeneratedKey, Kind: contact.Text}}); err != nil {
			return old, err
		}
	} else if changed.KeyField != "" {
		if err := KnownField(changed, changed.KeyField); err != nil {
			return old, err
		}
	}
	if err := Free(ctx, w, syncfile.KindBook, changed.Name); err != nil {
		return changed, err
	}
	if err := w.Configure(ctx, changed); errors.Is(err, store.ErrBookNotEmpty) {
		return old, refuse("book.not_empty", "The identifier and the country of telephone numbers say who is the same person as whom, and %s has %d contacts. Nothing was changed. Import them into a new book:  kith books create", old.Name, old.Population)
	} else if err != nil {
		return old, err
	}
	return Book(ctx, w, changed.Name)
}
