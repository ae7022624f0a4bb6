package salesforce

import (
	"cmp"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// A problem is what the API says instead of a result: errorCode of a call,
// statusCode of one row.
type problem struct {
	Code    string   `json:"errorCode"`
	Status  string   `json:"statusCode"`
	Message string   `json:"message"`
	Fields  []string `json:"fields"`
}

// statusFault says what an answer that is not a success means. The code decides,
// then the status [REST: status codes and error responses].
func statusFault(got answer, write bool) *connector.Fault {
	var problems []problem
	if read(got.body, &problems) != nil {
		problems = nil
	}
	if len(problems) > 0 && problems[0].Code != "" {
		f := problems[0].fault(write)
		f.RetryAfter = max(f.RetryAfter, httpfault.RetryAfter(got.header))
		if got.status == http.StatusNotFound { // a resource, not a record: those are asked for by the hundred
			f.Kind, f.Message = connector.Invalid, "Salesforce does not have this resource, or does not show it to our user."
		}
		if strings.HasPrefix(f.Code, "INSUFFICIENT_ACCESS") && got.status == http.StatusForbidden {
			f.Kind = connector.Denied
		}
		return f
	}
	f := &connector.Fault{Code: strconv.Itoa(got.status), RetryAfter: httpfault.RetryAfter(got.header)}
	switch status := got.status; {
	case status == http.StatusMultipleChoices:
		f.Kind, f.Message = connector.Invalid, "Several records have this key in Salesforce. Nothing was written. Merge them, or clear the key of all but one."
	case status < 400 || status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired:
		f.Kind, f.Message = connector.Denied, "Salesforce does not let us in. Reconnect the account under Connections."
	case status == http.StatusNotFound:
		f.Kind, f.Message = connector.Invalid, "Salesforce does not have this resource, or does not show it to our user."
	case status == http.StatusGone:
		f.Kind, f.Message = connector.Invalid, "Salesforce has switched this version of its API off. Set a later one."
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == 420:
		f.Kind, f.Message = connector.Busy, "Salesforce is busy."
	case status == http.StatusRequestTimeout || status >= 500:
		f.Kind, f.Message = connector.Busy, "Salesforce could not answer."
		if write { // it may have done it all the same
			f.Kind, f.Message = connector.Unknown, "Salesforce could not say whether it was done."
		}
	default:
		f.Kind, f.Message = connector.Invalid, "Salesforce does not accept this."
	}
	return f
}

// quotaPause is how long we wait once the calls of 24 hours are used up. The hours
// roll, so that some are free again soon.
const quotaPause = time.Hour

// fault says what a problem means and what to do. The API's own message is not
// passed on: it repeats values. Only what an admin of the org wrote is.
func (p problem) fault(write bool) *connector.Fault {
	f := &connector.Fault{Kind: connector.Invalid, Code: cmp.Or(p.Code, p.Status)}
	if len(p.Fields) > 0 {
		f.Field = p.Fields[0]
	}
	switch f.Code {
	case "INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "INVALID_LOGIN", "INVALID_OPERATION_WITH_EXPIRED_PASSWORD":
		f.Kind, f.Message = connector.Denied, "Salesforce does not let us in any more. Reconnect the account under Connections."
	case "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED":
		f.Kind, f.Message = connector.Denied, "This org may not use the API. Its edition, or the profile of the user, has to allow it."
	case "REQUEST_LIMIT_EXCEEDED":
		if strings.Contains(p.Message, "Concurrent") {
			f.Kind, f.Message = connector.Busy, "Salesforce answers too many long requests of the org at once."
			break
		}
		f.Kind, f.RetryAfter, f.Message = connector.Quota, quotaPause, "The org has used up its API calls of 24 hours."
	case "STORAGE_LIMIT_EXCEEDED":
		f.Kind, f.Message = connector.Quota, "The org has no room left for records."
	case "UNABLE_TO_LOCK_ROW":
		f.Kind, f.Message = connector.Busy, "Somebody else is changing this record or its account just now."
	case "SERVER_UNAVAILABLE", "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "QUERY_TIMEOUT", "ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED", "REQUEST_RUNNING_TOO_LONG":
		f.Kind, f.Message = connector.Busy, "Salesforce is busy, or under maintenance."
		if write && f.Code == "REQUEST_RUNNING_TOO_LONG" {
			f.Kind, f.Message = connector.Unknown, "Salesforce could not say whether it was done."
		}
	case "UNKNOWN_EXCEPTION":
		f.Kind, f.Message = connector.Busy, "Salesforce could not answer."
		if write {
			f.Kind, f.Message = connector.Unknown, "Salesforce could not say whether it was done."
		}
	case "INVALID_QUERY_LOCATOR", "UNAUTHORIZED_USER_FOR_CURSOR", "INVALID_REPLICATION_DATE":
		f.Kind, f.Message = connector.Expired, "Salesforce no longer knows where we left off."
	case "ENTITY_IS_DELETED", "NOT_FOUND":
		f.Kind, f.Message = connector.Missing, "The record was deleted in Salesforce."
	case "CANNOT_UPDATE_CONVERTED_LEAD":
		f.Kind, f.Message = connector.Missing, "The lead was converted in Salesforce. Its contact stands for it now."
	case "INVALID_CROSS_REFERENCE_KEY":
		if f.Field == "" || f.Field == "Id" {
			f.Kind, f.Message = connector.Missing, "The record is not there any more."
			break
		}
		f.Message = "The record that " + f.Field + " names is not there."
	case "DUPLICATES_DETECTED":
		f.Kind, f.Message = connector.Taken, "A duplicate rule of the org holds this record for one that is there already."
	case "DUPLICATE_VALUE":
		f.Kind, f.ID, f.Message = connector.Taken, holder(p.Message), "Another record has a value that must be unique."
	case "DUPLICATE_EXTERNAL_ID":
		f.Message = "Several records have this key in Salesforce. Nothing was written. Merge them, or clear the key of all but one."
	case "REQUIRED_FIELD_MISSING":
		f.Message = said("Salesforce requires %s.", f.Field, "a field that is empty")
	case "STRING_TOO_LONG":
		f.Message = said("The value of %s is too long for Salesforce.", f.Field, "a field")
	case "INVALID_EMAIL_ADDRESS":
		f.Message = said("Salesforce does not take the value of %s for an e-mail address.", f.Field, "a field")
	case "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST":
		f.Message = said("The value of %s is none of those that Salesforce allows.", f.Field, "a field")
	case "FIELD_CUSTOM_VALIDATION_EXCEPTION":
		f.Message = "A rule of the org refused it: " + cut(p.Message, 300)
	case "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE":
		f.Message = said("We may not use %s: it is not there, read only, or hidden from our user.", cmp.Or(f.Field, noColumn(p.Message)), "a field")
	case "INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INSUFFICIENT_ACCESS":
		f.Message = "Our user may not change this record, or one it belongs to."
	case "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY":
		f.Message = "Automation of the org (a trigger) failed on this record."
	case "ENTITY_IS_LOCKED":
		f.Message = "The record is locked: it waits for an approval."
	case "INACTIVE_OWNER_OR_USER":
		f.Message = "Its owner is not an active user."
	default:
		f.Message = "Salesforce does not accept this (" + f.Code + ")."
	}
	return f
}

// rowFault says what the problem of one record means. Its code says what concerns
// this record only, though the word is one of those that concern everybody.
func rowFault(p problem) *connector.Fault {
	f := p.fault(true)
	if f.Kind == connector.Unknown { // the org says that it was not saved
		f.Kind, f.Message = connector.Invalid, "Salesforce failed on this record."
	}
	return f
}

func said(format, field, otherwise string) string {
	return strings.Replace(format, "%s", cmp.Or(field, otherwise), 1)
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// holder is the id that "duplicate value found: F duplicates value on record with
// id: 003…" ends in.
func holder(message string) string {
	_, id, _ := strings.Cut(message, "with id: ")
	if id, _, _ = strings.Cut(strings.TrimSpace(id), " "); isID(id) {
		return wide(id)
	}
	return ""
}

// noColumn is the one that "No such column 'F' on entity 'X'" names.
func noColumn(message string) string {
	if found := regexp.MustCompile(`No such column '(\w+)'`).FindStringSubmatch(message); found != nil {
		return found[1]
	}
	return ""
}
