package account_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

func TestSetUp(t *testing.T) {
	w := open(t)
	equal(t, "needs set-up", must(w.NeedsSetUp(ctx))(t), true)
	for _, password := range []string{"", "admin", "password", "kith"} {
		_, err := w.SignIn(ctx, "admin@example.com", password, account.From{})
		fails(t, "a default password", err, account.ErrCredentials)
	}
	ada := account.NewUser{Email: "ada@example.com", Name: "Ada", Role: account.Viewer, Password: good}
	first := must(w.SetUpLink(ctx))(t)
	if len(first) < 26 { // 128 bits in base32
		t.Errorf("the link has %d letters", len(first))
	}
	second := must(w.SetUpLink(ctx))(t)
	for _, row := range []struct{ sentence, link string }{{"an earlier link", first}, {"no link", ""}, {"a made-up one", "abc"}} {
		_, err := w.SetUp(ctx, row.link, ada, here)
		fails(t, row.sentence, err, account.ErrLink)
	}
	w.now = w.now.Add(time.Hour)
	_, err := w.SetUp(ctx, second, ada, here)
	fails(t, "after an hour", err, account.ErrLink)

	third := must(w.SetUpLink(ctx))(t)
	for _, password := range []string{"", "short", "password1234"} {
		weak := ada
		weak.Password = password
		_, err = w.SetUp(ctx, third, weak, here)
		if _, ok := errors.AsType[*account.WeakPassword](err); !ok {
			t.Errorf("password %q: got %v, want it refused", password, err)
		}
	}
	in := must(w.SetUp(ctx, third, ada, here))(t)
	equal(t, "role", in.Actor.User.Role, "owner")
	must(w.Session(ctx, in.Secret, here))(t)
	equal(t, "needs set-up", must(w.NeedsSetUp(ctx))(t), false)
	_, err = w.SetUp(ctx, third, account.NewUser{Email: "eve@example.com", Password: good}, here)
	fails(t, "the same link again", err, account.ErrLink)
	_, err = w.SetUpLink(ctx)
	fails(t, "another link", err, account.ErrSetUp)
}

func TestASetUpLinkEndsWithTheFirstOwner(t *testing.T) {
	w := open(t)
	link := must(w.SetUpLink(ctx))(t)
	w.add("ada@example.com", account.Owner) // at the console
	_, err := w.SetUp(ctx, link, account.NewUser{Email: "eve@example.com", Password: good}, here)
	fails(t, "the link", err, account.ErrSetUp)
	equal(t, "users", len(must(w.Users(ctx, account.Console()))(t)), 1)
}

func TestManyAtOnceMakeOneOwner(t *testing.T) {
	w := open(t)
	link := must(w.SetUpLink(ctx))(t)
	var wg sync.WaitGroup
	made := make(chan int64, 8)
	for i := range 8 {
		wg.Go(func() {
			in, err := w.SetUp(ctx, link, account.NewUser{Email: string(rune('a'+i)) + "@example.com", Password: good}, here)
			if err == nil {
				made <- in.Actor.User.ID
			}
		})
	}
	wg.Wait()
	equal(t, "owners", len(made), 1)
	equal(t, "users", len(must(w.Users(ctx, account.Console()))(t)), 1)
}

func TestInvitation(t *testing.T) {
	w := open(t)
	ada := w.person("ada@example.com", account.Owner)
	_, err := w.Invite(ctx, ada, account.NewUser{Email: "ADA@example.com", Role: account.Viewer})
	fails(t, "who is there already", err, store.ErrTaken)
	first := must(w.Invite(ctx, ada, account.NewUser{Email: "bo@example.com", Role: account.Owner}))(t)
	link := must(w.Invite(ctx, ada, account.NewUser{Email: "Bo@example.com", Name: "Bo", Role: account.Operator}))(t)
	equal(t, "open invitations", len(must(w.Invitations(ctx, ada))(t)), 1)
	_, err = w.Accept(ctx, first, "Bo", good, here)
	fails(t, "the first after a second", err, account.ErrLink)
	equal(t, "whom it is for", must(w.Invited(ctx, link))(t).Email, "bo@example.com")
	_, err = w.SetUp(ctx, link, account.NewUser{Email: "bo@example.com", Password: good}, here)
	fails(t, "an invitation as a set-up link", err, account.ErrLink)
	fails(t, "an invitation as a reset link", w.Reset(ctx, link, good, here), account.ErrLink)
	w.now = w.now.Add(7*24*time.Hour - time.Minute)
	in := must(w.Accept(ctx, link, "", good, here))(t)
	equal(t, "role", in.Actor.User.Role, "operator")
	equal(t, "name", in.Actor.User.Name, "Bo")
	_, err = w.Accept(ctx, link, "Eve", good, here)
	fails(t, "the second time", err, account.ErrLink)

	ada = w.signIn("ada@example.com", good).Actor
	late := must(w.Invite(ctx, ada, account.NewUser{Email: "cy@example.com", Role: account.Viewer}))(t)
	w.now = w.now.Add(7 * 24 * time.Hour)
	_, err = w.Accept(ctx, late, "Cy", good, here)
	fails(t, "after seven days", err, account.ErrLink)
	ada = w.signIn("ada@example.com", good).Actor
	gone := must(w.Invite(ctx, ada, account.NewUser{Email: "cy@example.com", Role: account.Viewer}))(t)
	noError(t, w.Withdraw(ctx, ada, "cy@example.com"))
	_, err = w.Accept(ctx, gone, "Cy", good, here)
	fails(t, "one that was withdrawn", err, account.ErrLink)
}

func TestResetLink(t *testing.T) {
	w := open(t)
	ada := w.person("ada@example.com", account.Owner)
	bo := w.add("bo@example.com", account.Viewer)
	in := w.signIn("bo@example.com", good)
	link := must(w.ResetLink(ctx, ada, bo.ID))(t)
	if err := w.Reset(ctx, link, "password1234", here); err == nil {
		t.Error("a common password was taken")
	}
	noError(t, w.Reset(ctx, link, other, here))
	fails(t, "again", w.Reset(ctx, link, good, here), account.ErrLink)
	_, err := w.Session(ctx, in.Secret, here)
	fails(t, "the session before", err, account.ErrSession)
	w.signIn("bo@example.com", other)
	link = must(w.ResetLink(ctx, ada, bo.ID))(t)
	noError(t, w.Disable(ctx, ada, bo.ID))
	fails(t, "a disabled user's", w.Reset(ctx, link, good, here), account.ErrLink)
	link = must(w.ResetLink(ctx, ada, ada.User.ID))(t)
	w.now = w.now.Add(24 * time.Hour)
	fails(t, "after a day", w.Reset(ctx, link, good, here), account.ErrLink)
}
