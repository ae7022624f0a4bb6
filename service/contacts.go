package service

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A ContactQuery asks for a page of a book's contacts.
type ContactQuery struct {
	desk.Choice
	Deep  bool  // also when the text names somebody: whoever has it in some value
	After int64 // the ID after which to begin
	Limit int   // of contacts; 0: ContactsOnPage
}

// A ContactsPage is what was found, and how far was looked.
type ContactsPage struct {
	Book     store.Book           `json:"-"`
	Contacts []desk.ContactReport `json:"contacts"`
	Exact    bool                 `json:"exact"`          // the text is their ID, identifier, e-mail or telephone
	Looked   int64                `json:"looked"`         // at so many contacts
	Next     int64                `json:"next,omitempty"` // the ID after which to go on; 0: that was all
}

// ContactsOnPage is how many contacts a page has. One request looks at so many for
// a text, and at so many value by value: a search through a million of them comes
// in steps, none of which keeps anybody waiting.
const (
	ContactsOnPage = 100
	textsScanned   = 20_000
	valuesScanned  = 8_000
)

// Contacts returns a page of a book's contacts. A search first asks the index of
// keys, so that an e-mail address or telephone is found at once.
func (s *Service) Contacts(ctx context.Context, book int64, q ContactQuery) (ContactsPage, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return ContactsPage{}, err
	}
	page := ContactsPage{Book: b, Contacts: []desk.ContactReport{}}
	if q.Search != "" && !q.Deep && len(q.Where) == 0 {
		known, err := desk.Known(ctx, s.Workspace, b, q.Search)
		if err != nil || len(known) > 0 {
			page.Contacts, page.Exact, page.Looked = reports(b, known[:min(len(known), ContactsOnPage)]), true, int64(len(known))
			return page, err
		}
	}
	limit := ContactsOnPage
	if q.Limit > 0 {
		limit = min(q.Limit, ContactsOnPage)
	}
	found, err := s.look(ctx, b, q.Choice, store.Ref(b.ID, q.After), limit, textsScanned)
	page.Contacts, page.Looked, page.Next = reports(b, found.contacts), found.looked, store.Number(found.next)
	return page, err
}

// A looking is what was found in a stretch of a book.
type looking struct {
	contacts []store.Contact
	looked   int64 // at so many contacts
	next     int64 // handle after which to go on; 0: the book ends there
}

// look finds at most limit contacts of a choice after a handle, in a stretch of
// the book. A text is looked for by the database, which reads more in the same
// time; what it finds is looked at again here.
func (s *Service) look(ctx context.Context, b store.Book, c desk.Choice, after int64, limit, stretch int) (found looking, err error) {
	chosen, err := desk.Chosen(b, c)
	if err != nil {
		return found, err
	}
	text, scan := needle(b, c), stretch
	contacts := s.Workspace.Store.ContactsWith(ctx, b, after, scan, text)
	switch {
	case c.All():
		scan = limit + 1
		contacts = s.Workspace.Store.SomeContacts(ctx, b, after, scan)
	case text == "":
		scan = min(stretch, valuesScanned)
		contacts = s.Workspace.Store.SomeContacts(ctx, b, after, scan)
	}
	for c, err := range contacts {
		if err != nil {
			return found, err
		}
		if len(found.contacts) == limit {
			found.next = found.contacts[limit-1].Ref
			_, found.looked, err = s.Workspace.Store.EndOf(ctx, b, after, found.next, scan)
			return found, err
		}
		if chosen(c.Values) {
			c.Values = slices.Clone(c.Values)
			found.contacts = append(found.contacts, c)
		}
	}
	last, n, err := s.Workspace.Store.EndOf(ctx, b, after, math.MaxInt64, scan)
	if found.looked = n; n == int64(scan) {
		found.next = last
	}
	return found, err
}

// needle is a text that all contacts of a choice have in their stored values, as
// it is written; "" where there is none.
func needle(b store.Book, c desk.Choice) string {
	texts := []string{strings.TrimSpace(c.Search)}
	for _, w := range c.Where {
		switch w.Is {
		case desk.Contains, desk.Begins, desk.Tagged:
			texts = append(texts, strings.TrimSpace(w.Value))
		case desk.Is:
			texts = append(texts, sure(b, w))
		}
	}
	for _, text := range texts {
		if text != "" && store.Plain(text) {
			return text
		}
	}
	return ""
}

// sure is what every value has that is the same as a condition's: kinds that can
// be written in several ways have little of it, or nothing.
func sure(b store.Book, w desk.Condition) string {
	f, _ := b.Schema().Field(w.Field)
	words := strings.Fields(w.Value)
	switch f.Kind {
	case contact.Text, contact.Name:
		slices.SortStableFunc(words, func(x, y string) int { return len(y) - len(x) })
	case contact.Email:
		local, _, _ := strings.Cut(strings.TrimSpace(w.Value), "@")
		words = []string{local}
	default:
		return ""
	}
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

func reports(b store.Book, contacts []store.Contact) []desk.ContactReport {
	n, all := desk.Naming(b), make([]desk.ContactReport, len(contacts))
	for i, c := range contacts {
		all[i] = desk.ReportContact(b, n, c)
	}
	return all
}

// ContactOf returns a live contact by its book and ID.
func (s *Service) ContactOf(ctx context.Context, book, id int64) (store.Book, store.Contact, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return b, store.Contact{}, err
	}
	for c, err := range s.Workspace.Store.ContactsByRef(ctx, b, []int64{store.Ref(b.ID, id)}) {
		return b, c, err
	}
	return b, store.Contact{}, notThere("There is no contact %d in %s, or not any more", id, b.Name)
}

func notThere(format string, args ...any) error {
	return &run.Error{Code: "not_found", Message: fmt.Sprintf(format, args...)}
}

// edited carries out changes by hand. Whoever asked for it may go away meanwhile:
// what has begun is finished.
func (s *Service) edited(ctx context.Context, b store.Book, what string, changes ...plan.Change) (store.Run, error) {
	r, err := s.Workspace.Engine.Edit(context.WithoutCancel(ctx), b, what, changes)
	if err != nil {
		return r, err
	}
	if r.Totals.Held+r.Totals.Failed > 0 && r.Totals.Writes() == 0 {
		return r, ErrMoved
	}
	return r, nil
}

// ErrMoved is returned when a contact was changed by somebody else meanwhile.
var ErrMoved = &run.Error{Code: string(plan.TargetChanged), Message: "Somebody or something else has changed this contact meanwhile. Nothing was changed"}

// Values are what people typed into the fields of a contact, by field. A password
// is in clear, and is closed before anything keeps it.
type Values map[string]string

// checked puts typed values into a book's order; a field that was not sent is
// not in given.
func (s *Service) checked(b store.Book, typed Values) (values []string, given []bool, err error) {
	values, given = make([]string, len(b.Fields)), make([]bool, len(b.Fields))
	for name := range typed {
		if err := desk.KnownField(b, name); err != nil {
			return nil, nil, err
		}
	}
	var wrong FieldErrors
	for i, f := range b.Fields {
		value, ok := typed[f.Name]
		if !ok {
			continue
		}
		value = strings.ReplaceAll(value, "\r\n", "\n")
		switch {
		case b.KeyMade && f.Name == b.KeyField:
			continue // Kith's own
		case f.Kind == contact.Password && value != "":
			if value, err = s.Workspace.Engine.Vault.Seal(value); err != nil {
				return nil, nil, err
			}
		default:
			var known *run.Error
			if value, err = desk.CheckValue(b, i, value); errors.As(err, &known) {
				wrong = append(wrong, FieldError{f.Name, known.Code, known.Message})
			} else if err != nil {
				return nil, nil, err
			}
		}
		values[i], given[i] = value, true
	}
	if len(wrong) > 0 {
		return nil, nil, wrong
	}
	return values, given, nil
}

// A FieldError says what is wrong with one typed value.
type FieldError struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// FieldErrors are all mistakes of a form.
type FieldErrors []FieldError

func (e FieldErrors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Message
	}
	return strings.Join(texts, ". ")
}

// AddContact adds a contact by hand.
func (s *Service) AddContact(ctx context.Context, book int64, typed Values) (id int64, err error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return 0, err
	}
	values, _, err := s.checked(b, typed)
	if err != nil {
		return 0, err
	}
	if !slices.ContainsFunc(values, func(v string) bool { return !contact.Blank(v) }) {
		return 0, &run.Error{Code: desk.CodeUsage, Message: "A contact needs at least one value. Nothing was changed"}
	}
	if err := desk.Alone(ctx, s.Workspace, b, values, 0); err != nil {
		return 0, err
	}
	if err := desk.NotErased(ctx, s.Workspace, b, values); err != nil {
		return 0, err
	}
	r, err := s.edited(ctx, b, "add", plan.Change{Action: plan.Create, Values: values})
	if err != nil {
		return 0, err
	}
	for c, err := range s.Workspace.Store.Changes(ctx, r.ID) {
		return store.Number(c.Ref), err
	}
	return 0, nil
}

// EditContact changes the values that were typed, where the contact still has the
// version that was on screen; else it returns ErrMoved. The run is 0 when they
// were so already.
func (s *Service) EditContact(ctx context.Context, book, id, version int64, typed Values) (run int64, err error) {
	b, c, err := s.ContactOf(ctx, book, id)
	if err != nil {
		return 0, err
	}
	values, given, err := s.checked(b, typed)
	if err != nil {
		return 0, err
	}
	if version != 0 && c.Version != version {
		return 0, ErrMoved
	}
	change, becomes := plan.Change{Action: plan.Update, Ref: c.Ref, Version: desk.VersionOf(c)}, slices.Clone(c.Values)
	for i, f := range b.Fields {
		if !given[i] || c.Values[i] == values[i] {
			continue
		}
		change.Fields = append(change.Fields, plan.FieldChange{Name: f.Name, Old: c.Values[i], New: values[i], Rule: desk.ByHand})
		becomes[i] = values[i]
	}
	if len(change.Fields) == 0 {
		return 0, nil
	}
	change = desk.LetGo(b, c, change)
	if err := desk.StaysAlone(ctx, s.Workspace, b, c, becomes); err != nil {
		return 0, err
	}
	r, err := s.edited(ctx, b, fmt.Sprintf("edit %d", id), change)
	return r.ID, err
}

// A BulkReport says what came of a change to many contacts.
type BulkReport struct {
	Run     int64 `json:"run,omitempty"` // none when nothing had to be changed
	Changed int64 `json:"changed"`
	Same    int64 `json:"same"`    // were so already
	Refused int64 `json:"refused"` // had moved on, or were not there
}

// bulkMost is how many contacts one request changes.
const bulkMost = 10_000

// BulkContacts changes one field of several contacts, or deletes them, as one run.
func (s *Service) BulkContacts(ctx context.Context, book int64, ids []int64, k desk.Bulk) (BulkReport, error) {
	b, contacts, err := s.someContacts(ctx, book, ids)
	if err != nil {
		return BulkReport{}, err
	}
	return s.bulk(ctx, b, k, contacts, int64(len(ids)-len(contacts)))
}

// BulkChosen does the same to all contacts that a choice chooses, when they are
// not more than can be changed at once.
func (s *Service) BulkChosen(ctx context.Context, book int64, c desk.Choice, k desk.Bulk) (BulkReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return BulkReport{}, err
	}
	chosen, err := desk.Chosen(b, c)
	if err != nil {
		return BulkReport{}, err
	}
	var contacts []store.Contact
	for c, err := range s.Workspace.Store.Contacts(ctx, b, 0) {
		if err != nil {
			return BulkReport{}, err
		}
		if !chosen(c.Values) {
			continue
		}
		if len(contacts) == bulkMost {
			return BulkReport{}, &run.Error{Code: "bulk.too_many", Message: fmt.Sprintf("More than %d contacts are chosen. Nothing was changed. Choose fewer of them, or import a file with the change", bulkMost)}
		}
		c.Values = slices.Clone(c.Values)
		contacts = append(contacts, c)
	}
	return s.bulk(ctx, b, k, contacts, 0)
}

func (s *Service) bulk(ctx context.Context, b store.Book, k desk.Bulk, contacts []store.Contact, missing int64) (BulkReport, error) {
	changes, err := k.Changes(b, contacts)
	if err != nil {
		return BulkReport{}, err
	}
	report := BulkReport{Same: int64(len(contacts) - len(changes)), Refused: missing}
	if len(changes) == 0 {
		return report, nil
	}
	what := "bulk edit of " + k.Field
	if k.Do == desk.BulkDelete {
		what = "delete"
	}
	r, err := s.edited(ctx, b, what, changes...)
	report.Run, report.Changed, report.Refused = r.ID, r.Totals.Writes(), missing+r.Totals.Held+r.Totals.Failed
	return report, err
}

// someContacts finds contacts by their IDs; those that are gone are left out.
func (s *Service) someContacts(ctx context.Context, book int64, ids []int64) (store.Book, []store.Contact, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return b, nil, err
	}
	if len(ids) == 0 {
		return b, nil, &run.Error{Code: desk.CodeUsage, Message: "No contact is ticked. Nothing was changed"}
	}
	refs := make([]int64, len(ids))
	for i, id := range ids {
		refs[i] = store.Ref(b.ID, id)
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)
	var found []store.Contact
	for c, err := range s.Workspace.Store.ContactsByRef(ctx, b, refs) {
		if err != nil {
			return b, nil, err
		}
		found = append(found, c)
	}
	return b, found, nil
}
