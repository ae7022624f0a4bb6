package salesforce

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"slices"
	"time"

	"github.com/kith-sync/kith/connector"
)

// overlap is how long a change may be on its way: SystemModstamp is the time it
// was made at, and nobody sees it before its transaction has ended.
const overlap = 10 * time.Minute

// binDays is how long the recycle bin surely keeps what was deleted. An older
// cursor would miss who is gone.
const binDays = 14 * 24 * time.Hour

// mostSeen bounds a cursor. What it does not remember is listed again.
const mostSeen = 5000

// A cursor is how far a listing of each table has come. It lists what has changed
// since some time before it was made, without what was listed already as it is:
// the stamps count whole seconds, so that time alone cannot tell (3.10).
type cursor struct {
	V     int             `json:"v"`
	Whole bool            `json:"whole,omitempty"` // it began with everything
	Of    map[string]mark `json:"of"`
}

// A mark is how far the listing of one table has come.
type mark struct {
	From time.Time `json:"from,omitzero"` // what has changed at this time or later is listed
	Seen seen      `json:"seen,omitempty"`
	At   time.Time `json:"at,omitzero"`   // the listing that is going on has come so far
	Next time.Time `json:"next,omitzero"` // From of the one after it
}

const cursorVersion = 1

func (o *Object) decode(since string) (c cursor, err error) {
	if since == "" {
		return cursor{V: cursorVersion, Whole: true, Of: map[string]mark{}}, nil
	}
	lost := &connector.Fault{Kind: connector.Expired, Message: "We no longer know where we left off. Everything is read again."}
	if json.Unmarshal([]byte(since), &c) != nil || c.V != cursorVersion {
		return c, lost
	}
	for _, t := range o.tables {
		m, ok := c.Of[t.Name]
		if !ok && !c.Whole || !m.From.IsZero() && o.now().Sub(m.From) > binDays {
			return c, lost
		}
	}
	return c, nil
}

func (c cursor) encode() string {
	text, err := json.Marshal(c)
	if err != nil {
		return "" // times and texts always marshal
	}
	return string(text)
}

// with is the cursor with another mark of one table.
func (c cursor) with(table string, m mark) cursor {
	of := map[string]mark{table: m}
	for name, other := range c.Of {
		if name != table {
			of[name] = other
		}
	}
	c.Of = of
	return c
}

// seen are the versions of records that were listed, as hashes that ascend.
type seen []uint64

func (s seen) has(h uint64) bool {
	_, ok := slices.BinarySearch(s, h)
	return ok
}

// MarshalText packs the hashes.
func (s seen) MarshalText() ([]byte, error) {
	packed := make([]byte, 0, 8*len(s))
	for _, h := range s {
		packed = binary.LittleEndian.AppendUint64(packed, h)
	}
	return []byte(base64.RawStdEncoding.EncodeToString(packed)), nil
}

// UnmarshalText unpacks them.
func (s *seen) UnmarshalText(text []byte) error {
	packed, err := base64.RawStdEncoding.DecodeString(string(text))
	for ; len(packed) >= 8; packed = packed[8:] {
		*s = append(*s, binary.LittleEndian.Uint64(packed))
	}
	return err
}

// hash is one of some texts.
func hash(texts ...string) uint64 {
	h := fnv.New64a()
	for _, t := range texts {
		_, _ = h.Write([]byte(t)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}
