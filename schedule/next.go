package schedule

import (
	"iter"
	"time"
)

// Next returns the first moment after the given one at which the schedule comes, or
// false when it has come to its end or has Problems. Nothing is planned for more than
// 290 years after its beginning.
func (s Schedule) Next(after time.Time) (time.Time, bool) {
	for t := range s.After(after) {
		return t, true
	}
	return time.Time{}, false
}

// After returns the moments after the given one, each later than the one before,
// in the schedule's zone. A schedule with Problems has none.
func (s Schedule) After(after time.Time) iter.Seq[time.Time] {
	r, ok := s.compile()
	if !ok {
		return func(func(time.Time) bool) {}
	}
	return r.after(after)
}

func (r rule) after(after time.Time) iter.Seq[time.Time] {
	if r.step > 0 {
		return r.steps(after)
	}
	return func(yield func(time.Time) bool) {
		start := r.from
		if r.count == 0 { // nothing to count: begin near the end, two days before for the largest gap
			start = wallOf(after, r.zone).AddDate(0, 0, -2)
		}
		n, last := 0, time.Time{}
		for wall := range r.walls(start) {
			at := resolve(wall, r.zone)
			if at.Equal(last) {
				continue // two in one gap are one
			}
			n, last = n+1, at
			switch {
			case r.count > 0 && n > r.count, !r.end.IsZero() && at.After(r.end):
				return
			case at.After(after) && !yield(at):
				return
			}
		}
	}
}

// steps are the moments of a rule of fixed length.
func (r rule) steps(after time.Time) iter.Seq[time.Time] {
	first := resolve(r.from, r.zone)
	return func(yield func(time.Time) bool) {
		n := 0
		if !after.Before(first) {
			n = int(after.Sub(first)/r.step) + 1
		}
		for t := first.Add(time.Duration(n) * r.step); !r.over(n, t); n, t = n+1, t.Add(r.step) {
			if !yield(t) {
				return
			}
		}
	}
}

// over reports whether the nth step, from 0, is beyond the range.
func (r rule) over(n int, t time.Time) bool {
	return r.count > 0 && n >= r.count ||
		!r.until.IsZero() && t.After(resolve(r.until, r.zone)) ||
		!r.end.IsZero() && t.After(r.end) || t.Year() > 2300
}

// A Due says what is to be done now.
type Due struct {
	Planned time.Time // the latest run that should have begun by now; zero: none
	Missed  int       // runs before it that are not made up for: missed runs collapse to one
	Late    bool      // the first of them is further back than the tolerance
	Next    time.Time // the run after now; zero: there is none any more
}

// Due returns what is due at now when the run of last was the latest that was
// taken (I19). A zero last has nothing due: what is planned begins with Next.
//
//	last    now    due
//	02:00   02:00  nothing, next at 02:00 tomorrow
//	02:00   +1 d   the one of 02:00 today
//	02:00   +3 d   the one of 02:00 today; two were missed, it is late
func (s Schedule) Due(last, now time.Time, tolerance time.Duration) (due Due) {
	if last.IsZero() {
		due.Next, _ = s.Next(now)
		return due
	}
	for t := range s.After(last) {
		if t.After(now) {
			due.Next = t
			break
		}
		if due.Planned.IsZero() {
			due.Late = now.Sub(t) > tolerance
		} else {
			due.Missed++
		}
		due.Planned = t
	}
	return due
}
