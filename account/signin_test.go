package account_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

func tooSoon(err error) bool {
	_, ok := errors.AsType[*account.TooSoon](err)
	return ok
}

// Whoever guesses learns nothing about who has an account (ASVS 6.3.8).
func TestSignInSaysTheSameToEverybody(t *testing.T) {
	w := open(t)
	w.add("ada@example.com", account.Owner)
	noError(t, w.Disable(ctx, account.Console(), w.add("bo@example.com", account.Owner).ID))
	must(w.AddUser(ctx, account.Console(), account.NewUser{Email: "cy@example.com", Role: account.Viewer}))(t)
	for _, row := range []struct{ sentence, email, password string }{
		{"a wrong password", "ada@example.com", other},
		{"an unknown e-mail", "nobody@example.com", good},
		{"a disabled user with the right password", "bo@example.com", good},
		{"a user without a password", "cy@example.com", ""},
		{"a user without a password, and the password of nobody", "cy@example.com", "the password of nobody"},
		{"nobody, and the password of nobody", "nobody@example.com", "the password of nobody"},
		{"what is no e-mail", "'; DROP TABLE users; --", good},
		{"nothing", "", ""},
		{"a megabyte", "ada@example.com", strings.Repeat("x", 1<<20)},
		{"the right password in capitals", "ada@example.com", strings.ToUpper(good)},
	} {
		_, err := w.SignIn(ctx, row.email, row.password, account.From{Address: "192.0.2." + row.email})
		if !errors.Is(err, account.ErrCredentials) || err.Error() != account.ErrCredentials.Error() {
			t.Errorf("%s: got %v, want %v", row.sentence, err, account.ErrCredentials)
		}
	}
	w.signIn(" Ada@EXAMPLE.com ", good)
	failed := 0
	for e, err := range w.Audit(ctx, 0) {
		noError(t, err)
		if e.Action == "login.failed" {
			failed++
		}
	}
	equal(t, "failures in the audit log", failed, 10)
}

// Time tells nothing either: for an unknown e-mail a password is hashed too. As
// no test may measure time, it looks whether the gate waits for its turn to hash.
func TestSignInOfNobodyCostsAsMuch(t *testing.T) {
	w := open(t)
	w.add("ada@example.com", account.Owner)
	account.SpoilDummy(w.Gate)
	if _, err := w.SignIn(ctx, "nobody@example.com", good, here); !errors.Is(err, argon2id.ErrInvalidHash) {
		t.Errorf("no hash was compared for nobody: %v", err)
	}
	release := account.TakeAllTurns(w.Gate)
	defer release()
	for _, email := range []string{"ada@example.com", "nobody@example.com", "no e-mail"} {
		short, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := w.SignIn(short, email, good, here); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want to wait for a turn", email, err)
		}
	}
}

func TestTooManySignIns(t *testing.T) {
	w := open(t)
	w.add("ada@example.com", account.Owner)
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		for range 5 {
			_, err := w.SignIn(ctx, email, other, here)
			fails(t, email, err, account.ErrCredentials)
		}
		_, err := w.SignIn(ctx, strings.ToUpper(email), good, here)
		equal(t, "the sixth for "+email+" has to wait, even with the right password", tooSoon(err), true)
	}
	w.now = w.now.Add(time.Minute)
	w.signIn("ada@example.com", good)
}

func TestSessionsEnd(t *testing.T) {
	for _, row := range []struct {
		sentence string
		after    []time.Duration // between uses
		good     bool
	}{
		{"used at once", []time.Duration{0}, true},
		{"used after half a day but a minute", []time.Duration{12*time.Hour - time.Minute}, true},
		{"idle for half a day", []time.Duration{12 * time.Hour}, false},
		{"used every eleven hours for six days", repeat(11*time.Hour, 14), true},
		{"used every eleven hours for more than seven days", repeat(11*time.Hour, 16), false},
	} {
		w := open(t)
		w.add("ada@example.com", account.Owner)
		in := w.signIn("ada@example.com", good)
		var err error
		for _, wait := range row.after {
			w.now = w.now.Add(wait)
			_, err = w.Session(ctx, in.Secret, here)
		}
		equal(t, row.sentence, err == nil, row.good)
	}
}

func repeat(d time.Duration, n int) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = d
	}
	return all
}

func TestSessions(t *testing.T) {
	w := open(t)
	w.add("ada@example.com", account.Owner)
	first := w.signIn("ada@example.com", good)
	w.now = w.now.Add(time.Hour)
	second := must(w.SignIn(ctx, "ada@example.com", good, account.From{Address: "2001:db8::1", Agent: strings.Repeat("long ", 100), Was: first.Secret}))(t)
	_, err := w.Session(ctx, first.Secret, here)
	fails(t, "the session that the browser had before", err, account.ErrSession)
	_, err = w.Session(ctx, "", here)
	fails(t, "no secret", err, account.ErrSession)
	w.now = w.now.Add(time.Hour)
	by := must(w.Session(ctx, second.Secret, account.From{Address: "203.0.113.7"}))(t)
	all := must(w.Sessions(ctx, by, by.User.ID))(t)
	equal(t, "sessions", len(all), 1)
	equal(t, "last seen", all[0].Seen.Equal(w.now), true)
	equal(t, "from", all[0].Address, "203.0.113.7")
	equal(t, "length of the agent", len(all[0].Agent), 200)
	noError(t, w.EndSession(ctx, by, by.User.ID, all[0].ID))
	fails(t, "end it again", w.EndSession(ctx, by, by.User.ID, all[0].ID), store.ErrNotFound)
	_, err = w.Session(ctx, second.Secret, here)
	fails(t, "after its end", err, account.ErrSession)

	bo := w.person("bo@example.com", account.Viewer)
	adas := w.signIn("ada@example.com", good).Actor
	fails(t, "end another's session", w.EndSession(ctx, bo, adas.User.ID, adas.Session.ID), account.ErrForbidden)
	fails(t, "end another's session as one's own", w.EndSession(ctx, bo, bo.User.ID, adas.Session.ID), store.ErrNotFound)
}

func TestProof(t *testing.T) {
	w := open(t)
	ada := w.person("ada@example.com", account.Owner)
	equal(t, "fresh after signing in", ada.Fresh(w.now), true)
	w.now = w.now.Add(16 * time.Minute)
	equal(t, "fresh later", ada.Fresh(w.now), false)
	_, err := w.Enrol(ctx, ada)
	fails(t, "a second factor without proof", err, account.ErrProve)
	fails(t, "another e-mail without proof", w.ChangeEmail(ctx, ada, ada.User.ID, "a@example.com"), account.ErrProve)
	fails(t, "dropping the second factor without proof", w.DropTOTP(ctx, ada, ada.User.ID), account.ErrProve)
	_, _, err = w.NewToken(ctx, ada, account.TokenRequest{User: ada.User.ID, Name: "x", Scopes: []account.Scope{account.Read}})
	fails(t, "a token without proof", err, account.ErrProve)
	_, err = w.Prove(ctx, ada, other)
	fails(t, "a wrong proof", err, account.ErrCredentials)
	ada = must(w.Prove(ctx, ada, good))(t)
	equal(t, "fresh after a proof", ada.Fresh(w.now), true)
	must(w.Enrol(ctx, ada))(t)
}

// Nothing that opens an account can be read in the database (reliability.md 5.4).
func TestNoSecretIsStored(t *testing.T) {
	w := open(t)
	link := must(w.SetUpLink(ctx))(t)
	in := must(w.SetUp(ctx, link, account.NewUser{Email: "ada@example.com", Password: good}, here))(t)
	invitation := must(w.Invite(ctx, in.Actor, account.NewUser{Email: "bo@example.com", Role: account.Viewer}))(t)
	reset := must(w.ResetLink(ctx, in.Actor, in.Actor.User.ID))(t)
	token, _, err := w.NewToken(ctx, in.Actor, account.TokenRequest{User: in.Actor.User.ID, Name: "nightly", Scopes: []account.Scope{account.Read}})
	noError(t, err)
	enrolment := must(w.Enrol(ctx, in.Actor))(t)
	in2, recovery, err := w.Confirm(ctx, in.Actor, codeAt(t, enrolment, w.now), here)
	noError(t, err)
	secrets := append(recovery, link, in.Secret, invitation, reset, token, enrolment.Secret, in2.Secret, good)
	for _, file := range []string{w.path, w.path + "-wal"} {
		text := strings.ToLower(string(must(os.ReadFile(file))(t)))
		if !strings.Contains(text, "ada@example.com") && file != w.path {
			t.Fatal("the test looks in the wrong place")
		}
		for i, s := range secrets {
			for _, form := range []string{s, strings.ReplaceAll(s, "-", "")} {
				if strings.Contains(text, strings.ToLower(form)) {
					t.Errorf("secret %d stands in the database", i)
				}
			}
		}
	}
}
