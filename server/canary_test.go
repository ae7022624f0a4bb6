package server_test

import (
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/pquerna/otp/totp"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/workspace"
)

// A canary is put into every secret that there is, or one that was made is taken for
// it. Then none is on a page, in an answer of the API, in a message, in the log or, as
// it is, in the data folder.
func TestNoSecretIsFoundAgain(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email\nada@example.com\n")
	owner := w.as(account.Owner)
	canaries := map[string]string{
		"a password":                  password,
		"a connection's secret":       "canary-connection-7f3c",
		"a mail server's secret":      "canary-mail-7f3c",
		"a web hook's signing secret": "whsec_" + strings.Repeat("Y2FuYXJ5", 5),
		"a chat's link":               "canary-chat-7f3c",
		"an issuer's client secret":   "canary-issuer-7f3c",
		"a password that is wrong":    "canary-wrong-password",
		"a contact's password":        "canary-contact-7f3c",
		"an API token that is wrong":  "kith_canarycanarycanarycanary",
		"a session":                   owner.cookies["kith_session"],
	}
	owner.json("PUT", "/api/v1/connections/dav", `{"type":"carddav","settings":{"url":"http://127.0.0.1:1/","user":"ada"},"secret":"canary-connection-7f3c"}`).is(200)
	owner.json("PUT", "/api/v1/connections/files", `{"type":"https","settings":{"url":"http://127.0.0.1:1/"},"secret":"http://127.0.0.1:1/?key=canary-connection-7f3c"}`).is(200)
	owner.json("PUT", "/api/v1/channels/mail", `{"type":"smtp","settings":{"host":"127.0.0.1","port":"1","from":"kith@example.org","user":"kith"},"secret":"canary-mail-7f3c"}`).is(200)
	owner.json("PUT", "/api/v1/channels/hook", `{"type":"webhook","settings":{"url":"http://127.0.0.1:1/"},"secret":"`+canaries["a web hook's signing secret"]+`"}`).is(200)
	owner.json("PUT", "/api/v1/channels/chat", `{"type":"chat","settings":{},"secret":"slack://hook:canary-chat-7f3c@webhook"}`)
	owner.json("POST", "/api/v1/books/1/fields", `{"name":"password","kind":"password"}`).is(201)
	owner.json("PATCH", "/api/v1/books/1/contacts/1", `{"fields":{"password":"canary-contact-7f3c"}}`).is(200)
	sealed, err := w.Workspace.SealIssuer(t.Context(), "http://127.0.0.1:1", "canary-issuer-7f3c")
	w.no(err)
	w.no(w.Workspace.SaveSignIn(t.Context(), func(s *workspace.SignIn) error {
		s.Issuer = &workspace.Issuer{Name: "Example", Address: "http://127.0.0.1:1", ClientID: "kith", Secret: sealed, Domains: []string{"example.org"}}
		return nil
	}))
	users, err := w.Accounts.Users(t.Context(), account.Console())
	w.no(err)
	who := account.TokenRequest{User: users[0].ID, Name: "nightly", Scopes: []account.Scope{"read"}}
	token, _, err := w.Accounts.NewToken(t.Context(), account.Console(), who)
	w.no(err)
	canaries["an API token"] = token
	canaries["an invitation"], err = w.Accounts.Invite(t.Context(), account.Console(), account.NewUser{Email: "new@example.org", Role: account.Viewer})
	w.no(err)
	canaries["a link for a new password"], err = w.Accounts.ResetLink(t.Context(), account.Console(), users[0].ID)
	w.no(err)
	canaries["a second factor"] = w.secondFactor()
	form := w.captureForm("email")
	canaries["a capture form's address"] = strings.TrimPrefix(form, "/capture/")

	// Everything goes wrong that can.
	nobody := w.stranger()
	said := []answer{
		nobody.form("/signin", url.Values{"email": {"owner@example.org"}, "password": {"canary-wrong-password"}}),
		nobody.with("Authorization", "Bearer kith_canarycanarycanarycanary").get("/api/v1/syncs"),
		nobody.with("Authorization", "Basic "+token).get("/api/v1/syncs"),
		nobody.form(form, url.Values{"email": {"x"}}), nobody.form(form, url.Values{"email": {"bob@example.org"}}), nobody.json("POST", form, `[]`), nobody.get(form),
		nobody.get("/signin/oidc"), nobody.get("/signin/oidc/callback?code=x&state=y"),
		owner.json("POST", "/api/v1/connections/dav/test", `{}`), owner.json("POST", "/api/v1/connections/files/test", `{"path":"x.csv"}`),
		owner.form("/connections/files/test", url.Values{"path": {"x.csv"}}),
		owner.json("POST", "/api/v1/channels/mail/test", `{"to":"a@example.org"}`), owner.json("POST", "/api/v1/channels/hook/test", `{}`), owner.json("POST", "/api/v1/channels/chat/test", `{}`),
		owner.json("PUT", "/api/v1/connections/dav", `{"type":"ldap","settings":{"url":"x","nothing":"y"},"secret":"canary-connection-7f3c"}`),
		owner.form("/connections/new", url.Values{"name": {""}, "type": {"carddav"}, "secret": {"canary-connection-7f3c"}}),
		owner.form("/me/password", url.Values{"present": {"canary-wrong-password"}, "password": {"canary-wrong-password"}}),
		nobody.form("/reset", url.Values{"link": {"x"}, "password": {"canary-wrong-password"}}),
	}
	pages, _ := owner.crawl("/leads/1", "/leads/1/forms", "/api/v1/books/1/forms", "/api/v1/books/1/leads", "/settings/channels", "/connections/dav", "/connections/dav/edit", "/config", "/contacts/1", "/settings/users", "/me/tokens", "/settings/audit", "/api/v1/connections", "/api/v1/channels", "/api/v1/config",
		"/api/v1/users", "/api/v1/tokens", "/api/v1/sessions", "/api/v1/books/1/contacts/1", "/api/v1/audit", "/api/v1/settings", "/api/v1/outbox", "/api/v1/me", "/metrics", "/search?q=canary")
	if len(pages) < 40 {
		t.Errorf("looked at %d pages, want 40 or more", len(pages))
	}
	for path, a := range pages {
		said = append(said, answer{status: a.status, body: path + "\n" + strings.ReplaceAll(a.body, `value="canary"`, "")})
	}
	w.Close()
	found := w.bytes()
	found["the log"] = w.log.String()
	for what, canary := range canaries {
		if len(canary) < 12 {
			t.Fatalf("%s: there is no canary", what)
		}
		for _, a := range said {
			if strings.Contains(a.body, canary) {
				t.Errorf("%s is in an answer: %.300s", what, a.body)
			}
		}
		for where, text := range found {
			if strings.Contains(text, canary) {
				t.Errorf("%s is in %s", what, where)
			}
		}
	}
}

// secondFactor sets one up for somebody, and returns its secret.
func (w *world) secondFactor() string {
	p := w.as(account.Viewer)
	page, err := goquery.NewDocumentFromReader(strings.NewReader(p.form("/me/totp/begin", nil).is(200).body))
	w.no(err)
	secret := strings.Join(strings.Fields(page.Find("main p > code").Text()), "")
	code, err := totp.GenerateCode(secret, w.now)
	w.no(err)
	p.form("/me/totp", url.Values{"code": {code}}).is(200)
	return secret
}

// bytes are all files of the data folder but its key.
func (w *world) bytes() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	w.no(filepath.WalkDir(w.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "key" {
			return err
		}
		text, err := os.ReadFile(path)
		all[entry.Name()] = string(text)
		return err
	}))
	if len(all["kith.db"]) == 0 {
		names, _ := json.Marshal(all)
		w.t.Fatalf("there is no database among %.200s", names)
	}
	return all
}
