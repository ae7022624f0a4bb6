package service

import (
	"context"

	"github.com/kith-sync/kith/desk"
)

// Setups are the set-ups in numbered steps, as far as each has come (S1).
func (s *Service) Setups(ctx context.Context) ([]desk.Setup, error) {
	return desk.Setups(ctx, s.Workspace)
}
