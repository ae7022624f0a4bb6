package sandbox

import (
	"fmt"
	"net/http"
	"strings"
)

const collectionLimit = 200

// collection answers below /composite/sobjects: up to 200 records in one call.
func (s *Sandbox) collection(c *call) answer {
	p := c.parts[2:]
	switch {
	case c.method == http.MethodGet || c.method == http.MethodPost && len(p) == 1:
		return s.readMany(c, p)
	case c.method == http.MethodDelete:
		return s.deleteMany(c)
	case c.method == http.MethodPost && len(p) == 0, c.method == http.MethodPatch && (len(p) == 0 || len(p) == 2):
		return s.saveMany(c, p)
	}
	return unknownResource().answer()
}

// saveMany creates, updates, or, with an object and a key, upserts.
func (s *Sandbox) saveMany(c *call, key []string) answer {
	var body struct {
		AllOrNone bool             `json:"allOrNone"`
		Records   []map[string]any `json:"records"`
	}
	if p := decode(c.body, &body); p != nil {
		return p.answer()
	}
	if p := s.countable(len(body.Records)); p != nil {
		return p.answer()
	}
	if runs(body.Records) > 10 {
		s.tally.breach("more than 10 runs of one object in a collection")
		return refuse("INVALID_INPUT", "a collection has at most 10 chunks of one type").answer()
	}
	var by *field
	var to *object
	if len(key) == 2 {
		if to = s.objects[strings.ToLower(key[0])]; to == nil {
			return unknownResource().answer()
		}
		if by = to.field(key[1]); by == nil || by.system != sysID && !by.external && !by.idLookup || !by.can(s.setsOf(c.user)).read {
			return unknownResource().answer()
		}
	}
	twice := s.twice(by, body.Records)
	saver := s.saver(c)
	return s.many(c, body.AllOrNone, len(body.Records), func(i int) (map[string]any, *problem) {
		in := body.Records[i]
		o, p := s.typed(in)
		if p != nil {
			return nil, p
		}
		switch {
		case by != nil && o != to:
			return nil, refuse("INVALID_TYPE", "all records of an upsert must be of type "+to.name)
		case by != nil:
			return s.upsertRow(saver, o, by, in, twice)
		case c.method == http.MethodPatch:
			return s.updateRow(saver, o, in, twice)
		case o.fixed:
			return nil, refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type "+o.name+" does not support create")
		}
		r, p := s.create(saver, o, in)
		if p != nil {
			return nil, p
		}
		return saved(makeID(o.prefix, r.n)), nil
	})
}

func (s *Sandbox) countable(n int) *problem {
	switch {
	case n == 0:
		return refuse("REQUIRED_FIELD_MISSING", "At least 1 record is required")
	case n > collectionLimit:
		s.tally.breach("more than 200 records in a collection")
		return refuse("INVALID_INPUT", "The number of records exceeds the limit of 200")
	}
	return nil
}

// runs counts the stretches of records of one type.
func runs(records []map[string]any) (n int) {
	last := "-"
	for _, in := range records {
		attributes, _ := in["attributes"].(map[string]any)
		if name := strings.ToLower(fmt.Sprint(attributes["type"])); name != last {
			n, last = n+1, name
		}
	}
	return n
}

// twice are the keys that several records of one call have.
func (s *Sandbox) twice(by *field, records []map[string]any) map[string]bool {
	seen, out := map[string]bool{}, map[string]bool{}
	for _, in := range records {
		name := "Id"
		if by != nil {
			name = by.name
		}
		v := strings.ToLower(textOf(valueOf(in, name)))
		if v != "" && seen[v] {
			out[v] = true
		}
		seen[v] = true
	}
	return out
}

// valueOf reads a body without regard to how its names are spelled.
func valueOf(in map[string]any, name string) any {
	for k, v := range in {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(v))
}

// typed is the object that a record says it is of.
func (s *Sandbox) typed(in map[string]any) (*object, *problem) {
	attributes, _ := in["attributes"].(map[string]any)
	name, _ := attributes["type"].(string)
	o := s.objects[strings.ToLower(name)]
	if o == nil || o.tooling {
		return nil, refuse("INVALID_TYPE", "sObject type '"+name+"' is not supported.")
	}
	return o, nil
}

func (s *Sandbox) updateRow(by saver, o *object, in map[string]any, twice map[string]bool) (map[string]any, *problem) {
	id := textOf(valueOf(in, "Id"))
	if id == "" {
		return nil, refuse("MISSING_ARGUMENT", "Id not specified in an update call")
	}
	if twice[strings.ToLower(id)] {
		return nil, refuse("DUPLICATE_VALUE", "duplicate id in one call: "+id, "Id")
	}
	r, p := s.find(o, id)
	if p != nil {
		return nil, notThere(p, id)
	}
	if _, p := s.update(by, o, r, in); p != nil {
		return nil, p
	}
	return saved(makeID(o.prefix, r.n)), nil
}

// notThere is how a row among others says that its record is not there.
func notThere(p *problem, id string) *problem {
	if p.code == "NOT_FOUND" {
		return refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
	}
	return p
}

func (s *Sandbox) upsertRow(by saver, o *object, f *field, in map[string]any, twice map[string]bool) (map[string]any, *problem) {
	value := textOf(valueOf(in, f.name))
	var found []*row
	switch {
	case f.system == sysID && value != "":
		r, p := s.find(o, value)
		if p != nil {
			return nil, notThere(p, value)
		}
		found = []*row{r}
	case f.system == sysID:
	case value == "":
		return nil, refuse("MISSING_ARGUMENT", f.name+" not specified")
	case twice[strings.ToLower(value)]:
		return nil, refuse("DUPLICATE_VALUE", fmt.Sprintf("Duplicate external id specified: %s", value), f.name)
	default:
		found = s.holders(o, f, value)
	}
	if len(found) > 1 {
		return nil, refuse("DUPLICATE_EXTERNAL_ID", fmt.Sprintf("%s: more than one record found for external id field", f.name))
	}
	if f.system == sysID && value == "" {
		r, p := s.create(by, o, without(in, "Id"))
		if p != nil {
			return nil, p
		}
		out := saved(makeID(o.prefix, r.n))
		out["created"] = true
		return out, nil
	}
	id, created, p := s.upsert(by, o, f, value, found, in)
	if p != nil {
		return nil, p
	}
	out := saved(id)
	out["created"] = created
	return out, nil
}

// without is a body that leaves a name out.
func without(in map[string]any, name string) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		if !strings.EqualFold(k, name) {
			out[k] = v
		}
	}
	return out
}

// many saves n records and answers for each, in order. With allOrNone one
// failure takes all of them back.
func (s *Sandbox) many(c *call, allOrNone bool, n int, save func(i int) (map[string]any, *problem)) answer {
	rows := make([]any, n)
	failed := make([]bool, n)
	anyFailed, count := false, 0
	s.attempt(func() bool {
		for i := range n {
			var ok map[string]any
			var p *problem
			s.attempt(func() bool { ok, p = save(i); return p == nil })
			rows[i] = ok
			if p != nil {
				rows[i], failed[i], anyFailed = map[string]any{"success": false, "errors": []any{p.row()}}, true, true
			} else {
				count++
			}
		}
		return !allOrNone || !anyFailed
	})
	status := http.StatusOK
	if allOrNone && anyFailed {
		count = 0
		if s.options.RollbackStatus != 0 {
			status = s.options.RollbackStatus
		}
		for i := range rows {
			if !failed[i] {
				p := refuse("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid and the request was using AllOrNone header")
				rows[i] = map[string]any{"success": false, "errors": []any{p.row()}}
			}
		}
	}
	s.tally.saved += count
	return reply(status, rows)
}

func (s *Sandbox) deleteMany(c *call) answer {
	ids := strings.Split(c.query.Get("ids"), ",")
	if c.query.Get("ids") == "" {
		ids = nil
	}
	if p := s.countable(len(ids)); p != nil {
		return p.answer()
	}
	saver := s.saver(c)
	return s.many(c, c.query.Get("allOrNone") == "true", len(ids), func(i int) (map[string]any, *problem) {
		o, r, p := s.byID(ids[i])
		if p != nil {
			return nil, p
		}
		if p := s.remove(saver, o, r); p != nil {
			return nil, p
		}
		return saved(makeID(o.prefix, r.n)), nil
	})
}

// byID finds a record of any object.
func (s *Sandbox) byID(id string) (*object, *row, *problem) {
	wide, ok := wideID(strings.TrimSpace(id))
	if !ok || s.prefix[wide[:3]] == nil {
		return nil, nil, refuse("MALFORMED_ID", "malformed id "+id)
	}
	o := s.prefix[wide[:3]]
	r, p := s.find(o, wide)
	if p != nil {
		return nil, nil, notThere(p, id)
	}
	return o, r, nil
}

// readMany answers with records in the order of their ids, null where one is not.
func (s *Sandbox) readMany(c *call, p []string) answer {
	var body struct{ IDs, Fields []string }
	if len(p) != 1 {
		return unknownResource().answer()
	}
	o := s.objects[strings.ToLower(p[0])]
	if o == nil {
		return unknownResource().answer()
	}
	if c.method == http.MethodPost {
		if p := decode(c.body, &body); p != nil {
			return p.answer()
		}
	} else {
		body.IDs, body.Fields = strings.Split(c.query.Get("ids"), ","), strings.Split(c.query.Get("fields"), ",")
	}
	if len(body.IDs) > pageLimit {
		s.tally.breach("more than 2,000 records read in a collection")
		return refuse("INVALID_INPUT", "The number of records exceeds the limit of 2000").answer()
	}
	q := &reach{s: s, o: o, sets: s.setsOf(c.user)}
	var columns []column
	for _, f := range body.Fields {
		if known := o.field(f); known == nil || !known.can(q.sets).read {
			return noColumn(o, f).answer()
		}
		columns = append(columns, column{token: token{text: f}})
	}
	sh, problem := q.shown(columns, "", 0)
	if problem != nil {
		return problem.answer()
	}
	b := []byte{'['}
	for i, id := range body.IDs {
		if i > 0 {
			b = append(b, ',')
		}
		if r, p := s.find(o, id); p == nil {
			b = sh.appendRow(b, o, r, c.version)
		} else {
			b = append(b, "null"...)
		}
	}
	s.tally.records += len(body.IDs)
	return answer{status: http.StatusOK, text: string(append(b, ']')), kind: "application/json;charset=UTF-8"}
}
