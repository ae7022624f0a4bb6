package connectortest

import (
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
)

// A Trouble is something that goes wrong between us and a system.
type Trouble string

// The troubles a remote must tell apart. Each row of troubles says as what.
const (
	SignedOut  Trouble = "signing in is refused"
	Throttled  Trouble = "too many requests, try again in 7 seconds"
	Down       Trouble = "nobody answers"
	LostAnswer Trouble = "a write is carried out and its answer is lost"
	CutShort   Trouble = "a listing breaks off"
	OldCursor  Trouble = "the cursor is too old"
	Refused    Trouble = "the system does not accept a record"
)

func (s Remote) troubles(t *testing.T) {
	for _, trouble := range s.Troubles {
		t.Run(string(trouble), func(t *testing.T) { s.trouble(t, trouble) })
	}
}

func (s Remote) trouble(t *testing.T, trouble Trouble) {
	r, other := s.Open(t)
	ids := s.fill(t, r, other)
	pages := listed(t, r, "")
	cursor := pages[len(pages)-1].Cursor
	undo := s.Disturb(t, r, trouble)
	switch trouble {
	case SignedOut:
		s.all(t, r, ids[0], connector.Denied, connector.Denied)
	case Throttled:
		for _, f := range s.all(t, r, ids[0], connector.Busy, connector.Busy) {
			if f != nil && f.RetryAfter != 7*time.Second {
				t.Errorf("try again after: got %s, want 7s", f.RetryAfter)
			}
		}
	case Down:
		s.all(t, r, ids[0], connector.Busy, connector.Busy)
	case LostAnswer:
		s.lostAnswer(t, r, undo)
		return
	case CutShort:
		s.cutShort(t, r)
	case OldCursor:
		kind(t, "changes", fault(lastError(r.Changes(t.Context(), cursor))), connector.Expired)
	case Refused:
		kind(t, "create", do(t, r, connector.Write{Op: connector.OpCreate, Key: "k-1", Set: s.person(1)}).Fault, connector.Invalid)
	}
	undo()
	if got := there(latest(listed(t, r, ""))); len(got) != len(ids) {
		t.Errorf("afterwards: got %d records, want %d as before", len(got), len(ids))
	}
}

// all makes every call, each of which must fail.
func (s Remote) all(t *testing.T, r connector.Remote, id string, read, write connector.FaultKind) (faults []*connector.Fault) {
	t.Helper()
	must := func(what string, f *connector.Fault, want connector.FaultKind) {
		t.Helper()
		kind(t, what, f, want)
		faults = append(faults, f)
	}
	must("changes", fault(lastError(r.Changes(t.Context(), ""))), read)
	_, err := r.Fetch(t.Context(), []string{id})
	must("fetch", fault(err), read)
	if finds := r.Promises().Finds; len(finds) > 0 {
		_, err = r.Find(t.Context(), finds[0], []string{"x@example.com"})
		must("find", fault(err), read)
	}
	if r.Promises().ReadOnly {
		return faults
	}
	must("create", do(t, r, connector.Write{Op: connector.OpCreate, Key: "k-1", Set: s.person(1)}).Fault, write)
	must("update", do(t, r, connector.Write{Op: connector.OpUpdate, ID: id, Set: s.person(1)}).Fault, write)
	must("delete", do(t, r, connector.Write{Op: connector.OpDelete, ID: id}).Fault, write)
	return faults
}

// lostAnswer holds I3: a create that was not answered is unknown, and with a
// chosen key the same create again makes no second record.
func (s Remote) lostAnswer(t *testing.T, r connector.Remote, undo func()) {
	before := len(there(latest(listed(t, r, ""))))
	create := connector.Write{Op: connector.OpCreate, Key: "k-lost", Set: s.person(2000)}
	kind(t, "create", do(t, r, create).Fault, connector.Unknown)
	undo()
	if r.Promises().ChosenKey {
		s.same(t, "created again", r, done(t, "create again", do(t, r, create)), s.person(2000))
	}
	if got := len(there(latest(listed(t, r, "")))); got != before+1 {
		t.Errorf("got %d records, want %d: one more", got, before+1)
	}
}

// cutShort holds I13: what a broken listing left out is unknown, not gone.
func (s Remote) cutShort(t *testing.T, r connector.Remote) {
	var last error
	for p, err := range r.Changes(t.Context(), "") {
		last = err
		if p.Complete {
			t.Error("a page of a listing that breaks off is marked complete")
		}
	}
	if last == nil {
		t.Error("a listing that breaks off ended without an error")
	}
}
