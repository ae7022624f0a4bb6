package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
)

// tokenPrefix lets people and scanners of source code see what they have found.
const tokenPrefix = "kith_"

// A TokenRequest is a token that somebody wants.
type TokenRequest struct {
	User    int64 // whom it acts for
	Name    string
	Scopes  []Scope
	Expires time.Time // zero: never
}

// ErrName is returned for a token without a name: nobody would dare to revoke it.
var ErrName = errors.New("a token needs a name that says what it is for")

// NewToken makes a token and returns it; afterwards it cannot be seen again.
// People make tokens for themselves, with a fresh proof; the console for anybody.
// ErrForbidden is returned for a scope that the user's role does not reach.
func (g *Gate) NewToken(ctx context.Context, by Actor, r TokenRequest) (string, store.Token, error) {
	if !by.console && (by.Session.State != stateOpen || by.User.ID != r.User) {
		return "", store.Token{}, errors.Join(ErrForbidden, g.Note(ctx, by, Event{Action: "denied", Object: "token.add"}))
	}
	if err := g.proved(by); err != nil {
		return "", store.Token{}, err
	}
	if r.Name = contact.Trim(r.Name); r.Name == "" {
		return "", store.Token{}, ErrName
	}
	if _, err := ParseScopes(joined(r.Scopes)); err != nil {
		return "", store.Token{}, err
	}
	secret, err := newSecret(g.Random, secretSize)
	if err != nil {
		return "", store.Token{}, err
	}
	secret = tokenPrefix + secret
	t := store.Token{User: r.User, Name: r.Name, Hash: hashSecret(secret), Scopes: joined(r.Scopes), Created: g.Now(), Expires: r.Expires}
	err = g.change(ctx, by, Event{Action: "token.add", Detail: map[string]string{"scopes": t.Scopes, "for": userObject(r.User)}}, func(a store.Accounts, e *Event) error {
		u, err := a.User(ctx, r.User)
		if err != nil {
			return err
		}
		if u.Disabled {
			return ErrForbidden
		}
		for _, s := range r.Scopes {
			if !Role(u.Role).May(s.Role()) {
				return ErrForbidden
			}
		}
		err = a.AddToken(ctx, &t)
		e.Object = numbered("token", t.ID)
		return err
	})
	if err != nil {
		return "", store.Token{}, err
	}
	return secret, t, nil
}

// Token returns who acts with a token, or ErrToken.
func (g *Gate) Token(ctx context.Context, secret string, from From) (Actor, error) {
	if !strings.HasPrefix(secret, tokenPrefix) {
		return Actor{}, ErrToken
	}
	a := g.Store.Accounts()
	t, err := a.Token(ctx, hashSecret(secret))
	if errors.Is(err, store.ErrNotFound) || err == nil && spent(t, g.Now()) {
		return Actor{}, ErrToken
	}
	if err != nil {
		return Actor{}, err
	}
	u, err := a.User(ctx, t.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Disabled {
		return Actor{}, ErrToken
	}
	if err == nil && g.Now().Sub(t.Used) >= touchEvery {
		err = a.UseToken(ctx, t.ID, g.Now())
	}
	return Actor{User: u, Token: t, Address: from.Address}, err
}

// spent reports whether a token is over.
func spent(t store.Token, now time.Time) bool {
	return !t.Revoked.IsZero() || !t.Expires.IsZero() && !now.Before(t.Expires)
}

// Tokens returns a user's tokens, revoked ones too; everybody's for 0.
func (g *Gate) Tokens(ctx context.Context, by Actor, user int64) ([]store.Token, error) {
	if err := g.allowSelf(ctx, by, user, "token.list"); err != nil {
		return nil, err
	}
	return g.Store.Accounts().Tokens(ctx, user)
}

// RevokeToken ends a token for good: one's own, or anybody's for an owner. It
// returns store.ErrNotFound when there is none, or none that still was good.
func (g *Gate) RevokeToken(ctx context.Context, by Actor, id int64) error {
	t, err := g.Store.Accounts().TokenByID(ctx, id)
	if err != nil {
		return err
	}
	if err := g.allowSelf(ctx, by, t.User, "token.revoke"); err != nil {
		return err
	}
	return g.change(ctx, by, Event{Action: "token.revoke", Object: numbered("token", id)}, func(a store.Accounts, _ *Event) error {
		good, err := a.RevokeToken(ctx, id, g.Now())
		if err == nil && !good {
			err = store.ErrNotFound
		}
		return err
	})
}
