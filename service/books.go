package service

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// A BookState is one line of the list of address books.
type BookState struct {
	ID int64 `json:"id"`
	desk.BookReport
	Trash int64 `json:"trash"` // contacts in its trash
}

// Books are the address books, by name; with all also those that Kith fills itself with
// what it sends.
func (s *Service) Books(ctx context.Context, all bool) ([]BookState, error) {
	books, err := desk.BooksOf(ctx, s.Workspace, all)
	if err != nil {
		return nil, err
	}
	states := make([]BookState, len(books))
	for i, b := range books {
		if states[i], err = s.stateOf(ctx, b); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func (s *Service) stateOf(ctx context.Context, b store.Book) (BookState, error) {
	trash, err := s.Workspace.Store.CountTrash(ctx, b.ID)
	return BookState{b.ID, desk.ReportBook(b), trash}, err
}

// BookState is one address book with its settings and fields.
func (s *Service) BookState(ctx context.Context, id int64) (BookState, error) {
	b, err := s.BookOf(ctx, id)
	if err != nil {
		return BookState{}, err
	}
	return s.stateOf(ctx, b)
}

// BookOf returns an address book by its number.
func (s *Service) BookOf(ctx context.Context, id int64) (store.Book, error) {
	b, err := s.Workspace.Store.BookByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return b, notThere("There is no such address book, or not any more")
	}
	return b, err
}

// A Filter is a choice among a book's contacts that somebody has given a name,
// with the columns to show.
type Filter struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	desk.Choice
	Columns []string `json:"columns,omitempty"`
}

// Filters are the saved filters of a book, by name.
func (s *Service) Filters(ctx context.Context, book int64) ([]Filter, error) {
	saved, err := s.Workspace.Store.SavedFilters(ctx, book)
	all := make([]Filter, len(saved))
	for i, f := range saved {
		if err := json.Unmarshal(f.Definition, &all[i]); err != nil {
			return nil, err
		}
		all[i].ID, all[i].Name = f.ID, f.Name
	}
	return all, err
}

// SaveFilter keeps a filter under its name. One of that name is replaced.
func (s *Service) SaveFilter(ctx context.Context, book int64, f Filter) (Filter, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return f, err
	}
	if f.Name = strings.TrimSpace(f.Name); f.Name == "" || f.Name != desk.Cell(f.Name) {
		return f, &run.Error{Code: desk.CodeUsage, Message: "A filter needs a name on one line. Nothing was saved"}
	}
	if _, err := desk.Chosen(b, f.Choice); err != nil {
		return f, err
	}
	definition, err := json.Marshal(f)
	if err != nil {
		return f, err
	}
	saved, err := s.Workspace.Store.SaveFilter(ctx, store.SavedFilter{BookID: b.ID, Name: f.Name, Definition: definition})
	f.ID = saved.ID
	return f, err
}

// DeleteFilter removes a saved filter.
func (s *Service) DeleteFilter(ctx context.Context, book, id int64) error {
	err := s.Workspace.Store.DeleteFilter(ctx, book, id)
	if errors.Is(err, store.ErrNotFound) {
		return notThere("There is no such filter, or not any more")
	}
	return err
}

// A BookChange is what can be said about an address book.
type BookChange struct {
	Name        string   `json:"name"`                // of a new one
	Key         string   `json:"key,omitempty"`       // field that is the unique identifier
	Generated   bool     `json:"generated,omitempty"` // Kith draws the identifier (C29)
	Region      string   `json:"region,omitempty"`
	NameFormula string   `json:"name_formula,omitempty"`
	Fields      []string `json:"fields,omitempty"` // of a new one beside email, as NAME or NAME:KIND
}

func (c BookChange) into(b store.Book) store.Book {
	b.KeyField, b.KeyMade = strings.TrimSpace(c.Key), c.Generated
	if b.KeyMade {
		b.KeyField = desk.GeneratedKey
	}
	b.Region, b.NameFormula = strings.ToUpper(strings.TrimSpace(c.Region)), strings.TrimSpace(c.NameFormula)
	return b
}

// CreateBook makes an empty address book.
func (s *Service) CreateBook(ctx context.Context, c BookChange) (BookState, error) {
	b, err := desk.CreateBook(ctx, s.Workspace, c.into(store.Book{Name: strings.TrimSpace(c.Name)}), c.Fields)
	if err != nil {
		return BookState{}, err
	}
	return s.stateOf(ctx, b)
}

// ChangeBook changes a book's settings. Its name stays: syncs go by it.
func (s *Service) ChangeBook(ctx context.Context, id int64, c BookChange) (BookState, error) {
	b, err := s.BookOf(ctx, id)
	if err != nil {
		return BookState{}, err
	}
	changed := c.into(b)
	if err := desk.CheckRegion(changed.Region); err != nil {
		return BookState{}, err
	}
	if b, err = desk.Configure(ctx, s.Workspace, b, changed); err != nil {
		return BookState{}, err
	}
	return s.stateOf(ctx, b)
}

// DeleteBook removes a book with all its contacts. Typed is its name, typed by
// somebody who means it.
func (s *Service) DeleteBook(ctx context.Context, id int64, typed string) error {
	b, err := s.BookOf(ctx, id)
	if err != nil {
		return err
	}
	if strings.TrimSpace(typed) != b.Name {
		return &run.Error{Code: desk.CodeUsage, Message: "Nothing was deleted. Type the book's name exactly as it is written: " + b.Name}
	}
	if err := desk.Free(ctx, s.Workspace, syncfile.KindBook, b.Name); err != nil {
		return err
	}
	return s.Workspace.Store.DeleteBook(context.WithoutCancel(ctx), b.ID)
}

// AddField adds a field to a book.
func (s *Service) AddField(ctx context.Context, book int64, f contact.Field) error {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return err
	}
	f.Name, f.Label = strings.TrimSpace(f.Name), strings.TrimSpace(f.Label)
	return desk.AddField(ctx, s.Workspace, b, f)
}

// ChangeField gives a field another label, or another kind.
func (s *Service) ChangeField(ctx context.Context, book int64, f contact.Field) error {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return err
	}
	f.Label = strings.TrimSpace(f.Label)
	return desk.ChangeField(context.WithoutCancel(ctx), s.Workspace, b, f)
}

// RemoveField takes a field with its values out of a book.
func (s *Service) RemoveField(ctx context.Context, book int64, name string) error {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return err
	}
	return desk.RemoveField(context.WithoutCancel(ctx), s.Workspace, b, name)
}

// A TrashPage is a stretch of a book's trash, the latest first.
type TrashPage struct {
	Book     store.Book           `json:"-"`
	Contacts []desk.ContactReport `json:"contacts"`
	All      int64                `json:"all"`
	Next     TrashMark            `json:"next,omitzero"` // where to go on; zero: that was all
}

// A TrashMark is a place in the trash.
type TrashMark struct {
	Before int64 `json:"before"` // deleted then, in milliseconds since 1970
	After  int64 `json:"after"`  // ID of the contact
}

// Trash returns a page of a book's trash.
func (s *Service) Trash(ctx context.Context, book int64, from TrashMark) (TrashPage, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return TrashPage{}, err
	}
	page := TrashPage{Book: b}
	if page.All, err = s.Workspace.Store.CountTrash(ctx, b.ID); err != nil {
		return page, err
	}
	before := s.Now().Add(time.Hour) // whatever the clock of another server said
	if from.Before != 0 {
		before = time.UnixMilli(from.Before)
	}
	found, err := s.Workspace.Store.SomeTrash(ctx, b, before, store.Ref(b.ID, from.After), ContactsOnPage)
	page.Contacts = reports(b, found)
	if len(found) == ContactsOnPage {
		last := found[len(found)-1]
		page.Next = TrashMark{last.DeletedAt.UnixMilli(), store.Number(last.Ref)}
	}
	return page, err
}

// EmptyTrash removes the deleted contacts of a book for good.
func (s *Service) EmptyTrash(ctx context.Context, book int64) (int64, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return 0, err
	}
	return s.Workspace.Store.EmptyTrash(context.WithoutCancel(ctx), b.ID)
}

// ExportContacts writes a book in a form: all of it, those that are chosen, or
// those with these IDs.
func (s *Service) ExportContacts(ctx context.Context, out io.Writer, book int64, form string, c desk.Choice, ids []int64) error {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return err
	}
	write, err := desk.ExportForm(form)
	if err != nil {
		return err
	}
	chosen, err := desk.Chosen(b, c)
	if err != nil {
		return err
	}
	contacts := s.Workspace.Store.Contacts(ctx, b, 0)
	if len(ids) > 0 {
		_, some, err := s.someContacts(ctx, book, ids)
		if err != nil {
			return err
		}
		contacts = func(yield func(store.Contact, error) bool) {
			for _, c := range some {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
	return write(out, b, func(yield func(store.Contact, error) bool) {
		for c, err := range contacts {
			if (err != nil || chosen(c.Values)) && !yield(c, err) {
				return
			}
		}
	})
}

// Suppressions are who was erased on request, without saying who.
func (s *Service) Suppressions(ctx context.Context) ([]desk.SuppressionReport, error) {
	return desk.Suppressions(ctx, s.Workspace)
}

// LiftSuppression lets a person be imported again.
func (s *Service) LiftSuppression(ctx context.Context, id int64) error {
	return desk.LiftSuppression(ctx, s.Workspace, id)
}
