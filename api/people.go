package api

import (
	"net/http"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

func (a *Server) offerPeople() {
	offer(a, "me.show", http.MethodGet, "/me", showMe)
	offer(a, "me.change", http.MethodPatch, "/me", changeMe, inPerson)
	offer(a, "me.prove", http.MethodPost, "/me/prove", func(v *visit, in *struct {
		Body struct {
			Password string `json:"password" maxLength:"1000" doc:"The password, or a code of the second factor."`
		}
	}) (*struct{}, error) {
		return nil, v.service().Prove(v.ctx(), v.who, in.Body.Password)
	}, inPerson)
	offer(a, "me.password", http.MethodPut, "/me/password", func(v *visit, in *struct {
		Body struct {
			Present string `json:"present" maxLength:"1000"`
			Next    string `json:"next" maxLength:"1000"`
		}
	}) (*struct{}, error) {
		return nil, v.service().ChangePassword(v.ctx(), v.who, in.Body.Present, in.Body.Next)
	}, inPerson)
	a.offerFactor()
	a.offerTokens()
	a.offerUsers()
}

func (a *Server) offerFactor() {
	offer(a, "me.totp", http.MethodPost, "/me/totp", func(v *visit, _ *nothing) (*body[service.Enrolment], error) {
		return answer(v.service().Enrol(v.ctx(), v.who))
	}, inPerson, says("Begins to set up a second factor; nothing changes until it was confirmed with a code."))
	offer(a, "me.totp", http.MethodPut, "/me/totp", func(v *visit, in *struct {
		Body struct {
			Code string `json:"code" maxLength:"20"`
		}
	}) (*body[RecoveryCodes], error) {
		_, codes, err := v.service().Confirm(v.ctx(), v.who, in.Body.Code, from(v.r))
		return answer(RecoveryCodes{codes}, err)
	}, inPerson, variant("confirm"), says("A code of the app ends the set-up. All sessions end: sign in again with the second factor."))
	offer(a, "me.totp", http.MethodDelete, "/me/totp", func(v *visit, _ *nothing) (*struct{}, error) {
		return nil, v.service().DropTOTP(v.ctx(), v.who)
	}, inPerson, variant("remove"))
	offer(a, "me.totp", http.MethodPost, "/me/totp/recovery-codes", func(v *visit, _ *nothing) (*body[RecoveryCodes], error) {
		if !v.who.User.TOTPOn {
			return nil, v.server.problem(http.StatusConflict, CodeInvalid, "You have no second factor. Nothing was changed. Set one up first")
		}
		codes, err := v.service().NewRecoveryCodes(v.ctx(), v.who)
		return answer(RecoveryCodes{codes}, err)
	}, inPerson, variant("recovery"), says("New recovery codes in place of those there were."))
}

// RecoveryCodes let somebody in who has lost the second factor, each once.
type RecoveryCodes struct {
	Codes []string `json:"recovery_codes" nullable:"false"`
}

func (a *Server) offerTokens() {
	offer(a, "tokens.list", http.MethodGet, "/tokens", func(v *visit, _ *nothing) (*paged[service.TokenReport], error) {
		all, err := v.service().Tokens(v.ctx(), v.who)
		return whole(v, all, err)
	}, inPerson)
	offer(a, "tokens.add", http.MethodPost, "/tokens", addToken, status(http.StatusCreated), inPerson)
	offer(a, "tokens.revoke", http.MethodDelete, "/tokens/{token}", func(v *visit, in *struct {
		Token int64 `path:"token" minimum:"1"`
	}) (*struct{}, error) {
		return nil, v.service().RevokeToken(v.ctx(), v.who, in.Token)
	}, inPerson)
	offer(a, "sessions.list", http.MethodGet, "/sessions", func(v *visit, _ *nothing) (*paged[service.SessionReport], error) {
		all, err := v.service().Sessions(v.ctx(), v.who)
		return whole(v, all, err)
	}, inPerson)
	offer(a, "sessions.end", http.MethodDelete, "/sessions/{session}", func(v *visit, in *struct {
		Session int64 `path:"session" minimum:"0" doc:"0: all but the one that asks."`
	}) (*struct{}, error) {
		return nil, v.service().EndSession(v.ctx(), v.who, in.Session)
	}, inPerson)
}

func addToken(v *visit, in *struct {
	Body struct {
		Name   string   `json:"name" minLength:"1" maxLength:"200" doc:"What it is for."`
		Scopes []string `json:"scopes" minItems:"1" maxItems:"4" nullable:"false" enum:"read,run,write,admin"`
		Days   int      `json:"days,omitempty" minimum:"0" maximum:"3650" doc:"How long it is good; 0 or absent: for ever."`
	}
}) (*body[service.TokenReport], error) {
	n := service.NewToken{Name: in.Body.Name, Days: in.Body.Days}
	for _, s := range in.Body.Scopes {
		n.Scopes = append(n.Scopes, account.Scope(s))
	}
	return answer(v.service().AddToken(v.ctx(), v.who, n))
}

func (a *Server) offerUsers() {
	offer(a, "users.list", http.MethodGet, "/users", listUsers)
	offer(a, "users.invite", http.MethodPost, "/users", func(v *visit, in *struct {
		Body struct {
			Email string `json:"email" maxLength:"320"`
			Name  string `json:"name,omitempty" maxLength:"200"`
			Role  string `json:"role" enum:"viewer,operator,manager,owner"`
		}
	}) (*body[service.LinkOnce], error) {
		return answer(v.service().Invite(v.ctx(), v.who, service.Invite{Email: in.Body.Email, Name: in.Body.Name, Role: account.Role(in.Body.Role)}))
	}, status(http.StatusCreated), says("The answer has the link, once. Whoever opens it makes the account."))
	offer(a, "users.invite", http.MethodDelete, "/invitations/{email}", func(v *visit, in *struct {
		Email string `path:"email" maxLength:"320"`
	}) (*struct{}, error) {
		return nil, v.service().Withdraw(v.ctx(), v.who, in.Email)
	}, variant("withdraw"), says("Ends an invitation that nobody has accepted yet."))
	offer(a, "users.change", http.MethodPatch, "/users/{user}", func(v *visit, in *struct {
		UserAt
		Body service.UserChange
	}) (*body[service.PersonReport], error) {
		return answer(v.service().ChangeUser(v.ctx(), v.who, in.User, in.Body))
	})
	offer(a, "users.change", http.MethodPost, "/users/{user}/reset-link", func(v *visit, in *UserAt) (*body[service.LinkOnce], error) {
		return answer(v.service().ResetLink(v.ctx(), v.who, in.User))
	}, variant("reset"), status(http.StatusCreated), says("A link with which the user chooses a new password; the answer has it once."))
	offer(a, "audit.list", http.MethodGet, "/audit", listAudit)
	offer(a, "audit.list", http.MethodGet, "/audit.csv", func(v *visit, _ *nothing) (*file, error) {
		return attach(v, "text/csv; charset=utf-8", "kith-audit.csv", func(w http.ResponseWriter) error { return v.service().WriteAudit(v.ctx(), w) }), nil
	}, variant("file"), csvAnswer, says("The whole log, the oldest entry first."))
	offer(a, "audit.list", http.MethodGet, "/audit/verify", func(v *visit, _ *nothing) (*body[service.AuditHead], error) {
		return answer(v.service().VerifyAudit(v.ctx()))
	}, variant("verify"), says("Reads the whole log and says whether it is what was written."))
}

// UserAt names a user in an address.
type UserAt struct {
	User int64 `path:"user" minimum:"1"`
}

// A Me is who asks, and what they may.
type Me struct {
	service.Me
	Token  int64     `json:"token,omitempty" doc:"The number of the token that asks."`
	Scopes []string  `json:"scopes,omitempty"`
	May    []string  `json:"may" nullable:"false" doc:"The operations that would not be refused."`
	At     time.Time `json:"at" doc:"The server's clock."`
}

func showMe(v *visit, _ *nothing) (*body[Me], error) {
	who, err := v.service().Me(v.ctx(), v.who)
	me := Me{Me: who, Token: v.who.Token.ID, May: []string{}, At: v.service().Now().UTC()}
	for _, s := range account.Scopes() {
		if v.who.Token.ID != 0 && v.who.May(s.Role()) {
			me.Scopes = append(me.Scopes, string(s))
		}
	}
	for _, o := range service.Operations() {
		if v.who.May(o.Least) {
			me.May = append(me.May, o.ID)
		}
	}
	return answer(me, err)
}

func changeMe(v *visit, in *struct {
	Body struct {
		Name  *string `json:"name,omitempty" maxLength:"200"`
		Email *string `json:"email,omitempty" maxLength:"320" doc:"Only an owner may change it."`
	}
}) (*struct{}, error) {
	if in.Body.Name != nil {
		if err := v.service().Rename(v.ctx(), v.who, *in.Body.Name); err != nil {
			return nil, err
		}
	}
	if in.Body.Email != nil {
		return nil, v.service().ChangeEmail(v.ctx(), v.who, *in.Body.Email)
	}
	return nil, nil
}

// UserList is everybody who may sign in, and those who are invited.
type UserList struct {
	Items   []service.PersonReport     `json:"items" nullable:"false"`
	Invited []service.InvitationReport `json:"invited" nullable:"false"`
}

func listUsers(v *visit, _ *nothing) (*body[UserList], error) {
	users, err := v.service().Users(v.ctx(), v.who)
	if err != nil {
		return nil, err
	}
	invited, err := v.service().Invitations(v.ctx(), v.who)
	return answer(UserList{users, invited}, err)
}

func listAudit(v *visit, in *Paging) (*paged[desk.AuditReport], error) {
	before, err := in.number(v)
	if err != nil {
		return nil, err
	}
	all, err := v.service().AuditList(v.ctx(), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	next := int64(0)
	if len(all) > in.Limit {
		all = all[:in.Limit]
		next = all[in.Limit-1].Entry
	}
	return page(v, all, numbered(next)), nil
}
