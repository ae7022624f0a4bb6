package server

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/workspace"
)

func TestWhoMayLookAtTheMetrics(t *testing.T) {
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	gate, err := w.Gate(t.Context(), time.Now, false)
	if err != nil {
		t.Fatal(err)
	}
	reader, runner := tokens(t, gate)
	for _, row := range []struct {
		sentence, base, host, from, forwarded, token string
		want                                         int
	}{
		{"this machine", "http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:5000", "", "", 200},
		{"this machine by its name", "http://127.0.0.1:8080", "localhost:8080", "127.0.0.1:5000", "", "", 200},
		{"this machine, version 6", "http://[::1]:8080", "[::1]:8080", "[::1]:5000", "", "", 200},
		{"another machine", "http://127.0.0.1:8080", "127.0.0.1:8080", "203.0.113.9:5000", "", "", 401},
		{"another machine, by a proxy on this one", "http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:5000", "203.0.113.9", "", 401},
		{"a proxy that does not say so", "https://kith.example.org", "127.0.0.1:8080", "127.0.0.1:5000", "", "", 401},
		{"a page that makes a browser ask here", "http://127.0.0.1:8080", "evil.example:8080", "127.0.0.1:5000", "", "", 401},
		{"another machine with a token that may read", "https://kith.example.org", "kith.example.org", "203.0.113.9:5000", "", reader, 200},
		{"one with a token that may only run", "https://kith.example.org", "kith.example.org", "203.0.113.9:5000", "", runner, 401},
		{"one with a token that is none", "https://kith.example.org", "kith.example.org", "203.0.113.9:5000", "", "kith_nonsense", 401},
	} {
		s := service.New(service.Options{Workspace: w, Accounts: gate, Log: slog.New(slog.DiscardHandler), Now: time.Now, BaseURL: row.base, Version: "v1"})
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
		r.Host, r.RemoteAddr = row.host, row.from
		if row.forwarded != "" {
			r.Header.Set("X-Forwarded-For", row.forwarded)
		}
		if row.token != "" {
			r.Header.Set("Authorization", "Bearer "+row.token)
		}
		got := httptest.NewRecorder()
		figures(s).ServeHTTP(got, r)
		if got.Code != row.want {
			t.Errorf("%s: got %d, want %d\n%s", row.sentence, got.Code, row.want, got.Body)
		}
	}
}

// tokens are one that may read and one that may only run.
func tokens(t *testing.T, gate *account.Gate) (reader, runner string) {
	t.Helper()
	u, err := gate.AddUser(t.Context(), account.Console(), account.NewUser{Email: "ada@example.org", Role: account.Owner})
	if err != nil {
		t.Fatal(err)
	}
	for scope, into := range map[account.Scope]*string{account.Read: &reader, account.Run: &runner} {
		if *into, _, err = gate.NewToken(t.Context(), account.Console(), account.TokenRequest{User: u.ID, Name: string(scope),
			Scopes: []account.Scope{scope}, Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	return reader, runner
}
