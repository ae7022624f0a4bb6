package workspace

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"

	"github.com/alexedwards/argon2id"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// keys are derived from the installation's master key, which lies in a file of
// its own: a copied database alone reveals nothing.
type keys struct {
	match       plan.Secret
	fingerprint []byte
	check       string // tells this key from another; says nothing about it
	sealing     cipher.AEAD
	stream      cipher.Block
	outer       []byte // wraps the keys that seal credentials
}

const masterSize = 32

// loadKeys reads the master key, making one the first time.
func loadKeys(path string) (keys, error) {
	master, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		master = make([]byte, masterSize)
		rand.Read(master) // never fails
		err = writeKey(path, master)
	}
	if err != nil {
		return keys{}, fmt.Errorf("installation key: %w", err)
	}
	if len(master) != masterSize {
		return keys{}, fmt.Errorf("installation key: %s is damaged; restore it from a backup", path)
	}
	return deriveKeys(master)
}

// writeKey writes the key in one step: half a key would be worse than none.
func writeKey(path string, master []byte) error {
	file, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(master)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func deriveKeys(master []byte) (k keys, err error) {
	derive := func(purpose string, n int) []byte {
		key, e := hkdf.Key(sha256.New, master, nil, "kith "+purpose, n)
		err = errors.Join(err, e)
		return key
	}
	match, sealing := derive("match keys", 16), derive("sealing", 32)
	k.fingerprint = derive("password fingerprint", 32)
	k.outer = derive("credentials", 32)
	k.check = hex.EncodeToString(derive("check", 16))
	if err != nil {
		return k, err
	}
	k.match = plan.Secret{binary.LittleEndian.Uint64(match), binary.LittleEndian.Uint64(match[8:])}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return k, err
	}
	if k.sealing, err = cipher.NewGCM(block); err != nil {
		return k, err
	}
	k.stream, err = aes.NewCipher(derive("staged sources", 32))
	return k, err
}

// Encrypt returns a writer of AES-CTR under a random initial value, which it
// writes first.
func (k keys) Encrypt(w io.Writer) (io.Writer, error) {
	iv := make([]byte, aes.BlockSize)
	rand.Read(iv)
	_, err := w.Write(iv)
	return cipher.StreamWriter{S: cipher.NewCTR(k.stream, iv), W: w}, err
}

// Decrypt reads what Encrypt wrote.
func (k keys) Decrypt(r io.Reader) (io.Reader, error) {
	iv := make([]byte, aes.BlockSize)
	if _, err := io.ReadFull(r, iv); err != nil {
		return nil, err
	}
	return cipher.StreamReader{S: cipher.NewCTR(k.stream, iv), R: r}, nil
}

// Seal closes a password until it reaches its book (settled question 19). Its
// fingerprint is keyed, so that it tells equality to us and nothing to others.
// The nonce follows from the fingerprint: one password always seals alike.
func (k keys) Seal(password string) (string, error) {
	mac := hmac.New(sha256.New, k.fingerprint)
	mac.Write([]byte(password))
	sum := mac.Sum(nil)
	print, nonce := hex.EncodeToString(sum[:16]), sum[16:16+k.sealing.NonceSize()]
	closed := k.sealing.Seal(slices.Clone(nonce), nonce, []byte(password), []byte(print))
	return contact.SealedPassword(print, base64.RawStdEncoding.EncodeToString(closed)), nil
}

// HashPassword turns a sealed password into the salted hash that a book keeps.
func (k keys) HashPassword(sealed string) (string, error) {
	print, text, ok := contact.PasswordParts(sealed)
	closed, err := base64.RawStdEncoding.DecodeString(text)
	if !ok || err != nil || len(closed) < k.sealing.NonceSize() {
		return "", errors.New("a sealed password is damaged")
	}
	n := k.sealing.NonceSize()
	password, err := k.sealing.Open(nil, closed[:n], closed[n:], []byte(print))
	if err != nil {
		return "", errors.New("a sealed password was closed with another installation's key")
	}
	hash, err := argon2id.CreateHash(string(password), &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	return contact.HashedPassword(print, hash), err
}

// NineDigits draws a random unique key (C29). Whoever asks sees to it that it
// is unique in its book.
func (k keys) NineDigits() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000))
	if err != nil {
		return "", err
	}
	return n.Add(n, big.NewInt(100_000_000)).String(), nil
}
