package workspace

import (
	"context"
	"fmt"
	"maps"

	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/store"
)

// A Login lets a person sign us in at another system in the browser: the web server
// flow of OAuth 2 with PKCE (RFC 7636).
type Login interface {
	// AuthorizeURL is where the browser goes. The state comes back with it; the
	// verifier stays here.
	AuthorizeURL(state, verifier string) (string, error)
	// Finish makes the code that came back the connection's secret.
	Finish(ctx context.Context, code, verifier string) (secret string, err error)
}

// SignsIn reports whether people can sign in at the system in the browser.
func (s System) SignsIn() bool { return s.login != nil }

// Login begins or finishes a sign-in in the browser, which comes back to the address
// callback.
func (w *Workspace) Login(ctx context.Context, c store.Connection, callback string) (Login, error) {
	system, a, err := w.account(ctx, c, "")
	if err != nil {
		return nil, err
	}
	if system.login == nil {
		return nil, fmt.Errorf("nobody signs in to %s in the browser", system.Title)
	}
	return system.login(a, callback)
}

// SignedIn keeps what a sign-in has brought.
func (w *Workspace) SignedIn(ctx context.Context, c store.Connection, secret string) error {
	if err := w.rotated(ctx, c, secret); err != nil {
		return err
	}
	return w.Store.ForgetTested(ctx, c.ID)
}

// rotated keeps a secret that a system has given in place of the one before, unless
// the connection has been given another account meanwhile: its secret is for that one.
func (w *Workspace) rotated(ctx context.Context, was store.Connection, secret string) error {
	now, err := w.Store.Connection(ctx, was.Name)
	if err != nil {
		return err
	}
	if now.ID != was.ID || now.Kind != was.Kind || !maps.Equal(now.Settings, was.Settings) {
		return fmt.Errorf("the connection %s was changed meanwhile", was.Name)
	}
	if now.Secret, err = w.SealSecret(ctx, was.Name, secret); err != nil {
		return err
	}
	_, err = w.Store.SaveConnection(ctx, now)
	return err
}

// Usage is what the system of a connection has last said of its account's calls: how
// many it has used of those it may make. 0 of 0 where it has said nothing.
func (w *Workspace) Usage(c store.Connection) (used, most int) {
	s := w.session(c)
	if c.Kind == "hubspot" {
		return s.hubspot.Limits()
	}
	return s.salesforce.Limits()
}

// A session is what all who use an account have between them: the one access token at
// Salesforce, the pace at HubSpot, and what either said last of its calls.
type session struct {
	salesforce salesforce.Session
	hubspot    hubspot.Account
}

// session is an account's. A connection that is given another account has another: a
// run that is still at the first one never goes on at the second.
func (w *Workspace) session(c store.Connection) *session {
	account := fmt.Sprintf("%d %q %q %q %q", c.ID, c.Settings["url"], c.Settings["auth"], c.Settings["client_id"], c.Settings["username"])
	s, _ := w.sessions.LoadOrStore(account, &session{})
	return s.(*session)
}
