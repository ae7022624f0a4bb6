package storm

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"time"
)

// wire is the network between the connector and the sandbox: real HTTP on loopback,
// and what becomes of it on the way. The faults of the network are made here and not by
// the sandbox, because Go's client may repeat by itself a call whose connection was
// closed, and a world would not be the same twice.
type wire struct {
	*world
	net http.RoundTripper
}

// takes is how long a call takes on the clock: ten a second are what HubSpot allows.
const takes = 110 * time.Millisecond

// RoundTrip carries a call out, or not.
func (n *wire) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	n.clock.pass(takes)
	if !n.vendor.overwrites(r) { // what we cannot promise: docs/reliability.md
		n.goOn()
	}
	died := n.effect(func() error {
		answer, err = n.trouble(r) //nolint:bodyclose // whoever called closes it
		n.say("%s %s: %s", r.Method, r.URL.RequestURI(), outcome(answer, err))
		return nil
	})
	if died != nil {
		if answer != nil {
			_ = answer.Body.Close() // nobody reads it any more
		}
		return nil, died
	}
	n.hearNo()
	return answer, err
}

func outcome(answer *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	return answer.Status
}

// What may become of a call that is carried out.
const (
	lost = 3 + iota
	timedOut
	cut
)

// trouble is what happens to a call.
func (n *wire) trouble(r *http.Request) (*http.Response, error) {
	if n.calm || n.rng.Float64() >= n.rate {
		return n.net.RoundTrip(r)
	}
	n.result.Faults++
	kind := n.rng.IntN(10)
	if r.Method != http.MethodGet && chance(n.rng, 40) { // what hurts most: it is done, and nobody says so
		kind = lost + n.rng.IntN(3)
	}
	switch kind {
	case 0:
		n.say("fault: refused")
		return nil, syscall.ECONNREFUSED
	case 1:
		n.say("fault: reset before it was carried out")
		if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
			trace.WroteHeaders()
		}
		return nil, syscall.ECONNRESET
	case 2:
		n.say("fault: a gateway answers instead")
		return html(r, pick(n.rng, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout)), nil
	case lost, timedOut, cut:
		return n.late(r, kind)
	}
	n.say("fault: %s", n.vendor.storm(n.rng))
	return n.net.RoundTrip(r)
}

// late is a call that is carried out, whose answer does not arrive whole.
func (n *wire) late(r *http.Request, kind int) (*http.Response, error) {
	answer, err := n.net.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return nil, err
	case kind == lost:
		n.say("fault: carried out, the answer is lost")
		return nil, syscall.ECONNRESET
	case kind == timedOut:
		n.say("fault: carried out, a gateway timed out")
		return html(r, http.StatusGatewayTimeout), nil
	}
	n.say("fault: carried out, the answer is cut")
	answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(text[:len(text)/2]), broken{}))
	return answer, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// html is the page of a gateway.
func html(r *http.Request, status int) *http.Response {
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("<html>" + http.StatusText(status) + "</html>"))}
}
