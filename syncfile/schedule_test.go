package syncfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A schedule is read, written back, and no part of the sync: when it runs changes
// nothing about what it does, and so not its fingerprint.
func TestScheduleStandsBesideTheSync(t *testing.T) {
	without, err := Read("a.yaml", []byte(head))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"the example of the manual", "schedule: {every: day, at: \"02:00\", zone: Europe/Paris, from: 2026-12-01}\n",
			"schedule:\n  every: day\n  at: \"02:00\"\n  zone: Europe/Paris\n  from: \"2026-12-01\"\n"},
		{"several days and times", "schedule: {every: 2 weeks, days: [Mon, fri], at: [\"14:00\", \"2:00\"], zone: UTC, from: 2026-12-01, count: 10}\n",
			"schedule:\n  every: \"2 weeks\"\n  days: [monday, friday]\n  at: [\"02:00\", \"14:00\"]\n  zone: UTC\n  from: \"2026-12-01\"\n  count: 10\n"},
		{"a day of the month without quotes", "schedule: {every: month, days: 15, at: \"02:00\", zone: UTC}\n",
			"schedule:\n  every: month\n  days: \"15\"\n  at: \"02:00\"\n  zone: UTC\n"},
		{"one that waits", "schedule: {every: day, at: \"02:00\", zone: UTC, paused: true}\n",
			"schedule:\n  every: day\n  at: \"02:00\"\n  zone: UTC\n  paused: true\n"},
		{"a rule", "schedule: {rrule: FREQ=MONTHLY;BYDAY=-1FR, zone: UTC, from: 2026-12-01T02:00, until: 2027-12-01}\n",
			"schedule:\n  rrule: \"FREQ=MONTHLY;BYDAY=-1FR\"\n  zone: UTC\n  from: \"2026-12-01T02:00\"\n  until: \"2027-12-01\"\n"},
	} {
		docs, err := Read("a.yaml", []byte(head+c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(without[0].Sync, docs[0].Sync, sameSync); diff != "" {
			t.Errorf("%s: the sync is another one:\n%s", c.name, diff)
		}
		bare, err := without[0].Marshal()
		if err != nil {
			t.Fatal(err)
		}
		text, err := docs[0].Marshal()
		if err != nil || string(text) != string(bare)+c.want {
			t.Errorf("%s: got %v\n%s\nwant\n%s", c.name, err, text, string(bare)+c.want)
		}
		again, err := Read("b.yaml", text)
		if err != nil || again[0].Schedule.String() != docs[0].Schedule.String() {
			t.Errorf("%s: read again: got %v, %v, want %v", c.name, again, err, docs[0].Schedule)
		}
	}
	if without[0].Schedule != nil {
		t.Errorf("a file without a schedule: got %v, want none", without[0].Schedule)
	}
}
