package web

import (
	"cmp"
	"errors"
	"net/url"
	"strings"

	"github.com/kith-sync/kith/account"
)

// The pages of whoever has not signed in yet.
func doorRoutes() []route {
	return []route{
		{pattern: "GET /signin", do: (*visit).signInPage, open: true},
		{pattern: "POST /signin", do: (*visit).signIn, open: true},
		{pattern: "GET /signin/code", do: (*visit).codePage, open: true},
		{pattern: "POST /signin/code", do: (*visit).code, open: true},
		{pattern: "POST /signout", do: (*visit).signOut, open: true},
		{pattern: "GET /setup", do: (*visit).setUpPage, open: true},
		{pattern: "POST /setup", do: (*visit).setUp, open: true},
		{pattern: "GET /invited", do: (*visit).invitedPage, open: true},
		{pattern: "POST /invited", do: (*visit).invited, open: true},
	}
}

// door is what the pages of the door show.
type door struct {
	Next, Email, Person, Link, Error string
	Issuer                           string // with whose accounts one can sign in
}

// next is where to go after signing in.
func (v *visit) next() string { return ownPath(v.form("next")) }

// ownPath is a page of this server, nothing else.
func ownPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(text, `\`) {
		return "/"
	}
	return u.RequestURI()
}

func (v *visit) signInPage() error {
	if needs, err := v.service().Accounts.NeedsSetUp(v.ctx()); err != nil || needs {
		return cmp.Or(err, v.goTo("/setup", ""))
	}
	if v.who.User.ID != 0 {
		return v.goTo(v.next(), "")
	}
	return v.signInAgain("", "")
}

// signInAgain shows the sign-in, with what went wrong.
func (v *visit) signInAgain(email, wrong string) error {
	by, err := v.service().IssuerName(v.ctx())
	if err != nil {
		return err
	}
	return v.show("signin", page{Title: "Sign in", Data: door{Next: v.next(), Email: email, Error: wrong, Issuer: by}})
}

func (v *visit) signIn() error {
	from := v.from()
	from.Was = v.sessionSecret()
	in, err := v.service().Accounts.SignIn(v.ctx(), v.form("email"), v.r.PostFormValue("password"), from)
	var soon *account.TooSoon
	if errors.Is(err, account.ErrCredentials) || errors.As(err, &soon) {
		return v.signInAgain(v.form("email"), doorText(err))
	}
	if err != nil {
		return err
	}
	return v.entered(in)
}

// doorText says why somebody is not let in, the same whoever they are.
func doorText(err error) string {
	var soon *account.TooSoon
	switch {
	case errors.As(err, &soon):
		return soon.Error()
	case errors.Is(err, account.ErrCredentials):
		return "The e-mail or the password is not right."
	case errors.Is(err, account.ErrCode):
		return "This code is not right, or it was used before. Wait for the next one and try again."
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// entered keeps a session and goes on to what is next for it.
func (v *visit) entered(in account.SignedIn) error { return v.enteredFor(in, v.next()) }

func (v *visit) enteredFor(in account.SignedIn, next string) error {
	v.setSession(in.Secret)
	switch {
	case in.NeedsCode():
		return v.goTo("/signin/code?next="+url.QueryEscape(next), "")
	case in.NeedsEnrolment():
		return v.goTo("/me/totp", "")
	}
	return v.goTo(next, "")
}

func (v *visit) codePage() error {
	begun, err := v.service().Accounts.Begun(v.ctx(), v.sessionSecret(), v.from())
	switch {
	case err != nil:
		return v.goTo("/signin", "")
	case begun.NeedsEnrolment():
		return v.goTo("/me/totp", "")
	}
	return v.show("code", page{Title: "Second factor", Data: door{Next: v.next()}})
}

func (v *visit) code() error {
	begun, err := v.service().Accounts.Begun(v.ctx(), v.sessionSecret(), v.from())
	if err != nil {
		return v.goTo("/signin", "")
	}
	in, err := v.service().Accounts.Code(v.ctx(), begun, v.form("code"), v.from())
	var soon *account.TooSoon
	if errors.Is(err, account.ErrCode) || errors.As(err, &soon) {
		return v.show("code", page{Title: "Second factor", Data: door{Next: v.next(), Error: doorText(err)}})
	}
	if err != nil {
		return err
	}
	return v.entered(in)
}

func (v *visit) signOut() error {
	if v.who.Session.ID != 0 {
		if err := v.service().Accounts.SignOut(v.ctx(), v.who); err != nil && !errors.Is(err, account.ErrSession) {
			return err
		}
	}
	v.setSession("")
	return v.goTo("/signin", "You are signed out.")
}

func (v *visit) setUpPage() error {
	if needs, err := v.service().Accounts.NeedsSetUp(v.ctx()); err != nil || !needs {
		return cmp.Or(err, v.goTo("/signin", ""))
	}
	return v.show("setup", page{Title: "Set up", Data: door{Link: v.form("link")}})
}

func (v *visit) setUp() error {
	from := v.from()
	from.Was = v.sessionSecret()
	in, err := v.service().Accounts.SetUp(v.ctx(), v.form("link"), account.NewUser{Email: v.form("email"), Name: v.form("person"), Password: v.r.PostFormValue("password")}, from)
	if err != nil {
		d := door{Link: v.form("link"), Email: v.form("email"), Person: v.form("person"), Error: doorText(err)}
		return v.show("setup", page{Title: "Set up", Data: d})
	}
	return v.entered(in)
}

func (v *visit) invitedPage() error {
	t, err := v.service().Accounts.Invited(v.ctx(), v.form("link"))
	if err != nil {
		return v.show("invited", page{Title: "Join", Data: door{Error: doorText(err)}})
	}
	return v.show("invited", page{Title: "Join", Data: door{Link: v.form("link"), Email: t.Email, Person: t.Name}})
}

func (v *visit) invited() error {
	in, err := v.service().Accounts.Accept(v.ctx(), v.form("link"), v.form("person"), v.r.PostFormValue("password"), v.from())
	if err != nil {
		return v.show("invited", page{Title: "Join", Data: door{Link: v.form("link"), Person: v.form("person"), Error: doorText(err)}})
	}
	return v.entered(in)
}
