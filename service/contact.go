package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A ContactState is everything that the page of a contact shows.
type ContactState struct {
	desk.ContactReport
	Book      BookName           `json:"book"`
	Trashed   bool               `json:"trashed,omitempty"`
	Into      int64              `json:"merged_into,omitempty"` // of one in the trash: the contact it became part of
	Values    []run.FieldOrigin  `json:"values"`                // with where each comes from
	Links     []ContactLink      `json:"links"`
	Waiting   *Waiting           `json:"waiting,omitempty"` // why it has no record at a connection yet
	TakesPart []Participation    `json:"takes_part"`        // in events and meetings, the latest first
	Conflicts int                `json:"conflicts"`         // that wait for a person
	History   []run.HistoryEntry `json:"history"`           // the latest last
	Fields    []contact.Field    `json:"-"`

	Account *desk.AccountReport `json:"account,omitempty"` // that the company is linked with (E18)
}

// A BookName names a book for people and for addresses.
type BookName = desk.BookName

// A ContactLink is a contact's record at another system.
type ContactLink = desk.ContactLink

// Contact returns one contact with where its values come from, also one in the
// trash. Where it came from line by line is asked of Explain.
func (s *Service) Contact(ctx context.Context, book, id int64) (ContactState, error) {
	b, c, err := s.ContactOf(ctx, book, id)
	trashed := false
	var known *run.Error
	if errors.As(err, &known) && b.ID != 0 {
		if c, err = s.Workspace.Store.TrashedContact(ctx, b, store.Ref(b.ID, id)); errors.Is(err, store.ErrNotFound) {
			return ContactState{}, known
		}
		trashed = true
	}
	if err != nil {
		return ContactState{}, err
	}
	state := ContactState{ContactReport: desk.ReportContact(b, desk.Naming(b), c), Book: BookName{ID: b.ID, Name: b.Name}, Trashed: trashed, Fields: b.Fields}
	x, err := s.Workspace.Engine.Origins(ctx, b, c)
	if err != nil {
		return state, err
	}
	hidden := desk.SecretFields(b.Fields)
	for _, h := range x.History {
		desk.Mask(h.Fields, hidden)
	}
	state.Values, state.History = desk.Spelled(x.Fields), x.History
	if trashed {
		if state.Into, _, err = desk.MergedInto(ctx, s.Workspace, b, strconv.FormatInt(id, 10)); err != nil {
			return state, err
		}
	}
	if state.Links, state.Waiting, err = desk.InStep(ctx, s.Workspace, b, c.Ref, trashed); err != nil {
		return state, err
	}
	accounts, err := desk.AccountsOf(ctx, s.Workspace, b)
	if err != nil {
		return state, err
	}
	if state.Account, err = accounts.Of(ctx, c); err != nil {
		return state, err
	}
	if state.TakesPart, err = s.takesPart(ctx, c.Ref); err != nil {
		return state, err
	}
	conflicts, err := s.Workspace.Store.ConflictsOf(ctx, c.Ref)
	for _, c := range conflicts {
		if c.Open {
			state.Conflicts++
		}
	}
	return state, err
}

// Explain tells the whole story of somebody, also of one who was not let in, in
// one book or in all of them (book 0).
func (s *Service) Explain(ctx context.Context, book int64, who string) ([]desk.Explanation, error) {
	name := ""
	if book != 0 {
		b, err := s.BookOf(ctx, book)
		if err != nil {
			return nil, err
		}
		name = b.Name
	}
	return desk.Explanations(ctx, s.Workspace, name, who)
}

// DeleteContacts puts contacts into the trash, as one run.
func (s *Service) DeleteContacts(ctx context.Context, book int64, ids []int64) (BulkReport, error) {
	return s.BulkContacts(ctx, book, ids, desk.Bulk{Do: desk.BulkDelete})
}

// RestoreContacts takes contacts out of the trash, as one run.
func (s *Service) RestoreContacts(ctx context.Context, book int64, ids []int64) (BulkReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return BulkReport{}, err
	}
	if len(ids) == 0 {
		return BulkReport{}, &run.Error{Code: desk.CodeUsage, Message: "No contact is ticked. Nothing was changed"}
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	changes, err := desk.Restorings(ctx, s.Workspace, b, texts)
	if err != nil {
		return BulkReport{}, err
	}
	r, err := s.edited(ctx, b, "restore", changes...)
	return BulkReport{Run: r.ID, Changed: r.Totals.Writes(), Refused: r.Totals.Held + r.Totals.Failed}, err
}

// A Merge makes contacts one. Pick says whose value a field takes; where it says
// nothing, what the kept contact lacks is taken from the others, in order, and of
// consents the strictest counts.
type Merge struct {
	Keep   int64            `json:"keep"`
	Others []int64          `json:"others"`
	Pick   map[string]int64 `json:"pick,omitempty"` // field: ID of the contact whose value it takes
	// Versions are those that were on screen, by ID; a contact that has moved on
	// since is not merged. None: whatever is there.
	Versions map[int64]int64 `json:"versions,omitempty"`
}

// MergeContacts carries a merge out as one run, and returns its number.
func (s *Service) MergeContacts(ctx context.Context, book int64, m Merge) (int64, error) {
	b, found, err := s.someContacts(ctx, book, append([]int64{m.Keep}, m.Others...))
	if err != nil {
		return 0, err
	}
	by := map[int64]store.Contact{}
	for _, c := range found {
		id := store.Number(c.Ref)
		if by[id] = c; m.Versions[id] != 0 && m.Versions[id] != c.Version {
			return 0, ErrMoved
		}
	}
	if len(by) != len(m.Others)+1 || len(m.Others) == 0 {
		return 0, notThere("A merge takes two or more different contacts, and one of these is not there any more. Nothing was changed")
	}
	keep, others := by[m.Keep], make([]store.Contact, len(m.Others))
	for i, id := range m.Others {
		others[i] = by[id]
	}
	changes, err := picked(b, keep, desk.Merged(b, keep, others), m.Pick, by)
	if err != nil {
		return 0, err
	}
	r, err := s.edited(ctx, b, fmt.Sprintf("merge into %d", m.Keep), changes...)
	return r.ID, err
}

// picked gives fields of the kept contact the values that somebody has chosen.
func picked(b store.Book, keep store.Contact, changes []plan.Change, pick map[string]int64, by map[int64]store.Contact) ([]plan.Change, error) {
	if len(pick) == 0 {
		return changes, nil
	}
	update := plan.Change{Action: plan.Update, Ref: keep.Ref, Version: desk.VersionOf(keep)}
	if at := slices.IndexFunc(changes, func(c plan.Change) bool { return c.Action == plan.Update }); at >= 0 {
		update = changes[at]
		changes = slices.Delete(changes, at, at+1)
	}
	for name, id := range pick {
		at := b.Schema().Index(name)
		c, ok := by[id]
		if at < 0 || !ok {
			return nil, &run.Error{Code: desk.CodeUsage, Message: fmt.Sprintf("%q is no field of these contacts to pick. Nothing was changed", name)}
		}
		if b.Fields[at].Kind == contact.Consent {
			continue // the strictest counts, whatever anybody picks (requirements 3.13)
		}
		update.Fields = slices.DeleteFunc(update.Fields, func(f plan.FieldChange) bool { return f.Name == name })
		if c.Values[at] != keep.Values[at] {
			update.Fields = append(update.Fields, plan.FieldChange{Name: name, Old: keep.Values[at], New: c.Values[at], Rule: "merge"})
		}
	}
	if len(update.Fields) > 0 {
		changes = append(changes, update)
	}
	return changes, nil
}

// ErasureOf says whom an erasure would forget, and asks for a yes.
func (s *Service) ErasureOf(ctx context.Context, book int64, who string, everywhere bool) (question string, err error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return "", err
	}
	p, err := desk.PersonNamed(ctx, s.Workspace, b, who)
	if err != nil {
		return "", err
	}
	return desk.EraseQuestion(p, who, everywhere), nil
}

// RecordsOf are the records at linked systems that an erasure of somebody finds.
func (s *Service) RecordsOf(ctx context.Context, book int64, who string) ([]desk.PersonsRecord, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return nil, err
	}
	p, err := desk.PersonNamed(ctx, s.Workspace, b, who)
	if err != nil {
		return nil, err
	}
	return desk.RecordsOf(ctx, s.Workspace, p)
}

// EraseContact forgets a person for good. Whoever asked for it may go away
// meanwhile.
func (s *Service) EraseContact(ctx context.Context, book int64, who string, everywhere bool) (desk.EraseReport, error) {
	ctx = context.WithoutCancel(ctx)
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return desk.EraseReport{}, err
	}
	p, err := desk.PersonNamed(ctx, s.Workspace, b, who)
	if err != nil {
		return desk.EraseReport{}, err
	}
	return desk.Erase(ctx, s.Workspace, p, everywhere)
}

// Disclose is everything that is known of a person.
func (s *Service) Disclose(ctx context.Context, book int64, who string) (desk.DisclosureReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return desk.DisclosureReport{}, err
	}
	return desk.Disclosure(ctx, s.Workspace, b.Name, who)
}
