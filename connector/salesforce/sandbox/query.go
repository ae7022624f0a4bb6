package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	pageLimit  = 2000
	pageLeast  = 200
	uriLimit   = 16384
	cursorLife = 2 * 24 * time.Hour
	cursorsMax = 200 // that are kept at once, so that memory ends
)

// A cursor is a query whose rows have not all been sent.
type cursor struct {
	reach *reach
	shown *shown
	rows  []int32
	batch int
	user  int32
	made  int64
	tool  bool
}

// query answers query?q=, queryAll?q= and their next pages.
func (s *Sandbox) query(c *call) answer {
	if c.method != http.MethodGet {
		return badMethod(c).answer()
	}
	if len(c.parts) > 1 {
		return s.more(c, c.parts[1])
	}
	q := c.query.Get("q")
	if q == "" {
		return refuse("MALFORMED_QUERY", "A query string has to be specified").answer()
	}
	return s.ask(c, q, strings.EqualFold(c.parts[0], "queryAll"), false)
}

// ask runs a statement for a call.
func (s *Sandbox) ask(c *call, q string, all, tooling bool) answer {
	if len(q) > soqlLimit {
		s.tally.breach("a SOQL statement of more than 100,000 characters")
	}
	st, p := parse(q)
	if p != nil {
		return p.answer()
	}
	o, p := s.named(st, tooling)
	if p != nil {
		return p.answer()
	}
	r := &reach{s: s, o: o, text: q, sets: s.setsOf(c.user), all: all}
	if st.grouped() {
		return s.aggregate(r, st)
	}
	shown, p := r.shown(st.columns, st.alias, st.limit)
	if p != nil {
		return p.answer()
	}
	if c.query.Get("columns") == "true" {
		return reply(http.StatusOK, shown.metadata(o))
	}
	rows, p := r.rows(st)
	if p != nil {
		return p.answer()
	}
	return s.page(c, &cursor{reach: r, shown: shown, rows: rows, batch: s.batchSize(c, shown), user: c.user, made: s.now(), tool: tooling}, "", 0)
}

// batchSize is what the caller wishes, within what rows so wide allow.
func (s *Sandbox) batchSize(c *call, sh *shown) int {
	size := pageLimit
	for option := range strings.SplitSeq(c.header.Get("Sforce-Query-Options"), ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(option), "=")
		if n, err := strconv.Atoi(v); err == nil && strings.EqualFold(k, "batchSize") {
			size = min(max(n, pageLeast), pageLimit)
		}
	}
	if sh.wide > 1 {
		size = min(size, pageLeast)
	}
	if s.options.PageSize > 0 {
		size = min(size, s.options.PageSize)
	}
	return size
}

// more answers the next page of a locator.
func (s *Sandbox) more(c *call, name string) answer {
	locator, offset, _ := strings.Cut(name, "-")
	cur := s.cursors[locator]
	from, err := strconv.Atoi(offset)
	switch {
	case cur == nil || err != nil || from < 0 || from > len(cur.rows) || time.Duration(s.now()-cur.made)*time.Second > cursorLife:
		return refuse("INVALID_QUERY_LOCATOR", "invalid query locator").answer()
	case cur.user != c.user:
		return refuse("UNAUTHORIZED_USER_FOR_CURSOR", "the cursor belongs to another user").answer()
	}
	return s.page(c, cur, locator, from)
}

// page writes one page of a cursor. Now and then it is shorter than it could be:
// only done says where the end is.
func (s *Sandbox) page(c *call, cur *cursor, locator string, from int) answer {
	size := cur.batch
	s.pages++
	if n := s.options.ShortPage; n > 0 && s.pages%n == 0 {
		size = max(1, size/2)
	}
	to := min(from+size, len(cur.rows))
	b := []byte(`{"totalSize":` + strconv.Itoa(len(cur.rows)) + `,"done":` + strconv.FormatBool(to == len(cur.rows)))
	if to < len(cur.rows) {
		if locator == "" {
			locator = s.keep(cur)
		}
		b = append(b, fmt.Sprintf(`,"nextRecordsUrl":"/services/data/v%s%s/query/%s-%d"`, c.version, map[bool]string{true: "/tooling"}[cur.tool], locator, to)...)
	}
	b = append(b, `,"records":[`...)
	some := false
	for _, n := range cur.rows[from:to] {
		if r := cur.reach.o.row(n); r != nil {
			if some {
				b = append(b, ',')
			}
			b, some = cur.shown.appendRow(b, cur.reach.o, r, c.version), true
		}
	}
	s.tally.records += to - from
	return answer{status: http.StatusOK, text: string(append(b, `]}`...)), kind: "application/json;charset=UTF-8"}
}

// keep stores a cursor under a new locator.
func (s *Sandbox) keep(cur *cursor) string {
	s.serial++
	locator := makeID("01g", int32(s.serial))
	s.cursors[locator] = cur
	s.newest = append(s.newest, locator)
	if len(s.newest) > cursorsMax {
		delete(s.cursors, s.newest[0])
		s.newest = s.newest[1:]
	}
	return locator
}

// Forget makes the org not know the query locators it has given so far.
func (s *Sandbox) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.cursors)
	s.newest = nil
}

// setsOf are the permission sets that are assigned to a user.
func (s *Sandbox) setsOf(user int32) (out []string) {
	o := s.objects["permissionsetassignment"]
	for _, r := range s.holders(o, o.field("AssigneeId"), makeID("005", user)) {
		out = append(out, r.get(o.field("PermissionSetId")))
	}
	return out
}
