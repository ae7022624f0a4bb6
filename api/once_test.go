package api_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
)

func TestARepeatedRequestIsCarriedOutOnce(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\n")
	all := w.all()
	key := all.with("Idempotency-Key", "one")
	first := key.post("/api/v1/books/1/contacts", `{"fields":{"email":"bo@example.org"}}`).is(201)
	again := key.post("/api/v1/books/1/contacts", `{"fields":{"email":"bo@example.org"}}`).is(201)
	if again.body != first.body || again.header.Get("Location") != first.header.Get("Location") || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("the second answer: got %s, want that of the first: %s", again.body, first.body)
	}
	if again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("only the second is marked as repeated: got %q and %q", first.header.Get("Idempotent-Replayed"), again.header.Get("Idempotent-Replayed"))
	}
	if got := len(all.get("/api/v1/books/1/contacts").items()); got != 2 {
		t.Errorf("contacts: got %d, want 2", got)
	}
	for _, row := range []struct {
		sentence, method, path, body, code string
		status                             int
	}{
		{"the same key with another body is refused", "POST", "/api/v1/books/1/contacts", `{"fields":{"email":"cy@example.org"}}`, "request.key_used", 422},
		{"the same key at another address is refused", "POST", "/api/v1/books/1/contacts:bulk", `{"fields":{"email":"bo@example.org"}}`, "request.key_used", 422},
	} {
		if a := key.ask(row.method, row.path, row.body); a.status != row.status || a.value["code"] != row.code {
			t.Errorf("%s: got %d %s, want %d %s", row.sentence, a.status, a.body, row.status, row.code)
		}
	}
	other := w.token(account.Manager, account.Read, account.Run).with("Idempotency-Key", "one")
	other.post("/api/v1/books/1/contacts", `{"fields":{"email":"cy@example.org"}}`).is(201) // somebody else's key is their own
	key.post("/api/v1/books/1/contacts", `{"fields":{"email":"bo@example.org"}}`).is(201)
	w.later(25 * time.Hour)
	key.post("/api/v1/books/1/contacts", `{"fields":{"email":"bo@example.org"}}`).code(409, "identity.conflict") // after a day it is a new one
}

func TestARefusalIsRepeatedToo(t *testing.T) {
	w := newWorld(t)
	key := w.all().with("Idempotency-Key", "two")
	first := key.post("/api/v1/syncs/none/run", `{}`).is(404)
	if again := key.post("/api/v1/syncs/none/run", `{}`).is(404); again.body != first.body {
		t.Errorf("got %s, want %s", again.body, first.body)
	}
}

func TestTwoAtOnceAreOne(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\n")
	key := w.all().with("Idempotency-Key", "three")
	var all sync.WaitGroup
	answers := make([]*answer, 8)
	for i := range answers {
		all.Go(func() { answers[i] = key.post("/api/v1/books/1/contacts", `{"fields":{"first_name":"Bo"}}`) })
	}
	all.Wait()
	for _, a := range answers {
		if a.status != 201 && a.value["code"] != "request.unfinished" {
			t.Errorf("got %d %s, want 201 or request.unfinished", a.status, a.body)
		}
	}
	if got := len(w.all().get("/api/v1/books/1/contacts").items()); got != 2 {
		t.Errorf("contacts: got %d, want 2", got)
	}
}

func TestAnAnswerIsKeptSealed(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\n")
	w.all().with("Idempotency-Key", "four").post("/api/v1/books/1/contacts", `{"fields":{"email":"canary-person@example.org"}}`).is(201)
	key := w.browser(account.Owner).with("Idempotency-Key", "five")
	token := key.post("/api/v1/tokens", `{"name":"x","scopes":["read"]}`).is(201).value["token"].(string)
	if again := key.post("/api/v1/tokens", `{"name":"x","scopes":["read"]}`).is(201).value["token"]; again != token {
		t.Errorf("the repeated answer: got the token %v, want the first", again)
	}
	if strings.Contains(w.databaseBytes(), token) {
		t.Error("the token stands in the database in clear")
	}
}
