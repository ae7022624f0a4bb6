package account

import (
	"context"
	"errors"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
)

// The kinds of links that work once.
const (
	linkSetUp      = "setup"
	linkInvitation = "invitation"
	linkPassword   = "password"
)

// NeedsSetUp reports whether the installation has no owner yet. There is no
// default password: until it is set up nobody can sign in (ASVS 6.3.2).
func (g *Gate) NeedsSetUp(ctx context.Context) (bool, error) {
	has, err := g.Store.Accounts().HasOwner(ctx)
	return !has, err
}

// SetUpLink returns the secret of a link that makes the first owner: 256 bits,
// good once and for an hour (ASVS 6.4.1). An earlier one ends. It returns
// ErrSetUp when there is an owner.
func (g *Gate) SetUpLink(ctx context.Context) (string, error) {
	return g.putLink(ctx, Console(), store.Ticket{Kind: linkSetUp, Role: string(Owner)}, setUpLasts, Event{Action: "setup.link"}, vacant)
}

// vacant returns ErrSetUp when there is an owner.
func vacant(ctx context.Context, a store.Accounts) error {
	has, err := a.HasOwner(ctx)
	if err == nil && has {
		return ErrSetUp
	}
	return err
}

// SetUp makes the first owner and signs them in. The link is used up by that
// and not before: a password that is refused leaves it good.
func (g *Gate) SetUp(ctx context.Context, link string, n NewUser, from From) (SignedIn, error) {
	if _, err := g.Store.Accounts().Ticket(ctx, linkSetUp, hashSecret(link), g.Now()); err != nil {
		return SignedIn{}, noLink(err)
	}
	if n.Role = Owner; n.Password == "" {
		return SignedIn{}, CheckPassword("")
	}
	u, err := g.prepared(ctx, n)
	if err != nil {
		return SignedIn{}, err
	}
	return g.enter(ctx, from, "setup", Event{Action: "setup.done"}, func(a store.Accounts, _ *Event) (store.User, error) {
		if _, err := a.TakeTicket(ctx, linkSetUp, hashSecret(link), g.Now()); err != nil {
			return u, noLink(err)
		}
		if err := vacant(ctx, a); err != nil {
			return u, err
		}
		return u, a.AddUser(ctx, &u)
	})
}

// Invite returns the secret of a link with which somebody makes their account
// within seven days. A second invitation to an e-mail ends the first.
func (g *Gate) Invite(ctx context.Context, by Actor, n NewUser) (string, error) {
	if err := g.ownerOnly(ctx, by, "user.invite"); err != nil {
		return "", err
	}
	email, err := CanonicalEmail(n.Email)
	if err != nil {
		return "", err
	}
	if _, err := ParseRole(string(n.Role)); err != nil {
		return "", err
	}
	t := store.Ticket{Kind: linkInvitation, Email: email, Name: contact.Trim(n.Name), Role: string(n.Role)}
	return g.putLink(ctx, by, t, invitationLasts, Event{Action: "user.invite", Detail: map[string]string{"role": t.Role}},
		func(ctx context.Context, a store.Accounts) error {
			if _, err := a.UserByEmail(ctx, email); !errors.Is(err, store.ErrNotFound) {
				return errors.Join(store.ErrTaken, err)
			}
			return nil
		})
}

// Invitations returns those that are still open.
func (g *Gate) Invitations(ctx context.Context, by Actor) ([]store.Ticket, error) {
	if err := g.ownerOnly(ctx, by, "user.invitations"); err != nil {
		return nil, err
	}
	return g.Store.Accounts().Tickets(ctx, linkInvitation, g.Now())
}

// Withdraw ends the invitation to an e-mail.
func (g *Gate) Withdraw(ctx context.Context, by Actor, email string) error {
	if err := g.ownerOnly(ctx, by, "user.withdraw"); err != nil {
		return err
	}
	email, err := CanonicalEmail(email)
	if err != nil {
		return err
	}
	return g.change(ctx, by, Event{Action: "user.withdraw"}, func(a store.Accounts, _ *Event) error { return a.DropTickets(ctx, 0, email) })
}

// Invited returns whom an invitation is for, or ErrLink.
func (g *Gate) Invited(ctx context.Context, link string) (store.Ticket, error) {
	t, err := g.Store.Accounts().Ticket(ctx, linkInvitation, hashSecret(link), g.Now())
	return t, noLink(err)
}

// Accept makes the account that an invitation is for and signs in. E-mail and
// role are those of the invitation, whatever the visitor sends.
func (g *Gate) Accept(ctx context.Context, link, name, password string, from From) (SignedIn, error) {
	t, err := g.Invited(ctx, link)
	if err != nil {
		return SignedIn{}, err
	}
	if password == "" {
		return SignedIn{}, CheckPassword("")
	}
	if contact.Blank(name) {
		name = t.Name
	}
	u, err := g.prepared(ctx, NewUser{Email: t.Email, Name: name, Role: Role(t.Role), Password: password})
	if err != nil {
		return SignedIn{}, err
	}
	return g.enter(ctx, from, "invitation", Event{Action: "user.accept", Detail: map[string]string{"role": t.Role}}, func(a store.Accounts, _ *Event) (store.User, error) {
		if _, err := a.TakeTicket(ctx, linkInvitation, hashSecret(link), g.Now()); err != nil {
			return u, noLink(err)
		}
		return u, a.AddUser(ctx, &u)
	})
}

// ResetLink returns the secret of a link with which a user chooses a new password
// within a day. The second factor stays.
func (g *Gate) ResetLink(ctx context.Context, by Actor, id int64) (string, error) {
	if err := g.ownerOnly(ctx, by, "user.resetlink"); err != nil {
		return "", err
	}
	u, err := g.Store.Accounts().User(ctx, id)
	if err != nil {
		return "", err
	}
	t := store.Ticket{Kind: linkPassword, User: id, Email: u.Email}
	return g.putLink(ctx, by, t, resetLasts, Event{Action: "user.resetlink", Object: userObject(id)}, nil)
}

// Reset gives the user of a reset link a new password and ends all their
// sessions. It signs nobody in: the second factor is asked for as always.
func (g *Gate) Reset(ctx context.Context, link, password string, from From) error {
	hashed := hashSecret(link)
	t, err := g.Store.Accounts().Ticket(ctx, linkPassword, hashed, g.Now())
	if err != nil {
		return noLink(err)
	}
	u, err := g.Store.Accounts().User(ctx, t.User)
	if err != nil || u.Disabled {
		return noLink(errors.Join(err, store.ErrNotFound))
	}
	if err := CheckPassword(password, u.Email, u.Name); err != nil {
		return err
	}
	hash, err := g.hash(ctx, password)
	if err != nil {
		return err
	}
	by := Actor{User: u, Address: from.Address}
	return g.save(ctx, by, u.ID, Event{Action: "user.password"}, func(a store.Accounts, u *store.User) error {
		if _, err := a.TakeTicket(ctx, linkPassword, hashed, g.Now()); err != nil || u.Disabled {
			return noLink(errors.Join(err, store.ErrNotFound))
		}
		u.Password = hash
		return errors.Join(a.DropTickets(ctx, u.ID, ""), a.EndSessions(ctx, u.ID, 0))
	})
}

// putLink stores a link and returns its secret, if may has nothing against it.
func (g *Gate) putLink(ctx context.Context, by Actor, t store.Ticket, lasts time.Duration, e Event, may func(context.Context, store.Accounts) error) (string, error) {
	secret, err := newSecret(g.Random, secretSize)
	if err != nil {
		return "", err
	}
	t.Hash, t.Expires = hashSecret(secret), g.Now().Add(lasts)
	err = g.change(ctx, by, e, func(a store.Accounts, _ *Event) error {
		if may != nil {
			if err := may(ctx, a); err != nil {
				return err
			}
		}
		return a.PutTicket(ctx, t)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// noLink says ErrLink for a link that is not there.
func noLink(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrLink
	}
	return err
}
