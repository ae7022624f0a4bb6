package mailchimp

import (
	"cmp"
	"context"
	"hash/fnv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// known is what lets many members be written without asking for each: what has
// changed since the caller was told everything, which is one short listing.
//
// Mailchimp takes no conditions, so a version is compared by looking:
//
//	changed since the caller's listing           its version is compared
//	not changed since, version not later than it it still has that version
//	anything else                                it is asked for by itself
//
// Two things stay open. Between the look and the write, about a second, somebody
// may change the member: the fields we write are then ours, all others theirs.
// And a caller who goes on with a version older than the one its own listing
// told is believed.
type known struct {
	until time.Time         // the caller was told every change up to here; zero: of nothing
	seen  time.Time         // changes up to here are in by
	by    map[uint64]uint64 // versions of members who changed since until, both as hashes
}

// lookBack is how far the next look begins before the time of this one: settles,
// for what is looked at again and again.
const lookBack = 5 * time.Second

// heard notes that the caller was told every change up to a time, and these later
// ones.
func (a *Audience) heard(until time.Time, fresh []contact.Record) {
	a.mu.Lock()
	a.known = known{until: until, seen: until, by: map[uint64]uint64{}}
	a.mu.Unlock()
	for _, r := range fresh {
		a.saw(r)
	}
}

// saw notes the version a record has.
func (a *Audience) saw(r contact.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known.by != nil {
		a.known.by[sum(r.ID)] = sum(r.Version)
	}
}

func sum(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum64()
}

// look lists what changed since the last look.
func (a *Audience) look(ctx context.Context) error {
	a.looking.Lock()
	defer a.looking.Unlock()
	a.mu.Lock()
	from := a.known.seen
	a.mu.Unlock()
	seen, begun := from, time.Time{}
	err := a.walk(ctx, from, "", func(s sheet) bool {
		for i := range s.members {
			r := a.item(&s.members[i])
			a.saw(r.Record) // who is archived has no version
		}
		begun = cmp.Or(begun, s.asked, s.high)
		seen = later(seen, earlier(s.high, begun.Add(-lookBack)))
		return true
	})
	if err == nil {
		a.mu.Lock()
		a.known.seen = seen
		a.mu.Unlock()
	}
	return err
}

// A standing is what is known of a write's version.
type standing int

const (
	unknown standing = iota
	current
	overtaken
	gone // archived
)

func (a *Audience) standing(w connector.Write) standing {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known.until.IsZero() || w.Version == "" {
		return unknown
	}
	if now, changed := a.known.by[sum(w.ID)]; changed {
		switch now {
		case sum(w.Version):
			return current
		case sum(""): // see look
			return gone
		}
		return overtaken
	}
	text, _, _ := strings.Cut(w.Version, " ")
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.After(a.known.until) {
		return unknown
	}
	return current
}

func wasOvertaken() *connector.Fault {
	return &connector.Fault{Kind: connector.Overtaken, Message: "Somebody else has changed the member meanwhile."}
}

func missing() *connector.Fault {
	return &connector.Fault{Kind: connector.Missing, Message: "The member is not there any more: archived, or deleted."}
}
