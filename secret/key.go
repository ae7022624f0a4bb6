package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

const keySize = 32

// A Key seals with AES-256-GCM (NIST SP 800-38D). It prints as its id.
type Key struct {
	id   string
	raw  []byte // empty in an outer key, which is never wrapped
	aead cipher.AEAD
}

// ID tells a key from others and says nothing about it.
func (k Key) ID() string { return k.id }

// Format prints the id whatever the verb: %d must not show the key either.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, "key "+k.id) }

// newKey makes a key of 32 random bytes.
func newKey(raw []byte) (Key, error) {
	if len(raw) != keySize {
		return Key{}, errors.New("a key has 32 bytes")
	}
	id, err := hkdf.Key(sha256.New, raw, nil, "kith key id", 4)
	if err != nil {
		return Key{}, err
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return Key{}, err
	}
	aead, err := cipher.NewGCM(block)
	return Key{id: hex.EncodeToString(id), raw: raw, aead: aead}, err
}

// outerKey makes the outer key from the bytes that stand outside the database.
// It is derived, so that the same bytes can serve other purposes too.
func outerKey(master []byte) (Key, error) {
	if len(master) != keySize {
		return Key{}, errors.New("a key has 32 bytes")
	}
	raw, err := hkdf.Key(sha256.New, master, nil, "kith credentials", keySize)
	if err != nil {
		return Key{}, err
	}
	k, err := newKey(raw)
	k.raw = nil
	return k, err
}

// seal returns nonce and ciphertext. The nonce is random: 96 bits are enough for
// the 2^32 values that one key may seal, and a data key seals some hundreds.
func (k Key) seal(random io.Reader, plain, label []byte) ([]byte, error) {
	nonce := make([]byte, k.aead.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, err
	}
	return k.aead.Seal(nonce, nonce, plain, label), nil
}

func (k Key) open(closed, label []byte) (plain []byte, ok bool) {
	n := k.aead.NonceSize()
	if len(closed) < n {
		return nil, false
	}
	plain, err := k.aead.Open(nil, closed[:n], closed[n:], label)
	return plain, err == nil
}
