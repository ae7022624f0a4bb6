package issuer_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"crypto/sha256"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/account/issuer"
	"github.com/kith-sync/kith/egress"
)

var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// A house is a small issuer of OpenID Connect: discovery, keys, a page that lets
// everybody in at once, and codes that are exchanged for tokens. It checks what
// an issuer has to check: client, callback, code once, PKCE (RFC 7636).
type house struct {
	*httptest.Server
	t    *testing.T
	key  *rsa.PrivateKey // that it signs with
	told *rsa.PrivateKey // that it publishes
	// What the next sign-in says, in place of what is right.
	claims    map[string]any
	algorithm string
	token     func(string) string
	namesIss  bool
	huge      bool
	askedAt   []string

	mu    sync.Mutex
	codes map[string]url.Values // the request that each was given for
}

const client = "kith-client"

func openHouse(t *testing.T) *house {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, key: key, told: key, algorithm: "RS256", claims: map[string]any{}, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", h.discovery)
	mux.HandleFunc("GET /keys", h.keys)
	mux.HandleFunc("GET /authorize", h.authorize)
	mux.HandleFunc("POST /token", h.exchange)
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return h
}

func (h *house) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (h *house) discovery(w http.ResponseWriter, _ *http.Request) {
	if h.huge {
		fmt.Fprint(w, `{"issuer":"`+strings.Repeat("x", 2<<20))
		return
	}
	h.answer(w, map[string]any{"issuer": h.URL, "authorization_endpoint": h.URL + "/authorize", "token_endpoint": h.URL + "/token",
		"jwks_uri": h.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		"authorization_response_iss_parameter_supported": h.namesIss})
}

func (h *house) keys(w http.ResponseWriter, _ *http.Request) {
	n := base64.RawURLEncoding.EncodeToString(h.told.N.Bytes())
	h.answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": n, "e": "AQAB"}}})
}

func (h *house) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != client || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(q.Get("nonce")) < 22 || len(q.Get("state")) < 22 {
		http.Error(w, "not a request this issuer takes", http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	code := fmt.Sprint("code", len(h.codes))
	h.codes[code] = q
	h.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	if h.namesIss {
		back.Set("iss", h.URL)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (h *house) exchange(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	asked, ok := h.codes[r.FormValue("code")]
	delete(h.codes, r.FormValue("code"))
	h.askedAt = append(h.askedAt, r.FormValue("code"))
	h.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret) // RFC 6749 2.3.1
	if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || id != client || secret != "client secret" || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		h.answer(w, map[string]any{"error": "invalid_grant", "error_description": "canary"})
		return
	}
	claims := map[string]any{"iss": h.URL, "aud": client, "sub": "s1", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(),
		"nonce": asked.Get("nonce"), "email": "ada@example.com", "email_verified": true, "name": "Ada"}
	for name, value := range h.claims {
		claims[name] = value
	}
	text, _ := json.Marshal(claims)
	token := oidctest.SignIDToken(h.key, "k1", h.algorithm, string(text))
	if h.token != nil {
		token = h.token(token)
	}
	h.answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": token})
}

func guarded(t *testing.T, allow string) *http.Client {
	t.Helper()
	guard, err := egress.New(egress.Settings{Allow: allow})
	if err != nil {
		t.Fatal(err)
	}
	return guard.Client(egress.Options{})
}

func (h *house) settings() issuer.Settings {
	return issuer.Settings{Issuer: h.URL, ClientID: client, Secret: "client secret", Callback: "https://kith.example.com/callback",
		Entry: account.Entry{Domains: []string{"example.com"}}}
}

func open(h *house, change func(*issuer.Settings)) *issuer.Provider {
	h.t.Helper()
	s := h.settings()
	if change != nil {
		change(&s)
	}
	p, err := issuer.Open(context.Background(), s, guarded(h.t, "127.0.0.1"))
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// visit goes where the browser is sent and returns what it brings back.
func visit(t *testing.T, redirect string) url.Values {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Get(redirect)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		t.Fatalf("the issuer did not send the browser back: %s", answer.Status)
	}
	return back.Query()
}

func signIn(p *issuer.Provider, t *testing.T) (account.Claim, error) {
	t.Helper()
	redirect, cookie, err := p.Begin(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	return p.Finish(context.Background(), cookie, visit(t, redirect), now)
}

// The whole way, and every token that must not open anything.
func TestTokens(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) func(*house) { return func(h *house) { h.claims[name] = value } }
	for _, row := range []struct {
		sentence string
		do       func(*house)
		want     error
	}{
		{"what is right", func(*house) {}, nil},
		{"what is right, with the issuer's name", func(h *house) { h.namesIss = true }, nil},
		{"the nonce of another sign-in", claim("nonce", "another"), issuer.ErrAnswer},
		{"no nonce", claim("nonce", nil), issuer.ErrAnswer},
		{"a token that has expired", claim("exp", now.Add(-time.Second).Unix()), issuer.ErrAnswer},
		{"a token of the future", claim("nbf", now.Add(time.Hour).Unix()), issuer.ErrAnswer},
		{"a token without an end", claim("exp", nil), issuer.ErrAnswer},
		{"a token for another client", claim("aud", "another"), issuer.ErrAnswer},
		{"a token for several, of which another is meant", func(h *house) { h.claims["aud"], h.claims["azp"] = []string{client, "another"}, "another" }, issuer.ErrAnswer},
		{"a token for several, of which none is meant", claim("aud", []string{client, "another"}), issuer.ErrAnswer},
		{"a token of another issuer", claim("iss", "https://evil.example.net"), issuer.ErrAnswer},
		{"a token signed by somebody else", func(h *house) { h.key = stranger }, issuer.ErrAnswer},
		{"a token that was altered", func(h *house) {
			h.token = func(token string) string {
				parts := strings.Split(token, ".")
				text, _ := base64.RawURLEncoding.DecodeString(parts[1])
				parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), "ada@", "eve@", 1)))
				return strings.Join(parts, ".")
			}
		}, issuer.ErrAnswer},
		{"a token that says it needs no signature", func(h *house) {
			h.token = func(token string) string {
				return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(token, ".")[1] + "."
			}
		}, issuer.ErrAnswer},
		{"an access token of somebody else", claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), issuer.ErrAnswer},
		{"no token", func(h *house) { h.token = func(string) string { return "" } }, issuer.ErrAnswer},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			h := openHouse(t)
			row.do(h)
			got, err := signIn(open(h, nil), t)
			if !errors.Is(err, row.want) || row.want == nil && err != nil {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			want := account.Claim{}
			if row.want == nil {
				want = account.Claim{Issuer: h.URL, Subject: "s1", Email: "ada@example.com", Verified: true, Name: "Ada"}
			}
			if got != want {
				t.Errorf("claim: got %+v, want %+v", got, want)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	for _, row := range []struct {
		sentence string
		do       func(h *house, cookie *string, query url.Values, at *time.Time)
		want     error
	}{
		{"what is right", func(*house, *string, url.Values, *time.Time) {}, nil},
		{"another browser (login CSRF)", func(_ *house, cookie *string, _ url.Values, _ *time.Time) { *cookie = "another" }, issuer.ErrAnswer},
		{"a browser without cookie", func(_ *house, cookie *string, _ url.Values, _ *time.Time) { *cookie = "" }, issuer.ErrAnswer},
		{"another state", func(_ *house, _ *string, q url.Values, _ *time.Time) { q.Set("state", "another") }, issuer.ErrAnswer},
		{"no state", func(_ *house, _ *string, q url.Values, _ *time.Time) { q.Del("state") }, issuer.ErrAnswer},
		{"after ten minutes", func(_ *house, _ *string, _ url.Values, at *time.Time) { *at = now.Add(10 * time.Minute) }, issuer.ErrAnswer},
		{"the answer of another issuer (mix-up)", func(_ *house, _ *string, q url.Values, _ *time.Time) { q.Set("iss", "https://evil.example.net") }, issuer.ErrAnswer},
		{"an issuer that always names itself and does not", func(_ *house, _ *string, q url.Values, _ *time.Time) { q.Del("iss") }, issuer.ErrAnswer},
		{"the person changed their mind", func(_ *house, _ *string, q url.Values, _ *time.Time) {
			q.Del("code")
			q.Set("error", "access_denied")
			q.Set("error_description", "canary")
		}, issuer.ErrRefused},
		{"another code", func(_ *house, _ *string, q url.Values, _ *time.Time) { q.Set("code", "another") }, issuer.ErrUnreachable},
		{"a code of somebody else's sign-in (code injection)", func(h *house, _ *string, q url.Values, _ *time.Time) {
			redirect, _, _ := open(h, nil).Begin(rand.Reader, now)
			q.Set("code", visit(h.t, redirect).Get("code"))
		}, issuer.ErrUnreachable},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			h := openHouse(t)
			h.namesIss = true
			p := open(h, nil)
			redirect, cookie, err := p.Begin(rand.Reader, now)
			if err != nil {
				t.Fatal(err)
			}
			query, at := visit(t, redirect), now
			row.do(h, &cookie, query, &at)
			_, err = p.Finish(context.Background(), cookie, query, at)
			if !errors.Is(err, row.want) || row.want == nil && err != nil {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error repeats a stranger's words: %v", err)
			}
			if errors.Is(row.want, issuer.ErrAnswer) && len(h.askedAt) > 0 {
				t.Error("the code was sent to the issuer all the same")
			}
			if _, err = p.Finish(context.Background(), cookie, query, at); !errors.Is(err, issuer.ErrAnswer) {
				t.Errorf("the same answer again: got %v, want %v", err, issuer.ErrAnswer)
			}
		})
	}
}

// An attacker who runs one issuer sends its victim's browser on to another (RFC
// 9700 4.4): the code of the honest one must not reach the attacker's.
func TestMixUp(t *testing.T) {
	honest, evil := openHouse(t), openHouse(t)
	p, q := open(honest, nil), open(evil, nil)
	redirect, cookie, err := q.Begin(rand.Reader, now) // the victim chooses the evil one
	if err != nil {
		t.Fatal(err)
	}
	sent, _ := url.Parse(redirect)
	query := visit(t, honest.URL+"/authorize?"+sent.RawQuery) // which sends them on to the honest one
	if _, err := p.Finish(context.Background(), cookie, query, now); !errors.Is(err, issuer.ErrAnswer) {
		t.Errorf("at the honest one's address: got %v, want %v", err, issuer.ErrAnswer)
	}
	query.Set("iss", honest.URL)
	if _, err := q.Finish(context.Background(), cookie, query, now); !errors.Is(err, issuer.ErrAnswer) {
		t.Errorf("at the evil one's address: got %v, want %v", err, issuer.ErrAnswer)
	}
	if len(evil.askedAt) > 0 {
		t.Error("the honest issuer's code went to the evil one")
	}
}

func TestRoleClaim(t *testing.T) {
	roles := map[string]account.Role{"crm-admins": account.Manager, "crm-users": account.Viewer, "crm-runs": account.Operator}
	for _, row := range []struct {
		sentence string
		groups   any
		want     account.Role
	}{
		{"one group", []string{"staff", "crm-users"}, account.Viewer},
		{"of several the highest counts", []string{"crm-users", "crm-admins", "crm-runs"}, account.Manager},
		{"a group as text", "crm-runs", account.Operator},
		{"a group in other letters is another", []string{"CRM-users"}, ""},
		{"no group that is known", []string{"staff"}, ""},
		{"no groups", nil, ""},
		{"what are no groups", map[string]any{"crm-admins": true}, ""},
	} {
		h := openHouse(t)
		h.claims["groups"] = row.groups
		got, err := signIn(open(h, func(s *issuer.Settings) { s.RoleClaim, s.Roles = "groups", roles }), t)
		if got.Role != row.want || (row.want == "") != errors.Is(err, account.ErrStranger) {
			t.Errorf("%s: got %q, %v, want %q", row.sentence, got.Role, err, row.want)
		}
	}
}

func TestVerifiedEmail(t *testing.T) {
	for _, row := range []struct {
		value any
		want  bool
	}{{true, true}, {"true", true}, {false, false}, {"false", false}, {nil, false}, {1, false}, {[]bool{true}, false}} {
		h := openHouse(t)
		h.claims["email_verified"] = row.value
		got, err := signIn(open(h, nil), t)
		if err != nil || got.Verified != row.want {
			t.Errorf("email_verified %v: got %v, %v, want %v", row.value, got.Verified, err, row.want)
		}
	}
}

func TestOpen(t *testing.T) {
	h := openHouse(t)
	for _, row := range []struct {
		sentence string
		change   func(*issuer.Settings)
		client   *http.Client
		want     string // in the error; empty: it opens
	}{
		{"what is right", func(*issuer.Settings) {}, guarded(t, "127.0.0.1"), ""},
		{"an address that the egress guard does not allow", func(*issuer.Settings) {}, guarded(t, ""), "Kith does not connect to"},
		{"the default client", func(*issuer.Settings) {}, http.DefaultClient, "guarded"},
		{"no client", func(*issuer.Settings) {}, nil, "guarded"},
		{"an issuer by another name (IdP mix-up by discovery)", func(s *issuer.Settings) { s.Issuer = strings.Replace(s.Issuer, "127.0.0.1", "localhost", 1) }, guarded(t, "127.0.0.1\nlocalhost\n::1"), "does not answer as it should"},
		{"an issuer without TLS", func(s *issuer.Settings) { s.Issuer = "http://login.example.com" }, guarded(t, ""), "https://"},
		{"no domains", func(s *issuer.Settings) { s.Entry.Domains = nil }, guarded(t, ""), "domains"},
		{"no client ID", func(s *issuer.Settings) { s.ClientID = "" }, guarded(t, ""), "client ID"},
		{"a role that does not exist", func(s *issuer.Settings) { s.Roles = map[string]account.Role{"admins": "root"} }, guarded(t, ""), "no such role"},
	} {
		s := h.settings()
		row.change(&s)
		_, err := issuer.Open(context.Background(), s, row.client)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", row.sentence, err, row.want)
		}
	}
	h.huge = true
	if _, err := issuer.Open(context.Background(), h.settings(), guarded(t, "127.0.0.1")); err == nil {
		t.Error("two megabytes were taken for a discovery document")
	}
}

func TestBegunSignInsNeedBoundedMemory(t *testing.T) {
	h := openHouse(t)
	p := open(h, nil)
	for i := range 10_100 {
		_, _, err := p.Begin(rand.Reader, now.Add(-9*time.Minute+time.Duration(i)*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := issuer.Waiting(p); n > 10_000 {
		t.Errorf("%d are kept, want at most 10,000", n)
	}
}
