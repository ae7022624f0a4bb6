package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/hubspot/sandbox"
)

// An account and a clock that stands still unless it is moved.
type account struct {
	*sandbox.Sandbox
	t  *testing.T
	at time.Time
}

func newAccount(t *testing.T, o sandbox.Options) *account {
	a := &account{t: t, at: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	o.Now = func() time.Time { return a.at }
	a.Sandbox = sandbox.New(o)
	return a
}

// A reply is what the account answered.
type reply struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func (a *account) ask(method, path, body string) reply {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+sandbox.DefaultToken)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	_ = json.Unmarshal(w.Body.Bytes(), &got.body)
	return got
}

func (a *account) add(values ...string) string {
	a.t.Helper()
	set := map[string]string{}
	for i := 0; i < len(values); i += 2 {
		set[values[i]] = values[i+1]
	}
	id, err := a.Add(set)
	if err != nil {
		a.t.Fatal(err)
	}
	return id
}

const v3, dated = "/crm/v3/objects/contacts", "/crm/objects/2026-03/contacts"

func TestBothStylesOfPath(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	id := a.add("email", "ada@example.com")
	for _, path := range []string{v3, dated, "/crm/v3/objects/0-1", "/crm/objects/2026-09/contacts"} {
		if got := a.ask("GET", path+"/"+id, ""); got.status != 200 || got.body["id"] != id {
			t.Errorf("%s: got %d %s", path, got.status, got.text)
		}
	}
	for path, want := range map[string]string{"/crm/v3/objects/persons/1": "Unable to infer object type from: persons", "/crm/v9/objects/contacts": "No such path"} {
		if got := a.ask("GET", path, ""); got.body["message"] != want {
			t.Errorf("%s: got %s, want %s", path, got.text, want)
		}
	}
	for _, path := range []string{"/crm/v3/properties/contacts", "/crm/properties/2026-03/contacts", "/crm/v3/properties/contacts/email"} {
		if got := a.ask("GET", path, ""); got.status != 200 {
			t.Errorf("%s: got %d %s", path, got.status, got.text)
		}
	}
}

func TestPagingEndsWithoutPaging(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	for i := range 5 {
		a.add("firstname", fmt.Sprint(i))
	}
	path, pages := v3+"?limit=2", 0
	for after := ""; ; pages++ {
		got := a.ask("GET", path+after, "")
		paging, more := got.body["paging"].(map[string]any)
		if !more {
			break
		}
		after = "&after=" + paging["next"].(map[string]any)["after"].(string)
	}
	if pages != 2 {
		t.Errorf("got %d pages with another behind them, want 2", pages)
	}
	if got := a.ask("GET", v3+"?limit=101", ""); got.status != 400 || len(a.Counts().Breaches) != 1 {
		t.Errorf("a page of 101: got %d and breaches %q, want 400 and one", got.status, a.Counts().Breaches)
	}
}

func TestValuesAreTextAndTheEmptyOnesNull(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	id := a.add("email", "ADA@example.com", "seats", "3")
	got := a.ask("GET", v3+"/"+id+"?properties=seats,phone,nonsense,email", "")
	want := fmt.Sprintf(`{"createdate":"2026-11-22T08:00:00.000Z","email":"ada@example.com","hs_object_id":"%s","lastmodifieddate":"2026-11-22T08:00:00.000Z","phone":null,"seats":"3"}`, id)
	if text, _ := json.Marshal(got.body["properties"]); string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestABadInputStopsTheWholeBatchUnlessItIsTraced(t *testing.T) {
	for _, row := range []struct {
		sentence, body string
		status, left   int
	}{
		{"no traces", `{"inputs":[{"properties":{"email":"b@example.com"}},{"properties":{"email":"a@example.com"}}]}`, 409, 1},
		{"one without", `{"inputs":[{"properties":{"email":"b@example.com"},"objectWriteTraceId":"1"},{"properties":{"email":"a@example.com"}}]}`, 409, 1},
		{"all with", `{"inputs":[{"properties":{"email":"b@example.com"},"objectWriteTraceId":"1"},{"properties":{"email":"a@example.com"},"objectWriteTraceId":"2"}]}`, 207, 2},
		{"none bad", `{"inputs":[{"properties":{"email":"b@example.com"}},{"properties":{"email":"c@example.com"}}]}`, 201, 3},
	} {
		a := newAccount(t, sandbox.Options{})
		a.add("email", "a@example.com")
		if got := a.ask("POST", dated+"/batch/create", row.body); got.status != row.status || a.Len() != row.left {
			t.Errorf("%s: got %d and %d contacts, want %d and %d: %s", row.sentence, got.status, a.Len(), row.status, row.left, got.text)
		}
	}
	a := newAccount(t, sandbox.Options{})
	first, second := a.add("email", "a@example.com"), a.add("email", "b@example.com")
	got := a.ask("POST", v3+"/batch/update", `{"inputs":[{"id":"`+first+`","properties":{"city":"Ely"}},{"id":"`+second+`","properties":{"email":"a@example.com"}}]}`)
	if values, _ := a.Contact(first); got.status != 409 || values["city"] != "" {
		t.Errorf("updates: got %d and %v, want 409 and nothing done", got.status, values)
	}
}

func TestTheSearchIndexLags(t *testing.T) {
	a := newAccount(t, sandbox.Options{Lag: 20 * time.Second})
	id := a.add("email", "ada@example.com", "city", "Ely")
	other := a.add("email", "ben@example.com", "city", "Ely")
	found := func(city string) any {
		return a.ask("POST", v3+"/search", `{"filterGroups":[{"filters":[{"propertyName":"city","operator":"EQ","value":"`+city+`"}]}]}`).body["total"]
	}
	see := func(what string, ely, york float64) {
		t.Helper()
		if e, y := found("Ely"), found("York"); e != ely || y != york {
			t.Errorf("%s: got %v in Ely and %v in York, want %v and %v", what, e, y, ely, york)
		}
		a.at = a.at.Add(time.Second) // five searches a second
	}
	see("made just now", 0, 0)
	a.at = a.at.Add(20 * time.Second)
	see("later", 2, 0)
	if err := a.Change(id, map[string]string{"city": "York"}); err != nil {
		t.Fatal(err)
	}
	a.Archive(other)
	see("moved and archived just now", 2, 0)
	if got := a.ask("GET", v3+"/"+id+"?properties=city", ""); !strings.Contains(got.text, `"York"`) {
		t.Errorf("read: got %s, want York at once", got.text)
	}
	if got := a.ask("GET", v3+"/"+other, ""); got.status != 404 {
		t.Errorf("read what is archived: got %d, want 404 at once", got.status)
	}
	a.at = a.at.Add(20 * time.Second)
	see("later", 0, 1)
}

func TestLimits(t *testing.T) {
	a := newAccount(t, sandbox.Options{PerDay: 120})
	a.add("firstname", "Ada")
	const query = `{"limit":1}`
	for i := range 6 {
		got := a.ask("POST", v3+"/search", query)
		if want := map[bool]int{true: 200, false: 429}[i < 5]; got.status != want {
			t.Errorf("search %d within a second: got %d, want %d", i+1, got.status, want)
		}
		if len(got.header["X-Hubspot-Ratelimit-Max"]) > 0 {
			t.Errorf("a search's answer has the headers of limits: %v", got.header)
		}
	}
	a.at = a.at.Add(time.Second)
	if got := a.ask("POST", v3+"/search", query); got.status != 200 {
		t.Errorf("a second later: got %d, want 200", got.status)
	}
	for i := range 101 {
		got := a.ask("GET", v3, "")
		if want := map[bool]int{true: 200, false: 429}[i < 100]; got.status != want {
			t.Fatalf("call %d within ten seconds: got %d, want %d", i+1, got.status, want)
		}
		if i == 0 && (got.header.Get("X-HubSpot-RateLimit-Max") != "100" || got.header.Get("X-HubSpot-RateLimit-Remaining") != "99" || got.header.Get("X-HubSpot-RateLimit-Daily-Remaining") != "113") {
			t.Errorf("headers: got %v", got.header)
		}
		if i == 100 && got.body["policyName"] != "TEN_SECONDLY_ROLLING" {
			t.Errorf("got %s", got.text)
		}
	}
	a.at = a.at.Add(10 * time.Second)
	for range 14 {
		a.ask("GET", v3, "")
	}
	if got := a.ask("GET", v3, ""); got.status != 429 || got.body["policyName"] != "DAILY" {
		t.Errorf("the day's calls are used up: got %d %s", got.status, got.text)
	}
	a.at = a.at.Add(24 * time.Hour)
	if got := a.ask("GET", v3, ""); got.status != 200 {
		t.Errorf("the next day: got %d, want 200", got.status)
	}
	if n := len(a.Counts().Breaches); n != 3 {
		t.Errorf("got %d breaches, want 3: %q", n, a.Counts().Breaches)
	}
}

func TestWhatASearchMayNotAsk(t *testing.T) {
	a := newAccount(t, sandbox.Options{SearchPerSecond: -1})
	one := `{"propertyName":"city","operator":"EQ","value":"Ely"}`
	filters := func(n int) string { return `{"filters":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}` }
	groups := func(n int) string {
		return `{"filterGroups":[` + strings.TrimSuffix(strings.Repeat(filters(1)+",", n), ",") + `]}`
	}
	for _, row := range []struct {
		sentence, body string
		status         int
	}{
		{"five groups", groups(5), 200},
		{"six groups", groups(6), 400},
		{"six filters", `{"filterGroups":[` + filters(6) + `]}`, 200},
		{"seven filters", `{"filterGroups":[` + filters(7) + `]}`, 400},
		{"200 at a time", `{"limit":200}`, 200},
		{"201 at a time", `{"limit":201}`, 400},
		{"up to 10,000", `{"limit":200,"after":"9800"}`, 200},
		{"beyond", `{"limit":200,"after":"9801"}`, 400},
		{"more than 3,000 characters", `{"query":"` + strings.Repeat("x", 3000) + `"}`, 400},
		{"two orders", `{"sorts":[{"propertyName":"city","direction":"ASCENDING"},{"propertyName":"zip","direction":"ASCENDING"}]}`, 400},
		{"a property that is not there", `{"filterGroups":[{"filters":[{"propertyName":"nonsense","operator":"EQ","value":"x"}]}]}`, 400},
		{"half of it", `{"limit":`, 400},
	} {
		if got := a.ask("POST", v3+"/search", row.body); got.status != row.status {
			t.Errorf("%s: got %d, want %d: %s", row.sentence, got.status, row.status, got.text)
		}
	}
}

func TestOperators(t *testing.T) {
	a := newAccount(t, sandbox.Options{SearchPerSecond: -1})
	a.add("email", "ada@example.com", "city", "Ely", "seats", "10", "interests", "fairs;news")
	a.add("email", "ben@example.org", "city", "york", "seats", "9", "member_since", "2025-02-03")
	a.add("firstname", "Cem")
	for _, row := range []struct {
		filter string
		want   string
	}{
		{`"city","operator":"EQ","value":"YORK"`, "ben@example.org"},
		{`"city","operator":"NEQ","value":"york"`, "ada@example.com -"},
		{`"city","operator":"IN","values":["ely","york"]`, "ada@example.com ben@example.org"},
		{`"city","operator":"IN","values":["ELY"]`, ""},
		{`"city","operator":"NOT_IN","values":["ely"]`, "ben@example.org -"},
		{`"city","operator":"HAS_PROPERTY"`, "ada@example.com ben@example.org"},
		{`"city","operator":"NOT_HAS_PROPERTY"`, "-"},
		{`"seats","operator":"GT","value":"9"`, "ada@example.com"},
		{`"seats","operator":"LTE","value":"9"`, "ben@example.org"},
		{`"seats","operator":"BETWEEN","value":"9","highValue":"10"`, "ada@example.com ben@example.org"},
		{`"member_since","operator":"LT","value":"2025-03-01"`, "ben@example.org"},
		{`"interests","operator":"EQ","value":"news"`, "ada@example.com"},
		{`"interests","operator":"EQ","value":"NEWS"`, ""},
		{`"email","operator":"CONTAINS_TOKEN","value":"*@example.com"`, "ada@example.com"},
		{`"email","operator":"CONTAINS_TOKEN","value":"ben"`, "ben@example.org"},
		{`"email","operator":"NOT_CONTAINS_TOKEN","value":"ben"`, "ada@example.com -"},
	} {
		got := a.ask("POST", v3+"/search", `{"filterGroups":[{"filters":[{"propertyName":`+row.filter+`}]}],"sorts":[{"propertyName":"hs_object_id","direction":"ASCENDING"}]}`)
		var emails []string
		for _, r := range got.body["results"].([]any) {
			email, _ := r.(map[string]any)["properties"].(map[string]any)["email"].(string)
			if email == "" {
				email = "-"
			}
			emails = append(emails, email)
		}
		if strings.Join(emails, " ") != row.want {
			t.Errorf("%s: got %v, want %s", row.filter, emails, row.want)
		}
	}
}

// A million contacts cost no memory until somebody touches them.
func TestAMillionContacts(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	first := a.Populate(1_000_000, time.Millisecond)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("got %d bytes more, want next to none", grown)
	}
	last := fmt.Sprint(first + 999_999)
	got := a.ask("POST", v3+"/batch/read", `{"idProperty":"email","inputs":[{"id":"PERSON999999@example.com"}]}`)
	if !strings.Contains(got.text, `"id":"`+last+`"`) {
		t.Errorf("by e-mail: got %s", got.text)
	}
	if _, err := a.Add(map[string]string{"email": "person5@example.com"}); err == nil {
		t.Error("an address of the crowd was free")
	}
	if err := a.Change(last, map[string]string{"email": "new@example.com"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Add(map[string]string{"email": "person999999@example.com"}); err != nil {
		t.Errorf("an address that was given up: %v", err)
	}
	if n := a.Len(); n != 1_000_001 {
		t.Errorf("got %d contacts, want 1000001", n)
	}
}

func TestFaultsOnDemand(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	undo := a.Inject(sandbox.Fault{Path: "/batch/", Status: 477, RetryAfter: time.Minute, Times: 2})
	body := `{"inputs":[{"id":"1"}]}`
	statuses := ""
	for range 3 {
		got := a.ask("POST", v3+"/batch/archive", body)
		statuses += fmt.Sprint(got.status, got.header.Get("Retry-After"), " ")
	}
	if want := "47760 47760 204 "; statuses != want {
		t.Errorf("got %s, want %s", statuses, want)
	}
	undo()
	undo = a.Inject(sandbox.Fault{Status: 500})
	if got := a.ask("GET", v3, ""); got.status != 500 {
		t.Errorf("got %d, want 500", got.status)
	}
	undo()
	if got := a.ask("GET", v3, ""); got.status != 200 {
		t.Errorf("undone: got %d, want 200", got.status)
	}
}

func TestRestoredContacts(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	id := a.add("email", "ada@example.com")
	a.Archive(id)
	if err := a.Restore(id); err != nil {
		t.Fatal(err)
	}
	if _, there := a.Contact(id); !there || a.Restore(id) == nil {
		t.Errorf("restored: got there %v, want it back, once", there)
	}
}

func TestSeedAndHint(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	if a.Seed(); a.Len() != 5 || !strings.Contains(strings.Join(a.Hint(), "\n"), sandbox.DefaultToken) {
		t.Errorf("got %d contacts and hint %q", a.Len(), a.Hint())
	}
}
