package workspace

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	accounts "github.com/kith-sync/kith/account"
)

// Gate opens where people and programs say who they are. Second factors are
// sealed as credentials are, and the chain of the audit log is keyed by the
// installation's key: neither can be read or forged from the database alone.
func (w *Workspace) Gate(ctx context.Context, now func() time.Time, requireTOTP bool) (*accounts.Gate, error) {
	box, err := w.box(ctx)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, w.keys.outer, nil, "kith audit log", 32)
	if err != nil {
		return nil, fmt.Errorf("key of the audit log: %w", err)
	}
	kept, err := w.SignIn(ctx)
	if err != nil {
		return nil, err
	}
	requireTOTP = requireTOTP || kept.RequireTOTP
	return accounts.New(accounts.Options{Store: w.Store, Sealer: box, AuditKey: key, Now: now, Random: rand.Reader, RequireTOTP: requireTOTP})
}
