package hubspot_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
)

// A clock is one that only moves when told: by sleeping, and by whoever works in
// HubSpot.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.pass(max(0, d))
	return ctx.Err()
}

// A stage is the sandbox on loopback, with a clock of its own.
type stage struct {
	*sandbox.Sandbox
	*clock
	http   *httptest.Server
	client *http.Client
}

// takes is how long a request takes on the stage's clock: ten of them a second
// are what HubSpot allows.
const takes = 110 * time.Millisecond

func newStage(t testing.TB, o sandbox.Options) *stage {
	t.Helper()
	st := &stage{clock: &clock{at: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}}
	o.Now = st.Now
	st.Sandbox = sandbox.New(o)
	st.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st.pass(takes)
		st.ServeHTTP(w, r)
	}))
	st.client = &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	t.Cleanup(func() {
		st.client.CloseIdleConnections()
		st.http.Close()
	})
	return st
}

func (st *stage) settings() hubspot.Settings {
	return hubspot.Settings{URL: st.http.URL, Token: sandbox.DefaultToken}
}

func (st *stage) open(t testing.TB) *hubspot.Contacts {
	t.Helper()
	c, err := hubspot.Open(t.Context(), st.settings(), st.client, st.clock)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A worker is somebody in HubSpot, who takes an hour for everything: so that what
// they did before is not what a listing repeats for safety.
type worker struct{ *stage }

func (w worker) Add(t *testing.T, values map[string]string) string {
	t.Helper()
	w.pass(time.Hour)
	id, err := w.Sandbox.Add(values)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	return id
}

func (w worker) Change(t *testing.T, id string, values map[string]string) {
	t.Helper()
	w.pass(time.Hour)
	if err := w.Sandbox.Change(id, values); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
}

func (w worker) Remove(_ *testing.T, id string) {
	w.pass(time.Hour)
	w.Archive(id)
	w.pass(time.Hour)
}

// disturb makes each trouble as HubSpot and networks make it.
func (st *stage) disturb(t *testing.T, trouble connectortest.Trouble) (undo func()) {
	switch trouble {
	case connectortest.SignedOut:
		return st.Inject(sandbox.Fault{Status: http.StatusUnauthorized, Category: "EXPIRED_AUTHENTICATION"})
	case connectortest.Throttled:
		return st.Inject(sandbox.Fault{Status: http.StatusTooManyRequests, Policy: "TEN_SECONDLY_ROLLING", RetryAfter: 7 * time.Second})
	case connectortest.Down:
		return st.down(t)
	case connectortest.LostAnswer:
		return st.Inject(sandbox.Fault{Path: "/batch/create", Lost: true})
	case connectortest.CutShort:
		return st.Inject(sandbox.Fault{Cut: true})
	case connectortest.Refused:
		return st.Inject(sandbox.Fault{Path: "/batch/create", Status: http.StatusBadRequest, Category: "VALIDATION_ERROR"})
	}
	t.Fatalf("no such trouble: %s", trouble)
	return nil
}

// down sends the client to a port where nobody listens.
func (st *stage) down(t *testing.T) func() {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	transport := st.client.Transport.(*http.Transport)
	st.client.CloseIdleConnections()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, nobody.Addr().String())
	}
	return func() { transport.DialContext = nil }
}

func TestSandbox(t *testing.T) {
	for _, row := range []struct {
		sentence string
		options  sandbox.Options
		version  string
	}{
		{"as replies were seen", sandbox.Options{}, "v3"},
		{"by the paths of 2026-03, with traces echoed", sandbox.Options{EchoTrace: true}, "2026-03"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			stages := map[connector.Remote]*stage{}
			connectortest.Remote{
				Fields: []string{"email", "firstname", "message"},
				Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
					st := newStage(t, row.options)
					s := st.settings()
					s.Version = row.version
					c, err := hubspot.Open(t.Context(), s, st.client, st.clock)
					if err != nil {
						t.Fatal(err)
					}
					c.Lag(0) // the suite waits on the clock on the wall
					stages[c] = st
					t.Cleanup(func() {
						if b := st.Counts().Breaches; len(b) > 0 {
							t.Errorf("limits: got %q, want none broken", b)
						}
					})
					return c, worker{st}
				},
				Settle: func(_ *testing.T, r connector.Remote) { stages[r].client.CloseIdleConnections() },
				Troubles: []connectortest.Trouble{connectortest.SignedOut, connectortest.Throttled, connectortest.Down,
					connectortest.LostAnswer, connectortest.CutShort, connectortest.Refused},
				Disturb: func(t *testing.T, r connector.Remote, trouble connectortest.Trouble) func() {
					return stages[r].disturb(t, trouble)
				},
			}.Run(t)
		})
	}
}
