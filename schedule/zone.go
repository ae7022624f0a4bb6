package schedule

import (
	"strings"
	"time"
)

// A wall time is what a clock on the wall shows, wherever it hangs: a time.Time in
// UTC that stands for no moment. Only resolve makes a moment of it.

// loadZone returns an IANA zone. Local and the variants that a system's folder of
// zones has beside them are none: they mean another thing on another machine.
func loadZone(name string) (*time.Location, bool) {
	for _, prefix := range []string{"posix", "right/", "Factory", "Local", "localtime", "/", "."} {
		if strings.HasPrefix(name, prefix) {
			return nil, false
		}
	}
	if name == "" {
		return nil, false
	}
	loc, err := time.LoadLocation(name)
	return loc, err == nil
}

// resolve returns the moment at which a clock in a zone first shows a wall time,
// or the first moment after the gap that the wall time falls in. A later wall time
// never gives an earlier moment.
func resolve(wall time.Time, zone *time.Location) time.Time {
	// No offset is further than 26 hours from another, not even where a zone
	// crossed the date line.
	for t := wall.Add(-26 * time.Hour).In(zone); ; {
		start, end := t.ZoneBounds()
		if !end.IsZero() && !end.After(t) {
			// Go 1.26 ends leap years beyond a zone's table a day early, and would
			// keep us at 30 December 2040 for ever.
			end = t.Add(time.Hour)
		}
		_, offset := t.Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		switch {
		case !start.IsZero() && at.Before(start):
			return start // the clocks had gone over it
		case end.IsZero() || at.Before(end):
			return at
		}
		t = end
	}
}

// wallOf is what the clock in a zone shows at a moment.
func wallOf(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// again returns the second moment that shows the same wall time as t, if the
// clocks go back over it.
func again(t time.Time, zone *time.Location) (time.Time, bool) {
	t = t.In(zone)
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return time.Time{}, false
	}
	_, before := t.Zone()
	_, after := end.Zone()
	second := t.Add(time.Duration(before-after) * time.Second)
	return second, before > after && !second.Before(end)
}
