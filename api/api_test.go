package api_test

import (
	"net/http"
	"testing"

	"github.com/kith-sync/kith/account"
)

func TestNobodyIsLetInBeforeSetUp(t *testing.T) {
	w := newWorld(t)
	a := w.nobody().get("/api/v1/syncs").code(http.StatusUnauthorized, "access.nobody")
	if want := "This installation is not set up yet: open the link that kith serve printed."; a.value["detail"] != want {
		t.Errorf("before set-up: got %q, want %q", a.value["detail"], want)
	}
}

func TestWhoIsLetIn(t *testing.T) {
	w := newWorld(t)
	owner := w.all()
	for _, row := range []struct {
		sentence string
		who      *program
		status   int
	}{
		{"nobody is not", w.nobody(), 401},
		{"a token is", owner, 200},
		{"a browser that has signed in is", w.browser(account.Viewer), 200},
		{"a token that never was is not", w.nobody().with("Authorization", "Bearer kith_no"), 401},
		{"a token does not come as a password", w.nobody().with("Authorization", "Basic a2l0aDpraXRo"), 401},
		{"a wrong token is not helped by a session", w.browser(account.Viewer).with("Authorization", "Bearer kith_no"), 401},
	} {
		if a := row.who.get("/api/v1/me"); a.status != row.status {
			t.Errorf("%s: got %d %s, want %d", row.sentence, a.status, a.body, row.status)
		} else if a.status == 401 && a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: WWW-Authenticate is missing", row.sentence)
		}
	}
}
