package account_test

import (
	"testing"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

func TestUsers(t *testing.T) {
	w := open(t)
	owner := w.person("Ada@Example.COM", account.Owner)
	equal(t, "the e-mail as it is kept", owner.User.Email, "ada@example.com")
	_, err := w.AddUser(ctx, account.Console(), account.NewUser{Email: "ADA@example.com", Role: account.Viewer})
	fails(t, "the same e-mail again", err, store.ErrTaken)
	_, err = w.AddUser(ctx, account.Console(), account.NewUser{Email: "nobody", Role: account.Viewer})
	fails(t, "no e-mail", err, account.ErrEmail)
	_, err = w.AddUser(ctx, account.Console(), account.NewUser{Email: "bo@example.com", Role: "root"})
	fails(t, "no role", err, account.ErrRole)
	_, err = w.AddUser(ctx, owner, account.NewUser{Email: "bo@example.com", Role: account.Viewer, Password: good})
	fails(t, "an owner who chooses somebody's password", err, account.ErrForbidden)
	equal(t, "users", len(must(w.Users(ctx, owner))(t)), 1)
}

func TestSomebodyStaysTheOwner(t *testing.T) {
	w := open(t)
	owner := w.person("ada@example.com", account.Owner)
	id := owner.User.ID
	fails(t, "demote", w.SetRole(ctx, owner, id, account.Manager), store.ErrLastOwner)
	fails(t, "disable", w.Disable(ctx, owner, id), store.ErrLastOwner)
	fails(t, "remove", w.RemoveUser(ctx, owner, id), store.ErrLastOwner)
	_, err := w.Session(ctx, w.signIn("ada@example.com", good).Secret, here)
	noError(t, err)

	second := w.add("bo@example.com", account.Owner)
	noError(t, w.Disable(ctx, owner, second.ID))
	fails(t, "demote beside a disabled owner", w.SetRole(ctx, owner, id, account.Manager), store.ErrLastOwner)
	noError(t, w.Enable(ctx, owner, second.ID))
	noError(t, w.SetRole(ctx, owner, id, account.Manager))
	fails(t, "the other one now", w.Disable(ctx, account.Console(), second.ID), store.ErrLastOwner)
}

func TestOnlyOwnersSeeToUsers(t *testing.T) {
	w := open(t)
	owner := w.add("ada@example.com", account.Owner)
	manager := w.person("bo@example.com", account.Manager)
	_, err := w.Users(ctx, manager)
	fails(t, "list", err, account.ErrForbidden)
	_, err = w.AddUser(ctx, manager, account.NewUser{Email: "cy@example.com", Role: account.Owner})
	fails(t, "add", err, account.ErrForbidden)
	_, err = w.Invite(ctx, manager, account.NewUser{Email: "cy@example.com", Role: account.Owner})
	fails(t, "invite", err, account.ErrForbidden)
	fails(t, "promote oneself", w.SetRole(ctx, manager, manager.User.ID, account.Owner), account.ErrForbidden)
	fails(t, "disable", w.Disable(ctx, manager, owner.ID), account.ErrForbidden)
	fails(t, "remove", w.RemoveUser(ctx, manager, owner.ID), account.ErrForbidden)
	fails(t, "rename another", w.Rename(ctx, manager, owner.ID, "Nobody"), account.ErrForbidden)
	fails(t, "reset", w.ResetPassword(ctx, manager, owner.ID, other, true), account.ErrForbidden)
	_, err = w.ResetLink(ctx, manager, owner.ID)
	fails(t, "reset link", err, account.ErrForbidden)
	_, err = w.Sessions(ctx, manager, owner.ID)
	fails(t, "another's sessions", err, account.ErrForbidden)
	fails(t, "drop another's second factor", w.DropTOTP(ctx, manager, owner.ID), account.ErrForbidden)
	_, err = w.Tokens(ctx, manager, 0)
	fails(t, "everybody's tokens", err, account.ErrForbidden)
	fails(t, "an owner without console resets", w.ResetPassword(ctx, w.signIn("ada@example.com", good).Actor, manager.User.ID, other, false), account.ErrForbidden)
	noError(t, w.Rename(ctx, manager, manager.User.ID, "Bo"))
	equal(t, "own name", must(w.Store.Accounts().User(ctx, manager.User.ID))(t).Name, "Bo")
	denied := 0
	for e, err := range w.Audit(ctx, 0) {
		noError(t, err)
		if e.Action == "denied" && e.Actor == "user:2" {
			denied++
		}
	}
	equal(t, "refusals in the audit log", denied, 12)
}

// ASVS 7.4.2, 7.4.3: what opens an account ends when it should not open it any more.
func TestWhatEndsSessions(t *testing.T) {
	for _, row := range []struct {
		sentence   string
		do         func(w *world, ada account.Actor) error
		own, elses bool // still good: the session that acts, and another one of the user
		token      bool
	}{
		{"nothing happened", func(*world, account.Actor) error { return nil }, true, true, true},
		{"signing out ends one", func(w *world, ada account.Actor) error { return w.SignOut(ctx, ada) }, false, true, true},
		{"a new password ends the others", func(w *world, ada account.Actor) error { return w.ChangePassword(ctx, ada, good, other) }, true, false, true},
		{"disabling ends everything", func(w *world, ada account.Actor) error { return w.Disable(ctx, account.Console(), ada.User.ID) }, false, false, false},
		{"disabling and enabling brings nothing back", func(w *world, ada account.Actor) error {
			noError(w.t, w.Disable(ctx, account.Console(), ada.User.ID))
			return w.Enable(ctx, account.Console(), ada.User.ID)
		}, false, false, false},
		{"removing ends everything", func(w *world, ada account.Actor) error { return w.RemoveUser(ctx, account.Console(), ada.User.ID) }, false, false, false},
		{"a reset ends every session", func(w *world, ada account.Actor) error {
			return w.ResetPassword(ctx, account.Console(), ada.User.ID, other, false)
		}, false, false, true},
		{"a person ends the other sessions", func(w *world, ada account.Actor) error { return w.EndSessions(ctx, ada, ada.User.ID) }, true, false, true},
		{"another e-mail ends the others", func(w *world, ada account.Actor) error {
			return w.ChangeEmail(ctx, ada, ada.User.ID, "countess@example.com")
		}, true, false, true},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := open(t)
			w.add("bo@example.com", account.Owner)
			ada := w.person("ada@example.com", account.Owner)
			first, second := w.signIn("ada@example.com", good), w.signIn("ada@example.com", good)
			token, _, err := w.NewToken(ctx, ada, account.TokenRequest{User: ada.User.ID, Name: "nightly", Scopes: account.Scopes()})
			noError(t, err)
			noError(t, row.do(w, first.Actor))
			_, err = w.Session(ctx, first.Secret, here)
			equal(t, "own session", err == nil, row.own)
			_, err = w.Session(ctx, second.Secret, here)
			equal(t, "other session", err == nil, row.elses)
			_, err = w.Token(ctx, token, here)
			equal(t, "token", err == nil, row.token)
		})
	}
}

func TestChangePassword(t *testing.T) {
	w := open(t)
	ada := w.person("ada@example.com", account.Owner)
	fails(t, "with a wrong present one", w.ChangePassword(ctx, ada, other, other), account.ErrCredentials)
	if err := w.ChangePassword(ctx, ada, good, "password1234"); err == nil {
		t.Error("a common password was taken")
	}
	noError(t, w.ChangePassword(ctx, ada, good, other))
	_, err := w.SignIn(ctx, "ada@example.com", good, here)
	fails(t, "sign in with the old one", err, account.ErrCredentials)
	w.signIn("ada@example.com", other)
	for range 4 {
		_ = w.ChangePassword(ctx, ada, good, other)
	}
	if soon := tooSoon(w.ChangePassword(ctx, ada, good, other)); soon {
		t.Error("four failures were too many")
	}
	if soon := tooSoon(w.ChangePassword(ctx, ada, other, good)); !soon {
		t.Error("an open browser lets somebody try passwords without end")
	}
}
