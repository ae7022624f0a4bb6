package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// sobjects answers below /sobjects: describe, single records, changes.
func (s *Sandbox) sobjects(c *call, tooling bool) answer {
	p := c.parts[1:]
	if len(p) == 0 {
		return s.describeGlobal(c, tooling)
	}
	o := s.objects[strings.ToLower(p[0])]
	if o == nil || o.tooling != tooling {
		return unknownResource().answer()
	}
	switch {
	case len(p) == 1 && c.method == http.MethodPost:
		return s.insert(c, o)
	case len(p) == 1:
		return s.basics(c, o)
	case len(p) == 2 && strings.EqualFold(p[1], "describe"):
		return s.describe(c, o)
	case len(p) == 2 && strings.EqualFold(p[1], "updated"):
		return s.updated(c, o)
	case len(p) == 2 && strings.EqualFold(p[1], "deleted"):
		return s.deleted(c, o)
	case len(p) == 2 && strings.EqualFold(p[1], "Id") && c.method == http.MethodPost:
		return s.insert(c, o)
	case len(p) == 2:
		return s.record(c, o, p[1])
	case len(p) == 3:
		return s.keyed(c, o, p[1], p[2])
	}
	return unknownResource().answer()
}

// saver is who saves in a call, and how the headers want it.
func (s *Sandbox) saver(c *call) saver {
	by := saver{user: c.user, sets: s.setsOf(c.user), assign: !strings.EqualFold(c.header.Get("Sforce-Auto-Assign"), "FALSE")}
	for option := range strings.SplitSeq(c.header.Get("Sforce-Duplicate-Rule-Header"), ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(option), "=")
		on := strings.EqualFold(strings.TrimSpace(v), "true")
		switch strings.ToLower(strings.TrimSpace(k)) {
		case "allowsave":
			by.allow = on
		case "includerecorddetails":
			by.details = on
		}
	}
	return by
}

func saved(id string) map[string]any {
	return map[string]any{"id": id, "success": true, "errors": []any{}}
}

func (s *Sandbox) insert(c *call, o *object) answer {
	var in map[string]any
	if p := decode(c.body, &in); p != nil {
		return p.answer()
	}
	if o.fixed {
		return refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type "+o.name+" does not support create").answer()
	}
	r, p := s.create(s.saver(c), o, in)
	if p != nil {
		return p.answer()
	}
	s.tally.saved++
	id := makeID(o.prefix, r.n)
	a := reply(http.StatusCreated, saved(id))
	a.header = map[string]string{"Location": fmt.Sprintf("/services/data/v%s/sobjects/%s/%s", c.version, o.name, id)}
	return a
}

// find is the record of an id that a client sent, if it is there.
func (s *Sandbox) find(o *object, id string) (*row, *problem) {
	gone := func() *problem {
		return refuse("NOT_FOUND", "The requested resource does not exist").at(http.StatusNotFound)
	}
	wide, ok := wideID(id)
	if !ok {
		return nil, refuse("MALFORMED_ID", "malformed id "+id)
	}
	if wide[:3] != o.prefix {
		return nil, gone()
	}
	r := o.row(number(wide))
	switch {
	case r == nil:
		return nil, gone()
	case r.deleted:
		return nil, refuse("ENTITY_IS_DELETED", "entity is deleted").at(http.StatusNotFound)
	}
	return r, nil
}

// record answers for /sobjects/X/<id>.
func (s *Sandbox) record(c *call, o *object, id string) answer {
	r, p := s.find(o, id)
	if p != nil && p.code == "MALFORMED_ID" {
		p = unknownResource()
	}
	if p != nil {
		return p.answer()
	}
	return s.single(c, o, r)
}

// single reads, changes or deletes one record.
func (s *Sandbox) single(c *call, o *object, r *row) answer {
	if since := c.header.Get("If-Unmodified-Since"); since != "" && c.method != http.MethodGet {
		if t, err := http.ParseTime(since); err == nil && r.modified > t.Unix() {
			return empty(http.StatusPreconditionFailed)
		}
	}
	switch c.method {
	case http.MethodGet, http.MethodHead:
		if t, err := http.ParseTime(c.header.Get("If-Modified-Since")); err == nil && r.modified <= t.Unix() {
			return empty(http.StatusNotModified)
		}
		return s.show(c, o, r)
	case http.MethodPatch:
		var in map[string]any
		if p := decode(c.body, &in); p != nil {
			return p.answer()
		}
		for name := range in {
			if strings.EqualFold(name, "Id") {
				return refuse("INVALID_FIELD", "The Id field should not be specified in the sobject data.").answer()
			}
		}
		if _, p := s.update(s.saver(c), o, r, in); p != nil {
			return p.answer()
		}
		s.tally.saved++
		return empty(http.StatusNoContent)
	case http.MethodDelete:
		if p := s.remove(s.saver(c), o, r); p != nil {
			return p.answer()
		}
		s.tally.saved++
		return empty(http.StatusNoContent)
	}
	return badMethod(c).answer()
}

// show writes all a user may see of a record, or the fields that are asked for.
func (s *Sandbox) show(c *call, o *object, r *row) answer {
	q := &reach{s: s, o: o, sets: s.setsOf(c.user)}
	columns := []column{{token: token{text: "ALL"}, set: true, all: true}}
	if fields := c.query.Get("fields"); fields != "" {
		columns = nil
		for name := range strings.SplitSeq(fields, ",") {
			if f := o.field(strings.TrimSpace(name)); f == nil || !f.can(q.sets).read {
				return noColumn(o, name).answer()
			}
			columns = append(columns, column{token: token{text: strings.TrimSpace(name)}})
		}
		columns = append(columns, column{token: token{text: "Id"}})
	}
	sh := &shown{q: q}
	for _, column := range columns {
		if p := sh.take(column, "", 1); p != nil && column.text != "Id" {
			return p.answer()
		}
	}
	s.tally.records++
	return answer{status: http.StatusOK, text: string(sh.appendRow(nil, o, r, c.version)), kind: "application/json;charset=UTF-8",
		header: map[string]string{"Last-Modified": time.Unix(r.modified, 0).UTC().Format(http.TimeFormat)}}
}

// keyed answers for /sobjects/X/<field>/<value>.
func (s *Sandbox) keyed(c *call, o *object, name, value string) answer {
	f := o.field(name)
	if f == nil || f.system != sysID && !f.external && !f.idLookup || !f.can(s.setsOf(c.user)).read {
		return unknownResource().answer()
	}
	if i := strings.LastIndexByte(value, '.'); i >= 0 && strings.Contains(value, "@") && len(value)-i <= 4 && strings.EqualFold(value[i:], ".inc") {
		return unknownResource().answer() // taken for the name of a file
	}
	var found []*row
	if f.system == sysID {
		r, p := s.find(o, value)
		if p != nil {
			return p.answer()
		}
		found = []*row{r}
	} else {
		found = s.holders(o, f, value)
	}
	switch {
	case len(found) > 1:
		return s.several(c, o, found)
	case c.method == http.MethodPatch || c.method == http.MethodPost:
		return s.upsertOne(c, o, f, value, found)
	case len(found) == 0:
		return refuse("NOT_FOUND", "Provided external ID field does not exist or is not accessible: "+value).at(http.StatusNotFound).answer()
	}
	return s.single(c, o, found[0])
}

// several says that a key is not one record's: 300, and their addresses.
func (s *Sandbox) several(c *call, o *object, found []*row) answer {
	var urls []string
	for _, r := range found {
		urls = append(urls, fmt.Sprintf("/services/data/v%s/sobjects/%s/%s", c.version, o.name, makeID(o.prefix, r.n)))
	}
	return reply(http.StatusMultipleChoices, urls)
}

func (s *Sandbox) upsertOne(c *call, o *object, f *field, value string, found []*row) answer {
	var in map[string]any
	if p := decode(c.body, &in); p != nil {
		return p.answer()
	}
	for name := range in {
		if strings.EqualFold(name, f.name) || strings.EqualFold(name, "Id") {
			return refuse("INVALID_FIELD", fmt.Sprintf("The %s field should not be specified in the sobject data.", f.name)).answer()
		}
	}
	if len(found) == 0 && c.query.Get("updateOnly") == "true" {
		return unknownResource().answer()
	}
	id, created, p := s.upsert(s.saver(c), o, f, value, found, in)
	if p != nil {
		return p.answer()
	}
	s.tally.saved++
	body := saved(id)
	body["created"] = created
	if created {
		return reply(http.StatusCreated, body)
	}
	return reply(http.StatusOK, body)
}

// upsert changes the record that has the key, or creates one with it.
func (s *Sandbox) upsert(by saver, o *object, f *field, value string, found []*row, in map[string]any) (id string, created bool, p *problem) {
	if len(found) > 0 {
		_, p := s.update(by, o, found[0], in)
		return makeID(o.prefix, found[0].n), false, p
	}
	with := map[string]any{f.name: value}
	for k, v := range in {
		if !strings.EqualFold(k, f.name) && !strings.EqualFold(k, "Id") {
			with[k] = v
		}
	}
	r, p := s.create(by, o, with)
	if p != nil {
		return "", false, p
	}
	return makeID(o.prefix, r.n), true, nil
}
