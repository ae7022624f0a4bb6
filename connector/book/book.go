// Package book makes an address book of the store a source and a target like
// any other system. It keeps the book's match keys in step with its contacts;
// it decides nothing.
package book

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Store is what the connector needs of the store.
type Store interface {
	Book(ctx context.Context, name string) (store.Book, error)
	AddFields(ctx context.Context, bookID int64, fields []contact.Field) error
	Contacts(ctx context.Context, b store.Book, after int64) iter.Seq2[store.Contact, error]
	ContactsByRef(ctx context.Context, b store.Book, refs []int64) iter.Seq2[store.Contact, error]
	TrashedByRef(ctx context.Context, b store.Book, refs []int64) iter.Seq2[store.Contact, error]
	Reindex(ctx context.Context, b store.Book, keys func(values []string) []store.Key) error
	CreatedBySync(ctx context.Context, b store.Book, syncID int64) iter.Seq2[int64, error]
	FindKeys(ctx context.Context, b store.Book, rule int, hashes []uint64) ([]store.KeyHit, error)
	ReserveNumbers(ctx context.Context, bookID, run, n int64) (int64, error)
	Write(ctx context.Context, b store.Batch) ([]int64, error)
	AddKeys(ctx context.Context, bookID int64, rule int, hits []store.KeyHit) error
	Keepers(ctx context.Context, bookID int64) ([]int64, error)
	ChangesOf(ctx context.Context, ref int64) iter.Seq2[store.StoredChange, error]
}

// A Book is one address book, as it was when it was opened.
type Book struct {
	store   Store
	book    store.Book
	keyring *plan.Keyring
	secret  plan.Secret
	codes   Codes
	keepers map[int64]bool // contacts that others were merged into; nil: not known yet
}

// Codes draws random 9-digit unique keys (C29) and hashes passwords (C32).
type Codes interface {
	NineDigits() (string, error)
	HashPassword(sealed string) (string, error)
}

// Open returns the named book. store.ErrNotFound tells that there is none.
func Open(ctx context.Context, s Store, name string, secret plan.Secret, codes Codes) (*Book, error) {
	b, err := s.Book(ctx, name)
	if err != nil {
		return nil, err
	}
	return &Book{store: s, book: b, keyring: plan.NewKeyring(b.Schema(), b.Region, false), secret: secret, codes: codes}, nil
}

// Name returns the book's name.
func (b *Book) Name() string { return b.book.Name }

// ID returns the book's number in the store.
func (b *Book) ID() int64 { return b.book.ID }

// Schema returns the book's fields and unique identifier.
func (b *Book) Schema(context.Context) (contact.Schema, error) { return b.book.Schema(), nil }

// Region returns the book's default telephone region.
func (b *Book) Region() string { return b.book.Region }

// Durable: every batch is one transaction.
func (b *Book) Durable() bool { return true }

// State is the book's change counter.
func (b *Book) State(ctx context.Context) (string, error) {
	now, err := b.store.Book(ctx, b.book.Name)
	return strconv.FormatInt(now.Seq, 10), err
}

// Records yields the book's contacts, oldest first.
func (b *Book) Records(ctx context.Context) (contact.Schema, iter.Seq2[contact.Record, error]) {
	return b.book.Schema(), func(yield func(contact.Record, error) bool) {
		for c, err := range b.store.Contacts(ctx, b.book, 0) {
			if !yield(record(c), err) || err != nil {
				return
			}
		}
	}
}

func record(c store.Contact) contact.Record {
	return contact.Record{
		ID: strconv.FormatInt(store.Number(c.Ref), 10), Values: c.Values, Version: strconv.FormatInt(c.Version, 10),
		Rank: c.UpdatedRun,
	}
}

// Lookup finds contacts by the hashes of their match keys.
func (b *Book) Lookup(ctx context.Context, rule plan.Rule, hashes []uint64) ([]connector.Hit, error) {
	found, err := b.store.FindKeys(ctx, b.book, plan.NumberOf(rule), hashes)
	if err == nil {
		found, err = b.standing(ctx, found)
	}
	if err != nil {
		return nil, err
	}
	hits := make([]connector.Hit, len(found))
	for i, h := range found {
		hits[i] = connector.Hit(h)
	}
	return hits, nil
}

// Fetch yields the contacts with these handles.
func (b *Book) Fetch(ctx context.Context, refs []int64) iter.Seq2[connector.Found, error] {
	return func(yield func(connector.Found, error) bool) {
		found(b.store.ContactsByRef(ctx, b.book, refs), yield)
	}
}

// Trashed yields those with these handles that were thrown away, as they were last.
func (b *Book) Trashed(ctx context.Context, refs []int64) iter.Seq2[connector.Found, error] {
	return func(yield func(connector.Found, error) bool) {
		found(b.store.TrashedByRef(ctx, b.book, refs), yield)
	}
}

func found(all iter.Seq2[store.Contact, error], yield func(connector.Found, error) bool) {
	for c, err := range all {
		if !yield(connector.Found{Ref: c.Ref, Record: record(c)}, err) || err != nil {
			return
		}
	}
}

// Owned yields the contacts a sync may remove.
func (b *Book) Owned(ctx context.Context, bySync int64) iter.Seq2[int64, error] {
	return b.store.CreatedBySync(ctx, b.book, bySync)
}

// AddFields adds fields to the book.
func (b *Book) AddFields(ctx context.Context, fields []contact.Field) error {
	if len(fields) == 0 {
		return nil
	}
	if err := b.store.AddFields(ctx, b.book.ID, fields); err != nil {
		return err
	}
	return b.reload(ctx)
}

func (b *Book) reload(ctx context.Context) (err error) {
	if b.book, err = b.store.Book(ctx, b.book.Name); err != nil {
		return fmt.Errorf("read book: %w", err)
	}
	b.keyring = plan.NewKeyring(b.book.Schema(), b.book.Region, false)
	return nil
}

// Reserve takes contact numbers for a run.
func (b *Book) Reserve(ctx context.Context, run, n int64) (int64, error) {
	return b.store.ReserveNumbers(ctx, b.book.ID, run, n)
}

// Adopt brings the book's fields and settings up to what a run was planned
// with: new fields are added; an identifier and a telephone region are taken
// over when the book has none.
func (b *Book) Adopt(ctx context.Context, schema contact.Schema, region string, generated bool) error {
	have := b.book.Schema()
	var missing []contact.Field
	for _, f := range schema.Fields {
		if have.Index(f.Name) < 0 {
			missing = append(missing, f)
		}
	}
	if err := b.AddFields(ctx, missing); err != nil {
		return err
	}
	changed := b.book
	if changed.KeyField == "" && schema.Key != "" {
		changed.KeyField, changed.KeyMade = schema.Key, generated
	}
	if changed.Region == "" {
		changed.Region = region
	}
	if changed.KeyField == b.book.KeyField && changed.Region == b.book.Region {
		return nil
	}
	return b.reindex(ctx, changed)
}

// KeepSecond has the book keep the keys of second e-mails and telephones as well,
// from now on, for a sync that matches by them.
func (b *Book) KeepSecond(ctx context.Context) error {
	if b.book.SecondKeys {
		return nil
	}
	changed := b.book
	changed.SecondKeys = true
	return b.reindex(ctx, changed)
}

// KeepsSecond reports whether it does.
func (b *Book) KeepsSecond() bool { return b.book.SecondKeys }

// Reindex makes the match keys of every contact anew, as after a damaged index
// or the removal of a field.
func (b *Book) Reindex(ctx context.Context) error { return b.reindex(ctx, b.book) }

// reindex stores settings together with the match keys that follow from them.
func (b *Book) reindex(ctx context.Context, settings store.Book) error {
	ring := plan.NewKeyring(settings.Schema(), settings.Region, false)
	if err := b.store.Reindex(ctx, settings, func(values []string) []store.Key { return keysOf(ring, b.secret, settings.SecondKeys, values) }); err != nil {
		return fmt.Errorf("index book %s: %w", b.book.Name, err)
	}
	return b.reload(ctx)
}
