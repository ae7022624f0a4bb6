package web

import (
	"errors"
	"html/template"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
)

// The second factor. These pages are open, for they also serve whoever has to set
// one up before they may go on; the gate of accounts decides who that is.
func totpRoutes() []route {
	return []route{
		{pattern: "GET /me/totp", do: (*visit).totp, open: true},
		{pattern: "POST /me/totp/begin", do: (*visit).beginTOTP, open: true},
		{pattern: "POST /me/totp", do: (*visit).confirmTOTP, open: true},
		{pattern: "POST /me/totp/remove", operation: "me.totp", do: (*visit).dropTOTP},
		{pattern: "POST /me/totp/recovery", operation: "me.totp", do: (*visit).newRecovery},
		{pattern: "GET /reset", do: (*visit).resetPage, open: true},
		{pattern: "POST /reset", do: (*visit).reset, open: true},
	}
}

type totpView struct {
	On     bool
	Left   int          // recovery codes
	Must   bool         // there is no going on without
	Image  template.URL // QR code of an enrolment
	Secret string
	URL    template.URL
	Asks   bool // a code of the app is asked for
	Codes  []string
	Wrong  string
}

var errNotBegun = errors.New("nobody who could set up a second factor")

// enrolling is who sets up a second factor: somebody who is signed in, or who has
// given the right password and may not go on without.
func (v *visit) enrolling() (who account.Actor, must bool, err error) {
	if v.who.User.ID != 0 {
		return v.who, false, nil
	}
	begun, err := v.service().Accounts.Begun(v.ctx(), v.sessionSecret(), v.from())
	if err != nil || !begun.NeedsEnrolment() {
		return account.Actor{}, false, errNotBegun
	}
	return begun.Actor, true, nil
}

func (v *visit) showTOTP(data totpView) error {
	p := page{Title: "Second factor", Data: data}
	if data.Wrong != "" {
		return v.askAgain("totp", p)
	}
	return v.show("totp", p)
}

func (v *visit) totp() error {
	who, must, err := v.enrolling()
	if err != nil {
		return v.goTo("/signin?next=%2Fme%2Ftotp", "")
	}
	me, err := v.service().Me(v.ctx(), who)
	if err != nil {
		return err
	}
	return v.showTOTP(totpView{On: me.SecondFactor, Left: me.RecoveryLeft, Must: must})
}

func (v *visit) beginTOTP() error {
	who, must, err := v.enrolling()
	if err != nil {
		return v.goTo("/signin", "")
	}
	e, err := v.service().Enrol(v.ctx(), who)
	if wrong, mine := mistakesOf(err); mine {
		return v.showTOTP(totpView{On: who.User.TOTPOn, Must: must, Wrong: wrong.rest()[0]})
	}
	if err != nil {
		return err
	}
	return v.showTOTP(totpView{Must: must, Asks: true, Image: template.URL(e.Image), Secret: spaced(e.Secret), URL: template.URL(e.URL)}) //nolint:gosec // both are our own
}

// spaced breaks a secret into groups of four, as people type it.
func spaced(secret string) string {
	var out []rune
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, r)
	}
	return string(out)
}

func (v *visit) confirmTOTP() error {
	who, must, err := v.enrolling()
	if err != nil {
		return v.goTo("/signin", "")
	}
	in, codes, err := v.service().Confirm(v.ctx(), who, v.form("code"), v.from())
	var soon *account.TooSoon
	if wrong, mine := mistakesOf(err); mine {
		return v.showTOTP(totpView{Must: must, Asks: true, Wrong: wrong.rest()[0]})
	}
	if errors.As(err, &soon) {
		return v.showTOTP(totpView{Must: must, Asks: true, Wrong: service.Capital(soon.Error()) + "."})
	}
	if err != nil {
		return err
	}
	v.setSession(in.Secret)
	v.who = in.Actor
	return v.showTOTP(totpView{On: true, Left: len(codes), Codes: codes})
}

func (v *visit) dropTOTP() error {
	if err := v.service().DropTOTP(v.ctx(), v.who); err != nil {
		return err
	}
	return v.goTo("/me/totp", "The second factor is taken away. You are signed out everywhere else.")
}

func (v *visit) newRecovery() error {
	codes, err := v.service().NewRecoveryCodes(v.ctx(), v.who)
	if err != nil {
		return err
	}
	return v.showTOTP(totpView{On: true, Left: len(codes), Codes: codes})
}

// resetPage is where the link of an owner leads with which somebody chooses a new
// password.
func (v *visit) resetPage() error {
	return v.show("reset", page{Title: "New password", Data: door{Link: v.form("link")}})
}

func (v *visit) reset() error {
	err := v.service().Accounts.Reset(v.ctx(), v.form("link"), v.r.PostFormValue("password"), v.from())
	if err != nil {
		return v.askAgain("reset", page{Title: "New password", Data: door{Link: v.form("link"), Error: service.Capital(doorText(err)) + "."}})
	}
	return v.goTo("/signin", "Your password is changed. Sign in with it.")
}
