package simulate

import (
	"fmt"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// wire puts a system's remote under the step's faults and the eyes of the watch.
func (s *system) wire() {
	r := s.remote
	r.PageSize, r.SearchLag = s.Page, s.Lag()*9/20
	r.Log = func(format string, args ...any) { s.say(s.name+": "+format, args...) }
	r.Broken = func(format string, args ...any) { s.broken(s.name+": "+format, args...) }
	r.Before, r.After, r.Late, r.Refuse = s.before, s.after, s.late, s.refuse
	r.Hidden = func(id string) bool { return s.hidden && (len(id)+int(id[len(id)-1]))%3 == 0 }
	r.NoVersions = s.NoVersions
	r.Watch = s.watchRemote
	r.Sent = func(w connector.Write) {
		if s.tried[w.Key]++; w.Op == connector.OpDelete {
			s.asked[w.ID] = true
		}
	}
	r.Answered = func(w connector.Write) {
		if s.tried[w.Key] > 1 {
			return // it may be an earlier run's, settled in passing
		}
		if s.planned != nil && w.Op == connector.OpCreate {
			s.did[fmt.Sprint("there c", s.refOf[w.Key])] = 0
		} else if s.planned != nil {
			s.did["there "+w.ID] = 0
		}
	}
	r.Normalize = s.normalize
}

// before is asked before each call: people go on working, and the call may be
// refused, or the process die.
func (s *system) before(call string) *connector.Fault {
	// A system without conditions cannot refuse a write that was overtaken in the
	// moment between our last look and the write itself: docs/reliability.md.
	s.peopleGoOn(call != "write" || s.Conditional)
	s.dies()
	if s.rate == 0 || s.rng.Float64() >= s.rate {
		return nil
	}
	f := &connector.Fault{Kind: pick(s.rng, connector.Busy, connector.Busy, connector.Quota, connector.Unknown, connector.Denied), Message: "simulated"}
	if call == "write" {
		f.Kind = pick(s.rng, connector.Busy, connector.Quota, connector.Unknown, connector.Unknown, connector.Denied)
	}
	return s.fault(call, f)
}

// after is asked once a write is carried out: the answer may be lost.
func (s *system) after(call string) *connector.Fault {
	s.dies()
	if s.rate == 0 || s.rng.Float64() >= s.rate {
		return nil
	}
	return s.fault(call+" carried out", &connector.Fault{Kind: connector.Unknown, Message: "no answer"})
}

// late keeps a write back until after our timeout. Only what the system can tell
// from a later write is ever late: creates by their key, others by their version.
func (s *system) late(w connector.Write) time.Duration {
	safe := w.Op == connector.OpCreate && (s.ChosenKey || s.LagMinutes > 0) || w.Version != "" && s.Conditional
	if !safe || s.rate == 0 || s.rng.Float64() >= s.rate {
		return 0
	}
	_ = s.fault("write kept back", &connector.Fault{Kind: connector.Unknown})
	return time.Minute + time.Duration(s.rng.Int64N(int64(s.Lag()/4)+1))
}

// refuse finds fault with a record that was not sent before: one that is there,
// or on its way, is not refused.
func (s *system) refuse(w connector.Write) bool {
	if s.rate == 0 || s.rng.Float64() >= s.rate || w.Op == connector.OpCreate && s.tried[w.Key] > 1 {
		return false
	}
	_ = s.fault("write", &connector.Fault{Kind: connector.Invalid})
	return true
}

func (s *system) fault(call string, f *connector.Fault) *connector.Fault {
	s.result.Faults++
	s.say("fault: %s %s", call, f.Kind)
	return f
}

// dies counts a remote's answer as an effect.
func (w *world) dies() { _ = w.effect(func() error { return nil }) }

// normalize stores telephone numbers, e-mail addresses and texts in a way of its
// own, as most systems do.
func (s *system) normalize(f contact.Field, value string) string {
	if s.Normalizes {
		value = normalized(f.Kind, value)
	}
	if s.Truncates && f.Name == "company" && len(value) > 8 {
		value = value[:8]
	}
	return value
}
