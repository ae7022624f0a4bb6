package account

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
)

const methodIssuer = "issuer"

// A Claim is what an issuer has proved of somebody: see package issuer.
type Claim struct {
	Issuer   string
	Subject  string // never given to anybody else by this issuer
	Email    string
	Verified bool // the issuer has seen that the e-mail is theirs
	Name     string
	Role     Role // that the issuer's groups stand for; empty: it says nothing of it
}

// Entry is whom an issuer may let in. The zero Entry lets in nobody.
type Entry struct {
	Domains []string // of e-mails; only their own are an issuer's to speak of
	Create  bool     // make users who are not there yet
	Role    Role     // that these get when the claim names none
}

// ErrStranger is returned for somebody whom an issuer knows and this
// installation does not let in.
var ErrStranger = errors.New("you have no account here. Ask an owner of this installation to invite you")

// SignInBy opens a session for whoever an issuer has proved to be there. The
// first time, a user with that e-mail is bound to the issuer's subject if the
// issuer has verified the e-mail and its domain is listed; from then on the
// subject alone counts, so that an e-mail given to somebody else opens nothing.
// It returns ErrStranger for everybody else. A role in the claim becomes the
// user's; the last owner keeps theirs.
func (g *Gate) SignInBy(ctx context.Context, c Claim, entry Entry, from From) (SignedIn, error) {
	in, err := g.enter(ctx, from, methodIssuer, Event{Action: "login", Detail: map[string]string{"by": "issuer"}}, func(a store.Accounts, _ *Event) (store.User, error) {
		u, err := g.claimed(ctx, a, c, entry, from)
		if err != nil || c.Role == "" || string(c.Role) == u.Role {
			return u, err
		}
		changed := u
		changed.Role = string(c.Role)
		if err := a.SaveUser(ctx, changed); errors.Is(err, store.ErrLastOwner) {
			return u, nil
		} else if err != nil {
			return u, err
		}
		by := Actor{Address: from.Address}
		return changed, g.write(ctx, a, by, Event{Action: "user.role", Object: userObject(u.ID), Detail: map[string]string{"role": changed.Role, "by": "issuer"}})
	})
	if errors.Is(err, ErrStranger) {
		return SignedIn{}, errors.Join(err, g.noteFailure(ctx, store.User{}, from, "login.stranger"))
	}
	return in, err
}

// claimed finds, binds or makes the user of a claim.
func (g *Gate) claimed(ctx context.Context, a store.Accounts, c Claim, entry Entry, from From) (store.User, error) {
	if c.Issuer == "" || c.Subject == "" {
		return store.User{}, ErrStranger
	}
	u, err := a.UserByIdentity(ctx, c.Issuer, c.Subject)
	if err == nil && u.Disabled {
		return u, ErrStranger
	}
	if !errors.Is(err, store.ErrNotFound) {
		return u, err
	}
	email, err := CanonicalEmail(c.Email)
	if err != nil || !c.Verified || !entry.speaksOf(email) {
		return u, ErrStranger
	}
	u, err = a.UserByEmail(ctx, email)
	if errors.Is(err, store.ErrNotFound) && entry.Create {
		u, err = g.created(ctx, a, c, email, entry, from)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Disabled {
		return u, ErrStranger
	}
	if err != nil {
		return u, err
	}
	if err := a.LinkIdentity(ctx, c.Issuer, c.Subject, u.ID); err != nil {
		if errors.Is(err, store.ErrTaken) { // the user is bound to another subject of this issuer
			return u, ErrStranger
		}
		return u, err
	}
	return u, g.write(ctx, a, Actor{Address: from.Address}, Event{Action: "user.bind", Object: userObject(u.ID)})
}

// created makes a user for a claim. Only the claim itself, through the operator's
// mapping of roles, can make one an owner.
func (g *Gate) created(ctx context.Context, a store.Accounts, c Claim, email string, entry Entry, from From) (store.User, error) {
	role := c.Role
	if role == "" {
		role = entry.Role
	}
	if role == "" {
		role = Viewer
	}
	if _, err := ParseRole(string(role)); err != nil {
		return store.User{}, err
	}
	u := store.User{Email: email, Name: contact.Trim(c.Name), Role: string(role), Created: g.Now()}
	if err := a.AddUser(ctx, &u); err != nil {
		return u, err
	}
	return u, g.write(ctx, a, Actor{Address: from.Address}, Event{Action: "user.add", Object: userObject(u.ID), Detail: map[string]string{"role": u.Role, "by": "issuer"}})
}

// speaksOf reports whether an e-mail belongs to a listed domain, not merely to
// one below it.
func (e Entry) speaksOf(email string) bool {
	_, domain, _ := strings.Cut(email[strings.LastIndex(email, "@"):], "@")
	return slices.ContainsFunc(e.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}
