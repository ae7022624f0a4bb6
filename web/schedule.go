package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/schedule"
)

// scheduleForm reads a schedule from the form of the picker.
func (v *visit) scheduleForm() schedule.Schedule {
	if err := v.r.ParseForm(); err != nil {
		return schedule.Schedule{}
	}
	s := schedule.Schedule{Every: v.form("every"), Zone: v.form("zone"), From: v.form("range_from"), Until: v.form("until")}
	if n := v.form("interval"); n != "" && n != "1" {
		s.Every = n + " " + s.Every + "s"
	}
	if s.Every == "custom" {
		return schedule.Schedule{RRule: v.form("rrule"), Zone: s.Zone, From: s.From, Until: s.Until}
	}
	for t := range strings.FieldsSeq(strings.ReplaceAll(v.form("at"), ",", " ")) {
		s.At = append(s.At, t)
	}
	switch strings.TrimSuffix(v.form("every"), "s") {
	case "week":
		s.Days = v.r.Form["day"]
	case "month", "year":
		if day := v.form("month_day"); day != "" {
			s.Days = schedule.Texts{day}
		}
		if month := v.form("month"); month != "" && v.form("every") == "year" {
			s.Months = schedule.Texts{month}
		}
	case "hour", "minute":
		s.At = nil
	}
	s.Count, _ = strconv.Atoi(v.form("count")) // what is no number is no limit
	return s
}

func scheduleChoices(s schedule.Schedule) (every, days []choice) {
	unit := strings.TrimSuffix(s.Every[strings.LastIndexByte(s.Every, ' ')+1:], "s")
	if s.RRule != "" {
		unit = "custom"
	}
	every = choices(unit, "day", "day", "weekday", "weekday (Monday to Friday)", "week", "week", "month", "month", "year", "year", "hour", "hour", "minute", "minute", "custom", "custom (RFC 5545)")
	for _, d := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		days = append(days, choice{d, strings.ToUpper(d[:1]) + d[1:3], slices.ContainsFunc(s.Days, func(x string) bool { return strings.HasPrefix(d, strings.ToLower(x[:min(3, len(x))])) })})
	}
	return every, days
}

// A nextView says when a schedule runs next, or what is wrong with it.
type nextView struct {
	Text  string
	Error string
	Runs  []time.Time
	Local []string // the same by the clock of the schedule's zone
	Notes []string
}

const runsShown = 5

// upcoming asks the scheduler itself.
func (v *visit) upcoming(s schedule.Schedule) (next nextView) {
	s, found := s.Canonical()
	if len(found) > 0 {
		next.Error = found[0].Message
		if found[0].Hint != "" {
			next.Error += ". " + found[0].Hint
		}
		return next
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		zone = time.UTC
	}
	next.Text = s.Describe()
	for t := range s.After(v.service().Now()) {
		next.Runs = append(next.Runs, t)
		next.Local = append(next.Local, t.In(zone).Format("Mon 2 Jan 2006 15:04 (-07:00)"))
		if len(next.Runs) == runsShown {
			break
		}
	}
	next.Notes = s.Notes(next.Runs)
	return next
}

// nextRuns is the picker's preview.
func (v *visit) nextRuns() error {
	return v.part("import-schedule", "next", v.upcoming(v.scheduleForm()))
}

func itoa(n int) string { return strconv.Itoa(n) }
