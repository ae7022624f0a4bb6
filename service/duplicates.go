package service

import (
	"context"

	"github.com/kith-sync/kith/desk"
)

// Contacts that may be one person, as desk finds them.
type (
	DuplicateQuery = desk.DuplicateQuery
	DuplicatesPage = desk.DuplicatesPage
	DuplicateGroup = desk.DuplicateGroup
	Duplicate      = desk.Duplicate
)

// What contacts may share that are one person.
const (
	SharePhone = desk.SharePhone // within a book
	ShareName  = desk.ShareName  // within a book
	ShareEmail = desk.ShareEmail // with contacts of other books
)

// Duplicates returns a page of contacts that may be one person.
func (s *Service) Duplicates(ctx context.Context, book int64, q DuplicateQuery) (DuplicatesPage, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return DuplicatesPage{}, err
	}
	return desk.Duplicates(ctx, s.Workspace, b, q)
}
