package syncfile

import (
	"encoding/json"

	"github.com/kith-sync/kith/schedule"
)

// The schedule of a sync (C34-C36). What its keys mean, and which of them go
// together, is package schedule's.
func scheduleKeys() []key {
	return []key{
		{name: "every", shape: filled, doc: "How often: `day`, `weekday`, `week`, `month`, `year`, `hour`, `minute`, or a number of them: `2 weeks`, `15 minutes`. Minutes and hours are steps of fixed length."},
		{name: "days", shape: several, doc: "Of `week`: `monday`, or `mon`. Of `month` and `year`: `15`, `last day`, or `first monday` to `fifth monday` and `last monday`. A month without the day is left out."},
		{name: "months", shape: several, doc: "Of `year`: `january`, or `jan`."},
		{name: "at", shape: several, doc: "Times of day on the clock of `zone`: `\"02:00\"`."},
		{name: "rrule", shape: filled, doc: "A rule of RFC 5545 in place of the four above, such as `FREQ=MONTHLY;BYDAY=-1FR`. Its beginning is `from`."},
		{name: "zone", shape: filled, doc: "IANA time zone, such as `Europe/Paris`."},
		{name: "from", shape: filled, doc: "First day, or first moment: `2026-12-01`, `2026-12-01T02:00`. Intervals and `count` begin there."},
		{name: "until", shape: filled, doc: "Last day, or last moment."},
		{name: "count", shape: positive, doc: "How many runs in all, in place of `until`."},
		{name: "paused", shape: yesNo, doc: "`true`: nothing runs by it until somebody has it go on. Left out, a paused schedule stays paused, and one that runs goes on."},
	}
}

// readSchedule takes the schedule out of a document whose shape is checked, and whether
// it is paused: nil when the document does not say.
func readSchedule(tree map[string]any) (*schedule.Schedule, *bool, []Error) {
	said, there := tree["schedule"]
	delete(tree, "schedule")
	if !there {
		return nil, nil, nil
	}
	var paused *bool
	if keys, ok := said.(map[string]any); ok {
		if is, ok := keys["paused"].(bool); ok {
			paused = &is
		}
		delete(keys, "paused")
	}
	data, err := json.Marshal(said)
	if err != nil {
		panic(err) // plain values always marshal
	}
	var s schedule.Schedule
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, nil, []Error{{Key: "schedule", Message: "this schedule cannot be read: " + err.Error()}}
	}
	s, problems := s.Canonical()
	var found []Error
	for _, p := range problems {
		found = append(found, Error{Key: below("schedule", p.Key), Message: p.Message, Hint: p.Hint})
	}
	return &s, paused, found
}

func scheduleTree(s schedule.Schedule) (t map[string]any) {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // plain texts always marshal
	}
	decode(data, &t)
	return t
}
