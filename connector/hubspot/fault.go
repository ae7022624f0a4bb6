package hubspot

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// statusFault says what an answer that is not a success means. HubSpot's own
// words are not passed on: they quote addresses.
func statusFault(answer *http.Response, text []byte, write bool) *connector.Fault {
	var e apiError
	_ = json.Unmarshal(text, &e) // a gateway answers with a page of HTML
	f := &connector.Fault{Code: strconv.Itoa(answer.StatusCode), RetryAfter: httpfault.RetryAfter(answer.Header)}
	switch status := answer.StatusCode; {
	case status == http.StatusTooManyRequests && strings.EqualFold(e.Policy, "DAILY"):
		f.Kind, f.Message = connector.Quota, "HubSpot's calls for today are used up."
	case status == http.StatusTooManyRequests:
		f.Kind, f.Message = connector.Busy, "HubSpot wants fewer calls at a time."
	case status == http.StatusLocked:
		f.Kind, f.Message = connector.Busy, "HubSpot is changing these contacts itself."
		f.RetryAfter = max(f.RetryAfter, 2*time.Second)
	case status == 477:
		f.Kind, f.Message = connector.Busy, "HubSpot is moving this account to another place."
	case status == http.StatusUnauthorized:
		f.Kind, f.Message = connector.Denied, "HubSpot does not accept the token. Copy it anew under Connections."
	case status == http.StatusForbidden:
		f.Kind, f.Message = connector.Denied, "HubSpot does not allow this. "+scopes(e)
	case status < 400:
		f.Kind, f.Message = connector.Denied, "HubSpot sends us to another address. Check the one under Connections."
	case status == http.StatusServiceUnavailable || status >= 521 && status <= 523: // it was never reached
		f.Kind, f.Message = connector.Busy, "HubSpot cannot be reached."
	case status >= 500 || status == http.StatusRequestTimeout:
		f.Kind, f.Message = connector.Busy, "HubSpot could not answer."
		if write { // a gateway may have passed it on
			f.Kind, f.Message = connector.Unknown, "HubSpot could not say whether it was done."
		}
	default:
		refusal(f, e, status)
	}
	return f
}

// itemFault says what is wrong with one input of a batch.
func itemFault(e apiError) *connector.Fault {
	f := &connector.Fault{}
	refusal(f, e, 0)
	return f
}

// existing finds the contact that has an address in what a conflict says.
var existing = regexp.MustCompile(`Existing ID: (\d+)`)

// refusal says why a contact, or a whole call, was refused.
func refusal(f *connector.Fault, e apiError, status int) {
	if e.Category != "" {
		f.Code = e.Category
	}
	codes := map[string]bool{}
	for _, detail := range e.Errors {
		codes[detail.Code] = true
		if names := detail.Context["propertyName"]; f.Field == "" && len(names) > 0 {
			f.Code, f.Field = detail.Code, names[0]
		}
	}
	switch {
	case e.Category == "CONFLICT" || status == http.StatusConflict || codes["CONTACT_EXISTS"]:
		f.Kind, f.Field, f.Message = connector.Taken, "email", "Another contact in HubSpot has this e-mail address, as its first or a further one."
		if ids := e.Context["existingId"]; len(ids) > 0 {
			f.ID = ids[0]
		} else if m := existing.FindStringSubmatch(e.Message); m != nil {
			f.ID = m[1]
		}
	case e.Category == "OBJECT_NOT_FOUND" || status == http.StatusNotFound:
		f.Kind, f.Message = connector.Missing, "It is not in HubSpot any more."
	case codes["PROPERTY_DOESNT_EXIST"]:
		f.Kind, f.Message = connector.Invalid, fmt.Sprintf("HubSpot has no property %q. Look at the mapping again.", f.Field)
	case codes["READ_ONLY_VALUE"]:
		f.Kind, f.Message = connector.Invalid, fmt.Sprintf("HubSpot lets nobody write the property %q. Take it out of the mapping, or read it only.", f.Field)
	case codes["INVALID_EMAIL"]:
		f.Kind, f.Message = connector.Invalid, "HubSpot does not take this as an e-mail address."
	case codes["INVALID_OPTION"]:
		f.Kind, f.Message = connector.Invalid, fmt.Sprintf("This is none of the values that HubSpot has for %q. Map it to one of them.", f.Field)
	case f.Field != "":
		f.Kind, f.Message = connector.Invalid, fmt.Sprintf("HubSpot does not take this value for %q.", f.Field)
	default:
		f.Kind, f.Message = connector.Invalid, "HubSpot does not accept this."
	}
}

func scopes(e apiError) string {
	if needed := e.Context["requiredGranularScopes"]; len(needed) > 0 {
		return "Give the private app the scope " + strings.Join(needed, ", ") + "."
	}
	return "Give the private app the scopes that the manual of this connector names."
}

// missingAddress says of an address where nothing is that it is the wrong one.
func missingAddress(err error) error {
	if f, ok := errors.AsType[*connector.Fault](err); ok && f.Kind == connector.Missing {
		return &connector.Fault{Kind: connector.Invalid, Code: f.Code, Message: "There is no HubSpot at this address. Leave the address out, or check it."}
	}
	return err
}

// unreadable is the fault of an answer that broke off or is not JSON: it says
// nothing about what it left out (I13).
func unreadable(err error, write bool) *connector.Fault {
	if write {
		return &connector.Fault{Kind: connector.Unknown, Message: "HubSpot's answer broke off, so that it is not known what was done.", Err: err}
	}
	return &connector.Fault{Kind: connector.Busy, Message: "HubSpot's answer broke off or is none of its own.", Err: err}
}
