package polite_test

import (
	"context"
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // the rows name zones

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/polite"
)

func at(t *testing.T, zone, text string) (*clock, *time.Location) {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return &clock{now: now}, loc
}

func TestWhenTheAllowanceIsRenewed(t *testing.T) {
	for _, c := range []struct {
		name, zone, now string
		message         string
		after           time.Duration
	}{
		{"at midnight", "UTC", "2026-11-22 09:00", "paused for quota, resumes 00:00 UTC", 15 * time.Hour},
		{"a minute before midnight", "Europe/London", "2026-11-22 23:59", "paused for quota, resumes 00:00 Europe/London", time.Minute},
		{"at midnight exactly, the day is new", "Europe/London", "2026-11-22 00:00", "paused for quota, resumes 00:00 Europe/London", 24 * time.Hour},
		{"a day of 23 hours", "America/New_York", "2026-03-08 00:00", "paused for quota, resumes 00:00 America/New_York", 23 * time.Hour},
		{"a day of 25 hours", "America/New_York", "2026-11-01 00:00", "paused for quota, resumes 00:00 America/New_York", 25 * time.Hour},
		{"a day without midnight", "Africa/Cairo", "2026-04-23 12:00", "paused for quota, resumes 01:00 Africa/Cairo", 12 * time.Hour},
		{"another day without midnight", "America/Santiago", "2026-09-05 12:00", "paused for quota, resumes 01:00 America/Santiago", 12 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock, zone := at(t, c.zone, c.now)
			r := polite.Budget(&scripted{}, polite.Allowance{PerDay: 1, Zone: zone}, &polite.Tally{}, clock)
			if _, err := r.Schema(ctx); err != nil {
				t.Fatal(err)
			}
			_, err := r.Schema(ctx)
			var f *connector.Fault
			if !errors.As(err, &f) {
				t.Fatalf("got %v, want a fault", err)
			}
			equal(t, "kind", f.Kind, connector.Quota)
			equal(t, "message", f.Message, c.message)
			equal(t, "after", f.RetryAfter, c.after)

			_ = clock.Sleep(ctx, f.RetryAfter-time.Second)
			if _, err := r.Schema(ctx); err == nil {
				t.Error("a second before renewal a call was made")
			}
			_ = clock.Sleep(ctx, time.Second)
			if _, err := r.Schema(ctx); err != nil {
				t.Errorf("after renewal: %v", err)
			}
		})
	}
}

func TestASpentBudgetStopsEveryCall(t *testing.T) {
	s := &scripted{pages: map[string][]step{"": {page("1", "a")}}}
	counted := polite.Count(s)
	r := polite.Budget(counted, polite.Allowance{PerDay: 1}, &polite.Tally{}, newClock())
	_, _ = r.Schema(ctx)
	_, schema := r.Schema(ctx)
	_, fetch := r.Fetch(ctx, []string{"1"})
	_, find := r.Find(ctx, "email", []string{"a"})
	ids, changes := list(r, "")
	for method, err := range map[string]error{"Schema": schema, "Fetch": fetch, "Find": find, "Changes": changes} {
		if f := new(connector.Fault); !errors.As(err, &f) || f.Kind != connector.Quota {
			t.Errorf("%s: got %v, want Quota", method, err)
		}
	}
	got := r.Write(ctx, creates("a", "b"))
	equal(t, "outcomes", len(got), 2)
	for _, o := range got {
		equal(t, "kind", kindOf(o.Fault), connector.Quota)
		equal(t, "message", o.Fault.Message, "paused for quota, resumes 00:00 UTC")
	}
	equal(t, "records listed", len(ids), 0)
	equal(t, "calls made", counted.Counts(), polite.Counts{Schema: 1})
}

// A remote that makes several calls of its writes is not let begin what it could not
// finish.
func TestWritesOfSeveralCalls(t *testing.T) {
	for left, want := range map[int]int{3: 1, 2: 0} {
		counted := &wide{Counted: polite.Count(&scripted{})}
		r := polite.Budget(counted, polite.Allowance{PerDay: left}, &polite.Tally{}, newClock())
		o := r.Write(ctx, creates("a", "b", "c"))[0]
		if sent := counted.Counts().Write; sent != want || (o.Fault == nil) != (want == 1) {
			t.Errorf("three calls, %d left: sent %d times, %v; want %d", left, sent, o.Fault, want)
		}
	}
}

// A wide remote makes a call of each write.
type wide struct{ *polite.Counted }

func (*wide) Calls(writes []connector.Write) int { return len(writes) }

// Two runs and two processes share a ledger; together they stay within it.
func TestPropNeverMoreCallsThanTheDayAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		allowed := rapid.IntRange(1, 12).Draw(t, "allowed")
		c, ledger := newClock(), &polite.Tally{}
		perDay := map[string]int{}
		s := &scripted{during: func() { perDay[c.Now().Format(time.DateOnly)]++ }}
		both := []connector.Remote{
			polite.Budget(s, polite.Allowance{PerDay: allowed}, ledger, c),
			polite.Budget(s, polite.Allowance{PerDay: allowed}, ledger, c),
		}
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			_ = c.Sleep(ctx, time.Duration(rapid.Int64Range(0, int64(4*time.Hour)).Draw(t, "pause")))
			r := both[rapid.IntRange(0, 1).Draw(t, "who")]
			made, day := perDay[c.Now().Format(time.DateOnly)], c.Now().Format(time.DateOnly)
			switch rapid.IntRange(0, 2).Draw(t, "method") {
			case 0:
				_, _ = r.Fetch(ctx, nil)
			case 1:
				r.Write(ctx, creates("a"))
			default:
				s.pages = map[string][]step{"": {page("1", "a"), complete(page("2", "b"))}}
				_, _ = list(r, "")
			}
			if made < allowed && perDay[day] == made {
				t.Fatalf("a call was not made although only %d of %d were", made, allowed)
			}
		}
		for day, n := range perDay {
			if n > allowed {
				t.Fatalf("%d calls on %s, want at most %d", n, day, allowed)
			}
		}
	})
}

func TestTheSystemsOwnQuotaIsHeeded(t *testing.T) {
	for _, c := range []struct {
		name    string
		after   time.Duration
		message string
	}{
		{"it says when", 90 * time.Minute, "paused for quota, resumes 10:30 UTC"},
		{"it says that it takes days", 50 * time.Hour, "paused for quota, resumes 24 November 11:00 UTC"},
		{"it does not say", 0, "paused for quota, resumes 00:00 UTC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			said := &connector.Fault{Kind: connector.Quota, RetryAfter: c.after, Message: "as the system says it"}
			counted := polite.Count(&scripted{writes: map[string][]*connector.Fault{"a": {said}}})
			r := polite.Budget(counted, polite.Allowance{}, &polite.Tally{}, clock)
			equal(t, "first", r.Write(ctx, creates("a"))[0].Fault, said)
			equal(t, "next", r.Write(ctx, creates("a"))[0].Fault.Message, c.message)
			_ = clock.Sleep(ctx, max(c.after, 15*time.Hour))
			equal(t, "after it", r.Write(ctx, creates("a"))[0].Fault, nil)
			equal(t, "calls made", counted.Counts().Write, 2)
		})
	}
}

type lost struct{}

func (lost) Spend(context.Context, string, int) (bool, error) { return false, errors.New("disk full") }

func TestWithoutItsLedgerNothingIsSent(t *testing.T) {
	counted := polite.Count(&scripted{})
	r := polite.Budget(counted, polite.Allowance{PerDay: 1}, lost{}, newClock())
	equal(t, "outcome", kindOf(r.Write(ctx, creates("a"))[0].Fault), connector.Busy)
	if _, err := r.Schema(ctx); err == nil || err.Error() != "count a call: disk full" {
		t.Errorf("Schema: got %v", err)
	}
	equal(t, "calls made", counted.Counts(), polite.Counts{})
}

// All four together: attempts wait their turn and are counted, and a spent
// budget is not repeated.
func TestTheDecoratorsTogether(t *testing.T) {
	busy := fault(connector.Busy)
	s := &scripted{calls: []error{busy, busy, nil, busy}, pages: map[string][]step{"": {page("1", "a"), complete(page("2", "b"))}}}
	c := newClock()
	counted := polite.Count(s)
	r := polite.Retry(polite.Limit(polite.Budget(counted, polite.Allowance{PerDay: 6}, &polite.Tally{}, c), polite.Pace{PerSecond: 1}, c), polite.Patience{Tries: 5, Repeats: 9}, c, chance())
	if _, err := r.Fetch(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if ids, err := list(r, ""); err != nil || len(ids) != 2 {
		t.Fatalf("listed %v, %v", ids, err)
	}
	_, err := r.Fetch(ctx, nil) // busy, and its repeat is one call too many
	if f := new(connector.Fault); !errors.As(err, &f) || f.Kind != connector.Quota {
		t.Errorf("got %v, want Quota", err)
	}
	equal(t, "calls", counted.Counts(), polite.Counts{Fetch: 4, Changes: 1, Pages: 2})
	equal(t, "name", r.Name(), "Example: people")
	equal(t, "promises", r.Promises().WriteBatch, 200)
}
