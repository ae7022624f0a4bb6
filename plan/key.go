package plan

import (
	"slices"

	"github.com/dchest/siphash"

	"github.com/kith-sync/kith/contact"
)

// A Secret keys the hashes of match keys, so that nobody outside can make two
// keys collide, and a stolen table names no address. One per installation.
type Secret [2]uint64

// Hash returns the hash of a match key: never more than 63 bits, so that it
// sorts alike as a signed and an unsigned number.
func (s Secret) Hash(key string) uint64 {
	return siphash.Hash(s[0], s[1], []byte(key)) >> 1
}

// A Keyring finds the match keys of records of one schema.
type Keyring struct {
	schema    contact.Schema
	norm      *contact.Normalizer
	secondary bool
	fields    map[Rule][]int
}

// NewKeyring returns the keyring of a schema whose local telephone numbers
// belong to region. With secondary, every e-mail and telephone of a record is a
// key; without, only those of its main card (K6): the first e-mail field, and the
// first telephone that is filled.
func NewKeyring(schema contact.Schema, region string, secondary bool) *Keyring {
	k := &Keyring{schema: schema, norm: contact.NewNormalizer(region), secondary: secondary, fields: map[Rule][]int{}}
	for i, f := range schema.Fields {
		if f.Name == schema.Key {
			k.fields[ByKey] = []int{i}
		}
		switch f.Kind {
		case contact.Email:
			if len(k.fields[ByEmail]) == 0 || secondary {
				k.fields[ByEmail] = append(k.fields[ByEmail], i)
			}
			k.fields[byAnyEmail] = append(k.fields[byAnyEmail], i)
		case contact.Phone:
			k.fields[ByPhone] = append(k.fields[ByPhone], i)
			k.fields[byAnyPhone] = append(k.fields[byAnyPhone], i)
		}
	}
	return k
}

// Fields returns the positions whose values are keys for a rule.
func (k *Keyring) Fields(r Rule) []int { return k.fields[r] }

// Keys appends the match keys that a record has for a rule. Blank is never a
// key, nor is a value that its kind refuses.
func (k *Keyring) Keys(r Rule, values []string, keys []string) []string {
	if r == secondEmail || r == secondPhone {
		return k.second(r.Base(), values, keys)
	}
	for _, at := range k.fields[r] {
		if at >= len(values) || values[at] == "" {
			continue
		}
		key, _ := k.norm.MatchKey(k.schema.Fields[at].Kind, values[at])
		if key == "" {
			continue
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		if !k.secondary && !r.Any() {
			break
		}
	}
	return keys
}

// second appends the keys that only the second e-mails or telephones give.
func (k *Keyring) second(r Rule, values []string, keys []string) []string {
	main := k.Keys(r, values, nil)
	for _, key := range k.Keys(anyOf(r), values, nil) {
		if !slices.Contains(main, key) {
			keys = append(keys, key)
		}
	}
	return keys
}
