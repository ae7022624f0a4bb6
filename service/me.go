package service

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image/png"
	"time"

	"github.com/pquerna/otp"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

// A Me is who asks.
type Me struct {
	PersonReport
	Method       string `json:"method,omitempty"` // how the session was opened; empty for a token
	Fresh        bool   `json:"fresh"`            // they have proved who they are a moment ago
	RecoveryLeft int    `json:"recovery_left"`    // recovery codes that were not used yet
}

// Me says who somebody is.
func (s *Service) Me(ctx context.Context, who account.Actor) (Me, error) {
	m := Me{PersonReport: reportPerson(who.User), Method: who.Session.Method, Fresh: who.Fresh(s.Now())}
	if !who.User.TOTPOn {
		return m, nil
	}
	var err error
	m.RecoveryLeft, err = s.Workspace.Store.Accounts().RecoveryLeft(ctx, who.User.ID)
	return m, err
}

// Rename changes what somebody is called.
func (s *Service) Rename(ctx context.Context, who account.Actor, name string) error {
	return atGate(s.Accounts.Rename(ctx, who, who.User.ID, name))
}

// ChangeEmail changes what an owner signs in with. It needs a fresh proof.
func (s *Service) ChangeEmail(ctx context.Context, who account.Actor, email string) error {
	return atGate(s.Accounts.ChangeEmail(ctx, who, who.User.ID, email))
}

// ChangePassword gives somebody another password, and ends their other sessions.
func (s *Service) ChangePassword(ctx context.Context, who account.Actor, present, next string) error {
	return atGate(s.Accounts.ChangePassword(ctx, who, present, next))
}

// Prove has somebody say once more who they are, with the password or a code.
func (s *Service) Prove(ctx context.Context, who account.Actor, passwordOrCode string) error {
	_, err := s.Accounts.Prove(ctx, who, passwordOrCode)
	if errors.Is(err, account.ErrCode) {
		err = account.ErrCredentials
	}
	return atGate(err)
}

// An Enrolment is a second factor that is being set up: shown once.
type Enrolment struct {
	Secret string `json:"secret"` // to type in by hand
	URL    string `json:"url"`    // otpauth://
	Image  string `json:"-"`      // the same as a QR code: a data: address
}

const codeSize = 240 // pixels of the QR code

// Enrol begins to set up a second factor: for somebody with a fresh proof, or who
// may not go on without one.
func (s *Service) Enrol(ctx context.Context, who account.Actor) (Enrolment, error) {
	e, err := s.Accounts.Enrol(ctx, who)
	if errors.Is(err, store.ErrTaken) {
		return Enrolment{}, FieldErrors{{"code", "usage", "You have a second factor already. Take it away first"}}
	}
	if err != nil {
		return Enrolment{}, atGate(err)
	}
	key, err := otp.NewKeyFromURL(e.URL)
	if err != nil {
		return Enrolment{}, err
	}
	drawn, err := key.Image(codeSize, codeSize)
	if err != nil {
		return Enrolment{}, err
	}
	var out bytes.Buffer
	err = png.Encode(&out, drawn)
	return Enrolment{e.Secret, e.URL, "data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes())}, err
}

// Confirm ends the set-up of a second factor with a code of the app. It returns a
// new session and the recovery codes, which are shown once.
func (s *Service) Confirm(ctx context.Context, who account.Actor, code string, from account.From) (account.SignedIn, []string, error) {
	in, codes, err := s.Accounts.Confirm(ctx, who, code, from)
	return in, codes, atGate(err)
}

// DropTOTP takes one's own second factor away. It needs a fresh proof.
func (s *Service) DropTOTP(ctx context.Context, who account.Actor) error {
	return atGate(s.Accounts.DropTOTP(ctx, who, who.User.ID))
}

// NewRecoveryCodes replaces one's recovery codes. It needs a fresh proof.
func (s *Service) NewRecoveryCodes(ctx context.Context, who account.Actor) ([]string, error) {
	codes, err := s.Accounts.NewRecoveryCodes(ctx, who)
	return codes, atGate(err)
}

// A SessionReport is a browser in which somebody is signed in.
type SessionReport struct {
	ID      int64     `json:"id"`
	Agent   string    `json:"agent"` // the browser's own words
	Address string    `json:"address"`
	Method  string    `json:"method"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	This    bool      `json:"this"` // the one that asks
}

// Sessions are where somebody is signed in, the one seen last first.
func (s *Service) Sessions(ctx context.Context, who account.Actor) ([]SessionReport, error) {
	sessions, err := s.Accounts.Sessions(ctx, who, who.User.ID)
	all := make([]SessionReport, len(sessions))
	for i, one := range sessions {
		all[i] = SessionReport{one.ID, one.Agent, one.Address, one.Method, one.Created, one.Seen, one.ID == who.Session.ID}
	}
	return all, atGate(err)
}

// EndSession ends one of one's own sessions; 0 ends all but the one that asks.
func (s *Service) EndSession(ctx context.Context, who account.Actor, id int64) error {
	if id == 0 {
		return atGate(s.Accounts.EndSessions(ctx, who, who.User.ID))
	}
	return atGate(s.Accounts.EndSession(ctx, who, who.User.ID, id))
}
