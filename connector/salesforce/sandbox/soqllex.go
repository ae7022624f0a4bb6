package sandbox

import (
	"strconv"
	"strings"
)

// A token is a piece of a SOQL statement.
type token struct {
	kind byte // one of the kinds below
	text string
	at   int // byte offset, from 0
}

const (
	tokEnd    byte = iota
	tokName        // Account.Name, SELECT, LAST_N_DAYS:3
	tokString      // without its quotes, escapes as written
	tokNumber      // numbers, dates, dates with times
	tokSign
)

const (
	soqlLimit    = 100_000
	literalLimit = 4_000
)

// lex cuts a statement into tokens.
func lex(q string) ([]token, *problem) {
	var out []token
	for i := 0; i < len(q); {
		c := q[i]
		start := i
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case letter(c):
			for i < len(q) && (letter(q[i]) || digit(q[i]) || q[i] == '.' || q[i] == ':' && i+1 < len(q) && digit(q[i+1])) {
				i++
			}
			out = append(out, token{tokName, q[start:i], start})
		case digit(c) || (c == '-' || c == '+') && i+1 < len(q) && digit(q[i+1]):
			for i++; i < len(q) && (letter(q[i]) || digit(q[i]) || strings.IndexByte(":.+-", q[i]) >= 0); {
				i++
			}
			out = append(out, token{tokNumber, q[start:i], start})
		case c == '\'':
			for i++; i < len(q) && q[i] != '\''; i++ {
				if q[i] == '\\' {
					i++
				}
			}
			if i >= len(q) {
				return nil, malformed(q, start, "line breaks not allowed in string literals, or a quote that does not end")
			}
			i++
			out = append(out, token{tokString, q[start+1 : i-1], start})
		case strings.IndexByte("(),=", c) >= 0:
			i++
			out = append(out, token{tokSign, q[start:i], start})
		case strings.IndexByte("!<>", c) >= 0:
			i++
			if i < len(q) && (q[i] == '=' || c == '<' && q[i] == '>') {
				i++
			}
			out = append(out, token{tokSign, q[start:i], start})
		default:
			return nil, malformed(q, start, "unexpected token: '"+string(c)+"'")
		}
	}
	return append(out, token{tokEnd, "<EOF>", len(q)}), nil
}

func letter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// unescape gives a literal its meaning. In a pattern of LIKE, \_ and \% stay
// escaped; anywhere else they are an error, as every unknown escape is.
func unescape(raw string, like bool) (string, bool) {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw, true
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		i++
		if i == len(raw) {
			return "", false
		}
		switch c := raw[i]; c {
		case 'n', 'N':
			b.WriteByte('\n')
		case 'r', 'R':
			b.WriteByte('\r')
		case 't', 'T':
			b.WriteByte('\t')
		case 'b', 'B':
			b.WriteByte('\b')
		case 'f', 'F':
			b.WriteByte('\f')
		case '"', '\'':
			b.WriteByte(c)
		case '\\':
			b.WriteString(map[bool]string{true: `\\`, false: `\`}[like])
		case '_', '%':
			if !like {
				return "", false
			}
			b.WriteByte('\\')
			b.WriteByte(c)
		case 'u':
			if i+4 >= len(raw) {
				return "", false
			}
			n, err := strconv.ParseUint(raw[i+1:i+5], 16, 32)
			if err != nil {
				return "", false
			}
			b.WriteRune(rune(n))
			i += 4
		default:
			return "", false
		}
	}
	return b.String(), true
}

// malformed points at the place of a statement that is wrong.
func malformed(q string, at int, message string) *problem {
	return refuse("MALFORMED_QUERY", pointAt(q, at, message))
}

func pointAt(q string, at int, message string) string {
	at = min(at, len(q))
	row := 1 + strings.Count(q[:at], "\n")
	column := at - strings.LastIndexByte(q[:at], '\n')
	from := max(0, at-20, strings.LastIndexByte(q[:at], '\n')+1)
	fragment, _, _ := strings.Cut(q[from:min(len(q), at+20)], "\n")
	return "\n" + fragment + "\n" + strings.Repeat(" ", at-from) + "^\nERROR at Row:" + strconv.Itoa(row) + ":Column:" + strconv.Itoa(column) + "\n" + message
}
