package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/account/issuer"
	"github.com/kith-sync/kith/service"
)

// Signing in with an account that somebody has elsewhere, by OpenID Connect.
func issuerRoutes() []route {
	return []route{
		{pattern: "GET /signin/oidc", do: (*visit).toIssuer, open: true},
		{pattern: "GET /signin/oidc/callback", do: (*visit).fromIssuer, open: true},
	}
}

const (
	issuerCookie = "kith_issuer"
	issuerLasts  = 600 // seconds
)

func (v *visit) issuerCookie(value string, age int) *http.Cookie {
	c := &http.Cookie{Name: issuerCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: v.secure(), SameSite: http.SameSiteLaxMode}
	if v.secure() {
		c.Name = "__Host-" + issuerCookie
	}
	return c
}

// toIssuer sends the browser to the issuer. What it is given to come back with says
// that it is the same one, and where to go then.
func (v *visit) toIssuer() error {
	to, secret, err := v.service().BeginIssuer(v.ctx())
	if err != nil {
		return v.notByIssuer(err)
	}
	http.SetCookie(v.w, v.issuerCookie(secret+"."+base64.RawURLEncoding.EncodeToString([]byte(v.next())), issuerLasts))
	return v.goTo(to, "")
}

// fromIssuer takes the issuer's answer.
func (v *visit) fromIssuer() error {
	c, err := v.r.Cookie(v.issuerCookie("", 0).Name)
	if err != nil {
		return v.notByIssuer(issuer.ErrAnswer)
	}
	http.SetCookie(v.w, v.issuerCookie("", -1))
	secret, next, _ := strings.Cut(c.Value, ".")
	from := v.from()
	from.Was = v.sessionSecret()
	in, err := v.service().FinishIssuer(v.ctx(), secret, v.r.URL.Query(), from)
	if err != nil {
		return v.notByIssuer(err)
	}
	path, _ := base64.RawURLEncoding.DecodeString(next) // what cannot be read leads home
	return v.enteredFor(in, ownPath(string(path)))
}

// notByIssuer shows the sign-in again with why it did not go by the issuer. Why the
// issuer's server did not answer is for the log.
func (v *visit) notByIssuer(err error) error {
	var soon *account.TooSoon
	for _, known := range []error{issuer.ErrAnswer, issuer.ErrRefused, issuer.ErrUnreachable, account.ErrStranger} {
		if errors.Is(err, known) {
			if errors.Is(known, issuer.ErrUnreachable) || errors.Is(known, issuer.ErrAnswer) {
				v.service().Log.Warn("a sign-in by the issuer failed", "error", err)
			}
			return v.signInAgain("", service.Capital(known.Error())+".")
		}
	}
	if errors.As(err, &soon) {
		return v.signInAgain("", soon.Error())
	}
	return err
}
