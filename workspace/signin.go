package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	accounts "github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/account/issuer"
	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/secret"
)

// SignIn is what whoever runs Kith has decided about signing in. It is set from the
// command line only: a stolen session of an owner opens no second door.
type SignIn struct {
	RequireTOTP bool    `json:"require_totp,omitempty"` // everybody with a password needs a second factor
	Issuer      *Issuer `json:"issuer,omitempty"`
}

// Issuer is where people have accounts already, by OpenID Connect.
type Issuer struct {
	Name      string                   `json:"name"` // for people
	Address   string                   `json:"address"`
	ClientID  string                   `json:"client_id"`
	Secret    string                   `json:"secret,omitempty"` // sealed
	Domains   []string                 `json:"domains"`          // whose e-mails it may speak of
	Create    bool                     `json:"create,omitempty"` // users who are not there yet
	Role      accounts.Role            `json:"role,omitempty"`   // that these get
	RoleClaim string                   `json:"role_claim,omitempty"`
	Roles     map[string]accounts.Role `json:"roles,omitempty"` // by value of the claim
	Scopes    []string                 `json:"scopes,omitempty"`
}

const (
	signInName    = "sign-in"
	issuerAnswers = 20 * time.Second
)

// SignIn returns what is decided about signing in.
func (w *Workspace) SignIn(ctx context.Context) (s SignIn, err error) {
	text, err := w.Store.Setting(ctx, signInName, "{}")
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s)
}

// ErrSignInChanged is returned when somebody else decided something at the same time.
var ErrSignInChanged = errors.New("somebody else has just changed how people sign in")

// SaveSignIn decides anew, from what was decided before.
func (w *Workspace) SaveSignIn(ctx context.Context, change func(*SignIn) error) error {
	was, err := w.Store.Setting(ctx, signInName, "{}")
	if err != nil {
		return err
	}
	var s SignIn
	if err := json.Unmarshal([]byte(was), &s); err != nil {
		return err
	}
	if err := change(&s); err != nil {
		return err
	}
	now, err := json.Marshal(s)
	if err != nil || string(now) == was {
		return err
	}
	swapped, err := w.Store.SwapSetting(ctx, signInName, was, string(now))
	if err == nil && !swapped {
		return ErrSignInChanged
	}
	return err
}

// SealIssuer closes the client's secret for storing. It opens for this issuer only.
func (w *Workspace) SealIssuer(ctx context.Context, address, plain string) (string, error) {
	if plain == "" {
		return "", nil
	}
	box, err := w.box(ctx)
	if err != nil {
		return "", err
	}
	sealed, err := box.Seal(issuerSecret(address), []byte(plain))
	return string(sealed), err
}

func issuerSecret(address string) secret.Where {
	return secret.Where{Table: "setting", Row: signInName, Column: address, Version: "1"}
}

// OpenIssuer asks an issuer for its addresses and keys, through the guard of outgoing
// traffic. It sends people back to callback.
func (w *Workspace) OpenIssuer(ctx context.Context, i Issuer, callback string) (*issuer.Provider, error) {
	guard, err := w.egress()
	if err != nil {
		return nil, err
	}
	s := IssuerSettings(i, callback)
	if i.Secret != "" {
		box, err := w.box(ctx)
		if err != nil {
			return nil, err
		}
		plain, err := box.Open(issuerSecret(i.Address), secret.Sealed(i.Secret))
		if err != nil {
			return nil, err
		}
		s.Secret = string(plain)
	}
	return issuer.Open(ctx, s, guard.Client(egress.Options{Whole: issuerAnswers}))
}

// IssuerSettings are an issuer as package issuer takes it, without the secret.
func IssuerSettings(i Issuer, callback string) issuer.Settings {
	return issuer.Settings{Name: i.Name, Issuer: i.Address, ClientID: i.ClientID, Callback: callback, RoleClaim: i.RoleClaim, Roles: i.Roles, Scopes: i.Scopes,
		Entry: accounts.Entry{Domains: i.Domains, Create: i.Create, Role: i.Role}}
}
