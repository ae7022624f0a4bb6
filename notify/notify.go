// Package notify decides who is told what about the runs of a sync, and puts it
// into words. Somebody hears of a problem once, when it begins, and once more when
// it is over. The package sends nothing, stores nothing and reads no clock:
// notify/send speaks to mail servers and web hooks, notify/outbox keeps what is
// still to be sent.
package notify

import "slices"

// An Event is something that happens to a sync and that somebody may want to hear of.
type Event string

// The events, as a sync file names them. All but Recovered are problems: they
// begin, last for a while and end.
const (
	Failed    Event = "failed"    // a run ended with an error
	Rejects   Event = "rejects"   // more records were refused than the rule lets pass
	Guard     Event = "guard"     // the guard stopped a plan: it waits for a person
	Late      Event = "late"      // a run that was due has not begun
	Paused    Event = "paused"    // the other system's quota is spent; the next run goes on
	Conflicts Event = "conflicts" // fields that both sides changed wait for a person
	Recovered Event = "recovered" // a problem is over
)

// Events lists every event, problems first.
func Events() []Event {
	return []Event{Failed, Rejects, Guard, Late, Paused, Conflicts, Recovered}
}

// A Rule says who is told, and of what.
type Rule struct {
	Email   string  `json:"email,omitempty" yaml:"email,omitempty"`     // told by the installation's mail server
	Channel string  `json:"channel,omitempty" yaml:"channel,omitempty"` // or by a channel: kith notifications list
	On      []Event `json:"on,omitempty" yaml:"on,omitempty"`           // all when empty
	// Over is how many refused records are still no reason to write.
	Over Amount `json:"rejects_over,omitzero" yaml:"rejects_over,omitempty"`
	// Attach adds the refused records themselves, which are personal data.
	Attach bool `json:"attach_rejects,omitempty" yaml:"attach_rejects,omitempty"`
}

// To names whom a rule tells; a sync has one rule for each.
func (r Rule) To() string {
	if r.Email != "" {
		return r.Email
	}
	return "channel " + r.Channel
}

// wants reports whether the rule names an event.
func (r Rule) wants(e Event) bool { return len(r.On) == 0 || slices.Contains(r.On, e) }

// A State is what the people of one sync have been told. The zero state has told
// nobody anything.
type State struct {
	Run     int64              `json:"run,omitempty"`     // the last one that was looked at
	Outcome Outcome            `json:"outcome,omitempty"` // what it was
	Open    map[string][]Event `json:"open,omitempty"`    // problems that last, by whom was told: see Rule.To
}
