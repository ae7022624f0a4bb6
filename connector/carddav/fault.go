package carddav

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// statusFault says what an answer that is not a success means.
func statusFault(answer *http.Response, text string, write bool) *connector.Fault {
	f := &connector.Fault{Code: strconv.Itoa(answer.StatusCode), RetryAfter: httpfault.RetryAfter(answer.Header)}
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
