package vcard

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	govcard "github.com/emersion/go-vcard"
)

// write gives a piece a value that is escaped already. Its name, group and
// parameters stay, but those that say how the old value was written, and the
// field's mark, which is given anew.
func (p *patch) write(i int, value, mark string) {
	prop := p.pieces[i].prop
	raw := unfold(p.pieces[i].raw)
	sections := quotedSplit(raw[:colon([]byte(raw))], ';')
	kept := sections[:1]
	for _, s := range sections[1:] {
		key, _, named := strings.Cut(s, "=")
		if !named {
			key = bareParam(s)
			if key == "ENCODING" {
				continue
			}
		}
		switch strings.ToUpper(strings.TrimSpace(key)) {
		case "ENCODING", "CHARSET", "DERIVED", fieldParam:
		case govcard.ParamValue:
			if strings.EqualFold(prop.Params.Get(govcard.ParamValue), "text") {
				kept = append(kept, s)
			}
		default:
			kept = append(kept, s)
		}
	}
	if mark != "" {
		kept = append(kept, mark)
	}
	p.replace(i, p.line(strings.Join(kept, ";"), value))
}

// line is a property as text. 2.1 knows no "\n": it writes line ends, and all
// that is not ASCII, as quoted-printable.
func (p *patch) line(head, value string) string {
	plain := !strings.ContainsFunc(value, func(r rune) bool { return r > '~' || r < ' ' })
	if p.version == "2.1" && (!plain || strings.Contains(value, `\n`)) {
		head += ";CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE"
		return head + ":" + quotePrintable(unescapeLines(value)) + p.newline
	}
	w := writing{}
	w.line(head + ":" + value)
	return strings.ReplaceAll(w.String(), "\r\n", p.newline)
}

// unescapeLines turns the "\n" of an escaped value into line ends.
func unescapeLines(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == 'n':
			b.WriteByte('\n')
			i++
		case s[i] == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i++
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// quotePrintable writes a value on lines of at most 76 characters.
func quotePrintable(s string) string {
	var b strings.Builder
	column := 0
	for i := 0; i < len(s); i++ {
		one := string(s[i])
		switch c := s[i]; {
		case c == '\n':
			one = "=0D=0A"
		case c == '=' || c < ' ' || c > '~':
			one = fmt.Sprintf("=%02X", c)
		}
		if column += len(one); column > 70 {
			b.WriteString("=\r\n")
			column = len(one)
		}
		b.WriteString(one)
	}
	return b.String()
}

// unfold joins the lines of a property and leaves their end off.
func unfold(raw []byte) string {
	lines := strings.Split(strings.TrimRight(string(raw), "\r\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, "\r")
		if i > 0 && lines[i] != "" {
			lines[i] = strings.TrimLeft(lines[i][:1], " \t") + lines[i][1:]
		}
	}
	return strings.Join(lines, "")
}

// replace puts another text in the place of a piece.
func (p *patch) replace(i int, raw string) {
	s := scanner{r: bufio.NewReader(strings.NewReader("BEGIN:VCARD\n" + raw + "END:VCARD\n"))}
	b, err := s.next()
	if err != nil || len(b.props) != 1 {
		return // Patch sees that the value is not there
	}
	p.pieces[i] = piece{[]byte(raw), &b.props[0]}
}

// insert adds a property at the end of the card and returns its place.
func (p *patch) insert(head, value string) int {
	i := len(p.pieces) - 1
	p.pieces = slices.Insert(p.pieces, i, piece{})
	p.replace(i, p.line(head, value))
	return i
}

// remove takes a property away. Its piece stays, so that the others keep their
// places.
func (p *patch) remove(i int) { p.pieces[i] = piece{} }
