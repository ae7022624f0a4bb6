// Package account knows who somebody is and what they may do: users with their
// passwords and second factors, sessions, tokens, links that work once, and the
// audit log of all that. It speaks neither HTTP nor SQL, and draws no pages: web
// and cli ask a Gate. Who signs in with another company's account is proved by
// package issuer below it.
package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/kith-sync/kith/secret"
	"github.com/kith-sync/kith/store"
)

// Errors to be told apart. None of them says whether somebody has an account.
var (
	// ErrCredentials is the one answer to every sign-in that fails: to an unknown
	// e-mail, a wrong password and a disabled user alike (ASVS 6.3.8).
	ErrCredentials = errors.New("the e-mail or the password is not right")
	// ErrCode is returned for a one-time or recovery code that does not count.
	ErrCode = errors.New("this code is not right, or it was used before. Wait for the next one and try again")
	// ErrSession is returned when nobody is signed in, or not any more.
	ErrSession = errors.New("you are not signed in, or the session has ended. Sign in again")
	// ErrUnfinished is returned for a session that waits for a second factor.
	ErrUnfinished = errors.New("sign-in is not finished: the second factor is missing")
	// ErrToken is returned for a token that is unknown, too old or revoked.
	ErrToken = errors.New("this token is not valid, or not any more. Make a new one")
	// ErrForbidden is returned when a role, or a token's scopes, do not reach.
	ErrForbidden = errors.New("your role does not allow this. Ask an owner of this installation")
	// ErrProve is returned when somebody has to prove again who they are.
	ErrProve = errors.New("enter your password once more before you change this")
	// ErrLink is returned for a link that was used, is too old, or never was.
	ErrLink = errors.New("this link is not valid, or not any more. Ask for a new one")
	// ErrSetUp is returned when an installation has an owner already.
	ErrSetUp = errors.New("this installation is set up already")
	// ErrEmail is returned for what is no e-mail address.
	ErrEmail = errors.New("this is not an e-mail address")
	// ErrRole is returned for what is no role or scope.
	ErrRole = errors.New("there is no such role")
)

// The lifetimes of reliability.md 5.3 and 5.4.
const (
	setUpLasts      = time.Hour
	invitationLasts = 7 * 24 * time.Hour
	resetLasts      = 24 * time.Hour
	idleLasts       = 12 * time.Hour
	sessionLasts    = 7 * 24 * time.Hour
	pendingLasts    = 10 * time.Minute // between the password and the second factor
	proofLasts      = 15 * time.Minute
	touchEvery      = time.Minute // how exactly "last seen" is kept
)

// A Sealer closes what must be read again, which a hash cannot be.
// *secret.Box is one.
type Sealer interface {
	Seal(where secret.Where, plain []byte) (secret.Sealed, error)
	Open(where secret.Where, sealed secret.Sealed) ([]byte, error)
}

// Options are what a Gate is made of. All but RequireTOTP and Name are needed.
type Options struct {
	Store  *store.Store
	Sealer Sealer
	// AuditKey keys the chain of the audit log. It stands outside the database:
	// whoever can write there cannot make the chain anew.
	AuditKey []byte
	Now      func() time.Time
	Random   io.Reader // crypto/rand.Reader outside tests
	// RequireTOTP asks everybody who signs in with a password for a second factor;
	// who has none has to set one up first (ASVS 6.3.3).
	RequireTOTP bool
	// Name is what an authenticator app shows, "Kith" when empty.
	Name string
}

// A Gate is where people and programs say who they are. It is safe for use by
// several goroutines.
type Gate struct {
	Options
	brake   *brake
	hashing chan struct{} // a password costs 19 MiB: only so many at once
	cost    *argon2id.Params
	dummy   string // what the password of nobody is compared with
}

// New returns a gate.
func New(o Options) (*Gate, error) {
	if o.Name == "" {
		o.Name = "Kith"
	}
	if len(o.AuditKey) < 16 {
		return nil, errors.New("the audit log needs a key of at least 16 bytes")
	}
	cost := passwordCost()
	dummy, err := argon2id.CreateHash("the password of nobody", cost)
	return &Gate{Options: o, brake: newBrake(), hashing: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), cost: cost, dummy: dummy}, err
}

// From is where a request comes from.
type From struct {
	Address string // without a port; behind a proxy, what a listed proxy says
	Agent   string // the browser's own words
	Was     string // the session's secret that the browser sent, ended by signing in
}

// change carries out one change to accounts and writes it to the audit log: both
// or neither. The change may complete the event.
func (g *Gate) change(ctx context.Context, by Actor, e Event, do func(store.Accounts, *Event) error) error {
	return g.Store.InAccounts(ctx, func(a store.Accounts) error {
		if err := do(a, &e); err != nil {
			return err
		}
		return g.write(ctx, a, by, e)
	})
}

// ownerOnly refuses whoever is no owner, and notes that they tried.
func (g *Gate) ownerOnly(ctx context.Context, by Actor, action string) error {
	if by.May(Owner) {
		return nil
	}
	return errors.Join(ErrForbidden, g.Note(ctx, by, Event{Action: "denied", Object: action}))
}

// proved refuses what needs a fresh proof of who somebody is (ASVS 7.5.1). A
// token proves nothing about a person, so none ever gets further than here.
func (g *Gate) proved(by Actor) error {
	if by.Fresh(g.Now()) {
		return nil
	}
	return ErrProve
}

func userObject(id int64) string { return fmt.Sprintf("user:%d", id) }
