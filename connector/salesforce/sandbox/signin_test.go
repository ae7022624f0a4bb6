package sandbox_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// token asks the token endpoint.
func (d *desk) form(path string, pairs ...string) said {
	d.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return d.ask("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "none")
}

const tokenPath, authorizePath = "/services/oauth2/token", "/services/oauth2/authorize"

func TestClientCredentials(t *testing.T) {
	d := open(t, sandbox.Options{ClientID: "app", ClientSecret: "hush"})
	s := d.form(tokenPath, "grant_type", "client_credentials", "client_id", "app", "client_secret", "hush")
	d.want(s, 200, "token_type", "Bearer", "issued_at", "1795341600000", "instance_url", d.http.URL, "expires_in", "null", "refresh_token", "null")
	d.token = s.at("access_token")
	d.want(d.query("SELECT Id FROM User"), 200, "totalSize", "3")
	for _, row := range []struct{ id, secret, kind, want string }{
		{"other", "hush", "client_credentials", "invalid_client_id"},
		{"app", "wrong", "client_credentials", "invalid_client"},
		{"app", "hush", "password", "unsupported_grant_type"},
		{"app", "hush", "refresh_token", "invalid_grant"},
	} {
		d.want(d.form(tokenPath, "grant_type", row.kind, "client_id", row.id, "client_secret", row.secret, "refresh_token", "x"), 400, "error", row.want)
	}
	d.Set(func(o *sandbox.Options) { o.NoRunAs = true })
	d.want(d.form(tokenPath, "grant_type", "client_credentials", "client_id", "app", "client_secret", "hush"), 400, "error", "invalid_grant")
}

// Who is in a hurry copies the token that the sandbox prints.
func TestAReadyToken(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.Set(func(o *sandbox.Options) { o.Token = "" })
	if hint := strings.Join(d.Hint(), "\n"); !strings.Contains(hint, "access token: "+sandbox.ReadyToken) {
		t.Errorf("got the hint %q, want the token in it", hint)
	}
	d.token = sandbox.ReadyToken
	d.want(d.query("SELECT Id FROM Organization"), 200, "records.0.Id", "00D000000000001EAA")
	d.want(d.query("SELECT Name FROM Organization WHERE Id = '00D000000000001'"), 200, "totalSize", "1")
	d.want(d.ask("GET", "/services/oauth2/userinfo", ""), 200, "organization_id", "00D000000000001EAA")
	d.Set(func(o *sandbox.Options) { o.Token = "00D000000000001EAA!mine" })
	d.want(d.ask("GET", "limits", ""), 401, "0.errorCode", "INVALID_SESSION_ID")
}

func TestTokensEnd(t *testing.T) {
	d := open(t, sandbox.Options{TokenLife: time.Hour})
	d.token = d.form(tokenPath, "grant_type", "client_credentials", "client_id", "kith", "client_secret", "sandbox").at("access_token")
	d.clock.tick(50 * time.Minute)
	d.want(d.ask("GET", "limits", ""), 200)
	d.clock.tick(50 * time.Minute) // use has renewed it
	d.want(d.ask("GET", "limits", ""), 200)
	d.clock.tick(61 * time.Minute)
	d.want(d.ask("GET", "limits", ""), 401, "0.errorCode", "INVALID_SESSION_ID", "0.message", "Session expired or invalid")
	if h := d.ask("GET", "limits", "").header.Get("Sforce-Limit-Info"); h != "" {
		t.Errorf("got the usage of a stranger's day: %q", h)
	}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// click answers the consent page and returns where it leads.
func (d *desk) click(page said, answer string) *url.URL {
	d.t.Helper()
	form := []string{"answer", answer}
	for _, m := range hidden.FindAllStringSubmatch(page.text, -1) {
		form = append(form, m[1], strings.ReplaceAll(m[2], "&#43;", "+"))
	}
	s := d.form(authorizePath, form...)
	if s.status != http.StatusFound {
		d.t.Fatalf("consent: got %d %s", s.status, s.text)
	}
	to, err := url.Parse(s.header.Get("Location"))
	if err != nil {
		d.t.Fatal(err)
	}
	return to
}

func TestWebServerFlow(t *testing.T) {
	d := open(t, sandbox.Options{RotateRefresh: true})
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	ask := url.Values{"response_type": {"code"}, "client_id": {"kith"}, "redirect_uri": {"http://127.0.0.1:9/back"}, "state": {"a b+c"}, "scope": {"api refresh_token"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}}
	page := d.ask("GET", authorizePath+"?"+ask.Encode(), "")
	if page.status != 200 || !strings.Contains(page.text, "Larch &amp; Finch Ltd") || !strings.Contains(page.text, "Nora Ashdown") {
		t.Fatalf("got page %d %s", page.status, page.text)
	}
	if q := d.click(page, "deny").Query(); q.Get("error") != "access_denied" || q.Get("state") != "a b+c" {
		t.Errorf("denied: got %v", q)
	}
	trade := func(code, verifier, redirect string) said {
		return d.form(tokenPath, "grant_type", "authorization_code", "code", code, "client_id", "kith", "client_secret", "sandbox", "redirect_uri", redirect, "code_verifier", verifier)
	}
	code := func() string { return d.click(page, "allow").Query().Get("code") }
	d.want(trade(code(), strings.Repeat("w", 43), "http://127.0.0.1:9/back"), 400, "error", "invalid_request")
	d.want(trade(code(), "", "http://127.0.0.1:9/back"), 400, "error", "invalid_grant")
	d.want(trade(code(), verifier, "http://127.0.0.1:9/other"), 400, "error", "redirect_uri_mismatch")
	used := code()
	got := trade(used, verifier, "http://127.0.0.1:9/back")
	d.want(got, 200, "scope", "api refresh_token")
	d.want(trade(used, verifier, "http://127.0.0.1:9/back"), 400, "error_description", "expired authorization code")

	refresh := func(token string) said {
		return d.form(tokenPath, "grant_type", "refresh_token", "refresh_token", token, "client_id", "kith")
	}
	first := got.at("refresh_token")
	second := refresh(first).at("refresh_token")
	if second == first || second == "null" {
		t.Errorf("got refresh token %q after %q, want another one", second, first)
	}
	d.want(refresh(first), 400, "error", "invalid_grant", "error_description", "expired access/refresh token")
	d.Set(func(o *sandbox.Options) { o.RotateRefresh = false })
	d.want(refresh(second), 200, "refresh_token", "null")
	d.want(refresh(second), 200)
}

func TestNobodyIsSentToAStrangeAddress(t *testing.T) {
	d := open(t, sandbox.Options{})
	for _, query := range []string{"response_type=code&client_id=other&redirect_uri=http://127.0.0.1/", "response_type=code&client_id=kith&redirect_uri=back", "response_type=code&client_id=kith"} {
		if s := d.ask("GET", authorizePath+"?"+query, ""); s.status != 400 {
			t.Errorf("%s: got %d, want 400", query, s.status)
		}
	}
}

func TestVersionsNeedNoToken(t *testing.T) {
	d := open(t, sandbox.Options{})
	resp, err := d.http.Client().Get(d.http.URL + "/services/data/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(body), `"version":"67.0"`) || resp.Header.Get("Sforce-Limit-Info") != "" || d.Counts().Calls != 0 {
		t.Errorf("got %d %s, %d calls", resp.StatusCode, body, d.Counts().Calls)
	}
	d.want(d.ask("GET", "/services/data/v30.0/limits", ""), 410, "0.errorCode", "GONE")
	d.want(d.ask("GET", "/services/data/v68.0/limits", ""), 404)
	d.want(d.ask("GET", "/services/data//v60.0/limits", ""), 200)
	d.token = "wrong"
	d.want(d.ask("GET", "limits", ""), 401, "0.errorCode", "INVALID_SESSION_ID")
}
