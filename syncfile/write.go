package syncfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// write writes pairs as YAML. The library's encoder leaves control characters
// in texts, which no reader of YAML takes, so texts are quoted here.
func write(p pairs) []byte {
	var b bytes.Buffer
	writePairs(&b, p, "")
	return b.Bytes()
}

// writePairs writes one pair a line; the first stands where the cursor is.
func writePairs(b *bytes.Buffer, p pairs, indent string) {
	for i, one := range p {
		if i > 0 {
			b.WriteString(indent)
		}
		b.WriteString(scalar(one.name) + ":")
		switch v := one.value.(type) {
		case pairs:
			b.WriteString("\n" + indent + "  ")
			writePairs(b, v, indent+"  ")
		case []pairs:
			b.WriteByte('\n')
			for _, entry := range v {
				b.WriteString(indent + "  - ")
				writePairs(b, entry, indent+"    ")
			}
		case []any:
			words := make([]string, len(v))
			for i := range v {
				words[i] = scalar(v[i])
			}
			b.WriteString(" [" + strings.Join(words, ", ") + "]\n")
		default:
			b.WriteString(" " + scalar(v) + "\n")
		}
	}
}

// Texts that YAML reads as themselves, wherever they stand.
var (
	plain    = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_./()@+-]*( [A-Za-z0-9_./()@+-]+)*|[0-9]+(\.[0-9]+)?%)$`)
	reserved = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n)$`)
	literal  = regexp.MustCompile(`^[ -&(-~]+$`) // printable ASCII but '
)

func scalar(v any) string {
	s, ok := v.(string)
	switch {
	case !ok:
		return fmt.Sprint(v)
	case plain.MatchString(s) && !reserved.MatchString(s):
		return s
	case literal.MatchString(s) && strings.Contains(s, `"`):
		return "'" + s + "'"
	}
	return quoted(s)
}

// quoted is a text in double quotes; JSON's escapes are YAML's, too.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // texts always encode
	}
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if r >= 0x7f && r <= 0x9f || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&out, `\u%04x`, r) // no reader needs to take these (YAML 1.2, 5.1)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}
