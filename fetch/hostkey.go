package fetch

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// A HostKey is what a server of SFTP is recognised by. The zero value is no key.
type HostKey struct {
	Type  string // "ssh-ed25519"; empty: whichever has this print
	Print string // "SHA256:..."
}

func (k HostKey) String() string { return strings.TrimSpace(k.Type + " " + k.Print) }

// ParseHostKey reads a key as people have it: "SHA256:...", with its type before
// it, as ssh-keygen -l prints it, or as a line of known_hosts or of a .pub file.
func ParseHostKey(text string) (HostKey, error) {
	var k HostKey
	for word := range strings.FieldsSeq(text) {
		switch {
		case strings.HasPrefix(word, "SHA256:"):
			k.Print = word
		case strings.HasPrefix(word, "AAAA"):
			blob, err := base64.StdEncoding.DecodeString(word)
			if err != nil {
				return HostKey{}, fmt.Errorf("%q is not a whole key", word)
			}
			public, err := ssh.ParsePublicKey(blob)
			if err != nil {
				return HostKey{}, fmt.Errorf("%q is not a whole key", word)
			}
			return keyOf(public), nil
		case slices.Contains(keyTypes, word):
			k.Type = word
		}
	}
	sum, err := base64.RawStdEncoding.DecodeString(strings.TrimPrefix(k.Print, "SHA256:"))
	if err != nil || len(sum) != 32 {
		return HostKey{}, errors.New("a host key is written as ssh-ed25519 SHA256:... and 43 characters, as ssh-keygen -l prints it")
	}
	return k, nil
}

func keyOf(public ssh.PublicKey) HostKey {
	return HostKey{public.Type(), ssh.FingerprintSHA256(public)}
}

// keyTypes are the types of host keys, best first. A server has one of each at
// most, and shows the one it is asked for.
var keyTypes = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA}

// algorithms are those of a type of key: RSA is signed in three ways, of which
// SHA-1 is none any more.
func algorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512}
	}
	return []string{keyType}
}

// askFor lists what to ask a server for, one attempt after the other: where the
// type of the key that is expected is not known, another type than the first may
// have its print.
func (k HostKey) askFor() [][]string {
	switch {
	case k.Type != "":
		return [][]string{algorithms(k.Type)}
	case k.Print == "":
		var all []string
		for _, t := range keyTypes {
			all = append(all, algorithms(t)...)
		}
		return [][]string{all}
	}
	var each [][]string
	for _, t := range keyTypes {
		each = append(each, algorithms(t))
	}
	return each
}

// An UnknownHost is a server that shows its key for the first time. A person has
// to accept the key; nothing was sent to the server that it could not have
// learned otherwise.
type UnknownHost struct {
	Addr string
	Key  HostKey
}

func (u *UnknownHost) Error() string {
	return fmt.Sprintf("%s shows its key for the first time: %s", u.Addr, u.Key)
}

// A ChangedHost is a server that shows another key than the one that was
// accepted: it was set up anew, or somebody else answers in its place.
type ChangedHost struct {
	Addr      string
	Was, Now  HostKey
	NoneAlike bool // it has no key of that type any more
}

func (c *ChangedHost) Error() string {
	if c.NoneAlike {
		return fmt.Sprintf("%s no longer has the key that was accepted (%s)", c.Addr, c.Was)
	}
	return fmt.Sprintf("%s shows another key (%s) than the one that was accepted (%s)", c.Addr, c.Now, c.Was)
}

// verify returns the check of a server's key, and where it leaves what it found.
func (k HostKey) verify(addr string) (ssh.HostKeyCallback, *error) {
	var found error
	return func(_ string, _ net.Addr, public ssh.PublicKey) error {
		now := keyOf(public)
		switch {
		case k.Print == "":
			found = &UnknownHost{addr, now}
		case now.Print != k.Print:
			found = &ChangedHost{Addr: addr, Was: k, Now: now}
		}
		return found
	}, &found
}
