package link_test

import (
	"errors"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
)

// What a remote that takes no writes would be asked to write is refused when the
// sync is planned, in words that say which line to mend.
func TestEveryRunToOurStaffDirectoryEndsWithErrors(t *testing.T) {
	book, staff := plan.Endpoint{Book: "people"}, plan.Endpoint{Connection: "staff"}
	field := func(direction string) []plan.Mapping {
		return []plan.Mapping{{From: "email", To: "email"}, {From: "phone", To: "phone", Direction: direction}}
	}
	for _, c := range []struct {
		what string
		def  plan.Sync
		want string // empty: it runs
	}{
		{"it is the source, and one way", plan.Sync{Source: staff, Target: book}, ""},
		{"a field names the way it goes anyhow", plan.Sync{Source: staff, Target: book, Map: field(plan.ToTarget)}, ""},
		{"two ways", plan.Sync{Source: staff, Target: book, Direction: plan.TwoWay},
			"staff takes no writes; leave direction out. Nothing was changed"},
		{"two ways, from the book", plan.Sync{Source: book, Target: staff, Direction: plan.TwoWay},
			"staff takes no writes, so it cannot be the target; make it the source, and leave direction out. Nothing was changed"},
		{"it is the target", plan.Sync{Source: book, Target: staff},
			"staff takes no writes, so it cannot be the target; make it the source. Nothing was changed"},
		{"one field goes back", plan.Sync{Source: staff, Target: book, Map: field(plan.ToSource)},
			"staff takes no writes; leave the direction of phone out. Nothing was changed"},
		{"one field goes both ways", plan.Sync{Source: staff, Target: book, Map: field(plan.BothWays)},
			"staff takes no writes; leave the direction of phone out. Nothing was changed"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, c.def)
			w.remote.Can.ReadOnly = true
			w.remote.Add(ada())
			w.add(map[string]string{"email": "bob@example.org", "company": "Acme"})
			if c.want == "" {
				w.rest()
				return
			}
			r, err := w.engine.Plan(t.Context(), w.sync)
			var known *run.Error
			if !errors.As(err, &known) || known.Code != run.CodeConfig || known.Message != c.want || r.Code != run.CodeConfig {
				t.Errorf("got %s: %v\nwant %s: %s", r.Code, err, run.CodeConfig, c.want)
			}
			w.want("the book", w.here(), "1 company=Acme email=bob@example.org")
			if n := w.remote.Calls["changes"]; n > 0 {
				t.Errorf("%d pages were read before it was refused", n)
			}
		})
	}
}

// What a remote answered is said once, with one full stop, and promises nothing
// that the next sentence takes back.
func TestAFaultIsSaidOnce(t *testing.T) {
	for _, c := range []struct {
		what  string
		fault connector.Fault
		want  string
	}{
		{"a sentence", connector.Fault{Kind: connector.Busy, Message: "The server is busy."}, "remote: The server is busy. Nothing more was written. Run the sync again later"},
		{"a phrase", connector.Fault{Kind: connector.Quota, Message: "paused for quota, resumes 00:00 UTC"}, "remote: paused for quota, resumes 00:00 UTC. What was not done is done by the next run"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, plan.Sync{})
			w.remote.Before = func(string) *connector.Fault { return &c.fault }
			if r, _ := w.engine.Plan(t.Context(), w.sync); r.Message != c.want {
				t.Errorf("got  %s\nwant %s", r.Message, c.want)
			}
		})
	}
}
