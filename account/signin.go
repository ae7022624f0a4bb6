package account

import (
	"context"
	"errors"
	"time"

	"github.com/kith-sync/kith/store"
)

// What a session is waiting for.
const (
	stateOpen      = "open"      // nothing
	stateCode      = "code"      // the second factor
	stateEnrolment = "enrolment" // a second factor has to be set up first
)

// SignedIn is a session that was just opened. Its Secret goes into the cookie
// and is nowhere else.
type SignedIn struct {
	Secret string
	Actor  Actor
}

// NeedsCode reports whether the second factor is asked for next: see Gate.Code.
func (s SignedIn) NeedsCode() bool { return s.Actor.Session.State == stateCode }

// NeedsEnrolment reports whether a second factor has to be set up next: see
// Gate.Enrol.
func (s SignedIn) NeedsEnrolment() bool { return s.Actor.Session.State == stateEnrolment }

// SignIn opens a session for an e-mail and its password. It returns
// ErrCredentials, the same for everybody and after the same work, or a *TooSoon.
// The session may have to wait for a second factor.
func (g *Gate) SignIn(ctx context.Context, email, password string, from From) (SignedIn, error) {
	if canonical, err := CanonicalEmail(email); err == nil {
		email = canonical
	}
	who := brakeName(email)
	if err := g.brake.try(g.Now(), g.brake.limitsOf(who, from.Address)...); err != nil {
		return SignedIn{}, err
	}
	u, err := g.Store.Accounts().UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return SignedIn{}, err
	}
	right, err := g.matches(ctx, password, u.Password) // of nobody the hash is empty
	if err != nil {
		return SignedIn{}, err
	}
	if !right || u.Disabled {
		return SignedIn{}, errors.Join(ErrCredentials, g.noteFailure(ctx, u, from, "login.failed"))
	}
	g.brake.passed(g.Now(), who, from.Address)
	return g.enter(ctx, from, "password", Event{Action: "login"}, g.stillAllowed(ctx, u))
}

// stillAllowed returns a user as they are when the session is opened: a password
// takes long to check, and somebody may have changed it or disabled them meanwhile.
func (g *Gate) stillAllowed(ctx context.Context, was store.User) func(store.Accounts, *Event) (store.User, error) {
	return func(a store.Accounts, _ *Event) (store.User, error) {
		u, err := a.User(ctx, was.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && (u.Disabled || u.Password != was.Password) {
			return u, ErrCredentials
		}
		return u, err
	}
}

func (g *Gate) noteFailure(ctx context.Context, u store.User, from From, action string) error {
	e := Event{Action: action}
	if u.ID != 0 {
		e.Object = userObject(u.ID)
	}
	return g.Note(ctx, Actor{Address: from.Address}, e)
}

// enter opens a session with a secret of its own for whoever who returns, ends
// the session that the browser had before (ASVS 7.2.4), and notes it: in one
// transaction.
func (g *Gate) enter(ctx context.Context, from From, method string, e Event, who func(store.Accounts, *Event) (store.User, error)) (SignedIn, error) {
	secret, err := newSecret(g.Random, secretSize)
	if err != nil {
		return SignedIn{}, err
	}
	now := g.Now()
	in := SignedIn{Secret: secret, Actor: Actor{Address: from.Address}}
	err = g.Store.InAccounts(ctx, func(a store.Accounts) error {
		u, err := who(a, &e)
		if err != nil {
			return err
		}
		if err := endFormer(ctx, a, from.Was); err != nil {
			return err
		}
		if err := a.DropSessions(ctx, now.Add(-sessionLasts), now.Add(-idleLasts)); err != nil {
			return err
		}
		s := store.Session{User: u.ID, Hash: hashSecret(secret), State: g.stateFor(u, method), Method: method, Agent: clipped(from.Agent),
			Address: plainAddress(from.Address), Created: now, Seen: now, Proved: now}
		if err := a.AddSession(ctx, &s); err != nil {
			return err
		}
		in.Actor.User, in.Actor.Session = u, s
		if e.Object == "" {
			e.Object = userObject(u.ID)
		}
		return g.write(ctx, a, in.Actor, e)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return in, nil
}

// stateFor says what somebody still has to do. Who has a second factor is asked
// for it however they came in. Who has none must set one up where the
// installation requires it; an issuer answers for its own second factor.
func (g *Gate) stateFor(u store.User, method string) string {
	switch {
	case u.TOTPOn:
		return stateCode
	case g.RequireTOTP && method != methodIssuer:
		return stateEnrolment
	}
	return stateOpen
}

func endFormer(ctx context.Context, a store.Accounts, secret string) error {
	if secret == "" {
		return nil
	}
	s, err := a.Session(ctx, hashSecret(secret))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = a.EndSession(ctx, s.User, s.ID)
	return err
}

// clipped keeps what a browser calls itself to a length that fits a page.
func clipped(agent string) string {
	out := []rune(agent)
	return string(out[:min(len(out), 200)])
}

// Session returns who is signed in by a session's secret. It returns ErrSession
// when nobody is, or not any more: after 12 hours without use and 7 days in any
// case; and ErrUnfinished for one that waits for a second factor.
func (g *Gate) Session(ctx context.Context, secret string, from From) (Actor, error) {
	by, err := g.begun(ctx, secret, from)
	if err == nil && by.Session.State != stateOpen {
		return Actor{}, ErrUnfinished
	}
	return by, err
}

// Begun returns who has given the right password and not finished yet, so that
// a page can ask for the rest. It is ErrSession for everybody else.
func (g *Gate) Begun(ctx context.Context, secret string, from From) (SignedIn, error) {
	by, err := g.begun(ctx, secret, from)
	if err == nil && by.Session.State == stateOpen {
		err = ErrSession
	}
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Secret: secret, Actor: by}, nil
}

func (g *Gate) begun(ctx context.Context, secret string, from From) (Actor, error) {
	a := g.Store.Accounts()
	s, err := a.Session(ctx, hashSecret(secret))
	if errors.Is(err, store.ErrNotFound) || err == nil && ended(s, g.Now()) {
		return Actor{}, ErrSession
	}
	if err != nil {
		return Actor{}, err
	}
	u, err := a.User(ctx, s.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Disabled {
		return Actor{}, ErrSession
	}
	if err == nil && g.Now().Sub(s.Seen) >= touchEvery {
		s.Seen, s.Address = g.Now(), plainAddress(from.Address)
		err = a.SeeSession(ctx, s.ID, s.Seen, s.Address)
	}
	return Actor{User: u, Session: s, Address: from.Address}, err
}

// ended reports whether a session is over.
func ended(s store.Session, now time.Time) bool {
	if s.State != stateOpen && now.Sub(s.Created) >= pendingLasts {
		return true
	}
	return now.Sub(s.Seen) >= idleLasts || now.Sub(s.Created) >= sessionLasts
}

// SignOut ends the actor's own session.
func (g *Gate) SignOut(ctx context.Context, by Actor) error {
	if by.Session.ID == 0 {
		return ErrSession
	}
	return g.change(ctx, by, Event{Action: "logout", Object: userObject(by.User.ID)}, func(a store.Accounts, _ *Event) error {
		_, err := a.EndSession(ctx, by.User.ID, by.Session.ID)
		return err
	})
}

// Sessions returns where a user is signed in, the one seen last first: for
// themselves, or for an owner.
func (g *Gate) Sessions(ctx context.Context, by Actor, user int64) ([]store.Session, error) {
	if err := g.allowSelf(ctx, by, user, "session.list"); err != nil {
		return nil, err
	}
	all, err := g.Store.Accounts().Sessions(ctx, user)
	var open []store.Session
	for _, s := range all {
		if !ended(s, g.Now()) {
			open = append(open, s)
		}
	}
	return open, err
}

// EndSession ends one session of a user, or returns store.ErrNotFound.
func (g *Gate) EndSession(ctx context.Context, by Actor, user, id int64) error {
	if err := g.allowSelf(ctx, by, user, "session.end"); err != nil {
		return err
	}
	return g.change(ctx, by, Event{Action: "session.end", Object: userObject(user)}, func(a store.Accounts, _ *Event) error {
		there, err := a.EndSession(ctx, user, id)
		if err == nil && !there {
			err = store.ErrNotFound
		}
		return err
	})
}

// EndSessions ends all sessions of a user but the one that asks.
func (g *Gate) EndSessions(ctx context.Context, by Actor, user int64) error {
	if err := g.allowSelf(ctx, by, user, "session.endall"); err != nil {
		return err
	}
	return g.change(ctx, by, Event{Action: "session.endall", Object: userObject(user)}, func(a store.Accounts, _ *Event) error {
		return a.EndSessions(ctx, user, by.Session.ID)
	})
}

// allowSelf lets somebody see to their own, and an owner to everybody's.
func (g *Gate) allowSelf(ctx context.Context, by Actor, user int64, action string) error {
	if by.Session.State == stateOpen && by.User.ID == user {
		return nil
	}
	return g.ownerOnly(ctx, by, action)
}

// Prove has somebody say again who they are, with the password or a six-digit
// code of the app, before something that needs Actor.Fresh. Who has neither signs in anew.
func (g *Gate) Prove(ctx context.Context, by Actor, passwordOrCode string) (Actor, error) {
	if by.Session.State != stateOpen {
		return Actor{}, ErrSession
	}
	prove := g.verify
	if by.User.TOTPOn && len(plainCode(passwordOrCode)) == codes.Digits.Length() { // no password is so short
		prove = g.useCode
	}
	if err := prove(ctx, by, passwordOrCode); err != nil {
		return by, err
	}
	by.Session.Proved = g.Now()
	return by, g.change(ctx, by, Event{Action: "session.prove", Object: userObject(by.User.ID)}, func(a store.Accounts, _ *Event) error {
		return a.ProveSession(ctx, by.Session.ID, by.Session.Proved)
	})
}

// verify checks the password of somebody who is signed in, under a brake of its
// own: whoever finds an open browser must not try passwords there.
func (g *Gate) verify(ctx context.Context, by Actor, password string) error {
	guard := limit{"verify " + by.String(), freePair}
	if err := g.brake.try(g.Now(), guard); err != nil {
		return err
	}
	u, err := g.Store.Accounts().User(ctx, by.User.ID)
	if err != nil {
		return err
	}
	right, err := g.matches(ctx, password, u.Password)
	if err != nil {
		return err
	}
	if !right {
		return errors.Join(ErrCredentials, g.Note(ctx, by, Event{Action: "session.unproved", Object: userObject(u.ID)}))
	}
	g.brake.clear(guard)
	return nil
}
