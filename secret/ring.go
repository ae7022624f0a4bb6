package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A ring is the data keys of an installation, oldest first. On the shelf it is
// text, one wrapped key a line:
//
//	kith keys 1
//	<data key's id> <outer key's id> <base64>
//
// A data key may be wrapped more than once: while the outer key is being changed
// the old and the new one open it.
type ring []ringKey

type ringKey struct {
	Key
	wraps []wrap
}

type wrap struct {
	outerID string
	closed  []byte
}

const ringHead = "kith keys 1"

func (r ring) newest() Key { return r[len(r)-1].Key }

func (r ring) find(id string) (Key, bool) {
	i := slices.IndexFunc(r, func(k ringKey) bool { return k.id == id })
	if i < 0 {
		return Key{}, false
	}
	return r[i].Key, true
}

// shared reports whether more than one outer key opens the ring.
func (r ring) shared() bool {
	return slices.ContainsFunc(r, func(k ringKey) bool { return len(k.wraps) > 1 })
}

// wrapped returns the ring with every key wrapped under outer too.
func (r ring) wrapped(outer Key, random io.Reader) (ring, error) {
	all := make(ring, len(r))
	for i, k := range r {
		closed, err := outer.seal(random, k.raw, wrapLabel(k.id, outer.id))
		if err != nil {
			return nil, fmt.Errorf("wrap the data keys: %w", err)
		}
		others := slices.DeleteFunc(slices.Clone(k.wraps), func(w wrap) bool { return w.outerID == outer.id })
		all[i] = ringKey{k.Key, append(others, wrap{outer.id, closed})}
	}
	return all, nil
}

// only returns the ring without the wraps of other outer keys.
func (r ring) only(outer Key) ring {
	all := make(ring, len(r))
	for i, k := range r {
		all[i] = ringKey{k.Key, slices.DeleteFunc(slices.Clone(k.wraps), func(w wrap) bool { return w.outerID != outer.id })}
	}
	return all
}

func (r ring) text() []byte {
	var text strings.Builder
	fmt.Fprintln(&text, ringHead)
	for _, k := range r {
		for _, w := range k.wraps {
			fmt.Fprintf(&text, "%s %s %s\n", k.id, w.outerID, base64.StdEncoding.EncodeToString(w.closed))
		}
	}
	return []byte(text.String())
}

var errRing = errors.New("the stored data keys are damaged. Restore the database from a backup")

// readRing opens every data key with the outer key, or returns ErrOtherKey.
func readRing(text []byte, outer Key) (r ring, err error) {
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if lines[0] != ringHead || len(lines) < 2 {
		return nil, errRing
	}
	for _, line := range lines[1:] {
		id, w, err := readWrap(line)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(r, func(k ringKey) bool { return k.id == id })
		if i < 0 {
			i, r = len(r), append(r, ringKey{Key: Key{id: id}})
		}
		r[i].wraps = append(r[i].wraps, w)
	}
	for i := range r {
		if err := r[i].unwrap(outer); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func readWrap(line string) (id string, w wrap, err error) {
	parts := strings.Split(line, " ")
	if len(parts) != 3 {
		return "", wrap{}, errRing
	}
	closed, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return "", wrap{}, errRing
	}
	return parts[0], wrap{parts[1], closed}, nil
}

// unwrap opens a data key with the outer key.
func (k *ringKey) unwrap(outer Key) error {
	for _, w := range k.wraps {
		if w.outerID != outer.id {
			continue
		}
		raw, ok := outer.open(w.closed, wrapLabel(k.id, outer.id))
		if !ok {
			return errRing
		}
		opened, err := newKey(raw)
		if err != nil || opened.id != k.id {
			return errRing
		}
		k.Key = opened
		return nil
	}
	return ErrOtherKey
}

func wrapLabel(dataID, outerID string) []byte {
	return []byte("kith data key " + dataID + " under " + outerID)
}
