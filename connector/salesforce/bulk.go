package salesforce

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
)

// bulky reports whether a group goes by Bulk 2.0. Its results come in any order, so
// that every row needs a key of ours: creates without one go by collections.
func (o *Object) bulky(op connector.Op, group []*task) bool {
	if len(group) < o.settings.BulkFrom {
		return false
	}
	return op != connector.OpCreate || group[0].t.key != "" && !slices.ContainsFunc(group, func(k *task) bool { return k.Key == "" })
}

// A bulkJob is one ingest job as the API tells of it.
type bulkJob struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Content string `json:"contentUrl"`
	Message string `json:"errorMessage"`
}

// bulk carries a group out as one job: create, upload, close, look until it has
// ended, then read what became of every row. A job that has ended well may have
// failed on rows, and one that failed may have saved some: the three lists of
// results decide, and a row on none of them is unknown.
func (o *Object) bulk(ctx context.Context, op connector.Op, group []*task) {
	rows := table2csv(op, group)
	if len(rows) > bulkFile && len(group) > 1 {
		o.bulk(ctx, op, group[:len(group)/2])
		o.bulk(ctx, op, group[len(group)/2:])
		return
	}
	job, err := o.bulkBegin(ctx, op, group, rows)
	if err != nil {
		refuseAll(group, asFault(err)) // nothing is done before the job is closed
		return
	}
	if err := o.bulkClose(ctx, &job); err != nil {
		refuseAll(group, asFault(err))
		return
	}
	if err := o.bulkAwait(ctx, &job); err != nil {
		refuseAll(group, &connector.Fault{Kind: connector.Unknown, Message: "Salesforce did not say what became of a bulk job.", Err: err})
		return
	}
	refuseAll(group, &connector.Fault{Kind: connector.Unknown, Message: "Salesforce did not say what became of this record of a bulk job."})
	if err := o.bulkResults(ctx, op, job, group); err != nil {
		for _, k := range group {
			if k.out.Fault != nil && k.out.Fault.Kind == connector.Unknown {
				k.out.Fault.Err = err
			}
		}
	}
}

// bulkFile is the largest file of one job: 150 MB, as base64 [LIM: Bulk API 2.0].
const bulkFile = 100 << 20

// bulkKey is the column that every row of a job is told by.
func bulkKey(op connector.Op, t *table) string {
	if op == connector.OpCreate {
		return t.key
	}
	return "Id"
}

// bulkBegin creates a job and uploads its rows.
func (o *Object) bulkBegin(ctx context.Context, op connector.Op, group []*task, rows []byte) (job bulkJob, err error) {
	t := group[0].t
	settings := map[string]any{"object": t.Name, "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF", "operation": "update"}
	switch {
	case op == connector.OpDelete:
		settings["operation"] = "delete"
	case op == connector.OpCreate && t.unique:
		settings["operation"] = "insert"
	case op == connector.OpCreate:
		settings["operation"], settings["externalIdFieldName"] = "upsert", t.key
	}
	if _, err := o.api.ask(ctx, request{method: http.MethodPost, path: "jobs/ingest", body: settings}, &job); err != nil {
		return job, err
	}
	_, err = o.api.do(ctx, request{method: http.MethodPut, path: "jobs/ingest/" + job.ID + "/batches", body: rows, kind: "text/csv"})
	return job, err
}

// table2csv writes the rows of a job. An empty value would be left alone: #N/A is
// the word for none.
func table2csv(op connector.Op, group []*task) []byte {
	names := map[string]bool{}
	for _, k := range group {
		for name := range k.body {
			names[name] = true
		}
	}
	key := bulkKey(op, group[0].t)
	delete(names, key)
	header := append([]string{key}, sorted(names)...)
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(header) // to memory
	for _, k := range group {
		line := []string{k.ID}
		if op == connector.OpCreate {
			line = []string{k.Key}
		}
		for _, name := range header[1:] {
			line = append(line, cell(k.body, name))
		}
		_ = w.Write(line)
	}
	w.Flush()
	return b.Bytes()
}

func cell(body map[string]any, name string) string {
	v, set := body[name]
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	if set {
		return "#N/A"
	}
	return ""
}

// bulkClose gives the rows over to the org. Whether an unanswered one arrived, the
// job itself tells.
func (o *Object) bulkClose(ctx context.Context, job *bulkJob) error {
	_, err := o.api.ask(ctx, request{method: http.MethodPatch, path: "jobs/ingest/" + job.ID, body: map[string]string{"state": "UploadComplete"}, write: true}, job)
	f := asFault(err)
	if f == nil || f.Kind != connector.Unknown {
		return err
	}
	if _, again := o.api.ask(ctx, request{method: http.MethodGet, path: "jobs/ingest/" + job.ID}, job); again != nil {
		return f
	}
	if job.State == "Open" {
		return &connector.Fault{Kind: connector.Busy, Message: "Salesforce did not begin a bulk job.", Err: f.Err}
	}
	return nil
}

// Looks at a job: soon at first, then ever less often.
const (
	firstLook  = 2 * time.Second
	seldomLook = 30 * time.Second
	mostLooks  = 130 // about an hour
)

// bulkAwait looks at a job until it has ended. One that does not is aborted: what it
// has saved stays saved.
func (o *Object) bulkAwait(ctx context.Context, job *bulkJob) error {
	wait, troubles := firstLook, 0
	for range mostLooks {
		switch job.State {
		case "JobComplete", "Failed", "Aborted":
			return nil
		}
		if err := o.pause(ctx, wait); err != nil {
			return err
		}
		wait = min(wait*3/2, seldomLook)
		_, err := o.api.ask(ctx, request{method: http.MethodGet, path: "jobs/ingest/" + job.ID}, job)
		if f := asFault(err); f != nil {
			if troubles++; f.Kind != connector.Busy || troubles > 5 {
				return err
			}
			continue
		}
		troubles = 0
	}
	_, err := o.api.ask(ctx, request{method: http.MethodPatch, path: "jobs/ingest/" + job.ID, body: map[string]string{"state": "Aborted"}}, job)
	return err
}

// bulkResults reads what became of the rows. A list that cannot be read leaves its
// rows unknown.
func (o *Object) bulkResults(ctx context.Context, op connector.Op, job bulkJob, group []*task) error {
	by := map[string]*task{}
	for _, k := range group {
		if op == connector.OpCreate {
			by[k.Key] = k
		} else {
			by[k.ID] = k
		}
	}
	var failed error
	for _, list := range []struct {
		name  string
		enter func(k *task, line map[string]string)
	}{
		{"successfulResults", func(k *task, line map[string]string) {
			k.out.Fault = nil
			k.saved(saved{ID: line["sf__Id"], Success: true})
		}},
		{"failedResults", func(k *task, line map[string]string) {
			k.fail(rowFault(bulkProblem(line["sf__Error"])))
		}},
		{"unprocessedrecords", func(k *task, _ map[string]string) { k.fail(unprocessed(job)) }},
	} {
		got, err := o.api.do(ctx, request{method: http.MethodGet, path: "jobs/ingest/" + job.ID + "/" + list.name, header: map[string]string{"Accept": "text/csv"}})
		if err == nil {
			err = eachLine(got.body, func(line map[string]string) {
				id := cmp.Or(line[bulkKey(op, group[0].t)], "")
				if op != connector.OpCreate {
					id = wide(id)
				}
				if k := by[id]; k != nil {
					list.enter(k, line)
				}
			})
		}
		failed = cmp.Or(failed, err)
	}
	return failed
}

// unprocessed is the fault of rows that a job did not come to.
func unprocessed(job bulkJob) *connector.Fault {
	if strings.HasPrefix(job.Message, "InvalidBatch") {
		return invalid("", "Salesforce refused a bulk job: one of its fields is not there, or hidden from our user.")
	}
	return &connector.Fault{Kind: connector.Busy, Message: "Salesforce ended a bulk job before it came to this record."}
}

// bulkProblem reads "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --".
func bulkProblem(text string) problem {
	code, rest, _ := strings.Cut(text, ":")
	p := problem{Code: code, Message: rest}
	if at := strings.LastIndexByte(rest, ':'); at >= 0 {
		p.Message = rest[:at]
		names, _, _ := strings.Cut(rest[at+1:], "--")
		for name := range strings.SplitSeq(names, ",") {
			if name = strings.TrimSpace(name); apiName(name) {
				p.Fields = append(p.Fields, name)
			}
		}
	}
	return p
}

// eachLine reads results by the names of their columns, whatever their order.
func eachLine(body []byte, take func(line map[string]string)) error {
	r := csv.NewReader(bytes.NewReader(body))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil || len(lines) == 0 {
		return err
	}
	for _, values := range lines[1:] {
		line := map[string]string{}
		for i, v := range values {
			if i < len(lines[0]) {
				line[lines[0][i]] = v
			}
		}
		take(line)
	}
	return nil
}
