package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
)

func TestEvents(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\nbo@example.org,Bo\ncy@example.com,Cy\n")
	w.imports("friends", "email\ngus@example.com\n")
	all := w.all()
	const events = "/api/v1/books/1/events"
	made := all.post(events, `{"name":"Spring Expo","starts":"2026-11-22","place":"Leeds"}`).is(http.StatusCreated)
	if at := made.header.Get("Location"); at != events+"/1" {
		t.Fatalf("Location: got %q, want %s/1", at, events)
	}
	one, people := events+"/1", events+"/1/people"
	for _, row := range []struct {
		sentence, body                  string
		added, changed, same, attending int
	}{
		{"one by e-mail", `{"who":["ada@example.com"],"status":"registered"}`, 1, 0, 0, 1},
		{"again without a status", `{"who":["1"]}`, 0, 0, 1, 1},
		{"with another status", `{"contacts":[1],"status":"attended"}`, 0, 1, 0, 1},
		{"everybody of a run", `{"run":1,"status":"attended"}`, 2, 0, 1, 3},
		{"all that are chosen, and one by ID", `{"chosen":{"search":"ada@"},"contacts":[3]}`, 0, 0, 2, 3},
	} {
		a := all.post(people, row.body).is(200)
		if got, want := fmt.Sprint(a.at("added"), a.at("changed"), a.at("same")), fmt.Sprint(row.added, row.changed, row.same); got != want {
			t.Errorf("%s: got added, changed, same %s, want %s", row.sentence, got, want)
		}
		if got := all.get(one).is(200).at("people"); got != float64(row.attending) {
			t.Errorf("%s: got %v people, want %d", row.sentence, got, row.attending)
		}
	}
	for _, row := range []struct {
		sentence, method, path, body string
		status                       int
		code                         string
	}{
		{"nobody is named", "POST", people, `{"status":"attended"}`, 422, "usage"},
		{"somebody nobody knows", "POST", people, `{"who":["zoe@example.com"]}`, 404, "not_found"},
		{"IDs that are gone", "POST", people, `{"contacts":[99]}`, 404, "not_found"},
		{"a run of another book", "POST", people, `{"run":2}`, 422, "usage"},
		{"no such event", "POST", events + "/7/people", `{"contacts":[1]}`, 404, "not_found"},
		{"an event of another book", "GET", "/api/v1/books/2/events/1", "", 404, "not_found"},
		{"an event is no meeting", "GET", "/api/v1/books/1/meetings/1", "", 404, "not_found"},
		{"without a name", "POST", events, `{"place":"Leeds"}`, 422, "usage"},
		{"a time that is none", "PATCH", one, `{"starts":"soon"}`, 422, "usage"},
		{"a meeting of no event", "POST", "/api/v1/books/1/meetings", `{"name":"A talk","event":9}`, 404, "not_found"},
		{"a campaign of no connection", "PUT", one + "/campaign", `{"connection":"crm","campaign":"701"}`, 404, "not_found"},
		{"choices of no connection", "GET", "/api/v1/connections/crm/choices?object=Campaign", "", 404, "not_found"},
		{"who takes no part cannot leave", "DELETE", people + "?contact=3&contact=99", "", 404, "not_found"},
	} {
		if a := all.ask(row.method, row.path, row.body); a.status != row.status || a.at("code") != row.code {
			t.Errorf("%s: got %d %s, want %d %s", row.sentence, a.status, a.body, row.status, row.code)
		}
	}
	first := all.get(people + "?limit=2").is(200)
	if got := len(first.items()); got != 2 {
		t.Errorf("the first page: got %d, want 2", got)
	}
	next, _, _ := strings.Cut(strings.TrimPrefix(first.header.Get("Link"), "<"), ">")
	last := all.get(next).is(200).items()
	if len(last) != 1 || last[0].(map[string]any)["contact"] != 3.0 || last[0].(map[string]any)["status"] != "attended" {
		t.Errorf("the last page: got %v, want contact 3, attended", last)
	}
	if got := all.ask("DELETE", people+"?contact=2&contact=3", "").is(200).at("removed"); got != 2.0 {
		t.Errorf("who left: got %v, want 2", got)
	}
	talk := all.post("/api/v1/books/1/meetings", `{"name":"A talk","starts":"2026-11-22 14:30","event":1}`).is(201)
	if talk.at("event_name") != "Spring Expo" || len(all.get(one).at("meetings").([]any)) != 1 {
		t.Errorf("a meeting of the event: got %s", talk.body)
	}
	seen := all.get(one).header.Get("ETag")
	all.with("If-Match", seen).ask("PATCH", one, `{"place":"","note":"hall 3"}`).is(200)
	all.with("If-Match", seen).ask("PATCH", one, `{"note":"hall 4"}`).code(412, "object.changed")
	if got := all.get(one); got.at("place") != nil || got.at("note") != "hall 3" || got.at("name") != "Spring Expo" {
		t.Errorf("after the change: got %s", got.body)
	}
	if got := all.get("/api/v1/books/1/contacts/1").at("takes_part"); fmt.Sprint(got) == "[]" || !strings.Contains(fmt.Sprint(got), "Spring Expo") {
		t.Errorf("what the contact takes part in: got %v", got)
	}
	all.put(one+"/campaign", `{"connection":""}`).is(200)
	all.ask("DELETE", one, "").is(204)
	all.get("/api/v1/books/1/meetings").is(200)
	audit := all.get("/api/v1/audit?limit=100").body
	for _, want := range []string{"events.add", "events.attend", "events.leave", "events.connect", "events.delete", "meetings.add", "book:1 id:1"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit log has no %s", want)
		}
	}
	viewer := w.browser(account.Viewer)
	viewer.get(events).is(200)
	viewer.get("/api/v1/connections/crm/choices?object=Campaign").is(403)
}

// What the pages of events and meetings name as "the same by API" is there: they make
// the address of their kind, so it does not stand in their source.
func TestTheAddressesThatEventPagesNameAreThere(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email\nada@example.com\n")
	all := w.all()
	all.post("/api/v1/books/1/events", `{"name":"Expo"}`).is(201)
	all.post("/api/v1/books/1/meetings", `{"name":"A talk"}`).is(201)
	known := map[string]bool{}
	for _, o := range document(w) {
		known[o.method+" "+wildcard.ReplaceAllString(o.path, "#")] = true
	}
	numbers := regexp.MustCompile(`/\d+`)
	browser, named := w.browser(account.Operator), regexp.MustCompile(`API: <code data-copy>([^<]+)</code>`)
	for _, path := range []string{"/events", "/events/new", "/events/1/1", "/events/1/1/crm", "/events/1/1/people", "/events/1/1/meetings", "/meetings", "/meetings/new", "/meetings/1/2", "/meetings/1/2/people"} {
		m := named.FindStringSubmatch(browser.get(path).is(200).body)
		if m == nil || !known[numbers.ReplaceAllString(m[1], "/#")] {
			t.Errorf("%s names %q, which the API does not have", path, m)
		}
	}
}
