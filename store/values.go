package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A contact's values are stored as one JSON array of strings by field position:
// short, readable by every tool, and reachable from SQL (data->>3).

const hexDigits = "0123456789abcdef"

// appendValues appends values as a JSON array; blank values at the end are left out.
func appendValues(b []byte, values []string) []byte {
	n := len(values)
	for n > 0 && values[n-1] == "" {
		n--
	}
	b = append(b, '[')
	for i, v := range values[:n] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, v)
	}
	return append(b, ']')
}

// storable returns s as both databases can keep it: what is no UTF-8, and NUL,
// which PostgreSQL has no place for outside of JSON, becomes U+FFFD.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func appendString(b []byte, s string) []byte {
	if plain(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(b, s[start:]...), '"')
}

// plain reports whether a string is ASCII and needs no escape in JSON. It looks at eight
// bytes at a time: nearly every value of an address book is plain.
func plain(s string) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash := w^ones*'"', w^ones*'\\'
		odd := (w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash
		if (odd|w)&highs != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// parseValues reads what appendValues wrote, reusing values. The strings share
// data's memory, but for those that have escapes.
func parseValues(data string, values []string) ([]string, error) {
	values = values[:0]
	if !utf8.ValidString(data) {
		return nil, fmt.Errorf("contact data is not UTF-8")
	}
	if !strings.HasPrefix(data, "[") || !strings.HasSuffix(data, "]") {
		return parseAnyJSON(data, values)
	}
	for rest := data[1 : len(data)-1]; len(rest) > 0; {
		value, n, ok := parseString(rest)
		if !ok || n < len(rest) && rest[n] != ',' {
			return parseAnyJSON(data, values[:0]) // written by somebody else, with spaces perhaps
		}
		values = append(values, value)
		rest = rest[min(n+1, len(rest)):]
	}
	return values, nil
}

// parseString reads the JSON string that s begins with, and says how long it is.
func parseString(s string) (value string, n int, ok bool) {
	if s[0] != '"' {
		return "", 0, false
	}
	end := strings.IndexByte(s[1:], '"') + 1
	if end == 0 {
		return "", 0, false
	}
	escape := strings.IndexByte(s[1:end], '\\') + 1
	if escape == 0 {
		return s[1:end], end + 1, true
	}
	b := append(make([]byte, 0, 2*end), s[1:escape]...)
	for at := escape; at < len(s); at++ {
		switch c := s[at]; {
		case c == '"':
			return string(b), at + 1, true
		case c != '\\':
			b = append(b, c)
		default:
			if at++; at == len(s) {
				return "", 0, false
			}
			i := strings.IndexByte(escapes, s[at])
			if i < 0 {
				return "", 0, false // \u: rare
			}
			b = append(b, escaped[i])
		}
	}
	return "", 0, false
}

// The escapes that appendString writes, but for those of control characters, and
// what they stand for.
const (
	escapes = `"\nrt`
	escaped = "\"\\\n\r\t"
)

func parseAnyJSON(data string, values []string) ([]string, error) {
	if err := json.Unmarshal([]byte(data), &values); err != nil {
		return nil, fmt.Errorf("contact data is not a list of values: %w", err)
	}
	return values, nil
}
