package notify_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
)

// A step is a result as a row of the table writes it: what happened, and the
// events that ada, who wants to hear everything, is told of.
type step struct {
	what string
	want string
}

func result(run int64, what string) notify.Result {
	r := notify.Result{Sync: "attendees", Run: run, Totals: plan.Totals{Read: 100, Unchanged: 100}}
	switch what {
	case "ok":
		r.Outcome = notify.RunApplied
	case "unchanged":
		r.Outcome, r.Totals = notify.RunUnchanged, plan.Totals{}
	case "failed":
		r.Outcome, r.Code, r.Message = notify.RunFailed, "source.missing", "There is no file attendees.csv"
	case "blocked":
		r.Outcome, r.Stop = notify.RunBlocked, &plan.Stop{What: "deletes", Count: 31, Base: 200, Limit: "10%"}
	case "paused":
		r.Outcome = notify.RunPaused
	case "late":
		r.Outcome, r.Run = notify.RunLate, 0
	case "rejects":
		r.Outcome, r.Totals = notify.RunApplied, plan.Totals{Read: 100, Created: 90, Rejected: 9, Failed: 1}
		r.Reasons = map[string]int64{"email.invalid": 9, "target.invalid": 1, "match.exists": 70}
	case "conflicts":
		r.Outcome, r.Conflicts = notify.RunApplied, 3
	default:
		panic(what)
	}
	return r
}

func TestPeopleAreToldOnce(t *testing.T) {
	for _, row := range []struct {
		sentence string
		steps    []step
	}{
		{"nothing is said while all is well", []step{{"ok", ""}, {"unchanged", ""}, {"ok", ""}}},
		{"a failure is told once, and its end once", []step{{"failed", "failed"}, {"failed", ""}, {"failed", ""}, {"ok", "recovered"}, {"ok", ""}, {"failed", "failed"}}},
		{"a file that is there again as it was ends a failure", []step{{"failed", "failed"}, {"unchanged", "recovered"}}},
		{"the guard after a failure is another state", []step{{"failed", "failed"}, {"blocked", "guard"}, {"blocked", ""}, {"ok", "recovered"}}},
		{"rejects last until a run that has none", []step{{"rejects", "rejects"}, {"rejects", ""}, {"unchanged", ""}, {"ok", "recovered"}}},
		{"a failure says nothing about rejects", []step{{"rejects", "rejects"}, {"failed", "failed"}, {"rejects", "recovered"}, {"ok", "recovered"}}},
		{"late is told until the sync has run", []step{{"late", "late"}, {"late", ""}, {"ok", "recovered"}, {"late", "late"}}},
		{"late, then failed", []step{{"late", "late"}, {"failed", "failed"}, {"ok", "recovered"}}},
		{"a spent quota ends with the next run", []step{{"paused", "paused"}, {"paused", ""}, {"ok", "recovered"}}},
		{"conflicts wait until none is open", []step{{"conflicts", "conflicts"}, {"conflicts", ""}, {"ok", "recovered"}}},
		{"the guard still stands after a failure", []step{{"blocked", "guard"}, {"failed", "failed"}, {"blocked", "recovered"}, {"ok", "recovered"}}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			var state notify.State
			for i, s := range row.steps {
				var notices []notify.Notice
				state, notices = notify.Decide(state, result(int64(i+1), s.what), []notify.Rule{{Email: "ada@example.org"}})
				if got := events(notices); got != s.want {
					t.Errorf("step %d, %s: got %q, want %q", i+1, s.what, got, s.want)
				}
			}
		})
	}
}

// Whoever wants to hear of a sync from now on is not told of what was looked at before.
func TestTheSameResultIsNoNewsToANewRule(t *testing.T) {
	ada, bo := notify.Rule{Email: "ada@example.org"}, notify.Rule{Email: "bo@example.org"}
	state, _ := notify.Decide(notify.State{}, result(1, "failed"), []notify.Rule{ada})
	if _, notices := notify.Decide(state, result(1, "failed"), []notify.Rule{ada, bo}); len(notices) != 0 {
		t.Errorf("run 1 once more: got %q, want nothing", events(notices))
	}
	if _, notices := notify.Decide(state, result(2, "failed"), []notify.Rule{ada, bo}); len(notices) != 1 || notices[0].Rule.To() != bo.To() {
		t.Errorf("run 2: got %+v, want bo to be told", notices)
	}
}

func events(notices []notify.Notice) string {
	var words []string
	for _, n := range notices {
		words = append(words, string(n.Message.Event))
	}
	return strings.Join(words, " ")
}

func TestWhoIsTold(t *testing.T) {
	share, err := notify.ParseAmount("10%")
	if err != nil {
		t.Fatal(err)
	}
	count, err := notify.ParseAmount("9")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		sentence string
		rule     notify.Rule
		steps    []step
	}{
		{"only what the rule names", notify.Rule{On: []notify.Event{notify.Guard}}, []step{{"failed", ""}, {"blocked", "guard"}, {"ok", ""}}},
		{"the end of what the rule names", notify.Rule{On: []notify.Event{notify.Guard, notify.Recovered}}, []step{{"failed", ""}, {"ok", ""}, {"blocked", "guard"}, {"ok", "recovered"}}},
		{"exactly the share passes", notify.Rule{Over: share}, []step{{"rejects", ""}}},
		{"more than the number does not", notify.Rule{Over: count}, []step{{"rejects", "rejects"}}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			var state notify.State
			for i, s := range row.steps {
				var notices []notify.Notice
				state, notices = notify.Decide(state, result(int64(i+1), s.what), []notify.Rule{row.rule})
				if got := events(notices); got != s.want {
					t.Errorf("step %d, %s: got %q, want %q", i+1, s.what, got, s.want)
				}
			}
		})
	}
}

func TestAResultIsLookedAtOnce(t *testing.T) {
	rules := []notify.Rule{{Email: "ada@example.org"}}
	state, _ := notify.Decide(notify.State{}, result(7, "blocked"), rules)
	for _, row := range []struct {
		sentence, what string
		run            int64
		want           string
	}{
		{"the same run again", "blocked", 7, ""},
		{"an earlier run", "failed", 6, ""},
		{"the same run, approved and applied", "ok", 7, "recovered"},
	} {
		if _, notices := notify.Decide(state, result(row.run, row.what), rules); events(notices) != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, events(notices), row.want)
		}
	}
}

func TestSomebodyNewIsToldOfWhatLasts(t *testing.T) {
	ada, bob := notify.Rule{Email: "ada@example.org"}, notify.Rule{Channel: "ops"}
	state, _ := notify.Decide(notify.State{}, result(1, "failed"), []notify.Rule{ada})
	state, notices := notify.Decide(state, result(2, "failed"), []notify.Rule{ada, bob})
	if len(notices) != 1 || notices[0].Rule.Channel != "ops" {
		t.Errorf("got %+v, want one for the channel that was added", notices)
	}
	state, _ = notify.Decide(state, result(3, "failed"), []notify.Rule{bob})
	if _, left := state.Open["ada@example.org"]; left {
		t.Error("who is told no more is still in the state")
	}
}

// Laws: whatever happens, nobody is told of one problem twice without an end in
// between, "recovered" comes only after a problem and never beside one, and after a
// good run without conflicts nothing is open.
func TestLaws(t *testing.T) {
	kinds := []string{"ok", "unchanged", "failed", "blocked", "paused", "late", "rejects", "conflicts"}
	rapid.Check(t, func(t *rapid.T) {
		rules := []notify.Rule{{Email: "ada@example.org"}}
		var state notify.State
		told := map[notify.Event]bool{}
		for i, what := range rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 30).Draw(t, "runs") {
			before := state
			var notices []notify.Notice
			state, notices = notify.Decide(state, result(int64(i+1), what), rules)
			open := state.Open["ada@example.org"]
			for _, n := range notices {
				e := n.Message.Event
				if e == notify.Recovered && (len(notices) > 1 || len(before.Open) == 0) {
					t.Fatalf("run %d (%s): recovered beside %q, before it %v was open", i+1, what, events(notices), before.Open)
				}
				if e != notify.Recovered && told[e] {
					t.Fatalf("run %d (%s): %s was told already", i+1, what, e)
				}
			}
			for _, e := range notify.Events() {
				told[e] = slices.Contains(open, e)
			}
			if what == "ok" && len(open) > 0 {
				t.Fatalf("run %d was good, and %v is open", i+1, open)
			}
			if _, again := notify.Decide(state, result(int64(i+1), what), rules); len(again) > 0 {
				t.Fatalf("run %d (%s) told again: %q", i+1, what, events(again))
			}
		}
	})
}

func TestAmounts(t *testing.T) {
	for _, row := range []struct {
		text    string
		n, all  int64
		exceeds bool
	}{
		{"0", 0, 10, false}, {"0", 1, 10, true}, {"10", 10, 10, false}, {"10", 11, 100, true},
		{"5%", 5, 100, false}, {"5%", 6, 100, true}, {"2.5 %", 26, 1000, true}, {"100%", 9, 9, false}, {"0%", 1, 1 << 40, true},
	} {
		a, err := notify.ParseAmount(row.text)
		if err != nil || a.Exceeded(row.n, row.all) != row.exceeds {
			t.Errorf("%d of %d against %s: got %v, %v, want %v", row.n, row.all, row.text, a.Exceeded(row.n, row.all), err, row.exceeds)
		}
		if again, err := notify.ParseAmount(a.String()); err != nil || again != a {
			t.Errorf("%s written and read again: got %v, %v", row.text, again, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "1.5", "101%", "-1%", "%", "NaN%", "1e3"} {
		if a, err := notify.ParseAmount(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, a)
		}
	}
}
