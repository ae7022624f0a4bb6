package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/kith-sync/kith/secret"
	"github.com/kith-sync/kith/store"
)

// The second factor is a time-based one-time password as every authenticator app
// makes it (RFC 6238): six digits, SHA-1, 30 s. One code before and after the
// present one counts, for clocks that differ, and each counts once (ASVS 6.5.1).
const (
	period      = 30
	recoveries  = 8
	recoverBits = 15 // bytes: 120 bits
)

var codes = totp.ValidateOpts{Period: period, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// An Enrolment is a second factor that is being set up. It is shown once.
type Enrolment struct {
	Secret string // to type in by hand
	URL    string // otpauth://, to be drawn as a QR code
}

func sealedTOTP(user int64) secret.Where {
	return secret.Where{Table: "users", Row: fmt.Sprint(user), Column: "totp", Version: "1"}
}

// Enrol begins to set up a second factor. Nothing changes until Confirm has seen
// a code of it. Who has one drops it first.
func (g *Gate) Enrol(ctx context.Context, by Actor) (Enrolment, error) {
	if err := g.mayEnrol(by); err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: g.Name, AccountName: by.User.Email, Rand: g.Random})
	if err != nil {
		return Enrolment{}, err
	}
	sealed, err := g.Sealer.Seal(sealedTOTP(by.User.ID), []byte(key.Secret()))
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{key.Secret(), key.URL()}, g.save(ctx, by, by.User.ID, Event{Action: "totp.enrol"}, func(_ store.Accounts, u *store.User) error {
		if u.TOTPOn {
			return store.ErrTaken
		}
		u.TOTP = string(sealed)
		return nil
	})
}

// mayEnrol lets in who is signed in with a fresh proof, and who may not go on
// without a second factor: they have just given the password.
func (g *Gate) mayEnrol(by Actor) error {
	switch by.Session.State {
	case stateEnrolment:
		return nil
	case stateOpen:
		return g.proved(by)
	}
	return ErrSession
}

// Confirm ends the set-up with a code of the app. It returns recovery codes,
// which are shown once, and a session with a new secret in place of all others.
func (g *Gate) Confirm(ctx context.Context, by Actor, code string, from From) (SignedIn, []string, error) {
	if err := g.mayEnrol(by); err != nil {
		return SignedIn{}, nil, err
	}
	recovery, hashes, err := g.recoveryCodes()
	if err != nil {
		return SignedIn{}, nil, err
	}
	guard := limit{"code " + userObject(by.User.ID), freePair}
	if err := g.brake.try(g.Now(), guard); err != nil {
		return SignedIn{}, nil, err
	}
	in, err := g.finish(ctx, by, from, Event{Action: "totp.on"}, func(a store.Accounts, u *store.User) error {
		if u.TOTPOn {
			return store.ErrTaken
		}
		step, err := g.stepOf(*u, code)
		if err != nil {
			return err
		}
		u.TOTPOn, u.TOTPStep = true, step
		return errors.Join(a.SaveUser(ctx, *u), a.SetRecovery(ctx, u.ID, hashes), a.EndSessions(ctx, u.ID, 0))
	})
	if err != nil {
		return SignedIn{}, nil, err
	}
	g.brake.clear(guard)
	return in, recovery, nil
}

// Code ends a sign-in with a code of the app or a recovery code. The session gets
// a new secret; ErrCode leaves the old one waiting.
func (g *Gate) Code(ctx context.Context, begun SignedIn, code string, from From) (SignedIn, error) {
	by := begun.Actor
	if by.Session.State != stateCode {
		return SignedIn{}, ErrSession
	}
	guard := limit{"code " + userObject(by.User.ID), freePair}
	if err := g.brake.try(g.Now(), guard); err != nil {
		return SignedIn{}, err
	}
	e := Event{Action: "login.code"}
	in, err := g.finish(ctx, by, from, e, func(a store.Accounts, u *store.User) error { return g.use(ctx, a, *u, code) })
	if errors.Is(err, ErrCode) {
		return SignedIn{}, errors.Join(err, g.Note(ctx, by, Event{Action: "login.nocode", Object: userObject(by.User.ID)}))
	}
	if err == nil {
		g.brake.clear(guard)
	}
	return in, err
}

// finish puts an open session in place of the one that was waiting, when do has
// nothing against it.
func (g *Gate) finish(ctx context.Context, by Actor, from From, e Event, do func(store.Accounts, *store.User) error) (SignedIn, error) {
	secret, err := newSecret(g.Random, secretSize)
	if err != nil {
		return SignedIn{}, err
	}
	now := g.Now()
	s := store.Session{User: by.User.ID, Hash: hashSecret(secret), State: stateOpen, Method: by.Session.Method, Agent: clipped(from.Agent),
		Address: plainAddress(from.Address), Created: now, Seen: now, Proved: now}
	e.Object = userObject(by.User.ID)
	err = g.change(ctx, by, e, func(a store.Accounts, _ *Event) error {
		u, err := a.User(ctx, by.User.ID)
		if err != nil {
			return err
		}
		there, err := a.EndSession(ctx, u.ID, by.Session.ID)
		if err == nil && (!there || u.Disabled) {
			err = ErrSession // it was used or ended meanwhile
		}
		if err != nil {
			return err
		}
		if err := do(a, &u); err != nil {
			return err
		}
		by.User = u
		return a.AddSession(ctx, &s)
	})
	if err != nil {
		return SignedIn{}, err
	}
	by.Session = s
	return SignedIn{Secret: secret, Actor: by}, nil
}

// useCode uses up a code of somebody who is signed in.
func (g *Gate) useCode(ctx context.Context, by Actor, code string) error {
	guard := limit{"code " + userObject(by.User.ID), freePair}
	if err := g.brake.try(g.Now(), guard); err != nil {
		return err
	}
	err := g.Store.InAccounts(ctx, func(a store.Accounts) error {
		u, err := a.User(ctx, by.User.ID)
		if err != nil {
			return err
		}
		return g.use(ctx, a, u, code)
	})
	if err == nil {
		g.brake.clear(guard)
	}
	return err
}

// use takes a one-time or recovery code, which then never counts again, or
// returns ErrCode.
func (g *Gate) use(ctx context.Context, a store.Accounts, u store.User, code string) error {
	if !u.TOTPOn {
		return ErrCode
	}
	if plain := plainCode(code); len(plain) > codes.Digits.Length() {
		there, err := a.UseRecovery(ctx, u.ID, hashSecret(plain))
		if err == nil && !there {
			err = ErrCode
		}
		return err
	}
	step, err := g.stepOf(u, code)
	if err != nil {
		return err
	}
	fresh, err := a.UseStep(ctx, u.ID, step)
	if err == nil && !fresh {
		err = ErrCode
	}
	return err
}

// stepOf returns which 30 seconds since 1970 a code belongs to, or ErrCode. One
// that was used, and all before it, do not count.
func (g *Gate) stepOf(u store.User, code string) (int64, error) {
	if u.TOTP == "" {
		return 0, ErrCode
	}
	key, err := g.Sealer.Open(sealedTOTP(u.ID), secret.Sealed(u.TOTP))
	if err != nil {
		return 0, err
	}
	now, found := g.Now().Unix()/period, int64(0)
	for step := now - 1; step <= now+1; step++ {
		want, err := totp.GenerateCodeCustom(string(key), time.Unix(step*period, 0), codes)
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(plainCode(code))) == 1 && step > u.TOTPStep {
			found = step
		}
	}
	if found == 0 {
		return 0, ErrCode
	}
	return found, nil
}

// plainCode is a code without what people put between its parts.
func plainCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(code)))
}

// recoveryCodes draws codes for whoever loses the app, and the hashes to keep.
func (g *Gate) recoveryCodes() (shown, hashes []string, err error) {
	for range recoveries {
		code, err := newSecret(g.Random, recoverBits)
		if err != nil {
			return nil, nil, err
		}
		hashes = append(hashes, hashSecret(code))
		shown = append(shown, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:16]+"-"+code[16:20]+"-"+code[20:])
	}
	return shown, hashes, nil
}

// NewRecoveryCodes replaces the recovery codes of the actor. They are shown once.
func (g *Gate) NewRecoveryCodes(ctx context.Context, by Actor) ([]string, error) {
	if by.Session.State != stateOpen || !by.User.TOTPOn {
		return nil, ErrSession
	}
	if err := g.proved(by); err != nil {
		return nil, err
	}
	shown, hashes, err := g.recoveryCodes()
	if err != nil {
		return nil, err
	}
	return shown, g.change(ctx, by, Event{Action: "totp.recovery", Object: userObject(by.User.ID)}, func(a store.Accounts, _ *Event) error {
		return a.SetRecovery(ctx, by.User.ID, hashes)
	})
}

// DropTOTP takes a user's second factor away: their own, with a fresh proof, or
// anybody's for an owner with one. Other sessions of the user end.
func (g *Gate) DropTOTP(ctx context.Context, by Actor, user int64) error {
	if err := g.allowSelf(ctx, by, user, "totp.off"); err != nil {
		return err
	}
	if err := g.proved(by); err != nil {
		return err
	}
	return g.save(ctx, by, user, Event{Action: "totp.off"}, func(a store.Accounts, u *store.User) error {
		u.TOTP, u.TOTPOn = "", false
		return errors.Join(a.SetRecovery(ctx, user, nil), a.EndSessions(ctx, user, by.Session.ID))
	})
}
