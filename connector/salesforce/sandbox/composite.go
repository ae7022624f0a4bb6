package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

const (
	stepsLimit   = 25
	queriesLimit = 5
)

// composite answers /composite, /composite/batch and /composite/tree.
func (s *Sandbox) composite(c *call) answer {
	if c.method != http.MethodPost {
		return badMethod(c).answer()
	}
	switch {
	case len(c.parts) == 1:
		return s.chain(c)
	case len(c.parts) == 2 && strings.EqualFold(c.parts[1], "batch"):
		return s.batch(c)
	case len(c.parts) == 3 && strings.EqualFold(c.parts[1], "tree"):
		return s.tree(c)
	}
	return unknownResource().answer()
}

// A step is one subrequest of a composite call.
type step struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	Body        json.RawMessage   `json:"body"`
	Headers     map[string]string `json:"httpHeaders"`
}

// inner is a step as a call of its own.
func (c *call) inner(method, address string, body []byte, headers map[string]string) *call {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	_, rest, ok := strings.Cut(strings.TrimPrefix(u.EscapedPath(), "/services/data"), "/v")
	if !ok && !strings.HasPrefix(address, "v") {
		return nil
	}
	version, path, _ := strings.Cut(rest, "/")
	if !ok {
		version, path, _ = strings.Cut(address[1:], "/")
		path, _, _ = strings.Cut(path, "?")
	}
	h := http.Header{}
	for k, v := range headers {
		h.Set(k, v)
	}
	return &call{method: method, host: c.host, path: u.EscapedPath(), parts: parts(path), query: u.Query(), header: h, body: body, version: version, user: c.user, auth: true}
}

var reference = regexp.MustCompile(`@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}`)

// chain answers /composite: steps that may use what earlier ones answered.
func (s *Sandbox) chain(c *call) answer {
	var body struct {
		AllOrNone bool   `json:"allOrNone"`
		Requests  []step `json:"compositeRequest"`
	}
	if p := decode(c.body, &body); p != nil {
		return p.answer()
	}
	if p := s.countSteps(body.Requests); p != nil {
		return p.answer()
	}
	results := make([]any, len(body.Requests))
	said := map[string]any{}
	s.attempt(func() bool {
		failed := -1
		for i, st := range body.Requests {
			a := s.take(c, st, said)
			if a.status >= 300 && failed < 0 {
				failed = i
			}
			var value any
			_ = json.Unmarshal(a.bytes(), &value) // an empty answer is null
			said[st.ReferenceID] = value
			results[i] = stepResult(st, a, value)
		}
		if failed < 0 || !body.AllOrNone {
			return true
		}
		for i, st := range body.Requests {
			if i != failed {
				p := refuse("PROCESSING_HALTED", "The transaction was rolled back since another operation in the same transaction failed.")
				results[i] = stepResult(st, p.answer(), p.answer().body)
			}
		}
		return false
	})
	return reply(http.StatusOK, map[string]any{"compositeResponse": results})
}

func stepResult(st step, a answer, value any) map[string]any {
	headers := map[string]string{}
	maps.Copy(headers, a.header)
	return map[string]any{"body": value, "httpHeaders": headers, "httpStatusCode": a.status, "referenceId": st.ReferenceID}
}

func (s *Sandbox) countSteps(steps []step) *problem {
	queries := 0
	for _, st := range steps {
		if strings.Contains(st.URL, "/query") || strings.Contains(st.URL, "/composite/sobjects") {
			queries++
		}
	}
	switch {
	case len(steps) > stepsLimit:
		s.tally.breach("more than 25 steps in a composite call")
		return refuse("LIMIT_EXCEEDED", "The number of subrequests exceeds the limit of 25")
	case queries > queriesLimit:
		s.tally.breach("more than 5 queries or collections in a composite call")
		return refuse("LIMIT_EXCEEDED", "The number of queries and collections exceeds the limit of 5")
	}
	return nil
}

// take carries one step out, with what it refers to filled in.
func (s *Sandbox) take(c *call, st step, said map[string]any) answer {
	var missed *problem
	fill := func(text string) string {
		return reference.ReplaceAllStringFunc(text, func(m string) string {
			parts := reference.FindStringSubmatch(m)
			v, ok := dig(said[parts[1]], parts[2])
			if !ok {
				missed = refuse("PROCESSING_HALTED", "Invalid reference specified. No value for "+strings.TrimSuffix(m[2:], "}")+" found")
			}
			return v
		})
	}
	inner := c.inner(st.Method, fill(st.URL), []byte(fill(string(st.Body))), st.Headers)
	if missed != nil {
		return missed.answer()
	}
	if inner == nil || len(inner.parts) == 0 {
		return unknownResource().answer()
	}
	return s.route(inner)
}

// dig follows .records[0].Id into an answer.
func dig(v any, path string) (string, bool) {
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(in) {
				return "", false
			}
			v = in[i]
		default:
			return "", false
		}
	}
	return fmt.Sprint(v), v != nil
}

// batch answers /composite/batch: steps that know nothing of each other, each of
// which counts as a call.
func (s *Sandbox) batch(c *call) answer {
	var body struct {
		Requests []struct {
			Method    string          `json:"method"`
			URL       string          `json:"url"`
			RichInput json.RawMessage `json:"richInput"`
		} `json:"batchRequests"`
		Halt bool `json:"haltOnError"`
	}
	if p := decode(c.body, &body); p != nil {
		return p.answer()
	}
	if p := s.countSteps(make([]step, len(body.Requests))); p != nil {
		return p.answer()
	}
	results, failed := []any{}, false
	for _, r := range body.Requests {
		a := refuse("BATCH_PROCESSING_HALTED", "Batch processing halted per request").at(http.StatusPreconditionFailed).answer()
		if inner := c.inner(r.Method, r.URL, r.RichInput, nil); inner != nil && len(inner.parts) > 0 && (!failed || !body.Halt) {
			s.tally.call(inner)
			s.tally.use(s.now())
			a = s.route(inner)
		}
		failed = failed || a.status >= 300
		var value any
		_ = json.Unmarshal(a.bytes(), &value)
		results = append(results, map[string]any{"statusCode": a.status, "result": value})
	}
	return reply(http.StatusOK, map[string]any{"hasErrors": failed, "results": results})
}

// tree answers /composite/tree/X: records with their children, all or none.
func (s *Sandbox) tree(c *call) answer {
	o := s.objects[lower(c.parts[2])]
	var body struct{ Records []map[string]any }
	if p := decode(c.body, &body); p != nil {
		return p.answer()
	}
	if o == nil {
		return unknownResource().answer()
	}
	var good, bad []any
	by := s.saver(c)
	s.attempt(func() bool {
		for _, in := range body.Records {
			s.plant(by, o, in, nil, "", &good, &bad)
		}
		return bad == nil
	})
	if len(good)+len(bad) > collectionLimit {
		s.tally.breach("more than 200 records in a tree")
	}
	if bad != nil {
		return reply(http.StatusBadRequest, map[string]any{"hasErrors": true, "results": bad})
	}
	s.tally.saved += len(good)
	return reply(http.StatusCreated, map[string]any{"hasErrors": false, "results": good})
}

// plant saves one record of a tree, and then those below it.
func (s *Sandbox) plant(by saver, o *object, in map[string]any, parent *field, id string, good, bad *[]any) {
	attributes, _ := in["attributes"].(map[string]any)
	own, below := map[string]any{}, map[*child][]any{}
	for k, v := range in {
		nested, ok := v.(map[string]any)
		records, isTree := nested["records"].([]any)
		if !ok || !isTree {
			own[k] = v
			continue
		}
		for i := range o.children {
			if strings.EqualFold(o.children[i].name, k) {
				below[&o.children[i]] = records
			}
		}
	}
	if parent != nil {
		own[parent.name] = id
	}
	r, p := s.create(by, o, own)
	if p != nil {
		*bad = append(*bad, map[string]any{"referenceId": attributes["referenceId"], "errors": []any{p.row()}})
		return
	}
	own["Id"] = makeID(o.prefix, r.n)
	*good = append(*good, map[string]any{"referenceId": attributes["referenceId"], "id": own["Id"]})
	for c, records := range below {
		for _, record := range records {
			if m, ok := record.(map[string]any); ok {
				s.plant(by, c.object, m, c.field, makeID(o.prefix, r.n), good, bad)
			}
		}
	}
}
