package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A world is an installation of its own behind the whole server, with a clock that
// only moves when it is told to.
type world struct {
	*service.Service
	t    *testing.T
	url  string
	log  *bytes.Buffer
	now  atomic.Int64 // milliseconds since 1970
	user map[account.Role]store.User
}

const password = "violet tractor seldom whistles"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, log: new(bytes.Buffer), user: map[account.Role]store.User{}}
	w.now.Store(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC).UnixMilli())
	clock := func() time.Time { return time.UnixMilli(w.now.Load()).UTC() }
	room, err := workspace.Open(t.Context(), workspace.Options{Folder: t.TempDir(), Now: clock})
	w.no(err)
	t.Cleanup(func() { room.Close() })
	gate, err := room.Gate(t.Context(), clock, false)
	w.no(err)
	w.Service = service.New(service.Options{Workspace: room, Accounts: gate, Log: slog.New(slog.NewTextHandler(&lines{to: w.log}, nil)), Now: clock, Version: "test", BaseURL: "http://kith.example.org"})
	handler, err := server.Handler(w.Service)
	w.no(err)
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	w.url = listening.URL
	w.no(w.Start(t.Context()))
	t.Cleanup(w.Close)
	return w
}

// lines let several goroutines write a log.
type lines struct {
	to   *bytes.Buffer
	lock atomic.Bool
}

func (l *lines) Write(b []byte) (int, error) {
	for !l.lock.CompareAndSwap(false, true) {
		time.Sleep(time.Microsecond)
	}
	defer l.lock.Store(false)
	return l.to.Write(b)
}

func (w *world) no(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) later(d time.Duration) { w.now.Add(d.Milliseconds()) }

// as makes a user of a role once.
func (w *world) as(role account.Role) store.User {
	w.t.Helper()
	if u, ok := w.user[role]; ok {
		return u
	}
	u, err := w.Accounts.AddUser(w.t.Context(), account.Console(), account.NewUser{Email: string(role) + "@example.org", Name: string(role), Role: role, Password: password})
	w.no(err)
	w.user[role] = u
	return u
}

// token is a program that acts for somebody of a role.
func (w *world) token(role account.Role, scopes ...account.Scope) *program {
	w.t.Helper()
	secret, _, err := w.Accounts.NewToken(w.t.Context(), account.Console(), account.TokenRequest{User: w.as(role).ID, Name: "test", Scopes: scopes})
	w.no(err)
	return &program{world: w, header: http.Header{"Authorization": {"Bearer " + secret}}}
}

// browser is somebody of a role who has signed in.
func (w *world) browser(role account.Role) *program {
	w.t.Helper()
	w.as(role)
	in, err := w.Accounts.SignIn(w.t.Context(), string(role)+"@example.org", password, account.From{Address: "127.0.0.1"})
	w.no(err)
	return &program{world: w, header: http.Header{"Cookie": {"kith_session=" + in.Secret}}}
}

// nobody has neither token nor session.
func (w *world) nobody() *program { return &program{world: w, header: http.Header{}} }

// all is a token that may everything.
func (w *world) all() *program { return w.token(account.Owner, account.Scopes()...) }

// imports brings a file of comma-separated values into a book, which it makes.
func (w *world) imports(book, text string, said ...func(*plan.Sync)) store.Run {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), book+".csv")
	w.no(os.WriteFile(path, []byte(text), 0o600))
	def := plan.Sync{Name: "import-" + book, Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: book}, Policy: plan.Policy{Update: "always"}}
	for _, s := range said {
		s(&def)
	}
	sync, err := w.Workspace.Store.SaveSync(w.t.Context(), def, filepath.Dir(path))
	w.no(err)
	r, err := w.Workspace.Plan(w.t.Context(), sync)
	w.no(err)
	r, err = w.Workspace.Apply(w.t.Context(), sync, r)
	w.no(err)
	return r
}

// keeps has the world know a sync of a file that was not run yet.
func (w *world) keeps(name, book, text string) {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name+".csv")
	w.no(os.WriteFile(path, []byte(text), 0o600))
	_, err := w.Workspace.Store.SaveSync(w.t.Context(), plan.Sync{Name: name, Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: book}}, filepath.Dir(path))
	w.no(err)
}

// A program sends requests.
type program struct {
	*world
	header http.Header
}

// with is the same program with another header.
func (p *program) with(name, value string) *program {
	h := p.header.Clone()
	h.Set(name, value)
	return &program{p.world, h}
}

// An answer is what came back.
type answer struct {
	t      *testing.T
	asked  string
	status int
	header http.Header
	body   string
	value  map[string]any
}

// ask sends a request with a JSON body; a body that begins otherwise is sent as it is.
func (p *program) ask(method, path, body string) *answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	p.no(err)
	r.Header = p.header.Clone()
	if body != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	p.no(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	p.no(err)
	a := &answer{t: p.t, asked: method + " " + path, status: resp.StatusCode, header: resp.Header, body: string(text)}
	_ = json.Unmarshal(text, &a.value) // what is no object has no values
	return a
}

func (p *program) get(path string) *answer        { p.t.Helper(); return p.ask("GET", path, "") }
func (p *program) post(path, body string) *answer { p.t.Helper(); return p.ask("POST", path, body) }
func (p *program) put(path, body string) *answer  { p.t.Helper(); return p.ask("PUT", path, body) }

// is fails unless the answer has a status.
func (a *answer) is(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d %s, want %d", a.asked, a.status, a.body, status)
	}
	return a
}

// code fails unless the answer is a problem with a status and a code.
func (a *answer) code(status int, code string) *answer {
	a.t.Helper()
	a.is(status)
	if a.value["code"] != code {
		a.t.Fatalf("%s: got code %v, want %s; %s", a.asked, a.value["code"], code, a.body)
	}
	return a
}

// at is a value by its keys, as "job.state".
func (a *answer) at(keys string) any {
	var v any = a.value
	for key := range strings.SplitSeq(keys, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// items are the items of a list.
func (a *answer) items() []any {
	a.t.Helper()
	list, ok := a.value["items"].([]any)
	if !ok {
		a.t.Fatalf("%s: there are no items in %s", a.asked, a.body)
	}
	return list
}

// over waits for a job to be over and returns it.
func (p *program) over(accepted *answer) *answer {
	p.t.Helper()
	where := accepted.is(http.StatusAccepted).header.Get("Location")
	for range 2000 {
		if j := p.get(where).is(200); j.value["finished"] != nil {
			return j
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.t.Fatalf("%s is not over", where)
	return nil
}

// databaseBytes are all that lies in the data folder but the key, as text.
func (w *world) databaseBytes() string {
	var all strings.Builder
	w.no(filepath.WalkDir(w.Workspace.Folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "key" {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}))
	return all.String()
}
