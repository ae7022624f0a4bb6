package carddav

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
)

// statusFault says what an answer that is not a success means.
func statusFault(answer *http.Response, text string, write bool) *connector.Fault {
	f := &connector.Fault{Code: strconv.Itoa(answer.StatusCode), RetryAfter: retryAfter(answer.Header)}
	switch status := answer.StatusCode; {
	case names(text, "valid-sync-token"):
		f.Kind, f.Message = connector.Expired, "The server no longer knows where we left off. Everything is read again."
	case names(text, "no-uid-conflict"):
		f.Kind, f.Message = connector.Taken, "The book has another card with this identifier."
	case names(text, "valid-address-data", "supported-address-data", "max-resource-size"):
		f.Kind, f.Message = connector.Invalid, "The server does not accept this card."
	case names(text, "supported-report", "supported-filter", "supported-collation"):
		f.Kind, f.Message = connector.Invalid, "The server cannot answer this."
	case status < 400 || status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired:
		f.Kind, f.Message = connector.Denied, "The server does not let us in. Check the name, the password and the address."
	case status == http.StatusNotFound || status == http.StatusGone:
		f.Kind, f.Message = connector.Missing, "It is not there any more."
	case status == http.StatusPreconditionFailed:
		f.Kind, f.Message = connector.Overtaken, "Somebody else has changed it meanwhile."
	case status == http.StatusInsufficientStorage:
		f.Kind, f.Message = connector.Quota, "The account has no room left."
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == http.StatusLocked:
		f.Kind, f.Message = connector.Busy, "The server is busy."
	case status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported:
		f.Kind, f.Message = connector.Busy, "The server could not answer."
		if write { // a gateway may have passed it on, a server may have done half of it
			f.Kind, f.Message = connector.Unknown, "The server could not say whether it was done."
		}
	default:
		f.Kind, f.Message = connector.Invalid, "The server does not accept this."
	}
	return f
}

// names reports whether an error's body has one of these conditions (RFC 6352
// 6.3.2.1, 8.6). Servers say so with 403, which is also "denied".
func names(text string, conditions ...string) bool {
	for _, condition := range conditions {
		if strings.Contains(text, ":"+condition) || strings.Contains(text, "<"+condition) {
			return true
		}
	}
	return false
}

// retryAfter reads the header in both its forms. A date is measured by the
// server's own clock where it tells it.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return min(time.Duration(n)*time.Second, 24*time.Hour)
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

// netFault says what no answer means: nothing was done, unless a write had been
// sent. The address is left out: it may name a person.
func netFault(ctx context.Context, err error, sentWrite bool) error {
	var addressed *url.Error
	if errors.As(err, &addressed) {
		err = addressed.Err
	}
	var untrusted *tls.CertificateVerificationError
	switch {
	case sentWrite:
		return &connector.Fault{Kind: connector.Unknown, Message: "The server did not say whether it was done.", Err: err}
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &untrusted): // trying again is useless
		return &connector.Fault{Kind: connector.Denied, Message: "The certificate of the server is not trusted here: its authority is unknown, it is for another name, or it has expired. If it is right, add the certificate of its authority.", Err: err}
	}
	return &connector.Fault{Kind: connector.Busy, Message: "The server cannot be reached.", Err: err}
}
