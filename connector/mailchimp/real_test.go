package mailchimp_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
)

// TestReal works in an audience of Mailchimp's own: KITH_MAILCHIMP_KEY and _AUDIENCE, and
// _DOMAIN, one of your own, for it takes no address at example.com. It makes two members
// whom nobody writes to, archives them in the end, and changes nobody else.
func TestReal(t *testing.T) {
	env := func(name string) string { return os.Getenv("KITH_MAILCHIMP_" + name) }
	s := mailchimp.Settings{URL: env("URL"), Key: env("KEY"), Audience: env("AUDIENCE"), NewStatus: "transactional"}
	if s.Key == "" || env("DOMAIN") == "" {
		t.Skip("KITH_MAILCHIMP_KEY and KITH_MAILCHIMP_DOMAIN name no audience to work in")
	}
	a, err := mailchimp.Open(t.Context(), s, &http.Client{Timeout: time.Minute}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	works(t, a, fmt.Sprint(time.Now().UnixNano())+"@"+env("DOMAIN"))
}

// The same at the sandbox, where strangers are.
func TestRealAtTheSandbox(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.list.Add(map[string]string{"email_address": "stranger@example.com", "status": "subscribed"})
	s := st.settings()
	s.NewStatus = "transactional"
	a, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	works(t, a, "1@example.com")
}

func works(t *testing.T, a *mailchimp.Audience, mark string) {
	email := func(n int) string { return fmt.Sprintf("kith.conformance.%d.%s", n, mark) }
	create := func(n int, name string) connector.Write {
		return connector.Write{Op: connector.OpCreate, Key: email(n), Set: map[string]string{"email_address": email(n), "FNAME": name}}
	}
	schema, err := a.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	named := func(o connector.Outcome) string { return o.Record.Value(schema.Index("FNAME")) }
	made := a.Write(t.Context(), []connector.Write{create(1, "Kith"), create(2, "Conformance")})
	defer func() {
		for _, o := range made {
			gone := a.Write(context.WithoutCancel(t.Context()), []connector.Write{{Op: connector.OpDelete, ID: o.Record.ID}})
			if f := gone[0].Fault; f != nil {
				t.Errorf("a member of the test stays behind: %v", f)
			}
		}
	}()
	for i, o := range made {
		if o.Fault != nil || o.Record.ID == "" {
			t.Fatalf("create %d: %+v", i, o)
		}
	}
	changed := a.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: made[1].Record.ID, Version: made[1].Record.Version, Set: map[string]string{"FNAME": "Changed"}}})
	if changed[0].Fault != nil || named(changed[0]) != "Changed" {
		t.Errorf("update: got %+v", changed[0])
	}
	found, err := a.Find(t.Context(), "email_address", []string{email(1), email(2), email(3)})
	if err != nil || len(found) != 2 {
		t.Errorf("by e-mail: got %d, %v; want both", len(found), err)
	}
	again, err := a.Fetch(t.Context(), []string{made[1].Record.ID})
	if err != nil || len(again) != 1 || again[0].Value(schema.Index("FNAME")) != "Changed" {
		t.Errorf("read again: got %+v, %v", again, err)
	}
	taken := a.Write(t.Context(), []connector.Write{create(1, "Twice")})
	if f := taken[0].Fault; f != nil && f.Kind != connector.Taken {
		t.Errorf("the same create again: got %v, want the member or Taken", f)
	}
}
