package connector

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/kith-sync/kith/contact"
)

// A Remote is one object of one connection of a system that other people change
// too: an address book on a CardDAV server, the contacts of a CRM. Every remote
// can be listed; what else it can do, its Promises say, and the suite in
// connectortest proves each of them.
//
// A method returns a *Fault for everything the system or the network answered.
type Remote interface {
	// Name is what people call it: "Radicale: people". Never a URL with a secret.
	Name() string
	Promises() Promises
	// Schema asks the system which fields the object has.
	Schema(ctx context.Context) (contact.Schema, error)
	// Changes lists what changed since the cursor, oldest change first where the
	// system can; everything when since is empty. A listing that does not come to
	// its end yields an error: what it left out is unknown, not gone (I13).
	Changes(ctx context.Context, since string) iter.Seq2[Page, error]
	// Fetch returns the current state of the records with these ids, in any
	// order. One that is gone comes back with Gone, one that is not returned at
	// all is unknown.
	Fetch(ctx context.Context, ids []string) ([]Item, error)
	// Find returns the records whose field has one of these values, as the
	// system compares them, at most a page of them for each value.
	Find(ctx context.Context, field string, values []string) ([]Item, error)
	// Write carries writes out and returns one outcome for each, in order; one
	// that fails does not stop the others. At most Promises.WriteBatch at a time.
	Write(ctx context.Context, writes []Write) []Outcome
}

// Promises say what a remote can do. Each is proved by the conformance suite.
type Promises struct {
	// ChosenKey: the caller's Write.Key becomes the record's unique key at the
	// system, so that a create sent twice makes one record (Tier A of
	// reliability.md I3). Otherwise an unanswered create is looked for by Find.
	ChosenKey bool
	// Conditional: a write with a Version that has been overtaken is refused
	// with Overtaken.
	Conditional bool
	// Incremental: a cursor lists only what changed since.
	Incremental bool
	// TellsGone: Changes names records that are gone, not only by leaving them
	// out of a complete listing.
	TellsGone bool
	// Finds names the fields Find takes.
	Finds []string
	// Unset names the fields that a create cannot set: the system does it by itself.
	Unset []string
	// LookedAfter: a CRM, whose records people keep. What they have there is not
	// overwritten unless a sync says so (settled question 3).
	LookedAfter bool
	// ReadOnly remotes refuse every Write.
	ReadOnly bool
	// WriteBatch and FetchBatch are the largest numbers of records in one call.
	WriteBatch, FetchBatch int
	// Erases: a delete Forever reaches a record that is gone as well, where the
	// system has only put it away.
	Erases bool
	// Bin says to people where, and for how long, the system keeps a record that was
	// deleted Forever: "its recycle bin for 15 days". Empty: nowhere.
	Bin string
	// Lag is how long after a create was answered, or applied unanswered, Find
	// may still miss it.
	Lag time.Duration
}

// An Item is the state of one record at a remote.
type Item struct {
	contact.Record
	Gone bool
	// MergedInto is the id of the record that stands for one that is gone, where
	// the system tells.
	MergedInto string
}

// A Page is a stretch of a listing.
type Page struct {
	Items []Item
	// Cursor continues after this page once everything up to here is durable. It
	// is empty where the listing can only be begun anew. A cursor is inclusive:
	// the next listing may repeat records.
	Cursor string
	// Complete marks the last page of a listing of everything: a record that no
	// page of it had was not there when it was made (requirements 3.11).
	Complete bool
}

// A Write is one change to carry out at a remote.
type Write struct {
	Op Op
	// ID is the record's, empty for a create.
	ID string
	// Key is the idempotency key of a create, the same in every attempt.
	Key string
	// Version is the one the decision was made on. A system that takes
	// conditions refuses the write when the record has another by now; an empty
	// one asks for no condition.
	Version string
	// Forever has a delete leave nothing of the record that a person could bring back,
	// where the system can do that: somebody asked to be forgotten. It may be sent any
	// number of times, a record that is not there counts as deleted, and Version is no
	// condition then. Elsewhere it is a delete like any other.
	Forever bool
	// Set has the fields to write, by name. An empty value clears the field.
	Set map[string]string
	// Known are values that the caller has seen in the record at Version, by
	// field, where it has them. A system that addresses a write by a value need
	// not be asked for it. They are no condition.
	Known map[string]string
}

// An Op is what a write does.
type Op uint8

// The operations of a remote.
const (
	OpCreate Op = iota + 1
	OpUpdate
	OpDelete
)

// An Outcome says what became of one write.
type Outcome struct {
	// Record is what the target has now, as it returned it (requirements 3.9):
	// with its id, version and all values. Zero for a delete.
	Record contact.Record
	// Fault is nil when the write was carried out.
	Fault *Fault
}

// A FaultKind says what to do about a fault.
type FaultKind uint8

// The kinds of faults.
const (
	// Denied: signing in failed or is not allowed; a person must reconnect.
	Denied FaultKind = iota + 1
	// Invalid: the system refuses this record or request; repeating is useless.
	Invalid
	// Missing: the record is gone.
	Missing
	// Overtaken: the record is no longer at the version the write asked for.
	Overtaken
	// Taken: another record has the key that must be unique.
	Taken
	// Busy: nothing was done; try again, not before RetryAfter.
	Busy
	// Unknown: whether it was done is not known. A create must not be repeated
	// blindly (I3).
	Unknown
	// Expired: the cursor no longer holds; the listing must begin anew.
	Expired
	// Quota: Busy until the budget of the account is renewed after RetryAfter.
	Quota
)

func (k FaultKind) String() string {
	names := [...]string{"unknown kind", "denied", "invalid", "missing", "overtaken", "taken", "busy", "unknown", "expired", "quota"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// A Fault is what a remote, or the way to it, answered instead of a result.
// Message holds no personal data and no secret.
type Fault struct {
	Kind       FaultKind
	Code       string        // of the system, where it gives one
	Field      string        // that it complains about, where it says so
	Message    string        // for people: what happened and what to do
	RetryAfter time.Duration // of Busy and Quota, where the system says it
	ID         string        // of Taken: the record that has the key, where the system says it
	Err        error
}

func (f *Fault) Error() string {
	if f.Message == "" && f.Err != nil {
		return fmt.Sprintf("%s: %v", f.Kind, f.Err)
	}
	return f.Message
}

func (f *Fault) Unwrap() error { return f.Err }
