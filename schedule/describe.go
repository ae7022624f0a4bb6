package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Describe says the schedule in English:
//
//	every weekday at 02:00, Europe/Paris, from 1 Dec 2026
func (s Schedule) Describe() string {
	var b strings.Builder
	if s.RRule != "" {
		b.WriteString("by the rule " + s.RRule)
	} else {
		b.WriteString("every " + s.Every + s.onDays())
	}
	if len(s.At) > 0 {
		b.WriteString(" at " + and(s.At))
	}
	if s.Zone != "" {
		b.WriteString(", " + s.Zone)
	}
	if s.From != "" {
		b.WriteString(", from " + shown(s.From))
	}
	if s.Until != "" {
		b.WriteString(", until " + shown(s.Until))
	}
	switch s.Count {
	case 0:
	case 1:
		b.WriteString(", once")
	default:
		fmt.Fprintf(&b, ", %d times", s.Count)
	}
	return b.String()
}

func (s Schedule) onDays() string {
	if len(s.Days) == 0 {
		return ""
	}
	_, u, _ := parseEvery(s.Every)
	names := make([]string, len(s.Days))
	for i, text := range s.Days {
		d, _ := u.parseDay(text)
		switch {
		case u == week:
			names[i] = d.weekday.String()
		case d.nth != 0:
			names[i] = "the " + ordinal(d.nth) + " " + d.weekday.String()
		case d.number == -1:
			names[i] = "the last day"
		default:
			names[i] = "the " + numbered(d.number)
		}
	}
	text := " on " + and(names)
	if len(s.Months) > 0 {
		months := make([]string, len(s.Months))
		for i, m := range s.Months {
			n, _ := parseName(m, monthNames())
			months[i] = time.Month(n + 1).String()
		}
		text += " of " + and(months)
	}
	return text
}

// numbered writes 1st, 2nd, 3rd, 11th, 31st.
func numbered(n int) string {
	ending := "th"
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.Itoa(n) + ending
}

func and(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func shown(moment string) string {
	wall, _, ok := parseMoment(moment, false)
	switch {
	case !ok:
		return moment
	case len(moment) == len(time.DateOnly):
		return wall.Format("2 Jan 2006")
	}
	return wall.Format("2 Jan 2006 15:04")
}

// Notes says what a change of the clocks does to the runs that are shown, which are
// moments of this schedule in order:
//
//	Sun 28 Mar 02:00 does not exist, so 03:00
//	Sun 25 Oct 02:30 comes twice, so the first (+02:00)
func (s Schedule) Notes(runs []time.Time) (notes []string) {
	r, ok := s.compile()
	if !ok || r.step > 0 || len(runs) == 0 {
		return nil
	}
	at := map[int64]bool{}
	for _, t := range runs {
		at[t.Unix()] = true
	}
	last := runs[len(runs)-1]
	for wall := range r.walls(wallOf(runs[0], r.zone).AddDate(0, 0, -2)) {
		t := resolve(wall, r.zone)
		if t.After(last) {
			break
		}
		if note := noteOf(wall, t, r.zone); note != "" && at[t.Unix()] {
			notes = append(notes, note)
		}
	}
	return notes
}

func noteOf(wall, t time.Time, zone *time.Location) string {
	const form = "Mon 2 Jan 15:04"
	shows := wallOf(t, zone)
	_, twice := again(t, zone)
	switch {
	case shows.Equal(wall) && twice:
		return fmt.Sprintf("%s comes twice, so the first (%s)", wall.Format(form), t.In(zone).Format("-07:00"))
	case shows.Equal(wall):
		return ""
	case shows.YearDay() != wall.YearDay():
		return fmt.Sprintf("%s does not exist, so %s", wall.Format(form), shows.Format(form))
	}
	return fmt.Sprintf("%s does not exist, so %s", wall.Format(form), shows.Format("15:04"))
}
