package salesforce_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// What the org says of one record.
func TestRowFaults(t *testing.T) {
	for _, row := range []struct {
		sentence, op, code, message string
		fields                      []string
		want                        connector.FaultKind
		field                       string
	}{
		{"a lock passes by", "update", "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 001", nil, connector.Busy, ""},
		{"a value is too long", "update", "STRING_TOO_LONG", "Title: data value too large: xxx (max length=128)", []string{"Title"}, connector.Invalid, "Title"},
		{"an e-mail is none", "create", "INVALID_EMAIL_ADDRESS", "Email: invalid email address: ann@", []string{"Email"}, connector.Invalid, "Email"},
		{"a field is missing", "create", "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", []string{"LastName"}, connector.Invalid, "LastName"},
		{"a picklist is closed", "update", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "LeadSource: bad value for restricted picklist field: X", []string{"LeadSource"}, connector.Invalid, "LeadSource"},
		{"a rule of the org's own", "create", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Ask Ann first.", nil, connector.Invalid, ""},
		{"a field we may not write", "update", "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Title.", []string{"Title"}, connector.Invalid, "Title"},
		{"a converted lead", "update", "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", nil, connector.Missing, ""},
		{"a deleted record", "update", "ENTITY_IS_DELETED", "entity is deleted", nil, connector.Missing, ""},
		{"a purged record", "update", "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", nil, connector.Missing, ""},
		{"an account that is not there", "create", "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []string{"AccountId"}, connector.Invalid, "AccountId"},
		{"several with one key", "create", "DUPLICATE_EXTERNAL_ID", "more than one record found", nil, connector.Invalid, ""},
		{"a value that must be unique", "create", "DUPLICATE_VALUE", "duplicate value found: Other__c duplicates value on record with id: 003000000000001AAA", nil, connector.Taken, ""},
		{"no right to this one record stops nobody else", "update", "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", nil, connector.Invalid, ""},
		{"a trigger fails", "update", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Trg: execution of AfterInsert caused by ann@example.com", nil, connector.Invalid, ""},
		{"an approval", "update", "ENTITY_IS_LOCKED", "entity is locked for editing", nil, connector.Invalid, ""},
		{"no room", "create", "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", nil, connector.Quota, ""},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			st := newStage(t, sandbox.Options{})
			id := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann"})
			other := st.Sandbox.Add("Contact", map[string]string{"LastName": "Bo"})
			r := st.open(t, st.settings("Contact"))
			st.Refuse(sandbox.RowFault{Op: row.op, Code: row.code, Message: row.message, Fields: row.fields, Where: func(v map[string]string) bool { return v["LastName"] == "Ann" }})
			w := connector.Write{Op: connector.OpUpdate, ID: id, Set: map[string]string{"Title": "Baker"}}
			if row.op == "create" {
				w = connector.Write{Op: connector.OpCreate, Key: "k", Set: map[string]string{"LastName": "Ann"}}
			}
			out := r.Write(t.Context(), []connector.Write{w, {Op: connector.OpUpdate, ID: other, Set: map[string]string{"Title": "Cook"}}})
			f := out[0].Fault
			if f == nil || f.Kind != row.want || f.Field != row.field || f.Code != row.code || f.Message == "" {
				t.Fatalf("got %+v, want %s of %q", f, row.want, row.field)
			}
			if strings.Contains(f.Message, "ann@") || strings.Contains(f.Message, "xxx") {
				t.Errorf("the message repeats a value: %s", f.Message)
			}
			if row.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION" && !strings.Contains(f.Message, "Ask Ann first.") {
				t.Errorf("the message lacks what the org's admin wrote: %s", f.Message)
			}
			if out[1].Fault != nil {
				t.Errorf("the other write: got %v, want it done", out[1].Fault)
			}
		})
	}
}

// What the org, or the way to it, says of a whole call.
func TestCallFaults(t *testing.T) {
	lost := connector.Unknown
	for _, row := range []struct {
		sentence    string
		fault       sandbox.Fault
		read, write connector.FaultKind
		after       time.Duration
	}{
		{"the calls of the day are used up", sandbox.Fault{Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."}, connector.Quota, connector.Quota, time.Hour},
		{"too many at once", sandbox.Fault{Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Message: "ConcurrentRequests (Concurrent API Requests) Limit exceeded."}, connector.Busy, connector.Busy, 0},
		{"an edition without API", sandbox.Fault{Status: 403, Code: "API_DISABLED_FOR_ORG"}, connector.Denied, connector.Denied, 0},
		{"an unexpected error", sandbox.Fault{Status: 500, Code: "UNKNOWN_EXCEPTION"}, connector.Busy, lost, 0},
		{"a lock of the whole call", sandbox.Fault{Status: 500, Code: "UNABLE_TO_LOCK_ROW"}, connector.Busy, connector.Busy, 0},
		{"a gateway that waits in vain", sandbox.Fault{Status: 504, Body: "<html>timeout</html>"}, connector.Busy, lost, 0},
		{"a server under maintenance", sandbox.Fault{Status: 503, Body: "<html>down</html>", Header: map[string]string{"Retry-After": "30"}}, connector.Busy, connector.Busy, 30 * time.Second},
		{"a proxy's page instead of an answer", sandbox.Fault{Status: 200, Body: "<html>sign in</html>"}, connector.Busy, lost, 0},
		{"a version that was switched off", sandbox.Fault{Status: 410, Code: "GONE"}, connector.Invalid, connector.Invalid, 0},
		{"a call that the org does not offer is not a record that is gone", sandbox.Fault{Status: 404, Code: "NOT_FOUND", Message: "The requested resource does not exist"}, connector.Invalid, connector.Invalid, 0},
		{"an answer that breaks off", sandbox.Fault{Cut: true}, connector.Busy, lost, 0},
		{"several records with one key", sandbox.Fault{Status: 300, Body: `["/services/data/v62.0/sobjects/Contact/003000000000001AAA"]`}, connector.Invalid, connector.Invalid, 0},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			st := newStage(t, sandbox.Options{})
			id := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann"})
			r := st.open(t, st.settings("Contact"))
			row.fault.Times = -1
			undo := st.Fail(row.fault)
			_, err := whole(t.Context(), r, "")
			expect(t, "changes", faultOf(err), row.read, row.after)
			_, err = r.Fetch(t.Context(), []string{id})
			expect(t, "fetch", faultOf(err), row.read, row.after)
			_, err = r.Find(t.Context(), "Email", []string{"a@example.com"})
			expect(t, "find", faultOf(err), row.read, row.after)
			out := r.Write(t.Context(), []connector.Write{
				{Op: connector.OpCreate, Key: "k", Set: map[string]string{"LastName": "Bo"}},
				{Op: connector.OpUpdate, ID: id, Set: map[string]string{"Title": "Baker"}},
				{Op: connector.OpDelete, ID: id},
			})
			for i, o := range out {
				expect(t, fmt.Sprintf("write %d", i+1), o.Fault, row.write, row.after)
			}
			undo()
			if _, err := whole(t.Context(), r, ""); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func expect(t *testing.T, what string, f *connector.Fault, want connector.FaultKind, after time.Duration) {
	t.Helper()
	if f == nil || f.Kind != want || f.RetryAfter != after || f.Message == "" {
		t.Errorf("%s: got %+v, want %s after %s", what, f, want, after)
	}
}

// A duplicate rule names whom it means; one that only warns can be passed.
func TestDuplicateRules(t *testing.T) {
	for _, row := range []struct {
		sentence     string
		alert, allow bool
		taken        bool
	}{
		{"a rule that blocks", false, false, true},
		{"blocks whatever we ask", false, true, true},
		{"one that warns stops us", true, false, true},
		{"unless duplicates are allowed", true, true, false},
	} {
		st := newStage(t, sandbox.Options{Duplicates: []sandbox.DuplicateRule{{Object: "Lead", Against: []string{"Contact"}, Fields: []string{"Email"}, Alert: row.alert}}})
		id := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann", "Email": "ann@example.com"})
		s := st.settings(salesforce.Person)
		s.AllowDuplicates = row.allow
		o := st.open(t, s).Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"sync_as": "Lead", "LastName": "Ann", "Email": "ANN@example.com", "company": "Acme"}}})[0]
		if taken := o.Fault != nil && o.Fault.Kind == connector.Taken && o.Fault.ID == id; taken != row.taken || !row.taken && o.Fault != nil {
			t.Errorf("%s: got %+v, want taken by %s: %v", row.sentence, o.Fault, id, row.taken)
		}
	}
}

// Assignment rules would change owners with every write (1.12).
func TestOwnersDoNotJump(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	r := st.open(t, st.settings("Lead"))
	var out []connector.Outcome
	var writes []connector.Write
	for i := range 401 { // in a composite call as well as alone
		writes = append(writes, connector.Write{Op: connector.OpCreate, Key: fmt.Sprint(i), Set: map[string]string{"LastName": "Ann", "Company": "Acme"}})
	}
	out = r.Write(t.Context(), writes)
	for i, o := range out {
		if o.Fault != nil {
			t.Fatalf("create %d: %v", i, o.Fault)
		}
		if owner := value(t, r, connector.Item{Record: o.Record}, "OwnerId"); !strings.HasPrefix(owner, "005") {
			t.Fatalf("lead %d: the owner is %s, want us: the assignment rule has run", i, owner)
		}
	}
}

// A listing whose place the org forgets goes on where it was.
func TestForgottenPlace(t *testing.T) {
	st := newStage(t, sandbox.Options{PageSize: 200})
	for i := range 1000 {
		st.Sandbox.Add("Contact", map[string]string{"LastName": fmt.Sprint("Person ", i)})
		if i%100 == 0 {
			st.pass(time.Second)
		}
	}
	r := st.open(t, st.settings("Contact"))
	seen, pages := map[string]bool{}, 0
	for p, err := range r.Changes(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range p.Items {
			seen[i.ID] = true
		}
		if pages++; pages == 2 {
			st.Forget()
		}
	}
	if len(seen) != 1000 {
		t.Errorf("got %d records, want all 1,000", len(seen))
	}
	undo := st.Fail(sandbox.Fault{Times: -1, Method: http.MethodGet, Path: "query/", Status: 400, Code: "INVALID_QUERY_LOCATOR"})
	defer undo()
	if _, items, _ := since(t, r, ""); len(distinct(items)) != 1000 {
		t.Errorf("a place that is lost again and again: got %d records, want all 1,000, by first pages alone", len(distinct(items)))
	}
}

// A value that some field of the call cannot hold stops only its own record.
func TestValuesThatCannotBe(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.AddField("Contact", sandbox.NewField{Name: "Seats__c", Kind: "double", Scale: 0})
	st.AddField("Contact", sandbox.NewField{Name: "Vip__c", Kind: "boolean"})
	r := st.open(t, st.settings("Contact"))
	for _, row := range []struct {
		field, text, want string
		refused           bool
	}{
		{"Seats__c", "12", "12", false},
		{"Seats__c", " 1e3 ", "1000", false},
		{"Seats__c", "many", "", true},
		{"Vip__c", "yes", "true", false},
		{"Vip__c", "", "false", false},
		{"Vip__c", "perhaps", "", true},
		{"Birthdate", "21.11.1990", "1990-11-21", false},
		{"Birthdate", "--11-21", "", true},
		{"Birthdate", "soon", "", true},
		{"HasOptedOutOfEmail", "abgemeldet", "unsubscribed", false},
		{"HasOptedOutOfEmail", "cleaned", "unsubscribed", false},
		{"HasOptedOutOfEmail", "subscribed", "subscribed", false},
		{"HasOptedOutOfEmail", "", "subscribed", false},
		{"HasOptedOutOfEmail", "whatever", "", true},
		{"MailingCountry", "Italia", "Italia", false},
		{"NoSuchField", "x", "", true},
		{"CreatedDate", "2026-11-22", "", true},
	} {
		o := r.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"LastName": "Ann", row.field: row.text}}})[0]
		switch {
		case row.refused:
			if o.Fault == nil || o.Fault.Kind != connector.Invalid || o.Fault.Field != row.field {
				t.Errorf("%s %q: got %+v, want it refused", row.field, row.text, o.Fault)
			}
		case o.Fault != nil:
			t.Errorf("%s %q: %v", row.field, row.text, o.Fault)
		default:
			if got := value(t, r, connector.Item{Record: o.Record}, row.field); got != row.want {
				t.Errorf("%s %q: got %q, want %q", row.field, row.text, got, row.want)
			}
		}
	}
}

func distinct(items []connector.Item) map[string]bool {
	ids := map[string]bool{}
	for _, i := range items {
		ids[i.ID] = true
	}
	return ids
}

// What a composite call would take for a reference to another step is a value like
// any other.
func TestReferencesAreValues(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	r := st.open(t, st.settings("Contact"))
	var writes []connector.Write
	for i := range 450 {
		writes = append(writes, connector.Write{Op: connector.OpCreate, Key: fmt.Sprint(i), Set: map[string]string{"LastName": "@{part0[0].id}", "Description": "@{part0.body}"}})
	}
	for i, o := range r.Write(t.Context(), writes) {
		if o.Fault != nil || value(t, r, connector.Item{Record: o.Record}, "LastName") != "@{part0[0].id}" {
			t.Fatalf("create %d: got %+v, %v", i, o.Record, o.Fault)
		}
	}
	names := []string{"@{part0.totalSize}@example.com"}
	for i := range 1000 {
		names = append(names, fmt.Sprintf("somebody-with-a-long-name-%d@example.com", i))
	}
	if items, err := r.Find(t.Context(), "Email", names); err != nil || len(items) > 0 {
		t.Errorf("find: got %d, %v", len(items), err)
	}
}

// An update that says nothing is no change.
func TestNothingToSay(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	id := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann"})
	r := st.open(t, st.settings(salesforce.Person))
	before, calls := fetched(t, r, id), st.Counts().Saved
	st.pass(time.Minute)
	o := r.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: id, Set: map[string]string{"sync_as": "Lead"}}})[0]
	if o.Fault != nil || o.Record.Version != before.Version || st.Counts().Saved != calls {
		t.Errorf("got %+v, %v; want it as it was", o.Record, o.Fault)
	}
}

// Values that are there already are not sent, nor is an update of nothing else.
func TestNothingNew(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.AddField("Contact", sandbox.NewField{Name: "Seats__c", Kind: "double", Scale: 0})
	st.AddField("Contact", sandbox.NewField{Name: "Seen__c", Kind: "datetime"})
	acme := st.Sandbox.Add("Account", map[string]string{"Name": "Acme"})
	id := st.Sandbox.Add("Contact", map[string]string{"LastName": "Ann", "Title": "Cook", "HasOptedOutOfEmail": "true", "Seats__c": "12", "Seen__c": "2026-11-22T10:00:00Z", "AccountId": acme, "Birthdate": "1990-01-02"})
	r := st.open(t, st.settings("Contact"))
	before := fetched(t, r, id)
	st.pass(time.Minute)
	for _, row := range []struct {
		sentence string
		set      map[string]string
		saved    bool
	}{
		{"the same in other words", map[string]string{"Title": "Cook", "HasOptedOutOfEmail": "cleaned", "Seats__c": "12.0", "Seen__c": "2026-11-22 11:00+01:00", "AccountId": acme[:15], "Birthdate": "2 Jan 1990", "FirstName": " "}, false},
		{"one of them is new", map[string]string{"Title": "Cook", "FirstName": "Ann"}, true},
		{"one of them is cleared", map[string]string{"Seats__c": ""}, true},
		{"an opt-out is taken back", map[string]string{"HasOptedOutOfEmail": "subscribed"}, true},
	} {
		was := st.Counts().Saved
		o := r.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: id, Version: fetched(t, r, id).Version, Set: row.set}})[0]
		if saved := st.Counts().Saved > was; o.Fault != nil || saved != row.saved || !row.saved && o.Record.Version != before.Version {
			t.Errorf("%s: got saved %v, %v; want %v", row.sentence, saved, o.Fault, row.saved)
		}
	}
	if has := st.Values(id); has["FirstName"] != "Ann" || has["Seats__c"] != "" || has["HasOptedOutOfEmail"] == "true" {
		t.Errorf("got %v", has)
	}
}

// An opt-out is a state of a consent (3.14); what an unticked box says can be chosen.
func TestOptOut(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	in := st.Sandbox.Add("Contact", map[string]string{"LastName": "In"})
	out := st.Sandbox.Add("Contact", map[string]string{"LastName": "Out", "HasOptedOutOfEmail": "true"})
	s := st.settings("Contact")
	for _, nothing := range []bool{false, true} {
		s.UntickedSaysNothing = nothing
		r := st.open(t, s)
		want := map[bool]string{false: "subscribed", true: ""}[nothing]
		if got := value(t, r, fetched(t, r, in), "HasOptedOutOfEmail"); got != want {
			t.Errorf("unticked, says nothing %v: got %q, want %q", nothing, got, want)
		}
		if got := value(t, r, fetched(t, r, out), "HasOptedOutOfEmail"); got != "unsubscribed" {
			t.Errorf("ticked: got %q, want unsubscribed", got)
		}
	}
}
