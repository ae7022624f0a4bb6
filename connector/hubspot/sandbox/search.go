package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits of a search.
const (
	maxResults   = 10_000 // of one query, on all its pages
	maxPage      = 200
	maxBody      = 3000
	maxGroups    = 5
	maxFilters   = 6
	maxAllFilter = 18
)

// A query is the body of a search.
type query struct {
	Query   string            `json:"query"`
	Groups  []group           `json:"filterGroups"`
	Sorts   []json.RawMessage `json:"sorts"`
	Names   []string          `json:"properties"`
	Limit   int               `json:"limit"`
	After   json.RawMessage   `json:"after"`
	sortBy  string
	descend bool
	offset  int
}

type group struct {
	Filters []filter `json:"filters"`
}

type filter struct {
	Name     string   `json:"propertyName"`
	Operator string   `json:"operator"`
	Value    string   `json:"value"`
	High     string   `json:"highValue"`
	Values   []string `json:"values"`
}

func (s *Sandbox) search(w http.ResponseWriter, r *http.Request) *problem {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return invalid("half a request")
	}
	if len(body) > maxBody {
		s.breach("a search of %d characters", len(body))
		return invalid("The request body is too long: at most %d characters are allowed", maxBody)
	}
	q, p := s.readQuery(body)
	if p != nil {
		return p
	}
	total, page := 0, []any{}
	for v := range s.matching(q) {
		if total >= q.offset && len(page) < q.Limit {
			page = append(page, s.object(v, q.Names))
		}
		total++
	}
	answer := map[string]any{"total": total, "results": page}
	if next := q.offset + len(page); next < total {
		answer["paging"] = map[string]any{"next": map[string]any{"after": fmt.Sprint(next)}}
	}
	s.answer(w, http.StatusOK, answer)
	return nil
}

func (s *Sandbox) readQuery(body []byte) (q query, p *problem) {
	if err := json.Unmarshal(body, &q); err != nil {
		return q, invalid("Invalid input JSON: %v", err)
	}
	if q.Limit == 0 {
		q.Limit = 10
	}
	if after := strings.Trim(string(q.After), `"`); after != "" && after != "null" {
		n, err := strconv.Atoi(after)
		if err != nil || n < 0 {
			return q, invalid("after must be a number")
		}
		q.offset = n
	}
	if q.Limit < 0 || q.Limit > maxPage {
		s.breach("a search for %d contacts", q.Limit)
		return q, invalid("limit must not be more than %d", maxPage)
	}
	if q.offset+q.Limit > maxResults {
		s.breach("a search for contact %d", q.offset+q.Limit)
		return q, invalid("Paging through more than %d results is not supported", maxResults)
	}
	filters := 0
	for _, g := range q.Groups {
		filters += len(g.Filters)
		for _, f := range g.Filters {
			if s.property(f.Name) == nil {
				return q, invalid("There was a problem with the request. The property %q does not exist", f.Name)
			}
			if (f.Operator == "IN" || f.Operator == "NOT_IN") && len(f.Values) == 0 {
				return q, invalid("The operator %s needs values", f.Operator)
			}
		}
		if len(g.Filters) > maxFilters {
			return q, invalid("There are more than %d filters in a group", maxFilters)
		}
	}
	if len(q.Groups) > maxGroups || filters > maxAllFilter {
		s.breach("%d filter groups and %d filters", len(q.Groups), filters)
		return q, invalid("There are more than %d filter groups or %d filters", maxGroups, maxAllFilter)
	}
	if len(q.Sorts) > 1 {
		return q, invalid("Only one sort is supported")
	}
	for _, raw := range q.Sorts {
		q.sortBy, q.descend = readSort(raw)
		if s.property(q.sortBy) == nil {
			return q, invalid("Cannot sort by %q", q.sortBy)
		}
	}
	return q, nil
}

// readSort reads an order: an object as the manual says, or a name, with a minus
// before it when descending.
func readSort(raw json.RawMessage) (name string, descend bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		name, descend = strings.CutPrefix(text, "-")
		return name, descend
	}
	var order struct {
		Name      string `json:"propertyName"`
		Direction string `json:"direction"`
	}
	_ = json.NewDecoder(bytes.NewReader(raw)).Decode(&order) // nothing is no property's name
	return order.Name, order.Direction == "DESCENDING"
}

// matching yields what the index has for a query, in its order.
func (s *Sandbox) matching(q query) iter.Seq[view] {
	now, lag := s.now(), s.options.Lag
	from, narrowed := q.changedSince()
	if narrowed && (q.sortBy == "" || q.sortBy == "lastmodifieddate" && !q.descend) {
		return q.kept(s.book.since(from, now, lag), s)
	}
	var indexed iter.Seq[view] = func(yield func(view) bool) {
		for v := range s.book.everybody() {
			if v, ok := s.book.indexed(v, now, lag); ok && !yield(v) {
				return
			}
		}
	}
	if !narrowed && (q.sortBy == "" || q.sortBy == "hs_object_id" && !q.descend) { // they come by id
		return q.kept(indexed, s)
	}
	if narrowed {
		indexed = s.book.since(from, now, lag)
	}
	all := slices.Collect(q.kept(indexed, s))
	slices.SortStableFunc(all, func(a, b view) int {
		order := cmp.Compare(a.id, b.id)
		if q.sortBy != "hs_object_id" {
			order = compare(s.property(q.sortBy), a.value(q.sortBy), b.value(q.sortBy))
		}
		if q.descend {
			order = -order
		}
		return order
	})
	return slices.Values(all)
}

// everybody yields every id there ever was, ascending.
func (b *book) everybody() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range b.crowd.n {
			if !yield(b.crowd.first + i) {
				return
			}
		}
		for _, id := range b.ids {
			if !yield(id) {
				return
			}
		}
	}
}

// changedSince is the time that every match was changed at or after, where the
// query says so.
func (q query) changedSince() (from time.Time, ok bool) {
	if len(q.Groups) != 1 {
		return from, false
	}
	for _, f := range q.Groups[0].Filters {
		if ms, number := instant(f.Value); number && f.Name == "lastmodifieddate" && (f.Operator == "GTE" || f.Operator == "GT" || f.Operator == "EQ") {
			return time.UnixMilli(ms).UTC(), true
		}
	}
	return from, false
}

// instant is a date or time in milliseconds, in either of its forms.
func instant(value string) (ms int64, ok bool) {
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
		return ms, true
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}

func (q query) kept(all iter.Seq[view], s *Sandbox) iter.Seq[view] {
	return func(yield func(view) bool) {
		for v := range all {
			if q.matches(v, s) && !yield(v) {
				return
			}
		}
	}
}

func (q query) matches(v view, s *Sandbox) bool {
	if q.Query != "" && !slices.ContainsFunc([]string{"firstname", "lastname", "email", "phone", "company", "hs_additional_emails"}, func(name string) bool {
		return strings.Contains(strings.ToLower(v.value(name)), strings.ToLower(q.Query))
	}) {
		return false
	}
	if len(q.Groups) == 0 {
		return true
	}
	return slices.ContainsFunc(q.Groups, func(g group) bool {
		return !slices.ContainsFunc(g.Filters, func(f filter) bool { return !f.matches(v.value(f.Name), s.property(f.Name)) })
	})
}

func (f filter) matches(value string, p *Property) bool {
	switch f.Operator {
	case "HAS_PROPERTY":
		return value != ""
	case "NOT_HAS_PROPERTY":
		return value == ""
	case "NEQ":
		return value == "" || compare(p, value, f.Value) != 0
	case "NOT_IN":
		return value == "" || !f.among(value, p)
	case "NOT_CONTAINS_TOKEN":
		return !contains(value, f.Value)
	}
	if value == "" {
		return false
	}
	switch f.Operator {
	case "EQ":
		return same(p, value, f.Value)
	case "LT":
		return compare(p, value, f.Value) < 0
	case "LTE":
		return compare(p, value, f.Value) <= 0
	case "GT":
		return compare(p, value, f.Value) > 0
	case "GTE":
		return compare(p, value, f.Value) >= 0
	case "BETWEEN":
		return compare(p, value, f.Value) >= 0 && compare(p, value, f.High) <= 0
	case "IN":
		return f.among(value, p)
	case "CONTAINS_TOKEN":
		return contains(value, f.Value)
	}
	return false
}

// among holds the manual's rule that values of IN have to be in small letters.
func (f filter) among(value string, p *Property) bool {
	return slices.ContainsFunc(f.Values, func(one string) bool {
		return (p.Type == "enumeration" || one == strings.ToLower(one)) && same(p, value, one)
	})
}

// same compares; several values of an enumeration each count.
func same(p *Property, value, wanted string) bool {
	if p.Type == "enumeration" {
		return slices.Contains(strings.Split(value, ";"), wanted)
	}
	return compare(p, value, wanted) == 0
}

func contains(value, token string) bool {
	value, token = strings.ToLower(value), strings.ToLower(token)
	if part := strings.Trim(token, "*"); part != token {
		return strings.Contains(value, part)
	}
	return slices.Contains(strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" @.-_/", r) }), token) || value == token
}

// compare compares values as the property's type wants: text without its case.
func compare(p *Property, a, b string) int {
	switch p.Type {
	case "number":
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		return cmp.Compare(x, y)
	case "date", "datetime":
		x, _ := instant(a)
		y, _ := instant(b)
		return cmp.Compare(x, y)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}
