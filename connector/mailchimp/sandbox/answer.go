package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A problem is an error as the API answers it.
type problem struct {
	status        int
	title, detail string
	errors        []fieldError
}

type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

var (
	notFound  = problem{http.StatusNotFound, "Resource Not Found", "There is no such resource.", nil}
	badKey    = problem{http.StatusUnauthorized, "API Key Invalid", "The API key is not valid, or it has been disabled.", nil}
	forgotten = problem{http.StatusBadRequest, "Forgotten Email Not Subscribed", "A contact with this address was permanently deleted and cannot be imported again. The contact must sign up by themselves.", nil}
	locked    = problem{http.StatusBadRequest, "Member In Compliance State", "This address is in a compliance state due to unsubscribe, bounce or compliance review and cannot be subscribed.", nil}
	exists    = problem{http.StatusBadRequest, "Member Exists", "This address is already a list member. Use PUT to insert or update list members.", nil}
	fixed     = problem{http.StatusMethodNotAllowed, "Method Not Allowed", "This member cannot be archived: it is bounced, pending or archived.", nil}
)

func invalid(detail string, errors ...fieldError) *problem {
	return &problem{http.StatusBadRequest, "Invalid Resource", detail, errors}
}

func (s *Sandbox) refuse(w http.ResponseWriter, p problem) {
	body := map[string]any{"type": "https://mailchimp.com/developer/marketing/docs/errors/", "title": p.title, "status": p.status, "detail": p.detail, "instance": "5a8d2f4e-0000-4000-8000-000000000001"}
	if s.options.NoType {
		delete(body, "type")
	}
	if p.errors != nil {
		body["errors"] = p.errors
	}
	write(w, p.status, "application/problem+json; charset=utf-8", body)
}

func write(w http.ResponseWriter, status int, kind string, body any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone reads nothing
}

// answer sends what was asked for, only the fields the request names.
func answer(w http.ResponseWriter, r *http.Request, body map[string]any) {
	if list := r.URL.Query().Get("fields"); list != "" {
		body = pick(body, strings.Split(list, ","))
	}
	for field := range strings.SplitSeq(r.URL.Query().Get("exclude_fields"), ",") {
		drop(body, strings.Split(field, "."))
	}
	write(w, http.StatusOK, "application/json; charset=utf-8", body)
}

// pick keeps the fields of an object that are named, with dots into what is
// inside it.
func pick(from map[string]any, fields []string) map[string]any {
	inside := map[string][]string{}
	out := map[string]any{}
	for _, f := range fields {
		name, rest, deeper := strings.Cut(strings.TrimSpace(f), ".")
		if v, ok := from[name]; ok && !deeper {
			out[name] = v
		}
		if deeper {
			inside[name] = append(inside[name], rest)
		}
	}
	for name, fields := range inside {
		if _, whole := out[name]; whole {
			continue
		}
		switch v := from[name].(type) {
		case map[string]any:
			out[name] = pick(v, fields)
		case []map[string]any:
			some := make([]map[string]any, len(v))
			for i := range v {
				some[i] = pick(v[i], fields)
			}
			out[name] = some
		}
	}
	return out
}

func drop(from map[string]any, path []string) {
	if len(path) == 1 {
		delete(from, path[0])
		return
	}
	switch v := from[path[0]].(type) {
	case map[string]any:
		drop(v, path[1:])
	case []map[string]any:
		for i := range v {
			drop(v[i], path[1:])
		}
	}
}

// read reads a body of JSON into v, with numbers as they are written.
func (s *Sandbox) read(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(io.LimitReader(r.Body, 8<<20))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		s.refuse(w, problem{http.StatusBadRequest, "JSON Parse Error", "We encountered an unspecified JSON parsing error.", nil})
		return false
	}
	return true
}

// page reads count and offset.
func (s *Sandbox) page(w http.ResponseWriter, r *http.Request) (count, offset int, ok bool) {
	count, offset = 10, 0
	for name, at := range map[string]*int{"count": &count, "offset": &offset} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			s.refuse(w, *invalid("The parameters are not valid.", fieldError{name, "Schema describes integer, given " + strconv.Quote(text)}))
			return 0, 0, false
		}
		*at = n
	}
	if count > 1000 {
		s.mu.Lock()
		s.breach("page")
		s.mu.Unlock()
		s.refuse(w, *invalid("The parameters are not valid.", fieldError{"count", fmt.Sprintf("%d is more than 1000", count)}))
		return 0, 0, false
	}
	return count, offset, true
}

// slice is the part of a list that a page shows.
func slice[T any](all []T, count, offset int) []T {
	all = all[min(offset, len(all)):]
	return all[:min(count, len(all))]
}
