package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// A clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) tick(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// A desk is a client of an org on loopback.
type desk struct {
	*sandbox.Sandbox
	t     *testing.T
	http  *httptest.Server
	clock *clock
	token string
}

func open(t *testing.T, o sandbox.Options) *desk {
	t.Helper()
	d := &desk{t: t, clock: newClock()}
	o.Now = d.clock.now
	if o.Token == "" {
		o.Token = "let-me-in"
	}
	d.token = o.Token
	d.Sandbox = sandbox.New(o)
	d.http = httptest.NewServer(d.Sandbox)
	t.Cleanup(d.http.Close)
	return d
}

// A said is what the org has answered.
type said struct {
	status int
	header http.Header
	text   string
	json   any
}

// ask calls the org; the path is below the version unless it begins with a slash.
func (d *desk) ask(method, path, body string, header ...string) said {
	d.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/services/data/v60.0/" + path
	}
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.http.URL+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := d.http.Client().Transport.RoundTrip(req)
	if err != nil {
		return said{text: err.Error()}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	s := said{status: resp.StatusCode, header: resp.Header, text: string(raw)}
	if err != nil {
		s.text = err.Error()
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	_ = dec.Decode(&s.json)
	return s
}

func (d *desk) query(soql string) said {
	d.t.Helper()
	return d.ask("GET", "query?q="+url.QueryEscape(soql), "")
}

// at reads "records.0.Name" out of an answer.
func (s said) at(path string) string {
	v := s.json
	for step := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(in) {
				return "(nothing)"
			}
			v = in[i]
		default:
			return "(nothing)"
		}
	}
	if v == nil {
		return "null"
	}
	return fmt.Sprint(v)
}

func (d *desk) want(s said, status int, pairs ...string) {
	d.t.Helper()
	if s.status != status {
		d.t.Errorf("got status %d, want %d: %.500s", s.status, status, s.text)
	}
	for i := 0; i < len(pairs); i += 2 {
		if got := s.at(pairs[i]); got != pairs[i+1] {
			d.t.Errorf("%s: got %q, want %q in %.500s", pairs[i], got, pairs[i+1], s.text)
		}
	}
}

func (d *desk) create(object, body string) string {
	d.t.Helper()
	s := d.ask("POST", "sobjects/"+object, body, "Sforce-Auto-Assign", "FALSE")
	if s.status != http.StatusCreated {
		d.t.Fatalf("create %s: %d %s", object, s.status, s.text)
	}
	return s.at("id")
}

func TestRecords(t *testing.T) {
	d := open(t, sandbox.Options{})
	id := d.create("Contact", `{"LastName":"Appleyard","FirstName":"Ada","Email":"Ada.Appleyard@Example.com","Phone":"2025550100"}`)
	if len(id) != 18 || !strings.HasPrefix(id, "003") {
		t.Errorf("got id %q", id)
	}
	d.want(d.ask("GET", "sobjects/contact/"+id, ""), 200, "Email", "ada.appleyard@example.com", "Phone", "2025550100", "Name", "Ada Appleyard", "attributes.type", "Contact",
		"CreatedDate", "2026-11-22T10:00:00.000+0000", "MailingAddress", "null", "IsDeleted", "false")
	d.want(d.ask("PATCH", "sobjects/Contact/"+id, `{"Phone":"+1 (202) 555-0101","Title":""}`), 204)
	d.want(d.ask("GET", "sobjects/Contact/"+id[:15]+"?fields=Phone,Title", ""), 200, "Phone", "+1 (202) 555-0101", "Title", "null")
	d.want(d.ask("DELETE", "sobjects/Contact/"+id, ""), 204)
	d.want(d.ask("GET", "sobjects/Contact/"+id, ""), 404, "0.errorCode", "ENTITY_IS_DELETED")
	d.want(d.ask("GET", "sobjects/Contact/003000000000000AAA", ""), 404, "0.errorCode", "NOT_FOUND")
	if h := d.ask("GET", "limits", "").header.Get("Sforce-Limit-Info"); h != "api-usage=8/100000" {
		t.Errorf("got limit header %q", h)
	}
}

func TestRefusals(t *testing.T) {
	for _, row := range []struct{ sentence, object, body, code, message string }{
		{"a lead needs a last name and a company", "Lead", `{"FirstName":"Ada"}`, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName, Company]"},
		{"too long is not cut", "Contact", `{"LastName":"` + strings.Repeat("x", 81) + `"}`, "STRING_TOO_LONG", ""},
		{"80 characters fit, whatever their bytes", "Contact", `{"LastName":"` + strings.Repeat("ü", 80) + `"}`, "", ""},
		{"no address", "Contact", `{"LastName":"A","Email":"123"}`, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: 123"},
		{"no such field", "Contact", `{"LastName":"A","Nonsense":"1"}`, "INVALID_FIELD", "No such column 'Nonsense' on sobject of type Contact"},
		{"an id is not given", "Contact", `{"LastName":"A","Id":"003000000000000AAA"}`, "INVALID_FIELD", ""},
		{"a formula is not written", "Contact", `{"LastName":"A","Name":"B"}`, "INVALID_FIELD_FOR_INSERT_UPDATE", ""},
		{"a merge is not written", "Contact", `{"LastName":"A","MasterRecordId":null}`, "INVALID_FIELD_FOR_INSERT_UPDATE", ""},
		{"an id of another kind", "Contact", `{"LastName":"A","AccountId":"005000000000000"}`, "MALFORMED_ID", ""},
		{"not JSON", "Contact", `{"LastName":`, "JSON_PARSER_ERROR", ""},
		{"a restricted choice", "Event", `{"StartDateTime":"2027-01-01T09:00:00Z","DurationInMinutes":30,"ShowAs":"Perhaps"}`, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Show Time As: bad value for restricted picklist field: Perhaps"},
		{"any choice where it is free", "Lead", `{"LastName":"A","Company":"B","LeadSource":"Carrier pigeon"}`, "", ""},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			d := open(t, sandbox.Options{})
			s := d.ask("POST", "sobjects/"+row.object, row.body)
			if row.code == "" {
				d.want(s, 201, "success", "true")
				return
			}
			d.want(s, 400, "0.errorCode", row.code)
			if row.message != "" {
				d.want(s, 400, "0.message", row.message)
			}
		})
	}
}

func TestQueries(t *testing.T) {
	d := open(t, sandbox.Options{})
	acme := d.create("Account", `{"Name":"Alderbrook Mills"}`)
	ada := d.create("Contact", `{"LastName":"Appleyard","FirstName":"Ada","Email":"ada@example.com","AccountId":"`+acme+`"}`)
	d.clock.tick(time.Minute)
	d.create("Contact", `{"LastName":"O'Hara","FirstName":"Bram","Email":"bram@example.com","Description":"100%_sure"}`)
	d.create("Contact", `{"LastName":"Crowther","Email":"clara@example.org"}`)
	for _, row := range []struct{ sentence, soql, want string }{
		{"by equality, without case", "SELECT Name FROM Contact WHERE Email = 'ADA@example.com'", "Ada Appleyard"},
		{"an escaped quote", `SELECT FirstName FROM Contact WHERE LastName = 'O\'Hara'`, "Bram"},
		{"IN over an index", "SELECT LastName FROM Contact WHERE Email IN ('clara@example.org','ada@example.com') ORDER BY LastName", "Appleyard,Crowther"},
		{"LIKE", "SELECT LastName FROM Contact WHERE Email LIKE '%@example.com' ORDER BY LastName DESC", "O'Hara,Appleyard"},
		{"and, or in brackets", "SELECT LastName FROM Contact WHERE (FirstName = 'Ada' OR FirstName = null) AND LastName != 'x' ORDER BY LastName", "Appleyard,Crowther"},
		{"not", "SELECT LastName FROM Contact WHERE NOT Email LIKE '%.com'", "Crowther"},
		{"nulls first", "SELECT LastName FROM Contact ORDER BY FirstName ASC, Id", "Crowther,Appleyard,O'Hara"},
		{"nulls last", "SELECT LastName FROM Contact ORDER BY FirstName NULLS LAST, Id", "Appleyard,O'Hara,Crowther"},
		{"a parent", "SELECT Account.Name FROM Contact WHERE AccountId != null", "Alderbrook Mills"},
		{"by a parent's field", "SELECT LastName FROM Contact WHERE Account.Name LIKE 'alder%'", "Appleyard"},
		{"since", "SELECT LastName FROM Contact WHERE SystemModstamp >= 2026-11-22T10:00:01Z ORDER BY SystemModstamp, Id", "O'Hara,Crowther"},
		{"since, with an offset of hours", "SELECT LastName FROM Contact WHERE SystemModstamp < 2026-11-22T11:00:01+01:00", "Appleyard"},
		{"today", "SELECT LastName FROM Contact WHERE CreatedDate = TODAY ORDER BY Id LIMIT 1", "Appleyard"},
		{"after an id", "SELECT LastName FROM Contact WHERE Id > '" + ada + "' ORDER BY Id LIMIT 1", "O'Hara"},
		{"offset", "SELECT LastName FROM Contact ORDER BY Id LIMIT 1 OFFSET 2", "Crowther"},
		{"a semi-join", "SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE Email = 'ada@example.com')", "Alderbrook Mills"},
		{"an anti-join", "SELECT LastName FROM Contact WHERE Id NOT IN (SELECT WhoId FROM Event) ORDER BY Id LIMIT 1", "Appleyard"},
		{"an alias", "SELECT c.LastName FROM Contact c WHERE c.FirstName = 'Bram'", "O'Hara"},
		{"an owner", "SELECT Owner.Name FROM Contact LIMIT 1", "Kith Integration"},
		{"booleans", "SELECT LastName FROM Contact WHERE HasOptedOutOfEmail = false ORDER BY Id LIMIT 1", "Appleyard"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			d.t = t
			s := d.query(row.soql)
			d.want(s, 200, "done", "true")
			if got := strings.Join(leaves(s.json.(map[string]any)["records"]), ","); got != row.want {
				t.Errorf("%s\ngot %q, want %q", row.soql, got, row.want)
			}
		})
	}
	d.t = t
	d.want(d.query("SELECT COUNT() FROM Contact"), 200, "totalSize", "3")
	d.want(d.query("SELECT COUNT(Id), MAX(CreatedDate) newest FROM Contact"), 200, "records.0.expr0", "3", "records.0.newest", "2026-11-22T10:01:00.000+0000")
	d.want(d.query("SELECT COUNT(Id), MAX(CreatedDate) newest FROM Lead"), 200, "totalSize", "1", "records.0.expr0", "0", "records.0.newest", "null")
	d.want(d.query("SELECT AccountId, COUNT(Id) n FROM Contact GROUP BY AccountId"), 200, "totalSize", "2", "records.0.AccountId", "null", "records.0.n", "2")
	d.want(d.query("SELECT Name, (SELECT LastName FROM Contacts) FROM Account"), 200, "records.0.Contacts.records.0.LastName", "Appleyard")
	for soql, code := range map[string]string{
		"SELECT Nonsense FROM Contact": "INVALID_FIELD", "SELECT Id FROM Nonsense": "INVALID_TYPE", "SELEC Id FROM Contact": "MALFORMED_QUERY", "SELECT * FROM Contact": "MALFORMED_QUERY",
		"SELECT Id FROM Contact WHERE Name = 'a' AND Name = 'b' OR Name = 'c'": "MALFORMED_QUERY", "SELECT Id FROM Contact WHERE Description = 'x'": "INVALID_FIELD",
		"SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'": "INVALID_FIELD", `SELECT Id FROM Contact WHERE Name = 'a\x'`: "MALFORMED_QUERY", "SELECT Id FROM Contact WHERE Name = 'a": "MALFORMED_QUERY",
		"SELECT Id FROM Contact LIMIT 5 OFFSET 2001": "NUMBER_OUTSIDE_VALID_RANGE", "SELECT FIELDS(ALL) FROM Contact": "MALFORMED_QUERY", "SELECT Id FROM Contact WHERE Id = 'x'": "INVALID_QUERY_FILTER_OPERATOR",
	} {
		d.want(d.query(soql), 400, "0.errorCode", code)
	}
}

// leaves are the values of records, without attributes.
func leaves(v any) (out []string) {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			out = append(out, leaves(inner)...)
		}
	case map[string]any:
		for k, inner := range v {
			if k != "attributes" {
				out = append(out, leaves(inner)...)
			}
		}
	default:
		out = append(out, fmt.Sprint(v))
	}
	return out
}
