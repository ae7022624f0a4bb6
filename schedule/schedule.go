// Package schedule turns a recurrence into the moments at which a sync is due: in
// words of people or as an RFC 5545 rule, in the wall time of an IANA zone (C34-C36).
// It has no clock: every moment is worked out from one that the caller gives. It
// starts nothing and stores nothing.
//
// What a change of the clocks does is written down once, here:
//
//	the wall time …               then the run is
//	does not exist (02:00 -> 03:00)  at the first moment after the gap
//	comes twice (03:00 -> 02:00)     the first time, and only then
//	of two runs falls in one gap     one run
//
// Minutes and hours are steps of fixed length: no change of the clocks touches them.
package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Schedule is a recurrence as people write it. Either Every says how often, with
// Days, Months and At, or RRule does. The zero value means by hand: it never comes.
type Schedule struct {
	Every  string `json:"every,omitempty" yaml:"every,omitempty"`   // day, weekday, 2 weeks, 15 minutes
	Days   Texts  `json:"days,omitempty" yaml:"days,omitempty"`     // monday; 15, last day; first monday
	Months Texts  `json:"months,omitempty" yaml:"months,omitempty"` // of every: year
	At     Texts  `json:"at,omitempty" yaml:"at,omitempty"`         // 02:00, on the clock of Zone
	RRule  string `json:"rrule,omitempty" yaml:"rrule,omitempty"`   // RFC 5545, in place of the four above
	Zone   string `json:"zone,omitempty" yaml:"zone,omitempty"`     // Europe/Paris
	From   string `json:"from,omitempty" yaml:"from,omitempty"`     // 2026-12-01 or 2026-12-01T02:00
	Until  string `json:"until,omitempty" yaml:"until,omitempty"`   // the last day, or the last moment
	Count  int    `json:"count,omitempty" yaml:"count,omitempty"`   // how many runs in all
}

// Texts is a list of which a single one may be written without brackets.
type Texts []string

// MarshalJSON writes a single text as itself.
func (t Texts) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// UnmarshalJSON reads a text, a whole number or a list of these.
func (t *Texts) UnmarshalJSON(data []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		items = []json.RawMessage{data}
	}
	*t = nil
	for _, item := range items {
		var s string
		if err := json.Unmarshal(item, &s); err != nil {
			n, err := strconv.Atoi(string(item))
			if err != nil {
				return fmt.Errorf("%s is neither a text nor a whole number", item)
			}
			s = strconv.Itoa(n)
		}
		*t = append(*t, s)
	}
	return nil
}

// IsZero reports whether there is no schedule at all.
func (s Schedule) IsZero() bool { return s.String() == "" }

// A Problem is what is wrong at one key of a schedule, for people.
type Problem struct {
	Key     string // every, at; "" concerns all of it
	Message string
	Hint    string // what to do, as a whole sentence
}

// Error returns the problem in one line.
func (p Problem) Error() string {
	text := p.Message
	if p.Key != "" {
		text = p.Key + ": " + text
	}
	if p.Hint != "" {
		text += ". " + p.Hint
	}
	return text
}

// join makes one error of problems, or none.
func join(problems []Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// keys are the words of the canonical text, in its order.
func keys() []string {
	return []string{"every", "days", "months", "at", "rrule", "zone", "from", "until", "count"}
}

// String returns the schedule in one line, each key before its value:
//
//	every 2 weeks days monday, thursday at 02:00 zone Europe/Paris from 2026-12-01
//
// Parse reads it again. Two canonical schedules are equal when their texts are.
func (s Schedule) String() string {
	count := ""
	if s.Count != 0 {
		count = strconv.Itoa(s.Count)
	}
	values := []string{s.Every, strings.Join(s.Days, ", "), strings.Join(s.Months, ", "), strings.Join(s.At, ", "), s.RRule, s.Zone, s.From, s.Until, count}
	var parts []string
	for i, key := range keys() {
		if values[i] != "" {
			parts = append(parts, key+" "+values[i])
		}
	}
	return strings.Join(parts, " ")
}

// Parse reads the one-line form and returns it in canonical form. The error is
// every Problem, joined.
func Parse(text string) (Schedule, error) {
	sections, err := split(strings.Fields(text))
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{Every: sections["every"], Days: commas(sections["days"]), Months: commas(sections["months"]), At: commas(sections["at"]),
		RRule: sections["rrule"], Zone: sections["zone"], From: sections["from"], Until: sections["until"]}
	if count, ok := sections["count"]; ok {
		if s.Count, err = strconv.Atoi(count); err != nil || s.Count < 1 {
			return Schedule{}, Problem{"count", fmt.Sprintf("%q is not a whole number from 1", count), ""}
		}
	}
	canonical, problems := s.Canonical()
	if len(problems) > 0 {
		return Schedule{}, join(problems)
	}
	return canonical, nil
}

// split cuts words at the keys. The unit after every is none: "every 2 days".
func split(words []string) (map[string]string, error) {
	sections := map[string]string{}
	key := ""
	for i := 0; i < len(words); i++ {
		if isKey(words[i]) {
			key = words[i]
			if _, twice := sections[key]; twice {
				return nil, Problem{key, "is written twice", "Keep one of them."}
			}
			sections[key] = ""
			if key == "every" {
				sections[key], i = unitWords(words, i)
			}
			continue
		}
		if key == "" {
			return nil, Problem{"", fmt.Sprintf("a schedule does not begin with %q", words[i]), "Write it as: every day at 02:00 zone Europe/Paris."}
		}
		sections[key] = strings.TrimSpace(sections[key] + " " + words[i])
	}
	for key, value := range sections {
		if value == "" {
			return nil, Problem{key, "has no value", "Leave it out, or write one."}
		}
	}
	return sections, nil
}

func unitWords(words []string, at int) (string, int) {
	end := min(at+2, len(words))
	if end-1 > at && strings.Trim(words[at+1], "0123456789") == "" {
		end = min(at+3, len(words))
	}
	return strings.Join(words[at+1:end], " "), end - 1
}

func isKey(word string) bool {
	for _, key := range keys() {
		if word == key {
			return true
		}
	}
	return false
}

func commas(text string) (out Texts) {
	if text == "" {
		return nil
	}
	for item := range strings.SplitSeq(text, ",") {
		out = append(out, strings.Join(strings.Fields(item), " "))
	}
	return out
}
