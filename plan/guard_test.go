package plan_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/plan"
)

// C39, settled question 4, torture test 7: more than the limit blocks, exactly
// the limit passes, adds never count.
func TestGuard(t *testing.T) {
	ten := plan.Guard{Deletes: plan.Percent(10)}
	all := plan.Guard{Changes: plan.Percent(10)}
	for _, c := range []struct {
		what   string
		guard  plan.Guard
		totals plan.Totals
		base   int64
		want   string // what the guard objects to; "" when it lets the plan pass
	}{
		{"9.99 % pass", ten, plan.Totals{Deleted: 999}, 10000, ""},
		{"exactly 10 % pass", ten, plan.Totals{Deleted: 1000}, 10000, ""},
		{"10.01 % block", ten, plan.Totals{Deleted: 1001}, 10000, "deletes"},
		{"one of ten is exactly 10 %", ten, plan.Totals{Deleted: 1}, 10, ""},
		{"one of nine is more", ten, plan.Totals{Deleted: 1}, 9, "deletes"},
		{"one of one is everybody", ten, plan.Totals{Deleted: 1}, 1, "deletes"},
		{"no deletes are never too many", ten, plan.Totals{Created: 500}, 0, ""},
		{"a delete out of nothing is too many", ten, plan.Totals{Deleted: 1}, 0, "deletes"},
		{"adds never count", ten, plan.Totals{Created: 1 << 40, Deleted: 10}, 100, ""},
		{"updates do not count as deletes", ten, plan.Totals{Updated: 100}, 100, ""},
		{"the Contact Manager counts updates: 10 % pass", all, plan.Totals{Updated: 6, Deleted: 4, Created: 50}, 100, ""},
		{"the Contact Manager counts updates: 11 % block", all, plan.Totals{Updated: 7, Deleted: 4}, 100, "changes"},
		{"held, skipped and rejected records change nobody", all, plan.Totals{Held: 90, Skipped: 90, Rejected: 90}, 100, ""},
		{"0 % allows no delete at all", plan.Guard{Deletes: plan.Percent(0)}, plan.Totals{Deleted: 1}, 1 << 40, "deletes"},
		{"100 % allows every delete", plan.Guard{Deletes: plan.Percent(100)}, plan.Totals{Deleted: 7}, 7, ""},
		{"a number of deletes can be the limit: as many pass", plan.Guard{MaxDeletes: 5}, plan.Totals{Deleted: 5}, 5, ""},
		{"a number of deletes can be the limit: one more blocks", plan.Guard{MaxDeletes: 5}, plan.Totals{Deleted: 6}, 1000, "deletes"},
		{"no limit, no objection", plan.Guard{}, plan.Totals{Deleted: 100}, 100, ""},
		{"ten million contacts do not overflow", ten, plan.Totals{Deleted: 1_000_001}, 10_000_000, "deletes"},
	} {
		stop := c.guard.Check(c.totals, c.base)
		got := ""
		if stop != nil {
			got = stop.What
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

func TestGuardSaysWhatHappened(t *testing.T) {
	for _, c := range []struct {
		what string
		stop plan.Stop
		want string
	}{
		{"deletes", plan.Stop{What: "deletes", Count: 31, Base: 200, Limit: "10%"},
			"31 of 200 contacts (15.5 %) would be deleted; the limit is 10 %. Nothing was written."},
		{"changes", plan.Stop{What: "changes", Count: 2, Base: 3, Limit: "10%"},
			"2 of 3 contacts (66.7 %) would be deleted or changed; the limit is 10 %. Nothing was written."},
		{"just over the limit does not read as the limit", plan.Stop{What: "deletes", Count: 1001, Base: 10000, Limit: "10%"},
			"1001 of 10000 contacts (10.01 %) would be deleted; the limit is 10 %. Nothing was written."},
	} {
		if got := c.stop.Message(); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.what, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct{ what, text, want, fault string }{
		{"a percentage", "10%", "10%", ""},
		{"with a space", " 2.5 % ", "2.5%", ""},
		{"hundredths count", "10.01%", "10.01%", ""},
		{"no limit", "none", "none", ""},
		{"nothing said is no limit", "", "none", ""},
		{"zero is a limit", "0%", "0%", ""},
		{"a bare number could mean anything", "10", "", "not a share"},
		{"more than all", "101%", "", "not a share"},
		{"less than nothing", "-1%", "", "not a share"},
		{"not a number", "NaN%", "", "not a share"},
		{"infinity", "Inf%", "", "not a share"},
		{"words", "a tenth", "", "not a share"},
	} {
		got, err := plan.ParseLimit(c.text)
		switch {
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: %q gives %v and error %v, want an error with %q", c.what, c.text, got, err, c.fault)
		case c.fault == "" && (err != nil || got.String() != c.want):
			t.Errorf("%s: %q gives %v and error %v, want %s", c.what, c.text, got, err, c.want)
		}
	}
}

// Guard monotone: what passes still passes with fewer deletes and updates, with
// more creates, with a larger book and with a higher limit.
func TestPropGuardIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := func(label string) int64 { return rapid.Int64Range(0, 50).Draw(t, label) }
		g := plan.Guard{Deletes: plan.Percent(small("deletes limit")), Changes: plan.Percent(small("changes limit")), MaxDeletes: small("most deletes")}
		totals, base := plan.Totals{Deleted: small("deleted"), Updated: small("updated"), Created: small("created")}, small("base")
		if g.Check(totals, base) != nil {
			return
		}
		easier := plan.Totals{
			Deleted: rapid.Int64Range(0, totals.Deleted).Draw(t, "fewer deletes"),
			Updated: rapid.Int64Range(0, totals.Updated).Draw(t, "fewer updates"),
			Created: totals.Created + small("more creates"),
		}
		if stop := g.Check(easier, base+small("more contacts")); stop != nil {
			t.Fatalf("%+v of %d passes, %+v does not: %+v", totals, base, easier, stop)
		}
		g.Deletes = plan.Percent(rapid.Int64Range(50, 100).Draw(t, "higher limit"))
		if stop := g.Check(totals, base); stop != nil {
			t.Fatalf("%+v of %d passes, not with a higher limit: %+v", totals, base, stop)
		}
	})
}

// Settled question 4: a fifth in 24 hours, and never less than two runs may remove.
func TestTheLimitOfADay(t *testing.T) {
	for _, row := range []struct {
		sentence string
		guard    plan.Guard
		want     string
	}{
		{"a fifth, where nothing is said", plan.Guard{}, "20%"},
		{"a fifth, where one run may remove little", plan.Guard{Deletes: plan.Percent(2), Explicit: true}, "20%"},
		{"twice what one run may remove, where that is more", plan.Guard{Deletes: plan.Percent(40), Explicit: true}, "80%"},
		{"twice what one run may change, where it may remove anybody", plan.Guard{Deletes: plan.NoLimit, Changes: plan.Percent(15), Explicit: true}, "30%"},
		{"twice the stricter of both", plan.Guard{Deletes: plan.Percent(10), Changes: plan.Percent(50), Explicit: true}, "20%"},
		{"everybody, where one run may remove more than half", plan.Guard{Deletes: plan.Percent(60), Explicit: true}, "100%"},
		{"none, where one run may remove a number, whatever its share", plan.Guard{Deletes: plan.NoLimit, MaxDeletes: 500, Explicit: true}, "none"},
		{"none, where one run may remove everybody", plan.Guard{Deletes: plan.NoLimit, Explicit: true}, "none"},
		{"what is said", plan.Guard{Deletes: plan.Percent(40), Day: plan.Percent(50), Explicit: true}, "50%"},
	} {
		if got := (plan.Sync{Guard: row.guard}).Defaults().Guard.DayLimit().String(); got != row.want {
			t.Errorf("%s: got %s, want %s", row.sentence, got, row.want)
		}
	}
}
