package contact

import (
	"hash/maphash"
	"strings"

	"github.com/kith-sync/kith/contact/phone"
)

// A memory keeps recent answers in a table of fixed size: a new answer takes
// the place of the one that shares its slot, so it never grows.
type memory struct {
	seed  maphash.Seed
	slots []slot // made when the first answer has to be remembered
}

type slot struct {
	kind      Kind // "" for an empty slot
	raw       string
	canonical string // E.164 for a phone
	extension string
	problem   Problem
}

// longest is the length of the longest value remembered. Longer ones are rare
// and would make the table heavy.
const longest = 64

// slotCount is how many answers are remembered at most.
const slotCount = 4096

func newMemory() *memory {
	return &memory{seed: maphash.MakeSeed()}
}

// slot returns the place of a value, and whether it is remembered there.
func (m *memory) slot(kind Kind, s string) (*slot, bool) {
	if m.slots == nil {
		m.slots = make([]slot, slotCount)
	}
	at := &m.slots[maphash.String(m.seed, s)%uint64(len(m.slots))]
	return at, at.kind == kind && at.raw == s
}

// recall returns what work says of s, from memory if it can.
func (m *memory) recall(kind Kind, s string, work func(string) (string, Problem)) (string, Problem) {
	at, known := m.slot(kind, s)
	if known {
		return at.canonical, at.problem
	}
	canonical, problem := work(s)
	if len(s) <= longest {
		// Cloned: s may be a small part of a large buffer of the file being read.
		raw := strings.Clone(s)
		if canonical == s {
			canonical = raw
		}
		*at = slot{kind: kind, raw: raw, canonical: canonical, problem: problem}
	}
	return canonical, problem
}

// recallPhone is phone.Parse from memory. The region is the normalizer's own,
// the same every time.
func (m *memory) recallPhone(s, region string) (phone.Number, bool) {
	at, known := m.slot(Phone, s)
	if known {
		return phone.Number{E164: at.canonical, Extension: at.extension}, at.problem == ""
	}
	number, ok := phone.Parse(s, region)
	if len(s) <= longest {
		*at = slot{kind: Phone, raw: strings.Clone(s), canonical: number.E164, extension: number.Extension}
		if !ok {
			at.problem = PhoneUnparseable
		}
	}
	return number, ok
}
