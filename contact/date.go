package contact

import (
	"strconv"
	"strings"
	"time"
)

// canonicalDate returns a date as ISO 8601: 2026-11-21, with a time
// 2026-11-21T09:30:00, with a zone the moment in UTC 2026-11-21T09:30:00Z, and
// a birthday without year --11-21 (RFC 6350). Only what can be read in one way
// is read:
//
//	2026-11-21, 2026/11/21, 20261121    year first: year, month, day
//	21.11.2026                          dots: day, month, year
//	21 Nov 2026, November 21, 2026      the month by its English name
//	21/11/2026, 11/21/2026              slashes or hyphens: one part above 12
//	03/04/2026, 1.2.26                  not read
func canonicalDate(s string) (string, Problem) {
	if plainDate(s) {
		return s, ""
	}
	if md, ok := canonicalBirthday(s); ok {
		return md, ""
	}
	date, clock := splitClock(s)
	y, m, d, ok := readDate(date)
	if !ok || !validDay(y, m, d) {
		return s, DateUnparseable
	}
	day := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if clock == "" {
		return day.Format(time.DateOnly), ""
	}
	text, ok := withClock(day, clock)
	if !ok {
		return s, DateUnparseable
	}
	return text, ""
}

// plainDate reports whether s is a date in canonical form already.
func plainDate(s string) bool {
	return len(s) == 10 && s[4] == '-' && s[7] == '-' &&
		digitsOnly(s[:4]) && digitsOnly(s[5:7]) && digitsOnly(s[8:]) &&
		validDay(number(s[:4]), number(s[5:7]), number(s[8:]))
}

// canonicalBirthday reads a month and day without year: --11-21 or --1121.
func canonicalBirthday(s string) (string, bool) {
	md, ok := strings.CutPrefix(s, "--")
	if !ok {
		return "", false
	}
	md = strings.Replace(md, "-", "", 1)
	if len(md) != 4 || !digitsOnly(md) || !validDay(2000, number(md[:2]), number(md[2:])) {
		return "", false
	}
	return "--" + md[:2] + "-" + md[2:], true
}

// splitClock cuts a date from the time of day behind it: the first part with a
// colon, and what follows.
func splitClock(s string) (date, clock string) {
	colon := strings.IndexByte(s, ':')
	if colon < 0 {
		return s, ""
	}
	if i := strings.LastIndexAny(s[:colon], "Tt "); i >= 0 {
		return strings.TrimRight(s[:i], " ,"), s[i+1:]
	}
	return s, ""
}

// readDate reads a date in one of the written orders.
func readDate(s string) (y, m, d int, ok bool) {
	if len(s) == 8 && digitsOnly(s) {
		return number(s[:4]), number(s[4:6]), number(s[6:]), true
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-/. ,", r) })
	if len(parts) != 3 {
		return 0, 0, 0, false
	}
	if m := monthNamed(parts[1]); m > 0 { // 21 Nov 2026
		return readYear(parts[2], m, parts[0])
	}
	if m := monthNamed(parts[0]); m > 0 { // Nov 21, 2026
		return readYear(parts[2], m, parts[1])
	}
	for _, p := range parts {
		if !digitsOnly(p) {
			return 0, 0, 0, false
		}
	}
	if len(parts[0]) == 4 {
		y, m, d, ok = readYear(parts[0], number(parts[1]), parts[2])
		return y, m, d, ok && len(parts[1]) <= 2
	}
	if len(parts[0]) > 2 || len(parts[1]) > 2 {
		return 0, 0, 0, false
	}
	first, second := number(parts[0]), number(parts[1])
	switch {
	case strings.Contains(s, "."), first > 12, first == second:
		return readYear(parts[2], second, parts[0])
	case second > 12:
		return readYear(parts[2], first, parts[1])
	}
	return 0, 0, 0, false // 03/04/2026 is the third of April or the fourth of March
}

// readYear puts a date together; the year must have four digits.
func readYear(year string, m int, day string) (int, int, int, bool) {
	day = strings.TrimRight(day, "stndrh") // 1st, 2nd, 3rd, 4th
	ok := len(year) == 4 && digitsOnly(year) && len(day) <= 2 && day != "" && digitsOnly(day)
	return number(year), m, number(day), ok
}

// monthNamed returns the month with an English name, short or long, or 0.
func monthNamed(s string) int {
	if strings.EqualFold(s, "sept") {
		return 9
	}
	for m := time.January; m <= time.December; m++ {
		if name := m.String(); strings.EqualFold(s, name) || strings.EqualFold(s, name[:3]) {
			return int(m)
		}
	}
	return 0
}

// validDay reports whether the calendar has the day.
func validDay(y, m, d int) bool {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return y > 0 && t.Year() == y && int(t.Month()) == m && t.Day() == d
}

// withClock adds a time of day. Midnight without a zone is how databases and
// spreadsheets write a date, so it adds nothing.
func withClock(day time.Time, clock string) (string, bool) {
	clock = strings.ToUpper(strings.Join(strings.Fields(clock), " "))
	for _, layout := range []string{"15:04:05", "15:04", "3:04:05 PM", "3:04 PM", "3:04:05PM", "3:04PM"} {
		if t, err := time.Parse(layout, clock); err == nil {
			at := day.Add(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
			if at.Equal(day) {
				return day.Format(time.DateOnly), true
			}
			return at.Format("2006-01-02T15:04:05.999999999"), true
		}
	}
	for _, layout := range []string{"15:04:05Z07:00", "15:04Z07:00", "15:04:05Z0700", "15:04Z0700", "15:04:05Z07", "15:04:05 Z07:00", "15:04:05 Z0700", "15:04:05 MST"} {
		t, err := time.Parse(layout, clock)
		if err != nil {
			continue
		}
		if name, offset := t.Zone(); layout == "15:04:05 MST" && (offset != 0 || name != "UTC" && name != "GMT") {
			return "", false // only two zone abbreviations mean one zone everywhere
		}
		at := day.Add(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))).UTC()
		return at.Format("2006-01-02T15:04:05.999999999Z07:00"), at.Year() >= 1 && at.Year() <= 9999
	}
	return "", false
}

// number reads digits that are known to be few.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
