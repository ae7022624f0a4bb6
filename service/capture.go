package service

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"sync"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// What strangers may ask: the one page without sign-in that stores something. A form
// takes so many a day (desk), and so many come from one address: at an event that is
// everybody's, so a crowd has to pass, and a flood has not.
const (
	captureBurst = 60              // at once from one address
	captureEvery = 5 * time.Second // and one more each
	captureKeys  = 10_000          // addresses are remembered
)

// ErrCaptureBusy is returned when too many come by a form: come back later.
var ErrCaptureBusy = errors.New("too many people send this form now")

// OpenForm returns the open form with a secret, or store.ErrNotFound.
func (s *Service) OpenForm(ctx context.Context, secret string) (desk.OpenForm, error) {
	return desk.FormAt(ctx, s.Workspace, secret)
}

// Capture puts who filled in a form into the inbox. FieldErrors say what is wrong with
// what was typed.
func (s *Service) Capture(ctx context.Context, f desk.OpenForm, address string, typed map[string]string) error {
	if !s.captures.take(s.Now(), address) {
		return ErrCaptureBusy
	}
	err := f.Capture(context.WithoutCancel(ctx), s.Workspace, typed)
	var full *run.Error // of the inbox, which is nothing for strangers to read
	if errors.Is(err, store.ErrFormFull) || errors.As(err, &full) && full.Code == desk.CodeFull {
		return ErrCaptureBusy
	}
	return err
}

// captures count what comes from each address.
type captures struct {
	mu   sync.Mutex
	full map[string]time.Time // by address: when all of its burst is free again
}

// take reports whether one more may come from an address, and counts it.
func (c *captures) take(now time.Time, address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.full == nil {
		c.full = map[string]time.Time{}
	}
	if len(c.full) >= captureKeys {
		maps.DeleteFunc(c.full, func(_ string, full time.Time) bool { return !full.After(now) })
	}
	if len(c.full) >= captureKeys {
		clear(c.full) // forms have a limit of their own
	}
	key := neighbourhood(address)
	full := c.full[key]
	if full.Before(now) {
		full = now
	}
	if full = full.Add(captureEvery); full.Sub(now) > captureBurst*captureEvery {
		return false
	}
	c.full[key] = full
	return true
}

// neighbourhood is what counts as one address: of IPv6 a customer has a /64.
func neighbourhood(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		prefix, _ := ip.Prefix(64) // 64 bits always fit
		return prefix.String()
	}
	return ip.String()
}
