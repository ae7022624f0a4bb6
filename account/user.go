package account

import (
	"context"
	"errors"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
)

// NewUser is somebody who is to sign in.
type NewUser struct {
	Email    string
	Name     string
	Role     Role
	Password string // empty: only an issuer or a link lets them in
}

// CanonicalEmail returns an address as users are found by it, or ErrEmail.
func CanonicalEmail(address string) (string, error) {
	email, problem := contact.NewNormalizer("").Canonical(contact.Email, address)
	if problem != "" || email == "" {
		return "", ErrEmail
	}
	return email, nil
}

// prepared checks a new user and hashes the password: what takes long, or may
// fail, happens before a transaction.
func (g *Gate) prepared(ctx context.Context, n NewUser) (u store.User, err error) {
	if u.Email, err = CanonicalEmail(n.Email); err != nil {
		return u, err
	}
	if _, err := ParseRole(string(n.Role)); err != nil {
		return u, err
	}
	u.Name, u.Role, u.Created = contact.Trim(n.Name), string(n.Role), g.Now()
	if n.Password == "" {
		return u, nil
	}
	if err := CheckPassword(n.Password, n.Email, n.Name); err != nil {
		return u, err
	}
	u.Password, err = g.hash(ctx, n.Password)
	return u, err
}

// Users returns everybody who may sign in, by e-mail. Only an owner, or the
// console, may ask.
func (g *Gate) Users(ctx context.Context, by Actor) ([]store.User, error) {
	if err := g.ownerOnly(ctx, by, "user.list"); err != nil {
		return nil, err
	}
	return g.Store.Accounts().Users(ctx)
}

// AddUser adds somebody. With a password only the console may: an owner sends an
// invitation, or leaves it to an issuer to let them in. It returns ErrEmail,
// ErrRole, a *WeakPassword or store.ErrTaken.
func (g *Gate) AddUser(ctx context.Context, by Actor, n NewUser) (store.User, error) {
	if err := g.ownerOnly(ctx, by, "user.add"); err != nil {
		return store.User{}, err
	}
	if n.Password != "" && !by.console {
		return store.User{}, ErrForbidden // whoever chose it could sign in as them
	}
	u, err := g.prepared(ctx, n)
	if err != nil {
		return u, err
	}
	return u, g.change(ctx, by, Event{Action: "user.add", Detail: map[string]string{"role": u.Role}}, func(a store.Accounts, e *Event) error {
		err := a.AddUser(ctx, &u)
		e.Object = userObject(u.ID)
		return errors.Join(err, a.DropTickets(ctx, 0, u.Email)) // an invitation would lead nowhere now
	})
}

// SetRole gives a user another role, or returns store.ErrLastOwner. What they
// may do changes at once, in open sessions and for tokens too.
func (g *Gate) SetRole(ctx context.Context, by Actor, id int64, role Role) error {
	if _, err := ParseRole(string(role)); err != nil {
		return err
	}
	return g.changeUser(ctx, by, id, Event{Action: "user.role", Detail: map[string]string{"role": string(role)}}, func(a store.Accounts, u *store.User) error {
		u.Role = string(role)
		return nil
	})
}

// Disable keeps a user out: sessions end, and tokens are revoked for good (ASVS
// 7.4.2). The last owner cannot be disabled.
func (g *Gate) Disable(ctx context.Context, by Actor, id int64) error {
	return g.changeUser(ctx, by, id, Event{Action: "user.disable"}, func(a store.Accounts, u *store.User) error {
		u.Disabled = true
		return errors.Join(a.EndSessions(ctx, id, 0), a.RevokeTokens(ctx, id, g.Now()), a.DropTickets(ctx, id, ""))
	})
}

// Enable lets a user in again. Tokens that were revoked stay so.
func (g *Gate) Enable(ctx context.Context, by Actor, id int64) error {
	return g.changeUser(ctx, by, id, Event{Action: "user.enable"}, func(_ store.Accounts, u *store.User) error {
		u.Disabled = false
		return nil
	})
}

// RemoveUser forgets a user with sessions and tokens. The last owner cannot be
// removed. The audit log keeps the number.
func (g *Gate) RemoveUser(ctx context.Context, by Actor, id int64) error {
	if err := g.ownerOnly(ctx, by, "user.remove"); err != nil {
		return err
	}
	return g.change(ctx, by, Event{Action: "user.remove", Object: userObject(id)}, func(a store.Accounts, _ *Event) error {
		if _, err := a.User(ctx, id); err != nil {
			return err
		}
		return errors.Join(a.DropTickets(ctx, id, ""), a.DeleteUser(ctx, id))
	})
}

// Rename changes what somebody is called; people may rename themselves.
func (g *Gate) Rename(ctx context.Context, by Actor, id int64, name string) error {
	if by.Session.State == stateOpen && by.User.ID == id {
		return g.save(ctx, by, id, Event{Action: "user.rename"}, func(_ store.Accounts, u *store.User) error {
			u.Name = contact.Trim(name)
			return nil
		})
	}
	return g.changeUser(ctx, by, id, Event{Action: "user.rename"}, func(_ store.Accounts, u *store.User) error {
		u.Name = contact.Trim(name)
		return nil
	})
}

// ChangeEmail changes what somebody signs in with: by an owner, with a fresh
// proof of who that is. It ends the user's other sessions.
func (g *Gate) ChangeEmail(ctx context.Context, by Actor, id int64, address string) error {
	if err := g.proved(by); err != nil {
		return err
	}
	email, err := CanonicalEmail(address)
	if err != nil {
		return err
	}
	return g.changeUser(ctx, by, id, Event{Action: "user.email"}, func(a store.Accounts, u *store.User) error {
		u.Email = email
		return errors.Join(a.DropTickets(ctx, id, ""), a.EndSessions(ctx, id, by.Session.ID))
	})
}

// ChangePassword gives the actor another password. It asks for the present one,
// ends all other sessions and every link for a new password (ASVS 7.4.3).
func (g *Gate) ChangePassword(ctx context.Context, by Actor, present, next string) error {
	if by.Session.State != stateOpen {
		return ErrSession
	}
	if err := g.verify(ctx, by, present); err != nil {
		return err
	}
	if err := CheckPassword(next, by.User.Email, by.User.Name); err != nil {
		return err
	}
	hash, err := g.hash(ctx, next)
	if err != nil {
		return err
	}
	return g.save(ctx, by, by.User.ID, Event{Action: "user.password"}, func(a store.Accounts, u *store.User) error {
		u.Password = hash
		return errors.Join(a.DropTickets(ctx, u.ID, ""), a.EndSessions(ctx, u.ID, by.Session.ID))
	})
}

// ResetPassword gives a user another password, and takes their second factor
// away where asked: for somebody who has lost the one or the other. It ends all
// their sessions. Only the console may, for an owner who chose a colleague's
// password could sign in as them; owners hand out a ResetLink.
func (g *Gate) ResetPassword(ctx context.Context, by Actor, id int64, next string, dropTOTP bool) error {
	if !by.console {
		return errors.Join(ErrForbidden, g.Note(ctx, by, Event{Action: "denied", Object: "user.reset"}))
	}
	u, err := g.Store.Accounts().User(ctx, id)
	if err != nil {
		return err
	}
	if err := CheckPassword(next, u.Email, u.Name); err != nil {
		return err
	}
	hash, err := g.hash(ctx, next)
	if err != nil {
		return err
	}
	e := Event{Action: "user.reset"}
	if dropTOTP {
		e.Detail = map[string]string{"second_factor": "dropped"}
	}
	return g.save(ctx, by, id, e, func(a store.Accounts, u *store.User) error {
		u.Password = hash
		if dropTOTP {
			u.TOTP, u.TOTPOn = "", false
			if err := a.SetRecovery(ctx, id, nil); err != nil {
				return err
			}
		}
		return errors.Join(a.DropTickets(ctx, id, ""), a.EndSessions(ctx, id, 0))
	})
}

// changeUser changes a user for an owner.
func (g *Gate) changeUser(ctx context.Context, by Actor, id int64, e Event, do func(store.Accounts, *store.User) error) error {
	if err := g.ownerOnly(ctx, by, e.Action); err != nil {
		return err
	}
	return g.save(ctx, by, id, e, do)
}

// save changes a user as they are at that moment.
func (g *Gate) save(ctx context.Context, by Actor, id int64, e Event, do func(store.Accounts, *store.User) error) error {
	e.Object = userObject(id)
	return g.change(ctx, by, e, func(a store.Accounts, _ *Event) error {
		u, err := a.User(ctx, id)
		if err != nil {
			return err
		}
		if err := do(a, &u); err != nil {
			return err
		}
		return a.SaveUser(ctx, u)
	})
}

// brakeName is what failures of an e-mail are counted under. Somebody may send a
// megabyte as their e-mail; its hash is as short as any.
func brakeName(email string) string { return hashSecret(strings.ToLower(contact.Trim(email))) }
