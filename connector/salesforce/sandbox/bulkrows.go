package sandbox

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"mime"
	mimemultipart "mime/multipart"
	"net/http"
	"slices"
	"strings"
)

// A bulkRow is a row of a job and what became of it.
type bulkRow struct {
	cells   []string
	id      string
	created bool
	problem string
	order   uint32
}

// multipart takes the two parts of a job that brings its rows along.
func multipart(c *call) (job, rows []byte, is bool) {
	kind, params, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return c.body, nil, false
	}
	r := mimemultipart.NewReader(bytes.NewReader(c.body), params["boundary"])
	for {
		part, err := r.NextPart()
		if err != nil {
			return job, rows, true
		}
		text, _ := io.ReadAll(part) // in memory
		if part.FormName() == "job" {
			job = text
		} else {
			rows = text
		}
	}
}

// process works on a job's rows: on most of them, or on all when most is
// negative. What failed does not stop the others.
func (s *Sandbox) process(j *job, most int) {
	header, rows, err := j.read()
	if err != nil {
		j.state, j.message = "Failed", "InvalidBatch : "+err.Error()
		return
	}
	j.header = header
	by := saver{user: j.user, sets: s.setsOf(j.user), assign: j.assignment != ""}
	columns, p := s.bulkHeader(by, j, header)
	if p != nil {
		j.state, j.message = "Failed", "InvalidBatch : "+p.message
		for _, cells := range rows {
			j.rest = append(j.rest, bulkRow{cells: cells})
		}
		return
	}
	var twice map[string]bool
	for i, cells := range rows {
		if i%triggerChunk == 0 {
			twice = s.bulkTwice(j, columns, rows[i:min(i+triggerChunk, len(rows))])
		}
		if most >= 0 && i >= most {
			j.rest = append(j.rest, bulkRow{cells: cells})
			continue
		}
		row := bulkRow{cells: cells, order: scatter(int32(i))}
		var p *problem
		s.attempt(func() bool { p = s.bulkRow(by, j, columns, &row, twice); return p == nil })
		j.processed++
		if p != nil {
			row.problem = p.code + ":" + p.message + ":" + strings.Join(p.fields, ",") + " --"
			j.bad = append(j.bad, row)
			continue
		}
		s.tally.saved++
		j.good = append(j.good, row)
	}
	for _, list := range [][]bulkRow{j.good, j.bad} {
		slices.SortFunc(list, func(a, b bulkRow) int { return cmp.Compare(a.order, b.order) })
	}
	j.state, j.data = "JobComplete", []byte{}
}

// triggerChunk is how many rows are saved together, so that one key must not be
// among them twice.
const triggerChunk = 200

func (s *Sandbox) bulkTwice(j *job, columns []bulkColumn, rows [][]string) map[string]bool {
	if j.operation != "upsert" {
		return nil
	}
	by := j.object.field(j.key)
	var records []map[string]any
	for _, cells := range rows {
		for i, c := range columns {
			if c.field == by && c.key == "" && i < len(cells) {
				records = append(records, map[string]any{by.name: cells[i]})
			}
		}
	}
	return s.twice(by, records)
}

func (j *job) read() (header []string, rows [][]string, err error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(j.data, []byte("\ufeff"))))
	r.Comma = rune(delimiters[j.delimiter][0])
	r.FieldsPerRecord = -1
	if header, err = r.Read(); err != nil {
		return nil, nil, fmt.Errorf("the file has no header")
	}
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return header, rows, nil
		}
		if err != nil {
			cells = []string{"\x00"} // a row error: it has no values
		}
		rows = append(rows, slices.Clone(cells))
	}
}

// bulkHeader understands the columns; one that is not there fails the whole job.
func (s *Sandbox) bulkHeader(by saver, j *job, header []string) ([]bulkColumn, *problem) {
	out := make([]bulkColumn, len(header))
	for i, name := range header {
		relation, key, nested := strings.Cut(name, ".")
		if nested {
			f := j.object.relation(relation)
			if f == nil {
				return nil, refuse("", "Field name not found : "+name)
			}
			out[i] = bulkColumn{field: f, relation: relation, key: key}
			continue
		}
		f := j.object.field(name)
		if f == nil || !f.can(by.sets).read {
			return nil, refuse("", "Field name not found : "+name)
		}
		out[i] = bulkColumn{field: f}
	}
	return out, nil
}

type bulkColumn struct {
	field         *field
	relation, key string
}

// bulkRow saves one row. An empty cell says nothing; #N/A says null.
func (s *Sandbox) bulkRow(by saver, j *job, columns []bulkColumn, row *bulkRow, twice map[string]bool) *problem {
	if len(row.cells) != len(columns) {
		return refuse("INVALID_CSV", "the row has another number of columns than the header")
	}
	in, id, key := map[string]any{}, "", ""
	for i, c := range columns {
		v := row.cells[i]
		switch {
		case c.field.system == sysID && c.key == "":
			id = v
			continue
		case v == "":
			continue
		case v == "#N/A":
			in[c.field.name] = nil
			continue
		case c.key != "":
			in[c.relation] = map[string]any{c.key: v}
			continue
		}
		if strings.EqualFold(c.field.name, j.key) {
			key = v
		}
		if _, p := s.check(c.field, v); p != nil && p.code == "INVALID_FIELD" {
			return refuse("INVALID_FIELD", fmt.Sprintf("Failed to deserialize field at col %d. Due to, %s", i, p.message), c.field.name)
		}
		in[c.field.name] = v
	}
	row.id = id
	return s.bulkSave(by, j, in, id, key, row, twice)
}

func (s *Sandbox) bulkSave(by saver, j *job, in map[string]any, id, key string, row *bulkRow, twice map[string]bool) *problem {
	o := j.object
	switch j.operation {
	case "insert":
		if o.fixed {
			return refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type does not support create")
		}
		r, p := s.create(by, o, in)
		if p == nil {
			row.id, row.created = makeID(o.prefix, r.n), true
		}
		return p
	case "upsert":
		f := o.field(j.key)
		in[f.name] = key
		if f.system == sysID {
			in["Id"] = id
		}
		out, p := s.upsertRow(by, o, f, in, twice)
		if p == nil {
			row.id, row.created = out["id"].(string), out["created"].(bool)
		}
		return p
	}
	if id == "" {
		return refuse("MISSING_ARGUMENT", "Id not specified in an update call")
	}
	r, p := s.find(o, id)
	if p != nil {
		return notThere(p, id)
	}
	row.id = makeID(o.prefix, r.n)
	if j.operation == "update" {
		_, p = s.update(by, o, r, in)
		return p
	}
	if p = s.remove(by, o, r); p == nil && j.operation == "hardDelete" {
		o.swap(o.row(r.n), nil)
	}
	return p
}

// outcome is one of the three lists of what became of a job's rows.
func (s *Sandbox) outcome(c *call, j *job, which string) answer {
	if j.state != "JobComplete" && j.state != "Failed" && j.state != "Aborted" {
		return invalidJob("the job is not complete").answer()
	}
	if s.now()-j.created > resultsLife {
		return unknownResource().answer()
	}
	var list []bulkRow
	var head []string
	switch lower(which) {
	case "successfulresults":
		list, head = j.good, []string{"sf__Id", "sf__Created"}
	case "failedresults":
		list, head = j.bad, []string{"sf__Id", "sf__Error"}
	case "unprocessedrecords":
		list = j.rest
	default:
		return unknownResource().answer()
	}
	comma := delimiters[j.delimiter]
	end := map[bool]string{true: "\r\n", false: "\n"}[j.line == "CRLF"]
	var b strings.Builder
	for i, name := range head {
		if i > 0 {
			b.WriteString(comma)
		}
		b.WriteString(`"` + name + `"`)
	}
	if head != nil && len(j.header) > 0 {
		b.WriteString(comma)
	}
	b.WriteString(strings.Join(j.header, comma) + end)
	for _, row := range list {
		var cells []string
		switch lower(which) {
		case "successfulresults":
			cells = []string{row.id, fmt.Sprint(row.created)}
		case "failedresults":
			cells = []string{row.id, row.problem}
		}
		b.WriteString(quoted(append(cells, row.cells...), comma) + end)
	}
	return answer{status: http.StatusOK, text: b.String(), kind: "text/csv"}
}

func quoted(cells []string, comma string) string {
	out := make([]string, len(cells))
	for i, v := range cells {
		out[i] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
	}
	return strings.Join(out, comma)
}
