package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// The address books, their settings and fields.
func bookRoutes() []route {
	return []route{
		{pattern: "GET /contacts", operation: "books.list", do: (*visit).books},
		{pattern: "GET /contacts/new", operation: "books.create", do: (*visit).newBook},
		{pattern: "POST /contacts/new", operation: "books.create", do: (*visit).createBook},
		{pattern: "GET /contacts/{book}/settings", operation: "books.show", do: (*visit).bookSettings},
		{pattern: "POST /contacts/{book}/settings", operation: "books.change", do: (*visit).changeBook},
		{pattern: "POST /contacts/{book}/fields", operation: "fields.add", do: (*visit).addField},
		{pattern: "POST /contacts/{book}/fields/{field}/change", operation: "fields.change", do: (*visit).changeField},
		{pattern: "POST /contacts/{book}/fields/{field}/delete", operation: "fields.delete", do: (*visit).deleteField},
		{pattern: "POST /contacts/{book}/delete", operation: "books.delete", do: (*visit).deleteBook},
		{pattern: "GET /suppressions", operation: "suppressions.list", do: (*visit).suppressions},
		{pattern: "POST /suppressions/{id}/lift", operation: "suppressions.lift", do: (*visit).liftSuppression},
	}
}

// bookTab is what the head of every page of a book needs.
type bookTab struct {
	ID   int64
	Name string
	Lit  string // which of its pages this is
}

func tabOf(b store.Book, lit string) bookTab { return bookTab{b.ID, b.Name, lit} }

// To is the address of one of the book's pages.
func (t bookTab) To(page string) string {
	if page == "" {
		return fmt.Sprintf("/contacts/%d", t.ID)
	}
	return fmt.Sprintf("/contacts/%d/%s", t.ID, page)
}

func (v *visit) books() error {
	every := v.ticked("all")
	all, err := v.service().Books(v.ctx(), every)
	if err != nil {
		return err
	}
	return v.show("books", page{Title: "Contacts", Nav: "Contacts", CLI: "kith books list", API: "GET /api/v1/books", Data: map[string]any{"Books": all, "All": every}})
}

// bookView is a book's settings as a form.
type bookView struct {
	Book   bookTab
	State  service.BookState
	Typed  service.BookChange
	More   string // fields of a new book
	Fields []fieldRow
	Kinds  []choice
	Keys   []choice
	Error  string
}

// A fieldRow is a field of a book.
type fieldRow struct {
	contact.Field
	Kinds []choice
	Key   bool
}

func (v *visit) newBook() error {
	return v.show("newbook", page{Title: "New address book", Nav: "Contacts", CLI: "kith books create BOOK", API: "POST /api/v1/books", Data: bookView{}})
}

func (v *visit) createBook() error {
	c := v.bookChange()
	c.Name = v.form("name")
	for field := range strings.FieldsFuncSeq(v.form("fields"), func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if field = strings.TrimSpace(field); field != "" {
			c.Fields = append(c.Fields, field)
		}
	}
	made, err := v.service().CreateBook(v.ctx(), c)
	if err != nil {
		return v.askOr(err, "newbook", page{Title: "New address book", Nav: "Contacts", Data: bookView{Typed: c, More: v.form("fields"), Error: sentenceOf(err)}})
	}
	return v.goTo(fmt.Sprintf("/contacts/%d", made.ID), fmt.Sprintf("Made the address book %s.", made.Name))
}

// askOr shows a form again for what somebody can put right, and fails for the rest.
func (v *visit) askOr(err error, name string, p page) error {
	if problemOf(err).status != http.StatusUnprocessableEntity {
		return err
	}
	return v.askAgain(name, p)
}

func (v *visit) bookChange() service.BookChange {
	return service.BookChange{Key: v.form("key"), Generated: v.ticked("generated"), Region: v.form("region"), NameFormula: v.form("formula")}
}

func (v *visit) bookSettings() error {
	p, err := v.settingsPage(nil, "")
	if err != nil {
		return err
	}
	return v.show("book", p)
}

func (v *visit) settingsPage(typed *service.BookChange, wrong string) (page, error) {
	b, err := v.bookAt()
	if err != nil {
		return page{}, err
	}
	state, err := v.service().BookState(v.ctx(), b.ID)
	data := bookView{Book: tabOf(b, "Settings"), State: state, Error: wrong, Kinds: kindChoices(contact.Text),
		Typed: service.BookChange{Key: b.KeyField, Generated: b.KeyMade, Region: b.Region, NameFormula: b.NameFormula}}
	if typed != nil {
		data.Typed = *typed
	}
	data.Keys = []choice{{"", "none", data.Typed.Key == ""}}
	for _, f := range b.Fields {
		data.Fields = append(data.Fields, fieldRow{f, kindChoices(f.Kind), f.Name == b.KeyField})
		data.Keys = append(data.Keys, choice{f.Name, f.Title(), f.Name == data.Typed.Key})
	}
	return page{Title: b.Name + ": settings", Nav: "Contacts", CLI: "kith books show " + desk.Quoted(b.Name), API: fmt.Sprintf("GET /api/v1/books/%d", b.ID), Data: data}, err
}

func kindChoices(chosen contact.Kind) (all []choice) {
	for _, k := range contact.Kinds {
		all = append(all, choice{string(k), string(k), k == chosen})
	}
	return all
}

// settled goes back to the settings, or shows them with what is wrong.
func (v *visit) settled(err error, typed *service.BookChange, said string) error {
	if err == nil {
		return v.goTo(fmt.Sprintf("/contacts/%s/settings", v.wildcard("book")), said)
	}
	if problemOf(err).status != http.StatusUnprocessableEntity {
		return err
	}
	p, wrong := v.settingsPage(typed, sentenceOf(err))
	if wrong != nil {
		return wrong
	}
	return v.askAgain("book", p)
}

func (v *visit) changeBook() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	c := v.bookChange()
	_, err = v.service().ChangeBook(v.ctx(), id, c)
	return v.settled(err, &c, "Saved the settings.")
}

func (v *visit) addField() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	f := contact.Field{Name: v.form("name"), Label: v.form("label"), Kind: contact.Kind(v.form("kind"))}
	return v.settled(v.service().AddField(v.ctx(), id, f), nil, "Added the field "+f.Name+".")
}

func (v *visit) changeField() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	f := contact.Field{Name: v.wildcard("field"), Label: v.form("label"), Kind: contact.Kind(v.form("kind"))}
	return v.settled(v.service().ChangeField(v.ctx(), id, f), nil, "Changed the field "+f.Name+".")
}

func (v *visit) deleteField() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	name := v.wildcard("field")
	return v.settled(v.service().RemoveField(v.ctx(), id, name), nil, "Deleted the field "+name+" with its values.")
}

func (v *visit) deleteBook() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	if err := v.service().DeleteBook(v.ctx(), id, v.form("typed")); err != nil {
		return v.settled(err, nil, "")
	}
	return v.goTo("/contacts", "Deleted the address book with its contacts.")
}

func (v *visit) suppressions() error {
	all, err := v.service().Suppressions(v.ctx())
	if err != nil {
		return err
	}
	books, err := v.service().PeopleBooks(v.ctx())
	if err != nil {
		return err
	}
	return v.show("suppressions", page{Title: "Erased on request", Nav: "Contacts", CLI: "kith suppressions", API: "GET /api/v1/suppressions", Data: map[string]any{"All": all, "Books": books}})
}

func (v *visit) liftSuppression() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	if err := v.service().LiftSuppression(v.ctx(), id); err != nil {
		return err
	}
	return v.goTo("/suppressions", fmt.Sprintf("Suppression %d is lifted. Imports and linked syncs that still have this person bring them in again.", id))
}
