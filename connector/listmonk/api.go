package listmonk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
const maxAnswer = 256 << 20

// A server is where requests go and how they are signed.
type server struct {
	client      *http.Client
	base        *url.URL // ends in /api/
	user, token string
}

// newServer reads the settings. Redirects are not followed: one turns a PUT into
// a GET, and the API has none.
func newServer(s Settings, client *http.Client) (server, error) {
	base, err := url.Parse(strings.TrimSpace(s.URL))
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return server{}, &connector.Fault{Kind: connector.Invalid, Field: "url", Message: "This is not the address of a listmonk server. Give one that begins with https://."}
	}
	if s.User == "" || s.Token == "" {
		return server{}, &connector.Fault{Kind: connector.Invalid, Message: "Name an API user and its token. Both are made under Admin -> Users in listmonk."}
	}
	path, _, _ := strings.Cut(base.Path+"/", "/admin/") // as copied from a browser
	path = strings.TrimSuffix(strings.TrimRight(path, "/"), "/api")
	one := *client
	one.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return server{client: &one, base: &url.URL{Scheme: base.Scheme, Host: base.Host, Path: path + "/api/"}, user: s.User, token: s.Token}, nil
}

// A request is one to send.
type request struct {
	method, path string
	query        url.Values
	body         any
}

// write reports whether a request changes something: no answer means unknown.
func (r request) write() bool { return r.method != http.MethodGet }

// call sends a request and reads what is in the data of its answer.
func (s server) call(ctx context.Context, r request, into any) error {
	answer, err := s.send(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 8<<10)) // what there is of it
		return statusFault(answer, string(text), r.write())
	}
	body := &io.LimitedReader{R: answer.Body, N: maxAnswer}
	err = json.NewDecoder(body).Decode(&struct {
		Data any `json:"data"`
	}{into})
	if err == nil {
		return nil
	}
	return answerFault(ctx, err, body.N == 0, r.write())
}

func (s server) send(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader = http.NoBody
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, &connector.Fault{Kind: connector.Invalid, Message: "These values cannot be sent.", Err: err}
		}
		body = bytes.NewReader(text)
	}
	var sent atomic.Bool // told from the goroutine that writes
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	at := s.base.JoinPath(r.path)
	at.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(traced, r.method, at.String(), body)
	if err != nil {
		return nil, &connector.Fault{Kind: connector.Invalid, Message: "This is not an address that can be asked.", Err: err}
	}
	req.SetBasicAuth(s.user, s.token)
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	answer, err := s.client.Do(req)
	if err != nil {
		return nil, httpfault.NoAnswer(ctx, err, r.write() && sent.Load(), "The server")
	}
	return answer, nil
}

// answerFault says what an answer means that promised success and cannot be
// read: what it left out is unknown (I13).
func answerFault(ctx context.Context, err error, tooLong, write bool) error {
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case write:
		return &connector.Fault{Kind: connector.Unknown, Message: "It was written, but the server did not show the result.", Err: err}
	case ctx.Err() != nil:
		return ctx.Err()
	case tooLong:
		return &connector.Fault{Kind: connector.Invalid, Message: "An answer of the server is too long to be read. Ask for fewer subscribers at once (page_size)."}
	case errors.As(err, &syntax), errors.As(err, &shape):
		// Not err itself: it quotes the answer.
		return &connector.Fault{Kind: connector.Invalid, Message: "This address does not answer as a listmonk server. Check the address."}
	}
	return &connector.Fault{Kind: connector.Busy, Message: "An answer of the server broke off.", Err: err}
}

// A subscriber is a person on the server.
type subscriber struct {
	ID        int64                      `json:"id"`
	Email     string                     `json:"email"`
	Name      string                     `json:"name"`
	Attribs   map[string]json.RawMessage `json:"attribs"`
	Status    string                     `json:"status"` // enabled, disabled or blocklisted
	CreatedAt time.Time                  `json:"created_at"`
	UpdatedAt time.Time                  `json:"updated_at"`
	Lists     subscriptions              `json:"lists"`
}

// A subscription is a person on a list.
type subscription struct {
	ID        int64     `json:"id"`                  // of the list
	Status    string    `json:"subscription_status"` // unconfirmed, confirmed or unsubscribed
	UpdatedAt time.Time `json:"subscription_updated_at"`
}

// subscriptions are those of one person.
type subscriptions []subscription

// UnmarshalJSON takes what older servers answer to a create, numbers, for none:
// it says nothing about a consent.
func (s *subscriptions) UnmarshalJSON(text []byte) error {
	var all []subscription
	if json.Unmarshal(text, &all) == nil {
		*s = all
	}
	return nil
}

// on is the person's subscription to a list.
func (s subscriber) on(list int64) (subscription, bool) {
	for _, one := range s.Lists {
		if one.ID == list {
			return one, true
		}
	}
	return subscription{}, false
}

// query asks for subscribers for whom a condition holds, by their numbers.
func (s server) subscribers(ctx context.Context, q url.Values) ([]subscriber, error) {
	var found struct {
		Results []subscriber `json:"results"`
	}
	err := s.call(ctx, request{method: http.MethodGet, path: "subscribers", query: q}, &found)
	return found.Results, err
}
