package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/kith-sync/kith/connector"
)

// queriesTogether is how many statements one call may have [REST: composite].
const queriesTogether = 5

// reference begins what a composite request replaces by the answer of an earlier
// step, wherever it stands: a value that has it goes by a request of its own.
const reference = "@{"

// refers reports whether a request must not be part of a composite one.
func refers(r request) bool {
	text, err := json.Marshal(r.body)
	return err != nil || bytes.Contains(text, []byte(reference))
}

// composite sends some requests in one call, which counts once. What one of them is
// answered may be a fault; the error is of the call itself.
func (a *api) composite(ctx context.Context, requests []request) ([]answer, error) {
	type step struct {
		Method    string            `json:"method"`
		URL       string            `json:"url"`
		Reference string            `json:"referenceId"`
		Body      any               `json:"body,omitempty"`
		Header    map[string]string `json:"httpHeaders,omitempty"`
	}
	var steps []step
	writes := false
	for i, r := range requests {
		header := map[string]string{}
		if r.write {
			writes = true
			maps.Copy(header, a.header)
		}
		maps.Copy(header, r.header)
		steps = append(steps, step{r.method, a.uri(r), fmt.Sprintf("part%d", i), r.body, header})
	}
	var reply struct {
		Parts []struct {
			Body   rawText `json:"body"`
			Status int     `json:"httpStatusCode"`
		} `json:"compositeResponse"`
	}
	call := request{method: http.MethodPost, path: "composite", body: map[string]any{"allOrNone": false, "collateSubrequests": false, "compositeRequest": steps}, write: writes}
	if _, err := a.ask(ctx, call, &reply); err != nil {
		return nil, err
	}
	if len(reply.Parts) != len(requests) {
		return nil, unreadable(fmt.Errorf("%d answers to %d requests", len(reply.Parts), len(requests)), writes)
	}
	answers := make([]answer, len(requests))
	for i, p := range reply.Parts {
		answers[i] = answer{status: p.Status, header: http.Header{}, body: p.Body}
	}
	return answers, nil
}

// fault is what an answer complains about, nil for nothing.
func (a answer) fault(write bool) *connector.Fault {
	if a.status < 300 {
		return nil
	}
	return statusFault(a, write)
}

// rawText is JSON that is read later.
type rawText []byte

// UnmarshalJSON keeps it.
func (r *rawText) UnmarshalJSON(text []byte) error {
	*r = slices.Clone(text)
	return nil
}
