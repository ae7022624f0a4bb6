package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/web"
	"github.com/kith-sync/kith/workspace"
)

// A world is an installation of its own with its pages and a clock that only
// moves when it is told to.
type world struct {
	*service.Service
	t    *testing.T
	url  string
	now  time.Time
	file int
}

const password = "violet tractor seldom whistles"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	room, err := workspace.Open(t.Context(), workspace.Options{Folder: t.TempDir(), Now: clock})
	w.no(err)
	t.Cleanup(func() { room.Close() })
	gate, err := room.Gate(t.Context(), clock, false)
	w.no(err)
	w.Service = service.New(service.Options{Workspace: room, Accounts: gate, Log: slog.New(slog.DiscardHandler), Now: clock, Version: "test"})
	pages, err := web.New(w.Service)
	w.no(err)
	server := httptest.NewServer(http.NewCrossOriginProtection().Handler(pages))
	t.Cleanup(server.Close)
	w.url, w.BaseURL = server.URL, server.URL
	w.no(w.Start(t.Context()))
	t.Cleanup(w.Close)
	_, err = gate.AddUser(t.Context(), account.Console(), account.NewUser{Email: "first@example.org", Role: account.Owner})
	w.no(err)
	return w
}

func (w *world) no(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// imports brings a file of comma-separated values into a book, which it makes.
func (w *world) imports(book, text string) store.Run {
	w.t.Helper()
	w.file++
	path := filepath.Join(w.t.TempDir(), book+".csv")
	w.no(os.WriteFile(path, []byte(text), 0o600))
	sync, err := w.Workspace.Store.SaveSync(w.t.Context(), plan.Sync{Name: "import-" + book, Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: book},
		Policy: plan.Policy{Update: "always"}}.Defaults(), filepath.Dir(path))
	w.no(err)
	r, err := w.Workspace.Plan(w.t.Context(), sync)
	w.no(err)
	r, err = w.Workspace.Apply(w.t.Context(), sync, r)
	w.no(err)
	return r
}

// A person is somebody with a browser.
type person struct {
	*world
	client *http.Client
}

// as is somebody who has signed in with a role.
func (w *world) as(role account.Role) *person {
	w.t.Helper()
	email := string(role) + "@example.org"
	if _, err := w.Accounts.AddUser(w.t.Context(), account.Console(), account.NewUser{Email: email, Name: string(role), Role: role, Password: password}); err != nil {
		w.t.Fatal(err)
	}
	p := w.stranger()
	if to := p.post("/signin", url.Values{"email": {email}, "password": {password}}).to; to != "/" {
		w.t.Fatalf("signing in led to %q, want /", to)
	}
	return p
}

// stranger is somebody who has not signed in.
func (w *world) stranger() *person {
	jar, err := cookiejar.New(nil)
	w.no(err)
	return &person{w, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// An answer is a page, or where to go next.
type answer struct {
	*goquery.Document
	t      *testing.T
	status int
	to     string
	header http.Header
	body   string
}

// get asks for a page.
func (p *person) get(path string) *answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	p.no(err)
	return p.send(r)
}

// post sends a form.
func (p *person) post(path string, form url.Values) *answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path, strings.NewReader(form.Encode()))
	p.no(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(r)
}

func (p *person) send(r *http.Request) *answer {
	p.t.Helper()
	resp, err := p.client.Do(r)
	p.no(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	p.no(err)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	p.no(err)
	return &answer{doc, p.t, resp.StatusCode, resp.Header.Get("Location"), resp.Header, string(body)}
}

// is fails unless the answer has a status.
func (a *answer) is(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("answer: got status %d, want %d; the page says %q", a.status, status, a.words("main"))
	}
	return a
}

// words are the text of the elements that a selector finds, with single spaces.
func (a *answer) words(selector string) string {
	return strings.Join(strings.Fields(a.Find(selector).Text()), " ")
}

// says fails unless the text of what a selector finds has all of these.
func (a *answer) says(selector string, all ...string) *answer {
	a.t.Helper()
	text := a.words(selector)
	for _, want := range all {
		if !strings.Contains(text, want) {
			a.t.Errorf("%s: got %q, want it to have %q", selector, text, want)
		}
	}
	return a
}

// saysNot fails if the text of what a selector finds has one of these.
func (a *answer) saysNot(selector string, none ...string) *answer {
	a.t.Helper()
	text := a.words(selector)
	for _, word := range none {
		if strings.Contains(text, word) {
			a.t.Errorf("%s: got %q, want it without %q", selector, text, word)
		}
	}
	return a
}

// has fails unless a selector finds so many elements.
func (a *answer) has(selector string, n int) *answer {
	a.t.Helper()
	if got := a.Find(selector).Length(); got != n {
		a.t.Errorf("%s: got %d elements, want %d", selector, got, n)
	}
	return a
}
