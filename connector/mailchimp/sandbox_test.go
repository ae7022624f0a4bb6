package mailchimp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
)

// A clock goes on by a minute whenever somebody looks at it, so that every
// change has a time of its own.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(2 * time.Minute)
}

// A stage is the sandbox on loopback with one audience, and the way to it.
type stage struct {
	*sandbox.Sandbox
	list   *sandbox.Audience
	http   *httptest.Server
	client *http.Client
	clock  *clock

	mu      sync.Mutex
	sent    []string // bodies of writes
	between func()   // what happens in Mailchimp before our next write, once
	now     int      // requests under way
	most    int
}

func (st *stage) underway(n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.now += n
	st.most = max(st.most, st.now)
}

func newStage(t testing.TB, o sandbox.Options) *stage {
	t.Helper()
	st := &stage{clock: newClock()}
	o.Now = st.clock.now
	st.Sandbox = sandbox.New(o)
	st.list = st.AddAudience("Newsletter", sandbox.MergeField{Tag: "NOTE", Name: "Note", Type: "text"})
	st.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			st.clock.tick()
			st.keep(r)
		}
		st.ServeHTTP(w, r)
	}))
	st.client = &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	t.Cleanup(func() {
		st.client.CloseIdleConnections()
		st.http.Close()
	})
	return st
}

// keep writes down what was sent.
func (st *stage) keep(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sent = append(st.sent, string(body))
	if st.between != nil {
		st.between()
		st.between = nil
	}
}

func (st *stage) settings() mailchimp.Settings {
	return mailchimp.Settings{URL: st.http.URL, Key: sandbox.Key}
}

func (st *stage) open(t testing.TB) *mailchimp.Audience {
	t.Helper()
	a, err := mailchimp.Open(t.Context(), st.settings(), st.client, st.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Add, Change and Remove are what somebody does in Mailchimp itself.
func (st *stage) Add(_ *testing.T, values map[string]string) string {
	st.clock.tick()
	return st.list.Add(values)
}

func (st *stage) Change(_ *testing.T, id string, values map[string]string) {
	st.clock.tick()
	st.list.Change(id, values)
}

func (st *stage) Remove(_ *testing.T, id string) {
	st.clock.tick()
	st.list.Archive(id)
}

// disturb makes each trouble as servers and networks make it.
func (st *stage) disturb(t *testing.T, trouble connectortest.Trouble) (undo func()) {
	f := sandbox.Fault{Stays: true}
	switch trouble {
	case connectortest.SignedOut:
		f.Status = http.StatusUnauthorized
	case connectortest.Throttled:
		f.Status, f.Header = http.StatusTooManyRequests, http.Header{"Retry-After": {"7"}}
	case connectortest.Down:
		return st.down(t)
	case connectortest.LostAnswer:
		f.Method, f.Commit = http.MethodPost, true
	case connectortest.CutShort:
		f.Method, f.Path, f.Status, f.Body = http.MethodGet, "/members", http.StatusOK, `{"members":[{"id":"`
	case connectortest.Refused:
		f.Method, f.Status, f.Body = http.MethodPost, http.StatusBadRequest, `{"title":"Invalid Resource","status":400,"detail":"","errors":[{"field":"NOTE","message":"Please enter a value"}]}`
	}
	st.Break(f)
	return st.Heal
}

// down sends the client to a port where nobody listens.
func (st *stage) down(t *testing.T) func() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	transport := st.client.Transport.(*http.Transport)
	st.client.CloseIdleConnections()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, nobody)
	}
	return func() { transport.DialContext = nil }
}

func TestSandbox(t *testing.T) {
	for _, row := range []struct {
		sentence string
		options  sandbox.Options
		stored   func(field, value string) string
	}{
		{"as its manual says", sandbox.Options{TextLimit: -1}, nil},
		{"since_last_changed leaves the second itself out", sandbox.Options{TextLimit: -1, Exclusive: true}, nil},
		{"a listing hides the archive", sandbox.Options{TextLimit: -1, HidesArchived: true}, nil},
		{"a batch tells contact ids", sandbox.Options{TextLimit: -1, BatchTellsContactID: true}, nil},
		{"every write is a change", sandbox.Options{TextLimit: -1, Touches: true}, nil},
		{"long texts are cut", sandbox.Options{CutsText: true}, func(_, value string) string {
			if r := []rune(value); len(r) > 255 {
				return string(r[:255])
			}
			return value
		}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			stages := map[connector.Remote]*stage{}
			connectortest.Remote{
				Fields: []string{"email_address", "FNAME", "NOTE"},
				Stored: row.stored,
				Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
					st := newStage(t, row.options)
					a := st.open(t).Batch(5)
					stages[a] = st
					return a, st
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
