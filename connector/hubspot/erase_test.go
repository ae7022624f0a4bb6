package hubspot_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/plan"
)

func forever(id string) connector.Write {
	return connector.Write{Op: connector.OpDelete, ID: id, Forever: true}
}

// archive is what HubSpot's recycle bin holds.
func (st *stage) archive(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, st.http.URL+"/crm/v3/objects/contacts?archived=true&limit=100", http.NoBody)
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+sandbox.DefaultToken)
	answer, err := st.client.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(text)
}

// Whoever asked to be forgotten is in no recycle bin. A usual deletion can be taken back.
func TestADeletionForGood(t *testing.T) {
	for _, row := range []struct {
		sentence string
		options  sandbox.Options
		play     func(st *stage)
		write    connector.Write
		outcome  string
		kept     bool // in the recycle bin
	}{
		{"a usual deletion archives", sandbox.Options{}, func(*stage) {}, connector.Write{Op: connector.OpDelete, ID: "1001"}, "no fault", true},
		{"for good", sandbox.Options{}, func(*stage) {}, forever("1001"), "no fault", false},
		{"archived before", sandbox.Options{}, func(st *stage) { st.Archive("1001") }, forever("1001"), "no fault", false},
		{"archived before, where that is not reached", sandbox.Options{EraseSparesArchived: true}, func(st *stage) { st.Archive("1001") }, forever("1001"), "invalid", true},
		{"whom nobody knows", sandbox.Options{}, func(*stage) {}, forever("99"), "no fault", false},
		{"changed by others meanwhile", sandbox.Options{}, func(st *stage) { _ = st.Change("1001", map[string]string{"city": "Ely"}) },
			connector.Write{Op: connector.OpDelete, ID: "1001", Forever: true, Version: "2001-01-01T00:00:00Z"}, "no fault", false},
		{"nothing takes the call", sandbox.Options{}, func(st *stage) { st.Inject(sandbox.Fault{Path: "/gdpr-delete", Status: 404}) }, forever("1001"), "invalid", false},
		{"not allowed", sandbox.Options{}, func(st *stage) { st.Inject(sandbox.Fault{Path: "/gdpr-delete", Status: 403}) }, forever("1001"), "denied", false},
		{"the answer is lost", sandbox.Options{}, func(st *stage) { st.Inject(sandbox.Fault{Path: "/gdpr-delete", Lost: true}) }, forever("1001"), "unknown", false},
	} {
		st := newStage(t, row.options)
		st.Seed()
		c := st.open(t)
		row.play(st)
		o := c.Write(t.Context(), []connector.Write{row.write})[0]
		if got := faultOf(o.Fault); got != row.outcome {
			t.Errorf("%s: got %s %v, want %s", row.sentence, got, o.Fault, row.outcome)
		}
		if got := strings.Contains(st.archive(t), `"1001"`); got != row.kept {
			t.Errorf("%s: in the recycle bin: got %v, want %v", row.sentence, got, row.kept)
		}
	}
}

// An id that was merged leads to somebody else, who must not be deleted for it.
func TestADeletionForGoodOfAMergedContact(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Seed()
	c := st.open(t)
	into, err := st.Merge("1002", "1001")
	must(t, err)
	o := c.Write(t.Context(), []connector.Write{forever("1001")})[0]
	if faultOf(o.Fault) != "invalid" || !strings.Contains(o.Fault.Message, fmt.Sprint(into)) {
		t.Errorf("got %v, want it refused, with the contact it is now", o.Fault)
	}
	if items, err := c.Fetch(t.Context(), []string{fmt.Sprint(into)}); err != nil || items[0].Gone {
		t.Errorf("the contact that both became: got %+v, %v; want it there", items, err)
	}
}

// Who is to be deleted for good goes one by one; the first who cannot be deleted so does
// not stop the others, but a service that asks us to wait does.
func TestSeveralAreDeletedForGood(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Seed()
	c := st.open(t)
	writes := []connector.Write{forever("1001"), {Op: connector.OpDelete, ID: "1002"}, forever("1003")}
	for i, o := range c.Write(t.Context(), writes) {
		if o.Fault != nil {
			t.Errorf("write %d: %v", i, o.Fault)
		}
	}
	if got := st.Counts().ByCall; got["POST gdpr-delete"] != 2 || got["POST batch/archive"] != 1 {
		t.Errorf("calls: got %v, want two deletions for good and one batch", got)
	}
	st.Inject(sandbox.Fault{Path: "/gdpr-delete", Status: 429})
	for i, o := range c.Write(t.Context(), []connector.Write{forever("1004"), forever("1005"), {Op: connector.OpDelete, ID: "1004"}}) {
		if faultOf(o.Fault) != "busy" {
			t.Errorf("asked to wait, write %d: got %v, want busy", i, o.Fault)
		}
	}
}

// Whom people delete for good in HubSpot is listed nowhere: an edit here finds out, once,
// and what is linked with them stays or goes by the sync.
func TestAContactThatWasDeletedForGoodInHubSpot(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	f := newFlow(t, st)
	f.born(true)
	settle := func() { f.pass(time.Hour); f.run(); f.pass(time.Hour) }
	settle()
	settle()
	c := st.open(t)
	found, err := c.Find(t.Context(), "email", []string{"person1@example.com"})
	must(t, err)
	if o := c.Write(t.Context(), []connector.Write{forever(found[0].ID)})[0]; o.Fault != nil {
		t.Fatal(o.Fault)
	}
	f.pass(time.Hour)
	f.write(plan.Change{Action: plan.Update, Ref: f.refs[0], Fields: []plan.FieldChange{{Name: "note", New: "called", Rule: "edit"}}})
	for n, want := range []plan.Reason{plan.TargetGone, plan.LinkGone, plan.NoReason} {
		r := f.run()
		if want != plan.NoReason && r.Reasons[string(want)] != 1 || want != plan.TargetGone && r.Totals.Failed > 0 {
			t.Errorf("run %d: got %+v %v, want %q", n+1, r.Totals, r.Reasons, want)
		}
		f.pass(time.Hour)
	}
}

// An erasure leaves nothing in HubSpot's recycle bin.
func TestAnErasureInHubSpot(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	f := newFlow(t, st)
	f.born(true)
	for range 2 {
		f.pass(time.Hour)
		f.run()
	}
	f.pass(time.Hour)
	r, left, err := f.engine.Erase(t.Context(), f.sync, f.refs)
	if err != nil || r.Totals.Deleted != 1 || len(left) > 0 {
		t.Errorf("got %+v, left %v, %v; want one deleted", r.Totals, left, err)
	}
	if got := st.archive(t); st.Len() != 0 || strings.Contains(got, "person1@") {
		t.Errorf("got %d contacts and the recycle bin %s, want nobody", st.Len(), got)
	}
}
