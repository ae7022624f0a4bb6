package notify

import (
	"maps"
	"slices"
	"time"

	"github.com/kith-sync/kith/plan"
)

// An Outcome is how a run ended, as far as anybody is told of it.
type Outcome string

// The outcomes. RunLate is that of a run which should have begun and has not.
const (
	RunApplied   Outcome = "applied"
	RunUnchanged Outcome = "unchanged"
	RunFailed    Outcome = "failed"
	RunBlocked   Outcome = "blocked"
	RunPaused    Outcome = "paused"
	RunLate      Outcome = "late"
)

// A Result is what is known when a run has ended, or has not begun in time.
type Result struct {
	Sync      string
	Run       int64 // 0 where there is none
	Outcome   Outcome
	At        time.Time // when it ended; of a late one, when it was due
	Totals    plan.Totals
	Reasons   map[string]int64
	Code      string // of the error that ended the run
	Message   string // likewise, for people
	Stop      *plan.Stop
	Plan      string // hash
	Conflicts int64  // fields that wait for a person
}

// refused counts the records that did not get through because something is wrong.
func (r Result) refused() int64 { return r.Totals.Rejected + r.Totals.Failed }

// settles lists the problems a result has something to say about. The others last
// as they were: a run that could not read its source has seen no rejects, and one
// without anything new has met none of the old ones again.
//
//	             failed  rejects  guard  late  paused  conflicts
//	applied        x        x       x     x      x         x
//	unchanged      x                x     x      x
//	blocked        x                x     x      x
//	paused         x                x     x      x
//	failed         x                      x
//	late                                  x
func (r Result) settles() []Event {
	switch r.Outcome {
	case RunApplied:
		return []Event{Failed, Rejects, Guard, Late, Paused, Conflicts}
	case RunUnchanged, RunBlocked, RunPaused:
		return []Event{Failed, Guard, Late, Paused}
	case RunFailed:
		return []Event{Failed, Late}
	case RunLate:
		return []Event{Late}
	}
	return nil
}

// has reports whether a result is a case of a problem, to somebody with this rule.
func (r Result) has(e Event, rule Rule) bool {
	switch e {
	case Failed:
		return r.Outcome == RunFailed
	case Rejects:
		return r.Outcome == RunApplied && rule.Over.Exceeded(r.refused(), r.Totals.Read)
	case Guard:
		return r.Outcome == RunBlocked
	case Late:
		return r.Outcome == RunLate
	case Paused:
		return r.Outcome == RunPaused
	case Conflicts:
		return r.Conflicts > 0
	case Recovered:
	}
	return false
}

// A Notice is a message for one person or channel.
type Notice struct {
	Rule    Rule
	Message Message
}

// Decide says who is told what of a result, and what is then known to have been
// told. A problem is told when it begins and not again while it lasts; that it is
// over is told once, unless another has begun in its place. A result that was
// looked at before tells nobody anything. Rules that are gone are forgotten with
// what they were told.
func Decide(before State, r Result, rules []Rule) (after State, notices []Notice) {
	if r.Outcome != RunLate && (r.Run < before.Run || r.Run == before.Run && r.Outcome == before.Outcome) {
		return before, nil
	}
	after = State{Run: before.Run, Outcome: before.Outcome, Open: map[string][]Event{}}
	if r.Outcome != RunLate {
		after.Run, after.Outcome = r.Run, r.Outcome
	}
	for _, rule := range rules {
		c := compare(before.Open[rule.To()], r, rule)
		if len(c.open) > 0 {
			after.Open[rule.To()] = c.open
		}
		for _, e := range c.begun {
			notices = append(notices, Notice{rule, messageOf(e, r, c)})
		}
		if len(c.begun) == 0 && len(c.over) > 0 && rule.wants(Recovered) {
			notices = append(notices, Notice{rule, messageOf(Recovered, r, c)})
		}
	}
	return after, notices
}

// A change is what became of the problems that one rule knows.
type change struct{ open, begun, over []Event }

func compare(open []Event, r Result, rule Rule) (c change) {
	settles := r.settles()
	for _, e := range Events() {
		was, wanted := slices.Contains(open, e), rule.wants(e) && e != Recovered
		is := was
		if slices.Contains(settles, e) {
			is = r.has(e, rule)
		}
		switch {
		case is && wanted:
			c.open = append(c.open, e)
			if !was {
				c.begun = append(c.begun, e)
			}
		case was && !is:
			c.over = append(c.over, e)
		}
	}
	return c
}

// Same reports whether two states say the same, so that nothing has to be stored.
func (s State) Same(t State) bool {
	return s.Run == t.Run && s.Outcome == t.Outcome && maps.EqualFunc(s.Open, t.Open, slices.Equal[[]Event])
}
