package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// expects puts people into the inbox of book 1.
func (w *world) expects(people ...map[string]string) {
	w.t.Helper()
	for _, p := range people {
		w.no(w.AddLeads(w.t.Context(), 1, 0, []desk.LeadEntry{{Fields: p}}))
	}
}

// leads are the leads of book 1 in a state.
func (w *world) leads(state string) []desk.LeadReport {
	w.t.Helper()
	found, err := w.Leads(w.t.Context(), 1, desk.LeadsQuery{State: state})
	w.no(err)
	return found.Leads
}

func TestTheLeadsInbox(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name,company\nada@example.org,Ada,Engines Ltd\n")
	w.expects(map[string]string{"email": "bob@example.org", "first_name": "<script>alert(1)</script>"}, map[string]string{"email": "ada@example.org", "first_name": "Augusta"})
	owner := w.as(account.Owner)
	if to := owner.get("/leads").is(303).to; to != "/leads/1" {
		t.Fatalf("the inbox: led to %q, want that of the only book", to)
	}
	page := owner.get("/leads/1").is(200)
	page.says("nav[aria-label=Main]", "Leads Inbox 2 waiting")
	page.says("main", "from other contacts at example.org", "contact 1 already", "added")
	page.has("tbody tr", 2).has("script:not([src])", 0)
	if got, _ := page.Find(`input[name="f.1.company"]`).Attr("value"); got != "Engines Ltd" {
		t.Errorf("the company of bob: got %q, want Engines Ltd", got)
	}

	form := url.Values{"v.1": {"1"}, "f.1.email": {"bob@example.org"}, "f.1.first_name": {"Bob"}, "f.1.company": {"Engines Ltd"}, "v.2": {"1"}, "f.2.first_name": {"Augusta"}, "id": {"1", "2"}}
	if to := owner.post("/leads/1/take", form).is(303).to; to != "/leads/1" {
		t.Errorf("after taking: led to %q", to)
	}
	owner.get("/leads/1").says(".said", "Made 1 new contact", "can take it back", "1 contact had all of it already").says("main", "Nobody waits").saysNot("nav[aria-label=Main]", "waiting")
	contacts, err := w.Contacts(t.Context(), 1, service.ContactQuery{})
	w.no(err)
	if len(contacts.Contacts) != 2 || contacts.Contacts[1].Fields["first_name"] != "Bob" || contacts.Contacts[1].Fields["company"] != "Engines Ltd" {
		t.Errorf("contacts: got %+v, want ada and bob", contacts.Contacts)
	}
	owner.get("/leads/1?state=taken").says("tbody", "contact 2", "user:").has("tbody tr", 2)
	owner.post("/leads/1/restore", url.Values{"id": {"1"}}).is(303)
	owner.post("/leads/1/dismiss", url.Values{"id": {"1"}}).is(303)
	if got := w.leads(store.LeadDismissed); len(got) != 1 || !strings.HasPrefix(got[0].By, "user:") {
		t.Errorf("who was dismissed: got %+v", got)
	}
	var actions []string
	for e, err := range w.Accounts.Audit(t.Context(), 0) {
		w.no(err)
		if strings.HasPrefix(e.Action, "leads.") {
			actions = append(actions, e.Action+" "+e.Object)
		}
	}
	if want := []string{"leads.take book:1", "leads.restore book:1", "leads.dismiss book:1"}; !slices.Equal(actions, want) {
		t.Errorf("the audit log: got %q, want %q", actions, want)
	}
}

func TestCorrectionsInTheInbox(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name,company\nada@example.org,Ada,Engines Ltd\n")
	w.expects(map[string]string{"email": "bob@example.org"}, map[string]string{"email": "eve@example.org"})
	owner := w.as(account.Owner)
	page := owner.post("/leads/1/take", url.Values{"v.1": {"1"}, "f.1.email": {"no address"}, "v.2": {"1"}, "f.2.company": {""}, "id": {"1", "2"}, "status": {"attended"}}).is(422)
	page.says("main [role=alert]", "nobody was taken").says("td.wrong", "is not an e-mail address").has("input[name=id][checked]", 2)
	if got, _ := page.Find(`input[name="f.1.email"]`).Attr("value"); got != "no address" {
		t.Errorf("what was typed: got %q", got)
	}
	waiting := w.leads("")
	if len(waiting) != 2 || waiting[0].Company != nil || waiting[1].Fields["email"] != "bob@example.org" {
		t.Errorf("who waits: got %+v, want eve without a company, and bob as he was", waiting)
	}
	owner.post("/leads/1/save", url.Values{"v.1": {"1"}, "f.1.first_name": {"Bob"}}).is(303)
	owner.post("/leads/1/save", url.Values{"v.1": {"1"}, "f.1.first_name": {"Rob"}}).is(422).says("td.wrong", "Somebody else has corrected")
	owner.post("/leads/1/dismiss", nil).is(422)
	owner.get("/leads/1/take").is(303)
	owner.get("/leads/9").is(404)
	owner.get("/leads/1?state=odd").is(422)
}

func TestWhoMayDoWhatInTheInbox(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.org,Ada\n")
	w.expects(map[string]string{"email": "bob@example.org"})
	viewer, operator := w.as(account.Viewer), w.as(account.Operator)
	viewer.get("/leads/1").is(200).says("tbody", "bob@example.org").has("main form button", 0).has("tbody input", 0)
	for _, path := range []string{"save", "take", "dismiss", "restore", "import", "forms"} {
		viewer.post("/leads/1/"+path, url.Values{"id": {"1"}}).is(403)
	}
	operator.get("/leads/1/forms").is(200).has("main form", 0)
	operator.post("/leads/1/forms", url.Values{"title": {"x"}}).is(403)
	operator.post("/leads/1/dismiss", url.Values{"id": {"1"}}).is(303)
}

func TestAFileFromABadgeScanner(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.org,Ada\n")
	operator := w.as(account.Operator)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "badges.csv")
	w.no(err)
	fmt.Fprint(part, "E-mail,First name,Hall\nbob@example.org,Bob,3\nnobody,Eve,4\n")
	w.no(form.Close())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/leads/1/import", &body)
	w.no(err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	operator.send(r).is(303)
	operator.get("/leads/1").says(".said", "1 of 2 lines", "Hall", "Line 3").says("tbody", "from a file")
}

// capture makes a form and returns the path of its address.
func (p *person) capture(fields ...string) string {
	p.t.Helper()
	page := p.post("/leads/1/forms", url.Values{"title": {"Stay in <b>touch</b>"}, "field": fields}).is(200)
	address := page.words(".once code")
	path, found := strings.CutPrefix(address, p.url)
	if !found || !strings.HasPrefix(path, "/capture/") {
		p.t.Fatalf("the address of a form: got %q", address)
	}
	return path
}

func TestTheCaptureForm(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name,company,phone,password\nada@example.org,Ada,,,\n")
	owner, anybody := w.as(account.Owner), w.stranger()
	path := owner.capture("email", "first_name")
	page := anybody.get(path).is(200).says("h1", "Stay in <b>touch</b>").has("script", 0).has("nav", 0).has("main input", 3).has("[required]", 1)
	if got := page.header.Get("Set-Cookie") + page.header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("the form: got %q, want no cookie and no other site", got)
	}
	if got := page.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the form: Referrer-Policy: got %q, for its address is a secret", got)
	}
	sent := anybody.post(path, url.Values{"email": {"bob@example.org"}, "first_name": {"=cmd()"}, "=website": {""}}).is(303)
	anybody.get(sent.to).is(200).says("main", "Thank you").has("main input", 0)
	for _, row := range []struct {
		sentence string
		form     url.Values
		want     string
	}{
		{"a field that is not asked for", url.Values{"email": {"eve@example.org"}, "company": {"x"}}, "Some of it is not right"},
		{"what is no e-mail address", url.Values{"email": {"eve"}, "first_name": {`"><script>`}}, "is not an e-mail address"},
		{"no e-mail", url.Values{"first_name": {"Eve"}}, "is needed"},
		{"nothing", nil, "is needed"},
		{"too much of a value", url.Values{"email": {"eve@example.org"}, "first_name": {strings.Repeat("x", 2001)}}, "2000 letters"},
	} {
		anybody.post(path, row.form).is(422).says("main", row.want).has("script", 0)
	}
	anybody.post(path, url.Values{"email": {"trap@example.org"}, "=website": {"https://example.com"}}).is(303)
	anybody.post(path, url.Values{"email": {strings.Repeat("x", 70_000)}}).is(413)
	if got := w.leads(""); len(got) != 1 || got[0].Fields["email"] != "bob@example.org" || got[0].Came != "form" {
		t.Errorf("who waits: got %+v, want bob only", got)
	}
	owner.get("/leads/1").says("tbody", "by a form")
	anybody.get("/capture/nothing").is(404).says("h1", "not open")
	owner.post("/leads/1/forms/1/close", nil).is(303)
	closed := anybody.get(path).is(404)
	if never := anybody.get("/capture/nothing"); closed.body != never.body {
		t.Error("a closed form answers otherwise than one that never was")
	}
	owner.post("/leads/1/forms/1/open", nil).is(303)
	anybody.get(path).is(200)
	owner.post("/leads/1/forms/1/remove", nil).is(303)
	anybody.post(path, url.Values{"email": {"late@example.org"}}).is(404)
}

func (p *person) sendJSON(path, body string) *answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path, strings.NewReader(body))
	p.no(err)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return p.send(r)
}

func TestAProgramSendsACaptureForm(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.org,Ada\n")
	path, program := w.as(account.Owner).capture("email", "first_name"), w.stranger()
	for _, row := range []struct {
		sentence, body string
		status         int
		want           string
	}{
		{"somebody", `{"email":"bob@example.org","first_name":"Bob"}`, 202, `{"received":true}`},
		{"an unknown field", `{"email":"bob@example.org","age":"3"}`, 422, `"field":"age"`},
		{"a number", `{"email":3}`, 422, "no JSON object of texts"},
		{"a list", `[]`, 422, "no JSON object of texts"},
		{"null", `null`, 422, "no JSON object of texts"},
		{"nothing", ``, 422, "no JSON object of texts"},
		{"too much", `{"email":"` + strings.Repeat("x", 70_000) + `"}`, 413, "Nothing was stored"},
	} {
		a := program.sendJSON(path, row.body)
		if a.status != row.status || !strings.Contains(a.body, row.want) || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %d %s %s, want %d %s", row.sentence, a.status, a.header.Get("Content-Type"), a.body, row.status, row.want)
		}
	}
	program.sendJSON("/capture/nothing", `{}`).is(404)
	if got := len(w.leads("")); got != 1 {
		t.Errorf("who waits: got %d, want 1", got)
	}
}

func TestAFloodOfForms(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email\nada@example.org\n")
	path, flood := w.as(account.Owner).capture("email"), w.stranger()
	through := 0
	for i := range 100 {
		a := flood.post(path, url.Values{"email": {fmt.Sprintf("x%d@example.org", i)}})
		switch {
		case a.status == 303:
			through++
		case a.status != 429 || a.header.Get("Retry-After") == "":
			t.Fatalf("number %d: got %d, want 429 with Retry-After", i, a.status)
		}
	}
	if through != 60 {
		t.Errorf("from one address at once: got %d, want 60", through)
	}
	w.now = w.now.Add(5 * time.Second)
	flood.post(path, url.Values{"email": {"later@example.org"}}).is(303)
	flood.post(path, url.Values{"email": {"more@example.org"}}).is(429)
}
