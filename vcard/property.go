package vcard

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	govcard "github.com/emersion/go-vcard"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// A property is one logical line of a card. Its value is decoded to UTF-8 but
// still escaped, so that its parts can be split.
type property struct {
	name string
	govcard.Field
	first, last int // lines it stands on
}

// head reads the name and parameters of a line and where its value begins.
// 2.1 writes parameters without a name ("TEL;WORK"): they are types, encodings
// or character sets by their value.
func head(line []byte) (property, int, error) {
	end := colon(line)
	if end < 0 {
		return property{}, 0, errors.New("neither a property nor a folded line")
	}
	p := property{Field: govcard.Field{Params: govcard.Params{}}}
	sections := quotedSplit(string(line[:end]), ';')
	p.name = strings.ToUpper(strings.TrimSpace(sections[0]))
	if group, name, ok := strings.Cut(p.name, "."); ok {
		p.Group, p.name = group, name
	}
	for _, s := range sections[1:] {
		key, value, named := strings.Cut(s, "=")
		if !named {
			key, value = bareParam(s), s
		}
		key = strings.ToUpper(strings.TrimSpace(key))
		for _, v := range quotedSplit(value, ',') {
			p.addParam(key, v)
		}
	}
	return p, end + 1, nil
}

// addParam takes quotes off; TYPE="work,voice" is two types (RFC 6350 5.6).
func (p *property) addParam(key, value string) {
	value = strings.TrimSpace(value)
	quoted := len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"'
	if quoted {
		value = value[1 : len(value)-1]
	}
	value = paramUnescaper.Replace(value)
	if key != govcard.ParamType || !quoted {
		p.Params.Add(key, value)
		return
	}
	for _, v := range strings.Split(value, ",") {
		p.Params.Add(key, strings.TrimSpace(v))
	}
}

// RFC 6868: how a parameter holds quotes and line ends.
var (
	paramEscaper   = strings.NewReplacer("^", "^^", "\"", "^'", "\n", "^n")
	paramUnescaper = strings.NewReplacer("^^", "^", "^'", "\"", "^n", "\n")
)

// bareParam names a parameter that 2.1 writes without a name.
func bareParam(value string) string {
	switch strings.ToUpper(strings.TrimSpace(value)) {
	case "QUOTED-PRINTABLE", "BASE64", "7BIT", "8BIT", "B":
		return "ENCODING"
	}
	return govcard.ParamType
}

// colon finds the end of the name and parameters: the first colon that is not
// in quotes, or the first at all where a quote is never closed.
func colon(line []byte) int {
	if end, _ := headEnd(line, false); end >= 0 {
		return end
	}
	return bytes.IndexByte(line, ':')
}

// headEnd finds the first colon outside quotes, or -1 and whether a quote is
// open at the end; quoted says whether one was open before.
func headEnd(text []byte, quoted bool) (int, bool) {
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			return i, false
		}
	}
	return -1, quoted
}

// quotedSplit splits at sep outside quotes.
func quotedSplit(s string, sep byte) []string {
	var out []string
	from, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

func (p property) encoding() string { return strings.ToUpper(p.Params.Get("ENCODING")) }

// quotedPrintable and binary are the two encodings that change how lines join.
func (p property) quotedPrintable() bool { return p.encoding() == "QUOTED-PRINTABLE" }

func (p property) binary() bool {
	e := p.encoding()
	return e == "BASE64" || e == "B"
}

// decode turns the bytes of a value into text: quoted-printable first, then the
// character set it names. Bytes that are not UTF-8 and name none are read as
// Windows-1252, what old desktop programs wrote.
func (p property) decode(value []byte) string {
	if p.quotedPrintable() {
		value = unquote(value)
	}
	set := p.Params.Get("CHARSET")
	if e, err := htmlindex.Get(set); set != "" && err == nil && !strings.EqualFold(set, "utf-8") {
		if text, err := e.NewDecoder().Bytes(value); err == nil {
			return string(text)
		}
	}
	if utf8.Valid(value) {
		return string(value)
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(value)
	if err != nil {
		return strings.ToValidUTF8(string(value), "\uFFFD")
	}
	return string(text)
}

// unquote decodes quoted-printable and leaves what is none as it is.
func unquote(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '=' && i+2 < len(s) {
			hi, lo := nibble(s[i+1]), nibble(s[i+2])
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return []byte(strings.ReplaceAll(string(out), "\r\n", "\n"))
}

func nibble(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
