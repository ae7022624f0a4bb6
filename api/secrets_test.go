package api_test

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
)

// A secret goes in and never comes out: by no operation, into no log, and not as it
// is into the data folder.
func TestSecretsAreWrittenOnly(t *testing.T) {
	const canary = "canary-7f3c-secret"
	w := newWorld(t)
	w.imports("people", "email,pin\nada@example.com,"+canary+"-pin\n")
	all := w.browser(account.Owner)
	all.put("/api/v1/connections/dav", `{"type":"carddav","settings":{"url":"https://dav.example.org/","user":"ada"},"secret":"`+canary+`"}`).is(200)
	all.put("/api/v1/channels/hook", `{"type":"webhook","settings":{"url":"https://hook.example.org/"},"secret":"whsec_`+strings.Repeat("Y2FuYXJ5", 5)+`"}`)
	all.put("/api/v1/channels/mail", `{"type":"smtp","settings":{"host":"mail.example.org","from":"kith@example.org"},"secret":"`+canary+`"}`)
	all.post("/api/v1/books/1/fields", `{"name":"password","kind":"password"}`).is(201)
	all.ask("PATCH", "/api/v1/books/1/contacts/1", `{"fields":{"password":"`+canary+`"}}`).is(200)
	all.with("Idempotency-Key", "k").put("/api/v1/connections/dav", `{"settings":{"url":"https://dav.example.org/","user":"ada","nothing":"`+canary+`"},"secret":"`+canary+`"}`).is(422)
	asked := 0
	for _, o := range document(w) {
		if o.method != "GET" {
			continue
		}
		path := strings.NewReplacer("{connection}", "dav", "{channel}", "hook", "{sync}", "import-people", "{run}", "2", "{book}", "1", "{contact}", "1", "{job}", "1",
			"{field}", "password", "{import}", "x").Replace(o.path)
		if o.id == "search.all" {
			path += "?q=" + canary
		}
		if strings.HasSuffix(path, "/explain") && !strings.Contains(path, "books") {
			path += "?who=ada%40example.com"
		}
		a := all.get(path)
		asked++
		if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(a.body, canary+"-pin", ""), `"text":"`+canary, ""), canary) {
			t.Errorf("%s tells the secret: %s", o.id, a.body)
		}
		if strings.Contains(a.body, "Y2FuYXJ5Y2FuYXJ5") {
			t.Errorf("%s tells the signing secret: %s", o.id, a.body)
		}
	}
	all.post("/api/v1/books/1/contacts:disclose", `{"who":"ada@example.com"}`).is(200)
	if d := all.post("/api/v1/books/1/contacts:disclose", `{"who":"ada@example.com"}`); strings.Contains(strings.ReplaceAll(d.body, canary+"-pin", ""), canary) {
		t.Errorf("a disclosure tells the password: %s", d.body)
	}
	if asked < 40 {
		t.Errorf("got %d answers looked at, want 40 or more", asked)
	}
	w.Close()
	if strings.Contains(strings.ReplaceAll(w.databaseBytes(), canary+"-pin", ""), canary) {
		t.Error("the data folder has a secret in clear")
	}
	if strings.Contains(w.log.String(), canary) {
		t.Errorf("the log has it: %s", w.log)
	}
}
