package sandbox_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

func TestDuplicateRules(t *testing.T) {
	d := open(t, sandbox.Options{Duplicates: []sandbox.DuplicateRule{{Object: "Lead", Against: []string{"Lead", "Contact"}, Fields: []string{"Email"}, Alert: true}, {Object: "Contact", Fields: []string{"Email", "LastName"}}}})
	contact := d.create("Contact", `{"LastName":"A","Email":"a@example.com"}`)
	lead := `{"LastName":"A","Company":"B","Email":"A@example.com"}`
	s := d.ask("POST", "sobjects/Lead", lead)
	d.want(s, 400, "0.errorCode", "DUPLICATES_DETECTED", "0.duplicateResut.allowSave", "true", "0.duplicateResut.matchResults.0.matchRecords.0.record.Id", contact, "0.duplicateResult", "null")
	d.Set(func(o *sandbox.Options) { o.DuplicateKey = "duplicateResult" })
	d.want(d.ask("POST", "sobjects/Lead", lead), 400, "0.duplicateResult.duplicateRule", "Standard_Lead_Duplicate_Rule")
	d.want(d.ask("POST", "composite/sobjects", `{"records":[{"attributes":{"type":"Lead"},`+lead[1:]+`]}`), 200, "0.errors.0.statusCode", "DUPLICATES_DETECTED", "0.errors.0.duplicateResult", "null")
	d.want(d.ask("POST", "sobjects/Lead", lead, "Sforce-Duplicate-Rule-Header", "allowSave=true; includeRecordDetails=false"), 201)
	blocked := `{"LastName":"a","Email":"a@example.com"}`
	d.want(d.ask("POST", "sobjects/Contact", blocked, "Sforce-Duplicate-Rule-Header", "allowSave=true"), 400, "0.duplicateResult.allowSave", "false")
	d.want(d.ask("POST", "sobjects/Contact", `{"LastName":"other","Email":"a@example.com"}`), 201)
	d.want(d.ask("PATCH", "sobjects/Contact/"+contact, `{"Title":"x"}`), 204)
}

func TestRefusedRows(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.Refuse(sandbox.RowFault{Object: "Contact", Times: 2})
	s := d.ask("POST", "sobjects/Contact", `{"LastName":"A"}`)
	d.want(s, 500, "0.errorCode", "UNABLE_TO_LOCK_ROW", "0.fields", "[]")
	d.want(d.ask("POST", "composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"LastName":"A"},{"attributes":{"type":"Contact"},"LastName":"B"}]}`), 200, "0.errors.0.statusCode", "UNABLE_TO_LOCK_ROW", "1.success", "true")
	d.Refuse(sandbox.RowFault{Status: 400})
	d.want(d.ask("POST", "sobjects/Contact", `{"LastName":"A"}`), 400, "0.errorCode", "UNABLE_TO_LOCK_ROW")
	undo := d.Refuse(sandbox.RowFault{Object: "Lead", Op: "create", Times: -1, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "No more of them", Where: func(v map[string]string) bool { return v["Company"] == "B" }})
	d.want(d.ask("POST", "sobjects/Lead", `{"LastName":"A","Company":"C"}`), 201)
	d.want(d.ask("POST", "sobjects/Lead", `{"LastName":"A","Company":"B"}`), 400, "0.message", "No more of them")
	undo()
	d.want(d.ask("POST", "sobjects/Lead", `{"LastName":"A","Company":"B"}`), 201)
}

func TestFaults(t *testing.T) {
	body := `{"LastName":"A"}`
	for _, row := range []struct {
		sentence string
		fault    sandbox.Fault
		status   int
		saved    int
	}{
		{"unavailable", sandbox.Fault{Status: 503, Body: "<html>busy</html>"}, 503, 0},
		{"an error in the API's shape", sandbox.Fault{Method: "POST", Path: "sobjects/Contact", Status: 500}, 500, 0},
		{"of another path", sandbox.Fault{Path: "query", Status: 500}, 201, 1},
		{"of another method", sandbox.Fault{Method: "PATCH", Status: 500}, 201, 1},
		{"not the first", sandbox.Fault{Skip: 1, Status: 500}, 201, 1},
		{"broken before", sandbox.Fault{Drop: true}, 0, 0},
		{"broken after", sandbox.Fault{DropLate: true}, 0, 1},
		{"a gateway that gave up", sandbox.Fault{Status: 502, Late: true}, 502, 1},
		{"cut short", sandbox.Fault{Cut: true}, 201, 1},
		{"slow", sandbox.Fault{Slow: time.Millisecond}, 201, 1},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			d := open(t, sandbox.Options{})
			d.Fail(row.fault)
			s := d.ask("POST", "sobjects/Contact", body)
			if s.status != row.status || d.Count("Contact") != row.saved {
				t.Errorf("got status %d and %d records, want %d and %d", s.status, d.Count("Contact"), row.status, row.saved)
			}
			if row.sentence == "cut short" && !strings.Contains(s.text, "EOF") {
				t.Errorf("got the whole answer %q", s.text)
			}
			d.want(d.ask("GET", "limits", ""), map[bool]int{true: 500, false: 200}[row.sentence == "not the first"])
		})
	}
}

func TestTheDaysLimit(t *testing.T) {
	d := open(t, sandbox.Options{DailyLimit: 10})
	d.Use(8)
	d.want(d.ask("GET", "limits", ""), 200, "DailyApiRequests.Max", "10", "DailyApiRequests.Remaining", "1")
	if h := d.query("SELECT Id FROM User").header.Get("Sforce-Limit-Info"); h != "api-usage=10/10" {
		t.Errorf("got %q", h)
	}
	s := d.query("SELECT Id FROM User")
	d.want(s, 403, "0.errorCode", "REQUEST_LIMIT_EXCEEDED", "0.message", "TotalRequests Limit exceeded.")
	if h := s.header.Get("Sforce-Limit-Info"); h != "api-usage=10/10" {
		t.Errorf("refused: got %q", h)
	}
	d.clock.tick(25 * time.Hour)
	d.want(d.query("SELECT Id FROM User"), 200)
	if c := d.Counts(); c.Calls != 3 || c.Refused != 1 || c.Kinds["GET query"] != 2 || len(c.Breaches) != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestLongRequests(t *testing.T) {
	d := open(t, sandbox.Options{})
	ids := strings.Repeat("'003Kx0000000001AAA',", 700)
	s := d.query("SELECT Id FROM Contact WHERE Id IN (" + ids + "'003Kx0000000001AAA')")
	if s.status != 414 || d.Counts().Breaches["a URI of more than 16,384 bytes"] != 1 {
		t.Errorf("got %d, %v", s.status, d.Counts().Breaches)
	}
	d.want(d.query("SELECT Id FROM Contact WHERE LastName = '"+strings.Repeat("x", 4001)+"'"), 400, "0.errorCode", "MALFORMED_QUERY")
}

func (d *desk) bulkJob(kind, body string) string {
	d.t.Helper()
	s := d.ask("POST", "jobs/"+kind, body)
	d.want(s, 200)
	return "jobs/" + kind + "/" + s.at("id")
}

func (d *desk) load(operation, csv string) (job string, last said) {
	d.t.Helper()
	job = d.bulkJob("ingest", operation)
	d.want(d.ask("PUT", job+"/batches", csv, "Content-Type", "text/csv"), 201)
	d.want(d.ask("PATCH", job, `{"state":"UploadComplete"}`), 200, "state", "UploadComplete")
	for range 5 {
		if last = d.ask("GET", job, ""); last.at("state") != "InProgress" {
			break
		}
	}
	return job, last
}

func TestBulk(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.AddField("Contact", sandbox.NewField{Name: "Ext__c", External: true, Unique: true})
	opened := d.ask("POST", "jobs/ingest", `{"object":"Contact","operation":"insert"}`)
	d.want(opened, 200, "state", "Open", "contentUrl", "services/data/v60.0/jobs/ingest/"+opened.at("id")+"/batches", "apiVersion", "60", "concurrencyMode", "Parallel")
	rows := "Ext__c,LastName,Email\n"
	for i := range 20 {
		rows += fmt.Sprintf("k%d,\"Last, %d\",%s\n", i, i, map[bool]string{true: "wrong", false: ""}[i == 3])
	}
	job, last := d.load(`{"object":"Contact","operation":"insert","contentType":"CSV","lineEnding":"LF"}`, rows)
	d.want(last, 200, "state", "JobComplete", "numberRecordsProcessed", "20", "numberRecordsFailed", "1", "jobType", "V2Ingest")
	good := strings.Split(strings.TrimSpace(d.ask("GET", job+"/successfulResults", "").text), "\n")
	if good[0] != `"sf__Id","sf__Created",Ext__c,LastName,Email` || len(good) != 20 || slices.IsSorted(good[1:]) || !strings.Contains(good[1], `"true"`) {
		t.Errorf("got results %q", good)
	}
	bad := strings.Split(strings.TrimSpace(d.ask("GET", job+"/failedResults", "").text), "\n")
	if len(bad) != 2 || bad[1] != `"","INVALID_EMAIL_ADDRESS:Email: invalid email address: wrong:Email --","k3","Last, 3","wrong"` {
		t.Errorf("got failures %q", bad)
	}
	_, last = d.load(`{"object":"Contact","operation":"upsert","externalIdFieldName":"Ext__c"}`, "Ext__c,LastName,Title\nk1,,Buyer\nk2,#N/A,x\nnew,New,#N/A\nsame,A,\nsame,B,\n")
	d.want(last, 200, "numberRecordsFailed", "3")
	d.want(d.query("SELECT LastName, Title FROM Contact WHERE Ext__c = 'k1'"), 200, "records.0.LastName", "Last, 1", "records.0.Title", "Buyer")
	job, last = d.load(`{"object":"Contact","operation":"insert"}`, "Nonsense\n1\n")
	d.want(last, 200, "state", "Failed", "errorMessage", "InvalidBatch : Field name not found : Nonsense", "numberRecordsProcessed", "0")
	if s := d.ask("GET", job+"/unprocessedrecords", ""); s.text != "Nonsense\n\"1\"\n" {
		t.Errorf("got unprocessed %q", s.text)
	}
	d.want(d.ask("PUT", job+"/batches", "x", "Content-Type", "text/csv"), 400)
	d.want(d.ask("DELETE", job, ""), 204)
	d.want(d.ask("GET", job, ""), 404)
}

func TestBulkThatEndsEarly(t *testing.T) {
	d := open(t, sandbox.Options{BulkPolls: -1, BulkFirst: 2})
	job, last := d.load(`{"object":"Contact","operation":"insert"}`, "LastName\nA\nB\nC\n")
	d.want(last, 200, "state", "InProgress")
	d.want(d.ask("GET", job+"/successfulResults", ""), 400)
	d.want(d.ask("PATCH", job, `{"state":"Aborted"}`), 200, "state", "Aborted")
	if got := d.Count("Contact"); got != 2 || d.ask("GET", job+"/unprocessedrecords", "").text != "LastName\n\"C\"\n" {
		t.Errorf("got %d contacts, want the 2 that were done", got)
	}
	d.Set(func(o *sandbox.Options) { o.BulkPolls = 1 })
	job, _ = d.load(`{"object":"Contact","operation":"delete"}`, "Id\n"+strings.Join(d.IDs("Contact"), "\n")+"\n")
	if got := d.Count("Contact"); got != 0 {
		t.Errorf("got %d contacts after deletion", got)
	}
	d.want(d.ask("GET", job, ""), 200, "state", "JobComplete")
}

func TestBulkQuery(t *testing.T) {
	d := open(t, sandbox.Options{})
	account := d.create("Account", `{"Name":"Alder \"A\""}`)
	for i := range 5 {
		d.create("Contact", fmt.Sprintf(`{"LastName":"P%d","AccountId":"%s"}`, i, account))
	}
	job := d.bulkJob("query", `{"operation":"query","query":"SELECT LastName, Account.Name, HasOptedOutOfEmail FROM Contact ORDER BY Id"}`)
	d.want(d.ask("GET", job+"/results", ""), 400)
	d.ask("GET", job, "")
	d.want(d.ask("GET", job, ""), 200, "state", "JobComplete", "numberRecordsProcessed", "5", "jobType", "V2Query")
	s := d.ask("GET", job+"/results?maxRecords=3", "")
	if s.text != "\"LastName\",\"Account.Name\",\"HasOptedOutOfEmail\"\n"+strings.Repeat("\"P#\",\"Alder \"\"A\"\"\",\"false\"\n", 3) && strings.Count(s.text, "\n") != 4 {
		t.Errorf("got %q", s.text)
	}
	if s.header.Get("Sforce-NumberOfRecords") != "3" {
		t.Errorf("got %q records", s.header.Get("Sforce-NumberOfRecords"))
	}
	s = d.ask("GET", job+"/results?maxRecords=3&locator="+url.QueryEscape(s.header.Get("Sforce-Locator")), "")
	if s.header.Get("Sforce-Locator") != "null" || strings.Count(s.text, "\n") != 3 {
		t.Errorf("last page: got locator %q and %q", s.header.Get("Sforce-Locator"), s.text)
	}
	d.want(d.ask("GET", "/services/data/v61.0/"+job+"/results", ""), 409)
	d.want(d.ask("POST", "jobs/query", `{"operation":"query","query":"SELECT COUNT(Id) FROM Contact"}`), 400)
}

func TestComposite(t *testing.T) {
	d := open(t, sandbox.Options{})
	step := func(method, path, ref, body string) string {
		return fmt.Sprintf(`{"method":%q,"url":"/services/data/v60.0/%s","referenceId":%q,"body":%s}`, method, path, ref, body)
	}
	steps := step("POST", "sobjects/Account", "a", `{"Name":"A"}`) + "," + step("POST", "sobjects/Contact", "c", `{"AccountId":"@{a.id}"}`)
	d.want(d.ask("POST", "composite", `{"allOrNone":true,"compositeRequest":[`+steps+`]}`), 200, "compositeResponse.0.httpStatusCode", "400", "compositeResponse.0.body.0.errorCode", "PROCESSING_HALTED", "compositeResponse.1.body.0.errorCode", "REQUIRED_FIELD_MISSING")
	if got := d.Count("Account"); got != 0 {
		t.Errorf("got %d accounts after a rollback", got)
	}
	d.want(d.ask("POST", "composite", `{"compositeRequest":[`+steps+`]}`), 200, "compositeResponse.0.httpStatusCode", "201", "compositeResponse.1.httpStatusCode", "400")
	d.want(d.ask("POST", "composite/batch", `{"batchRequests":[{"method":"GET","url":"v60.0/limits"},{"method":"GET","url":"v60.0/query?q=SELECT+Name+FROM+Account"},{"method":"GET","url":"v60.0/nonsense"}]}`), 200, "hasErrors", "true", "results.1.result.records.0.Name", "A", "results.2.statusCode", "404")
	if got := d.Counts().Calls; got != 6 {
		t.Errorf("got %d calls, want 3 and the 3 of the batch", got)
	}
	d.want(d.ask("POST", "composite/tree/Account", `{"records":[{"attributes":{"type":"Account","referenceId":"r1"},"Name":"T","Contacts":{"records":[{"attributes":{"type":"Contact","referenceId":"r2"},"LastName":"U"}]}}]}`), 201, "results.1.referenceId", "r2")
	d.want(d.query("SELECT Account.Name FROM Contact WHERE LastName = 'U'"), 200, "records.0.Account.Name", "T")
}
