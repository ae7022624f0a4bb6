// Package issuer lets people sign in with an account they have elsewhere, by
// OpenID Connect: Google, Microsoft, Okta, Keycloak, a company's own. It proves
// who somebody is there and nothing more: whether they may come in here is
// decided by account.Gate.SignInBy. It keeps no tokens: of all that an issuer
// sends, only the claim is left.
package issuer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/kith-sync/kith/account"
)

// Settings are an issuer as the operator names it.
type Settings struct {
	Name     string // for people: "Example GmbH"
	Issuer   string // https://login.example.com, as its discovery document says
	ClientID string
	Secret   string // of the client; empty for a public one
	// Callback is our own address that the issuer sends people back to. Each issuer
	// has one of its own (RFC 9700 4.4.2).
	Callback string
	Entry    account.Entry
	// RoleClaim names the claim with somebody's groups; the values that Roles knows
	// stand for a role, and the highest counts. Empty: the issuer says nothing about
	// roles. With it, whoever has none of the values is not let in.
	RoleClaim string
	Roles     map[string]account.Role
	// Scopes are asked for besides openid, email and profile: many issuers send
	// groups only then.
	Scopes []string
}

// A Provider is an issuer that was asked for its addresses and keys. It is safe
// for use by several goroutines.
type Provider struct {
	Settings
	client   *http.Client
	provider *oidc.Provider
	oauth    oauth2.Config
	namesIss bool // the issuer names itself in its answer (RFC 9207)
	waiting  waiting
}

// Errors to be told apart. The causes are for the log: they hold no token.
var (
	// ErrAnswer is returned for an answer that nobody here waits for, that waits
	// too long, or that is not the answer of this issuer to this browser.
	ErrAnswer = errors.New("this sign-in was not begun in this browser, or took too long. Begin it again")
	// ErrRefused is returned when the issuer did not let somebody in, or they
	// changed their mind.
	ErrRefused = errors.New("the other account did not let you in")
	// ErrUnreachable is returned when the issuer does not answer as it should.
	ErrUnreachable = errors.New("the other account's server does not answer as it should")
)

// Open asks an issuer for its discovery document. Client is the guarded way out
// (egress.Guard.Client): an issuer's address is one that a person typed in.
func Open(ctx context.Context, s Settings, client *http.Client) (*Provider, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if client == nil || client.Transport == nil {
		return nil, errors.New("an issuer needs a guarded client: the default one goes anywhere")
	}
	p := &Provider{Settings: s, client: limited(client)}
	found, err := oidc.NewProvider(p.with(ctx), s.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	var says struct {
		Iss bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&says); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if !secure(found.Endpoint().AuthURL) || !secure(found.Endpoint().TokenURL) {
		return nil, fmt.Errorf("%w: its addresses do not begin with https://", ErrUnreachable)
	}
	p.provider, p.namesIss = found, says.Iss
	p.oauth = oauth2.Config{ClientID: s.ClientID, ClientSecret: s.Secret, Endpoint: found.Endpoint(), RedirectURL: s.Callback,
		Scopes: append([]string{oidc.ScopeOpenID, "email", "profile"}, s.Scopes...)}
	return p, nil
}

// Check refuses settings that let in nobody or everybody.
func (s Settings) Check() error {
	switch {
	case s.Issuer == "" || s.ClientID == "" || s.Callback == "":
		return errors.New("an issuer needs its address, a client ID and the address it sends people back to")
	case len(s.Entry.Domains) == 0:
		return errors.New("an issuer needs the domains whose e-mails it may speak of: without any it would let in nobody")
	}
	if !secure(s.Issuer) {
		return errors.New("an issuer's address begins with https://")
	}
	for group, role := range s.Roles {
		if _, err := account.ParseRole(string(role)); err != nil {
			return fmt.Errorf("role of %q: %w", group, err)
		}
	}
	return nil
}

// secure reports whether nobody can read along: by TLS, or on this machine.
func secure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")
}

// with has the library use our client and no other.
func (p *Provider) with(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

// Finish takes the issuer's answer, as the query of the callback has it, and
// returns what the issuer has proved. Cookie is the one that Begin gave to this
// browser. It returns ErrAnswer, ErrRefused or ErrUnreachable.
func (p *Provider) Finish(ctx context.Context, cookie string, query url.Values, now time.Time) (account.Claim, error) {
	begun, ok := p.waiting.take(query.Get("state"), cookie, now)
	if !ok || p.mixedUp(query) {
		return account.Claim{}, ErrAnswer
	}
	if query.Get("code") == "" {
		return account.Claim{}, ErrRefused // its words are a stranger's: they are not repeated
	}
	ctx = p.with(ctx)
	token, err := p.oauth.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return account.Claim{}, fmt.Errorf("%w: %w", ErrUnreachable, plain(err))
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.provider.VerifierContext(ctx, &oidc.Config{ClientID: p.ClientID, Now: func() time.Time { return now }}).Verify(ctx, raw)
	if err != nil {
		return account.Claim{}, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if id.Nonce != begun.nonce {
		return account.Claim{}, fmt.Errorf("%w: wrong nonce", ErrAnswer)
	}
	if id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil {
		return account.Claim{}, fmt.Errorf("%w: the tokens do not belong together", ErrAnswer)
	}
	return p.claim(id)
}

// mixedUp reports whether an answer comes from another issuer than it was asked
// of (RFC 9207): an attacker who runs one of two issuers must not get the code
// of the other.
func (p *Provider) mixedUp(query url.Values) bool {
	iss, named := query.Get("iss"), query.Has("iss")
	return named && iss != p.Issuer || !named && p.namesIss
}

// plain keeps the issuer's answer, which may hold tokens, out of an error.
func plain(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil {
		return fmt.Errorf("it answered %s", refused.Response.Status)
	}
	return err
}

// claim reads what a verified token says.
func (p *Provider) claim(id *oidc.IDToken) (account.Claim, error) {
	var says struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // some send it as text
		Name     string `json:"name"`
		Party    string `json:"azp"`
	}
	if err := id.Claims(&says); err != nil {
		return account.Claim{}, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if says.Party != "" && says.Party != p.ClientID || len(id.Audience) > 1 && says.Party == "" {
		return account.Claim{}, fmt.Errorf("%w: the token is for somebody else", ErrAnswer)
	}
	c := account.Claim{Issuer: id.Issuer, Subject: id.Subject, Email: says.Email, Verified: says.Verified == true || says.Verified == "true", Name: says.Name}
	if p.RoleClaim == "" {
		return c, nil
	}
	c.Role = p.role(id)
	if c.Role == "" {
		return account.Claim{}, fmt.Errorf("%w: none of the groups stands for a role", account.ErrStranger)
	}
	return c, nil
}

// role is the highest that somebody's groups stand for.
func (p *Provider) role(id *oidc.IDToken) (highest account.Role) {
	var says map[string]any
	if id.Claims(&says) != nil {
		return ""
	}
	var groups []any
	switch has := says[p.RoleClaim].(type) {
	case string:
		groups = []any{has}
	case []any:
		groups = has
	}
	for group, role := range p.Roles {
		if slices.Contains(groups, any(group)) && (highest == "" || role.May(highest)) {
			highest = role
		}
	}
	return highest
}
