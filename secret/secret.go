// Package secret seals credentials, so that a copied database or backup reveals
// none of them. Values are sealed with a data key, the data key is wrapped with
// an outer key, and the outer key stands outside the database: in a file of its
// own or in the environment (reliability.md 5.3). It does not know where sealed
// values are kept, and hides nothing from whoever has both the database and the
// outer key.
package secret

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Where is the one place a value is sealed for. Sealed text that is copied to
// another place, or put back after the value has had a new version, does not
// open.
type Where struct{ Table, Row, Column, Version string }

// Sealed is a sealed value as text: "kith1.<data key's id>.<base64>". It is
// harmless by itself.
type Sealed string

// KeyID names the data key a value was sealed with, empty when the text is no
// sealed value.
func (s Sealed) KeyID() string {
	parts := strings.Split(string(s), ".")
	if len(parts) != 3 || parts[0] != format {
		return ""
	}
	return parts[1]
}

const format = "kith1"

var (
	// ErrDamaged means that a sealed value was altered or was sealed for another
	// place.
	ErrDamaged = errors.New("a stored credential is damaged or belongs elsewhere. Enter it again under Connections")
	// ErrOtherKey means that the outer key is not the one the data was sealed with.
	ErrOtherKey = errors.New("the stored credentials were sealed with another key. Nothing was changed. Put the key back from a backup, or enter the credentials again")
	// ErrKeyGone means that there are sealed values and no outer key. None is made
	// then: it would open nothing.
	ErrKeyGone = errors.New("the key that opens the stored credentials is missing. Nothing was changed. Put it back from a backup")
	// ErrBusy means that another process changed the data keys at the same moment.
	ErrBusy = errors.New("another process is changing the keys; try again")
)

// A Shelf keeps the wrapped data keys, beside what they seal.
type Shelf interface {
	// Load returns what was stored last, empty when nothing was.
	Load(ctx context.Context) ([]byte, error)
	// Swap stores now in place of was and reports false, storing nothing, when
	// something else than was is there.
	Swap(ctx context.Context, was, now []byte) (bool, error)
}

// A Box seals and opens values. It is safe for use by several goroutines as long
// as none changes its keys.
type Box struct {
	shelf  Shelf
	random io.Reader
	outer  Key
	ring   ring
	stored []byte // what the shelf had when the ring was read
}

// Format keeps the keys out of logs.
func (b *Box) Format(f fmt.State, _ rune) { fmt.Fprint(f, "secret.Box") }

// Seal closes a value for a place with the newest data key.
func (b *Box) Seal(where Where, plain []byte) (Sealed, error) {
	k := b.ring.newest()
	closed, err := k.seal(b.random, plain, where.label(k.id))
	if err != nil {
		return "", fmt.Errorf("seal a credential: %w", err)
	}
	return Sealed(format + "." + k.id + "." + base64.RawURLEncoding.EncodeToString(closed)), nil
}

// Open returns the value that was sealed for this place, or ErrDamaged.
func (b *Box) Open(where Where, sealed Sealed) ([]byte, error) {
	k, ok := b.ring.find(sealed.KeyID())
	if !ok {
		return nil, ErrDamaged
	}
	text := string(sealed[strings.LastIndexByte(string(sealed), '.')+1:])
	closed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrDamaged
	}
	plain, ok := k.open(closed, where.label(k.id))
	if !ok {
		return nil, ErrDamaged
	}
	return plain, nil
}

// Reseal seals a value anew, for its next version and with the newest data key.
func (b *Box) Reseal(from, to Where, sealed Sealed) (Sealed, error) {
	plain, err := b.Open(from, sealed)
	if err != nil {
		return "", err
	}
	return b.Seal(to, plain)
}

// Stale reports whether a value was sealed with a data key that is not the
// newest, and so has to be sealed anew before Drop.
func (b *Box) Stale(sealed Sealed) bool { return sealed.KeyID() != b.ring.newest().id }

// label is the additional data of a value. Lengths keep ("ab","c") and
// ("a","bc") apart.
func (w Where) label(keyID string) []byte {
	var text strings.Builder
	for _, part := range []string{format, keyID, w.Table, w.Row, w.Column, w.Version} {
		fmt.Fprintf(&text, "%d:%s", len(part), part)
	}
	return []byte(text.String())
}
