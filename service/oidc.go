package service

import (
	"context"
	"encoding/json"
	"net/url"
	"sync"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/account/issuer"
)

// IssuerCallback is the path that an issuer sends people back to.
const IssuerCallback = "/signin/oidc/callback"

// elsewhere is the issuer as it was asked last. It holds the sign-ins that are under
// way, so it stays until the settings change.
type elsewhere struct {
	mu       sync.Mutex
	settings string
	provider *issuer.Provider
	tries    probes // a stranger can have it asked while it does not answer
}

// IssuerName is what the issuer is called with whose accounts people can sign in;
// empty when there is none.
func (s *Service) IssuerName(ctx context.Context) (string, error) {
	kept, err := s.Workspace.SignIn(ctx)
	if err != nil || kept.Issuer == nil {
		return "", err
	}
	return kept.Issuer.Name, nil
}

// BeginIssuer returns where to send the browser for a sign-in at the issuer, and what
// to leave in it meanwhile. It returns issuer.ErrUnreachable, or store.ErrNotFound
// when there is no issuer.
func (s *Service) BeginIssuer(ctx context.Context) (redirect, cookie string, err error) {
	p, err := s.issuer(ctx)
	if err != nil {
		return "", "", err
	}
	return p.Begin(s.Accounts.Random, s.Now())
}

// FinishIssuer signs in whoever the issuer has proved to be there.
func (s *Service) FinishIssuer(ctx context.Context, cookie string, query url.Values, from account.From) (account.SignedIn, error) {
	p, err := s.issuer(ctx)
	if err != nil {
		return account.SignedIn{}, err
	}
	claim, err := p.Finish(ctx, cookie, query, s.Now())
	if err != nil {
		return account.SignedIn{}, err
	}
	return s.Accounts.SignInBy(ctx, claim, p.Entry, from)
}

func (s *Service) issuer(ctx context.Context) (*issuer.Provider, error) {
	kept, err := s.Workspace.SignIn(ctx)
	if err != nil {
		return nil, err
	}
	if kept.Issuer == nil {
		return nil, notThere("People do not sign in with another account here")
	}
	text, err := json.Marshal(kept.Issuer)
	if err != nil {
		return nil, err
	}
	e := &s.elsewhere
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.provider != nil && e.settings == string(text) {
		return e.provider, nil
	}
	if err := e.tries.take(s.Now()); err != nil {
		return nil, err
	}
	p, err := s.Workspace.OpenIssuer(context.WithoutCancel(ctx), *kept.Issuer, s.BaseURL+IssuerCallback)
	if err != nil {
		return nil, err
	}
	e.settings, e.provider = string(text), p
	return p, nil
}
