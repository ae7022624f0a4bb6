package schedule

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func parsed(t *testing.T, text string) Schedule {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestSpelling(t *testing.T) {
	for _, c := range []struct{ name, text, want, described string }{
		{"the smallest", "every day at 02:00 zone Europe/Paris", "every day at 02:00 zone Europe/Paris", "every day at 02:00, Europe/Paris"},
		{"the example of the manual", "every weekday at 2:00 zone Europe/Paris from 2026-12-01", "every weekday at 02:00 zone Europe/Paris from 2026-12-01",
			"every weekday at 02:00, Europe/Paris, from 1 Dec 2026"},
		{"one of a unit is the unit", "every 1 days at 02:00 zone UTC", "every day at 02:00 zone UTC", "every day at 02:00, UTC"},
		{"days of the week by three letters", "every 2 weeks days Mon, thursday at 14:00, 02:00 zone UTC from 2026-12-01",
			"every 2 weeks days monday, thursday at 02:00, 14:00 zone UTC from 2026-12-01", "every 2 weeks on Monday and Thursday at 02:00 and 14:00, UTC, from 1 Dec 2026"},
		{"days of the month", "every month days 1, 02, 3, 11, 31, last  day at 02:00 zone UTC", "every month days 1, 2, 3, 11, 31, last day at 02:00 zone UTC",
			"every month on the 1st, the 2nd, the 3rd, the 11th, the 31st and the last day at 02:00, UTC"},
		{"weekdays of the month", "every month days First mon, last Friday at 02:00 zone UTC", "every month days first monday, last friday at 02:00 zone UTC",
			"every month on the first Monday and the last Friday at 02:00, UTC"},
		{"every year", "every year days 1 months Jan, July at 02:00 zone UTC", "every year days 1 months january, july at 02:00 zone UTC",
			"every year on the 1st of January and July at 02:00, UTC"},
		{"steps of fixed length", "every 15 minutes", "every 15 minutes", "every 15 minutes"},
		{"steps from a moment on", "every hour zone Asia/Kolkata from 2026-12-01 00:15", "every hour zone Asia/Kolkata from 2026-12-01T00:15",
			"every hour, Asia/Kolkata, from 1 Dec 2026 00:15"},
		{"a range by its end", "every day at 02:00 zone UTC until 2027-03-01", "every day at 02:00 zone UTC until 2027-03-01", "every day at 02:00, UTC, until 1 Mar 2027"},
		{"a range by its runs", "every day at 02:00 zone UTC from 2026-12-01 count 10", "every day at 02:00 zone UTC from 2026-12-01 count 10",
			"every day at 02:00, UTC, from 1 Dec 2026, 10 times"},
		{"a rule", "rrule RRULE:freq=monthly;byday=-1fr zone UTC from 2026-12-01T02:00", "rrule FREQ=MONTHLY;BYDAY=-1FR zone UTC from 2026-12-01T02:00",
			"by the rule FREQ=MONTHLY;BYDAY=-1FR, UTC, from 1 Dec 2026 02:00"},
	} {
		s := parsed(t, c.text)
		if s.String() != c.want || s.Describe() != c.described {
			t.Errorf("%s:\n got %s\nwant %s\n got %s\nwant %s", c.name, s, c.want, s.Describe(), c.described)
		}
		if again := parsed(t, s.String()); again.String() != s.String() {
			t.Errorf("%s: read again: got %s, want %s", c.name, again, s)
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Schedule
		if err := json.Unmarshal(data, &back); err != nil || back.String() != s.String() {
			t.Errorf("%s: %s: got %s, %v", c.name, data, back, err)
		}
	}
}

func TestJSON(t *testing.T) {
	var s Schedule
	if err := json.Unmarshal([]byte(`{"every":"month","days":[1,"last day"],"at":"02:00","zone":"UTC"}`), &s); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(s)
	if want := `{"every":"month","days":["1","last day"],"at":"02:00","zone":"UTC"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "zone UTC", "every: is missing. Write every: day, or rrule: with a rule of RFC 5545."},
		{"another word", "daily at 02:00", `a schedule does not begin with "daily". Write it as: every day at 02:00 zone Europe/Paris.`},
		{"a key without a value", "every day at zone UTC", "at: has no value. Leave it out, or write one."},
		{"a key twice", "every day at 02:00 at 03:00", "at: is written twice. Keep one of them."},
		{"a unit nobody knows", "every fortnight at 02:00 zone UTC", `every: "fortnight" is not how often something can come. Write day, weekday, week, month, year, 15 minutes, 2 hours, 2 weeks, or the like.`},
		{"every zero days", "every 0 days at 02:00 zone UTC", `every: "0 days" is not how often something can come. Write day, weekday, week, month, year, 15 minutes, 2 hours, 2 weeks, or the like.`},
		{"too many", "every 2000 days at 02:00 zone UTC from 2026-01-01", "every: 2000 is too many. Write at most 1000."},
		{"counted weekdays", "every 2 weekdays at 02:00 zone UTC from 2026-01-01", "every: weekdays are not counted. Write weekday, or days and an interval of weeks."},
		{"an interval of nothing", "every 2 days at 02:00 zone UTC", "from: is missing. Say from when every 2 days are counted: from: 2026-12-01."},
		{"a count of nothing", "every day at 02:00 zone UTC count 3", "from: is missing. Say from when the runs are counted: from: 2026-12-01."},
		{"no time of day", "every day zone UTC", `at: is missing. Say at what time of day: at: "02:00".`},
		{"a time of day that is none", "every day at 24:00 zone UTC", `at: "24:00" is none. Write hours and minutes of 24 hours: "02:00".`},
		{"a time of day in halves", "every day at 2pm zone UTC", `at: "2pm" is none. Write hours and minutes of 24 hours: "02:00".`},
		{"a time twice", "every day at 02:00, 2:00 zone UTC", `at: "2:00" is listed twice`},
		{"a time of day of every hour", "every hour at 00:15 zone UTC", "at: every hour has no time of day. Say in from when the first one is: from: 2026-12-01T00:15."},
		{"a week without a day", "every week at 02:00 zone UTC", "days: is missing. Say which: days: [monday, thursday]."},
		{"a day of the week that is none", "every week days 1 at 02:00 zone UTC", `days: "1" is none. Write days: [monday, thursday].`},
		{"a day of the month that is none", "every month days 32 at 02:00 zone UTC", `days: "32" is none. Write days: [1, 15], days: last day, or days: first monday.`},
		{"two kinds of days", "every month days 1, first monday at 02:00 zone UTC", "days: days of the month and weekdays of the month do not go together. Make two syncs, or choose one kind."},
		{"days of every day", "every day days monday at 02:00 zone UTC", "days: every day has no days to choose. Write every: week, month or year, or leave days out."},
		{"a year without a month", "every year days 1 at 02:00 zone UTC", "months: is missing. Say which: months: [january]."},
		{"months of a week", "every week days monday months may at 02:00 zone UTC", "months: belongs to every: year. Leave it out, or write every: year."},
		{"no zone", "every day at 02:00", "zone: is missing. Say by which clock: zone: Europe/Paris."},
		{"a zone that is none", "every day at 02:00 zone Paris", `zone: "Paris" is not a time zone. Write its IANA name, such as Europe/Paris, America/New_York or UTC.`},
		{"the zone of this machine", "every day at 02:00 zone Local", `zone: "Local" is not a time zone. Write its IANA name, such as Europe/Paris, America/New_York or UTC.`},
		{"a day that is none", "every day at 02:00 zone UTC from 1.12.2026", `from: "1.12.2026" is not a day. Write it as 2026-12-01, or with a time as 2026-12-01T02:00.`},
		{"a year out of reach", "every day at 02:00 zone UTC from 1926-12-01", "from: the year 1926 is out of reach. Write a year from 2000 to 2199."},
		{"an end before the beginning", "every day at 02:00 zone UTC from 2026-12-02 until 2026-12-01", "until: 2026-12-01 is before 2026-12-02. The range ends after it begins."},
		{"no run", "every month days 31 at 02:00 zone UTC from 2026-04-01 until 2026-04-30", "every: this never comes. Look at its days and at until."},
		{"the thirtieth of February", "every year days 30 months february at 02:00 zone UTC", "every: this never comes. Look at its days and at until."},
		{"a count of none", "every day at 02:00 zone UTC from 2026-12-01 count 0", `count: "0" is not a whole number from 1`},
		{"too large a count", "every day at 02:00 zone UTC from 2026-12-01 count 20000", "count: 20000 is not a number from 1 to 10000"},
		{"a rule beside every", "every day at 02:00 rrule FREQ=DAILY zone UTC", "rrule: stands beside every. Write one of them."},
		{"a rule without a beginning", "rrule FREQ=DAILY zone UTC", "from: is missing. A rule needs its beginning: from: 2026-12-01T02:00."},
		{"a rule that is none", "rrule FREQ=OFTEN zone UTC from 2026-12-01", `rrule: "FREQ=OFTEN" is not a rule: undefined frequency: OFTEN. Write it as in RFC 5545: FREQ=MONTHLY;BYDAY=-1FR.`},
		{"a rule by the second", "rrule FREQ=SECONDLY zone UTC from 2026-12-01", "rrule: nothing is planned by the second. Write FREQ=MINUTELY or longer."},
		{"a rule of hours that choose", "rrule FREQ=HOURLY;BYHOUR=9,10 zone UTC from 2026-12-01", "rrule: hours and minutes are steps of fixed length and have no BY parts; write FREQ=DAILY with BYHOUR and BYMINUTE. See RFC 5545, 3.3.10."},
		{"a rule that ends twice", "rrule FREQ=DAILY;COUNT=3 zone UTC from 2026-12-01 count 3", "count: stands beside COUNT of the rule. Write one of them."},
		{"a rule that never comes", "rrule FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30 zone UTC from 2026-12-01", "rrule: this never comes. Look at its days and at until."},
		{"a rule beyond the month", "rrule FREQ=MONTHLY;BYDAY=6MO zone UTC from 2026-12-01", "rrule: a month has no more than five of a weekday. See RFC 5545, 3.3.10."},
		{"an interval of nothing", "rrule FREQ=DAILY;INTERVAL=0 zone UTC from 2026-12-01", "rrule: INTERVAL=0 is not a number from 1 to 1000"},
		{"two mistakes", "every day at 25:00", "at: \"25:00\" is none. Write hours and minutes of 24 hours: \"02:00\".\nzone: is missing. Say by which clock: zone: Europe/Paris."},
	} {
		_, err := Parse(c.text)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestChangesOfTheClocks(t *testing.T) {
	for _, c := range []struct{ name, text, after, want, notes string }{
		{"a gap: the first moment after it", "every day at 02:00 zone Europe/Paris", "2027-03-27T12:00:00Z",
			"2027-03-28T03:00:00+02:00 2027-03-29T02:00:00+02:00", "Sun 28 Mar 02:00 does not exist, so 03:00"},
		{"an overlap: the first time only", "every day at 02:30 zone Europe/Paris", "2027-10-30T12:00:00Z",
			"2027-10-31T02:30:00+02:00 2027-11-01T02:30:00+01:00", "Sun 31 Oct 02:30 comes twice, so the first (+02:00)"},
		{"two in one gap are one", "every day at 02:00, 02:30, 03:00 zone Europe/Paris", "2027-03-27T12:00:00Z",
			"2027-03-28T03:00:00+02:00 2027-03-29T02:00:00+02:00", "Sun 28 Mar 02:00 does not exist, so 03:00\nSun 28 Mar 02:30 does not exist, so 03:00"},
		{"the gap of New York that other programs get wrong", "every day at 02:30 zone America/New_York", "2027-03-13T12:00:00Z",
			"2027-03-14T03:00:00-04:00 2027-03-15T02:30:00-04:00", "Sun 14 Mar 02:30 does not exist, so 03:00"},
		{"a gap of half an hour", "every day at 02:15 zone Australia/Lord_Howe", "2026-10-03T12:00:00+10:30",
			"2026-10-04T02:30:00+11:00 2026-10-05T02:15:00+11:00", "Sun 4 Oct 02:15 does not exist, so 02:30"},
		{"a gap at midnight", "every day at 00:30 zone Africa/Cairo", "2026-04-23T12:00:00+02:00",
			"2026-04-24T01:00:00+03:00 2026-04-25T00:30:00+03:00", "Fri 24 Apr 00:30 does not exist, so 01:00"},
		{"a day that a zone left out", "every day at 02:00 zone Pacific/Apia", "2011-12-29T12:00:00-10:00",
			"2011-12-31T00:00:00+14:00 2011-12-31T02:00:00+14:00", "Fri 30 Dec 02:00 does not exist, so Sat 31 Dec 00:00"},
		{"hours go on as long as they are", "every 12 hours zone Europe/Paris from 2027-03-27", "2027-03-27T12:00:00+01:00",
			"2027-03-28T00:00:00+01:00 2027-03-28T13:00:00+02:00", ""},
		{"the end of a leap year that the tables of zones do not reach", "every day at 02:00 zone America/New_York", "2040-12-30T12:00:00Z",
			"2040-12-31T02:00:00-05:00 2041-01-01T02:00:00-05:00", ""},
		{"nothing to tell", "every day at 02:00 zone Europe/Paris", "2026-11-22T12:00:00Z", "2026-11-23T02:00:00+01:00 2026-11-24T02:00:00+01:00", ""},
	} {
		s := parsed(t, c.text)
		var runs []time.Time
		var got []string
		for run := range s.After(moment(t, c.after)) {
			runs, got = append(runs, run), append(got, run.Format(time.RFC3339))
			if len(runs) == 2 {
				break
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.name, got, c.want)
		}
		if notes := strings.Join(s.Notes(runs), "\n"); notes != c.notes {
			t.Errorf("%s:\n got %s\nwant %s", c.name, notes, c.notes)
		}
	}
}

func TestDue(t *testing.T) {
	daily := "every day at 02:00 zone UTC from 2026-12-01 count 5"
	for _, c := range []struct {
		name, last, now, planned string
		missed                   int
		late                     bool
		next                     string
	}{
		{"nothing was planned yet", "", "2026-12-03T02:00:00Z", "", 0, false, "2026-12-04T02:00:00Z"},
		{"the next has not come", "2026-12-01T02:00:00Z", "2026-12-02T01:59:59Z", "", 0, false, "2026-12-02T02:00:00Z"},
		{"the next has come", "2026-12-01T02:00:00Z", "2026-12-02T02:00:00Z", "2026-12-02T02:00:00Z", 0, false, "2026-12-03T02:00:00Z"},
		{"at the edge of the tolerance", "2026-12-01T02:00:00Z", "2026-12-02T02:30:00Z", "2026-12-02T02:00:00Z", 0, false, "2026-12-03T02:00:00Z"},
		{"later than tolerated", "2026-12-01T02:00:00Z", "2026-12-02T02:30:01Z", "2026-12-02T02:00:00Z", 0, true, "2026-12-03T02:00:00Z"},
		{"two were missed: one run, late", "2026-12-01T02:00:00Z", "2026-12-04T02:00:00Z", "2026-12-04T02:00:00Z", 2, true, "2026-12-05T02:00:00Z"},
		{"the last one", "2026-12-04T02:00:00Z", "2027-12-04T02:00:00Z", "2026-12-05T02:00:00Z", 0, true, ""},
		{"after the end", "2026-12-05T02:00:00Z", "2027-12-04T02:00:00Z", "", 0, false, ""},
	} {
		var last time.Time
		if c.last != "" {
			last = moment(t, c.last)
		}
		due := parsed(t, daily).Due(last, moment(t, c.now), 30*time.Minute)
		if text(due.Planned) != c.planned || due.Missed != c.missed || due.Late != c.late || text(due.Next) != c.next {
			t.Errorf("%s: got %s, %d missed, late %v, next %s; want %s, %d, %v, %s", c.name,
				text(due.Planned), due.Missed, due.Late, text(due.Next), c.planned, c.missed, c.late, c.next)
		}
	}
}

func text(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func TestICalendar(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"every day", "every day at 02:00 zone Europe/Paris from 2026-12-01", []string{"DTSTART;TZID=Europe/Paris:20261201T020000", "RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=0"}},
		{"without a beginning", "every weekday at 02:00 zone UTC", []string{"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=2;BYMINUTE=0"}},
		{"from its first run on", "every 2 weeks days monday at 02:00 zone UTC from 2026-12-02", []string{"DTSTART:20261214T020000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=2;BYMINUTE=0"}},
		{"times that share their minutes", "every month days last friday at 02:00, 14:00, 02:30, 14:30 zone UTC", []string{"RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=2,14;BYMINUTE=0,30"}},
		{"times that do not, counted", "every day at 02:00, 14:30 zone Europe/Paris from 2026-12-01 count 3", []string{"DTSTART;TZID=Europe/Paris:20261201T020000",
			"RRULE:FREQ=DAILY;UNTIL=20261202T010000Z;BYHOUR=2;BYMINUTE=0", "RRULE:FREQ=DAILY;UNTIL=20261202T010000Z;BYHOUR=14;BYMINUTE=30"}},
		{"until the end of a day", "every day at 02:00 zone Europe/Paris until 2026-12-31", []string{"RRULE:FREQ=DAILY;UNTIL=20261231T225959Z;BYHOUR=2;BYMINUTE=0"}},
		{"hours", "every 36 hours", []string{"RRULE:FREQ=HOURLY;INTERVAL=36"}},
		{"a rule as it was, its beginning written out", "rrule FREQ=MONTHLY;COUNT=3 zone UTC from 2026-12-15T02:00", []string{"DTSTART:20261215T020000Z", "RRULE:FREQ=MONTHLY;COUNT=3;BYMONTHDAY=15;BYHOUR=2;BYMINUTE=0"}},
	} {
		if got := parsed(t, c.text).ICalendar(); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}
