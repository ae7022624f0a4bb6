// Package httpfault says what it means when a system that is asked over HTTP does not
// answer, or asks to be asked again later. What it does answer, its connector reads.
package httpfault

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kith-sync/kith/connector"
)

// NoAnswer is the fault of a request that got no answer: nothing was done, unless a write
// had been sent. System is what its sentences call the other side. The address is left
// out: it may name a person. A context that ended before anything was sent is its own
// error.
func NoAnswer(ctx context.Context, err error, sentWrite bool, system string) error {
	if addressed, ok := errors.AsType[*url.Error](err); ok {
		err = addressed.Err
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case sentWrite:
		return &connector.Fault{Kind: connector.Unknown, Message: system + " did not say whether it was done.", Err: err}
	case ctx.Err() != nil:
		return ctx.Err()
	case untrusted: // trying again is useless
		return &connector.Fault{Kind: connector.Denied, Message: "The certificate of the server is not trusted here: its authority is unknown, it is for another name, or it has expired. If it is right, add the certificate of its authority.", Err: err}
	}
	return &connector.Fault{Kind: connector.Busy, Message: system + " cannot be reached.", Err: err}
}

// RetryAfter reads the header of that name in both its forms (RFC 9110 10.2.3): at
// most a day, 0 where it says nothing. A date is measured by the server's own clock
// where it tells it.
func RetryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return min(time.Duration(min(n, 24*3600))*time.Second, 24*time.Hour)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(0, at.Sub(now)), 24*time.Hour)
}
