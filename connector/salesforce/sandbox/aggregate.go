package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// grouped reports whether a statement answers with numbers rather than rows.
func (st *statement) grouped() bool {
	return st.group != nil || slices.ContainsFunc(st.columns, func(c column) bool { return c.function != "" && !c.set })
}

// aggregate answers COUNT(), the other functions, and GROUP BY.
func (s *Sandbox) aggregate(q *reach, st *statement) answer {
	plain := *st
	plain.order, plain.limit, plain.offset = nil, -1, 0
	rows, p := q.rows(&plain)
	if p != nil {
		return p.answer()
	}
	if c := st.columns[0]; len(st.columns) == 1 && c.function == "COUNT" && c.text == "" && st.group == nil {
		if st.limit >= 0 {
			rows = rows[:min(len(rows), st.limit)]
		}
		return reply(http.StatusOK, map[string]any{"totalSize": len(rows), "done": true, "records": []any{}})
	}
	by := make([]path, len(st.group))
	for i, g := range st.group {
		if by[i], p = q.path(g.text, st.alias, g.at); p != nil {
			return p.answer()
		}
	}
	groups, keys := s.groups(q, rows, by)
	records := []any{}
	for _, key := range keys {
		record, p := q.summary(st, groups[key])
		if p != nil {
			return p.answer()
		}
		keep, p := q.having(st, groups[key])
		if p != nil {
			return p.answer()
		}
		if keep && (st.limit < 0 || len(records) < st.limit) {
			records = append(records, record)
		}
	}
	return reply(http.StatusOK, map[string]any{"totalSize": len(records), "done": true, "records": records})
}

// groups parts rows by the values of some paths. Without any they are one group,
// even when there are none.
func (s *Sandbox) groups(q *reach, rows []int32, by []path) (groups map[string][]int32, keys []string) {
	if len(by) == 0 {
		return map[string][]int32{"": rows}, []string{""}
	}
	groups = map[string][]int32{}
	for _, n := range rows {
		key := ""
		for _, p := range by {
			key += s.read(q.o, q.o.rows[n], p) + "\x00"
		}
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], n)
	}
	slices.Sort(keys)
	return groups, keys
}

// summary is one AggregateResult.
func (q *reach) summary(st *statement, rows []int32) (map[string]any, *problem) {
	record := map[string]any{"attributes": map[string]any{"type": "AggregateResult"}}
	unnamed := 0
	for _, c := range st.columns {
		name := c.alias
		if c.function != "" {
			if name == "" {
				name = "expr" + strconv.Itoa(unnamed)
				unnamed++
			}
			v, p := q.apply(c, st.alias, rows)
			if p != nil {
				return nil, p
			}
			record[name] = v
			continue
		}
		p, problem := q.path(c.text, st.alias, c.at)
		if problem != nil {
			return nil, problem
		}
		if !slices.ContainsFunc(st.group, func(g token) bool { return strings.EqualFold(g.text, c.text) }) {
			return nil, malformed(q.text, c.at, "Field must be grouped or aggregated: "+c.text)
		}
		record[first(name, p.field.name)] = json.RawMessage(appendValue(nil, p.field.kind, q.s.read(q.o, q.o.rows[rows[0]], p)))
	}
	return record, nil
}

// apply computes one function over some rows.
func (q *reach) apply(c column, alias string, rows []int32) (any, *problem) {
	if c.text == "" {
		return len(rows), nil
	}
	p, problem := q.path(c.text, alias, c.at)
	if problem != nil {
		return nil, problem
	}
	var values []string
	for _, n := range rows {
		if v := q.s.read(q.o, q.o.rows[n], p); v != "" {
			values = append(values, v)
		}
	}
	switch c.function {
	case "COUNT":
		return len(values), nil
	case "COUNT_DISTINCT":
		slices.Sort(values)
		return len(slices.Compact(values)), nil
	case "SUM", "AVG":
		var sum float64
		for _, v := range values {
			sum += decimalOf(v)
		}
		if c.function == "AVG" && len(values) > 0 {
			sum /= float64(len(values))
		}
		return sum, nil
	case "MIN", "MAX":
		if len(values) == 0 {
			return nil, nil
		}
		slices.SortFunc(values, func(a, b string) int {
			if p.field.numeric() {
				return int(max(-1, min(1, decimalOf(a)-decimalOf(b))))
			}
			return strings.Compare(a, b)
		})
		if c.function == "MIN" {
			return json.RawMessage(appendValue(nil, p.field.kind, values[0])), nil
		}
		return json.RawMessage(appendValue(nil, p.field.kind, values[len(values)-1])), nil
	}
	return nil, malformed(q.text, c.at, fmt.Sprintf("unknown function '%s'", c.function))
}

// having tests a group, for comparisons of one function with a number.
func (q *reach) having(st *statement, rows []int32) (bool, *problem) {
	if st.having == nil {
		return true, nil
	}
	t, ok := st.having.(test)
	if !ok || t.function == "" || len(t.values) != 1 {
		return false, malformed(q.text, 0, "this sandbox compares one function with a number in HAVING")
	}
	v, p := q.apply(t.column, st.alias, rows)
	if p != nil {
		return false, p
	}
	has, want := decimalOf(fmt.Sprint(v)), decimalOf(t.values[0].text)
	return map[string]bool{"=": has == want, "!=": has != want, "<": has < want, "<=": has <= want, ">": has > want, ">=": has >= want}[t.operator], nil
}
