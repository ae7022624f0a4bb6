package api_test

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
)

// Who is captured waits, is corrected and taken into the book and the event.
func TestLeads(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name,company\nada@example.org,Ada,Engines Ltd\n")
	p := w.all()
	const leads = "/api/v1/books/1/leads"
	p.ask("POST", leads, `{"leads":[{"fields":{"email":"bob@example.org"},"note":"x"},{"fields":{"first_name":"Eve"}}]}`).is(202)
	wrong := p.ask("POST", leads, `{"leads":[{"fields":{"email":"x","age":"3"}}]}`).is(422)
	if !strings.Contains(wrong.body, `"body.fields.age"`) || !strings.Contains(wrong.body, `"body.fields.email"`) {
		t.Errorf("what is wrong: got %s, want both fields", wrong.body)
	}
	p.ask("POST", leads, `{"leads":[]}`).is(422)
	p.ask("POST", leads, `{"leads":[{"fields":{"email":"bob@example.org"}}],"event":7}`).is(404)
	first := p.ask("GET", leads+"?limit=1", "").is(200)
	if items := first.value["items"].([]any); len(items) != 1 || first.value["next_cursor"] == nil {
		t.Errorf("the first of two: got %s", first.body)
	}
	one := p.ask("GET", leads+"/1", "").is(200)
	if !strings.Contains(one.body, `"why":"from other contacts at example.org"`) {
		t.Errorf("a lead: got %s, want its company with the reason", one.body)
	}
	edited := p.ask("PATCH", leads+"/1", `{"fields":{"company":"Bob & Co"},"version":1}`).is(200)
	if !strings.Contains(edited.body, `Bob`) || strings.Contains(edited.body, `"why"`) {
		t.Errorf("a corrected lead: got %s", edited.body)
	}
	p.ask("PATCH", leads+"/1", `{"fields":{"company":"X"},"version":1}`).is(409)
	p.ask("PATCH", leads+"/9", `{"fields":{"company":"X"}}`).is(404)
	taken := p.ask("POST", leads+":take", `{"leads":[1]}`).is(200)
	if taken.value["created"] != 1.0 || taken.value["run"] == nil {
		t.Errorf("taken: got %s", taken.body)
	}
	if got := p.ask("POST", leads+":dismiss", `{"leads":[1,2]}`).is(200).value["changed"]; got != 1.0 {
		t.Errorf("dismissed: got %v, want 1: the other is a contact", got)
	}
	if got := p.ask("POST", leads+":restore", `{"leads":[2]}`).is(200).value["changed"]; got != 1.0 {
		t.Errorf("restored: got %v, want 1", got)
	}
	if got := p.ask("POST", leads+":import?name=x.csv", "email\nzoe@example.org\n").is(200).value["came"]; got != 1.0 {
		t.Errorf("imported: got %v, want 1", got)
	}
	if got := len(p.ask("GET", leads+"?state=taken", "").is(200).value["items"].([]any)); got != 1 {
		t.Errorf("taken: got %d, want 1", got)
	}
}

// A form is made by a manager, and its address is said once.
func TestCaptureForms(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email\nada@example.org\n")
	manager := w.token(account.Manager, account.Read, account.Run, account.Write)
	const forms = "/api/v1/books/1/forms"
	made := manager.ask("POST", forms, `{"title":"Stay in touch"}`).is(201)
	address, _ := made.value["address"].(string)
	if !strings.HasPrefix(address, "http://kith.example.org/capture/") {
		t.Errorf("its address: got %q", address)
	}
	if text := manager.ask("GET", forms, "").is(200).body; strings.Contains(text, "address") || !strings.Contains(text, "Stay in touch") {
		t.Errorf("the forms: got %s, want them without the address", text)
	}
	manager.ask("PATCH", forms+"/1", `{"closed":true}`).is(204)
	manager.ask("DELETE", forms+"/1", "").is(204)
	manager.ask("DELETE", forms+"/1", "").is(404)
	manager.ask("POST", forms, `{"title":"x","fields":["nothing"]}`).is(404)
}
