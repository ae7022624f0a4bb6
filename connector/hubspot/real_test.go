package hubspot_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/connector/polite"
)

// TestReal works in an account of HubSpot's own: KITH_HUBSPOT_TOKEN, and
// KITH_HUBSPOT_VERSION for another version of the API. It makes three contacts,
// archives them in the end, and changes nobody else. Its figures tell what the
// manual does not: whether traces come back, and how late the index is.
func TestReal(t *testing.T) {
	s := hubspot.Settings{Token: os.Getenv("KITH_HUBSPOT_TOKEN"), Version: os.Getenv("KITH_HUBSPOT_VERSION")}
	if s.Token == "" {
		t.Skip("KITH_HUBSPOT_TOKEN names no account to work in")
	}
	c, err := hubspot.Open(t.Context(), s, &http.Client{Timeout: time.Minute}, polite.Real{})
	must(t, err)
	works(t, c, polite.Real{}, fmt.Sprint(time.Now().UnixNano()))
}

// The same, where strangers are, and where everything is known.
func TestRealAtTheSandbox(t *testing.T) {
	st := newStage(t, sandbox.Options{Lag: 20 * time.Second})
	st.Seed()
	works(t, st.open(t), st.clock, "1")
	if n := st.Len(); n != 5 {
		t.Errorf("got %d contacts left, want the 5 strangers", n)
	}
}

func works(t *testing.T, c *hubspot.Contacts, clock hubspot.Clock, mark string) {
	t.Helper()
	since := "since " + fmt.Sprint(clock.Now().Add(-time.Minute).UnixMilli())
	email := func(n int) string { return fmt.Sprintf("kith.conformance.%s.%d@example.com", mark, n) }
	out := c.Write(t.Context(), []connector.Write{
		create("email", email(1), "firstname", "Kith", "lastname", "Conformance 1"), create("email", email(2), "firstname", "Kith", "city", "Ely"),
		create("firstname", "Kith", "lastname", "Conformance "+mark),
	})
	var ids []string
	defer func() {
		var deletes []connector.Write
		for _, id := range ids {
			deletes = append(deletes, connector.Write{Op: connector.OpDelete, ID: id})
		}
		for _, o := range c.Write(context.WithoutCancel(t.Context()), deletes) {
			if o.Fault != nil {
				t.Errorf("a contact of the test stays behind: %v", o.Fault)
			}
		}
	}()
	for i, o := range out {
		if o.Fault != nil {
			t.Fatalf("create %d: %v (%v)", i, o.Fault, o.Fault.Err)
		}
		ids = append(ids, o.Record.ID)
	}
	found, err := c.Find(t.Context(), "email", []string{email(2), email(1), email(3)})
	if err != nil || len(found) != 2 {
		t.Errorf("by e-mail, at once: got %d, %v; want both", len(found), err)
	}
	again := c.Write(t.Context(), []connector.Write{create("email", email(1)), create("email", "no address"), update(ids[1], "city", "", "jobtitle", "Baker"), update("1", "city", "x")})
	for i, want := range []string{"taken", "invalid", "no fault", "missing"} {
		if got := faultOf(again[i].Fault); got != want {
			t.Errorf("write %d: got %s (%v), want %s", i, got, again[i].Fault, want)
		}
	}
	if f := again[0].Fault; f != nil && f.ID != ids[0] {
		t.Errorf("taken by %s, want %s", f.ID, ids[0])
	}
	items, err := c.Fetch(t.Context(), []string{ids[1]})
	if err != nil || len(items) != 1 || value(t, c, items[0].Record, "city") != "" || value(t, c, items[0].Record, "jobtitle") != "Baker" ||
		fmt.Sprint(items[0].Values) != fmt.Sprint(again[2].Record.Values) {
		t.Errorf("updated: got %+v, %v; want what the outcome says: %+v", items, err, again[2].Record)
	}
	for began, late := clock.Now(), true; late; {
		changes, _ := listed(t, c, since)
		late = changes[ids[0]].ID == "" || changes[ids[1]].ID == "" || changes[ids[2]].ID == ""
		took := clock.Now().Sub(began)
		if t.Logf("the index after %s: %v", took, map[bool]string{true: "not yet", false: "whole"}[late]); took > c.Promises().Lag {
			t.Fatalf("the index is later than %s", c.Promises().Lag)
		}
		must(t, clock.Sleep(t.Context(), 2*time.Second))
	}
}
