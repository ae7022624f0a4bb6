package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// draw makes any schedule that has no problem.
func draw(t *rapid.T, zones []string) Schedule {
	number := func(name string, least, most int) int { return rapid.IntRange(least, most).Draw(t, name) }
	some := func(name string, items ...string) Texts {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(items), 1, 3, rapid.ID).Draw(t, name)
	}
	day := func(name string) time.Time { return time.Date(2024, 1, number(name, 1, 1800), 0, 0, 0, 0, time.UTC) }
	u := unit(number("unit", int(minute), int(year)))
	from := day("from")
	s := Schedule{Every: u.every(number("interval", 1, 40)), Zone: rapid.SampledFrom(zones).Draw(t, "zone"),
		From: from.Format(time.DateOnly)}
	if u == weekday {
		s.Every = "weekday"
	}
	switch {
	case u == week:
		s.Days = some("days", weekdayNames()...)
	case u > week && rapid.Bool().Draw(t, "nth"):
		s.Days = some("days", "first monday", "second tuesday", "last sunday", "fourth friday")
	case u > week:
		s.Days = some("days", "1", "15", "28", "29", "31", "last day")
	}
	if u == year {
		s.Months = some("months", monthNames()...)
	}
	if !u.fixed() {
		for range number("times", 1, 3) {
			if at := clock(number("at", 0, 1439)); len(s.At) == 0 || s.At[len(s.At)-1] < at {
				s.At = append(s.At, at)
			}
		}
	}
	switch number("range", 0, 2) {
	case 1:
		s.Until = from.AddDate(0, 0, number("length", 1, 3000)).Format(time.DateOnly)
	case 2:
		s.Count = number("count", 1, 50)
	}
	if len(s.Check()) > 0 {
		t.Skip("never comes")
	}
	canonical, _ := s.Canonical()
	return canonical
}

// TestLaws holds what is true of every schedule: each run is later than the one
// before, none is before from or after until, the count is exact, Next agrees with
// After, and text and JSON give the same schedule again.
func TestLaws(t *testing.T) {
	zones := allZones(t)
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, zones)
		zone, _ := loadZone(s.Zone)
		from, _, _ := parseMoment(s.From, false)
		first := resolve(from, zone)
		var last time.Time
		n := 0
		for run := range s.After(time.Time{}) {
			if n > 0 && !run.After(last) {
				t.Fatalf("%s: run %d at %v is not after %v", s, n, run, last)
			}
			if run.Before(first) {
				t.Fatalf("%s: run %d at %v is before it begins", s, n, run)
			}
			if until, _, ok := parseMoment(s.Until, true); ok && run.After(resolve(until, zone)) {
				t.Fatalf("%s: run %d at %v is after its end", s, n, run)
			}
			if next, ok := s.Next(last); !ok || !next.Equal(run) {
				t.Fatalf("%s: next after %v: got %v, %v, want %v", s, last, next, ok, run)
			}
			if n, last = n+1, run; n == 60 {
				break
			}
		}
		if s.Count > 0 && n != s.Count && last.Year() < 2200 { // farther than anybody plans, the count is not reached
			t.Fatalf("%s: got %d runs, want %d", s, n, s.Count)
		}
		again, err := Parse(s.String())
		if err != nil || fmt.Sprint(again) != fmt.Sprint(s) {
			t.Fatalf("%s: read again: got %s, %v", s, again, err)
		}
	})
}

// TestDueLaws holds that a dispatcher that looks at any moments starts each run
// once, or makes up for several with one.
func TestDueLaws(t *testing.T) {
	zones := allZones(t)
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, zones)
		now, ok := s.Next(time.Time{})
		last, taken := now.Add(-time.Second), 0
		for ok && rapid.Bool().Draw(t, "go on") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "hours")) * time.Hour)
			due := s.Due(last, now, time.Minute)
			if !due.Next.IsZero() && !due.Next.After(now) {
				t.Fatalf("%s: next at %v is not after %v", s, due.Next, now)
			}
			if due.Planned.IsZero() {
				continue
			}
			if due.Planned.After(now) || !due.Planned.After(last) {
				t.Fatalf("%s: due at %v: %v, with %v taken already", s, now, due.Planned, last)
			}
			last, taken = due.Planned, taken+1+due.Missed
		}
		all := 0
		for run := range s.After(time.Time{}) {
			if run.After(last) {
				break
			}
			all++
		}
		if all != taken {
			t.Fatalf("%s: up to %v: got %d runs, want %d", s, last, taken, all)
		}
	})
}

// FuzzParse: no text ends the program, and what is read is read again the same.
func FuzzParse(f *testing.F) {
	for _, k := range kinds() {
		f.Add(k.in("Europe/Paris").String())
	}
	f.Add("every 15 minutes")
	f.Add("rrule FREQ=YEARLY;BYMONTH=1,2;BYDAY=-53MO;BYSETPOS=-366 zone UTC from 2026-01-01")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q: %s is read again as %s, %v", text, s, again, err)
		}
		first, ok := s.Next(time.Time{})
		if !ok {
			t.Fatalf("%q: %s has no run", text, s)
		}
		if next, ok := s.Next(first); ok && !next.After(first) {
			t.Fatalf("%q: %s: %v is not after %v", text, s, next, first)
		}
		if s.Describe() == "" || len(s.ICalendar()) == 0 {
			t.Fatalf("%q: %s cannot be said", text, s)
		}
	})
}

// TestAnyRule holds that no rule of RFC 5545 ends the program: it is a problem, or it
// comes, each time later than before.
func TestAnyRule(t *testing.T) {
	numbers := func(t *rapid.T, name string, least, most int) string {
		var list []string
		for _, n := range rapid.SliceOfN(rapid.IntRange(least, most), 1, 4).Draw(t, name) {
			list = append(list, fmt.Sprint(n))
		}
		return name + "=" + strings.Join(list, ",")
	}
	rapid.Check(t, func(t *rapid.T) {
		parts := []string{"FREQ=" + rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}).Draw(t, "freq")}
		maybe := func(part func() string) {
			if rapid.IntRange(0, 3).Draw(t, "part") == 0 {
				parts = append(parts, part())
			}
		}
		maybe(func() string { return fmt.Sprint("INTERVAL=", rapid.IntRange(0, 1001).Draw(t, "interval")) })
		maybe(func() string { return numbers(t, "BYMONTH", 0, 13) })
		maybe(func() string { return numbers(t, "BYMONTHDAY", -32, 32) })
		maybe(func() string { return numbers(t, "BYYEARDAY", -367, 367) })
		maybe(func() string { return numbers(t, "BYWEEKNO", -54, 54) })
		maybe(func() string { return numbers(t, "BYSETPOS", -367, 367) })
		maybe(func() string { return numbers(t, "BYHOUR", 0, 24) })
		maybe(func() string { return numbers(t, "BYMINUTE", 0, 60) })
		maybe(func() string {
			return "BYDAY=" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"MO", "-1FR", "5SU", "-53TU", "53WE", "0TH", "SA"}), 1, 3).Draw(t, "days"), ",")
		})
		maybe(func() string { return "WKST=" + rapid.SampledFrom([]string{"SU", "WE", "2MO"}).Draw(t, "wkst") })
		maybe(func() string { return fmt.Sprint("COUNT=", rapid.IntRange(0, 30).Draw(t, "count")) })
		s := Schedule{RRule: strings.Join(parts, ";"), Zone: "America/New_York", From: "2026-02-28T02:30"}
		if len(s.Check()) > 0 {
			return
		}
		var last time.Time
		n := 0
		for run := range s.After(time.Time{}) {
			if !run.After(last) {
				t.Fatalf("%s: %v is not after %v", s, run, last)
			}
			if next, ok := s.Next(last); !ok || !next.Equal(run) {
				t.Fatalf("%s: next after %v: got %v, %v, want %v", s, last, next, ok, run)
			}
			if n, last = n+1, run; n == 40 {
				break
			}
		}
		if n == 0 {
			t.Fatalf("%s has no problem and never comes", s)
		}
	})
}
