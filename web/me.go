package web

import (
	"net/url"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
)

// The visitor's own account.
func meRoutes() []route {
	return []route{
		{pattern: "GET /me", operation: "me.show", do: (*visit).me},
		{pattern: "POST /me", operation: "me.change", do: (*visit).changeMe},
		{pattern: "GET /me/prove", operation: "me.prove", do: (*visit).provePage},
		{pattern: "POST /me/prove", operation: "me.prove", do: (*visit).prove},
		{pattern: "POST /me/password", operation: "me.password", do: (*visit).changePassword},
		{pattern: "GET /me/password", operation: "me.show", do: func(v *visit) error { return v.goTo("/me", "") }},
		{pattern: "POST /me/sessions/{id}/end", operation: "sessions.end", do: (*visit).endSession},
		{pattern: "GET /me/tokens", operation: "tokens.list", do: (*visit).tokens},
		{pattern: "POST /me/tokens", operation: "tokens.add", do: (*visit).addToken},
		{pattern: "POST /me/tokens/{id}/revoke", operation: "tokens.revoke", do: (*visit).revokeToken},
	}
}

type meView struct {
	service.Me
	Sessions []service.SessionReport
	Owner    bool
	Wrong    mistakes
	Rest     []string
}

func (v *visit) me() error { return v.showMe(nil) }

func (v *visit) showMe(wrong mistakes) error {
	me, err := v.service().Me(v.ctx(), v.who)
	if err != nil {
		return err
	}
	sessions, err := v.service().Sessions(v.ctx(), v.who)
	if err != nil {
		return err
	}
	data := meView{Me: me, Sessions: sessions, Owner: v.who.May(account.Owner), Wrong: wrong, Rest: wrong.rest("present", "password", "email", "name")}
	p := page{Title: "You", API: "GET /api/v1/me", Data: data}
	if len(wrong) > 0 {
		return v.askAgain("me", p)
	}
	return v.show("me", p)
}

func (v *visit) changeMe() error {
	if email := v.form("email"); email != "" && email != v.who.User.Email {
		if err := v.service().ChangeEmail(v.ctx(), v.who, email); err != nil {
			return v.meAgain(err)
		}
	}
	if name := v.form("person"); name != v.who.User.Name {
		if err := v.service().Rename(v.ctx(), v.who, name); err != nil {
			return v.meAgain(err)
		}
	}
	return v.goTo("/me", "Saved.")
}

// meAgain shows the page again with what is wrong with a form of it.
func (v *visit) meAgain(err error) error {
	if wrong, mine := mistakesOf(err); mine {
		return v.showMe(wrong)
	}
	return err
}

func (v *visit) changePassword() error {
	err := v.service().ChangePassword(v.ctx(), v.who, v.r.PostFormValue("present"), v.r.PostFormValue("password"))
	if err != nil {
		return v.meAgain(err)
	}
	return v.goTo("/me", "Your password is changed. You are signed out everywhere else.")
}

func (v *visit) endSession() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	if err := v.service().EndSession(v.ctx(), v.who, id); err != nil {
		return err
	}
	if id == 0 {
		return v.goTo("/me", "You are signed out everywhere else.")
	}
	return v.goTo("/me", "That session is over.")
}

// provePath is where somebody proves once more who they are, before they go on.
func provePath(next string) string { return "/me/prove?next=" + url.QueryEscape(next) }

func (v *visit) provePage() error {
	if v.who.Fresh(v.service().Now()) {
		return v.goTo(v.next(), "")
	}
	return v.show("prove", page{Title: "Enter your password once more", Data: door{Next: v.next()}})
}

func (v *visit) prove() error {
	err := v.service().Prove(v.ctx(), v.who, v.r.PostFormValue("proof"))
	if wrong, mine := mistakesOf(err); mine {
		return v.askAgain("prove", page{Title: "Enter your password once more", Data: door{Next: v.next(), Error: wrong.rest()[0]}})
	}
	if err != nil {
		return err
	}
	return v.goTo(v.next(), "")
}

type tokensView struct {
	Tokens []service.TokenReport
	Scopes []choice
	Days   []choice
	Name   ask
	Wrong  []string
	Made   service.TokenReport // shown this once
}

func (v *visit) tokens() error {
	return v.showTokens(service.NewToken{Scopes: []account.Scope{account.Read}, Days: 90}, service.TokenReport{}, nil)
}

func (v *visit) showTokens(typed service.NewToken, made service.TokenReport, wrong mistakes) error {
	all, err := v.service().Tokens(v.ctx(), v.who)
	if err != nil {
		return err
	}
	data := tokensView{Tokens: all, Made: made, Wrong: wrong.rest("name"), Scopes: v.scopeChoices(typed.Scopes), Days: dayChoices(typed.Days),
		Name: ask{Name: "name", Label: "What it is for", Value: typed.Name, Type: "text", Required: true, Error: wrong["name"]}}
	p := page{Title: "API tokens", CLI: "kith token list", API: "GET /api/v1/tokens", Data: data}
	if len(wrong) > 0 {
		return v.askAgain("tokens", p)
	}
	return v.show("tokens", p)
}

// scopeChoices are the scopes that the visitor's role reaches.
func (v *visit) scopeChoices(chosen []account.Scope) (all []choice) {
	words := map[account.Scope]string{account.Read: "read: what a viewer may", account.Run: "run: run, approve, undo, edit contacts, import",
		account.Write: "write: connections, syncs, settings, books", account.Admin: "admin: users"}
	for _, s := range account.Scopes() {
		if !v.who.May(s.Role()) {
			continue
		}
		c := choice{Value: string(s), Text: words[s]}
		for _, one := range chosen {
			c.Chosen = c.Chosen || one == s
		}
		all = append(all, c)
	}
	return all
}

func (v *visit) addToken() error {
	n := service.NewToken{Name: v.form("name"), Days: 0}
	for _, s := range v.r.Form["scope"] {
		n.Scopes = append(n.Scopes, account.Scope(s))
	}
	if days := v.form("days"); days != "never" {
		n.Days = daysOf(days)
	}
	made, err := v.service().AddToken(v.ctx(), v.who, n)
	if wrong, mine := mistakesOf(err); mine {
		return v.showTokens(n, service.TokenReport{}, wrong)
	}
	if err != nil {
		return err
	}
	return v.showTokens(service.NewToken{Scopes: []account.Scope{account.Read}, Days: 90}, made, nil)
}

func (v *visit) revokeToken() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	if err := v.service().RevokeToken(v.ctx(), v.who, id); err != nil {
		return err
	}
	return v.goTo("/me/tokens", "The token opens nothing any more.")
}

// tokenDays are how long a token may be good, as the form offers it.
func tokenDays() []int { return []int{7, 30, 90, 365} }

func dayChoices(chosen int) (all []choice) {
	for _, n := range tokenDays() {
		all = append(all, choice{several(n, "day"), several(n, "day"), n == chosen})
	}
	return append(all, choice{"never", "for ever", chosen == 0})
}

// daysOf reads one of the offered times; -1, which is refused, for any other text.
func daysOf(text string) int {
	for _, n := range tokenDays() {
		if text == several(n, "day") {
			return n
		}
	}
	return -1
}
