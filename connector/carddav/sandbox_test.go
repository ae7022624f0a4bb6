package carddav_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/carddav"
	"github.com/kith-sync/kith/connector/carddav/sandbox"
	"github.com/kith-sync/kith/connector/connectortest"
)

// A stage is the sandbox on loopback, and what stands between it and us.
type stage struct {
	*sandbox.Server
	http   *httptest.Server
	client *http.Client

	mu      sync.Mutex
	between func(w http.ResponseWriter, r *http.Request, next http.Handler)
	n       int
}

func newStage(t *testing.T, s *sandbox.Server) *stage {
	t.Helper()
	st := &stage{Server: s}
	s.User, s.Password = "kith", "correct horse"
	st.http = httptest.NewServer(st)
	st.client = &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	t.Cleanup(func() {
		st.client.CloseIdleConnections()
		st.http.Close()
	})
	return st
}

func (st *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st.mu.Lock()
	between := st.between
	st.mu.Unlock()
	if between == nil {
		st.Server.ServeHTTP(w, r)
		return
	}
	between(w, r, st.Server)
}

// put sets what stands between and returns how to take it away.
func (st *stage) put(between func(w http.ResponseWriter, r *http.Request, next http.Handler)) func() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.between = between
	return func() { st.put(nil) }
}

func (st *stage) settings() carddav.Settings {
	return carddav.Settings{URL: st.http.URL, User: "kith", Password: "correct horse"}
}

func (st *stage) open(t *testing.T) *carddav.Book {
	t.Helper()
	b, err := carddav.Open(t.Context(), st.settings(), st.client)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (st *stage) Add(_ *testing.T, values map[string]string) string {
	st.n++
	id := fmt.Sprintf("somebody-%04d.vcf", st.n)
	st.Change(nil, id, values)
	return id
}

func (st *stage) Change(_ *testing.T, id string, values map[string]string) {
	email := ""
	if values["email"] != "" {
		email = "EMAIL;TYPE=INTERNET:" + values["email"] + "\r\n"
	}
	st.Put(id, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:"+strings.TrimSuffix(id, ".vcf")+"\r\nFN:"+values["first_name"]+"\r\nN:;"+values["first_name"]+";;;\r\n"+email+"NOTE:"+values["note"]+"\r\nEND:VCARD\r\n")
}

func (st *stage) Remove(_ *testing.T, id string) { st.Server.Remove(id) }

// disturb makes each trouble as servers and networks make it.
func (st *stage) disturb(t *testing.T, trouble connectortest.Trouble) (undo func()) {
	switch trouble {
	case connectortest.SignedOut:
		return st.put(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(http.StatusUnauthorized) })
	case connectortest.Throttled:
		return st.put(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		})
	case connectortest.Down:
		return st.down(t)
	case connectortest.LostAnswer:
		return st.put(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodPut {
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		})
	case connectortest.CutShort:
		return st.put(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			whole := httptest.NewRecorder()
			next.ServeHTTP(whole, r)
			w.WriteHeader(whole.Code)
			_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
		})
	case connectortest.OldCursor:
		st.Forget()
		return func() {}
	case connectortest.Refused:
		return st.put(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodPut {
				next.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<D:error xmlns:D="DAV:"><C:max-resource-size xmlns:C="urn:ietf:params:xml:ns:carddav"/></D:error>`)
		})
	}
	t.Fatalf("no such trouble: %s", trouble)
	return nil
}

// down sends the client to a port where nobody listens.
func (st *stage) down(t *testing.T) func() {
	transport := st.client.Transport.(*http.Transport)
	st.client.CloseIdleConnections()
	nobody := freeAddress(t)
	transport.DialContext = (&dialer{to: nobody}).dial
	return func() { transport.DialContext = nil }
}

// A dialer connects to one place, whatever is asked.
type dialer struct {
	net.Dialer
	to string
}

func TestSandbox(t *testing.T) {
	for _, row := range []struct {
		sentence string
		server   func() *sandbox.Server
		troubles []connectortest.Trouble
	}{
		{"all at once", func() *sandbox.Server { return &sandbox.Server{} }, []connectortest.Trouble{connectortest.OldCursor}},
		{"in parts, by 507", func() *sandbox.Server { return &sandbox.Server{SyncLimit: 7} }, []connectortest.Trouble{connectortest.OldCursor}},
		{"a server that cannot search", func() *sandbox.Server { return &sandbox.Server{NoQuery: true} }, nil},
		{"a server without sync-collection", func() *sandbox.Server { return &sandbox.Server{NoSync: true} }, nil},
		{"a book for reading", func() *sandbox.Server { return &sandbox.Server{ReadOnly: true} }, []connectortest.Trouble{connectortest.OldCursor}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			stages := map[connector.Remote]*stage{}
			troubles := []connectortest.Trouble{connectortest.SignedOut, connectortest.Throttled, connectortest.Down, connectortest.CutShort}
			if !row.server().ReadOnly {
				troubles = append(troubles, connectortest.LostAnswer, connectortest.Refused)
			}
			connectortest.Remote{
				Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
					st := newStage(t, row.server())
					b := st.open(t).Batch(5)
					stages[b] = st
					return b, st
				},
				Settle:   func(_ *testing.T, r connector.Remote) { stages[r].client.CloseIdleConnections() },
				Troubles: append(troubles, row.troubles...),
				Disturb: func(t *testing.T, r connector.Remote, trouble connectortest.Trouble) func() {
					return stages[r].disturb(t, trouble)
				},
			}.Run(t)
		})
	}
}

func (d *dialer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return d.DialContext(ctx, network, d.to)
}
