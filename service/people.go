package service

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Every change to accounts is the gate's, which asks who does it, asks for a fresh
// proof where one is needed, and notes it. What stands here brings people's words to
// the gate, and the gate's refusals to people.

// A PersonReport is somebody who may sign in.
type PersonReport struct {
	ID           int64     `json:"id"`
	Email        string    `json:"email"`
	Name         string    `json:"name,omitempty"`
	Role         string    `json:"role"`
	Disabled     bool      `json:"disabled"`
	Password     bool      `json:"password"` // whether there is one
	SecondFactor bool      `json:"second_factor"`
	Created      time.Time `json:"created"`
}

func reportPerson(u store.User) PersonReport {
	return PersonReport{u.ID, u.Email, u.Name, u.Role, u.Disabled, u.Password != "", u.TOTPOn, u.Created}
}

// Users are all who may sign in, by e-mail.
func (s *Service) Users(ctx context.Context, who account.Actor) ([]PersonReport, error) {
	users, err := s.Accounts.Users(ctx, who)
	all := make([]PersonReport, len(users))
	for i, u := range users {
		all[i] = reportPerson(u)
	}
	return all, atGate(err)
}

// User is one of them.
func (s *Service) User(ctx context.Context, who account.Actor, id int64) (PersonReport, error) {
	all, err := s.Users(ctx, who)
	for _, p := range all {
		if p.ID == id {
			return p, nil
		}
	}
	if err == nil {
		err = notThere("There is no such user, or not any more")
	}
	return PersonReport{}, err
}

// An InvitationReport is an invitation that nobody has accepted yet.
type InvitationReport struct {
	Email   string    `json:"email"`
	Name    string    `json:"name,omitempty"`
	Role    string    `json:"role"`
	Expires time.Time `json:"expires"`
}

// Invitations are those that are open.
func (s *Service) Invitations(ctx context.Context, who account.Actor) ([]InvitationReport, error) {
	tickets, err := s.Accounts.Invitations(ctx, who)
	all := make([]InvitationReport, len(tickets))
	for i, t := range tickets {
		all[i] = InvitationReport{t.Email, t.Name, t.Role, t.Expires}
	}
	return all, atGate(err)
}

// A LinkOnce is a link that works once, and is shown once.
type LinkOnce struct {
	Link  string `json:"link"`
	Email string `json:"email"` // whom it is for
	Days  int    `json:"days"`  // how long it is good
}

// An Invite asks somebody to join.
type Invite struct {
	Email string       `json:"email"`
	Name  string       `json:"name,omitempty"`
	Role  account.Role `json:"role"`
}

// Invite returns the link with which somebody makes their account. A second
// invitation to an e-mail ends the first.
func (s *Service) Invite(ctx context.Context, who account.Actor, i Invite) (LinkOnce, error) {
	secret, err := s.Accounts.Invite(ctx, who, account.NewUser{Email: i.Email, Name: i.Name, Role: i.Role})
	return LinkOnce{s.BaseURL + "/invited?link=" + url.QueryEscape(secret), strings.TrimSpace(i.Email), 7}, atGate(err)
}

// Withdraw ends the invitation to an e-mail.
func (s *Service) Withdraw(ctx context.Context, who account.Actor, email string) error {
	return atGate(s.Accounts.Withdraw(ctx, who, email))
}

// A UserChange is what is to become of a user. What is nil stays.
type UserChange struct {
	Role         *account.Role `json:"role,omitempty"`
	Disabled     *bool         `json:"disabled,omitempty"`      // sessions end, and tokens are revoked for good
	SecondFactor *bool         `json:"second_factor,omitempty"` // false takes it away, which needs a fresh proof
}

// ChangeUser changes what a user may do.
func (s *Service) ChangeUser(ctx context.Context, who account.Actor, id int64, c UserChange) (PersonReport, error) {
	var err error
	if c.Role != nil {
		err = s.Accounts.SetRole(ctx, who, id, *c.Role)
	}
	if err == nil && c.SecondFactor != nil && !*c.SecondFactor {
		err = s.Accounts.DropTOTP(ctx, who, id)
	}
	switch {
	case err != nil || c.Disabled == nil:
	case *c.Disabled:
		err = s.Accounts.Disable(ctx, who, id)
	default:
		err = s.Accounts.Enable(ctx, who, id)
	}
	if err != nil {
		return PersonReport{}, atGate(err)
	}
	return s.User(ctx, who, id)
}

// ResetLink returns the link with which a user chooses a new password.
func (s *Service) ResetLink(ctx context.Context, who account.Actor, id int64) (LinkOnce, error) {
	u, err := s.User(ctx, who, id)
	if err != nil {
		return LinkOnce{}, err
	}
	secret, err := s.Accounts.ResetLink(ctx, who, id)
	return LinkOnce{s.BaseURL + "/reset?link=" + url.QueryEscape(secret), u.Email, 1}, atGate(err)
}

// A TokenReport is a token. The token itself is only in it when it was just made.
type TokenReport struct {
	ID      int64      `json:"id"`
	Name    string     `json:"name"`
	Scopes  []string   `json:"scopes"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"` // none: never
	Used    *time.Time `json:"used,omitempty"`
	Revoked *time.Time `json:"revoked,omitempty"`
	Good    bool       `json:"good"` // it still opens something
	Token   string     `json:"token,omitempty"`
}

func (s *Service) reportToken(t store.Token) TokenReport {
	r := TokenReport{ID: t.ID, Name: t.Name, Scopes: strings.Fields(t.Scopes), Created: t.Created, Expires: desk.Moment(t.Expires), Used: desk.Moment(t.Used), Revoked: desk.Moment(t.Revoked)}
	r.Good = r.Revoked == nil && (r.Expires == nil || s.Now().Before(*r.Expires))
	return r
}

// Tokens are one's own tokens, revoked ones too.
func (s *Service) Tokens(ctx context.Context, who account.Actor) ([]TokenReport, error) {
	tokens, err := s.Accounts.Tokens(ctx, who, who.User.ID)
	all := make([]TokenReport, len(tokens))
	for i, t := range tokens {
		all[i] = s.reportToken(t)
	}
	return all, atGate(err)
}

// A NewToken is a token that somebody wants for themselves.
type NewToken struct {
	Name   string          `json:"name"`
	Scopes []account.Scope `json:"scopes"`
	Days   int             `json:"days"` // how long it is good; 0: for ever
}

// mostDays is how long a token may be good that is not good for ever.
const mostDays = 3650

// AddToken makes a token, which is in the report this once. It needs a fresh proof.
func (s *Service) AddToken(ctx context.Context, who account.Actor, n NewToken) (TokenReport, error) {
	request := account.TokenRequest{User: who.User.ID, Name: n.Name, Scopes: n.Scopes}
	switch {
	case len(n.Scopes) == 0:
		return TokenReport{}, FieldErrors{{"scopes", desk.CodeUsage, "A token without scopes may do nothing. Tick at least one"}}
	case n.Days < 0 || n.Days > mostDays:
		return TokenReport{}, FieldErrors{{"days", desk.CodeUsage, "A token is good for 1 to 3650 days, or for ever"}}
	case n.Days > 0:
		request.Expires = s.Now().AddDate(0, 0, n.Days)
	}
	secret, t, err := s.Accounts.NewToken(ctx, who, request)
	if err != nil {
		return TokenReport{}, atGate(err)
	}
	r := s.reportToken(t)
	r.Token = secret
	return r, nil
}

// RevokeToken ends a token for good.
func (s *Service) RevokeToken(ctx context.Context, who account.Actor, id int64) error {
	return atGate(s.Accounts.RevokeToken(ctx, who, id))
}

// atGate says for people, and beside the field it is about, what the gate refused.
// Proofs, roles and brakes are left as they are: each has its own page.
func atGate(err error) error {
	at := func(field, code, message string) error { return FieldErrors{{field, code, message}} }
	var weak *account.WeakPassword
	var broken *account.Broken
	switch {
	case err == nil:
		return nil
	case errors.As(err, &weak):
		return at("password", "user.password", weak.Reason)
	case errors.As(err, &broken):
		return &run.Error{Code: "audit.broken", Message: Capital(broken.Error()) + ". Somebody wrote to the database without Kith, or put an older copy in its place"}
	case errors.Is(err, store.ErrLastOwner):
		return &run.Error{Code: "user.last_owner", Message: "Nobody else owns this installation, and somebody has to. Nothing was changed. Make somebody else an owner first"}
	case errors.Is(err, store.ErrTaken):
		return at("email", "user.taken", "Somebody has this e-mail already")
	case errors.Is(err, account.ErrEmail):
		return at("email", desk.CodeUsage, "This is not an e-mail address")
	case errors.Is(err, account.ErrName):
		return at("name", desk.CodeUsage, Capital(err.Error()))
	case errors.Is(err, account.ErrRole):
		return at("role", desk.CodeUsage, Capital(err.Error()))
	case errors.Is(err, account.ErrCredentials):
		return at("present", desk.CodeUsage, "This is not your password")
	case errors.Is(err, account.ErrCode):
		return at("code", desk.CodeUsage, "This code is not right, or it was used before. Wait for the next one and try again")
	case errors.Is(err, store.ErrNotFound):
		return notThere("It is not there, or not any more")
	}
	return err
}

// Capital begins a sentence.
func Capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
