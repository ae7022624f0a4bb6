package account

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// secretSize is 256 bits: twice what reliability.md asks of a link.
const secretSize = 32

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// newSecret draws a secret that goes into a link, a cookie or a header.
func newSecret(random io.Reader, size int) (string, error) {
	raw := make([]byte, size)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("draw a secret: %w", err)
	}
	return strings.ToLower(letters.EncodeToString(raw)), nil
}

// hashSecret is what is kept of a secret. Nobody can guess 112 random bits and
// more, so a fast hash without salt is right for it (ASVS 6.5.2); a look-up by
// the hash tells nothing about the secret by how long it takes.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func numbered(kind string, id int64) string { return fmt.Sprintf("%s:%d", kind, id) }
