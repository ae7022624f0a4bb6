package carddav

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"golang.org/x/net/publicsuffix"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// maxElement bounds one answer of a multistatus, and one card; maxTotal, all of
// a body. What is longer is an error: no server can fill the memory.
const (
	maxElement = 16 << 20
	maxTotal   = 4 << 30
)

// maxHops is how often a server may send us elsewhere while the book is looked for.
const maxHops = 5

// A server is where requests go and how they are signed.
type server struct {
	client *http.Client
	base   *url.URL
	sign   func(*http.Request)
}

// newServer reads the settings. The client's own handling of redirects is not
// used: it turns a PROPFIND into a GET.
func newServer(s Settings, client *http.Client) (server, *url.URL, error) {
	start, err := url.Parse(strings.TrimSpace(s.URL))
	if err != nil || start.Host == "" || start.Scheme != "https" && start.Scheme != "http" {
		return server{}, nil, &connector.Fault{Kind: connector.Invalid, Field: "url", Message: "This is not the address of a CardDAV server. Give one that begins with https://."}
	}
	one := *client
	one.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sign := func(*http.Request) {}
	user, password := s.User, s.Password
	if start.User != nil && user == "" {
		user = start.User.Username()
		password, _ = start.User.Password()
	}
	start.User, start.Fragment, start.RawQuery = nil, "", ""
	switch {
	case s.Token != "":
		sign = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.Token) }
	case user != "":
		sign = func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	return server{client: &one, base: start, sign: sign}, start, nil
}

// trusts reports whether a host may be shown the password: the one we were
// given, or one of the same owner and no less encrypted (iCloud keeps the books
// of one user on another host than the one where everybody begins).
func (s server) trusts(u *url.URL) bool {
	if u.Scheme == s.base.Scheme && u.Host == s.base.Host {
		return true
	}
	ours, err := publicsuffix.EffectiveTLDPlusOne(s.base.Hostname())
	theirs, other := publicsuffix.EffectiveTLDPlusOne(u.Hostname())
	return u.Scheme == "https" && err == nil && other == nil && ours == theirs
}

// A request is one to send.
type request struct {
	method, depth, body string
	url                 *url.URL
	header              map[string]string
	write               bool // it changes something: no answer means unknown
	follow              bool // to where the server sends us
}

// do sends a request. Its answer's status is below 300, and its body is to be
// closed; everything else is an error as fault and netFault tell it.
func (s server) do(ctx context.Context, r request) (*http.Response, error) {
	for range maxHops {
		answer, err := s.send(ctx, r)
		if err != nil {
			return nil, err
		}
		if answer.StatusCode < 300 {
			return answer, nil
		}
		next, moved := answer.Location()
		text := head(answer.Body)
		answer.Body.Close()
		if !r.follow || moved != nil || answer.StatusCode >= 400 {
			return nil, statusFault(answer, text, r.write)
		}
		r.url = next
	}
	return nil, &connector.Fault{Kind: connector.Invalid, Message: "The server sends us from one address to another without end. Check the address."}
}

func (s server) send(ctx context.Context, r request) (*http.Response, error) {
	if !s.trusts(r.url) {
		return nil, &connector.Fault{Kind: connector.Denied, Message: fmt.Sprintf("The server sends us to %s, which is another site. If that is right, connect to it directly.", r.url.Host)}
	}
	var sent atomic.Bool // told from the goroutine that writes
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, r.method, r.url.String(), strings.NewReader(r.body))
	if err != nil {
		return nil, &connector.Fault{Kind: connector.Invalid, Message: "This is not an address that can be asked.", Err: err}
	}
	if r.body != "" {
		req.Header.Set("Content-Type", `application/xml; charset="utf-8"`)
	}
	if r.depth != "" {
		req.Header.Set("Depth", r.depth)
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	s.sign(req)
	answer, err := s.client.Do(req)
	if err != nil {
		return nil, httpfault.NoAnswer(ctx, err, r.write && sent.Load(), "The server")
	}
	return answer, nil
}

// head is the beginning of an answer that is an error, to look for what it says.
func head(body io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(body, 8<<10)) // what there is of it
	return string(text)
}

// get fetches one card with its version, not compressed: Apache gives what it
// compresses another ETag.
func (s server) get(ctx context.Context, at *url.URL) (card []byte, version string, err error) {
	answer, err := s.do(ctx, request{method: http.MethodGet, url: at, header: map[string]string{"Accept": "text/vcard", "Accept-Encoding": "identity"}})
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	card, err = io.ReadAll(io.LimitReader(answer.Body, maxElement+1))
	if err != nil {
		return nil, "", httpfault.NoAnswer(ctx, err, false, "The server")
	}
	if len(card) > maxElement {
		return nil, "", &connector.Fault{Kind: connector.Invalid, Message: "The card is too large to be read."}
	}
	return card, strong(answer.Header.Get("ETag")), nil
}

// strong is an ETag without the mark of a weak one, which proxies add when they
// compress: as a condition a weak one would never hold. The quotes stay.
func strong(etag string) string { return strings.TrimPrefix(strings.TrimSpace(etag), "W/") }

// each sends a request whose answer is a multistatus, gives every response in
// it to take, and returns the address that answered and the sync-token.
func (s server) each(ctx context.Context, r request, take func(response)) (*url.URL, string, error) {
	answer, err := s.do(ctx, r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusMultiStatus {
		return nil, "", &connector.Fault{Kind: connector.Invalid, Code: answer.Status, Message: "This address does not answer as a CardDAV server. Check the address."}
	}
	body := &bounded{r: answer.Body}
	token, err := decode(body, take)
	switch {
	case err == nil:
		return answer.Request.URL, token, nil
	case errors.Is(err, errTooLong):
		return nil, "", &connector.Fault{Kind: connector.Invalid, Message: "An answer of the server is too long to be read.", Err: err}
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	}
	// A body that breaks off says nothing about what it left out (I13).
	return nil, "", &connector.Fault{Kind: connector.Busy, Message: "An answer of the server broke off or is not XML.", Err: err}
}

// decode reads a multistatus one response at a time.
func decode(body *bounded, take func(response)) (token string, err error) {
	d := xml.NewDecoder(body)
	ended := false
	for {
		body.left = maxElement
		t, err := d.Token()
		if errors.Is(err, io.EOF) && ended {
			return token, nil
		}
		if err != nil {
			return "", err
		}
		switch e := t.(type) {
		case xml.EndElement:
			ended = e.Name.Local == "multistatus"
		case xml.StartElement:
			switch e.Name {
			case xml.Name{Space: davNS, Local: "response"}:
				var r response
				if err := d.DecodeElement(&r, &e); err != nil {
					return "", err
				}
				take(r)
			case xml.Name{Space: davNS, Local: "sync-token"}:
				if err := d.DecodeElement(&token, &e); err != nil {
					return "", err
				}
				token = strings.TrimSpace(token)
			case xml.Name{Space: davNS, Local: "multistatus"}:
			default:
				if err := d.Skip(); err != nil {
					return "", err
				}
			}
		}
	}
}

var errTooLong = errors.New("longer than the limit")

// bounded reads no more than left bytes until left is set anew.
type bounded struct {
	r     io.Reader
	left  int
	total int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 || b.total > maxTotal {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	b.total += int64(n)
	return n, err
}
