package sandbox

import (
	"cmp"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// search answers GET /api/subscribers.
func (s *Sandbox) search(w http.ResponseWriter, r *http.Request) *problem {
	q := r.URL.Query()
	on, wrong := numbers(r, "list_id")
	if wrong != nil {
		return wrong
	}
	wanted, wrong := s.wanted(q.Get("query"), q.Get("search"), on, q.Get("subscription_status"))
	if wrong != nil {
		return wrong
	}
	number, size := s.page(r)
	found, total, wrong := s.find(wanted, sorting{q.Get("order_by"), q.Get("order")}, (number-1)*size, size)
	if wrong != nil {
		return wrong
	}
	results := []shown{}
	for _, p := range found {
		results = append(results, s.show(p))
	}
	reply(w, map[string]any{"results": results, "query": q.Get("query"), "search": q.Get("search"), "total": total, "per_page": size, "page": number})
	return nil
}

// A want says who is looked for.
type want struct {
	condition *condition // nil: everybody
	text      *regexp.Regexp
	lists     []int
	state     string // of the subscription to one of lists
}

func (s *Sandbox) wanted(query, text string, lists []int, state string) (w want, err *problem) {
	w.lists, w.state = lists, state
	if text = strings.TrimSpace(text); text != "" {
		re, wrong := regexp.Compile("(?i)" + text)
		if wrong != nil {
			return w, &problem{http.StatusInternalServerError, "Error fetching subscribers: pq: invalid regular expression"}
		}
		w.text = re
	}
	if query = strings.TrimSpace(query); query != "" {
		if s.options.NoSQL {
			return w, &problem{http.StatusForbidden, "Permission denied: subscribers:sql_query"}
		}
		asked := w
		w.condition, err = parse(strings.TrimSuffix(query, ";"), s.now(), func(r row) any { return asked.asked(r) })
	}
	return w, err
}

// rows are a person's rows in the join of subscribers with subscriptions. It is
// made only where lists are asked for, and then has all of them.
func (w want) rows(p *person) (rows []row) {
	for i := range p.on {
		if on := &p.on[i]; len(w.lists) > 0 && (w.state == "" || w.state == on.status) {
			rows = append(rows, row{p, on})
		}
	}
	if len(rows) == 0 {
		return []row{{p, &subscription{}}}
	}
	return rows
}

// asked is what listmonk asks besides the condition: the lists and the text.
func (w want) asked(r row) bool {
	if len(w.lists) > 0 && !slices.Contains(w.lists, r.on.list) {
		return false
	}
	return w.text == nil || w.text.MatchString(r.calls()) || w.text.MatchString(r.address())
}

func (w want) holds(r row) bool {
	if w.condition == nil {
		return w.asked(r)
	}
	return w.condition.holds(r)
}

// held is how many of a person's rows are wanted.
func (w want) held(p *person) (n int) {
	for _, r := range w.rows(p) {
		if w.holds(r) {
			n++
		}
	}
	return n
}

type sorting struct{ by, order string }

// find returns a part of the rows that are wanted, and how many there are.
func (s *Sandbox) find(w want, by sorting, offset, size int) (found []*person, total int, err *problem) {
	defer catch(&err)
	before, ok := s.compare(by.by)
	if !ok && s.options.First {
		before, ok = s.compare("updated_at")
	}
	if !ok && by.order == "asc" && w.plain() {
		return s.run(w, offset, size)
	}
	var ids []int
	var light person
	for id := range s.candidates(w) {
		p, touched := s.people[id]
		switch {
		case !touched && id <= s.invented:
			p = light.sketch(id)
		case p == nil:
			continue
		}
		for range w.held(p) {
			ids = append(ids, id)
		}
	}
	if ok {
		slices.SortStableFunc(ids, before)
	}
	if by.order != "asc" { // it is descending unless told
		slices.Reverse(ids)
	}
	total = len(ids)
	ids = ids[min(total, offset):]
	if size > 0 {
		ids = ids[:min(len(ids), size)]
	}
	for _, id := range ids {
		found = append(found, s.at(id))
	}
	return found, total, nil
}

// compare orders by a column; ok is false for those it does not know, which is
// the order of ids.
func (s *Sandbox) compare(column string) (less func(a, b int) int, ok bool) {
	text := func(of func(*person) string) func(a, b int) int {
		return func(a, b int) int { return strings.Compare(of(s.at(a)), of(s.at(b))) }
	}
	when := func(of func(*person) time.Time) func(a, b int) int {
		at := func(id int) time.Time {
			if p := s.people[id]; p != nil {
				return of(p)
			}
			return inventedAt(id)
		}
		return func(a, b int) int { return at(a).Compare(at(b)) }
	}
	switch column {
	case "email":
		return text(func(p *person) string { return p.email }), true
	case "name":
		return text(func(p *person) string { return p.name }), true
	case "status":
		return text(func(p *person) string { return p.status }), true
	case "created_at":
		return when(func(p *person) time.Time { return p.created }), true
	case "updated_at":
		return when(func(p *person) time.Time { return p.updated }), true
	}
	return nil, false
}

// candidates are the ids among which those that are wanted must be.
func (s *Sandbox) candidates(w want) iter.Seq[int] {
	return func(yield func(int) bool) {
		first := 1
		if w.condition != nil {
			if w.condition.ids != nil {
				for _, id := range w.condition.ids {
					if id > w.condition.beyond && !yield(id) {
						return
					}
				}
				return
			}
			if w.condition.emails != nil {
				var ids []int
				for _, e := range w.condition.emails {
					ids = append(ids, s.withEmail(e))
				}
				for _, id := range slices.Sorted(slices.Values(ids)) {
					if id > w.condition.beyond && !yield(id) {
						return
					}
				}
				return
			}
			first = max(first, w.condition.beyond+1)
		}
		for id := first; id <= s.last; id++ {
			if !yield(id) {
				return
			}
		}
	}
}

// plain reports whether somebody is wanted for nothing but an id above another.
func (w want) plain() bool {
	return w.text == nil && (w.condition == nil || w.condition.plain)
}

// run is find for a plain want in the order of ids, which does not look at the
// people before and behind the page: it counts those who are only invented.
func (s *Sandbox) run(w want, offset, size int) (found []*person, total int, err *problem) {
	beyond := 0
	if w.condition != nil {
		beyond = max(beyond, w.condition.beyond)
	}
	if s.invented > beyond { // all alike: the first one stands for them
		total = (s.invented - beyond) * w.held(invent(s.invented))
	}
	for id, p := range s.people {
		if id <= beyond {
			continue
		}
		if id <= s.invented {
			total -= w.held(invent(id))
		}
		if p != nil {
			total += w.held(p)
		}
	}
	for id := beyond + 1; id <= s.last && (size == 0 || len(found) < size); id++ {
		p := s.at(id)
		if p == nil {
			continue
		}
		for range w.held(p) {
			if offset--; offset < 0 {
				found = append(found, p)
			}
		}
	}
	return found, total, nil
}

// ids are those of who is wanted, each once.
func (s *Sandbox) ids(w want) (ids []int, err *problem) {
	found, _, err := s.find(w, sorting{order: "asc"}, 0, 0)
	for _, p := range found {
		ids = append(ids, p.id)
	}
	slices.SortFunc(ids, cmp.Compare[int])
	return slices.Compact(ids), err
}
