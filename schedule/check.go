package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// most is the largest interval and count: what a person counts, not a mistake in
// typing.
const (
	mostInterval = 1000
	mostCount    = 10000
)

// Canonical returns the schedule in its one spelling, and everything that is wrong
// with it: "mon" is monday, "1 days" is day, 2:00 is 02:00.
func (s Schedule) Canonical() (Schedule, []Problem) {
	c := checker{s: s}
	c.check()
	if len(c.problems) == 0 {
		if r, ok := c.s.compile(); !ok || !r.comes() {
			key := "every"
			if c.s.RRule != "" {
				key = "rrule"
			}
			c.say(key, "this never comes", "Look at its days and at until.")
		}
	}
	return c.s, c.problems
}

// Check returns everything that is wrong with a schedule.
func (s Schedule) Check() []Problem {
	_, problems := s.Canonical()
	return problems
}

type checker struct {
	s        Schedule
	problems []Problem
}

func (c *checker) say(key, message, hint string) {
	c.problems = append(c.problems, Problem{key, message, hint})
}

func (c *checker) check() {
	switch {
	case c.s.Every == "" && c.s.RRule == "":
		c.say("every", "is missing", "Write every: day, or rrule: with a rule of RFC 5545.")
		return
	case c.s.Every != "" && c.s.RRule != "":
		c.say("rrule", "stands beside every", "Write one of them.")
		return
	case c.s.RRule != "":
		c.rrule()
	default:
		c.friendly()
	}
	c.zone()
	c.fromUntil()
	if c.s.Count < 0 || c.s.Count > mostCount {
		c.say("count", fmt.Sprintf("%d is not a number from 1 to %d", c.s.Count, mostCount), "")
	}
}

// friendly judges every, days, months and at.
func (c *checker) friendly() {
	every, u, ok := parseEvery(c.s.Every)
	if !ok {
		c.say("every", fmt.Sprintf("%q is not how often something can come", c.s.Every),
			"Write day, weekday, week, month, year, 15 minutes, 2 hours, 2 weeks, or the like.")
		return
	}
	switch {
	case every > mostInterval:
		c.say("every", fmt.Sprintf("%d is too many", every), fmt.Sprintf("Write at most %d.", mostInterval))
	case every > 1 && u == weekday:
		c.say("every", "weekdays are not counted", "Write weekday, or days and an interval of weeks.")
	case every > 1 && !u.fixed() && c.s.From == "":
		c.say("from", "is missing", fmt.Sprintf("Say from when every %d %ss are counted: from: 2026-12-01.", every, u))
	case c.s.Count != 0 && c.s.From == "":
		c.say("from", "is missing", "Say from when the runs are counted: from: 2026-12-01.")
	}
	c.s.Every = u.every(every)
	c.days(u)
	c.months(u)
	c.times(u)
}

func (c *checker) days(u unit) {
	if !u.hasDays() {
		if len(c.s.Days) > 0 {
			c.say("days", fmt.Sprintf("every %s has no days to choose", u), "Write every: week, month or year, or leave days out.")
		}
		return
	}
	if len(c.s.Days) == 0 {
		c.say("days", "is missing", "Say which: "+u.dayExample())
		return
	}
	var found []monthday
	c.s.Days = c.each("days", c.s.Days, func(text string) (string, bool) {
		d, ok := u.parseDay(text)
		found = append(found, d)
		return d.String(), ok
	}, "Write "+u.dayExample())
	nth := func(d monthday) bool { return d.nth != 0 }
	if u != week && slices.ContainsFunc(found, nth) && !allOf(found, nth) {
		c.say("days", "days of the month and weekdays of the month do not go together", "Make two syncs, or choose one kind.")
	}
}

func allOf[T any](items []T, holds func(T) bool) bool {
	return !slices.ContainsFunc(items, func(item T) bool { return !holds(item) })
}

func (c *checker) months(u unit) {
	switch {
	case u != year && len(c.s.Months) > 0:
		c.say("months", "belongs to every: year", "Leave it out, or write every: year.")
	case u == year && len(c.s.Months) == 0:
		c.say("months", "is missing", "Say which: months: [january].")
	}
	c.s.Months = c.each("months", c.s.Months, func(text string) (string, bool) {
		m, ok := parseName(text, monthNames())
		return lower(time.Month(m + 1)), ok
	}, "Write january, july, or the like.")
}

func (c *checker) times(u unit) {
	switch {
	case u.fixed() && len(c.s.At) > 0:
		c.say("at", fmt.Sprintf("every %s has no time of day", u), "Say in from when the first one is: from: 2026-12-01T00:15.")
		return
	case !u.fixed() && len(c.s.At) == 0:
		c.say("at", "is missing", `Say at what time of day: at: "02:00".`)
	}
	c.s.At = c.each("at", c.s.At, func(text string) (string, bool) {
		t, ok := parseClock(text)
		return clock(t), ok
	}, `Write hours and minutes of 24 hours: "02:00".`)
	slices.Sort(c.s.At)
}

// each brings a list into its one spelling and refuses what is listed twice.
func (c *checker) each(key string, list Texts, spell func(string) (string, bool), hint string) (out Texts) {
	for _, text := range list {
		one, ok := spell(text)
		switch {
		case !ok:
			c.say(key, fmt.Sprintf("%q is none", text), hint)
		case slices.Contains(out, one):
			c.say(key, fmt.Sprintf("%q is listed twice", text), "")
		default:
			out = append(out, one)
		}
	}
	return out
}

func (c *checker) zone() {
	fixed := false
	if r, u, ok := parseEvery(c.s.Every); ok && r > 0 {
		fixed = u.fixed()
	}
	switch {
	case c.s.Zone == "" && fixed && c.s.From == "" && c.s.Until == "":
		return // steps of fixed length need none
	case c.s.Zone == "":
		c.say("zone", "is missing", "Say by which clock: zone: Europe/Paris.")
	default:
		if _, ok := loadZone(c.s.Zone); !ok {
			c.say("zone", fmt.Sprintf("%q is not a time zone", c.s.Zone), "Write its IANA name, such as Europe/Paris, America/New_York or UTC.")
		}
	}
}

func (c *checker) fromUntil() {
	from, okFrom := c.moment("from", &c.s.From, false)
	until, okUntil := c.moment("until", &c.s.Until, true)
	if okFrom && okUntil && until.Before(from) {
		c.say("until", fmt.Sprintf("%s is before %s", c.s.Until, c.s.From), "The range ends after it begins.")
	}
}

func (c *checker) moment(key string, text *string, end bool) (time.Time, bool) {
	if *text == "" {
		return time.Time{}, false
	}
	t, spelled, ok := parseMoment(*text, end)
	switch {
	case !ok:
		c.say(key, fmt.Sprintf("%q is not a day", *text), "Write it as 2026-12-01, or with a time as 2026-12-01T02:00.")
	case t.Year() < 2000 || t.Year() > 2199:
		c.say(key, fmt.Sprintf("the year %d is out of reach", t.Year()), "Write a year from 2000 to 2199.")
		ok = false
	default:
		*text = spelled
	}
	return t, ok
}

// parseMoment reads a day, or a day with a time on the wall. The end of a day is
// its last second.
func parseMoment(text string, end bool) (wall time.Time, spelled string, ok bool) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if end {
			day = day.Add(24*time.Hour - time.Second)
		}
		return day, text, true
	}
	const form = "2006-01-02T15:04"
	t, err := time.Parse(form, strings.Replace(text, " ", "T", 1))
	return t, t.Format(form), err == nil
}

// parseClock reads a time of day as minutes after midnight.
func parseClock(text string) (int, bool) {
	h, m, ok := strings.Cut(text, ":")
	hour, errHour := strconv.ParseUint(h, 10, 8)
	minute, errMinute := strconv.ParseUint(m, 10, 8)
	ok = ok && errHour == nil && errMinute == nil && len(h) <= 2 && len(m) == 2 && hour < 24 && minute < 60
	return int(hour*60 + minute), ok
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
