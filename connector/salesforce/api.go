package salesforce

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// maxAnswer bounds one answer: no server can fill the memory.
const maxAnswer = 512 << 20

// maxURI is how long path and query of a request may be. The API allows 16,384 bytes
// to the address and its headers together, and a token alone may have a thousand.
const maxURI = 16384 - 2560

// api is where requests go, and the one place that sends them.
type api struct {
	client  *http.Client
	login   login
	session *Session
	path    string            // /services/data/v62.0
	header  map[string]string // of every write
}

func newAPI(s Settings, client *http.Client, now func() time.Time) (*api, error) {
	one := *client // a redirect would carry the token elsewhere, or turn a write into a read
	one.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	l, err := loginOf(s, &one, now)
	if err != nil {
		return nil, err
	}
	version := "v" + strings.TrimPrefix(cmp.Or(s.Version, "v62.0"), "v")
	return &api{client: &one, login: l, session: cmp.Or(s.Session, &Session{}), path: "/services/data/" + version,
		header: map[string]string{
			"Sforce-Auto-Assign":           "FALSE", // without it REST runs the org's rules, and owners change
			"Sforce-Duplicate-Rule-Header": fmt.Sprintf("allowSave=%t; includeRecordDetails=false; runAsCurrentUser=true", s.AllowDuplicates),
		}}, nil
}

// A request is one to send.
type request struct {
	method string
	path   string // below the version, or from the root when it begins with /services
	query  url.Values
	body   any // as JSON; []byte goes as it is
	kind   string
	header map[string]string
	write  bool // it changes something: no answer means unknown
}

// uri is the path and query of a request.
func (a *api) uri(r request) string {
	path := r.path
	if !strings.HasPrefix(path, "/services/") {
		path = a.path + "/" + path
	}
	if len(r.query) > 0 {
		path += "?" + r.query.Encode()
	}
	return path
}

// An answer is one that is no fault.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request. A token that is refused is renewed once and never in a loop.
func (a *api) do(ctx context.Context, r request) (answer, error) {
	stale := ""
	for {
		token, at, err := a.session.signIn(ctx, a.login, stale)
		if err != nil {
			return answer{}, err
		}
		got, err := a.send(ctx, r, token, at)
		if err != nil {
			return answer{}, err
		}
		if got.status < 300 {
			return got, nil
		}
		f := statusFault(got, r.write)
		if stale != "" || f.Code != "INVALID_SESSION_ID" || bytes.Contains(got.body, []byte("not valid for use with the REST API")) {
			return got, f
		}
		stale = token // it was not done: who asked was not let in
	}
}

func (a *api) send(ctx context.Context, r request, token string, at *url.URL) (answer, error) {
	body, kind, err := encoded(r)
	if err != nil {
		return answer{}, err
	}
	var sent atomic.Bool // told from the goroutine that writes
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, r.method, at.Scheme+"://"+at.Host+a.uri(r), bytes.NewReader(body))
	if err != nil {
		return answer{}, invalid("", "This is not an address that can be asked.")
	}
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if r.write {
		for k, v := range a.header {
			req.Header.Set(k, v)
		}
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	reply, err := a.client.Do(req)
	if err != nil {
		return answer{}, httpfault.NoAnswer(ctx, err, r.write && sent.Load(), "Salesforce")
	}
	defer reply.Body.Close()
	a.session.heed(reply.Header)
	text, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswer+1))
	if err != nil {
		return answer{}, httpfault.NoAnswer(ctx, err, r.write, "Salesforce")
	}
	if len(text) > maxAnswer {
		return answer{}, invalid("", "An answer of Salesforce is too long to be read.")
	}
	return answer{status: reply.StatusCode, header: reply.Header, body: text}, nil
}

func encoded(r request) (body []byte, kind string, err error) {
	switch b := r.body.(type) {
	case nil:
		return nil, "", nil
	case []byte:
		return b, r.kind, nil
	}
	body, err = json.Marshal(r.body)
	return body, "application/json; charset=UTF-8", err
}

// ask sends a request and reads the answer's JSON into a value.
func (a *api) ask(ctx context.Context, r request, into any) (answer, error) {
	got, err := a.do(ctx, r)
	if err != nil {
		return got, err
	}
	if err := read(got.body, into); err != nil {
		return got, unreadable(err, r.write)
	}
	return got, nil
}

// read keeps numbers as they are written.
func read(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return d.Decode(into)
}

// unreadable is the fault of an answer that breaks off or is something else: a
// page of a proxy, say.
func unreadable(err error, write bool) *connector.Fault {
	f := &connector.Fault{Kind: connector.Busy, Message: "An answer of Salesforce broke off or cannot be read.", Err: err}
	if write {
		f.Kind = connector.Unknown
	}
	return f
}

// A row is a record as the API writes it.
type row map[string]any

// text is a value of a row that has text, or "".
func (r row) text(name string) string {
	s, _ := r[name].(string)
	return s
}

func (r row) yes(name string) bool {
	b, _ := r[name].(bool)
	return b
}
