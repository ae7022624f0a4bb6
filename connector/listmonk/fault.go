package listmonk

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// statusFault says what an answer that is not a success means. The text of the
// server is not passed on: it is in the language of the server, and can name a
// person.
func statusFault(answer *http.Response, text string, write bool) *connector.Fault {
	f := &connector.Fault{Code: strconv.Itoa(answer.StatusCode), RetryAfter: httpfault.RetryAfter(answer.Header)}
	switch status := answer.StatusCode; {
	case status == http.StatusForbidden && strings.Contains(text, "subscribers:sql_query"):
		f.Kind, f.Message = connector.Denied, "The role of the API user may not search. Give it the permission subscribers:sql_query in listmonk."
	case status < 400 || status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired:
		// listmonk says 403 for a wrong token as well as for a missing permission.
		f.Kind, f.Message = connector.Denied, "listmonk does not let us in. Check the API user, its token and what its role permits."
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		f.Kind, f.Message = connector.Invalid, "This address does not answer as a listmonk server. Check the address."
	case status == http.StatusGone:
		f.Kind, f.Message = connector.Missing, "It is not there any more."
	case status == http.StatusConflict:
		f.Kind, f.Field, f.Message = connector.Taken, email, "Another subscriber has this e-mail address."
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == http.StatusLocked:
		f.Kind, f.Message = connector.Busy, "The server is busy."
	case status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported:
		f.Kind, f.Message = connector.Busy, "The server could not answer."
		if write { // a gateway may have passed it on, a server may have done half of it
			f.Kind, f.Message = connector.Unknown, "The server could not say whether it was done."
		}
	default:
		f.Kind, f.Message = connector.Invalid, "listmonk does not accept this."
	}
	return f
}

// asFault makes what stopped a write a fault. A context that ended did so before
// anything was sent, see netFault.
func asFault(err error) *connector.Fault {
	var f *connector.Fault
	if err == nil || errors.As(err, &f) {
		return f
	}
	return &connector.Fault{Kind: connector.Busy, Message: "It was stopped before it was sent.", Err: err}
}

// stops is what the writes after one get, where that shows that they cannot go
// better: the server asks us to wait, refuses the token, or says nothing at all.
func stops(f *connector.Fault) *connector.Fault {
	switch {
	case f == nil:
		return nil
	case f.Kind == connector.Denied, f.Kind == connector.Busy && f.RetryAfter > 0:
		return f
	}
	if late, ok := errors.AsType[net.Error](f.Err); ok && late.Timeout() {
		return &connector.Fault{Kind: connector.Busy, Message: "The server did not answer the write before this one. It is tried again."}
	}
	return nil
}

func invalid(field, message string) *connector.Fault {
	return &connector.Fault{Kind: connector.Invalid, Field: field, Message: message}
}

func missing() *connector.Fault {
	return &connector.Fault{Kind: connector.Missing, Message: "This subscriber is not on the list any more."}
}
