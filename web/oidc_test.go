package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/workspace"
)

// A house is an issuer that lets everybody in at once; what an issuer has to check of
// us is checked in the tests of account/issuer.
type house struct {
	*httptest.Server
	nonce  string
	claims map[string]any
}

func (w *world) openHouse() *house {
	w.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.no(err)
	h := &house{claims: map[string]any{"sub": "s1", "email": "viewer@example.org", "email_verified": true, "name": "Ada"}}
	mux := http.NewServeMux()
	h.Server = httptest.NewServer(mux)
	w.t.Cleanup(h.Close)
	keys := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k1", Algorithm: oidc.RS256}}}
	keys.SetIssuer(h.URL)
	mux.Handle("GET /.well-known/openid-configuration", keys)
	mux.Handle("GET /keys", keys)
	mux.HandleFunc("GET /auth", func(out http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		h.nonce = q.Get("nonce")
		http.Redirect(out, r, q.Get("redirect_uri")+"?"+url.Values{"code": {"c"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", func(out http.ResponseWriter, _ *http.Request) {
		claims := map[string]any{"iss": h.URL, "aud": "kith", "exp": w.now.Add(time.Hour).Unix(), "iat": w.now.Unix(), "nonce": h.nonce}
		for name, value := range h.claims {
			claims[name] = value
		}
		text, _ := json.Marshal(claims)
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(map[string]any{"access_token": "canary-access", "token_type": "Bearer", "id_token": oidctest.SignIDToken(key, "k1", "RS256", string(text))})
	})
	u, err := url.Parse(h.URL)
	w.no(err)
	w.no(os.WriteFile(filepath.Join(w.Workspace.Folder, workspace.AllowName), []byte(u.Host+"\n"), 0o600))
	return h
}

func (w *world) decide(change func(*workspace.SignIn)) {
	w.t.Helper()
	w.no(w.Workspace.SaveSignIn(w.t.Context(), func(s *workspace.SignIn) error { change(s); return nil }))
}

// through begins a sign-in and follows the issuer back.
func (p *person) through(h *house, next string) *answer {
	p.t.Helper()
	to := p.get("/signin/oidc?next=" + url.QueryEscape(next)).is(http.StatusSeeOther).to
	if !strings.HasPrefix(to, h.URL+"/auth?") {
		p.t.Fatalf("the sign-in led to %q, want the issuer", to)
	}
	resp, err := p.client.Get(to) //nolint:noctx // of a test
	p.no(err)
	resp.Body.Close()
	return p.get(strings.TrimPrefix(resp.Header.Get("Location"), p.url))
}

func TestSignInWithAnotherAccount(t *testing.T) {
	w := newWorld(t)
	w.as(account.Viewer)
	w.stranger().get("/signin").is(http.StatusOK).has(`a[href^="/signin/oidc"]`, 0)
	w.stranger().get("/signin/oidc").is(http.StatusNotFound)
	h := w.openHouse()
	sealed, err := w.Workspace.SealIssuer(t.Context(), h.URL, "canary")
	w.no(err)
	w.decide(func(s *workspace.SignIn) {
		s.Issuer = &workspace.Issuer{Name: "Example <b>", Address: h.URL, ClientID: "kith", Secret: sealed, Domains: []string{"example.org"}}
	})
	p := w.stranger()
	p.get("/signin?next=/runs").is(http.StatusOK).says(".door", "Sign in with Example <b>").has(`a[href="/signin/oidc?next=%2fruns"]`, 1)
	if to := p.through(h, "/runs").to; to != "/runs" {
		t.Errorf("after the sign-in: got %q, want /runs", to)
	}
	p.get("/me").is(http.StatusOK).says("main", "viewer@example.org")
	if to := w.stranger().through(h, "https://evil.example.org").to; to != "/" {
		t.Errorf("another site as the next page: got %q, want /", to)
	}

	h.claims = map[string]any{"sub": "s2", "email": "stranger@example.org", "email_verified": true}
	w.stranger().through(h, "/").is(http.StatusOK).says(".alarm", "You have no account here")
	h.claims = map[string]any{"sub": "s3", "email": "viewer@example.com", "email_verified": true}
	w.stranger().through(h, "/").says(".alarm", "You have no account here")

	h.claims = map[string]any{"sub": "s1"}
	victim, thief := w.stranger(), w.stranger()
	to := thief.get("/signin/oidc").to
	resp, err := thief.client.Get(to) //nolint:noctx // of a test
	w.no(err)
	resp.Body.Close()
	answer := strings.TrimPrefix(resp.Header.Get("Location"), w.url)
	victim.get(answer).is(http.StatusOK).says(".alarm", "not begun in this browser")
	victim.get("/signin/oidc")
	victim.get(answer).says(".alarm", "not begun in this browser")
	thief.get(answer).says(".alarm", "not begun in this browser") // it was looked at once

	h.Close()
	w.decide(func(s *workspace.SignIn) { s.Issuer.Name = "Example" }) // it is asked anew
	w.stranger().get("/signin/oidc").is(http.StatusOK).says(".alarm", "does not answer as it should")
}

func TestAnIssuerSaysTheRole(t *testing.T) {
	w := newWorld(t)
	h := w.openHouse()
	w.decide(func(s *workspace.SignIn) {
		s.Issuer = &workspace.Issuer{Name: "Example", Address: h.URL, ClientID: "kith", Domains: []string{"example.org"}, Create: true,
			RoleClaim: "groups", Roles: map[string]account.Role{"staff": account.Viewer, "admins": account.Manager}}
	})
	h.claims["email"], h.claims["groups"] = "new@example.org", []string{"staff", "admins"}
	p := w.stranger()
	p.through(h, "/")
	p.get("/connections/new").is(http.StatusOK)
	p.get("/settings/users").is(http.StatusForbidden)
	h.claims["groups"] = []string{"others"}
	w.stranger().through(h, "/").says(".alarm", "You have no account here")
}

func TestNobodyReachesAPrivateIssuerByDefault(t *testing.T) {
	w := newWorld(t)
	h := w.openHouse()
	w.no(os.Remove(filepath.Join(w.Workspace.Folder, workspace.AllowName)))
	w.decide(func(s *workspace.SignIn) {
		s.Issuer = &workspace.Issuer{Name: "Example", Address: h.URL, ClientID: "kith", Domains: []string{"example.org"}}
	})
	w.stranger().get("/signin/oidc").is(http.StatusOK).says(".alarm", "does not answer as it should")
}

func TestTheInstallationAsksForASecondFactor(t *testing.T) {
	w := newWorld(t)
	w.decide(func(s *workspace.SignIn) { s.RequireTOTP = true })
	gate, err := w.Workspace.Gate(t.Context(), func() time.Time { return w.now }, false)
	w.no(err)
	if !gate.RequireTOTP {
		t.Error("the gate asks nobody for a second factor, want everybody")
	}
}
