package salesforce_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
)

// An org is so little of one that only signing in can go wrong.
type org struct {
	*httptest.Server
	mu      sync.Mutex
	good    string // the access token that holds
	serial  int
	refresh string // the refresh token that holds, where it is checked
	rotate  bool
	answer  func(w http.ResponseWriter, form url.Values) bool // instead of a token
	forms   []url.Values
	calls   int
}

func newOrg(t *testing.T) *org {
	t.Helper()
	o := &org{}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

func (o *org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/oauth2/token") {
		o.token(w, r)
		return
	}
	o.calls++
	w.Header().Set("Sforce-Limit-Info", "api-usage=18/5000")
	if r.Header.Get("Authorization") != "Bearer "+o.good || o.good == "" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/describe") {
		fmt.Fprint(w, `{"name":"Contact","label":"Contact","keyPrefix":"003","createable":true,"updateable":true,"deletable":true,"queryable":true,"fields":[{"name":"SystemModstamp","label":"System Modstamp","type":"datetime"},
			{"name":"Id","label":"Contact ID","type":"id"},{"name":"Email","label":"Email","type":"email","idLookup":true,"createable":true,"updateable":true,"nillable":true}]}`)
		return
	}
	fmt.Fprint(w, `{"done":true,"records":[]}`)
}

func (o *org) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	o.forms = append(o.forms, r.PostForm)
	if o.answer != nil && o.answer(w, r.PostForm) {
		return
	}
	if given := r.PostForm.Get("refresh_token"); o.refresh != "" && given != o.refresh {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant","error_description":"expired access/refresh token"}`)
		return
	}
	o.serial++
	o.good = fmt.Sprintf("access-%d", o.serial)
	reply := map[string]string{"access_token": o.good, "instance_url": o.URL, "id": o.URL + "/id/00D000000000001EAA/005000000000001AAA", "token_type": "Bearer", "issued_at": "1763800000000"}
	if o.rotate {
		o.refresh = fmt.Sprintf("refresh-%d", o.serial)
		reply["refresh_token"] = o.refresh
	}
	_ = json.NewEncoder(w).Encode(reply)
}

// expire makes the access token that is out an old one.
func (o *org) expire() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.good = "another"
}

func (o *org) settings() salesforce.Settings {
	return salesforce.Settings{URL: o.URL, Auth: "refresh_token", ClientID: "app", ClientSecret: "hush", RefreshToken: "refresh-0", Object: "Contact"}
}

func open(t *testing.T, s salesforce.Settings) *salesforce.Object {
	t.Helper()
	r, err := salesforce.Open(t.Context(), s, http.DefaultClient, time.Now)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return r
}

// whole reads a listing to its end.
func whole(ctx context.Context, r connector.Remote, since string) (pages []connector.Page, err error) {
	for p, err := range r.Changes(ctx, since) {
		if err != nil {
			return pages, err
		}
		pages = append(pages, p)
	}
	return pages, nil
}

func TestSignInWays(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	for _, row := range []struct {
		sentence string
		change   func(*salesforce.Settings)
		want     map[string]string
	}{
		{"a refresh token is sent with the app's id and secret", func(*salesforce.Settings) {},
			map[string]string{"grant_type": "refresh_token", "refresh_token": "refresh-0", "client_id": "app", "client_secret": "hush"}},
		{"client credentials need nothing else", func(s *salesforce.Settings) { s.Auth, s.RefreshToken = "client_credentials", "" },
			map[string]string{"grant_type": "client_credentials", "client_id": "app", "client_secret": "hush"}},
		{"a signed claim stands for itself", func(s *salesforce.Settings) { s.Auth, s.Username, s.PrivateKey = "jwt", "ann@example.com", text },
			map[string]string{"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			o := newOrg(t)
			s := o.settings()
			row.change(&s)
			open(t, s)
			form := o.forms[0]
			got := map[string]string{}
			for name := range form {
				if name != "assertion" {
					got[name] = form.Get(name)
				}
			}
			if !maps.Equal(got, row.want) {
				t.Errorf("form: got %v, want %v", got, row.want)
			}
			if s.Auth == "jwt" {
				claimed(t, form.Get("assertion"), &key.PublicKey, o.URL)
			}
		})
	}
}

// claimed checks the claim and its signature.
func claimed(t *testing.T, assertion string, key *rsa.PublicKey, audience string) {
	t.Helper()
	parts := strings.Split(assertion, ".")
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature); err != nil {
		t.Errorf("signature: %v", err)
	}
	text, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Iss, Sub, Aud string
		Exp           int64
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		t.Fatal(err)
	}
	if left := time.Until(time.Unix(claims.Exp, 0)); claims.Iss != "app" || claims.Sub != "ann@example.com" || claims.Aud != audience || left < time.Minute || left > 3*time.Minute {
		t.Errorf("claims: got %+v, %s left", claims, left)
	}
}

func TestTokenIsRenewedOnce(t *testing.T) {
	o := newOrg(t)
	s := o.settings()
	s.Session = new(salesforce.Session)
	r, other := open(t, s), open(t, s)
	if len(o.forms) != 1 {
		t.Errorf("two objects of one connection: got %d sign-ins, want 1", len(o.forms))
	}
	o.expire()
	var all sync.WaitGroup
	for range 20 {
		for _, r := range []*salesforce.Object{r, other} {
			all.Go(func() {
				if _, err := whole(t.Context(), r, ""); err != nil {
					t.Errorf("changes after the token has expired: %v", err)
				}
			})
		}
	}
	all.Wait()
	if len(o.forms) != 2 {
		t.Errorf("40 calls with an expired token: got %d sign-ins more, want 1", len(o.forms)-1)
	}
	if used, most := r.Limits(); used != 18 || most != 5000 {
		t.Errorf("limits: got %d of %d, want 18 of 5000", used, most)
	}
}

func TestTokenIsNotRenewedForEver(t *testing.T) {
	o := newOrg(t)
	r := open(t, o.settings())
	o.answer = func(w http.ResponseWriter, _ url.Values) bool { // one that nobody takes
		fmt.Fprintf(w, `{"access_token":"useless","instance_url":%q}`, o.URL)
		return true
	}
	o.expire()
	before := o.calls
	_, err := whole(t.Context(), r, "")
	if f := faultOf(err); f == nil || f.Kind != connector.Denied || o.calls-before != 2 {
		t.Errorf("got %v after %d calls, want denied after 2", err, o.calls-before)
	}
}

func TestRotatedRefreshTokenIsStoredFirst(t *testing.T) {
	o := newOrg(t)
	o.rotate, o.refresh = true, "refresh-0"
	s := o.settings()
	s.Session = new(salesforce.Session)
	var stored []string
	calls, broken := -1, false
	s.Rotated = func(_ context.Context, token string) error {
		if broken {
			return errors.New("disk full")
		}
		stored = append(stored, token)
		calls = o.calls
		return nil
	}
	r := open(t, s)
	if !slices.Equal(stored, []string{"refresh-1"}) || calls != 0 {
		t.Errorf("got %q stored after %d calls, want refresh-1 before any", stored, calls)
	}
	o.expire()
	broken = true
	if _, err := whole(t.Context(), r, ""); faultOf(err) == nil || faultOf(err).Kind != connector.Busy {
		t.Errorf("a key that cannot be stored: got %v, want busy", err)
	}
	broken = false
	if _, err := whole(t.Context(), r, ""); err != nil || !slices.Equal(stored, []string{"refresh-1", "refresh-2"}) || len(o.forms) != 2 {
		t.Errorf("the next call: got %v, %q stored, %d sign-ins; want the key that was not stored yet, and no third", err, stored, len(o.forms))
	}
	s.RefreshToken = "refresh-2" // the connection is opened with what was stored
	open(t, s)
	if len(o.forms) != 2 {
		t.Errorf("opened with the stored key: got %d sign-ins, want the 2 there were", len(o.forms))
	}
	o.expire()
	if _, err := whole(t.Context(), r, ""); err != nil || o.forms[2].Get("refresh_token") != "refresh-2" {
		t.Errorf("an object that was opened with the first key: got %v with %q, want it to go on with the key that holds", err, o.forms[2].Get("refresh_token"))
	}
	o.refresh = "anew"
	s.RefreshToken = "anew" // somebody has connected again
	open(t, s)
	if last := o.forms[len(o.forms)-1].Get("refresh_token"); last != "anew" {
		t.Errorf("connected again: got %q used, want the new key", last)
	}
	o.expire()
	for _, old := range []*salesforce.Object{r, open(t, s)} {
		if _, err := whole(t.Context(), old, ""); err != nil {
			t.Errorf("after somebody has connected again: %v", err)
		}
	}
}

func TestSignInFaults(t *testing.T) {
	for _, row := range []struct {
		sentence string
		status   int
		body     string
		want     connector.FaultKind
	}{
		{"a revoked key", 400, `{"error":"invalid_grant","error_description":"expired access/refresh token"}`, connector.Denied},
		{"an unknown app", 400, `{"error":"invalid_client_id","error_description":"client identifier invalid"}`, connector.Denied},
		{"a user who is not approved", 400, `{"error":"invalid_app_access","error_description":"user is not admin approved to access this app"}`, connector.Denied},
		{"too many tries", 400, `{"error":"rate_limit_exceeded","error_description":"too many"}`, connector.Busy},
		{"a server that is down", 503, `<html>down</html>`, connector.Busy},
		{"a page instead of a token", 200, `<html>sign in</html>`, connector.Denied},
		{"an org on another site", 200, `{"access_token":"x","instance_url":"https://attacker.example"}`, connector.Denied},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			o := newOrg(t)
			o.answer = func(w http.ResponseWriter, _ url.Values) bool {
				w.WriteHeader(row.status)
				fmt.Fprint(w, row.body)
				return true
			}
			_, err := salesforce.Open(t.Context(), o.settings(), http.DefaultClient, time.Now)
			f := faultOf(err)
			if f == nil || f.Kind != row.want || f.Message == "" {
				t.Errorf("got %v, want %s", err, row.want)
			}
			if strings.Contains(fmt.Sprint(err), "refresh-0") || strings.Contains(fmt.Sprint(err), "hush") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	for _, row := range []struct {
		sentence string
		change   func(*salesforce.Settings)
		field    string
	}{
		{"no address", func(s *salesforce.Settings) { s.URL = "" }, "url"},
		{"an address of something else", func(s *salesforce.Settings) { s.URL = "ftp://example.com" }, "url"},
		{"a way nobody knows", func(s *salesforce.Settings) { s.Auth = "password" }, "auth"},
		{"no app", func(s *salesforce.Settings) { s.ClientID = "" }, "client_id"},
		{"no refresh token", func(s *salesforce.Settings) { s.RefreshToken = "" }, "refresh_token"},
		{"no secret for client credentials", func(s *salesforce.Settings) { s.Auth, s.ClientSecret = "client_credentials", "" }, "client_secret"},
		{"a key that is none", func(s *salesforce.Settings) { s.Auth, s.Username, s.PrivateKey = "jwt", "a@example.com", "secret" }, "private_key"},
	} {
		o := newOrg(t)
		s := o.settings()
		row.change(&s)
		_, err := salesforce.Open(t.Context(), s, http.DefaultClient, time.Now)
		if f := faultOf(err); f == nil || f.Kind != connector.Invalid || f.Field != row.field || len(o.forms) > 0 {
			t.Errorf("%s: got %v after %d requests, want invalid %s after none", row.sentence, err, len(o.forms), row.field)
		}
	}
}

func TestWebLogin(t *testing.T) {
	o := newOrg(t)
	o.rotate = true
	w := salesforce.WebLogin{URL: o.URL, ClientID: "app", Callback: "https://kith.example.com/connections/callback"}
	verifier := salesforce.NewVerifier()
	if len(verifier) < 43 || verifier == salesforce.NewVerifier() {
		t.Errorf("verifier: got %d characters, want at least 43 (RFC 7636), and other ones each time", len(verifier))
	}
	at, err := w.AuthorizeURL("state-1", verifier)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(at)
	sum := sha256.Sum256([]byte(verifier))
	q := u.Query()
	if q.Get("state") != "state-1" || q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != w.Callback || strings.Contains(at, verifier) {
		t.Errorf("authorize: got %s", at)
	}
	got, err := w.Exchange(t.Context(), http.DefaultClient, "code-1", verifier)
	if err != nil || got.RefreshToken != "refresh-1" || got.URL != o.URL || got.User != "005000000000001AAA" {
		t.Errorf("exchange: got %+v, %v", got, err)
	}
	if form := o.forms[0]; form.Get("code") != "code-1" || form.Get("code_verifier") != verifier || form.Get("grant_type") != "authorization_code" {
		t.Errorf("exchange: sent %v", form)
	}
	o.rotate = false
	if _, err := w.Exchange(t.Context(), http.DefaultClient, "code-2", verifier); faultOf(err) == nil || faultOf(err).Kind != connector.Denied {
		t.Errorf("no refresh token: got %v, want denied", err)
	}
}

func faultOf(err error) *connector.Fault {
	var f *connector.Fault
	errors.As(err, &f)
	return f
}
