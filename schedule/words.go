package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A unit is what every counts.
type unit uint8

const (
	minute unit = iota
	hour
	day
	weekday // monday to friday
	week
	month
	year
)

func (u unit) String() string {
	return [...]string{"minute", "hour", "day", "weekday", "week", "month", "year"}[u]
}

// fixed reports whether the unit is as long on every day of the year.
func (u unit) fixed() bool { return u <= hour }

func (u unit) hasDays() bool { return u >= week }

func (u unit) every(n int) string {
	if n == 1 {
		return u.String()
	}
	return fmt.Sprintf("%d %ss", n, u)
}

func (u unit) dayExample() string {
	if u == week {
		return "days: [monday, thursday]."
	}
	return "days: [1, 15], days: last day, or days: first monday."
}

// parseEvery reads "day", "days", "2 days".
func parseEvery(text string) (n int, u unit, ok bool) {
	words := strings.Fields(strings.ToLower(text))
	n = 1
	if len(words) == 2 {
		var err error
		if n, err = strconv.Atoi(words[0]); err != nil || n < 1 {
			return 0, 0, false
		}
		words = words[1:]
	}
	if len(words) != 1 {
		return 0, 0, false
	}
	for u := minute; u <= year; u++ {
		if words[0] == u.String() || words[0] == u.String()+"s" {
			return n, u, true
		}
	}
	return 0, 0, false
}

// A monthday is a day of a period: of a week a weekday, of a month its number (-1
// is the last) or its nth weekday.
type monthday struct {
	number  int
	weekday time.Weekday
	nth     int // 0: no weekday of the month; -1 the last
}

func (d monthday) String() string {
	switch {
	case d.nth != 0:
		return ordinal(d.nth) + " " + lower(d.weekday)
	case d.number == -1:
		return "last day"
	case d.number != 0:
		return strconv.Itoa(d.number)
	}
	return lower(d.weekday)
}

func (u unit) parseDay(text string) (d monthday, ok bool) {
	words := strings.Fields(strings.ToLower(text))
	if u == week {
		d.weekday, ok = parseWeekday(text)
		return d, ok
	}
	switch len(words) {
	case 1:
		n, err := strconv.Atoi(words[0])
		return monthday{number: n}, err == nil && n >= 1 && n <= 31
	case 2:
		if words[0] == "last" && words[1] == "day" {
			return monthday{number: -1}, true
		}
		d.weekday, ok = parseWeekday(words[1])
		d.nth = parseOrdinal(words[0])
		return d, ok && d.nth != 0
	}
	return d, false
}

func ordinals() []string { return []string{"first", "second", "third", "fourth", "fifth"} }

func ordinal(n int) string {
	if n < 0 {
		return "last"
	}
	return ordinals()[n-1]
}

func parseOrdinal(word string) int {
	if word == "last" {
		return -1
	}
	return slices.Index(ordinals(), word) + 1
}

func parseWeekday(text string) (time.Weekday, bool) {
	n, ok := parseName(text, weekdayNames())
	return time.Weekday(n), ok
}

func weekdayNames() (names []string) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		names = append(names, lower(d))
	}
	return names
}

func monthNames() (names []string) {
	for m := time.January; m <= time.December; m++ {
		names = append(names, lower(m))
	}
	return names
}

// parseName finds a name written out or by its first three letters.
func parseName(text string, names []string) (int, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	at := slices.IndexFunc(names, func(name string) bool { return text == name || text == name[:3] })
	return at, at >= 0
}

func lower(name fmt.Stringer) string { return strings.ToLower(name.String()) }
