package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/server"
)

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email\nada@example.com\n")
	owner, nobody := w.as(account.Owner), w.stranger()
	form := w.captureForm("email")
	page := owner.get("/").is(200).body
	_, after, _ := strings.Cut(page, `href="/assets/`)
	asset, _, _ := strings.Cut(after, `"`)
	for what, a := range map[string]answer{
		"a page":                   owner.get("/contacts"),
		"the sign-in":              nobody.get("/signin"),
		"a redirect":               nobody.get("/contacts"),
		"a page that is not there": owner.get("/nothing"),
		"an asset":                 nobody.get("/assets/" + asset),
		"an asset not there":       nobody.get("/assets/nothing.js"),
		"a download":               owner.get("/settings/audit.csv"),
		"a form from another site": owner.with("Sec-Fetch-Site", "cross-site").form("/signout", nil),
		"the health":               nobody.get("/healthz"),
		"the readiness":            nobody.get("/readyz"),
		"the metrics":              nobody.get("/metrics"),
		"an address with //":       nobody.get("//example.org/x"),
		"the manual of the API":    nobody.get("/api"),
		"the API":                  owner.get("/api/v1/syncs"),
		"the API without a token":  nobody.get("/api/v1/syncs"),
		"no address of the API":    owner.get("/api/v1/nothing"),
		"the API's document":       owner.get("/api/openapi.json"),
		"a capture form":           nobody.get(form),
		"what was captured":        nobody.form(form, url.Values{"email": {"bob@example.org"}}),
		"what was captured wrong":  nobody.form(form, nil),
		"what a program captured":  nobody.json("POST", form, `{"email":"x"}`),
		"a capture form not there": nobody.get("/capture/nothing"),
		"another name":             nobody.with("Host", "evil.example.org").get("/signin"),
	} {
		if got := a.header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options: got %q, want nosniff", what, got)
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src '") {
			t.Errorf("%s: got the policy %q, want one that lets nobody frame it and nothing run inline", what, policy)
		}
		if got := a.header.Get("Referrer-Policy"); got != "no-referrer" && got != "same-origin" {
			t.Errorf("%s: Referrer-Policy: got %q", what, got)
		}
		if got := a.header.Get("Cache-Control"); what != "an asset" && got != "no-store" {
			t.Errorf("%s: Cache-Control: got %q, want no-store", what, got)
		}
		if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: it lets another site read it: %q", what, got)
		}
		if kind := a.header.Get("Content-Type"); a.body != "" && !strings.Contains(kind, "charset=utf-8") && !strings.Contains(kind, "json") && !strings.Contains(kind, "svg") && !strings.Contains(kind, "yaml") {
			t.Errorf("%s: Content-Type: got %q, want one that says its charset", what, kind)
		}
	}
	if got := owner.get("/settings/audit.csv").header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("a download: Content-Disposition: got %q, want attachment", got)
	}
}

func TestAnotherSiteDoesNothingHere(t *testing.T) {
	w := newWorld(t)
	owner := w.as(account.Owner)
	for what, headers := range map[string][2]string{
		"a form of another site":                {"Sec-Fetch-Site", "cross-site"},
		"a form of a neighbouring name":         {"Sec-Fetch-Site", "same-site"},
		"a browser that only knows Origin":      {"Origin", "https://evil.example.org"},
		"a page in a sandbox":                   {"Origin", "null"},
		"the same name by another port":         {"Origin", "http://127.0.0.1:1"},
		"a name that this server's begins with": {"Origin", w.url + ".evil.example.org"},
	} {
		evil := owner.with(headers[0], headers[1])
		if got := evil.form("/settings/users", url.Values{"email": {"evil@example.org"}, "role": {"owner"}}).status; got != 403 {
			t.Errorf("%s: got %d, want 403", what, got)
		}
		if got := evil.json("POST", "/api/v1/books", `{"name":"evil"}`).status; got != 403 {
			t.Errorf("%s, to the API: got %d, want 403", what, got)
		}
		if got := evil.form("/capture/nothing", nil).status; got != 403 {
			t.Errorf("%s, to a capture form: got %d, want 403", what, got)
		}
	}
	for _, method := range []string{"X-Http-Method-Override", "X-Method-Override", "_method"} {
		owner.with(method, "DELETE").get("/api/v1/syncs").is(200)
		owner.with(method, "POST").get("/signout?_method=POST").is(404)
	}
	owner.get("/me").is(200)
	for _, to := range []string{"//evil.example.org", "https://evil.example.org", `/\evil.example.org`, "/%09/evil.example.org", "javascript:alert(1)", "http:evil.example.org", `\\evil.example.org`, "///evil.example.org", "/..//evil.example.org", "@evil.example.org", "/\t/evil.example.org"} {
		to := owner.get("/signin?next=" + url.QueryEscape(to)).header.Get("Location")
		if u, err := url.Parse(to); err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(to, "//") || !strings.HasPrefix(to, "/") {
			t.Errorf("next leads to %q, another site", to)
		}
	}
	a := owner.with("Referer", "https://evil.example.org/x").form("/config/detach", url.Values{"kind": {"Sync"}, "name": {"x"}})
	if to := a.header.Get("Location"); strings.Contains(to, "evil") {
		t.Errorf("the Referer leads to %q", to)
	}
}

func TestOtherNamesDoNotReachThisMachine(t *testing.T) {
	w := newWorld(t)
	for _, host := range []string{"evil.example.org", "localhost.evil.example.org", "127.0.0.1.evil.example.org:8080", "169.254.169.254", "0.0.0.0"} {
		if got := w.stranger().with("Host", host).get("/signin").status; got != http.StatusMisdirectedRequest {
			t.Errorf("as %s: got %d, want 421", host, got)
		}
	}
	for _, host := range []string{"localhost", "localhost:8080", "127.0.0.1", "[::1]:9"} {
		w.stranger().with("Host", host).get("/signin").is(200)
	}
}

func TestSessionsEndAndAreNotFixed(t *testing.T) {
	w := newWorld(t)
	p := w.stranger()
	p.cookies["kith_session"] = "planted"
	a := p.form("/signin", url.Values{"email": {"first@example.org"}, "password": {password}}).is(303)
	if p.cookies["kith_session"] == "planted" {
		t.Error("signing in kept a session that was planted")
	}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %s: got %+v, want HttpOnly, SameSite=Lax, of this name only", c.Name, c)
		}
	}
	before := p.cookies["kith_session"]
	p.form("/signin", url.Values{"email": {"first@example.org"}, "password": {password}}).is(303)
	thief := w.stranger()
	thief.cookies["kith_session"] = before
	if to := thief.get("/me").is(303).header.Get("Location"); !strings.HasPrefix(to, "/signin") {
		t.Errorf("the session from before a second sign-in: led to %q", to)
	}
	kept := p.cookies["kith_session"]
	p.form("/signout", nil).is(303)
	thief.cookies["kith_session"] = kept
	if to := thief.get("/me").is(303).header.Get("Location"); !strings.HasPrefix(to, "/signin") {
		t.Errorf("a session after signing out: led to %q", to)
	}
	thief.get("/api/v1/me").is(401)
}

func TestCookiesOfAServerWithTLS(t *testing.T) {
	w := newWorld(t)
	w.BaseURL = "https://kith.example.org"
	p := w.stranger()
	a := p.form("/signin", url.Values{"email": {"first@example.org"}, "password": {password}}).is(303)
	b := p.form("/me", url.Values{"person": {"Ada"}}).is(303)
	for _, c := range append((&http.Response{Header: a.header}).Cookies(), (&http.Response{Header: b.header}).Cookies()...) {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure {
			t.Errorf("cookie %s: secure %v, want one that only TLS carries and only this name sets", c.Name, c.Secure)
		}
	}
}

func TestNobodyElsePutsWordsIntoAPage(t *testing.T) {
	w := newWorld(t)
	owner := w.as(account.Owner)
	text := base64.RawURLEncoding.EncodeToString([]byte("Your account is locked. Call 020 7946 0123."))
	for _, planted := range []string{text, text + ".", text + ".AAAA"} {
		owner.cookies["kith_said"] = planted
		if strings.Contains(owner.get("/me").is(200).body, "020 7946") {
			t.Errorf("the page says what a planted cookie says: %s", planted)
		}
	}
	owner.form("/me", url.Values{"person": {"Ada"}}).is(303)
	if said := owner.get("/me").is(200).body; !strings.Contains(said, `class="said"`) {
		t.Error("what was done is not said on the next page")
	}
}

func TestAStrangerFillsNoDisk(t *testing.T) {
	w := newWorld(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("x", "x")
	_, _ = part.Write(make([]byte, 6<<20))
	_ = form.Close()
	w.imports("people", "email\nada@example.com\n")
	capture := w.captureForm("email")
	for _, path := range []string{"/signin", "/setup", "/invited", "/signin/code", "/signout"} {
		a := w.stranger().send("POST", path, form.FormDataContentType(), body.String())
		if a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("6 MiB to %s: got %d, want 413", path, a.status)
		}
	}
	w.stranger().send("POST", "/imports/new", form.FormDataContentType(), body.String()[:100<<10]).is(303) // to the sign-in: nothing of it is read
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("%d files are left in the folder for temporary files", len(left))
	}
	w.stranger().send("POST", "/signin", "application/x-www-form-urlencoded", "email="+strings.Repeat("a", 5<<20)).is(413)
	for kind, body := range map[string]string{"application/x-www-form-urlencoded": "email=" + strings.Repeat("a", 65<<10), "application/json": `{"email":"` + strings.Repeat("a", 65<<10) + `"}`, form.FormDataContentType(): body.String()[:65<<10]} {
		w.stranger().send("POST", capture, kind, body).is(413)
	}
	w.stranger().send("POST", "/signin", "application/x-www-form-urlencoded", "email=%zz").is(400)
	w.stranger().with("X-Large", strings.Repeat("a", 2<<20)).json("GET", "/signin", "").is(431)
}

func TestNamesOfUploadsStayInTheirFolder(t *testing.T) {
	w := newWorld(t)
	operator := w.as(account.Operator)
	for _, name := range []string{"../../../evil.csv", `..\..\evil.csv`, "/etc/evil.csv", "..", ".", "\x00evil.csv", "C:\\evil.csv", "evil\r\nX: y.csv", strings.Repeat("a", 300) + ".csv", "<script>alert(1)</script>.csv", "....//....//evil.csv", "\u202efdp.csv"} {
		var begun struct{ ID string }
		w.no(json.Unmarshal([]byte(operator.json("POST", "/api/v1/imports", `{}`).is(201).body), &begun))
		a := operator.send("PUT", "/api/v1/imports/"+begun.ID+"/file?name="+url.QueryEscape(name), "application/octet-stream", "email\nada@example.com\n")
		if a.status >= 500 {
			t.Errorf("%q: got %d: %s", name, a.status, a.body)
		}
	}
	err := filepath.Walk(w.folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && strings.Contains(path, "evil") && !strings.Contains(path, string(filepath.Separator)+"uploads"+string(filepath.Separator)) {
			t.Errorf("an upload lies at %s", path)
		}
		return err
	})
	w.no(err)
}

func TestNoFileOfTheServerIsRead(t *testing.T) {
	w := newWorld(t)
	manager, operator := w.as(account.Manager), w.as(account.Operator)
	secret := filepath.Join(t.TempDir(), "secret.csv")
	w.no(os.WriteFile(secret, []byte("email\ncanary@example.com\n"), 0o600))
	var begun struct{ ID string }
	w.no(json.Unmarshal([]byte(operator.json("POST", "/api/v1/imports", `{}`).is(201).body), &begun))
	at := "/api/v1/imports/" + begun.ID
	for what, body := range map[string]string{
		"a draft's source":          `{"source":{"file":"` + secret + `"}}`,
		"a draft's file":            `{"file":"` + secret + `"}`,
		"its ID":                    `{"id":"../.."}`,
		"a file beside the network": `{"network":{"connection":"x","path":"y","file":"` + secret + `"}}`,
	} {
		if a := operator.json("PATCH", at, body); a.status != 422 {
			t.Errorf("%s: got %d, want 422: %s", what, a.status, a.body)
		}
	}
	for _, id := range []string{"..", "%2e%2e%2f%2e%2e", "..%2f..%2fkey", "x"} {
		if got := operator.get("/api/v1/imports/" + id + "/preview").status; got == 200 || got >= 500 {
			t.Errorf("import %s: got %d", id, got)
		}
	}
	definition := "apiVersion: kith/v1\nkind: Sync\nname: evil\nsource:\n  file: " + secret + "\ntarget:\n  book: people\n"
	for what, a := range map[string]answer{
		"a definition":         manager.send("PUT", "/api/v1/syncs/evil", "application/yaml", definition),
		"a check of one":       manager.send("POST", "/api/v1/syncs:check", "application/yaml", definition),
		"a configuration":      manager.json("POST", "/api/v1/config/apply", `{"files":[{"name":"a.yaml","text":`+quoted(definition)+`}]}`),
		"a page's definition":  manager.form("/syncs/evil/edit", url.Values{"text": {definition}}),
		"a configuration page": manager.form("/config/apply", url.Values{"text": {definition}}),
	} {
		if a.status < 400 || a.status >= 500 {
			t.Errorf("%s: got %d: %s", what, a.status, a.body)
		}
	}
	if _, err := w.Workspace.Store.Sync(t.Context(), "evil"); err == nil {
		t.Error("a sync that reads a file of the server was kept")
	}
	for _, body := range []string{
		`{"type":"folder","settings":{"url":"/etc"}}`, `{"type":"folder","settings":{"url":"file:///etc"}}`, `{"type":"folder","settings":{"url":"` + w.folder + `"}}`,
	} {
		if manager.json("PUT", "/api/v1/connections/local", body).status >= 500 {
			t.Errorf("%s: the server failed", body)
		}
		a := manager.json("POST", "/api/v1/connections/local/test", `{"path":"*"}`)
		if strings.Contains(a.body, `"ok":true`) || strings.Contains(a.body, "passwd") {
			t.Errorf("%s: its files are shown: %s", body, a.body)
		}
	}
	authority := `{"type":"carddav","settings":{"url":"https://dav.example.org/","ca":"` + secret + `"}}`
	configured := "apiVersion: kith/v1\nkind: Connection\nname: dav\ntype: carddav\nsettings:\n  url: https://dav.example.org/\n  ca: /etc/passwd\n"
	for what, a := range map[string]answer{
		"a connection":             manager.json("PUT", "/api/v1/connections/dav", authority),
		"a file without an end":    manager.json("PUT", "/api/v1/connections/dav", strings.Replace(authority, secret, "/dev/zero", 1)),
		"a channel":                manager.json("PUT", "/api/v1/channels/mail", `{"type":"smtp","settings":{"host":"mail.example.org","from":"kith@example.org","ca":"/etc/passwd"},"secret":"x"}`),
		"a configuration's system": manager.json("POST", "/api/v1/config/apply", `{"files":[{"name":"a.yaml","text":`+quoted(configured)+`}]}`),
	} { // refused for being a file of the machine, not for what is in it
		if a.status != 422 || !strings.Contains(a.body, "Only whoever runs Kith") {
			t.Errorf("%s with the certificate of an authority: got %d %s, want 422 and that only whoever runs Kith names one", what, a.status, a.body)
		}
	}
}

func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

// A secret is sent to the server that it was given for, by whichever way a connection
// is changed.
func TestASecretGoesToNoOtherServer(t *testing.T) {
	w := newWorld(t)
	manager := w.as(account.Manager)
	manager.json("PUT", "/api/v1/connections/office", `{"type":"carddav","settings":{"url":"https://dav.example.org/","user":"ada"},"secret":"canary"}`).is(200)
	manager.json("PUT", "/api/v1/channels/mail", `{"type":"smtp","settings":{"host":"mail.example.org","from":"kith@example.org","user":"kith"},"secret":"canary"}`).is(200)
	var exported []struct{ Name, Text string }
	w.no(json.Unmarshal([]byte(manager.get("/api/v1/config").is(200).body), &exported))
	all := ""
	for _, f := range exported {
		text := strings.NewReplacer("https://dav.example.org/", "https://evil.example.org/", "mail.example.org", "evil.example.org").Replace(f.Text)
		all += text
		if text == f.Text {
			continue
		}
		a := manager.json("POST", "/api/v1/config/apply", `{"files":[{"name":`+quoted(f.Name)+`,"text":`+quoted(text)+`}]}`)
		if a.status != 422 || !strings.Contains(a.body, "another server") {
			t.Errorf("%s: got %d, want it refused: %s", f.Name, a.status, a.body)
		}
	}
	if !strings.Contains(all, "evil") {
		t.Fatalf("nothing was tried: %s", all)
	}
	manager.json("PUT", "/api/v1/connections/office", `{"settings":{"url":"https://evil.example.org/","user":"ada"}}`).is(422)
	manager.json("PUT", "/api/v1/connections/office", `{"settings":{"url":"http://dav.example.org/","user":"ada"}}`).is(422)
	manager.json("PUT", "/api/v1/channels/mail", `{"settings":{"host":"evil.example.org","from":"kith@example.org","user":"kith"}}`).is(422)
}

func TestAnOperatorImportsAndChangesNoSync(t *testing.T) {
	w := newWorld(t)
	operator, manager := w.as(account.Operator), w.as(account.Manager)
	begin := func(p *person, edits string) string {
		var begun struct{ ID string }
		w.no(json.Unmarshal([]byte(p.json("POST", "/api/v1/imports", `{"edits":`+quoted(edits)+`}`).is(201).body), &begun))
		return "/api/v1/imports/" + begun.ID
	}
	upload := func(p *person, at string) {
		p.send("PUT", at+"/file?name=people.csv", "application/octet-stream", "email,name\nada@example.com,Ada\n").is(200)
	}
	first, second := begin(manager, ""), begin(operator, "")
	upload(manager, first)
	upload(operator, second)
	if a, b := name(operator.get(first)), name(operator.get(second)); a == b {
		t.Errorf("two imports of files of one name are both %s: one takes the other's place", a)
	}
	manager.json("POST", first+"/finish", `{}`).is(200)
	_, err := w.Workspace.Store.Sync(t.Context(), "import-people")
	w.no(err)
	sync, err := w.Workspace.Store.Sync(t.Context(), "import-people")
	w.no(err)
	w.no(w.Workspace.Store.SaveNotify(t.Context(), sync.ID, []notify.Rule{{Channel: "chat", On: []notify.Event{notify.Failed}}}))

	again := begin(operator, "import-people")
	upload(operator, again)
	operator.json("PATCH", again, `{"delete_missing":true}`).is(200)
	operator.json("POST", again+"/run", ``).is(403)
	operator.json("POST", again+"/plan", ``).is(403)
	operator.json("PATCH", again, `{"delete_missing":false,"email":"evil@example.org"}`).is(200)
	operator.json("POST", again+"/run", ``).is(403)
	again = begin(operator, "import-people")
	upload(operator, again)
	operator.json("POST", again+"/run", ``).is(202) // the same with a new file
	told, err := w.Workspace.Store.Notify(t.Context(), sync.ID)
	w.no(err)
	if len(told.Rules) != 1 || told.Rules[0].Channel != "chat" {
		t.Errorf("who hears of the import: got %v, want the channel as before", told.Rules)
	}
	third := begin(manager, "import-people")
	upload(manager, third)
	manager.json("PATCH", third, `{"email":"a@example.org\r\nBcc: b@example.org"}`)
	manager.json("POST", third+"/run", ``).is(422)
}

func name(a answer) string {
	var d struct{ Name string }
	_ = json.Unmarshal([]byte(a.is(200).body), &d)
	return d.Name
}

func TestTestsOfConnectionsAreFew(t *testing.T) {
	w := newWorld(t)
	manager := w.as(account.Manager)
	manager.json("PUT", "/api/v1/connections/dav", `{"type":"carddav","settings":{"url":"http://127.0.0.1:1/"}}`).is(200)
	last := 0
	for range 40 {
		if last = manager.json("POST", "/api/v1/connections/dav/test", `{}`).status; last == 429 {
			break
		}
	}
	if last != 429 {
		t.Errorf("40 tests in a row: got %d, want 429", last)
	}
	if a := manager.form("/connections/dav/test", nil); a.status != 429 {
		t.Errorf("the page: got %d, want 429", a.status)
	}
}

func TestASetUpLinkMakesOneOwner(t *testing.T) {
	w := newWorldWithout(t)
	link, err := w.Accounts.SetUpLink(t.Context())
	w.no(err)
	w.stranger().get("/api/v1/syncs").is(401)
	var in sync.WaitGroup
	var mu sync.Mutex
	sessions := 0
	for i := range 4 {
		p := w.stranger()
		in.Go(func() {
			p.form("/setup", url.Values{"link": {link}, "email": {fmt.Sprintf("p%d@example.org", i)}, "password": {password}})
			if p.cookies["kith_session"] != "" {
				mu.Lock()
				sessions++
				mu.Unlock()
			}
		})
	}
	in.Wait()
	users, err := w.Accounts.Users(t.Context(), account.Console())
	w.no(err)
	if sessions != 1 || len(users) != 1 {
		t.Errorf("one link, four at once: got %d sessions and %d users, want one", sessions, len(users))
	}
}

func TestOnlyAListedProxyIsBelieved(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, c := range []struct{ what, peer, says, want string }{
		{"a stranger who says anything", "198.51.100.7:9", "192.0.2.1", "198.51.100.7:9"},
		{"a proxy", "10.0.0.1:9", "192.0.2.1", "192.0.2.1:0"},
		{"a proxy that passes on what a client said", "10.0.0.1:9", "127.0.0.1, 192.0.2.1", "192.0.2.1:0"},
		{"two proxies", "10.0.0.1:9", "203.0.113.9, 192.0.2.1, 10.9.9.9", "192.0.2.1:0"},
		{"a proxy that says nothing", "10.0.0.1:9", "", "10.0.0.1:9"},
		{"a proxy that says nonsense", "10.0.0.1:9", "evil", "10.0.0.1:9"},
		{"a client of IPv6", "[::1]:9", "2001:db8::1", "[2001:db8::1]:0"},
	} {
		got := ""
		h := server.Behind(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.says != "" {
			r.Header.Set("X-Forwarded-For", c.says)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
		if _, _, err := net.SplitHostPort(got); err != nil {
			t.Error(err)
		}
	}
}

func TestOthersReachKithByTLSOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "example.org:0"} {
		if l, err := server.Listen(t.Context(), server.Options{Address: address}); !errors.Is(err, server.ErrOpen) {
			t.Errorf("%s without TLS: got %v, want it refused", address, err)
			_ = l.Close()
		}
	}
	l, err := server.Listen(t.Context(), server.Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

func TestStrictTransport(t *testing.T) {
	w := newWorldWithout(t)
	if got := w.stranger().get("/setup").header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("without TLS: got %q, want none", got)
	}
	w.BaseURL = "https://kith.example.org"
	h, err := server.Handler(w.Service)
	w.no(err)
	for _, path := range []string{"/setup", "/healthz", "/api/v1/syncs", "/nothing"} {
		out := httptest.NewRecorder()
		h.ServeHTTP(out, httptest.NewRequest("GET", path, nil))
		if got := out.Header().Get("Strict-Transport-Security"); got != "max-age=31536000" {
			t.Errorf("%s behind a proxy with TLS: got %q", path, got)
		}
	}
}
