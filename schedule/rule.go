package schedule

import (
	"iter"
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

// A rule is a schedule made ready. Either step is its fixed length, or option gives
// wall times: whole days where times says at what time of day, else all of it.
//
// The library never sees a zone, a count or the day that counting begins: it is
// asked for wall times of whole periods, from the period that matters on.
type rule struct {
	zone   *time.Location
	step   time.Duration
	option rrule.ROption
	times  []int // minutes after midnight
	from   time.Time
	until  time.Time // both are wall times
	end    time.Time // a moment, where the rule itself names one
	count  int
}

// beginning is where a schedule without from begins.
func beginning() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// compile makes a schedule without problems ready.
func (s Schedule) compile() (r rule, ok bool) {
	r = rule{zone: time.UTC, from: beginning(), count: s.Count}
	if s.Zone != "" {
		if r.zone, ok = loadZone(s.Zone); !ok {
			return r, false
		}
	}
	if s.From != "" {
		if r.from, _, ok = parseMoment(s.From, false); !ok {
			return r, false
		}
	}
	if s.Until != "" {
		if r.until, _, ok = parseMoment(s.Until, true); !ok {
			return r, false
		}
	}
	if s.RRule != "" {
		return r, r.custom(s.RRule)
	}
	return r, r.friendly(s)
}

func (r *rule) friendly(s Schedule) bool {
	every, u, ok := parseEvery(s.Every)
	if !ok || every > mostInterval {
		return false
	}
	o := &r.option
	o.Interval, o.Byhour, o.Byminute, o.Bysecond = every, []int{0}, []int{0}, []int{0}
	switch u {
	case minute:
		r.step = time.Duration(every) * time.Minute
	case hour:
		r.step = time.Duration(every) * time.Hour
	case day:
		o.Freq = rrule.DAILY
	case weekday:
		o.Freq, o.Byweekday = rrule.WEEKLY, []rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR}
	case week:
		o.Freq = rrule.WEEKLY
	case month:
		o.Freq = rrule.MONTHLY
	case year:
		o.Freq = rrule.YEARLY
	}
	for _, text := range s.Days {
		d, ok := u.parseDay(text)
		if !ok {
			return false
		}
		if d.number != 0 {
			o.Bymonthday = append(o.Bymonthday, d.number)
			continue
		}
		w := ruleWeekday(d.weekday)
		o.Byweekday = append(o.Byweekday, w.Nth(d.nth))
	}
	for _, text := range s.Months {
		m, ok := parseName(text, monthNames())
		if !ok {
			return false
		}
		o.Bymonth = append(o.Bymonth, m+1)
	}
	for _, text := range s.At {
		t, ok := parseClock(text)
		if !ok {
			return false
		}
		r.times = append(r.times, t)
	}
	slices.Sort(r.times)
	slices.Sort(o.Bymonth)
	return r.step > 0 || len(r.times) > 0
}

func ruleWeekday(d time.Weekday) rrule.Weekday {
	return [...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}[d]
}

// walls are the wall times of the rule's range that are not before start, in order.
func (r rule) walls(start time.Time) iter.Seq[time.Time] {
	if start.Before(r.from) {
		start = r.from
	}
	return func(yield func(time.Time) bool) {
		o := r.option
		o.Dtstart = r.period(start)
		library, err := rrule.NewRRule(o)
		if err != nil {
			return // Check has refused it
		}
		next := library.Iterator()
		for day, ok := next(); ok; day, ok = next() {
			for _, wall := range r.timesOf(day) {
				switch {
				case wall.Before(start):
				case !r.until.IsZero() && wall.After(r.until), !yield(wall):
					return
				}
			}
		}
	}
}

func (r rule) timesOf(day time.Time) []time.Time {
	if len(r.times) == 0 {
		return []time.Time{day}
	}
	out := make([]time.Time, len(r.times))
	for i, t := range r.times {
		out[i] = day.Add(time.Duration(t) * time.Minute)
	}
	return out
}

// period is the beginning of the last period that is counted and begins no later
// than start. Counting begins with the period that from is in.
func (r rule) period(start time.Time) time.Time {
	y, m, d := r.from.Date()
	n := max(r.option.Interval, 1)
	switch r.option.Freq {
	case rrule.YEARLY:
		return time.Date(y+whole(start.Year()-y, n), 1, 1, 0, 0, 0, 0, time.UTC)
	case rrule.MONTHLY:
		months := (start.Year()-y)*12 + int(start.Month()-m)
		return time.Date(y, m+time.Month(whole(months, n)), 1, 0, 0, 0, 0, time.UTC)
	case rrule.WEEKLY:
		first := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		back := (int(first.Weekday()) + 6 - r.option.Wkst.Day()) % 7 // the library's Monday is 0
		first = first.AddDate(0, 0, -back)
		return first.AddDate(0, 0, whole(days(first, start), 7*n))
	default:
		first := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		return first.AddDate(0, 0, whole(days(first, start), n))
	}
}

func days(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }

// whole is the largest multiple of n that is not above.
func whole(above, n int) int { return above / n * n }

// comes reports whether the rule comes at all.
func (r rule) comes() bool {
	for range r.after(time.Time{}) {
		return true
	}
	return false
}
