package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

const (
	bulkFileLimit = 100 << 20 // raw bytes, so that they fit in 150 MB as base64
	resultsLife   = 7 * 24 * 60 * 60
	openLife      = 24 * 60 * 60
	jobsPage      = 1000
)

// A job is one of Bulk API 2.0, for loading or for a query.
type job struct {
	id              string
	user            int32
	version         string
	object          *object
	operation       string
	key             string // of an upsert
	delimiter, line string
	assignment      string
	state           string
	withoutFailed   bool
	created, stamp  int64
	data            []byte
	polls           int
	message         string
	processed       int
	header          []string
	good, bad, rest []bulkRow
	statement       string // of a query
	columns         []string
	table           [][]string
	failing         bool
}

var delimiters = map[string]string{"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}

// bulk answers below /jobs.
func (s *Sandbox) bulk(c *call) answer {
	query := strings.EqualFold(c.parts[1], "query")
	p := c.parts[2:]
	switch {
	case len(p) == 0 && c.method == http.MethodPost && query:
		return s.newQueryJob(c)
	case len(p) == 0 && c.method == http.MethodPost:
		return s.newJob(c)
	case len(p) == 0:
		return s.listJobs(c, query)
	}
	id, _ := wideID(p[0])
	i := slices.IndexFunc(s.jobs, func(j *job) bool { return j.id == id && (j.statement != "") == query })
	if i < 0 {
		return unknownResource().answer()
	}
	j := s.jobs[i]
	if query && j.version != c.version && len(p) == 2 {
		return refuse("API_ERROR", "The job was created with another API version").at(http.StatusConflict).answer()
	}
	switch {
	case len(p) == 1 && c.method == http.MethodGet:
		s.advance(j)
		return reply(http.StatusOK, j.told())
	case len(p) == 1 && c.method == http.MethodPatch:
		return s.changeJob(c, j)
	case len(p) == 1 && c.method == http.MethodDelete:
		return s.deleteJob(i, j)
	case len(p) == 2 && strings.EqualFold(p[1], "batches") && c.method == http.MethodPut:
		return s.upload(c, j)
	case len(p) == 2 && query && strings.EqualFold(p[1], "results"):
		return j.results(c)
	case len(p) == 2 && !query:
		return s.outcome(c, j, p[1])
	}
	return unknownResource().answer()
}

func invalidJob(message string) *problem { return refuse("INVALIDJOB", "InvalidJob : "+message) }

// newJob opens a job for loading. In the multipart form it brings its rows along.
func (s *Sandbox) newJob(c *call) answer {
	var in struct {
		Object, Operation, ExternalIDFieldName, ContentType, ColumnDelimiter, LineEnding, AssignmentRuleID string
	}
	text, rows, multi := multipart(c)
	if p := decode(text, &in); p != nil {
		return p.answer()
	}
	o := s.objects[lower(in.Object)]
	operation := strings.ToLower(in.Operation)
	switch {
	case o == nil || o.tooling:
		return refuse("INVALIDENTITY", "InvalidEntity : "+in.Object).answer()
	case !slices.Contains([]string{"insert", "update", "upsert", "delete", "harddelete"}, operation):
		return invalidJob("operation " + in.Operation).answer()
	case in.ContentType != "" && in.ContentType != "CSV":
		return invalidJob("contentType must be CSV").answer()
	case in.ColumnDelimiter != "" && delimiters[in.ColumnDelimiter] == "":
		return invalidJob("columnDelimiter " + in.ColumnDelimiter).answer()
	case operation == "upsert" && in.ExternalIDFieldName == "":
		return invalidJob("External ID was blank").answer()
	}
	if operation == "upsert" {
		f := o.field(in.ExternalIDFieldName)
		if f == nil || f.system != sysID && !f.external && !f.idLookup || !f.can(s.setsOf(c.user)).read {
			return refuse("INVALIDJOB", "InvalidJob : Field name provided, "+in.ExternalIDFieldName+" is not an External ID or indexed field for "+o.name).answer()
		}
		in.ExternalIDFieldName = f.name
	}
	j := &job{id: s.jobID(), user: c.user, version: c.version, object: o, operation: operation, key: in.ExternalIDFieldName, delimiter: first(in.ColumnDelimiter, "COMMA"), line: first(in.LineEnding, "LF"),
		assignment: in.AssignmentRuleID, state: "Open", created: s.now(), stamp: s.now(), withoutFailed: s.options.ProcessedWithoutFailed}
	if j.operation == "harddelete" {
		j.operation = "hardDelete"
	}
	s.jobs = append(s.jobs, j)
	if multi {
		if len(rows) > 100_000 {
			s.tally.breach("more than 100,000 characters in a multipart job")
			return invalidJob("the data of a multipart request are at most 100,000 characters").answer()
		}
		j.data, j.state = rows, "UploadComplete"
	}
	return reply(http.StatusOK, j.told())
}

func (s *Sandbox) jobID() string {
	s.serial++
	return makeID("750", int32(s.serial))
}

// told is a job as clients see it.
func (j *job) told() map[string]any {
	version := decimalOf(j.version)
	out := map[string]any{"id": j.id, "operation": j.operation, "object": j.object.name, "createdById": makeID("005", j.user), "createdDate": stampText(j.created), "systemModstamp": stampText(j.stamp), "state": j.state,
		"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": version, "lineEnding": j.line, "columnDelimiter": j.delimiter}
	if j.statement != "" {
		out["jobType"] = "V2Query"
		if j.state != "UploadComplete" {
			out["numberRecordsProcessed"], out["retries"], out["totalProcessingTime"], out["isPkChunkingSupported"] = len(j.table), 0, 100, true
		}
		return out
	}
	if j.key != "" {
		out["externalIdFieldName"] = j.key
	}
	if j.assignment != "" {
		out["assignmentRuleId"] = j.assignment
	}
	if j.state == "Open" && j.data == nil {
		out["contentUrl"] = "services/data/v" + j.version + "/jobs/ingest/" + j.id + "/batches"
	}
	out["jobType"] = "V2Ingest"
	if j.state == "InProgress" || j.state == "JobComplete" || j.state == "Failed" || j.state == "Aborted" {
		out["numberRecordsProcessed"], out["numberRecordsFailed"] = j.processed, len(j.bad)
		if j.withoutFailed {
			out["numberRecordsProcessed"] = j.processed - len(j.bad)
		}
		out["retries"], out["totalProcessingTime"], out["apiActiveProcessingTime"], out["apexProcessingTime"] = 0, 100, 80, 0
	}
	if j.message != "" {
		out["errorMessage"] = j.message
	}
	return out
}

// upload takes a job's rows, once.
func (s *Sandbox) upload(c *call, j *job) answer {
	switch {
	case j.state != "Open":
		return invalidJob("the job is not open").answer()
	case j.data != nil:
		s.tally.breach("two uploads to one bulk job")
		return invalidJob("Found multiple contents for job: <" + j.id + ">, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job and make sure you only do 'PUT' once on a given Job.").answer()
	case len(c.body) > bulkFileLimit:
		s.tally.breach("a bulk file of more than 100 MB")
		return refuse("REQUEST_ENTITY_TOO_LARGE", "Request entity is too large").at(http.StatusRequestEntityTooLarge).answer()
	case !strings.HasPrefix(strings.ToLower(c.header.Get("Content-Type")), "text/csv"):
		return invalidJob("Content-Type must be text/csv").at(http.StatusUnsupportedMediaType).answer()
	}
	j.data = append([]byte{}, c.body...)
	return empty(http.StatusCreated)
}

// changeJob closes a job, so that it begins, or aborts it.
func (s *Sandbox) changeJob(c *call, j *job) answer {
	var in struct{ State string }
	if p := decode(c.body, &in); p != nil {
		return p.answer()
	}
	switch {
	case in.State == "UploadComplete" && j.state == "Open":
		j.state = in.State
	case in.State == "Aborted" && slices.Contains([]string{"Open", "UploadComplete", "InProgress"}, j.state):
		if j.state != "Open" && j.statement == "" {
			s.process(j, s.options.BulkFirst)
		}
		j.state = "Aborted"
	default:
		return invalidJob("a job that is " + j.state + " cannot become " + in.State).answer()
	}
	j.stamp = s.now()
	return reply(http.StatusOK, j.told())
}

func (s *Sandbox) deleteJob(i int, j *job) answer {
	if j.state == "InProgress" {
		return invalidJob("Deletion isn't possible for jobs in InProgress state").answer()
	}
	s.jobs = slices.Delete(s.jobs, i, i+1)
	return empty(http.StatusNoContent)
}

// FailJobs makes bulk jobs that are not complete end as Failed, with the rows
// that Options.BulkFirst says committed and the others unprocessed.
func (s *Sandbox) FailJobs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		j.failing = true
	}
}

// advance is what a job has become when it is asked about.
func (s *Sandbox) advance(j *job) {
	polls := s.options.BulkPolls
	if polls == 0 {
		polls = 1
	}
	switch {
	case j.state == "Open" && s.now()-j.created > openLife:
		j.state = "Aborted"
	case j.state != "UploadComplete" && j.state != "InProgress":
	case polls < 0 || j.polls < polls:
		j.polls++
		j.state = "InProgress"
	case j.statement != "":
		s.runQuery(j)
	case j.failing:
		s.process(j, s.options.BulkFirst)
		j.state, j.message = "Failed", "InternalServerError : the job was ended"
	default:
		s.process(j, -1)
	}
	j.stamp = s.now()
}

// listJobs lists jobs, newest last.
func (s *Sandbox) listJobs(c *call, query bool) answer {
	records := []any{}
	from := 0
	for _, d := range c.query.Get("queryLocator") {
		from = from*10 + int(d-'0')
	}
	n := 0
	for _, j := range s.jobs {
		if (j.statement != "") == query {
			if n >= from && len(records) < jobsPage {
				records = append(records, j.told())
			}
			n++
		}
	}
	out := map[string]any{"done": from+len(records) >= n, "records": records, "nextRecordsUrl": nil}
	if from+len(records) < n {
		out["nextRecordsUrl"] = "/services/data/v" + c.version + "/jobs/" + c.parts[1] + "?queryLocator=" + amount(from+jobsPage).String()
	}
	return reply(http.StatusOK, out)
}
