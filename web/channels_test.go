package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

func TestChannels(t *testing.T) {
	w := newWorld(t)
	viewer, manager := w.as(account.Viewer), w.as(account.Manager)
	viewer.get("/settings/channels").is(http.StatusOK).says("main", "There is no channel yet").has("main a.main", 0)
	viewer.get("/settings/channels/new").is(http.StatusForbidden)
	viewer.get("/settings/outbox").is(http.StatusForbidden)
	manager.get("/settings/channels/new").says(".cards", "Slack", "mail server")
	manager.get("/settings/channels/new?type=smtp").has(`input[name="set.host"][required]`, 1)
	manager.post("/settings/channels/new?type=smtp", url.Values{"name": {"mail"}, "set.from": {"kith@example.org"}}).is(http.StatusUnprocessableEntity).says("main", "name of the server")
	manager.post("/settings/channels/new?type=slack", url.Values{"name": {"chat"}}).is(http.StatusUnprocessableEntity).says("main", "This is missing")
	made := manager.post("/settings/channels/new?type=webhook", url.Values{"name": {"hook"}, "set.url": {"https://hooks.example.org/kith"}, "on": {"failed", "guard"}}).is(http.StatusOK)
	secret := made.words(".once code")
	if !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("the signing secret: got %q, want one that is shown once", secret)
	}
	again := manager.get("/settings/channels/hook").is(http.StatusOK).has(".once", 0).has(`input[name="on"][checked]`, 2)
	if strings.Contains(again.body, secret) {
		t.Error("the signing secret is shown a second time")
	}
	mail := url.Values{"name": {"mail"}, "set.host": {"mail.example.org"}, "set.from": {"kith@example.org"}, "set.user": {"kith"}, "secret": {"open sesame"}}
	manager.post("/settings/channels/new?type=smtp", mail).is(http.StatusSeeOther)
	elsewhere := url.Values{"set.host": {"mail.example.com"}, "set.from": {"kith@example.org"}, "set.user": {"kith"}}
	manager.post("/settings/channels/mail", elsewhere).is(http.StatusUnprocessableEntity).says("main", "Give the secret once more")
	viewer.get("/settings/channels").says("tbody", "hook", "failed, guard", "mail.example.org")

	w.no(w.Workspace.Store.Post(t.Context(), store.Posting{ID: "msg_1", Channel: "hook", Kind: "message", Body: `{"message":{"title":"friends: <b>failed</b>","run":1}}`, Created: w.now}))
	p := store.Posting{ID: "msg_1", Channel: "hook"}
	_, err := w.Workspace.Store.Claim(t.Context(), &p, w.now.Add(time.Minute), w.now.Add(time.Hour))
	w.no(err)
	_, err = w.Workspace.Store.Bury(t.Context(), p, "410 Gone")
	w.no(err)
	manager.get("/settings/outbox").is(http.StatusOK).says("tbody", "friends: <b>failed</b>", "Never sent", "410 Gone")

	manager.post("/settings/channels/hook/delete", nil).is(http.StatusSeeOther)
	manager.get("/settings/channels/hook").is(http.StatusNotFound)
	w.audited("channels.save", "name:hook")
	w.audited("channels.delete", "name:hook")
}

func TestNotifyRules(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	viewer, manager := w.as(account.Viewer), w.as(account.Manager)
	const path = "/syncs/import-friends/notify"
	viewer.get(path).is(http.StatusOK).says("main", "No mail server is set up").has("main form", 0)
	viewer.post(path, nil).is(http.StatusForbidden)
	for _, row := range []struct {
		sentence string
		form     url.Values
		status   int
		says     string
	}{
		{"an address has to be one", url.Values{"to-0": {"e-mail"}, "email-0": {"nobody"}, "on-0": {"failed"}}, 422, "is not an e-mail address"},
		{"a channel has to be there", url.Values{"to-0": {"channel gone"}, "on-0": {"failed"}}, 422, "There is no channel gone"},
		{"somebody hears of something", url.Values{"to-0": {"e-mail"}, "email-0": {"ops@example.org"}}, 422, "Tick what ops@example.org is to hear of"},
		{"a share is one", url.Values{"to-0": {"e-mail"}, "email-0": {"ops@example.org"}, "on-0": {"failed"}, "over-0": {"lots"}}, 422, "an amount is"},
		{"nobody twice", url.Values{"to-0": {"e-mail"}, "email-0": {"ops@example.org"}, "on-0": {"failed"}, "to-1": {"e-mail"}, "email-1": {"ops@example.org"}, "on-1": {"late"}}, 422, "twice"},
		{"the rest is saved", url.Values{"to-0": {"e-mail"}, "email-0": {"ops@example.org"}, "on-0": {"failed", "guard"}, "over-0": {"5%"}, "to-1": {""}}, 303, ""},
	} {
		page := manager.post(path, row.form)
		if page.status != row.status || !strings.Contains(page.words("main"), row.says) {
			t.Errorf("%s: got %d and %q, want %d and %q", row.sentence, page.status, page.words("main"), row.status, row.says)
		}
	}
	viewer.get(path).says("main li", "ops@example.org: failed, guard")
	manager.get(path).has("fieldset", 2).has(`input[name="on-0"][checked]`, 2)
	manager.post(path, url.Values{"to-0": {""}}).is(http.StatusSeeOther)
	viewer.get(path).has("main li", 0)
}
