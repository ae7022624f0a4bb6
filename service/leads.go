package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

// A LeadsPage is a part of a book's Leads Inbox (E20).
type LeadsPage struct {
	Book  store.Book        `json:"-"`
	Leads []desk.LeadReport `json:"leads"`
	Next  int64             `json:"next,omitempty"` // the ID before which to go on; 0: that was all
}

// LeadsOnPage is how many leads a page has.
const LeadsOnPage = 50

// Leads returns a part of a book's inbox, the latest first.
func (s *Service) Leads(ctx context.Context, book int64, q desk.LeadsQuery) (LeadsPage, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return LeadsPage{}, err
	}
	if q.Limit <= 0 || q.Limit > LeadsOnPage {
		q.Limit = LeadsOnPage
	}
	page := LeadsPage{Book: b}
	page.Leads, page.Next, err = desk.Leads(ctx, s.Workspace, b, q)
	return page, err
}

// Lead returns one lead of a book.
func (s *Service) Lead(ctx context.Context, book, id int64) (desk.LeadReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return desk.LeadReport{}, err
	}
	return desk.Lead(ctx, s.Workspace, b, id)
}

// WaitingLeads counts who waits in the inboxes, by book.
func (s *Service) WaitingLeads(ctx context.Context) (map[int64]int64, error) {
	return s.Workspace.Store.WaitingLeads(ctx)
}

// AddLeads puts people into a book's inbox. It answers alike for those who were erased on
// request, who are not stored.
func (s *Service) AddLeads(ctx context.Context, book, event int64, entries []desk.LeadEntry) error {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return err
	}
	return inFields(desk.AddLeads(ctx, s.Workspace, b, event, store.CameByAPI, entries))
}

// ImportLeads puts the people of a file into a book's inbox.
func (s *Service) ImportLeads(ctx context.Context, book, event int64, name string, in io.Reader) (desk.LeadImport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return desk.LeadImport{}, err
	}
	dir, err := os.MkdirTemp(s.Workspace.Folder, "leads-*")
	if err != nil {
		return desk.LeadImport{}, fmt.Errorf("upload: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is in it is nobody's any more
	path := filepath.Join(dir, safeName(name))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return desk.LeadImport{}, fmt.Errorf("upload: %w", err)
	}
	_, err = io.Copy(file, in)
	if err = errors.Join(err, file.Close()); err != nil {
		return desk.LeadImport{}, fmt.Errorf("upload: %w", err)
	}
	return desk.ImportLeads(ctx, s.Workspace, b, path, event)
}

// EditLead corrects a lead that waits.
func (s *Service) EditLead(ctx context.Context, book, id int64, c desk.LeadChange) error {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return err
	}
	return inFields(desk.EditLead(ctx, s.Workspace, b, id, c))
}

// inFields says what desk found wrong with typed values as all forms say it.
func inFields(err error) error {
	var found desk.FieldErrors
	if !errors.As(err, &found) {
		return err
	}
	var wrong FieldErrors
	for _, e := range found {
		wrong = append(wrong, FieldError(e))
	}
	return wrong
}

// TakeLeads makes leads contacts, as one run. Whoever asked for it may go away meanwhile,
// and nobody takes the same ones at the same time.
func (s *Service) TakeLeads(ctx context.Context, who account.Actor, book int64, t desk.LeadTaking) (desk.TakeReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return desk.TakeReport{}, err
	}
	s.taking.Lock()
	defer s.taking.Unlock()
	return desk.TakeLeads(context.WithoutCancel(ctx), s.Workspace, b, t, by(who))
}

// DismissLeads takes leads out of the inbox, and counts them.
func (s *Service) DismissLeads(ctx context.Context, who account.Actor, book int64, ids []int64) (int64, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return 0, err
	}
	s.taking.Lock()
	defer s.taking.Unlock()
	return desk.DismissLeads(ctx, s.Workspace, b, ids, by(who))
}

// RestoreLeads puts leads back into the inbox, and counts them.
func (s *Service) RestoreLeads(ctx context.Context, book int64, ids []int64) (int64, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return 0, err
	}
	s.taking.Lock()
	defer s.taking.Unlock()
	return desk.RestoreLeads(ctx, s.Workspace, b, ids)
}

// Forms lists the forms by which people come into a book's inbox.
func (s *Service) Forms(ctx context.Context, book int64) ([]desk.FormReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return nil, err
	}
	return desk.Forms(ctx, s.Workspace, b)
}

// AddForm makes a form. Its address cannot be seen again.
func (s *Service) AddForm(ctx context.Context, book int64, q desk.FormRequest) (desk.FormReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return desk.FormReport{}, err
	}
	f, err := desk.AddForm(ctx, s.Workspace, b, q)
	if err == nil {
		f.Address = s.BaseURL + f.Address
	}
	return f, err
}

// CloseForm has a form take nobody any more, or again.
func (s *Service) CloseForm(ctx context.Context, book, id int64, closed bool) error {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return err
	}
	return desk.CloseForm(ctx, s.Workspace, b, id, closed)
}

// RemoveForm removes a form; who came by it stays.
func (s *Service) RemoveForm(ctx context.Context, book, id int64) error {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return err
	}
	return desk.RemoveForm(ctx, s.Workspace, b, id)
}

// LeadsNamed returns leads of a book by their numbers; those that are gone are left out.
func (s *Service) LeadsNamed(ctx context.Context, book int64, ids []int64) (LeadsPage, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return LeadsPage{}, err
	}
	leads, err := desk.LeadsNamed(ctx, s.Workspace, b, ids)
	return LeadsPage{Book: b, Leads: leads}, err
}
