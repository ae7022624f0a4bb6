package account_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
)

// What somebody with the database can do to the log, and what is found of it.
func TestVerify(t *testing.T) {
	const drop = `DROP TRIGGER audit_update; DROP TRIGGER audit_delete;`
	for _, row := range []struct {
		sentence string
		damage   []string
		broken   int64 // 0: nothing is found
	}{
		{"nothing was done", nil, 0},
		{"an action was altered", []string{drop, `UPDATE audit SET action = 'login' WHERE n = 3`}, 3},
		{"an actor was altered", []string{drop, `UPDATE audit SET actor = 'console' WHERE n = 2`}, 2},
		{"an object was altered", []string{drop, `UPDATE audit SET object = 'user:9' WHERE n = 4`}, 4},
		{"a time was altered", []string{drop, `UPDATE audit SET at = at - 1 WHERE n = 4`}, 4},
		{"an address was altered", []string{drop, `UPDATE audit SET address = '' WHERE n = 2`}, 2},
		{"a detail was altered", []string{drop, `UPDATE audit SET detail = '{"role":"viewer"}' WHERE n = 1`}, 1},
		{"words moved from one column to the next", []string{drop, `UPDATE audit SET action = action || 'u', object = substr(object, 2) WHERE n = 2`}, 2},
		{"the first was taken away", []string{drop, `DELETE FROM audit WHERE n = 1`}, 1},
		{"one in the middle was taken away", []string{drop, `DELETE FROM audit WHERE n = 3`}, 3},
		{"one in the middle was taken away and the others moved up", []string{drop, `DELETE FROM audit WHERE n = 3`, `UPDATE audit SET n = n - 1 WHERE n > 3`}, 3},
		{"the last was taken away", []string{drop, `DELETE FROM audit WHERE n = 6`}, 6},
		{"everything was taken away", []string{drop, `DELETE FROM audit`}, 1},
		{"two changed places", []string{drop, `UPDATE audit SET n = 99 WHERE n = 3`, `UPDATE audit SET n = 3 WHERE n = 4`, `UPDATE audit SET n = 4 WHERE n = 99`}, 3},
		{"one was put in at the end", []string{`INSERT INTO audit SELECT 7, at, actor, action, object, address, detail, hash FROM audit WHERE n = 6`}, 7},
		{"the last was taken away with the note of the end", []string{drop, `DELETE FROM audit WHERE n = 6`,
			`UPDATE setting SET value = (SELECT n || ' ' || hash FROM audit WHERE n = 5) WHERE name = 'audit head'`}, 6},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := open(t)
			ada := w.person("ada@example.com", account.Owner) // 1, 2
			bo := w.add("bo@example.com", account.Viewer)     // 3
			noError(t, w.SetRole(ctx, ada, bo.ID, account.Operator))
			_, err := w.SignIn(ctx, "bo@example.com", other, here) // 5
			fails(t, "sign-in", err, account.ErrCredentials)
			noError(t, w.Disable(ctx, ada, bo.ID)) // 6
			known := must(w.Verify(ctx, account.Head{}))(t)
			equal(t, "entries", known.N, 6)
			w.raw(row.damage...)
			_, err = w.Verify(ctx, known)
			broken, _ := errors.AsType[*account.Broken](err)
			if row.broken == 0 && err != nil || row.broken != 0 && (broken == nil || broken.N != row.broken) {
				t.Errorf("got %v, want entry %d", err, row.broken)
			}
		})
	}
}

func TestTheDatabaseRefusesToChangeTheLog(t *testing.T) {
	w := open(t)
	w.add("ada@example.com", account.Owner)
	for _, statement := range []string{`UPDATE audit SET actor = 'nobody'`, `DELETE FROM audit`} {
		if err := rawError(w, statement); err == nil || !strings.Contains(err.Error(), "only added to") {
			t.Errorf("%s: got %v", statement, err)
		}
	}
}

// Another key makes another chain: who has the database alone cannot forge one.
func TestTheChainNeedsItsKey(t *testing.T) {
	w := open(t)
	w.add("ada@example.com", account.Owner)
	options := w.Options
	options.AuditKey = []byte("another key of enough bytes")
	forged := must(account.New(options))(t)
	if _, err := forged.Verify(ctx, account.Head{}); err == nil {
		t.Error("the chain was verified with another key")
	}
	options.AuditKey = nil
	if _, err := account.New(options); err == nil {
		t.Error("a gate without a key was made")
	}
}

// The log names people by number, and repeats nothing that was typed in (ASVS
// 16.2.5).
func TestTheLogHasNoPersonalData(t *testing.T) {
	w := open(t)
	ada := must(w.SetUp(ctx, must(w.SetUpLink(ctx))(t), account.NewUser{Email: "canary@example.com", Name: "Canary Bird", Password: good}, here))(t).Actor
	_, _ = w.SignIn(ctx, "canary2@example.com", "canary password", account.From{Address: "canary\r\nactor: user:1", Agent: "canary agent"})
	_, _ = w.SignIn(ctx, "canary@example.com", "canary password", here)
	must(w.Invite(ctx, ada, account.NewUser{Email: "canary3@example.com", Name: "Canary", Role: account.Viewer}))(t)
	noError(t, w.ChangeEmail(ctx, ada, ada.User.ID, "canary4@example.com"))
	noError(t, w.Rename(ctx, ada, ada.User.ID, "Canary"))
	_, _, err := w.NewToken(ctx, ada, account.TokenRequest{User: ada.User.ID, Name: "canary token", Scopes: []account.Scope{account.Read}})
	noError(t, err)
	_, _ = w.SignInBy(ctx, account.Claim{Issuer: "https://canary.example.com", Subject: "canary", Email: "canary@example.net"}, account.Entry{}, here)
	var actions []string
	for e, err := range w.Audit(ctx, 0) {
		noError(t, err)
		actions = append(actions, e.Action)
		if text := strings.ToLower(string(must(json.Marshal(e))(t))); strings.Contains(text, "canary") || strings.Contains(text, "example.") {
			t.Errorf("entry %d names somebody: %s", e.N, text)
		}
	}
	want := "setup.link setup.done login.failed login.failed user.invite user.email user.rename token.add login.stranger"
	equal(t, "actions", strings.Join(actions, " "), want)
}

func TestAuditPages(t *testing.T) {
	w := open(t)
	for range 1203 {
		noError(t, w.Note(ctx, account.Console(), account.Event{Action: "test", Detail: map[string]string{"b": "2", "a": "1\n"}}))
	}
	want := int64(700)
	for e, err := range w.Audit(ctx, 700) {
		noError(t, err)
		want++
		equal(t, "number", e.N, want)
	}
	equal(t, "last", want, 1203)
	page := must(w.LatestAudit(ctx, 0, 3))(t)
	equal(t, "newest", page[0].N, 1203)
	page = must(w.LatestAudit(ctx, page[2].N, 3))(t)
	equal(t, "the page before", page[0].N, 1200)
	equal(t, "detail", page[0].Detail, `{"a":"1\n","b":"2"}`)
	equal(t, "verified", must(w.Verify(ctx, account.Head{N: page[0].N, Hash: page[0].Hash}))(t).N, 1203)
	_, err := w.Verify(ctx, account.Head{N: 1200, Hash: "another"})
	broken, _ := errors.AsType[*account.Broken](err)
	if broken == nil || broken.N != 1200 {
		t.Errorf("a known head that is not there: got %v", err)
	}
}

// A change that cannot be written to the log does not happen.
func TestNoChangeWithoutItsEntry(t *testing.T) {
	w := open(t)
	ada, bo := w.person("ada@example.com", account.Owner), w.add("bo@example.com", account.Viewer)
	w.raw(`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	if err := w.SetRole(ctx, ada, bo.ID, account.Owner); err == nil {
		t.Error("the change was made")
	}
	equal(t, "role", must(w.Store.Accounts().User(ctx, bo.ID))(t).Role, "viewer")
	if _, err := w.SignIn(ctx, "bo@example.com", good, here); err == nil {
		t.Error("somebody signed in unseen")
	}
	equal(t, "sessions", len(must(w.Store.Accounts().Sessions(ctx, bo.ID))(t)), 0)
}
