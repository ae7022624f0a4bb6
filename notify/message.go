package notify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kith-sync/kith/catalogue"
	"github.com/kith-sync/kith/plan"
)

// A Message says what happened, in words that are final: every text in it is one
// clean line. It has no personal data; whoever wants the refused records asks for
// them by Rule.Attach.
type Message struct {
	Event   Event       `json:"event"`
	Sync    string      `json:"sync"`
	Run     int64       `json:"run,omitempty"`
	At      time.Time   `json:"at"`
	Title   string      `json:"title"` // "attendees: the guard stopped a run"
	What    string      `json:"what"`  // one or two sentences
	Totals  plan.Totals `json:"totals,omitzero"`
	Causes  []Cause     `json:"causes,omitempty"`
	Next    string      `json:"next,omitempty"` // what to do
	Link    string      `json:"link,omitempty"` // to the run, where a base address is known
	Command string      `json:"command,omitempty"`
}

// A Cause is why several records, or a whole run, came to this.
type Cause struct {
	Code  string `json:"code"`
	Title string `json:"title"`
	Count int64  `json:"count,omitempty"` // of records; 0 for a whole run
	Fix   string `json:"fix,omitempty"`
}

const (
	mostCauses = 3
	longest    = 500 // characters of one line
)

// messageOf says one event of a result.
func messageOf(e Event, r Result, c change) Message {
	m := Message{Event: e, Sync: Line(r.Sync), Run: r.Run, At: r.At.UTC(), Totals: r.Totals, Causes: causes(e, r)}
	m.Title = m.Sync + ": " + title(e, c)
	m.What, m.Next = Line(what(e, r, c)), Line(next(e, m.Causes))
	m.Command = command(e, r)
	return m
}

// WithBase returns the message with its link below the address that people reach
// this Kith by. Without one there is no link.
func (m Message) WithBase(base string) Message {
	switch base = strings.TrimRight(base, "/"); {
	case base == "":
	case m.Event == Conflicts:
		m.Link = base + "/conflicts"
	case m.Run > 0:
		m.Link = fmt.Sprintf("%s/runs/%d", base, m.Run)
	default:
		m.Link = base + "/syncs"
	}
	return m
}

// groups are the kinds of reason that explain an event.
func groups(e Event) []catalogue.Group {
	switch e {
	case Rejects:
		return []catalogue.Group{catalogue.Rejected, catalogue.Failed}
	case Guard:
		return []catalogue.Group{catalogue.Deleted}
	case Conflicts:
		return []catalogue.Group{catalogue.Held}
	case Failed, Late, Paused, Recovered:
	}
	return nil
}

// causes are the most frequent reasons of an event, and of a run that ended early
// the error it ended with.
func causes(e Event, r Result) (top []Cause) {
	if entry, ok := catalogue.Find(r.Code); ok && e == Failed {
		return []Cause{{Code: r.Code, Title: entry.Sentence(), Fix: entry.Fix}}
	}
	for code, n := range r.Reasons {
		entry, ok := catalogue.Find(code)
		if ok && n > 0 && slices.Contains(groups(e), entry.Group) {
			top = append(top, Cause{code, entry.Sentence(), n, entry.Fix})
		}
	}
	slices.SortFunc(top, func(a, b Cause) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code)) })
	return top[:min(len(top), mostCauses)]
}

// Line returns a text as one line that holds no control character and nothing that
// changes the direction of what follows: fit for the header of a mail, a terminal
// and a web page alike (reliability.md 5.1).
func Line(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c == unicode.ReplacementChar, unicode.IsControl(c), unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control):
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > longest {
		return string(letters[:longest-1]) + "…"
	}
	return text
}
