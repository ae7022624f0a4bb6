package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// Match keys lie in leaves: a row of the table holds up to leafKeys keys of one
// book and rule as a sorted list, and its first hash says where the list begins.
// The leaves of a book and rule follow each other without gaps, the first one
// from hash 0. A sweep over a million keys so reads four thousand rows instead
// of a million (docs/decisions/0002-key-leaves.md).

// leafKeys is how many keys a leaf holds when it is filled in one sweep: what
// fits in half a database page of 8 KiB.
const leafKeys = 240

// A leaf is one row of contact_key.
type leaf struct {
	id    int64  // 0: not stored yet
	first uint64 // hash from which on it holds keys
	keys  []KeyHit
}

func decodeLeaf(data []byte, keys []KeyHit) ([]KeyHit, error) {
	if len(data)%16 != 0 {
		return nil, fmt.Errorf("the index of match keys is damaged; restore the latest backup")
	}
	for ; len(data) > 0; data = data[16:] {
		keys = append(keys, KeyHit{binary.LittleEndian.Uint64(data), int64(binary.LittleEndian.Uint64(data[8:]))})
	}
	return keys, nil
}

func encodeLeaf(keys []KeyHit) []byte {
	data := make([]byte, 0, 16*len(keys))
	for _, k := range keys {
		data = binary.LittleEndian.AppendUint64(data, k.Hash)
		data = binary.LittleEndian.AppendUint64(data, uint64(k.Ref))
	}
	return data
}

func compareKeys(a, b KeyHit) int {
	return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Ref, b.Ref))
}

// mergeKeys returns the sorted union of two sorted lists, without the keys to
// be removed.
func mergeKeys(old, add, remove []KeyHit) []KeyHit {
	out := make([]KeyHit, 0, len(old)+len(add))
	for len(old)+len(add) > 0 {
		var next KeyHit
		switch {
		case len(old) == 0:
			next, add = add[0], add[1:]
		case len(add) == 0:
			next, old = old[0], old[1:]
		default:
			switch order := compareKeys(old[0], add[0]); {
			case order < 0:
				next, old = old[0], old[1:]
			case order > 0:
				next, add = add[0], add[1:]
			default:
				next, old, add = old[0], old[1:], add[1:]
			}
		}
		if len(out) > 0 && out[len(out)-1] == next {
			continue
		}
		if _, gone := slices.BinarySearchFunc(remove, next, compareKeys); !gone {
			out = append(out, next)
		}
	}
	return out
}

// split cuts a list into leaves. Keys of one hash stay together, so that a look-up
// reads one leaf. A list that is a little over full is cut in half rather than
// leaving a stump.
func split(keys []KeyHit) (parts [][]KeyHit) {
	for len(keys) > leafKeys {
		n := leafKeys
		if len(keys) < 2*leafKeys {
			n = len(keys) / 2
		}
		for n < len(keys) && keys[n].Hash == keys[n-1].Hash {
			n++
		}
		parts = append(parts, keys[:n])
		if keys = keys[n:]; len(keys) == 0 {
			return parts // hundreds of contacts share one key
		}
	}
	return append(parts, keys)
}
