package service

import (
	"context"
	"errors"

	"github.com/kith-sync/kith/account"
)

// Allow refuses an operation to somebody whose role does not reach, and notes that
// they tried.
func (s *Service) Allow(ctx context.Context, who account.Actor, o Operation) error {
	if who.May(o.Least) {
		return nil
	}
	return errors.Join(account.ErrForbidden, s.Accounts.Note(ctx, who, account.Event{Action: "denied", Object: o.ID}))
}

// Audit notes an operation that changed something. Object names what it was about
// by name or number, never a person.
func (s *Service) Audit(ctx context.Context, who account.Actor, o Operation, object string) error {
	if !o.Writes {
		return nil
	}
	return s.Accounts.Note(context.WithoutCancel(ctx), who, account.Event{Action: o.ID, Object: object})
}
