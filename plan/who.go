package plan

import "slices"

// Two people may share a telephone (settled question 8). Who says, of a record or
// a contact, what tells such people apart.
type Who struct {
	Name uint64 // hash of the last name; 0: it has none
	Mail uint64 // hash of the e-mail's match key; 0: it has none
}

// Contradicts reports whether two who share a telephone are different people:
//
//	last names        e-mails           they are
//	equal             whatever          one person
//	one side has none whatever          one person
//	different         equal             one person
//	different         different         two people
//	different         one side has none two people
func (w Who) Contradicts(other Who) bool {
	return w.Name != 0 && other.Name != 0 && w.Name != other.Name && (w.Mail == 0 || w.Mail != other.Mail)
}

// LastName is the last name of a record or contact of the target, without case and
// accents; empty where it has none, and where the sync asks for the telephone alone
// (K4).
func (b *Rulebook) LastName(values []string) string {
	if b.Sync.PhoneMatch == PhoneAlone {
		return ""
	}
	return foldName(b.lastName(values))
}

// Names reports whether names tell apart those who share a telephone.
func (b *Rulebook) Names() bool { return b.Sync.PhoneMatch != PhoneAlone }

// known are records by whom they name, in a group or in each of its keys.
type known map[knownBy]int64

type knownBy struct {
	key  uint64
	how  uint8
	hash uint64
}

const (
	anybody = iota
	nameless
	byName
	byMail
)

// add notes a record; of several, the last is found.
func (k *known) add(c Claim) {
	if *k == nil {
		*k = known{}
	}
	for _, key := range c.keys() {
		(*k)[knownBy{key, anybody, 0}] = c.Row
		if c.Who.Name == 0 {
			(*k)[knownBy{key, nameless, 0}] = c.Row
		}
		(*k)[knownBy{key, byName, c.Who.Name}] = c.Row
		if c.Who.Mail != 0 {
			(*k)[knownBy{key, byMail, c.Who.Mail}] = c.Row
		}
	}
}

// find returns a record that shares a key with the claim and may be the same
// person; -1 if there is none.
func (k known) find(c Claim) int64 {
	if k == nil {
		return -1
	}
	found := int64(-1)
	for _, key := range c.keys() {
		by := []knownBy{{key, anybody, 0}}
		if c.Who.Name != 0 {
			by = []knownBy{{key, byName, c.Who.Name}, {key, nameless, 0}, {key, byMail, c.Who.Mail}}
		}
		for _, b := range by {
			if row, ok := k[b]; ok {
				found = max(found, row)
				break
			}
		}
	}
	return found
}

// others is the claim without the key that is its own.
func (c Claim) others() Claim {
	if c.Own != 0 {
		c.Keys = slices.DeleteFunc(slices.Clone(c.Keys), func(key uint64) bool { return key == c.Own })
	}
	return c
}

// oneKey stands for the key of a group that has only one.
var oneKey = []uint64{0}

func (c Claim) keys() []uint64 {
	if c.Keys == nil {
		return oneKey
	}
	return c.Keys
}
