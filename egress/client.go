package egress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options are what a connection may choose about its HTTP client. The zero
// value is right for most.
type Options struct {
	// Answer is how long a server may take until its answer begins, and how long it
	// may fall silent in the middle of it; 60 s when 0.
	Answer time.Duration
	// Whole is how long a request may take with its body; unlimited when 0, for
	// the context of the request ends it.
	Whole time.Duration
	// Roots are the authorities to trust instead of the system's: see Trust.
	Roots *x509.CertPool
}

const maxRedirects = 5

// Client returns an HTTP client whose every connection passes the guard. It
// follows at most five redirects, never from https to http, and takes no
// credentials to another host. It ignores the proxy settings of the environment
// (a proxy would dial in its place), keeps no cookies, and verifies certificates
// always.
func (g *Guard) Client(o Options) *http.Client {
	if o.Answer == 0 {
		o.Answer = time.Minute
	}
	return &http.Client{
		Timeout:       o.Whole,
		CheckRedirect: g.checkRedirect,
		Transport: &Transport{silence: o.Answer, Transport: &http.Transport{
			DialContext:            g.DialContext,
			TLSClientConfig:        TLS(o.Roots),
			TLSHandshakeTimeout:    connectTimeout,
			ResponseHeaderTimeout:  o.Answer,
			IdleConnTimeout:        90 * time.Second,
			MaxIdleConnsPerHost:    8,
			MaxResponseHeaderBytes: 1 << 20,
			ForceAttemptHTTP2:      true, // which a DialContext turns off otherwise
		}},
	}
}

// TLS is how Kith speaks TLS, whatever runs inside it: 1.2 or newer, verified.
// Nil roots are the system's.
func TLS(roots *x509.CertPool) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
}

// Trust returns the system's authorities and those in a PEM text: a company's
// own, or the certificate of one server.
func Trust(pem []byte) (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's certificate authorities: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("there is no certificate in this text; it must have a part that begins with -----BEGIN CERTIFICATE-----")
	}
	return roots, nil
}

// checkRedirect decides whether to follow a redirect. The address it leads to is
// judged when it is dialed.
func (g *Guard) checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("%s redirects more than %d times", via[0].URL.Host, maxRedirects)
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return fmt.Errorf("%s redirects to something that is not a web address", last.URL.Host)
	case last.URL.Scheme == "https" && req.URL.Scheme == "http":
		return fmt.Errorf("%s redirects from https to http, where others could read along", last.URL.Host)
	}
	if _, err := g.CheckURL(req.URL.String()); err != nil {
		return fmt.Errorf("%s redirects: %w", last.URL.Host, err)
	}
	if stayed(req, via) {
		return nil
	}
	if carries(req.Method) {
		return fmt.Errorf("%s redirects what was to be written there to %s; set the new address in the connection if it is right", last.URL.Host, req.URL.Host)
	}
	req.URL.User = nil
	req.Header = harmless(req.Header)
	return nil
}

// stayed reports whether no redirect so far led away from the first host. Where
// one did, coming back brings no credentials back: net/http copies the headers
// of the first request anew for every step.
func stayed(req *http.Request, via []*http.Request) bool {
	for _, r := range append(via[1:len(via):len(via)], req) {
		if !sameHost(via[0].URL, r.URL) {
			return false
		}
	}
	return true
}

// sameHost reports whether two locations belong to one server: the same host and
// port, or the step from http to https on their usual ports.
func sameHost(a, b *url.URL) bool {
	from, to := portOf(a), portOf(b)
	upgraded := a.Scheme == "http" && from == "80" && b.Scheme == "https" && to == "443"
	return strings.EqualFold(a.Hostname(), b.Hostname()) && (from == to || upgraded)
}

// carries reports whether a method has a body that may hold personal data. The
// bodies of PROPFIND and REPORT hold questions only.
func carries(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// harmless keeps the headers that say nothing about who asks. Vendors have many
// names for a key besides Authorization and Cookie, so the others are not known.
func harmless(h http.Header) http.Header {
	kept := http.Header{}
	for _, name := range []string{"Accept", "Accept-Language", "Content-Type", "Depth", "If-Match", "If-Modified-Since", "If-None-Match", "Range", "User-Agent"} {
		if values := h.Values(name); len(values) > 0 {
			kept[name] = values
		}
	}
	return kept
}
