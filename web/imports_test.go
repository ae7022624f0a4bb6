package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

// upload sends the first step's form with a file.
func (p *person) upload(path, name, text string, form url.Values) *answer {
	p.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for key, values := range form {
		for _, v := range values {
			p.no(w.WriteField(key, v))
		}
	}
	if name != "" {
		part, err := w.CreateFormFile("file", name)
		p.no(err)
		_, err = part.Write([]byte(text))
		p.no(err)
	}
	p.no(w.Close())
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path, &body)
	p.no(err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return p.send(r)
}

// arrived waits for the job that an answer leads to and returns the page of what
// came of it.
func (p *person) arrived(a *answer) *answer {
	p.t.Helper()
	if !strings.HasPrefix(a.to, "/jobs/") {
		p.t.Fatalf("it leads to %q (%d), want a job; the page says %q", a.to, a.status, a.words("main"))
	}
	for range 500 {
		next := p.get(a.to)
		if next.to != "" {
			return p.get(next.to)
		}
		if next.status != http.StatusOK {
			return next
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatalf("%s does not end", a.to)
	return nil
}

const guests = "E-mail;Vorname;Mobil;Badge\nada@example.com;Ada;+442079460001;red\nzoe@example.org;Zoe;;blue\nbad@@x;Cy;;red\n"

var fromComputer = url.Values{"from": {"computer"}, "header": {"auto"}, "book": {"contacts"}, "update": {"on"}, "manner": {"if_new_not_blank"}, "email": {"ops@example.org"}}

// The seed's own way, from the Contacts page to Run Import: C5, C9, C10, C11, C18,
// C25 to C31.
func TestImportFromTheComputer(t *testing.T) {
	w := newWorld(t)
	w.imports("contacts", people)
	p := w.as(account.Operator)
	p.get("/contacts/1").says("main .do, main .head", "Import")
	p.get("/imports").says("h1", "List of imports").says("main", "Setup New Import")
	first := p.get("/imports/new").says("main", "From your computer", "From network or Internet", "Consider First Line as Header",
		"Delete contacts not found in the synchronization file", "Update the contacts with changes from the import file", "Import file every time, regardless of its state")
	first.has("select[name=delimiter] option[value=other]", 1)
	p.upload("/imports/new", "", "", fromComputer).is(http.StatusUnprocessableEntity).says(".alarm", "Choose the file to import")

	step := p.upload("/imports/new", "gäste.csv", guests, fromComputer)
	if !strings.HasSuffix(step.to, "/preview") {
		t.Fatalf("the first step leads to %q: %q", step.to, step.words("main"))
	}
	draft := strings.TrimSuffix(step.to, "/preview")
	p.get(step.to).says("h1", "Import file preview").says("thead", "E-mail", "Vorname", "Badge").says("tbody", "ada@example.com").says("main", "Back", "Next")
	mapping := p.get(draft+"/map").is(http.StatusOK).says("main", "Import File columns", "Contact Manager Fields", "Add Field", "Apply Mapping", "Generate unique key automatically", "Run Import")
	if got, _ := mapping.Find("#to-0 option[selected]").Attr("value"); got != "email" {
		t.Errorf("the column E-mail goes to %q, want email", got)
	}
	mapping.says("tbody tr:nth-child(1)", "2 ok", "1 bad", "bad@@x").says("main", "1 known by email, 2 new")

	form := url.Values{"to-0": {"email"}, "to-1": {"first_name"}, "to-2": {"mobile"}, "to-3": {""}, "match": {"email"}, "new_field": {"badge_colour"}, "new_kind": {"text"}, "go": {"map"}}
	if to := p.post(draft+"/map", form).to; to != draft+"/map" {
		t.Fatalf("Add Field leads to %q, want the mapping again", to)
	}
	mapping = p.get(draft+"/map").has(`#to-3 option[value="badge_colour"]`, 1)
	mapping.has("#to-3 option[selected]", 0) // its mapping was removed
	form.Del("new_field")
	form.Set("to-3", "badge_colour")
	form.Set("go", "plan")
	shown := p.arrived(p.post(draft+"/map", form)).is(http.StatusOK)
	shown.says("h1", "Plan").says(".totals", "3 read", "1 created", "1 updated", "1 rejected").says("tbody", "badge_colour", "red").says("main", "Apply 2 changes", "Back to the mapping")
	p.get("/contacts/1").saysNot("tbody", "mobile")

	form.Set("go", "run")
	done := p.arrived(p.post(draft+"/map", form)).is(http.StatusOK)
	done.says("h1", "Run").says(".totals", "3 read", "1 rejected").says("main", "email.invalid")
	p.get(draft).is(http.StatusNotFound) // it is no draft any more
	list := p.get("/imports").says("tbody", "import-gäste", "email.invalid").says("thead", "Name", "Latest Import", "Next Import", "Import Now", "Status")
	list.has("tbody form[action$='/run']", 0) // Go only for remote sources (C43)
	list.has(".badge.warn", 1)                // the yellow mark (C42)
}

// One cell with two addresses moved everybody's e-mail to another field.
func TestMyEmailsWentToASecondField(t *testing.T) {
	w := newWorld(t)
	p := w.as(account.Operator)
	step := p.upload("/imports/new", "two.csv", "E-mail Address;First Name\nines@example.es, ines2@example.es;Ines\nada@example.com;Ada\n", fromComputer)
	draft := strings.TrimSuffix(step.to, "/preview")
	mapping := p.get(draft+"/map").is(http.StatusOK).says("tbody tr:nth-child(1)", "further values: email.2")
	if got, _ := mapping.Find("#to-0 option[selected]").Attr("value"); got != "email" {
		t.Errorf("the column goes to %q, want email", got)
	}
	form := url.Values{"to-0": {"email"}, "to-1": {"first_name"}, "match": {"email"}, "go": {"map"}}
	p.post(draft+"/map", form)
	p.get(draft+"/map").says("tbody tr:nth-child(1)", "further values: email.2").has(`#to-0 option[value=email][selected]`, 1)
	form.Set("go", "plan")
	p.arrived(p.post(draft+"/map", form)).says("tbody", "ines@example.es", "email.2", "ines2@example.es", "ada@example.com")
	form.Set("to-0", "")
	form.Set("go", "map")
	p.post(draft+"/map", form)
	p.get(draft+"/map").saysNot("tbody tr:nth-child(1)", "email.2")
}

func TestDraftsSurvive(t *testing.T) {
	w := newWorld(t)
	p := w.as(account.Operator)
	step := p.upload("/imports/new", "guests.csv", guests, fromComputer)
	draft := strings.TrimSuffix(step.to, "/preview")
	colleague := w.as(account.Manager)
	colleague.get("/imports").says("main", "Begun, not finished", "import-guests")
	colleague.get(draft).is(http.StatusOK).says("main", "Chosen: guests.csv").has("input[name=update][checked]", 1)
	viewer := w.as(account.Viewer)
	viewer.get(draft).is(http.StatusForbidden)
	colleague.post(draft+"/discard", nil).is(http.StatusSeeOther)
	p.get(draft).is(http.StatusNotFound)
	if left, _ := filepath.Glob(filepath.Join(w.Workspace.Folder, "uploads", "*", "*")); len(left) > 0 {
		t.Errorf("the file of an import that was thrown away is still there: %v", left)
	}
}

func TestBadUploads(t *testing.T) {
	w := newWorld(t)
	p := w.as(account.Operator)
	for _, row := range []struct {
		sentence, name, text, says string
	}{
		{"an empty file", "empty.csv", "", "The file is empty"},
		{"a web page named .csv", "page.csv", "<!DOCTYPE html><html><body>Sign in</body></html>", "Nothing was changed"},
		{"a file that is no text", "cat.csv", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "Nothing was changed"},
		{"a name that leads out of the folder", "../../../../etc/cron.d/x.csv", guests, ""},
		{"a name with a script", "<script>alert(1)</script>.csv", guests, ""},
	} {
		a := p.upload("/imports/new", row.name, row.text, fromComputer)
		if row.says == "" {
			if a.status != http.StatusSeeOther {
				t.Errorf("%s: got %d %q, want it taken", row.sentence, a.status, a.words("main"))
				continue
			}
			p.get(a.to).is(http.StatusOK).has("script:not([src])", 0)
			continue
		}
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.words(".alarm"), row.says) {
			t.Errorf("%s: got %d %q, want 422 with %q", row.sentence, a.status, a.words("main"), row.says)
		}
	}
	outside, _ := filepath.Glob(filepath.Join(w.Workspace.Folder, "*.csv"))
	if len(outside) > 0 {
		t.Errorf("a file was written outside of its folder: %v", outside)
	}
}

// folder is a place that the operator has opened to the server.
func (w *world) folder() string {
	w.t.Helper()
	dir := w.t.TempDir()
	w.no(os.WriteFile(filepath.Join(w.Workspace.Folder, "roots"), []byte(dir+"\n"), 0o600))
	_, err := w.Workspace.Store.SaveConnection(w.t.Context(), store.Connection{Name: "hr", Kind: "folder", Settings: map[string]string{"url": dir}})
	w.no(err)
	return dir
}

// From a folder, scheduled for 02:00 Paris time: C2, C16, C21, C22, C33 to C38, C41,
// C43, C44, C45, C47.
func TestScheduleAnImport(t *testing.T) {
	w := newWorld(t)
	dir := w.folder()
	w.no(os.WriteFile(filepath.Join(dir, "people-1.csv"), []byte(people), 0o600))
	p := w.as(account.Manager)
	form := url.Values{"from": {"network"}, "connection": {"hr"}, "path": {"people-*.csv"}, "which": {"newest"}, "after": {"keep"}, "no_file": {"warn"},
		"header": {"auto"}, "book": {"contacts"}, "email": {"ops@example.org"}}
	p.post("/imports/new", url.Values{"from": {"network"}, "connection": {"hr"}}).is(http.StatusUnprocessableEntity).says(".alarm", "where the file lies")
	p.post("/imports/new", url.Values{"from": {"network"}, "connection": {"hr"}, "path": {"nobody-*.csv"}, "book": {"contacts"}}).is(http.StatusUnprocessableEntity)
	step := p.post("/imports/new", form)
	draft := strings.TrimSuffix(step.to, "/preview")
	p.get(draft+"/map").says("main", "Run Import now", "Schedule import")
	picker := p.get(draft+"/schedule").is(http.StatusOK).says("main", "Import Time", "Recurrence pattern", "Range of recurrence", "Finish")
	picker.has("#next li", 5)
	paris := url.Values{"at": {"02:00"}, "zone": {"Europe/Paris"}, "interval": {"1"}, "every": {"day"}, "range_from": {"2026-12-01"}, "email": {"ops@example.org"}}
	p.get("/schedule/next?"+paris.Encode()).is(http.StatusOK).says("ol", "Tue 1 Dec 2026 02:00 (+01:00)")
	spring := url.Values{"at": {"02:30"}, "zone": {"Europe/Paris"}, "interval": {"1"}, "every": {"day"}, "range_from": {"2027-03-27"}}
	p.get("/schedule/next?"+spring.Encode()).says("", "").says("body", "does not exist")
	wrong := url.Values{"at": {"26:00"}, "zone": {"Europe/Paris"}, "interval": {"1"}, "every": {"day"}}
	p.post(draft+"/schedule", wrong).is(http.StatusUnprocessableEntity).says(".alarm", "at")
	end := p.post(draft+"/schedule", paris).is(http.StatusSeeOther)
	sync := p.get(end.to).is(http.StatusOK).says("main", "every day at 02:00", "Europe/Paris")
	sync.says("main", "Pause")
	list := p.get("/imports").has("tbody form[action$='/run'] button", 1).says("tbody", "1 Dec 2026 01:00 UTC")
	list.says("tbody", "Go", "Edit", "Delete")

	name := "/syncs/hr-people"
	p.post(name+"/schedule/pause", nil).is(http.StatusSeeOther)
	p.get("/imports").says("tbody", "paused")
	p.post(name+"/schedule/resume", nil).is(http.StatusSeeOther)
	done := p.arrived(p.post(name+"/run", nil)) // Go
	done.says(".totals", "3 created")
	p.get("/imports").has(".badge.good", 1)
	edit := p.get("/imports/new?edit=hr-people") // Edit
	p.get(edit.to).is(http.StatusOK).says("h1", "edit hr-people").has("input[value='ops@example.org']", 1)
	p.post(name+"/delete", nil).is(http.StatusSeeOther) // Delete: deactivated and removed
	p.get("/imports").saysNot("tbody", "hr-people")
	p.get("/contacts/1").says("tbody", "Ada Archer")
	told, err := w.Workspace.Store.Schedules(t.Context())
	w.no(err)
	if len(told) != 0 {
		t.Errorf("the schedule of a deleted import is still there: %+v", told)
	}
}

func TestUploadsAreNotScheduled(t *testing.T) {
	w := newWorld(t)
	p := w.as(account.Manager)
	draft := strings.TrimSuffix(p.upload("/imports/new", "guests.csv", guests, fromComputer).to, "/preview")
	p.get(draft+"/map").saysNot("main", "Schedule import")
	p.get(draft+"/schedule").is(http.StatusUnprocessableEntity).says("main", "cannot be scheduled")
	p.post(draft+"/schedule", url.Values{"at": {"02:00"}, "zone": {"UTC"}, "every": {"day"}}).is(http.StatusUnprocessableEntity)
}

// The guard stops a file, one look shows the deletions, and only a look and a tick
// let it pass (C39, C40).
func TestApproveOnce(t *testing.T) {
	w := newWorld(t)
	var all strings.Builder
	all.WriteString("email\n")
	for i := range 30 {
		fmt.Fprintf(&all, "p%d@example.com\n", i)
	}
	w.imports("contacts", all.String())
	p := w.as(account.Operator)
	form := url.Values{"from": {"computer"}, "header": {"yes"}, "book": {"contacts"}, "delete": {"on"}}
	draft := strings.TrimSuffix(p.upload("/imports/new", "less.csv", "email\np1@example.com\n", form).to, "/preview")
	stopped := p.arrived(p.post(draft+"/map", url.Values{"to-0": {"email"}, "go": {"run"}})).is(http.StatusOK)
	stopped.says("main", "Guard", "29", "Nothing was written", "Waiting for approval").has("form[action$='/apply']", 0)
	p.get("/").says("main", "waits for approval", "Review")
	run := stopped.Find("form[action$='/approve']").AttrOr("action", "")
	show, _ := stopped.Find(".guard a").Attr("href")
	p.get(strings.TrimSuffix(run, "/approve")+strings.Split(show, "#")[0]).has("tr.delete", 29)
	p.post(strings.TrimSuffix(run, "/approve")+"/apply", nil).is(http.StatusUnprocessableEntity)
	p.post(run, nil).is(http.StatusUnprocessableEntity).says("main", "Tick")
	w.as(account.Viewer).post(run, url.Values{"seen": {"on"}}).is(http.StatusForbidden)
	p.arrived(p.post(run, url.Values{"seen": {"on"}})).says(".totals", "29 deleted")
	p.post(run, url.Values{"seen": {"on"}}).is(http.StatusUnprocessableEntity) // once
	undo := strings.TrimSuffix(run, "/approve") + "/undo"
	p.arrived(p.post(undo, nil)).says(".totals", "29 created")
}

func TestCorrectInPlace(t *testing.T) {
	w := newWorld(t)
	r := w.imports("contacts", "email,first_name\nada@example.com,Ada\nbad@@x,Bo\nworse@@y,Cy\n")
	p := w.as(account.Operator)
	at := fmt.Sprintf("/runs/%d/rejects", r.ID)
	p.get(at).is(http.StatusOK).has("tbody tr", 2).has("td.wrong input[value='bad@@x']", 1).says("main", "email.invalid")
	file := p.get(at + ".csv").is(http.StatusOK)
	if !strings.Contains(file.header.Get("Content-Disposition"), "attachment") || !strings.Contains(file.body, "kith_code") {
		t.Errorf("the file is %q with %q, want an attachment with our columns", file.header.Get("Content-Disposition"), file.body)
	}
	form := url.Values{"column": {"email", "first_name"}, "record": {"0"}, "value-0": {"bo@example.com", "Bo"}, "value-1": {"worse@@y", "Cy"}}
	p.arrived(p.post(at, form)).says(".totals", "1 read", "1 created")
	p.get("/contacts/1").says("tbody", "Bo", "Ada").saysNot("tbody", "Cy")
	w.as(account.Viewer).post(at, form).is(http.StatusForbidden)
	again := p.upload(at+".csv", "rejects.csv", strings.Replace(file.body, "worse@@y", "cy@example.com", 1), nil)
	p.arrived(again).says(".totals", "1 created")
	p.get("/syncs").saysNot("tbody", "-rejects")
}
