package contact

import "strings"

// A password is never stored as it was written (settled question 19). In a
// staged file it is sealed, in a book it is a salted hash; both forms carry the
// same keyed fingerprint, so that an unchanged password is seen as unchanged.
//
//	sealed:FINGERPRINT:CIPHERTEXT
//	hashed:FINGERPRINT:ARGON2ID
const (
	sealedPrefix = "sealed:"
	hashedPrefix = "hashed:"
)

// SealedPassword writes the form a password has between source and book.
func SealedPassword(fingerprint, ciphertext string) string {
	return sealedPrefix + fingerprint + ":" + ciphertext
}

// HashedPassword writes the form a password has in a book.
func HashedPassword(fingerprint, hash string) string { return hashedPrefix + fingerprint + ":" + hash }

// Sealed reports whether a value is a sealed password.
func Sealed(value string) bool { return strings.HasPrefix(value, sealedPrefix) }

// PasswordParts splits either form into its fingerprint and the rest.
func PasswordParts(value string) (fingerprint, rest string, ok bool) {
	for _, prefix := range []string{sealedPrefix, hashedPrefix} {
		if after, found := strings.CutPrefix(value, prefix); found {
			fingerprint, rest, ok = strings.Cut(after, ":")
			return fingerprint, rest, ok
		}
	}
	return "", value, false
}

// Mask is what people and exports see of a password.
const Mask = "••••••"
