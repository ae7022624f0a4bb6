package workspace

import (
	"context"

	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/store"
)

// Configure stores a book's settings. An identifier or a telephone region that
// the book did not have makes the match keys of its contacts anew; one that it
// had can only change while it is empty: store.ErrBookNotEmpty. An identifier
// that contacts share is a TwinsError.
func (w *Workspace) Configure(ctx context.Context, b store.Book) error {
	old, err := w.Store.Book(ctx, b.Name)
	if err != nil {
		return err
	}
	if old.Population > 0 && (replaces(old.KeyField, b.KeyField) || replaces(old.Region, b.Region)) {
		return store.ErrBookNotEmpty
	}
	if old.KeyField != b.KeyField {
		if err := w.distinct(ctx, b); err != nil {
			return err
		}
	}
	if old.Population > 0 && (old.KeyField != b.KeyField || old.Region != b.Region) {
		target, err := book.Open(ctx, w.Store, b.Name, w.keys.match, w.keys)
		if err != nil {
			return err
		}
		if err := target.Adopt(ctx, b.Schema(), b.Region, b.KeyMade); err != nil {
			return err
		}
	}
	return w.Store.Configure(ctx, b)
}

// replaces reports whether a setting that was made gets another value.
func replaces(old, now string) bool { return old != "" && old != now }

// Reindex makes the match keys of a book's contacts anew.
func (w *Workspace) Reindex(ctx context.Context, name string) error {
	b, err := book.Open(ctx, w.Store, name, w.keys.match, w.keys)
	if err != nil {
		return err
	}
	return b.Reindex(ctx)
}
