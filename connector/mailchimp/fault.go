package mailchimp

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// statusFault says what an answer that is not a success means. What Mailchimp
// writes into detail names people, so it is not passed on.
//
//	400 Member In Compliance State       invalid: only the person can come back
//	400 Forgotten Email Not Subscribed   invalid: only the person can come back
//	400 Member Exists                    taken
//	403 without a body                   busy: too much at once, not a lost right
//	429                                  busy: more than ten requests at once
func statusFault(answer *http.Response, text []byte, write bool) *connector.Fault {
	var said struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Errors []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(text, &said) // what there is of it
	f := &connector.Fault{Code: strconv.Itoa(answer.StatusCode), RetryAfter: httpfault.RetryAfter(answer.Header)}
	if said.Title != "" {
		f.Code += " " + said.Title
	}
	if len(said.Errors) > 0 {
		f.Field = said.Errors[0].Field
	}
	switch status := answer.StatusCode; {
	case status == http.StatusBadRequest:
		refusal(f, said.Title, said.Detail)
	case status == http.StatusForbidden && len(bytes.TrimSpace(text)) == 0:
		f.Kind, f.Message = connector.Busy, "Mailchimp has too many requests at the moment."
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status < 400 || status == http.StatusProxyAuthRequired:
		f.Kind, f.Message = connector.Denied, "Mailchimp does not accept the key. Reconnect the account under Connections."
	case status == http.StatusNotFound || status == http.StatusGone:
		f.Kind, f.Message = connector.Missing, "It is not there any more."
	case status == http.StatusTooManyRequests:
		f.Kind, f.Message = connector.Busy, "Mailchimp takes ten requests of an account at the same time, and there are more at the moment."
	case status == http.StatusServiceUnavailable:
		f.Kind, f.Message = connector.Busy, "Mailchimp is busy."
	case status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented:
		f.Kind, f.Message = connector.Busy, "Mailchimp could not answer."
		if write { // it may have done a part, or all
			f.Kind, f.Message = connector.Unknown, "Mailchimp could not say whether it was done."
		}
	case status == http.StatusUpgradeRequired:
		f.Kind, f.Message = connector.Denied, "Mailchimp asks for TLS 1.2 or later on the way to it."
	default:
		f.Kind, f.Message = connector.Invalid, "Mailchimp does not accept this."
	}
	return f
}

// refusal says why a member was not accepted, by what Mailchimp calls it: the
// title of an error, or the text of an error in a batch.
func refusal(f *connector.Fault, title, detail string) {
	said := strings.ToLower(title + " " + detail)
	f.Kind = connector.Invalid
	switch {
	case strings.Contains(said, "compliance"):
		f.Field, f.Message = statusField, "This person unsubscribed, or mail to them bounced, or Mailchimp is looking into it. A sync never subscribes them again: they must sign up by themselves."
	case strings.Contains(said, "forgotten") || strings.Contains(said, "permanently deleted"):
		f.Field, f.Message = emailField, "This address was deleted from the audience for good, so Mailchimp does not take it back. The person must sign up by themselves."
	case strings.Contains(said, "exists") || strings.Contains(said, "already a list member"):
		f.Kind, f.Field, f.Message = connector.Taken, emailField, "The audience has another member with this address."
	case strings.Contains(said, "fake or invalid") || strings.Contains(said, "valid email"):
		f.Field, f.Message = emailField, "Mailchimp does not take this for a real address."
	case f.Field != "":
		f.Message = "Mailchimp does not accept the value of " + f.Field + ". It may be missing, incomplete, too long, or not one of the choices."
	default:
		f.Message = "Mailchimp does not accept this member."
	}
}

// kindOf is the kind of the fault that an error is, 0 for any other.
func kindOf(err error) connector.FaultKind {
	var f *connector.Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return 0
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
