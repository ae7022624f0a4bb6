package notify

import (
	"fmt"
	"strconv"
	"strings"
)

// All English of this package stands in this file.

var titles = map[Event]string{
	Failed:    "a run failed",
	Rejects:   "records were refused",
	Guard:     "the guard stopped a run",
	Late:      "a run is late",
	Paused:    "a run is paused",
	Conflicts: "conflicts wait for a decision",
	Recovered: "all is well again",
}

func title(e Event, c change) string {
	if e == Recovered && len(c.open) > 0 {
		return "a problem is over"
	}
	return titles[e]
}

// over names a problem that has ended or lasts.
var over = map[Event]string{
	Failed: "runs failed", Rejects: "records were refused", Guard: "the guard stopped runs",
	Late: "a run was late", Paused: "runs were paused", Conflicts: "conflicts waited",
}

const when = "2 January 2006, 15:04 UTC"

// what says in a sentence or two what happened.
func what(e Event, r Result, c change) string {
	switch e {
	case Failed:
		if r.Message == "" {
			return "The run ended with an error. What was written before it stays complete."
		}
		return stop(r.Message)
	case Rejects:
		return fmt.Sprintf("%s of %s could not be taken over. The others are in their place.", records(r.refused()), thousands(r.Totals.Read))
	case Guard:
		if r.Stop == nil {
			return "The plan would change more than the guard allows. Nothing was written."
		}
		return r.Stop.Message()
	case Late:
		return fmt.Sprintf("The run that was due on %s has not begun.", r.At.UTC().Format(when))
	case Paused:
		return "The other system takes no more calls for now. What was written stays; the next run goes on from there."
	case Conflicts:
		return fmt.Sprintf("%s that both sides changed differently. Neither value is written until somebody decides.", fields(r.Conflicts))
	case Recovered:
		text := "This is over: " + list(c.over) + "."
		if len(c.open) > 0 {
			text += " This is not: " + list(c.open) + "."
		}
		return text
	}
	return ""
}

// next says what to do.
func next(e Event, causes []Cause) string {
	switch e {
	case Failed, Rejects:
		if len(causes) > 0 {
			return causes[0].Fix
		}
	case Guard:
		return "Look at the deletions. If they are right, approve exactly this plan once; if not, correct the source."
	case Late:
		return "See whether Kith is running, and whether an earlier run of this sync is still at work."
	case Paused:
		return "Nothing, unless it happens often: then ask for a larger quota, or run the sync less often."
	case Conflicts:
		return "Choose a value for each."
	case Recovered:
	}
	return ""
}

// command is the line to type for a closer look.
func command(e Event, r Result) string {
	switch {
	case e == Conflicts:
		return "kith conflicts"
	case e == Rejects:
		return fmt.Sprintf("kith rejects %d", r.Run)
	case r.Run > 0:
		return fmt.Sprintf("kith runs show %d", r.Run)
	}
	return "kith runs list"
}

// TestMessage is what a test sends.
func TestMessage(channel string) Message {
	return Message{Event: "test", Sync: "test", Title: "Kith: this is a test", Command: "kith notifications list",
		What: Line("The channel " + channel + " works. What Kith has to say about runs will arrive here.")}
}

// NotAttached says that the refused records could not be sent along.
func (m Message) NotAttached() Message {
	m.What += " They are too many to be attached, or no longer kept."
	return m
}

// subject is the subject of a mail.
func (m Message) subject() string {
	if m.Event == "test" {
		return m.Title
	}
	return "Kith: " + m.Title
}

func (m Message) counts() string {
	t := m.Totals
	if t.Read == 0 && t.Deleted == 0 {
		return ""
	}
	parts := []string{"read " + thousands(t.Read)}
	for _, c := range []struct {
		word string
		n    int64
	}{{"created", t.Created}, {"updated", t.Updated}, {"unchanged", t.Unchanged}, {"skipped", t.Skipped}, {"held", t.Held},
		{"rejected", t.Rejected}, {"failed", t.Failed}, {"deleted", t.Deleted}} {
		if c.n > 0 {
			parts = append(parts, c.word+" "+thousands(c.n))
		}
	}
	if m.Event == Guard {
		return "Planned, and not written: " + strings.Join(parts, ", ")
	}
	return strings.Join(parts, ", ")
}

const (
	labelWhy     = "Why"
	labelNext    = "What to do"
	labelLook    = "Look closer"
	labelCommand = "On the command line"
	footer       = "Kith writes once when something begins and once when it is over."
)

// headline names the run: "Run 12 of attendees, 22 November 2026, 02:00 UTC".
func (m Message) headline() string {
	switch {
	case m.Run > 0:
		return fmt.Sprintf("Run %d of %s, %s", m.Run, m.Sync, m.At.UTC().Format(when))
	case m.Event == "test":
		return ""
	}
	return m.Sync
}

func records(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return thousands(n) + " records"
}

func fields(n int64) string {
	if n == 1 {
		return "There is 1 field"
	}
	return "There are " + thousands(n) + " fields"
}

func list(events []Event) string {
	words := make([]string, len(events))
	for i, e := range events {
		words[i] = over[e]
	}
	return strings.Join(words, "; ")
}

// stop ends a sentence.
func stop(text string) string {
	if text = strings.TrimSpace(text); text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
