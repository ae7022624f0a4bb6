package api_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
)

func TestProblems(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\n")
	all := w.all()
	for _, row := range []struct {
		sentence, method, path, body string
		status                       int
		code, location               string
	}{
		{"what is not there is not found", "GET", "/api/v1/runs/999", "", 404, "not_found", ""},
		{"an address that is none is not found", "GET", "/api/v1/nothing", "", 404, "not_found", ""},
		{"another method is not allowed", "DELETE", "/api/v1/runs", "", 405, "not_found", ""},
		{"a number has to be one", "GET", "/api/v1/runs/x", "", 422, "request.invalid", "path.run"},
		{"a query that nobody knows is refused", "GET", "/api/v1/runs?page=2", "", 422, "request.invalid", "query.page"},
		{"a limit has a limit", "GET", "/api/v1/runs?limit=1000", "", 422, "request.invalid", "query.limit"},
		{"a cursor is one that was given", "GET", "/api/v1/runs?cursor=%21%21", "", 422, "request.invalid", ""},
		{"a body has to be JSON", "POST", "/api/v1/conflicts/1/pick", "{", 400, "request.invalid", "body"},
		{"a value is missing", "POST", "/api/v1/conflicts/1/pick", "{}", 422, "request.invalid", "body"},
		{"a value is not one of those that may be", "POST", "/api/v1/conflicts/1/pick", `{"pick":"both"}`, 422, "request.invalid", "body.pick"},
		{"a key that nobody knows is refused", "POST", "/api/v1/conflicts/1/pick", `{"pick":"ours","x":1}`, 422, "request.invalid", "body.x"},
		{"a value of a contact says where it stands", "POST", "/api/v1/books/1/contacts", `{"fields":{"email":"no address"}}`, 422, "request.invalid", "body.fields.email"},
		{"a second contact with one e-mail is a conflict", "POST", "/api/v1/books/1/contacts", `{"fields":{"email":"ada@example.com"}}`, 409, "identity.conflict", ""},
		{"a sync file says where it is wrong", "PUT", "/api/v1/syncs/x", "apiVersion: kith/v1\nkind: Sync\nname: x\nsource: {file: a.csv}\ntarget: {book: people}\npolicy: {update: sometimes}\n", 422, "sync.invalid", "body.policy.update"},
		{"a file of the server cannot be named", "PUT", "/api/v1/syncs/x", "apiVersion: kith/v1\nkind: Sync\nname: x\nsource: {file: /etc/passwd}\ntarget: {book: people}\n", 422, "source.local", ""},
		{"nor one of another sync of one's own name", "PUT", "/api/v1/syncs/import-people", "apiVersion: kith/v1\nkind: Sync\nname: import-people\nsource: {file: /etc/passwd}\ntarget: {book: people}\n", 422, "source.local", ""},
		{"nor written", "PUT", "/api/v1/syncs/x", "apiVersion: kith/v1\nkind: Sync\nname: x\nsource: {book: people}\ntarget: {file: /tmp/out.csv}\n", 422, "source.local", ""},
		{"a body is not endless", "POST", "/api/v1/books/1/contacts", `{"fields":{"email":"` + strings.Repeat("x", 2<<20) + `"}}`, 413, "request.too_large", ""},
		{"nothing is erased without a yes", "POST", "/api/v1/books/1/contacts:erase", `{"who":"ada@example.com"}`, 409, "confirm", ""},
		{"a book is not deleted by another name", "DELETE", "/api/v1/books/1?name=friends", "", 422, "usage", ""},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			p := *all
			if strings.HasPrefix(row.path, "/api/v1/syncs/") {
				p = *all.with("Content-Type", "application/yaml")
			}
			a := p.ask(row.method, row.path, row.body)
			if a.status != row.status || a.value["code"] != row.code {
				t.Fatalf("got %d %.300s, want %d %s", a.status, a.body, row.status, row.code)
			}
			if got := a.header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type: got %q, want application/problem+json", got)
			}
			if want := "http://kith.example.org/help/errors#" + row.code; a.value["type"] != want {
				t.Errorf("type: got %v, want %s", a.value["type"], want)
			}
			if a.value["title"] == "" || a.value["detail"] == "" || a.value["status"] != float64(row.status) {
				t.Errorf("title, detail and status: got %s", a.body)
			}
			if !strings.Contains(w.nobody().get("/help/errors").body, `id="`+row.code+`"`) {
				t.Errorf("/help/errors has no %s", row.code)
			}
			if row.location != "" && !strings.Contains(a.body, `"location":"`+row.location) {
				t.Errorf("errors: got %s, want one at %s", a.body, row.location)
			}
			if strings.Contains(a.body, "no address\"") && strings.Contains(a.body, `"value"`) {
				t.Errorf("the problem repeats what was sent: %s", a.body)
			}
		})
	}
}

func TestNobodyChangesWhatSomebodyElseHasChanged(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\n")
	all := w.all()
	yaml := func(filter string) string {
		return "apiVersion: kith/v1\nkind: Sync\nname: copy\nsource: {book: people}\ntarget: {book: friends}\nfilter: " + filter + "\n"
	}
	yml := all.with("Content-Type", "application/yaml")
	yml.put("/api/v1/syncs/copy", yaml("'true'")).is(201)
	for _, row := range []struct {
		sentence, method, path, first, second string
		first2                                int
	}{
		{"a contact", "PATCH", "/api/v1/books/1/contacts/1", `{"fields":{"first_name":"Ada M."}}`, `{"fields":{"first_name":"Augusta"}}`, 200},
		{"a book", "PUT", "/api/v1/books/1", `{"name_formula":"first_name"}`, `{"name_formula":"email"}`, 200},
		{"a sync", "PUT", "/api/v1/syncs/copy", yaml(`first_name == "Ada"`), yaml(`first_name == "Bo"`), 200},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			p := all
			if row.sentence == "a sync" {
				p = yml
			}
			seen := p.get(row.path).is(200).header.Get("ETag")
			if seen == "" {
				t.Fatal("there is no ETag")
			}
			now := p.with("If-Match", seen).ask(row.method, row.path, row.first).is(row.first2).header.Get("ETag")
			if now == seen {
				t.Errorf("the ETag is %s before and after the change", now)
			}
			p.with("If-Match", seen).ask(row.method, row.path, row.second).code(http.StatusPreconditionFailed, "object.changed")
			p.with("If-Match", `"x", `+now).ask(row.method, row.path, row.second).is(200)
		})
	}
	yml.with("If-None-Match", "*").put("/api/v1/syncs/copy", yaml("'true'")).code(http.StatusPreconditionFailed, "object.changed")
	yml.with("If-None-Match", "*").put("/api/v1/syncs/copy2", strings.Replace(yaml("'true'"), "name: copy", "name: copy2", 1)).is(201)
}

func TestListsArePagedByKey(t *testing.T) {
	w := newWorld(t)
	var people strings.Builder
	people.WriteString("email\n")
	for i := range 25 {
		fmt.Fprintf(&people, "p%02d@example.com\n", i)
	}
	w.imports("people", people.String())
	all := w.all()
	for i := range 25 {
		w.imports(fmt.Sprintf("book-%02d", i), "email\nada@example.com\n")
	}
	for _, path := range []string{"/api/v1/runs", "/api/v1/syncs", "/api/v1/books/1/contacts", "/api/v1/audit", "/api/v1/runs/1/changes"} {
		t.Run(path, func(t *testing.T) {
			seen, next, pages := map[string]bool{}, path+"?limit=10", 0
			for next != "" && pages < 10 {
				a := all.get(next).is(200)
				pages++
				for _, item := range a.items() {
					text := fmt.Sprint(item)
					if seen[text] {
						t.Fatalf("%s came twice", text)
					}
					seen[text] = true
				}
				link := a.header.Get("Link")
				if (link == "") != (a.value["next_cursor"] == nil) {
					t.Fatalf("Link %q does not go with next_cursor %v", link, a.value["next_cursor"])
				}
				next, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), `>; rel="next"`)
			}
			if len(seen) < 25 && path != "/api/v1/audit" || pages < len(seen)/10 {
				t.Errorf("got %d items on %d pages, want 25 or more by 10", len(seen), pages)
			}
		})
	}
}

func TestTooManyRequests(t *testing.T) {
	w := newWorld(t)
	p, other := w.token(account.Owner, account.Read), w.token(account.Owner, account.Read)
	for i := range 300 {
		a := p.get("/api/v1/me").is(200)
		if want := fmt.Sprint(299 - i); a.header.Get("RateLimit-Remaining") != want {
			t.Fatalf("request %d: RateLimit-Remaining is %s, want %s", i+1, a.header.Get("RateLimit-Remaining"), want)
		}
	}
	if a := p.get("/api/v1/me").code(429, "request.too_many"); a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: got %q, want 1", a.header.Get("Retry-After"))
	}
	other.get("/api/v1/me").is(200)
	w.later(time.Second)
	p.get("/api/v1/me").is(200)
	for range 300 {
		w.nobody().get("/api/v1/me").is(401)
	}
	w.nobody().get("/api/v1/me").code(429, "request.too_many")
	other.get("/api/v1/me").is(200)
}

func TestWorkIsDoneBehindTheAnswer(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\n")
	all := w.all()
	started := all.post("/api/v1/syncs/import-people/run", `{"every_time":true}`).is(202)
	over := all.over(started)
	if over.value["state"] != "done" || over.value["run"] == nil {
		t.Fatalf("got %s, want a job that is done and its run", over.body)
	}
	run := all.get(fmt.Sprintf("/api/v1/runs/%v", over.value["run"])).is(200)
	if got := run.at("totals.read"); got != 1.0 {
		t.Errorf("totals.read: got %v, want 1", got)
	}
}

// events reads a stream of events to its end.
func (p *program) events(path string) (ids []string, names []string, status int) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	p.no(err)
	r.Header = p.header.Clone()
	resp, err := http.DefaultClient.Do(r)
	p.no(err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			ids = append(ids, id)
		}
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			names = append(names, name)
		}
	}
	return ids, names, resp.StatusCode
}

func TestEventsOfAJob(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\n")
	all := w.all()
	job := all.post("/api/v1/syncs/import-people/run", "").is(202).header.Get("Location")
	ids, names, status := all.events(job + "/events")
	if status != 200 || len(names) == 0 || names[len(names)-1] != "over" {
		t.Fatalf("got %d with events %v, want the last to be over", status, names)
	}
	if again, names, status := all.with("Last-Event-ID", "something older").events(job + "/events"); status != 200 || len(again) != 1 || names[0] != "over" {
		t.Errorf("after an older event: got %d with %v, want the end once more", status, again)
	}
	if again, _, status := all.with("Last-Event-ID", ids[len(ids)-1]).events(job + "/events"); status != 204 || len(again) != 0 {
		t.Errorf("after the last event: got %d with %v, want 204 and nothing", status, again)
	}
}

func TestAPlanIsApprovedByWhoHasSeenIt(t *testing.T) {
	w := newWorld(t)
	w.keeps("people", "people", "email,first_name\nada@example.com,Ada\n")
	all := w.all()
	planned := all.over(all.post("/api/v1/syncs/people/plan", ""))
	path := fmt.Sprintf("/api/v1/runs/%v", planned.value["run"])
	hash := all.get(path + "/plan").is(200).value["plan"].(string)
	all.post(path+"/approve", `{"plan":"00000000"}`).code(412, "object.changed")
	all.over(all.post(path+"/approve", `{"plan":"`+hash[:8]+`"}`))
	all.post(path+"/apply", "").code(409, "plan.used")
}
