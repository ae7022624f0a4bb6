package sandbox

import (
	"strconv"
	"strings"
	"time"
)

// A span is a stretch of time: an instant, a day, LAST_N_DAYS:7, or null.
type span struct {
	from, to int64 // to is not in it any more
	null     bool
}

// spanOperators compare an instant with a span as SOQL does: after a day means
// after its end.
var spanOperators = map[string]func(at int64, has bool, sp span) bool{
	"=":      within,
	"IN":     within,
	"!=":     func(at int64, has bool, sp span) bool { return !within(at, has, sp) },
	"NOT IN": func(at int64, has bool, sp span) bool { return !within(at, has, sp) },
	"<":      func(at int64, has bool, sp span) bool { return has && !sp.null && at < sp.from },
	"<=":     func(at int64, has bool, sp span) bool { return has && !sp.null && at < sp.to },
	">":      func(at int64, has bool, sp span) bool { return has && !sp.null && at >= sp.to },
	">=":     func(at int64, has bool, sp span) bool { return has && !sp.null && at >= sp.from },
}

func within(at int64, has bool, sp span) bool {
	if sp.null || !has {
		return sp.null && !has
	}
	return at >= sp.from && at < sp.to
}

// span understands a literal that a date or a date with time is compared with.
func (s *Sandbox) span(v token, kind string) (span, bool) {
	switch v.kind {
	case tokNumber:
		if d, err := time.Parse(time.DateOnly, v.text); err == nil {
			return days(d, 1), kind == "date" && yearOK(d)
		}
		t, ok := parseTime(v.text)
		if !ok || kind != "datetime" || !yearOK(t) || !strings.Contains(v.text, "T") {
			return span{}, false
		}
		return span{from: t.Unix(), to: t.Unix() + 1}, true
	case tokName:
		if strings.EqualFold(v.text, "null") {
			return span{null: true}, true
		}
		return s.words(v.text)
	}
	return span{}, false
}

func yearOK(t time.Time) bool { return t.Year() >= 1700 && t.Year() <= 4000 }

func days(from time.Time, n int) span {
	return span{from: from.Unix(), to: from.AddDate(0, 0, n).Unix()}
}

// words are TODAY and its kin, by the org's clock in UTC.
func (s *Sandbox) words(text string) (span, bool) {
	word, count, _ := strings.Cut(strings.ToUpper(text), ":")
	n, _ := strconv.Atoi(count)
	now := time.Unix(s.now(), 0).UTC()
	today := now.Truncate(24 * time.Hour)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	year := time.Date(now.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	week := today.AddDate(0, 0, -int(today.Weekday()))
	switch word {
	case "TODAY":
		return days(today, 1), true
	case "YESTERDAY":
		return days(today.AddDate(0, 0, -1), 1), true
	case "TOMORROW":
		return days(today.AddDate(0, 0, 1), 1), true
	case "LAST_N_DAYS":
		return days(today.AddDate(0, 0, 1-n), n), true
	case "NEXT_N_DAYS":
		return days(today.AddDate(0, 0, 1), n), true
	case "N_DAYS_AGO":
		return days(today.AddDate(0, 0, -n), 1), true
	case "THIS_WEEK":
		return days(week, 7), true
	case "LAST_WEEK":
		return days(week.AddDate(0, 0, -7), 7), true
	case "THIS_MONTH":
		return span{from: month.Unix(), to: month.AddDate(0, 1, 0).Unix()}, true
	case "LAST_MONTH":
		return span{from: month.AddDate(0, -1, 0).Unix(), to: month.Unix()}, true
	case "THIS_YEAR":
		return span{from: year.Unix(), to: year.AddDate(1, 0, 0).Unix()}, true
	case "LAST_YEAR":
		return span{from: year.AddDate(-1, 0, 0).Unix(), to: year.Unix()}, true
	case "LAST_90_DAYS":
		return days(today.AddDate(0, 0, -89), 90), true
	}
	return span{}, false
}
