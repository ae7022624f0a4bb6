package sandbox

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A reach is what a statement is understood with: its object, who asks, and
// whether deleted rows are wanted.
type reach struct {
	s    *Sandbox
	o    *object
	text string
	sets []string
	all  bool
}

// A path leads from a row over references to a field.
type path struct {
	names []string // as the API spells them
	hops  []*field
	on    *object // that has the field, one of them where there are several
	field *field
}

// path understands a dotted name.
func (q *reach) path(name string, alias string, at int) (path, *problem) {
	steps := strings.Split(name, ".")
	if len(steps) > 1 && (strings.EqualFold(steps[0], alias) || strings.EqualFold(steps[0], q.o.name) && q.o.relation(steps[0]) == nil) {
		steps = steps[1:]
	}
	p := path{on: q.o}
	for i, step := range steps[:len(steps)-1] {
		f := p.on.relation(step)
		if f == nil || i == 5 || !f.can(q.sets).read {
			return p, q.bad(at, fmt.Sprintf("Didn't understand relationship '%s' in field path.", step))
		}
		p.hops, p.names = append(p.hops, f), append(p.names, f.relation)
		next := q.target(f, steps[len(steps)-1])
		if next == nil {
			return p, q.bad(at, fmt.Sprintf("Didn't understand relationship '%s' in field path.", step))
		}
		p.on = next
	}
	name = steps[len(steps)-1]
	p.field = p.on.field(name)
	if p.field == nil && len(p.hops) > 0 && p.hops[len(p.hops)-1].polymorphic() && strings.EqualFold(name, "Type") {
		p.field = &field{name: "Type", kind: "string", length: 40}
	}
	if p.field == nil || !p.field.can(q.sets).read {
		return p, q.bad(at, fmt.Sprintf("No such column '%s' on entity '%s'.", name, p.on.name))
	}
	p.names = append(p.names, p.field.name)
	return p, nil
}

// target is the object a reference leads to, of several one with the field.
func (q *reach) target(f *field, name string) *object {
	var found *object
	for _, refers := range f.refers {
		if o := q.s.objects[strings.ToLower(refers)]; o != nil && (found == nil || found.field(name) == nil) {
			found = o
		}
	}
	return found
}

func (q *reach) bad(at int, message string) *problem {
	return refuse("INVALID_FIELD", pointAt(q.text, at, message))
}

// owner is the row that has the path's field, nil where a reference is empty.
func (s *Sandbox) follow(o *object, r *row, hops []*field) (*object, *row) {
	for _, hop := range hops {
		f := hop
		if o.field(hop.name) != hop {
			if f = o.field(hop.name); f == nil {
				return nil, nil
			}
		}
		id := s.value(o, r, f)
		if id == "" {
			return nil, nil
		}
		o = s.prefix[id[:3]]
		if o == nil {
			return nil, nil
		}
		if r = o.row(number(id)); r == nil {
			return nil, nil
		}
	}
	return o, r
}

// read is the path's value for a row.
func (s *Sandbox) read(o *object, r *row, p path) string {
	o, r = s.follow(o, r, p.hops)
	if o == nil {
		return ""
	}
	f := p.field
	if o != p.on {
		f = o.field(p.field.name)
	}
	if p.field.name == "Type" && f == nil || f != nil && f == p.field && o.field(f.name) != f {
		return map[bool]string{true: "Queue", false: o.name}[o.name == "Group"]
	}
	if f == nil {
		return ""
	}
	return s.value(o, r, f)
}

// A match says whether a row meets a condition.
type match func(r *row) bool

// match understands a condition.
func (q *reach) match(n node, alias string) (match, *problem) {
	switch n := n.(type) {
	case nil:
		return func(*row) bool { return true }, nil
	case not:
		inner, p := q.match(n.part, alias)
		return func(r *row) bool { return !inner(r) }, p
	case logic:
		parts := make([]match, len(n.parts))
		for i, part := range n.parts {
			var p *problem
			if parts[i], p = q.match(part, alias); p != nil {
				return nil, p
			}
		}
		return func(r *row) bool {
			for _, part := range parts {
				if part(r) == n.or {
					return n.or
				}
			}
			return !n.or
		}, nil
	}
	return q.test(n.(test), alias)
}

func (q *reach) test(t test, alias string) (match, *problem) {
	p, problem := q.path(t.text, alias, t.at)
	if problem != nil {
		return nil, problem
	}
	if p.field.unfiltered {
		return nil, q.bad(t.at, fmt.Sprintf("field '%s' can not be filtered in a query call", p.field.name))
	}
	if t.in != nil {
		return q.join(t, p)
	}
	if p.field.timed() && t.operator != "LIKE" {
		return q.timed(t, p)
	}
	return q.plainTest(t, p)
}

// join understands IN (SELECT ...).
func (q *reach) join(t test, p path) (match, *problem) {
	inner := &reach{s: q.s, text: q.text, sets: q.sets}
	var problem *problem
	if inner.o, problem = q.s.named(t.in, false); problem != nil {
		return nil, problem
	}
	rows, problem := inner.rows(t.in)
	if problem != nil {
		return nil, problem
	}
	of, problem := inner.path(t.in.columns[0].text, t.in.alias, t.in.columns[0].at)
	if problem != nil {
		return nil, problem
	}
	in := map[string]bool{}
	for _, n := range rows {
		in[inner.s.read(inner.o, inner.o.row(n), of)] = true
	}
	delete(in, "")
	return func(r *row) bool { return in[q.s.read(q.o, r, p)] == (t.operator == "IN") }, nil
}

// timed compares instants, or days with days.
func (q *reach) timed(t test, p path) (match, *problem) {
	spans := make([]span, len(t.values))
	for i, v := range t.values {
		sp, ok := q.s.span(v, p.field.kind)
		if !ok {
			return nil, q.bad(t.at, fmt.Sprintf("value of filter criterion for field '%s' must be of type %s and should not be enclosed in quotes", p.field.name, strings.ToLower(p.field.kind)))
		}
		spans[i] = sp
	}
	compare, ok := spanOperators[t.operator]
	if !ok {
		return nil, refuse("INVALID_QUERY_FILTER_OPERATOR", pointAt(q.text, t.at, "invalid operator on "+p.field.kind+" field"))
	}
	get := q.instant(p)
	return func(r *row) bool {
		at, has := get(r)
		hit := slices.ContainsFunc(spans, func(sp span) bool { return compare(at, has, sp) })
		if t.operator == "NOT IN" || t.operator == "!=" {
			return !slices.ContainsFunc(spans, func(sp span) bool { return !compare(at, has, sp) })
		}
		return hit
	}, nil
}

// instant reads a time fast where a row has it as a number.
func (q *reach) instant(p path) func(r *row) (int64, bool) {
	if len(p.hops) == 0 {
		switch p.field.system {
		case sysCreated:
			return func(r *row) (int64, bool) { return r.created, true }
		case sysModified:
			return func(r *row) (int64, bool) { return r.modified, true }
		case sysStamp:
			return func(r *row) (int64, bool) { return r.stamp, true }
		}
	}
	return func(r *row) (int64, bool) {
		t, ok := parseTime(q.s.read(q.o, r, p))
		return t.Unix(), ok
	}
}

func (q *reach) plainTest(t test, p path) (match, *problem) {
	values := make([]string, len(t.values))
	for i, v := range t.values {
		value, problem := q.literal(t, v, p.field)
		if problem != nil {
			return nil, problem
		}
		values[i] = value
	}
	get := func(r *row) string { return q.s.read(q.o, r, p) }
	if p.field.textual() && !p.field.sensitive {
		inner := get
		get = func(r *row) string { return strings.ToLower(inner(r)) }
	}
	switch t.operator {
	case "=", "IN":
		if len(values) == 1 {
			return func(r *row) bool { return get(r) == values[0] }, nil
		}
		in := map[string]bool{}
		for _, v := range values {
			in[v] = true
		}
		return func(r *row) bool { return in[get(r)] }, nil
	case "!=", "NOT IN":
		return func(r *row) bool { return !slices.Contains(values, get(r)) }, nil
	case "LIKE":
		return q.like(t, p, values[0], get)
	case "INCLUDES", "EXCLUDES":
		return func(r *row) bool {
			has := strings.Split(get(r), ";")
			return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(has, v) }) == (t.operator == "INCLUDES")
		}, nil
	}
	less := func(a, b string) bool { return a < b }
	switch {
	case p.field.numeric():
		less = func(a, b string) bool { return decimalOf(a) < decimalOf(b) }
	case p.field.kind == "boolean":
		return nil, refuse("INVALID_QUERY_FILTER_OPERATOR", pointAt(q.text, t.at, "invalid operator on boolean field"))
	}
	v := values[0]
	return func(r *row) bool {
		has := get(r)
		if has == "" {
			return false
		}
		switch t.operator {
		case "<":
			return less(has, v)
		case "<=":
			return !less(v, has)
		case ">":
			return less(v, has)
		}
		return !less(has, v)
	}, nil
}

func (q *reach) like(t test, p path, pattern string, get func(*row) string) (match, *problem) {
	if !p.field.textual() {
		return nil, refuse("INVALID_QUERY_FILTER_OPERATOR", pointAt(q.text, t.at, "invalid operator on "+p.field.kind+" field"))
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '%':
			b.WriteString(".*")
		case c == '_':
			b.WriteString(".")
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	shape, err := regexp.Compile("(?s)^" + b.String() + "$")
	if err != nil { // bytes of a rune that were cut apart
		shape = regexp.MustCompile("(?s)^" + regexp.QuoteMeta(pattern) + "$")
	}
	return func(r *row) bool { return shape.MatchString(get(r)) }, nil
}

func decimalOf(v string) float64 {
	n, _ := strconv.ParseFloat(v, 64)
	return n
}

// literal is a value as it is compared with a field's: text in lower case, ids
// 18 characters long, null empty.
func (q *reach) literal(t test, v token, f *field) (string, *problem) {
	mustBe := func(what string) (string, *problem) {
		return "", q.bad(t.at, fmt.Sprintf("value of filter criterion for field '%s' must be of type %s", f.name, what))
	}
	word := strings.ToLower(v.text)
	if v.kind == tokName && word == "null" {
		return "", nil
	}
	switch {
	case f.kind == "boolean":
		if v.kind != tokName || word != "true" && word != "false" {
			return mustBe("boolean and should not be enclosed in quotes")
		}
		return yes(word == "true"), nil
	case f.numeric():
		n, err := strconv.ParseFloat(v.text, 64)
		if v.kind != tokNumber || err != nil {
			return mustBe(f.kind + " and should not be enclosed in quotes")
		}
		return strconv.FormatFloat(n, 'f', -1, 64), nil
	case v.kind != tokString:
		return mustBe("string and should be enclosed in quotes")
	}
	value, ok := unescape(v.text, t.operator == "LIKE")
	if !ok {
		return "", malformed(q.text, v.at, "invalid string literal: an escape that is not one")
	}
	if f.kind == "id" || f.kind == "reference" {
		if value == "" {
			return "", nil
		}
		wide, ok := wideID(value)
		if !ok {
			return "", refuse("INVALID_QUERY_FILTER_OPERATOR", pointAt(q.text, t.at, "invalid ID field: "+value))
		}
		return wide, nil
	}
	return f.key(value), nil
}
