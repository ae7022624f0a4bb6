package fetch

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// HTTPSettings say where files are and who asks for them.
type HTTPSettings struct {
	URL      string // what paths are relative to
	User     string // with a password; without a user the secret is a bearer token
	Secret   string
	Whole    string // the address of the one file there is, where the address itself is a secret: a presigned link
	IdleTime time.Duration
}

type httpPlace struct {
	base   *url.URL
	s      HTTPSettings
	client *http.Client
}

// HTTP takes files from a web server. Nothing is sent before a file is asked for.
// The client is the guard's: it verifies certificates, judges every redirect, and
// takes no credentials to another host.
func HTTP(s HTTPSettings, client *http.Client) (Place, error) {
	base, err := url.Parse(s.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fault(CodeMissing, "The address must begin with https:// or http:// and name a host", nil)
	}
	if s.Whole != "" {
		whole, err := url.Parse(s.Whole)
		if err != nil || whole.Scheme != base.Scheme || whole.Host != base.Host {
			return nil, fault(CodeDenied, "The secret link leads to another server than --set url= says", nil)
		}
	}
	if s.IdleTime == 0 {
		s.IdleTime = idleTime
	}
	return &httpPlace{base, s, client}, nil
}

// address is where a path is.
func (p *httpPlace) address(file string) (*url.URL, error) {
	if p.s.Whole != "" {
		return url.Parse(p.s.Whole)
	}
	bare, query, _ := strings.Cut(file, "?")
	to := &url.URL{Path: bare, RawQuery: query}
	base := *p.base
	if !strings.HasSuffix(base.Path, "/") && path.Ext(base.Path) == "" {
		base.Path += "/" // people leave it out, and mean the folder
	}
	at := base.ResolveReference(to)
	if at.Host != p.base.Host || at.Scheme != p.base.Scheme { // "//other.example.org/x"
		return nil, fault(CodeMissing, "The path leads to another server", nil)
	}
	return at, nil
}

func (p *httpPlace) ask(ctx context.Context, method, file string, had Entry) (*http.Response, error) {
	at, err := p.address(file)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return nil, fault(CodeMissing, "The path cannot be part of an address", nil)
	}
	// As it is: what the transport unpacked by itself, nobody could measure.
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("Accept", "text/csv, text/*;q=0.9, */*;q=0.8")
	req.Header.Set("User-Agent", "kith")
	switch {
	case p.s.Whole != "":
	case p.s.User != "":
		req.SetBasicAuth(p.s.User, p.s.Secret)
	case p.s.Secret != "":
		req.Header.Set("Authorization", "Bearer "+p.s.Secret)
	}
	if had.Tag != "" {
		req.Header.Set("If-None-Match", had.Tag)
	} else if !had.Modified.IsZero() {
		req.Header.Set("If-Modified-Since", had.Modified.UTC().Format(http.TimeFormat))
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, p.unanswered(ctx, err)
	}
	if bad := judgeStatus(resp); bad != nil {
		_ = resp.Body.Close()
		return nil, bad
	}
	return resp, nil
}

// unanswered keeps the address out of the error: its query may be a secret.
func (p *httpPlace) unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if strings.Contains(err.Error(), "redirects") {
		return fault(CodeDenied, "The server sends Kith somewhere it does not go", err)
	}
	return network(err)
}

// judgeStatus says what an answer that is not the file means.
func judgeStatus(resp *http.Response) error {
	said := errors.New(resp.Status)
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusNotModified:
		return fault(Unchanged, "Nothing has changed", nil)
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		return fault(CodeDenied, "The server does not let this user read the file", said)
	case code == http.StatusNotFound, code == http.StatusGone:
		return fault(CodeMissing, "There is no file of that name", said)
	case code == http.StatusTooManyRequests, code >= 500 && code != http.StatusNotImplemented:
		return &Fault{Code: CodeUnreachable, Message: "The server is not able to answer now", Err: said, Again: true}
	}
	return fault(CodeWrongContent, "The server answered with something else than the file", said)
}

func entryOfAnswer(file string, resp *http.Response) Entry {
	e := Entry{Path: file, Size: resp.ContentLength, Tag: resp.Header.Get("ETag"), Encoding: resp.Header.Get("Content-Encoding")}
	if at, err := http.ParseTime(resp.Header.Get("Last-Modified")); err == nil {
		e.Modified = at
	}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		e.Name = path.Base(params["filename"])
	}
	chunked := len(resp.TransferEncoding) > 0 && resp.TransferEncoding[0] == "chunked"
	// Over TLS and in HTTP/2 even such an end is told from a cut.
	e.Endless = e.Size < 0 && !chunked && resp.ProtoMajor == 1 && resp.TLS == nil
	return e
}

// List is nothing a web server offers.
func (p *httpPlace) List(context.Context, string, string) ([]Entry, error) {
	return nil, fault(CodeNoListing, "A web server has no list of its files. Name one file instead of a pattern", nil)
}

// Stat asks for the head of the answer only. What a server says to HEAD counts
// where it is the file's: many know GET only, or sign addresses for it, and refuse
// HEAD with a 403, 404, 405 or 501. They are asked by GET, and their answer is left
// before the file comes.
func (p *httpPlace) Stat(ctx context.Context, file string) (Entry, error) {
	if p.s.Whole != "" { // a signature is for GET
		return p.glance(ctx, file)
	}
	resp, err := p.ask(ctx, http.MethodHead, file, Entry{})
	if err == nil {
		return entryOfAnswer(file, resp), resp.Body.Close()
	}
	if f, ok := errors.AsType[*Fault](err); ok && f.Code != CodeUnreachable {
		return p.glance(ctx, file)
	}
	return Entry{Path: file}, err
}

// glance reads what is said before a file, and nothing of it.
func (p *httpPlace) glance(ctx context.Context, file string) (Entry, error) {
	body, e, err := p.Open(ctx, file, Entry{})
	if err != nil {
		return e, err
	}
	_ = body.Close() // whether all of it came is not asked here
	return e, nil
}

func (p *httpPlace) Open(ctx context.Context, file string, had Entry) (io.ReadCloser, Entry, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	resp, err := p.ask(ctx, http.MethodGet, file, had)
	if err != nil {
		cancel(nil)
		return nil, Entry{Path: file}, err
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" || kind == "application/xhtml+xml" {
		cancel(nil)
		_ = resp.Body.Close()
		return nil, Entry{Path: file}, webPage()
	}
	e := entryOfAnswer(file, resp)
	return newPatient(ctx, cancel, resp.Body, p.s.IdleTime), e, nil
}

func webPage() error {
	return fault(CodeWrongContent, "The server answered with a web page instead of the file, as it does when it wants somebody to sign in", nil)
}

func (p *httpPlace) Remove(context.Context, string) error {
	return fault(CodeNotOffered, "Files of a web server cannot be deleted", nil)
}

func (p *httpPlace) Move(context.Context, string, string) error {
	return fault(CodeNotOffered, "Files of a web server cannot be moved", nil)
}

func (p *httpPlace) Close() error {
	p.client.CloseIdleConnections()
	return nil
}

// patient reads a body and gives up when nothing comes for a while.
type patient struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	idle   time.Duration
	timer  *time.Timer
}

var errSilent = errors.New("nothing more came")

func newPatient(ctx context.Context, cancel context.CancelCauseFunc, body io.ReadCloser, idle time.Duration) *patient {
	return &patient{ReadCloser: body, ctx: ctx, cancel: cancel, idle: idle, timer: time.AfterFunc(idle, func() { cancel(errSilent) })}
}

func (p *patient) Read(b []byte) (int, error) {
	p.timer.Reset(p.idle)
	n, err := p.ReadCloser.Read(b)
	p.timer.Stop() // what the caller does with it takes as long as it likes
	late, ok := errors.AsType[net.Error](err)
	if err != nil && err != io.EOF && (errors.Is(context.Cause(p.ctx), errSilent) || ok && late.Timeout()) {
		err = &Fault{Code: CodeUnreachable, Message: "The server did not answer in time", Again: true}
	} else if err != nil && err != io.EOF && p.ctx.Err() == nil {
		err = &Fault{Code: CodeCut, Message: "The connection ended before the whole file was here", Err: err, Again: true}
	}
	return n, err
}

func (p *patient) Close() error {
	p.timer.Stop()
	defer p.cancel(nil)
	return p.ReadCloser.Close()
}
