package phone

// most is the number of digits that Quick looks at. No country code and number
// together have more; a longer text is left to the library.
const most = 24

// read returns the digits of raw as values 0 to 9, and whether a plus sign
// stands before them. It is plain if it holds digits and common punctuation
// only, all of which the library skips (VALID_PUNCTUATION); text without any
// digit is plain too.
func read(raw string, buf *[most]byte) (digits []byte, plus, plain bool) {
	if len(raw) > 250 {
		return nil, false, false // MAX_INPUT_STRING_LENGTH
	}
	n := 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if n == most {
				return nil, false, false
			}
			buf[n] = c - '0'
			n++
		case ' ', '-', '.', '(', ')', '/', '[', ']':
		case '+':
			if plus || n > 0 {
				return nil, false, false
			}
			plus = true
		default:
			return nil, false, n == 0 && digitless(raw[i:])
		}
	}
	return buf[:n], plus, true
}

// digitless reports whether s is ASCII without a digit. No library call can
// find a number in that.
func digitless(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x80 || c >= '0' && c <= '9' {
			return false
		}
	}
	return true
}
