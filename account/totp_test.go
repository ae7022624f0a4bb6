package account_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

func codeAt(t *testing.T, e account.Enrolment, at time.Time) string {
	t.Helper()
	return must(totp.GenerateCode(e.Secret, at))(t)
}

// enrolled makes an owner with a second factor.
func enrolled(w *world) (account.Enrolment, []string) {
	w.t.Helper()
	ada := w.person("ada@example.com", account.Owner)
	e := must(w.Enrol(ctx, ada))(w.t)
	_, recovery, err := w.Confirm(ctx, ada, codeAt(w.t, e, w.now), here)
	noError(w.t, err)
	w.now = w.now.Add(time.Minute)
	return e, recovery
}

func TestSecondFactorIsSetUp(t *testing.T) {
	w := open(t)
	ada, elsewhere := w.person("ada@example.com", account.Owner), w.signIn("ada@example.com", good)
	e := must(w.Enrol(ctx, ada))(t)
	if !strings.HasPrefix(e.URL, "otpauth://totp/Kith:ada@example.com?") {
		t.Errorf("URL: got %s", e.URL)
	}
	equal(t, "asked before it is confirmed", w.signIn("ada@example.com", good).NeedsCode(), false)
	_, _, err := w.Confirm(ctx, ada, "000000", here)
	fails(t, "a wrong code", err, account.ErrCode)
	in, recovery, err := w.Confirm(ctx, ada, codeAt(t, e, w.now), here)
	noError(t, err)
	equal(t, "recovery codes", len(recovery), 8)
	must(w.Session(ctx, in.Secret, here))(t)
	_, err = w.Session(ctx, elsewhere.Secret, here)
	fails(t, "the other session", err, account.ErrSession)
	_, err = w.Enrol(ctx, in.Actor)
	fails(t, "a second one", err, store.ErrTaken)
	equal(t, "asked", w.signIn("ada@example.com", good).NeedsCode(), true)
	noError(t, w.DropTOTP(ctx, in.Actor, in.Actor.User.ID))
	equal(t, "asked after it was dropped", w.signIn("ada@example.com", good).NeedsCode(), false)
}

func TestSignInWithSecondFactor(t *testing.T) {
	for _, row := range []struct {
		sentence string
		code     func(w *world, e account.Enrolment, recovery []string) string
		good     bool
	}{
		{"the present code", func(w *world, e account.Enrolment, _ []string) string { return codeAt(w.t, e, w.now) }, true},
		{"as people type it", func(w *world, e account.Enrolment, _ []string) string {
			c := codeAt(w.t, e, w.now)
			return " " + c[:3] + " " + c[3:]
		}, true},
		{"the code before, of a slow clock", func(w *world, e account.Enrolment, _ []string) string {
			return codeAt(w.t, e, w.now.Add(-30*time.Second))
		}, true},
		{"the code after, of a fast clock", func(w *world, e account.Enrolment, _ []string) string {
			return codeAt(w.t, e, w.now.Add(30*time.Second))
		}, true},
		{"an old code", func(w *world, e account.Enrolment, _ []string) string {
			return codeAt(w.t, e, w.now.Add(-90*time.Second))
		}, false},
		{"the code that confirmed it", func(w *world, e account.Enrolment, _ []string) string {
			w.now = w.now.Add(-time.Minute)
			return codeAt(w.t, e, w.now)
		}, false},
		{"nothing", func(*world, account.Enrolment, []string) string { return "" }, false},
		{"a recovery code", func(_ *world, _ account.Enrolment, r []string) string { return r[0] }, true},
		{"a recovery code in capitals and without lines", func(_ *world, _ account.Enrolment, r []string) string {
			return strings.ToUpper(strings.ReplaceAll(r[7], "-", ""))
		}, true},
		{"a made-up recovery code", func(_ *world, _ account.Enrolment, r []string) string { return r[0][:20] + "aaaaaaaaa" }, false},
		{"the secret itself", func(_ *world, e account.Enrolment, _ []string) string { return e.Secret }, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := open(t)
			e, recovery := enrolled(w)
			begun := w.signIn("ada@example.com", good)
			_, err := w.Session(ctx, begun.Secret, here)
			fails(t, "before the code", err, account.ErrUnfinished)
			code := row.code(w, e, recovery)
			in, err := w.Code(ctx, must(w.Begun(ctx, begun.Secret, here))(t), code, here)
			if !row.good {
				fails(t, "code", err, account.ErrCode)
				_, err = w.Session(ctx, begun.Secret, here)
				fails(t, "afterwards", err, account.ErrUnfinished)
				return
			}
			noError(t, err)
			must(w.Session(ctx, in.Secret, here))(t)
			if in.Secret == begun.Secret {
				t.Error("the session's secret stayed the same")
			}
			_, err = w.Session(ctx, begun.Secret, here)
			fails(t, "the secret before", err, account.ErrSession)
			_, err = w.Code(ctx, w.signIn("ada@example.com", good), code, here)
			fails(t, "the same code again", err, account.ErrCode)
		})
	}
}

func TestOneCodeOpensOneSession(t *testing.T) {
	w := open(t)
	e, _ := enrolled(w)
	var begun []account.SignedIn
	for range 5 {
		begun = append(begun, w.signIn("ada@example.com", good))
	}
	code := codeAt(t, e, w.now)
	opened := make(chan bool, len(begun))
	var wg sync.WaitGroup
	for _, b := range begun {
		wg.Go(func() {
			if _, err := w.Code(ctx, b, code, here); err == nil {
				opened <- true
			}
		})
	}
	wg.Wait()
	equal(t, "sessions opened with one code", len(opened), 1)
}

func TestCodesAreNotGuessed(t *testing.T) {
	w := open(t)
	e, _ := enrolled(w)
	for i := range 5 {
		_, err := w.Code(ctx, w.signIn("ada@example.com", good), string(rune('0'+i))+"00000", account.From{Address: "192.0.2." + string(rune('1'+i))})
		fails(t, "a guess", err, account.ErrCode)
	}
	_, err := w.Code(ctx, w.signIn("ada@example.com", good), codeAt(t, e, w.now), here)
	equal(t, "the sixth has to wait, from wherever and in whichever session", tooSoon(err), true)
	begun := w.signIn("ada@example.com", good)
	w.now = w.now.Add(10 * time.Minute)
	_, err = w.Begun(ctx, begun.Secret, here)
	fails(t, "a sign-in that takes longer than ten minutes", err, account.ErrSession)
}

func TestSecondFactorIsRequired(t *testing.T) {
	w := openWith(t, true)
	w.add("ada@example.com", account.Owner)
	in := w.signIn("ada@example.com", good)
	equal(t, "has to set one up", in.NeedsEnrolment(), true)
	_, err := w.Session(ctx, in.Secret, here)
	fails(t, "before", err, account.ErrUnfinished)
	fails(t, "a new password before", w.ChangePassword(ctx, in.Actor, good, other), account.ErrSession)
	_, _, err = w.NewToken(ctx, in.Actor, account.TokenRequest{User: in.Actor.User.ID, Name: "x", Scopes: []account.Scope{account.Read}})
	fails(t, "a token before", err, account.ErrForbidden)
	_, err = w.Users(ctx, in.Actor)
	fails(t, "users before", err, account.ErrForbidden)
	begun := must(w.Begun(ctx, in.Secret, here))(t)
	e := must(w.Enrol(ctx, begun.Actor))(t)
	done, _, err := w.Confirm(ctx, begun.Actor, codeAt(t, e, w.now), here)
	noError(t, err)
	must(w.Users(ctx, must(w.Session(ctx, done.Secret, here))(t)))(t)
}

func TestNewRecoveryCodes(t *testing.T) {
	w := open(t)
	e, old := enrolled(w)
	in := must(w.Code(ctx, w.signIn("ada@example.com", good), codeAt(t, e, w.now), here))(t)
	fresh := must(w.NewRecoveryCodes(ctx, in.Actor))(t)
	_, err := w.Code(ctx, w.signIn("ada@example.com", good), old[1], here)
	fails(t, "an old one", err, account.ErrCode)
	must(w.Code(ctx, w.signIn("ada@example.com", good), fresh[1], here))(t)
	equal(t, "left", must(w.Store.Accounts().RecoveryLeft(ctx, in.Actor.User.ID))(t), 7)
}

func TestACodeProvesWhoSomebodyIs(t *testing.T) {
	w := open(t)
	e, recovery := enrolled(w)
	ada := must(w.Code(ctx, w.signIn("ada@example.com", good), recovery[0], here))(t).Actor
	for range 8 { // as often as somebody likes
		w.now = w.now.Add(16 * time.Minute)
		equal(t, "fresh before", ada.Fresh(w.now), false)
		ada = must(w.Prove(ctx, ada, codeAt(t, e, w.now)))(t)
		equal(t, "fresh after", ada.Fresh(w.now), true)
		_, err := w.Prove(ctx, ada, codeAt(t, e, w.now))
		fails(t, "the same code again", err, account.ErrCode)
	}
}
