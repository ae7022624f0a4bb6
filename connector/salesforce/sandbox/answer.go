package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// An answer is what a call ends with, before it is sent.
type answer struct {
	status int
	body   any    // as JSON
	text   string // instead of body
	kind   string // content type of text
	header map[string]string
}

func reply(status int, body any) answer { return answer{status: status, body: body} }
func empty(status int) answer           { return answer{status: status} }

func (a answer) bytes() []byte {
	switch {
	case a.text != "":
		return []byte(a.text)
	case a.body == nil:
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a.body); err != nil { // our own values only
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (a answer) send(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	kind := a.kind
	if kind == "" {
		kind = "application/json;charset=UTF-8"
	}
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.bytes()) // a client that is gone reads nothing
}

// A problem is what the data API says instead of a result.
type problem struct {
	status  int
	code    string
	message string
	fields  []string
	result  any // of duplicate rules
	spelled string
}

func refuse(code, message string, fields ...string) *problem {
	return &problem{status: http.StatusBadRequest, code: code, message: message, fields: fields}
}

func (p *problem) at(status int) *problem { p.status = status; return p }

// answer is the problem of a whole call: an array, as errors are.
func (p *problem) answer() answer {
	body := map[string]any{"message": p.message, "errorCode": p.code}
	if p.fields != nil || p.rowLevel() {
		body["fields"] = list(p.fields)
	}
	if p.result != nil {
		body[p.spelled] = p.result
		delete(body, "fields")
	}
	return reply(p.status, []any{body})
}

// row is the problem of one record among others, where the code is spelled
// otherwise.
func (p *problem) row() map[string]any {
	return map[string]any{"statusCode": p.code, "message": p.message, "fields": list(p.fields)}
}

// rowLevel problems name their fields even when there are none.
func (p *problem) rowLevel() bool {
	return p.code == "ENTITY_IS_DELETED" || p.code == "UNABLE_TO_LOCK_ROW" || strings.HasPrefix(p.code, "DUPLICATE")
}

func list(fields []string) []string {
	if fields == nil {
		return []string{}
	}
	return fields
}

func unknownResource() *problem {
	return refuse("NOT_FOUND", "The requested resource does not exist").at(http.StatusNotFound)
}

func badMethod(c *call) *problem {
	return refuse("METHOD_NOT_ALLOWED", fmt.Sprintf("HTTP Method '%s' not allowed.", c.method)).at(http.StatusMethodNotAllowed)
}

func noColumn(o *object, name string) *problem {
	return refuse("INVALID_FIELD", fmt.Sprintf("No such column '%s' on sobject of type %s", name, o.name))
}

// decode reads a body as JSON, keeping numbers as they are written.
func decode(body []byte, into any) *problem {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return refuse("JSON_PARSER_ERROR", "The JSON of the request cannot be read")
	}
	return nil
}
