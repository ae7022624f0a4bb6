package account_test

import (
	"testing"

	"github.com/kith-sync/kith/account"
)

func TestSignInByIssuer(t *testing.T) {
	const idp = "https://login.example.com"
	known := account.Claim{Issuer: idp, Subject: "s1", Email: "Ada@example.com", Verified: true, Name: "Ada"}
	entry := account.Entry{Domains: []string{"example.com"}}
	with := func(change func(*account.Claim)) account.Claim {
		c := known
		change(&c)
		return c
	}
	for _, row := range []struct {
		sentence string
		claim    account.Claim
		entry    account.Entry
		role     string // of who comes in; empty: nobody does
	}{
		{"who has an account is found by a verified e-mail", known, entry, "manager"},
		{"an e-mail that is not verified opens nothing", with(func(c *account.Claim) { c.Verified = false }), entry, ""},
		{"nor does one of another domain", with(func(c *account.Claim) { c.Email = "owner@example.org" }), entry, ""},
		{"nor one of a domain below", with(func(c *account.Claim) { c.Email = "ada@evil.example.com" }), account.Entry{Domains: []string{"example.com"}, Create: true}, ""},
		{"nor one that hides the domain", with(func(c *account.Claim) { c.Email = `"ada@example.com"@example.org` }), account.Entry{Domains: []string{"example.com"}, Create: true}, ""},
		{"the zero entry lets in nobody", known, account.Entry{}, ""},
		{"who is not there is not made", with(func(c *account.Claim) { c.Email = "new@example.com" }), entry, ""},
		{"unless that is set", with(func(c *account.Claim) { c.Email = "new@example.com" }), account.Entry{Domains: []string{"EXAMPLE.com"}, Create: true}, "viewer"},
		{"with the role that is set", with(func(c *account.Claim) { c.Email = "new@example.com" }), account.Entry{Domains: []string{"example.com"}, Create: true, Role: account.Operator}, "operator"},
		{"or the one in the claim", with(func(c *account.Claim) { c.Email, c.Role = "new@example.com", account.Manager }),
			account.Entry{Domains: []string{"example.com"}, Create: true, Role: account.Operator}, "manager"},
		{"a role in the claim becomes the user's", with(func(c *account.Claim) { c.Role = account.Operator }), entry, "operator"},
		{"the last owner keeps theirs", with(func(c *account.Claim) { c.Email, c.Role = "owner@example.com", account.Viewer }), entry, "owner"},
		{"a disabled user stays out", with(func(c *account.Claim) { c.Email = "disabled@example.com" }), account.Entry{Domains: []string{"example.com"}, Create: true}, ""},
		{"a claim without subject is nobody's", with(func(c *account.Claim) { c.Subject = "" }), entry, ""},
		{"what is no e-mail is nobody's", with(func(c *account.Claim) { c.Email = "ada" }), account.Entry{Domains: []string{"", "ada"}, Create: true}, ""},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := open(t)
			w.add("owner@example.com", account.Owner)
			w.add("ada@example.com", account.Manager)
			noError(t, w.Disable(ctx, account.Console(), w.add("disabled@example.com", account.Viewer).ID))
			in, err := w.SignInBy(ctx, row.claim, row.entry, here)
			if row.role == "" {
				fails(t, "sign-in", err, account.ErrStranger)
				equal(t, "users", len(must(w.Users(ctx, account.Console()))(t)), 3)
				return
			}
			noError(t, err)
			by := must(w.Session(ctx, in.Secret, here))(t)
			equal(t, "role", by.User.Role, row.role)
			must(w.Verify(ctx, account.Head{}))(t)
		})
	}
}

// Once bound, the subject counts and the e-mail does not: an address that was
// given to somebody else, or that was changed at the issuer, opens nothing of others.
func TestSubjectsStay(t *testing.T) {
	w := open(t)
	w.add("owner@example.com", account.Owner)
	ada := w.add("ada@example.com", account.Viewer)
	entry := account.Entry{Domains: []string{"example.com"}, Create: true}
	claim := account.Claim{Issuer: "https://login.example.com", Subject: "s1", Email: "ada@example.com", Verified: true}
	must(w.SignInBy(ctx, claim, entry, here))(t)

	moved := claim
	moved.Email, moved.Verified = "owner@example.com", false
	equal(t, "the same subject with another e-mail", must(w.SignInBy(ctx, moved, entry, here))(t).Actor.User.ID, ada.ID)
	recycled := claim
	recycled.Subject = "s2"
	_, err := w.SignInBy(ctx, recycled, entry, here)
	fails(t, "the same e-mail with another subject", err, account.ErrStranger)
	elsewhere := claim
	elsewhere.Issuer, elsewhere.Email = "https://evil.example.net", "x@example.com"
	in := must(w.SignInBy(ctx, elsewhere, entry, here))(t)
	if in.Actor.User.ID == ada.ID {
		t.Error("another issuer's subject of the same name is the same person")
	}
	noError(t, w.Disable(ctx, account.Console(), ada.ID))
	_, err = w.SignInBy(ctx, claim, entry, here)
	fails(t, "a bound user who is disabled", err, account.ErrStranger)
}

func TestSecondFactorAfterIssuer(t *testing.T) {
	w := openWith(t, true)
	claim := account.Claim{Issuer: "https://login.example.com", Subject: "s1", Email: "ada@example.com", Verified: true}
	entry := account.Entry{Domains: []string{"example.com"}}
	w.add("ada@example.com", account.Owner)
	in := must(w.SignInBy(ctx, claim, entry, here))(t)
	equal(t, "has to set one up", in.NeedsEnrolment(), false)
	e := must(w.Enrol(ctx, in.Actor))(t)
	_, _, err := w.Confirm(ctx, in.Actor, codeAt(t, e, w.now), here)
	noError(t, err)
	equal(t, "is asked for the one they have", must(w.SignInBy(ctx, claim, entry, here))(t).NeedsCode(), true)
}
