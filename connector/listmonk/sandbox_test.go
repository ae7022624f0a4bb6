package listmonk_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/connector/listmonk"
	"github.com/kith-sync/kith/connector/listmonk/sandbox"
)

const token = "correct horse"

// A stage is the sandbox on loopback with one list, and others who work there.
type stage struct {
	*sandbox.Sandbox
	http   *httptest.Server
	client *http.Client
	clock  *clock
	list   int
	made   int

	meddleAt string
	meddle   func()
}

// A clock goes on when told, and a moment whenever it is looked at.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newStage(t *testing.T, o sandbox.Options) *stage {
	t.Helper()
	st := &stage{clock: &clock{at: time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.FixedZone("", 5*3600+1800))}}
	o.User, o.Token, o.Now = "kith", token, st.clock.now
	st.Sandbox = sandbox.New(o)
	st.list = st.AddList("News", "single")
	st.http = httptest.NewServer(http.HandlerFunc(st.serve))
	st.client = &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	t.Cleanup(func() {
		st.client.CloseIdleConnections()
		st.http.Close()
	})
	return st
}

func (st *stage) settings() listmonk.Settings {
	return listmonk.Settings{URL: st.http.URL, User: "kith", Token: token, List: "News", Attributes: []string{"first_name", "note"}, PageSize: 40}
}

func (st *stage) open(t *testing.T) *listmonk.List {
	t.Helper()
	return open(t, st.settings(), st)
}

func open(t *testing.T, s listmonk.Settings, st *stage) *listmonk.List {
	t.Helper()
	l, err := listmonk.Open(t.Context(), s, st.client)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (st *stage) serve(w http.ResponseWriter, r *http.Request) {
	if meddle := st.meddle; meddle != nil && r.URL.Path == st.meddleAt {
		st.meddle = nil
		meddle()
	}
	st.ServeHTTP(w, r)
}

// between makes something happen once, right before a request is carried out.
func (st *stage) between(t *testing.T, path string, happens func()) {
	t.Helper()
	st.meddleAt, st.meddle = path, happens
}

// Add makes a person on the list, ten minutes after whatever was before.
func (st *stage) Add(_ *testing.T, values map[string]string) string {
	st.clock.pass(10 * time.Minute)
	st.made++
	address := values["email"]
	if address == "" { // there is nobody without one
		address = fmt.Sprintf("nobody%d@example.net", st.made)
	}
	return strconv.Itoa(st.Sandbox.Add(sandbox.Person{Email: address, Name: "Somebody", Attribs: attribs(values), Lists: map[int]string{st.list: "confirmed"}}))
}

func attribs(values map[string]string) map[string]any {
	out := map[string]any{}
	for field, v := range values {
		if field != "email" {
			out[field] = v
		}
	}
	return out
}

func (st *stage) Change(_ *testing.T, id string, values map[string]string) {
	st.clock.pass(10 * time.Minute)
	n, _ := strconv.Atoi(id)
	st.Sandbox.Change(n, func(p *sandbox.Person) { p.Email, p.Attribs = values["email"], attribs(values) })
}

// Remove takes somebody off the list, and every other one off the server.
func (st *stage) Remove(_ *testing.T, id string) {
	st.clock.pass(10 * time.Minute)
	n, _ := strconv.Atoi(id)
	if n%2 == 0 {
		st.Delete(n)
		return
	}
	st.Leave(n, st.list)
}

// disturb makes each trouble as servers and networks make it.
func (st *stage) disturb(t *testing.T, trouble connectortest.Trouble) (undo func()) {
	switch trouble {
	case connectortest.SignedOut:
		return st.Fail(sandbox.Fault{Status: http.StatusForbidden})
	case connectortest.Throttled:
		return st.Fail(sandbox.Fault{Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second})
	case connectortest.Down:
		return st.down(t)
	case connectortest.LostAnswer:
		return st.Fail(sandbox.Fault{Method: http.MethodPost, Commit: true, Drop: true})
	case connectortest.CutShort:
		return st.Fail(sandbox.Fault{Cut: true})
	case connectortest.Refused:
		return st.Fail(sandbox.Fault{Method: http.MethodPost, Status: http.StatusBadRequest})
	}
	t.Fatalf("no such trouble: %s", trouble)
	return nil
}

// down sends the client to a port where nobody listens.
func (st *stage) down(t *testing.T) func() {
	t.Helper()
	transport := st.client.Transport.(*http.Transport)
	nowhere := freeAddress(t)
	transport.CloseIdleConnections()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, nowhere)
	}
	return func() { transport.DialContext = nil }
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestRemote(t *testing.T) {
	for name, o := range map[string]sandbox.Options{
		"listmonk 6": {}, "before PATCH": {Old: true}, "listmonk 1": {First: true}, "pages of at most 30": {MaxPage: 30},
	} {
		t.Run(name, func(t *testing.T) {
			stages := map[connector.Remote]*stage{}
			connectortest.Remote{
				Fields: []string{"email", "first_name", "note"},
				Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
					st := newStage(t, o)
					l := st.open(t)
					stages[l] = st
					return l, st
				},
				Settle:   func(_ *testing.T, r connector.Remote) { stages[r].client.CloseIdleConnections() },
				Troubles: []connectortest.Trouble{connectortest.SignedOut, connectortest.Throttled, connectortest.Down, connectortest.LostAnswer, connectortest.CutShort, connectortest.Refused},
				Disturb: func(t *testing.T, r connector.Remote, trouble connectortest.Trouble) func() {
					return stages[r].disturb(t, trouble)
				},
			}.Run(t)
		})
	}
}
