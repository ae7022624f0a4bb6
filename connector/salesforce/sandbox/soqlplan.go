package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// A start is where to look for rows, so that a million are not looked at.
type start struct {
	listed  bool
	list    []int32 // candidates, when listed
	stamped bool
	stamp   int64 // rows changed at or after, when stamped
	from    int32 // rows by number from here on, otherwise
}

// start finds the narrowest place to look that a condition allows.
func (q *reach) start(n node, alias string) start {
	switch n := n.(type) {
	case logic:
		if n.or {
			return q.either(n, alias)
		}
		var best start
		for _, part := range n.parts {
			if st := q.start(part, alias); st.better(best) {
				best = st
			}
		}
		return best
	case test:
		return q.indexed(n, alias)
	}
	return start{}
}

func (a start) better(b start) bool {
	switch {
	case a.listed && b.listed:
		return len(a.list) < len(b.list)
	case a.listed || b.listed:
		return a.listed
	case a.stamped != b.stamped:
		return a.stamped
	case a.stamped:
		return a.stamp > b.stamp
	}
	return a.from > b.from
}

// either joins the lists of all parts, when each has one.
func (q *reach) either(n logic, alias string) start {
	out := start{listed: true}
	for _, part := range n.parts {
		st := q.start(part, alias)
		if !st.listed {
			return start{}
		}
		out.list = append(out.list, st.list...)
	}
	slices.Sort(out.list)
	out.list = slices.Compact(out.list)
	return out
}

func (q *reach) indexed(t test, alias string) start {
	p, problem := q.path(t.text, alias, t.at)
	if problem != nil || len(p.hops) > 0 || t.in != nil || t.operator == "LIKE" {
		return start{}
	}
	switch {
	case p.field.system == sysStamp && strings.HasPrefix(t.operator, ">"), p.field.system == sysStamp && t.operator == "=":
		if sp, ok := q.s.span(t.values[0], "datetime"); ok && !sp.null {
			return start{stamped: true, stamp: sp.from}
		}
	case p.field.system == sysID && strings.HasPrefix(t.operator, ">"):
		if id, problem := q.literal(t, t.values[0], p.field); problem == nil && strings.HasPrefix(id, q.o.prefix) {
			return start{from: max(0, number(id))}
		}
	case (p.field.system == sysID || p.field.index != nil) && (t.operator == "=" || t.operator == "IN"):
		return q.lookup(t, p.field)
	}
	return start{}
}

func (q *reach) lookup(t test, f *field) start {
	out := start{listed: true}
	for _, token := range t.values {
		v, problem := q.literal(t, token, f)
		switch {
		case problem != nil || v == "" && f.system == 0:
			return start{}
		case f.system != sysID:
			out.list = append(out.list, f.index[v]...)
		case strings.HasPrefix(v, q.o.prefix):
			out.list = append(out.list, number(v))
		}
	}
	slices.Sort(out.list)
	out.list = slices.Compact(out.list)
	return out
}

// walk yields candidates.
func (o *object) walk(st start, yield func(n int32) bool) {
	switch {
	case st.listed:
		for _, n := range st.list {
			if o.row(n) != nil && !yield(n) {
				return
			}
		}
	case st.stamped:
		o.since(st.stamp, yield)
	default:
		for n := st.from; int(n) < len(o.rows); n++ {
			if o.rows[n] != nil && !yield(n) {
				return
			}
		}
	}
}

// A sorter compares rows by the keys of ORDER BY.
type sorter struct {
	paths []path
	keys  []ordering
}

func (q *reach) sorter(s *statement) (sorter, *problem) {
	var out sorter
	for _, key := range s.order {
		p, problem := q.path(key.text, s.alias, key.at)
		if problem != nil {
			return out, problem
		}
		if p.field.unfiltered {
			return out, q.bad(key.at, "field '"+p.field.name+"' can not be sorted in a query call")
		}
		out.paths, out.keys = append(out.paths, p), append(out.keys, key)
	}
	return out, nil
}

// first reports whether a field leads, ascending.
func (so sorter) first(system byte) bool {
	return len(so.keys) > 0 && !so.keys[0].descending && len(so.paths[0].hops) == 0 && so.paths[0].field.system == system
}

func (q *reach) compare(so sorter, a, b *row) int {
	for i, p := range so.paths {
		key := so.keys[i]
		var c int
		switch {
		case p.field.system == sysID && len(p.hops) == 0:
			c = cmp.Compare(a.n, b.n)
		case p.field.system == sysStamp && len(p.hops) == 0:
			c = cmp.Compare(a.stamp, b.stamp)
		default:
			x, y := q.s.read(q.o, a, p), q.s.read(q.o, b, p)
			if x == "" || y == "" {
				c = cmp.Compare(len(x), len(y))
				if key.descending != key.nullsLast {
					c = -c
				}
			} else if p.field.numeric() {
				c = cmp.Compare(decimalOf(x), decimalOf(y))
			} else {
				c = strings.Compare(strings.ToLower(x), strings.ToLower(y))
			}
		}
		if key.descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// rows runs a statement: the numbers of the rows it selects, in order.
func (q *reach) rows(s *statement) ([]int32, *problem) {
	if s.offset > 2000 {
		q.s.tally.breach("OFFSET of more than 2,000")
		return nil, refuse("NUMBER_OUTSIDE_VALID_RANGE", pointAt(q.text, len(q.text), "Maximum SOQL offset allowed is 2000"))
	}
	keep, problem := q.match(s.where, s.alias)
	if problem != nil {
		return nil, problem
	}
	so, problem := q.sorter(s)
	if problem != nil {
		return nil, problem
	}
	st := q.start(s.where, s.alias)
	if !st.listed && so.first(sysStamp) {
		st.stamped = true
	}
	if st.stamped && so.first(sysID) {
		st.stamped = st.stamp > 0
	}
	enough := -1
	if s.limit >= 0 {
		enough = s.limit + s.offset
	}
	found := q.collect(st, so, keep, enough)
	if len(so.keys) > 0 {
		slices.SortStableFunc(found, func(a, b int32) int { return q.compare(so, q.o.rows[a], q.o.rows[b]) })
	} else if q.s.options.Unordered {
		slices.SortFunc(found, func(a, b int32) int { return cmp.Compare(scatter(a), scatter(b)) })
	}
	found = found[min(s.offset, len(found)):]
	if s.limit >= 0 {
		found = found[:min(s.limit, len(found))]
	}
	return found, nil
}

// collect gathers rows that match, and stops early where the order of looking
// is the order that is asked for.
func (q *reach) collect(st start, so sorter, keep match, enough int) []int32 {
	var found []int32
	inOrder := len(so.keys) == 0 && !q.s.options.Unordered || !st.stamped && so.first(sysID)
	byStamp := st.stamped && so.first(sysStamp)
	q.o.walk(st, func(n int32) bool {
		r := q.o.rows[n]
		if enough >= 0 && len(found) >= enough && (inOrder || byStamp && r.stamp > q.o.rows[found[len(found)-1]].stamp) {
			return false
		}
		if (q.all || !r.deleted) && keep(r) {
			found = append(found, n)
		}
		return true
	})
	return found
}

// scatter puts numbers into an order without meaning, always the same.
func scatter(n int32) uint32 {
	x := uint32(n)*2654435761 + 97
	return x ^ x>>15
}

// named is the object a statement selects from.
func (s *Sandbox) named(st *statement, tooling bool) (*object, *problem) {
	o := s.objects[strings.ToLower(st.from.text)]
	if o == nil || o.tooling != tooling {
		return nil, refuse("INVALID_TYPE", pointAt(st.text, st.from.at, "sObject type '"+st.from.text+"' is not supported."))
	}
	return o, nil
}
