package mailchimp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
)

// Every answer of Mailchimp becomes one kind of fault: for a read, for a write.
func TestStatuses(t *testing.T) {
	for _, row := range []struct {
		status      int
		title       string
		read, write string
	}{
		{302, "", "denied", "denied"},
		{400, "Invalid Resource", "invalid", "invalid"},
		{400, "JSON Parse Error", "invalid", "invalid"},
		{400, "Member Exists", "taken", "taken"},
		{400, "Member In Compliance State", "invalid", "invalid"},
		{400, "Forgotten Email Not Subscribed", "invalid", "invalid"},
		{401, "API Key Invalid", "denied", "denied"},
		{403, "Forbidden", "denied", "denied"},
		{403, "", "busy", "busy"}, // no body: too much at once
		{404, "Resource Not Found", "missing", "missing"},
		{405, "Method Not Allowed", "invalid", "invalid"},
		{408, "", "busy", "unknown"},
		{414, "Resource Nesting Too Deep", "invalid", "invalid"},
		{422, "Invalid Method Override", "invalid", "invalid"},
		{426, "Upgrade Required", "denied", "denied"},
		{429, "Too Many Requests", "busy", "busy"},
		{500, "Internal Server Error", "busy", "unknown"},
		{502, "", "busy", "unknown"},
		{503, "", "busy", "busy"},
		{504, "", "busy", "unknown"},
	} {
		st := newStage(t, sandbox.Options{})
		id := st.Add(t, map[string]string{"email_address": "ada@example.com"})
		a := st.open(t)
		f := sandbox.Fault{Status: row.status, Path: "/members/"}
		if row.title != "" {
			f.Body = `{"title":"` + row.title + `","status":400,"detail":"ada@example.com is not wanted","errors":[{"field":"FNAME","message":"ada@example.com"}]}`
		}
		f.Method = http.MethodGet
		st.Break(f)
		o := update(t, a, id, map[string]string{"FNAME": "Ada"})
		if got := kindOfOutcome(o); got != row.read {
			t.Errorf("%d %s to a read: got %s, want %s", row.status, row.title, got, row.read)
		}
		f.Method = http.MethodPatch
		st.Break(f)
		o = update(t, a, id, map[string]string{"FNAME": "Ada"})
		if got := kindOfOutcome(o); got != row.write {
			t.Errorf("%d %s to a write: got %s, want %s", row.status, row.title, got, row.write)
		}
		if o.Fault != nil && (o.Fault.Message == "" || strings.Contains(o.Fault.Error(), "@") || o.Record.ID != "") {
			t.Errorf("%d %s: got %+v, want a sentence without personal data", row.status, row.title, o)
		}
	}
}

// The errors of a batch are those of its members alone, and name no person.
func TestErrorsInABatch(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.list = st.AddAudience("Strict", sandbox.MergeField{Tag: "COMPANY", Name: "Company", Type: "text", Required: true},
		sandbox.MergeField{Tag: "SIZE", Name: "Size", Type: "dropdown", Choices: []string{"S", "M"}}, sandbox.MergeField{Tag: "SHOES", Name: "Shoes", Type: "number"})
	forgotten := st.Add(t, map[string]string{"email_address": "gone@example.com"})
	st.list.Forget(forgotten)
	st.Add(t, map[string]string{"email_address": "taken@example.com"})
	s := st.settings()
	s.Audience = "strict"
	a, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		sentence, kind, field string
		set                   map[string]string
	}{
		{"all is well", "done", "", map[string]string{"email_address": "a@example.com", "COMPANY": "Fern", "SIZE": "M", "SHOES": "41"}},
		{"no address", "invalid", "email_address", map[string]string{"COMPANY": "Fern"}},
		{"no real address", "invalid", "email_address", map[string]string{"email_address": "somebody", "COMPANY": "Fern"}},
		{"what is required is missing", "invalid", "COMPANY", map[string]string{"email_address": "b@example.com"}},
		{"not one of the choices", "invalid", "SIZE", map[string]string{"email_address": "c@example.com", "COMPANY": "Fern", "SIZE": "XL"}},
		{"not a number", "invalid", "SHOES", map[string]string{"email_address": "d@example.com", "COMPANY": "Fern", "SHOES": "big"}},
		{"half an address", "invalid", "ADDRESS", map[string]string{"email_address": "e@example.com", "COMPANY": "Fern", "ADDRESS.city": "Ely"}},
		{"too long", "invalid", "COMPANY", map[string]string{"email_address": "f@example.com", "COMPANY": strings.Repeat("x", 256)}},
		{"deleted for good", "invalid", "email_address", map[string]string{"email_address": "gone@example.com", "COMPANY": "Fern"}},
		{"taken", "taken", "email_address", map[string]string{"email_address": "Taken@example.com", "COMPANY": "Fern"}},
		{"the same address twice in one call", "taken", "email_address", map[string]string{"email_address": "A@example.com", "COMPANY": "Fern"}},
		{"a field that is not there", "invalid", "NONE", map[string]string{"email_address": "g@example.com", "COMPANY": "Fern", "NONE": "x"}},
		{"no word for a consent", "invalid", "status", map[string]string{"email_address": "h@example.com", "COMPANY": "Fern", "status": "maybe"}},
		{"all is well, too", "done", "", map[string]string{"email_address": "i@example.com", "COMPANY": "Fern"}},
	}
	var writes []connector.Write
	for _, row := range rows {
		writes = append(writes, connector.Write{Op: connector.OpCreate, Key: row.sentence, Set: row.set})
	}
	for i, o := range a.Write(t.Context(), writes) {
		field, said := "", ""
		if o.Fault != nil {
			field, said = o.Fault.Field, o.Fault.Error()
		}
		if got := kindOfOutcome(o); got != rows[i].kind || field != rows[i].field || strings.Contains(said, "@") || (o.Record.ID != "") != (got == "done") {
			t.Errorf("%s: got %s in %q: %s; want %s in %q, without an address", rows[i].sentence, got, field, said, rows[i].kind, rows[i].field)
		}
	}
	if got := st.list.Len(); got != 3 {
		t.Errorf("got %d members, want 3: one was there and two are new", got)
	}
}

// Once Mailchimp is busy the rest is not sent, and is tried again.
func TestTheRestIsNotSentToWhoIsBusy(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	var writes []connector.Write
	for range 5 {
		writes = append(writes, connector.Write{Op: connector.OpDelete, ID: st.Add(t, map[string]string{})})
	}
	a := st.open(t)
	st.Break(sandbox.Fault{Method: http.MethodDelete, Status: http.StatusTooManyRequests})
	for i, o := range a.Write(t.Context(), writes) {
		if got := kindOfOutcome(o); got != "busy" {
			t.Errorf("write %d: got %s, want busy", i, got)
		}
	}
	if got := st.Counts().ByCall["DELETE /lists/{list}/members/{member}"]; got != 1 {
		t.Errorf("got %d requests, want 1", got)
	}
}

// A write that a context ends after it was sent may have been done.
func TestAWriteThatIsNotAnsweredInTimeIsUnknown(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	a := st.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	st.http.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		cancel()
		<-release
	})
	o := a.Write(ctx, []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"email_address": "ada@example.com"}}})[0]
	close(release)
	if got := kindOfOutcome(o); got != "unknown" {
		t.Errorf("got %s, want unknown", got)
	}
}

// A member whose tags or id could not be read after the write is unknown, not
// refused: the write was carried out.
func TestTheRestOfAWriteIsLost(t *testing.T) {
	for _, row := range []struct{ sentence, method, path string }{
		{"the contact id of a new member", http.MethodGet, "/members"},
		{"the tags of a new member", http.MethodPost, "/tags"},
	} {
		st := newStage(t, sandbox.Options{})
		a := st.open(t)
		st.Break(sandbox.Fault{Method: row.method, Path: row.path, Status: http.StatusTooManyRequests})
		o := create(t, a, map[string]string{"email_address": "ada@example.com", "tags": "one"})
		if got := kindOfOutcome(o); got != "unknown" {
			t.Errorf("%s: got %s, want unknown", row.sentence, got)
		}
		found, err := a.Find(t.Context(), "email_address", []string{"ada@example.com"})
		if err != nil || len(found) != 1 {
			t.Errorf("%s: found %v, %v; want the member", row.sentence, found, err)
		}
	}
}

func TestAnAudienceThatWasDeletedHasNoOneGone(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	id := st.Add(t, map[string]string{"email_address": "ada@example.com"})
	a := st.open(t)
	st.Break(sandbox.Fault{Path: "/lists/", Status: http.StatusNotFound, Body: `{"title":"Resource Not Found"}`, Stays: true})
	if items, err := a.Fetch(t.Context(), []string{id}); kindOf(err) != "denied" || items != nil {
		t.Errorf("fetch: got %+v, %v; want denied", items, err)
	}
	var last error
	for _, err := range a.Changes(t.Context(), "") {
		last = err
	}
	if kindOf(last) != "denied" {
		t.Errorf("changes: got %v, want denied", last)
	}
}

func TestAnotherServerThanMailchimp(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>Welcome</html>")
	}))
	defer other.Close()
	for url, want := range map[string]string{other.URL: "busy", "ftp://example.com": "invalid", "https://user:pw@example.com": "invalid"} {
		_, err := mailchimp.Open(t.Context(), mailchimp.Settings{URL: url, Key: sandbox.Key}, other.Client(), newClock().now)
		if got := kindOf(err); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}
