package sandbox

import "strings"

// Record ids are 15 characters that differ by case, and 3 more that say which of
// them are capitals, for programs that do not tell case apart. The first three
// name the object; the last nine of the fifteen are the row's number.

const (
	digits62  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	suffix32  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	instance  = "Kx0" // where our invented org would live
	idLength  = 18
	shortID   = 15
	numberLen = 9
	orgPrefix = "00D"
)

// placeOf stands between an id's prefix and its number. The id of an org names
// no instance.
func placeOf(prefix string) string {
	if prefix == orgPrefix {
		return "000"
	}
	return instance
}

// makeID is the 18-character id of a row.
func makeID(prefix string, n int32) string {
	var b [idLength]byte
	copy(b[:], prefix)
	copy(b[3:], placeOf(prefix))
	v := int64(n) + 1
	for i := shortID - 1; i >= shortID-numberLen; i-- {
		b[i] = digits62[v%62]
		v /= 62
	}
	suffix(b[:])
	return string(b[:])
}

// suffix writes the check characters of the first fifteen behind them.
func suffix(b []byte) {
	for group := range 3 {
		bits := 0
		for i := range 5 {
			if c := b[group*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		b[shortID+group] = suffix32[bits]
	}
}

// wideID makes an id 18 characters long. It reports false for what is no id, and
// for one whose capitals were changed on the way.
func wideID(id string) (string, bool) {
	if len(id) != shortID && len(id) != idLength {
		return "", false
	}
	for i := range len(id) {
		if strings.IndexByte(digits62, id[i]) < 0 {
			return "", false
		}
	}
	var b [idLength]byte
	copy(b[:], id[:shortID])
	suffix(b[:])
	wide := string(b[:])
	return wide, len(id) == shortID || strings.EqualFold(wide[shortID:], id[shortID:])
}

// number is the row's number in an 18-character id, or -1.
func number(id string) int32 {
	if id[3:3+len(instance)] != placeOf(id[:3]) {
		return -1
	}
	var v int64
	for i := shortID - numberLen; i < shortID; i++ {
		v = v*62 + int64(strings.IndexByte(digits62, id[i]))
		if v > 1<<31-1 {
			return -1
		}
	}
	return int32(v - 1)
}
