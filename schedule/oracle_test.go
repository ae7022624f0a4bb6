package schedule

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // cmd embeds the same zones
)

// The oracle knows no rule and no zone bounds. For a zone it walks every quarter of
// an hour of five years and notes when the clock on the wall first reached each
// quarter; for a kind it asks of every day and quarter of the calendar whether it is
// one. All clock changes of these years happen at quarters (TestQuarters).

const quarter = 15 * time.Minute

var (
	oracleStart = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	oracleEnd   = time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)
)

// reached tells for each quarter on the wall when a clock first showed it or more.
func reached(zone *time.Location) []time.Time {
	out := make([]time.Time, oracleEnd.Sub(oracleStart)/quarter)
	next := 0
	for t := oracleStart.Add(-26 * time.Hour).In(zone); next < len(out); t = t.Add(quarter) {
		_, offset := t.Zone()
		shows := int((t.Unix() + int64(offset) - oracleStart.Unix()) / int64(quarter/time.Second))
		if t.Unix()+int64(offset) < oracleStart.Unix() {
			continue
		}
		for ; next <= shows && next < len(out); next++ {
			out[next] = t
		}
	}
	return out
}

// A kind is a recurrence and what it means, said again in another way.
type kind struct {
	name string
	Schedule
	day func(d time.Time) bool
	at  []string // the schedule's own when nil
}

func (k kind) in(zone string) Schedule {
	s := k.Schedule
	s.Zone = zone
	return s
}

// walls are the quarters on the wall that the kind names.
func (k kind) walls(t *testing.T) (out []time.Time) {
	t.Helper()
	at := k.at
	if at == nil {
		at = k.At
	}
	for d := oracleStart; d.Before(oracleEnd); d = d.AddDate(0, 0, 1) {
		if !k.day(d) {
			continue
		}
		for _, text := range at {
			clock, err := time.Parse("15:04", text)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, d.Add(time.Duration(clock.Hour())*time.Hour+time.Duration(clock.Minute())*time.Minute))
		}
	}
	return out
}

func daysSince(text string, d time.Time) int {
	from, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return int(d.Sub(from).Hours() / 24)
}

func weekdayIs(d time.Time, days ...time.Weekday) bool { return slices.Contains(days, d.Weekday()) }

// nthOfMonth counts the days before, or behind, of the same weekday.
func nthOfMonth(d time.Time) int   { return (d.Day()-1)/7 + 1 }
func lastOfMonth(d time.Time) bool { return d.AddDate(0, 0, 7).Month() != d.Month() }
func lastDay(d time.Time) bool     { return d.AddDate(0, 0, 1).Day() == 1 }
func always(time.Time) bool        { return true }

func kinds() []kind {
	from := "2024-01-01"
	return []kind{
		{"every day", Schedule{Every: "day", At: Texts{"02:00"}}, always, nil},
		{"several times a day", Schedule{Every: "day", At: Texts{"00:00", "00:30", "01:15", "02:30", "02:45", "03:00", "23:45"}, From: from}, always, nil},
		{"every other day", Schedule{Every: "2 days", At: Texts{"02:30"}, From: "2024-01-02"},
			func(d time.Time) bool { return daysSince("2024-01-02", d) >= 0 && daysSince("2024-01-02", d)%2 == 0 }, nil},
		{"every ten days from a time of day on", Schedule{Every: "10 days", At: Texts{"01:30", "12:00"}, From: "2024-02-03T12:00"},
			func(d time.Time) bool { n := daysSince("2024-02-03", d); return n >= 0 && n%10 == 0 }, nil},
		{"weekdays", Schedule{Every: "weekday", At: Texts{"02:30"}}, func(d time.Time) bool { return !weekdayIs(d, time.Saturday, time.Sunday) }, nil},
		{"every week", Schedule{Every: "week", Days: Texts{"monday", "sunday", "friday"}, At: Texts{"00:15"}},
			func(d time.Time) bool { return weekdayIs(d, time.Monday, time.Friday, time.Sunday) }, nil},
		{"every second week", Schedule{Every: "2 weeks", Days: Texts{"sunday", "wednesday"}, At: Texts{"02:00"}, From: "2024-01-10"},
			func(d time.Time) bool { // 8 January was the Monday of that week
				n := daysSince("2024-01-08", d)
				return n >= 2 && n/7%2 == 0 && weekdayIs(d, time.Sunday, time.Wednesday)
			}, nil},
		{"the first and the fifteenth", Schedule{Every: "month", Days: Texts{"1", "15"}, At: Texts{"00:00"}}, func(d time.Time) bool { return d.Day() == 1 || d.Day() == 15 }, nil},
		{"the last day", Schedule{Every: "month", Days: Texts{"last day"}, At: Texts{"23:30"}}, lastDay, nil},
		{"the thirty-first, where there is one", Schedule{Every: "month", Days: Texts{"31"}, At: Texts{"02:00"}}, func(d time.Time) bool { return d.Day() == 31 }, nil},
		{"the last Sunday: the nights of Europe", Schedule{Every: "month", Days: Texts{"last sunday"}, At: Texts{"01:00", "02:30", "03:00"}},
			func(d time.Time) bool { return d.Weekday() == time.Sunday && lastOfMonth(d) }, nil},
		{"the first and second Sunday: the nights of America", Schedule{Every: "month", Days: Texts{"first sunday", "second sunday"}, At: Texts{"01:30", "02:15"}},
			func(d time.Time) bool { return d.Weekday() == time.Sunday && nthOfMonth(d) <= 2 }, nil},
		{"the fifth Friday", Schedule{Every: "month", Days: Texts{"fifth friday"}, At: Texts{"02:00"}},
			func(d time.Time) bool { return d.Weekday() == time.Friday && nthOfMonth(d) == 5 }, nil},
		{"every third month", Schedule{Every: "3 months", Days: Texts{"first saturday", "last friday"}, At: Texts{"00:30"}, From: "2024-02-20"},
			func(d time.Time) bool {
				months := (d.Year()-2024)*12 + int(d.Month()) - 2
				named := d.Weekday() == time.Saturday && nthOfMonth(d) == 1 || d.Weekday() == time.Friday && lastOfMonth(d)
				return months%3 == 0 && named && daysSince("2024-02-20", d) >= 0
			}, nil},
		{"every year", Schedule{Every: "year", Months: Texts{"march", "october"}, Days: Texts{"last sunday"}, At: Texts{"02:15"}},
			func(d time.Time) bool {
				return d.Weekday() == time.Sunday && lastOfMonth(d) && (d.Month() == time.March || d.Month() == time.October)
			}, nil},
		{"the day that leap years have", Schedule{Every: "year", Months: Texts{"february"}, Days: Texts{"29"}, At: Texts{"02:00"}},
			func(d time.Time) bool { return d.Month() == time.February && d.Day() == 29 }, nil},
		{"every second year", Schedule{Every: "2 years", Months: Texts{"april"}, Days: Texts{"1"}, At: Texts{"02:00"}, From: "2025-01-01"},
			func(d time.Time) bool { return d.Month() == time.April && d.Day() == 1 && d.Year()%2 == 1 }, nil},
		{"until a day", Schedule{Every: "day", At: Texts{"23:45", "00:00"}, Until: "2026-03-29"},
			func(d time.Time) bool { return daysSince("2026-03-29", d) <= 0 }, []string{"00:00", "23:45"}},
		{"rule: ten times a day", Schedule{RRule: "FREQ=DAILY;BYHOUR=0,1,2,3,23;BYMINUTE=0,30", From: from},
			always, []string{"00:00", "00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "03:30", "23:00", "23:30"}},
		{"rule: the last working day", Schedule{RRule: "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", From: "2024-01-01T02:30"},
			func(d time.Time) bool {
				if weekdayIs(d, time.Saturday, time.Sunday) {
					return false
				}
				for later := d.AddDate(0, 0, 1); later.Month() == d.Month(); later = later.AddDate(0, 0, 1) {
					if !weekdayIs(later, time.Saturday, time.Sunday) {
						return false
					}
				}
				return true
			}, []string{"02:30"}},
		{"rule: weeks of the year", Schedule{RRule: "FREQ=YEARLY;BYWEEKNO=1,20,53;BYDAY=MO,TH", From: "2024-01-01T02:00"},
			func(d time.Time) bool {
				_, w := d.ISOWeek()
				return weekdayIs(d, time.Monday, time.Thursday) && (w == 1 || w == 20 || w == 53)
			}, []string{"02:00"}},
		{"rule: days of the year", Schedule{RRule: "FREQ=YEARLY;BYYEARDAY=1,89,-1", From: "2024-01-01T02:00"},
			func(d time.Time) bool {
				return d.YearDay() == 1 || d.YearDay() == 89 || d.AddDate(0, 0, 1).YearDay() == 1
			}, []string{"02:00"}},
		{"rule: every third week, beginning on Sunday", Schedule{RRule: "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,WE", From: "2024-01-03T02:30"},
			func(d time.Time) bool { // 31 December was the Sunday of that week
				n := daysSince("2023-12-31", d)
				return n >= 3 && n/7%3 == 0 && weekdayIs(d, time.Sunday, time.Wednesday)
			}, []string{"02:30"}},
		{"rule: days from its beginning", Schedule{RRule: "FREQ=MONTHLY;INTERVAL=5", From: "2024-01-30T01:45"},
			func(d time.Time) bool { return d.Day() == 30 && ((d.Year()-2024)*12+int(d.Month())-1)%5 == 0 }, []string{"01:45"}},
		{"rule: Friday the thirteenth", Schedule{RRule: "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", From: "2024-01-01T02:00"},
			func(d time.Time) bool { return d.Weekday() == time.Friday && d.Day() == 13 }, []string{"02:00"}},
		{"rule: the nights of America", Schedule{RRule: "FREQ=YEARLY;BYMONTH=3,11;BYDAY=1SU,2SU", From: "2024-01-01T02:30"},
			func(d time.Time) bool {
				return (d.Month() == time.March || d.Month() == time.November) && d.Weekday() == time.Sunday && nthOfMonth(d) <= 2
			}, []string{"02:30"}},
		{"rule: the second last day, until", Schedule{RRule: "FREQ=MONTHLY;BYMONTHDAY=-2;UNTIL=20270330", From: "2024-01-01T02:00"},
			func(d time.Time) bool { return lastDay(d.AddDate(0, 0, 1)) && daysSince("2027-03-30", d) <= 0 }, []string{"02:00"}},
	}
}

// expected are the moments of walls in a zone: two in one gap are one.
func expected(walls, when []time.Time, s Schedule) (out []time.Time) {
	from, _, hasFrom := parseMoment(s.From, false)
	for _, w := range walls {
		if hasFrom && w.Before(from) {
			continue
		}
		t := when[w.Sub(oracleStart)/quarter]
		if len(out) == 0 || !out[len(out)-1].Equal(t) {
			out = append(out, t)
		}
	}
	return out
}

func allZones(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// difficult zones are in every sample: half an hour, Ramadan, two hours, midnight.
var difficult = []string{"America/New_York", "Europe/Paris", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "Africa/Cairo",
	"Antarctica/Troll", "America/Nuuk", "Asia/Beirut", "America/Havana", "Pacific/Apia", "America/Asuncion", "Asia/Kathmandu", "Pacific/Chatham", "UTC"}

// sampled are every zone in CI, else a twentieth of them and the difficult ones.
func sampled(t testing.TB) (zones []string, whole bool) {
	all := allZones(t)
	if os.Getenv("KITH_CI") == "1" && !testing.Short() {
		return all, true
	}
	for i, z := range all {
		if i%20 == 7 || slices.Contains(difficult, z) {
			zones = append(zones, z)
		}
	}
	return zones, false
}

func TestOracle(t *testing.T) {
	zones, whole := sampled(t)
	begun := time.Now()
	all := kinds()
	walls := make([][]time.Time, len(all))
	for i, k := range all {
		walls[i] = k.walls(t)
		if problems := k.in("UTC").Check(); len(problems) > 0 {
			t.Fatalf("%s: %v", k.name, problems)
		}
		if len(walls[i]) == 0 {
			t.Fatalf("%s: the oracle knows of no run", k.name)
		}
	}
	var runs [2]int
	t.Run("zones", func(t *testing.T) {
		for half := range runs {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for i := half; i < len(zones); i += len(runs) {
					runs[half] += checkZone(t, zones[i], all, walls)
				}
			})
		}
	})
	t.Logf("%d zones x %d kinds x 5 years: %d runs in %v; whole: %v, the aim is 60 s", len(zones), len(all)+len(fixedKinds()), runs[0]+runs[1], time.Since(begun).Round(time.Millisecond), whole)
}

func checkZone(t *testing.T, name string, all []kind, walls [][]time.Time) (runs int) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return 0
	}
	when := reached(zone)
	for i, k := range all {
		s := k.in(name)
		runs += compare(t, name+", "+k.name, s, when, expected(walls[i], when, s))
	}
	for _, k := range fixedKinds() {
		s := k
		s.Zone = name
		runs += compare(t, name+", "+k.Every, s, when, stepsByWalking(s, when))
	}
	return runs
}

// compare checks every run of the five years, and Next between them.
func compare(t *testing.T, what string, s Schedule, when, want []time.Time) int {
	t.Helper()
	n := 0
	last := when[len(when)-1]
	for got := range s.After(when[0].Add(-time.Second)) {
		if got.After(last) {
			break
		}
		if n >= len(want) || !got.Equal(want[n]) {
			t.Errorf("%s: run %d: got %v, want %v", what, n, got, at(want, n))
			return n
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%s: got %d runs, want %d, the next is %v", what, n, len(want), at(want, n))
	}
	for i := 0; i+1 < len(want); i += len(want)/7 + 1 { // Next from anywhere, without the runs before
		for _, after := range []time.Time{want[i], want[i].Add(time.Second), want[i+1].Add(-time.Second)} {
			if got, _ := s.Next(after); !got.Equal(want[i+1]) {
				t.Errorf("%s: next after %v: got %v, want %v", what, after, got, want[i+1])
			}
		}
	}
	return n
}

func at(want []time.Time, n int) any {
	if n < len(want) {
		return want[n]
	}
	return "none"
}

func fixedKinds() []Schedule {
	return []Schedule{
		{Every: "90 minutes", From: "2024-03-05T02:30", Until: "2025-04-30"},
		{Every: "2 hours", From: "2024-01-01", Until: "2027-03-28T02:30"},
		{RRule: "FREQ=HOURLY;INTERVAL=7", From: "2024-01-01T00:45"},
	}
}

// stepsByWalking takes each quarter after the first and counts.
func stepsByWalking(s Schedule, when []time.Time) (out []time.Time) {
	every := map[string]int{"90 minutes": 6, "2 hours": 8, "": 28}[s.Every]
	from, _, _ := parseMoment(s.From, false)
	first, last := when[from.Sub(oracleStart)/quarter], when[len(when)-1]
	if until, _, ok := parseMoment(s.Until, true); ok {
		last = when[until.Sub(oracleStart)/quarter] // the last quarter of that day
	}
	n := 0
	for t := when[0]; !t.After(last); t = t.Add(quarter) {
		if t.Before(first) {
			continue
		}
		if n%every == 0 {
			out = append(out, t)
		}
		n++
	}
	return out
}

// Beyond the years of the oracle, where zones have rules and no table: each noon of
// leap years is where it was, and nothing waits for ever.
func TestFarYears(t *testing.T) {
	for _, name := range allZones(t) {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, year := range []int{2040, 2152, 2196} {
			for noon := time.Date(year, 12, 20, 12, 0, 0, 0, time.UTC); noon.Year() == year || noon.Day() < 5; noon = noon.AddDate(0, 0, 1) {
				if got := wallOf(resolve(noon, zone), zone); !got.Equal(noon) {
					t.Errorf("%s: noon of %v: got %v", name, noon, got)
				}
			}
		}
	}
}

// The oracle looks at quarters of an hour only: it may, because no zone changes its
// clock in between.
func TestQuarters(t *testing.T) {
	for _, name := range allZones(t) {
		zone, ok := loadZone(name)
		if !ok {
			t.Errorf("%s is not taken for a zone", name)
			continue
		}
		for at := oracleStart.In(zone); at.Before(oracleEnd); {
			_, end := at.ZoneBounds()
			if end.IsZero() || end.After(oracleEnd) {
				break
			}
			_, offset := end.Zone()
			if end.Unix()%900 != 0 || offset%900 != 0 {
				t.Errorf("%s changes at %v to %d s", name, end, offset)
			}
			at = end
		}
	}
}
