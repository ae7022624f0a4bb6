package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// newQueryJob begins a query whose rows are fetched as CSV.
func (s *Sandbox) newQueryJob(c *call) answer {
	var in struct{ Operation, Query, ContentType, ColumnDelimiter, LineEnding string }
	if p := decode(c.body, &in); p != nil {
		return p.answer()
	}
	if in.Operation != "query" && in.Operation != "queryAll" {
		return invalidJob("operation " + in.Operation).answer()
	}
	st, p := parse(in.Query)
	if p != nil {
		return refuse("API_ERROR", p.message).answer()
	}
	o, p := s.named(st, false)
	if p != nil {
		return refuse("API_ERROR", p.message).answer()
	}
	if st.grouped() || st.offset > 0 || hasChildren(st) {
		return refuse("API_ERROR", "This query cannot be a bulk query: no functions, no GROUP BY, no OFFSET, no sub-selects").answer()
	}
	q := &reach{s: s, o: o, text: in.Query, sets: s.setsOf(c.user)}
	if _, p := q.shown(st.columns, st.alias, st.limit); p != nil {
		return refuse("API_ERROR", p.message).answer()
	}
	if _, p := q.match(st.where, st.alias); p != nil {
		return refuse("API_ERROR", p.message).answer()
	}
	j := &job{id: s.jobID(), user: c.user, version: c.version, object: o, operation: in.Operation, delimiter: first(in.ColumnDelimiter, "COMMA"), line: first(in.LineEnding, "LF"),
		state: "UploadComplete", created: s.now(), stamp: s.now(), statement: in.Query}
	s.jobs = append(s.jobs, j)
	return reply(http.StatusOK, j.told())
}

func hasChildren(st *statement) bool {
	for _, c := range st.columns {
		if c.sub != nil {
			return true
		}
	}
	return false
}

// runQuery fills a query job's table.
func (s *Sandbox) runQuery(j *job) {
	j.state = "JobComplete"
	st, p := parse(j.statement)
	if p != nil {
		j.state, j.message = "Failed", p.message
		return
	}
	q := &reach{s: s, o: j.object, text: j.statement, sets: s.setsOf(j.user), all: j.operation == "queryAll"}
	sh, p := q.shown(st.columns, st.alias, st.limit)
	if p == nil {
		var rows []int32
		if rows, p = q.rows(st); p == nil {
			for _, path := range sh.flat {
				j.columns = append(j.columns, strings.Join(path.names, "."))
			}
			for _, n := range rows {
				j.table = append(j.table, s.cells(q.o, q.o.rows[n], sh.flat))
			}
			return
		}
	}
	j.state, j.message = "Failed", p.message
}

// cells are a row's columns as a table writes them.
func (s *Sandbox) cells(o *object, r *row, paths []path) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = s.read(o, r, p)
		if p.field.kind == "boolean" {
			out[i] = strconv.FormatBool(out[i] == "true")
		}
	}
	return out
}

// results are a page of a query job's table. The locator of the last one is the
// word null.
func (j *job) results(c *call) answer {
	if j.state != "JobComplete" {
		return invalidJob("the job is not complete").answer()
	}
	from, err := 0, error(nil)
	if locator := c.query.Get("locator"); locator != "" && locator != "null" {
		if from, err = strconv.Atoi(strings.TrimPrefix(locator, "MTAw")); err != nil || from > len(j.table) {
			return refuse("INVALID_QUERY_LOCATOR", "invalid query locator").answer()
		}
	}
	size := 50_000
	if n, err := strconv.Atoi(c.query.Get("maxRecords")); err == nil && n > 0 {
		size = n
	}
	to := min(from+size, len(j.table))
	comma, end := delimiters[j.delimiter], map[bool]string{true: "\r\n", false: "\n"}[j.line == "CRLF"]
	var b strings.Builder
	b.WriteString(quoted(j.columns, comma) + end)
	for _, cells := range j.table[from:to] {
		b.WriteString(quoted(cells, comma) + end)
	}
	locator := "null"
	if to < len(j.table) {
		locator = "MTAw" + strconv.Itoa(to)
	}
	return answer{status: http.StatusOK, text: b.String(), kind: "text/csv", header: map[string]string{"Sforce-Locator": locator, "Sforce-NumberOfRecords": strconv.Itoa(to - from)}}
}
