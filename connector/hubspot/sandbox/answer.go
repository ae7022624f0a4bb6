package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A problem is an error as the API tells it.
type problem struct {
	status             int
	category, message  string
	context            map[string][]string
	errors             []detail
	errorType, policy  string
	retryAfter         time.Duration
	subCategory        string
	conflict, notFound bool
}

// A detail is one of several errors.
type detail struct {
	Message string              `json:"message"`
	Code    string              `json:"code,omitempty"`
	In      string              `json:"in,omitempty"`
	Context map[string][]string `json:"context,omitempty"`
}

func notFound(message string) *problem {
	return &problem{status: http.StatusNotFound, category: "OBJECT_NOT_FOUND", message: message, notFound: true}
}

func invalid(format string, values ...any) *problem {
	return &problem{status: http.StatusBadRequest, category: "VALIDATION_ERROR", message: fmt.Sprintf(format, values...)}
}

func (s *Sandbox) correlation() string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.answered)
}

func (s *Sandbox) refuse(w http.ResponseWriter, p *problem) {
	body := map[string]any{"status": "error", "message": p.message, "correlationId": s.correlation(), "category": p.category}
	for name, value := range map[string]string{"errorType": p.errorType, "policyName": p.policy, "subCategory": p.subCategory} {
		if value != "" {
			body[name] = value
		}
	}
	if len(p.context) > 0 {
		body["context"] = p.context
	}
	if len(p.errors) > 0 {
		body["errors"] = p.errors
	}
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(p.retryAfter.Seconds())))
	}
	s.answer(w, p.status, body)
}

func (s *Sandbox) answer(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone reads nothing
}

func decode(r *http.Request, into any) *problem {
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 4<<20)).Decode(into); err != nil {
		return invalid("Invalid input JSON: %v", err)
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// usual are the properties of an answer to who asks for none.
var usual = []string{"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"}

// always are there, whatever is asked for.
var always = []string{"createdate", "hs_object_id", "lastmodifieddate"}

// A view is a contact as some moment shows it.
type view struct {
	id      int64
	created time.Time
	state
}

// value is a property's, whoever keeps it.
func (v view) value(name string) string {
	switch name {
	case "createdate":
		return stamp(v.created)
	case "lastmodifieddate":
		return stamp(v.modified)
	case "hs_object_id":
		return fmt.Sprint(v.id)
	}
	return v.values[name]
}

// object is the JSON of a contact with the properties that were asked for: null
// where it has none, nothing where there is no such property.
func (s *Sandbox) object(v view, asked []string) map[string]any {
	if len(asked) == 0 {
		asked = usual
	}
	properties := map[string]any{}
	for _, name := range append(append([]string{}, asked...), always...) {
		if name = strings.ToLower(name); s.property(name) == nil {
			continue
		}
		if properties[name] = any(nil); v.value(name) != "" {
			properties[name] = v.value(name)
		}
	}
	return shape(v, properties)
}

// written is the JSON of a contact after a write: without the empty properties,
// and after an update only with those that were written and a few of the
// account's own, as replies that were seen.
func (s *Sandbox) written(v view, only map[string]string) map[string]any {
	properties := map[string]any{}
	for _, p := range s.properties {
		_, sent := only[p.Name]
		own := p.Name == "lifecyclestage" || p.Name == "createdate" || p.Name == "hs_object_id" || p.Name == "lastmodifieddate"
		if value := v.value(p.Name); value != "" && (only == nil || sent || own) {
			properties[p.Name] = value
		}
		if sent && v.value(p.Name) == "" {
			properties[p.Name] = ""
		}
		if sent && s.options.RepeatSent {
			properties[p.Name] = only[p.Name]
		}
	}
	return shape(v, properties)
}

func shape(v view, properties map[string]any) map[string]any {
	o := map[string]any{"id": fmt.Sprint(v.id), "properties": properties, "createdAt": stamp(v.created), "updatedAt": stamp(v.modified), "archived": v.archived}
	if v.archived {
		o["archivedAt"] = stamp(v.archivedAt)
	}
	return o
}
