package service

import (
	"context"

	"github.com/kith-sync/kith/desk"
)

// Companies are the companies of a book with a text in their name, and which Accounts
// they are at a CRM (E18).
func (s *Service) Companies(ctx context.Context, book int64, text string) ([]desk.CompanyReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return nil, err
	}
	return desk.Companies(ctx, s.Workspace, b, text)
}

// LinkAccount says which Account of a CRM a company is, for all its contacts or for some,
// as one run (E17).
func (s *Service) LinkAccount(ctx context.Context, book int64, l desk.AccountLink) (desk.AccountLinked, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return desk.AccountLinked{}, err
	}
	return desk.LinkAccount(ctx, s.Workspace, b, l)
}

// AccountConnections are the connections whose Accounts the companies of a book may be.
func (s *Service) AccountConnections(ctx context.Context, book int64) ([]string, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return nil, err
	}
	known, err := desk.AccountsOf(ctx, s.Workspace, b)
	return known.Connections(), err
}

// WithAccounts gives a book the field for Accounts, where it has none.
func (s *Service) WithAccounts(ctx context.Context, book int64) error {
	b, err := s.BookOf(ctx, book)
	if err == nil {
		_, err = desk.WithAccounts(ctx, s.Workspace, b)
	}
	return err
}
