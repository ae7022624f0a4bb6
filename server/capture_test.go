package server_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
)

// captureForm makes a form of book 1 and returns the path of its address.
func (w *world) captureForm(fields ...string) string {
	w.t.Helper()
	f, err := w.AddForm(w.t.Context(), 1, desk.FormRequest{Title: `Stay in "><kith-evil onkith="1">`, Fields: fields})
	w.no(err)
	return strings.TrimPrefix(f.Address, w.url)
}

// The answer to a stranger is the same, byte for byte, for who was erased on request, for
// who is a contact and for who is neither.
func TestACaptureFormTellsNothingOfAnybody(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,name\nada@example.com,Ada\neve@example.com,Eve\n")
	owner, nobody := w.as(account.Owner), w.stranger()
	owner.json("POST", "/api/v1/books/1/contacts:erase", `{"who":"eve@example.com","yes":true}`).is(200)
	form := w.captureForm("email", "name")
	said := map[string]string{}
	for _, email := range []string{"ada@example.com", "EVE@example.com", "new@example.com"} {
		a := nobody.form(form, url.Values{"email": {email}}).is(303)
		b := nobody.json("POST", form, `{"email":"`+email+`"}`).is(202)
		a.header.Del("Date")
		b.header.Del("Date")
		text, err := json.Marshal([]any{a.header, a.body, b.header, b.body})
		w.no(err)
		said[string(text)] = email
	}
	if len(said) != 1 {
		t.Errorf("got %d different answers: %v", len(said), said)
	}
	if body := owner.get("/api/v1/books/1/leads").is(200).body; strings.Contains(strings.ToLower(body), "eve@") || !strings.Contains(body, "new@example.com") {
		t.Errorf("who waits: got %s, want ada and new", body)
	}
	if len(nobody.cookies) > 0 {
		t.Errorf("a stranger has the cookies %v", nobody.cookies)
	}
}

// Whoever is signed in is nobody in particular to a capture form: it sets no cookie and
// has nothing of the frame.
func TestACaptureFormIsAPageOfItsOwn(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email\nada@example.com\n")
	form := w.captureForm("email")
	owner := w.as(account.Owner)
	for _, a := range []answer{owner.get(form), owner.get(form + "?done=1"), owner.get("/capture/nothing"), owner.form(form, url.Values{"email": {"x"}})} {
		if a.header.Get("Set-Cookie") != "" || strings.Contains(a.body, "owner@example.org") || strings.Contains(a.body, "<script") || a.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("got %v %s", a.header, a.body)
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS"} {
		if got := w.stranger().send(method, form, "", "").status; got == 200 || got >= 500 {
			t.Errorf("%s: got %d", method, got)
		}
	}
}

// What strangers type becomes no formula in a spreadsheet.
func TestALeadIsNoFormula(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,name\nada@example.com,Ada\n")
	owner := w.as(account.Owner)
	w.stranger().form(w.captureForm("email", "name"), url.Values{"email": {"eve@example.com"}, "name": {`=HYPERLINK("https://evil.example.org")`}}).is(303)
	owner.json("POST", "/api/v1/books/1/leads:take", `{"leads":[1]}`).is(200)
	if body := owner.get("/api/v1/books/1/export?form=spreadsheet").is(200).body; !strings.Contains(body, `'=HYPERLINK`) {
		t.Errorf("the spreadsheet: got %s, want an apostrophe before the formula", body)
	}
}
