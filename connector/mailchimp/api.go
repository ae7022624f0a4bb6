package mailchimp

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

// maxAnswer bounds an answer: no server can fill the memory.
const maxAnswer = 256 << 20

// atOnce is how many requests of one audience are under way. Mailchimp takes ten
// of a user, over all that the user runs.
const atOnce = 8

// loginHost is where OAuth tokens are looked up.
const loginHost = "https://login.mailchimp.com"

// A server is where requests go and how they are signed.
type server struct {
	client *http.Client
	base   string // with /3.0
	sign   func(*http.Request)
	slots  chan struct{}
	// patience is how long a batch of operations is left alone before it is
	// asked for the first time.
	patience time.Duration
}

// newServer reads the settings. An API key names its data center at its end; of
// an OAuth token it is asked.
func newServer(ctx context.Context, s Settings, client *http.Client) (*server, error) {
	if s.Key == "" {
		return nil, &connector.Fault{Kind: connector.Denied, Message: "There is no key. Make one in Mailchimp under Profile, Extras, API keys."}
	}
	one := *client
	one.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the key goes nowhere else
	out := &server{client: &one, slots: make(chan struct{}, atOnce), patience: time.Second}
	dash := strings.LastIndexByte(s.Key, '-')
	if isKey := dash >= 0; isKey {
		out.sign = func(r *http.Request) { r.SetBasicAuth("kith", s.Key) }
		if s.URL == "" {
			s.URL = "https://" + url.PathEscape(s.Key[dash+1:]) + ".api.mailchimp.com"
		}
	} else {
		out.sign = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.Key) }
	}
	if s.URL == "" {
		var account struct {
			Endpoint string `json:"api_endpoint"`
		}
		out.base = strings.TrimSuffix(cmp.Or(s.Login, loginHost), "/")
		if _, err := out.call(ctx, request{method: http.MethodGet, path: "/oauth2/metadata", into: &account}); err != nil {
			return nil, err
		}
		s.URL = account.Endpoint
	}
	at, err := url.Parse(strings.TrimSpace(s.URL))
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.User != nil {
		return nil, &connector.Fault{Kind: connector.Invalid, Field: "url", Message: "This is not the address of Mailchimp's API. Leave it out, or give one such as https://us19.api.mailchimp.com."}
	}
	out.base = strings.TrimSuffix(strings.TrimSuffix(at.Scheme+"://"+at.Host+at.Path, "/"), "/3.0") + "/3.0"
	return out, nil
}

// A request is one to send.
type request struct {
	method, path string
	query        url.Values
	body, into   any // as JSON
	write        bool
}

// call sends a request and reads the answer. It is the only place that talks to
// Mailchimp, but for the results of a batch.
func (s *server) call(ctx context.Context, r request) (http.Header, error) {
	at := s.base + r.path
	if len(r.query) > 0 {
		at += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, &connector.Fault{Kind: connector.Invalid, Message: "These values cannot be sent.", Err: err}
		}
		body = bytes.NewReader(text)
	}
	var sent atomic.Bool // told from the goroutine that writes
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, r.method, at, body)
	if err != nil {
		return nil, &connector.Fault{Kind: connector.Invalid, Message: "This is not an address that can be asked.", Err: err}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	s.sign(req)
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	answer, err := s.client.Do(req)
	if err != nil {
		return nil, httpfault.NoAnswer(ctx, err, r.write && sent.Load(), "Mailchimp")
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // what there is of it
		return nil, statusFault(answer, text, r.write)
	}
	if r.into == nil || answer.StatusCode == http.StatusNoContent {
		return answer.Header, nil
	}
	return answer.Header, read(ctx, answer.Body, r)
}

// read decodes an answer. One that breaks off says nothing about what it left
// out (I13), and a write may have been done whatever becomes of its answer.
func read(ctx context.Context, body io.Reader, r request) error {
	d := json.NewDecoder(io.LimitReader(body, maxAnswer))
	d.UseNumber()
	err := d.Decode(r.into)
	switch {
	case err == nil:
		return nil
	case r.write:
		return &connector.Fault{Kind: connector.Unknown, Message: "Mailchimp's answer broke off. It may have been done.", Err: err}
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &connector.Fault{Kind: connector.Busy, Message: "An answer broke off, or is not Mailchimp's.", Err: err}
}

// A member is one as the API tells it.
type member struct {
	Hash      string         `json:"id"`
	ContactID string         `json:"contact_id"`
	Email     string         `json:"email_address"`
	Status    string         `json:"status"`
	Merge     map[string]any `json:"merge_fields"`
	Language  string         `json:"language"`
	VIP       bool           `json:"vip"`
	TagsCount int            `json:"tags_count"`
	Tags      []tag          `json:"tags"`
	Changed   string         `json:"last_changed"`
}

type tag struct {
	Name   string `json:"name"`
	Status string `json:"status,omitempty"`
}

// archived is the status of a member whom somebody took off the audience.
const archived = "archived"

// memberFields are what is asked for of members in a list.
func memberFields() string {
	names := []string{"id", "contact_id", "email_address", "status", "merge_fields", "language", "vip", "tags_count", "tags", "last_changed"}
	return "members." + strings.Join(names, ",members.") + ",total_items"
}

func (a *Audience) path(parts ...string) string {
	path := "/lists/" + a.id
	for _, p := range parts {
		path += "/" + p
	}
	return path
}

// audiences lists those of the account.
func (s *server) audiences(ctx context.Context) (all []Choice, err error) {
	for {
		var page struct {
			Lists []Choice `json:"lists"`
			Total int      `json:"total_items"`
		}
		q := url.Values{"count": {"1000"}, "offset": {fmt.Sprint(len(all))}, "fields": {"lists.id,lists.name,total_items"}}
		if _, err := s.call(ctx, request{method: http.MethodGet, path: "/lists", query: q, into: &page}); err != nil {
			return nil, err
		}
		all = append(all, page.Lists...)
		if len(page.Lists) == 0 || len(all) >= page.Total {
			return all, nil
		}
	}
}

// member asks for one by its contact id or hash; nil when there is none.
func (a *Audience) member(ctx context.Context, name string) (*member, error) {
	var m member
	_, err := a.server.call(ctx, request{method: http.MethodGet, path: a.path("members", url.PathEscape(name)), into: &m})
	if kindOf(err) == connector.Missing {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &m, nil
}
