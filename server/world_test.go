package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/workspace"
)

const password = "violet tractor seldom whistles"

// A world is an installation with all that it answers, and somebody who means it ill.
type world struct {
	*service.Service
	t      *testing.T
	url    string
	folder string
	log    *lines
	now    time.Time
}

// lines are a log that several write to.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := newWorldWithout(t)
	_, err := w.Accounts.AddUser(t.Context(), account.Console(), account.NewUser{Email: "first@example.org", Role: account.Owner, Password: password})
	w.no(err)
	return w
}

// newWorldWithout is an installation that nobody has set up.
func newWorldWithout(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir(), log: &lines{}, now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	room, err := workspace.Open(t.Context(), workspace.Options{Folder: w.folder, Now: clock})
	w.no(err)
	t.Cleanup(func() { room.Close() })
	gate, err := room.Gate(t.Context(), clock, false)
	w.no(err)
	listening := httptest.NewUnstartedServer(nil)
	w.url = "http://" + listening.Listener.Addr().String()
	w.Service = service.New(service.Options{Workspace: room, Accounts: gate, Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: clock, BaseURL: w.url, Version: "test"})
	handler, err := server.Handler(w.Service)
	w.no(err)
	listening.Config.Handler = handler
	listening.Start()
	t.Cleanup(listening.Close)
	w.no(w.Start(t.Context()))
	t.Cleanup(w.Close)
	return w
}

func (w *world) no(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// imports brings a file into a book, from the command line.
func (w *world) imports(book, text string) {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), book+".csv")
	w.no(os.WriteFile(path, []byte(text), 0o600))
	sync, err := w.Workspace.Store.SaveSync(w.t.Context(), plan.Sync{Name: "import-" + book, Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: book},
		Policy: plan.Policy{Update: "always"}}, filepath.Dir(path))
	w.no(err)
	r, err := w.Workspace.Plan(w.t.Context(), sync)
	w.no(err)
	_, err = w.Workspace.Apply(w.t.Context(), sync, r)
	w.no(err)
}

// A person is somebody with a browser that sends what it is told to.
type person struct {
	*world
	cookies map[string]string
	header  http.Header
}

func (w *world) stranger() *person {
	return &person{w, map[string]string{}, http.Header{}}
}

func (w *world) as(role account.Role) *person {
	w.t.Helper()
	email := string(role) + "@example.org"
	_, err := w.Accounts.AddUser(w.t.Context(), account.Console(), account.NewUser{Email: email, Role: role, Password: password})
	w.no(err)
	p := w.stranger()
	p.form("/signin", url.Values{"email": {email}, "password": {password}}).is(303)
	return p
}

// with is the same person with another header.
func (p *person) with(name, value string) *person {
	q := &person{p.world, p.cookies, p.header.Clone()}
	q.header.Set(name, value)
	return q
}

type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("got status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func (p *person) get(path string) answer { p.t.Helper(); return p.send("GET", path, "", "") }
func (p *person) json(method, path, body string) answer {
	p.t.Helper()
	return p.send(method, path, "application/json", body)
}
func (p *person) form(path string, f url.Values) answer {
	p.t.Helper()
	return p.send("POST", path, "application/x-www-form-urlencoded", f.Encode())
}
func (p *person) send(method, path, kind, body string) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	p.no(err)
	for name, values := range p.header {
		r.Header[name] = values
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range p.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	p.no(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	p.no(err)
	for _, c := range resp.Cookies() {
		if p.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(p.cookies, c.Name)
		}
	}
	return answer{p.t, resp.StatusCode, resp.Header, string(text)}
}
