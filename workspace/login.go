package workspace

import (
	"context"
	"fmt"
	"maps"

	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/store"
)

// A Login lets a person sign us in at another system in the browser: the web server
// flow of OAuth 2 with PKCE (RFC 7636).
type Login interface {
	// AuthorizeURL is where the browser goes. The state comes back with it; the
	// verifier stays here.
	AuthorizeURL(state, verifier string) (string, error)
	// Finish makes the code that came back the connection's secret, and says what
	// else is known now.
	Finish(ctx context.Context, code, verifier string) (secret string, settings map[string]string, err error)
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
func (w *Workspace) SignedIn(ctx context.Context, c store.Connection, secret string, settings map[string]string) error {
	sealed, err := w.SealSecret(ctx, c.Name, secret)
	if err != nil {
		return err
	}
	c.Settings = maps.Clone(c.Settings)
	maps.Copy(c.Settings, settings)
	c.Secret = sealed
	if _, err = w.Store.SaveConnection(ctx, c); err != nil {
		return err
	}
	return w.Store.ForgetTested(ctx, c.ID)
}

// rotated keeps a secret that a system has given in place of the one before.
func (w *Workspace) rotated(ctx context.Context, connection, secret string) error {
	c, err := w.Store.Connection(ctx, connection)
	if err != nil {
		return err
	}
	if c.Secret, err = w.SealSecret(ctx, connection, secret); err != nil {
		return err
	}
	_, err = w.Store.SaveConnection(ctx, c)
	return err
}

// Usage is what the system of a connection has last said of its account's calls: how
// many it has used of those it may make. 0 of 0 where it has said nothing.
func (w *Workspace) Usage(connection int64) (used, most int) { return w.session(connection).Limits() }

// session is the one access token that all who use a connection have between them.
func (w *Workspace) session(connection int64) *salesforce.Session {
	s, _ := w.sessions.LoadOrStore(connection, &salesforce.Session{})
	return s.(*salesforce.Session)
}
