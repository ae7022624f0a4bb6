package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// rrule judges a rule of RFC 5545 and the keys that may stand beside it.
func (c *checker) rrule() {
	c.s.RRule = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(c.s.RRule)), "RRULE:")
	for _, beside := range []struct {
		key  string
		said bool
	}{{"days", len(c.s.Days) > 0}, {"months", len(c.s.Months) > 0}, {"at", len(c.s.At) > 0}} {
		if beside.said {
			c.say(beside.key, "stands beside rrule, which says it itself", "Leave it out. The time of day is that of from: 2026-12-01T02:00, or BYHOUR and BYMINUTE.")
		}
	}
	if c.s.From == "" {
		c.say("from", "is missing", "A rule needs its beginning: from: 2026-12-01T02:00.")
	}
	o, problem := parseRule(c.s.RRule)
	switch {
	case problem.Message != "":
		c.say("rrule", problem.Message, problem.Hint)
	case o.Count > 0 && c.s.Count > 0:
		c.say("count", "stands beside COUNT of the rule", "Write one of them.")
	case !o.Until.IsZero() && c.s.Until != "":
		c.say("until", "stands beside UNTIL of the rule", "Write one of them.")
	case o.Count > 0 && (c.s.Until != "" || !o.Until.IsZero()):
		c.say("rrule", "COUNT and UNTIL do not go together", "Keep one of them.")
	}
}

// parseRule reads a rule strictly: what the library would take for something else,
// or would never come back from, is a problem.
func parseRule(text string) (o rrule.ROption, p Problem) {
	wrong := func(hint, format string, args ...any) (rrule.ROption, Problem) {
		return o, Problem{"rrule", fmt.Sprintf(format, args...), hint}
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		if _, twice := parts[name]; twice {
			return wrong("Keep one of them.", "%s is written twice", name)
		}
		parts[name] = value
	}
	switch {
	case len(text) > 1000:
		return wrong("", "the rule is longer than 1000 characters")
	case parts["FREQ"] == "SECONDLY" || parts["BYSECOND"] != "" && parts["BYSECOND"] != "0":
		return wrong("Write FREQ=MINUTELY or longer.", "nothing is planned by the second")
	case parts["BYEASTER"] != "" || parts["DTSTART"] != "":
		return wrong("Its beginning is from: 2026-12-01T02:00.", "only the parts of a rule in RFC 5545 may stand here")
	}
	read, err := rrule.StrToROption(text)
	if err != nil {
		return wrong("Write it as in RFC 5545: FREQ=MONTHLY;BYDAY=-1FR.", "%q is not a rule: %v", text, err)
	}
	o = *read
	if _, err := rrule.NewRRule(o); err != nil {
		return wrong("", "this is not a rule: %v", err)
	}
	_, counted := parts["COUNT"]
	_, every := parts["INTERVAL"]
	switch {
	case every && (o.Interval < 1 || o.Interval > mostInterval):
		return wrong("", "INTERVAL=%s is not a number from 1 to %d", parts["INTERVAL"], mostInterval)
	case counted && (o.Count < 1 || o.Count > mostCount):
		return wrong("", "COUNT=%s is not a number from 1 to %d", parts["COUNT"], mostCount)
	case o.Wkst.N() != 0:
		return wrong("", "WKST=%s is not a weekday", parts["WKST"])
	}
	return o, Problem{"rrule", misfit(o), "See RFC 5545, 3.3.10."}.ifSaid()
}

func (p Problem) ifSaid() Problem {
	if p.Message == "" {
		return Problem{}
	}
	return p
}

// misfit names parts that RFC 5545 does not allow together (3.3.10, the table).
func misfit(o rrule.ROption) string {
	nth := slices.ContainsFunc(o.Byweekday, func(w rrule.Weekday) bool { return w.N() != 0 })
	far := slices.ContainsFunc(o.Byweekday, func(w rrule.Weekday) bool { return w.N() > 5 || w.N() < -5 })
	by := len(o.Bymonth) + len(o.Byweekno) + len(o.Byyearday) + len(o.Bymonthday) + len(o.Byweekday) + len(o.Byhour) + len(o.Byminute)
	switch fixed := o.Freq == rrule.HOURLY || o.Freq == rrule.MINUTELY; {
	case fixed && by+len(o.Bysetpos)+len(o.Bysecond) > 0:
		return "hours and minutes are steps of fixed length and have no BY parts; write FREQ=DAILY with BYHOUR and BYMINUTE"
	case len(o.Byweekno) > 0 && o.Freq != rrule.YEARLY:
		return "BYWEEKNO belongs to FREQ=YEARLY"
	case len(o.Byyearday) > 0 && o.Freq != rrule.YEARLY:
		return "BYYEARDAY belongs to FREQ=YEARLY"
	case len(o.Bymonthday) > 0 && o.Freq == rrule.WEEKLY:
		return "BYMONTHDAY does not go with FREQ=WEEKLY"
	case nth && (o.Freq != rrule.YEARLY && o.Freq != rrule.MONTHLY || len(o.Byweekno) > 0):
		return "a number before a weekday in BYDAY belongs to FREQ=MONTHLY or FREQ=YEARLY without BYWEEKNO"
	case far && (o.Freq == rrule.MONTHLY || len(o.Bymonth) > 0):
		return "a month has no more than five of a weekday"
	case len(o.Bysetpos) > 0 && by == 0:
		return "BYSETPOS needs another BY part"
	}
	return ""
}

// custom makes a rule of RFC 5545 ready: what it leaves to its beginning is written
// out, so that counting can start anywhere.
func (r *rule) custom(text string) bool {
	o, problem := parseRule(text)
	if problem.Message != "" {
		return false
	}
	switch o.Freq {
	case rrule.HOURLY:
		r.step = time.Duration(max(o.Interval, 1)) * time.Hour
	case rrule.MINUTELY:
		r.step = time.Duration(max(o.Interval, 1)) * time.Minute
	}
	if o.Count > 0 {
		r.count = o.Count
	}
	r.ends(text, o.Until)
	o.Count, o.Until, o.Bysecond = 0, time.Time{}, []int{0}
	if len(o.Byhour) == 0 {
		o.Byhour = []int{r.from.Hour()}
	}
	if len(o.Byminute) == 0 {
		o.Byminute = []int{r.from.Minute()}
	}
	if len(o.Byweekno)+len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) == 0 {
		r.fromDay(&o)
	}
	r.option = o
	return true
}

// ends takes over UNTIL: with Z it is a moment, else a wall time or a whole day.
func (r *rule) ends(text string, until time.Time) {
	if until.IsZero() {
		return
	}
	_, value, _ := strings.Cut(text, "UNTIL=")
	value, _, _ = strings.Cut(value, ";")
	switch {
	case strings.HasSuffix(value, "Z"):
		r.end = until
	case len(value) == len(rrule.DateFormat):
		r.until = until.Add(24*time.Hour - time.Second)
	default:
		r.until = until
	}
}

func (r *rule) fromDay(o *rrule.ROption) {
	switch o.Freq {
	case rrule.YEARLY:
		if len(o.Bymonth) == 0 {
			o.Bymonth = []int{int(r.from.Month())}
		}
		o.Bymonthday = []int{r.from.Day()}
	case rrule.MONTHLY:
		o.Bymonthday = []int{r.from.Day()}
	case rrule.WEEKLY:
		o.Byweekday = []rrule.Weekday{ruleWeekday(r.from.Weekday())}
	}
}

// ICalendar returns the schedule as lines of RFC 5545, or nothing when it has
// Problems. Times of day that do not share their minutes take a line each; a count
// is then written as the moment of the last run. Other programs may read a change of
// the clocks in another way.
func (s Schedule) ICalendar() []string {
	r, ok := s.compile()
	if !ok {
		return nil
	}
	var lines []string
	if first, ok := r.first(); ok && s.From != "" {
		lines = append(lines, "DTSTART"+dated(first, r.zone))
	}
	o := r.option
	if r.step > 0 {
		o = rrule.ROption{Freq: rrule.MINUTELY, Interval: int(r.step / time.Minute)}
		if r.step%time.Hour == 0 {
			o = rrule.ROption{Freq: rrule.HOURLY, Interval: int(r.step / time.Hour)}
		}
	}
	o.Bysecond = nil
	if o.Interval == 1 {
		o.Interval = 0
	}
	groups := r.groups()
	r.bound(&o, len(groups) > 1)
	if len(groups) == 0 {
		return append(lines, "RRULE:"+o.RRuleString())
	}
	for _, g := range groups {
		o.Byhour, o.Byminute = g.hours, g.minutes
		lines = append(lines, "RRULE:"+o.RRuleString())
	}
	return lines
}

type group struct{ hours, minutes []int }

// groups puts times of day together that hours and minutes can say as one.
func (r rule) groups() (out []group) {
	byMinute := map[int][]int{}
	var minutes []int
	for _, t := range r.times {
		if byMinute[t%60] == nil {
			minutes = append(minutes, t%60)
		}
		byMinute[t%60] = append(byMinute[t%60], t/60)
	}
	for _, m := range minutes {
		at := slices.IndexFunc(out, func(g group) bool { return slices.Equal(g.hours, byMinute[m]) })
		if at < 0 {
			out = append(out, group{hours: byMinute[m]})
			at = len(out) - 1
		}
		out[at].minutes = append(out[at].minutes, m)
	}
	return out
}

// bound writes where the rule ends: RFC 5545 wants that in UTC.
func (r rule) bound(o *rrule.ROption, split bool) {
	switch {
	case r.count > 0 && !split && r.until.IsZero():
		o.Count = r.count
	case r.count > 0:
		for t := range r.after(time.Time{}) {
			o.Until = t
		}
	case !r.end.IsZero():
		o.Until = r.end
	case !r.until.IsZero():
		o.Until = resolve(r.until, r.zone)
	}
}

// first is the wall time of the first run.
func (r rule) first() (time.Time, bool) {
	if r.step > 0 {
		return r.from, true
	}
	for wall := range r.walls(r.from) {
		return wall, true
	}
	return time.Time{}, false
}

func dated(wall time.Time, zone *time.Location) string {
	if zone == time.UTC || zone.String() == "UTC" {
		return ":" + wall.Format(rrule.DateTimeFormat)
	}
	return ";TZID=" + zone.String() + ":" + wall.Format(rrule.LocalDateTimeFormat)
}
