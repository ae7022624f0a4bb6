package account_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

func TestTokens(t *testing.T) {
	w := open(t)
	w.add("owner@example.com", account.Owner)
	ada := w.person("ada@example.com", account.Operator)
	mine := func(scopes ...account.Scope) account.TokenRequest {
		return account.TokenRequest{User: ada.User.ID, Name: "nightly run", Scopes: scopes}
	}
	secret, made, err := w.NewToken(ctx, ada, mine(account.Read, account.Run))
	noError(t, err)
	if !regexp.MustCompile(`^kith_[a-z2-7]{52}$`).MatchString(secret) {
		t.Errorf("a token looks like %q", secret)
	}
	by := must(w.Token(ctx, secret, here))(t)
	equal(t, "may run", by.May(account.Operator), true)
	equal(t, "may manage", by.May(account.Manager), false)
	equal(t, "in the audit log", by.String(), "token:1")
	w.now = w.now.Add(time.Hour)
	must(w.Token(ctx, secret, here))(t)
	all := must(w.Tokens(ctx, ada, ada.User.ID))(t)
	equal(t, "last used", all[0].Used.Equal(w.now), true)

	ada = w.signIn("ada@example.com", good).Actor
	for _, s := range []account.Scope{account.Write, account.Admin} {
		_, _, err = w.NewToken(ctx, ada, mine(account.Read, s))
		fails(t, "a scope above the role", err, account.ErrForbidden)
	}
	_, _, err = w.NewToken(ctx, ada, mine())
	fails(t, "no scope", err, account.ErrRole)
	_, _, err = w.NewToken(ctx, ada, mine("everything"))
	fails(t, "what is no scope", err, account.ErrRole)
	_, _, err = w.NewToken(ctx, ada, account.TokenRequest{User: ada.User.ID, Name: "  ", Scopes: []account.Scope{account.Read}})
	fails(t, "no name", err, account.ErrName)
	_, _, err = w.NewToken(ctx, ada, account.TokenRequest{User: 1, Name: "x", Scopes: []account.Scope{account.Read}})
	fails(t, "for somebody else", err, account.ErrForbidden)
	_, _, err = w.NewToken(ctx, by, mine(account.Read))
	fails(t, "by a token", err, account.ErrForbidden)
	fails(t, "a password by a token", w.ChangePassword(ctx, by, good, other), account.ErrSession)
	_, err = w.Enrol(ctx, by)
	fails(t, "a second factor by a token", err, account.ErrSession)

	noError(t, w.SetRole(ctx, account.Console(), ada.User.ID, account.Viewer))
	equal(t, "may run after the user may not", must(w.Token(ctx, secret, here))(t).May(account.Operator), false)
	noError(t, w.RevokeToken(ctx, ada, made.ID))
	fails(t, "revoke again", w.RevokeToken(ctx, ada, made.ID), store.ErrNotFound)
	_, err = w.Token(ctx, secret, here)
	fails(t, "after revoking", err, account.ErrToken)
	for _, s := range []string{"", "kith_", "kith_abc", secret[5:], "KITH_" + secret[5:]} {
		_, err = w.Token(ctx, s, here)
		fails(t, "token "+s, err, account.ErrToken)
	}
}

func TestTokensExpire(t *testing.T) {
	w := open(t)
	ada := w.person("ada@example.com", account.Owner)
	secret, _, err := w.NewToken(ctx, ada, account.TokenRequest{User: ada.User.ID, Name: "x", Scopes: []account.Scope{account.Read}, Expires: w.now.Add(time.Hour)})
	noError(t, err)
	w.now = w.now.Add(time.Hour - time.Second)
	must(w.Token(ctx, secret, here))(t)
	w.now = w.now.Add(time.Second)
	_, err = w.Token(ctx, secret, here)
	fails(t, "after an hour", err, account.ErrToken)
}

func TestNobodyRevokesAnothersToken(t *testing.T) {
	w := open(t)
	_, made, err := w.NewToken(ctx, account.Console(), account.TokenRequest{User: w.add("ada@example.com", account.Owner).ID, Name: "x", Scopes: account.Scopes()})
	noError(t, err)
	fails(t, "by a manager", w.RevokeToken(ctx, w.person("bo@example.com", account.Manager), made.ID), account.ErrForbidden)
	noError(t, w.RevokeToken(ctx, w.person("cy@example.com", account.Owner), made.ID))
	token, _, err := w.NewToken(ctx, account.Console(), account.TokenRequest{User: made.User, Name: "y", Scopes: account.Scopes()})
	noError(t, err)
	w.raw(`UPDATE users SET disabled = 1 WHERE email = 'ada@example.com'`)
	_, err = w.Token(ctx, token, here)
	fails(t, "of a user who was disabled behind our back", err, account.ErrToken)
}
