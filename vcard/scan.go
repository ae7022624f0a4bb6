package vcard

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxCard is how many bytes one card may have, photos included. A longer one is
// an error, so that no file can fill the memory.
const maxCard = 16 << 20

// A block is the properties of one card, before anybody asks what they mean.
type block struct {
	line  int
	props []property
}

// A scanner splits a file into blocks.
type scanner struct {
	r    *bufio.Reader
	line int // of the physical line read last
	held *[]byte
}

func newScanner(r io.Reader) *scanner {
	text := transform.NewReader(r, unicode.BOMOverride(transform.Nop)) // UTF-16 and UTF-8 with a mark
	return &scanner{r: bufio.NewReaderSize(text, 1<<16)}
}

// physical reads one line without its end. A line longer than a card may be is
// cut off, which the card's limit then reports.
func (s *scanner) physical() ([]byte, error) {
	if s.held != nil {
		line := *s.held
		s.held = nil
		s.line++
		return line, nil
	}
	var line []byte
	for {
		piece, err := s.r.ReadSlice('\n')
		if len(line) <= maxCard {
			line = append(line, piece...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
			return nil, err
		}
		s.line++
		return bytes.TrimRight(line, "\r\n"), nil
	}
}

// hold gives a line back to be read again.
func (s *scanner) hold(line []byte) {
	s.held = &line
	s.line--
}

// next finds the next card. The error is about that card and the next call goes
// on behind it; io.EOF ends the file, a *readError says it cannot be read.
func (s *scanner) next() (block, error) {
	if err := s.findBegin(); err != nil {
		return block{line: s.line}, err
	}
	b := block{line: s.line}
	size, bad := 0, error(nil)
	for {
		line, err := s.physical()
		if errors.Is(err, io.EOF) {
			return b, errors.New("the file ends before END:VCARD")
		}
		if err != nil {
			return b, &readError{err}
		}
		switch {
		case marks(line, "END"):
			return b, bad
		case marks(line, "BEGIN") && b.agent():
			s.skipAgent()
			continue
		case marks(line, "BEGIN"):
			s.hold(line)
			return b, errors.New("another card begins before END:VCARD")
		}
		if bad != nil {
			continue
		}
		at := s.line
		n, err := s.add(&b, line)
		if size += n; size > maxCard {
			err = fmt.Errorf("the card is longer than %d MB", maxCard>>20)
		}
		if err != nil {
			b.props, bad = nil, fmt.Errorf("line %d: %w", at, err)
		}
	}
}

// findBegin reads up to BEGIN:VCARD. Text before it is an error of its own,
// told once.
func (s *scanner) findBegin() error {
	stray := 0
	for {
		line, err := s.physical()
		if errors.Is(err, io.EOF) && stray == 0 {
			return io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return &readError{err}
		}
		begins := marks(line, "BEGIN")
		if stray > 0 && (begins || err != nil) {
			if begins {
				s.hold(line)
			}
			return fmt.Errorf("line %d: text outside a card", stray)
		}
		if begins {
			return nil
		}
		if stray == 0 && len(bytes.TrimSpace(line)) > 0 {
			stray = s.line
		}
	}
}

// add reads one property with the lines that continue it and says how many bytes
// they had. The bytes of a photo are read over.
func (s *scanner) add(b *block, line []byte) (int, error) {
	if len(bytes.TrimSpace(line)) == 0 {
		return 0, nil
	}
	first := s.line
	line = s.wholeHead(line)
	p, at, err := head(line)
	if err != nil && b.last().binary() {
		return len(line), nil // a line of a photo that was not folded
	}
	if err != nil {
		return 0, err
	}
	value, err := s.continued(p, bytes.Clone(line[at:]))
	if err != nil {
		return 0, err
	}
	if !p.binary() {
		p.Value = p.decode(value)
	}
	p.first, p.last = first, s.line
	b.props = append(b.props, p)
	return at + len(value), nil
}

// wholeHead unfolds a line up to the end of its parameters: long ones are folded
// before the value begins.
func (s *scanner) wholeHead(line []byte) []byte {
	end, quoted := headEnd(line, false)
	for end < 0 && len(line) <= maxCard {
		next, err := s.physical()
		if err != nil {
			return line // the end is met again by who reads on
		}
		if len(next) == 0 || next[0] != ' ' && next[0] != '\t' {
			s.hold(next)
			return line
		}
		end, quoted = headEnd(next[1:], quoted)
		line = append(line, next[1:]...)
	}
	return line
}

// continued appends the lines that belong to a value: folded ones begin with
// white space (RFC 6350 3.2), quoted-printable ones follow a "=" at the end.
func (s *scanner) continued(p property, value []byte) ([]byte, error) {
	for {
		soft := p.quotedPrintable() && bytes.HasSuffix(value, []byte("="))
		line, err := s.physical()
		if errors.Is(err, io.EOF) {
			return value, nil
		}
		if err != nil {
			return nil, err
		}
		soft = soft && !marks(line, "END")
		folded := len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
		switch {
		case (soft || folded) && len(value) > maxCard: // too long already, as next will say
		case soft:
			value = append(value[:len(value)-1], line...)
		case folded:
			value = append(value, line[1:]...)
		default:
			s.hold(line)
			return value, nil
		}
	}
}

// skipAgent reads over a card inside a card: AGENT of 2.1 is another person.
func (s *scanner) skipAgent() {
	for depth := 1; depth > 0; {
		line, err := s.physical()
		if err != nil {
			return
		}
		if marks(line, "BEGIN") {
			depth++
		}
		if marks(line, "END") {
			depth--
		}
	}
}

// last is the property read last.
func (b block) last() property {
	if len(b.props) == 0 {
		return property{}
	}
	return b.props[len(b.props)-1]
}

// agent reports whether the card inside is announced.
func (b block) agent() bool {
	p := b.last()
	return p.name == "AGENT" && strings.TrimSpace(p.Value) == ""
}

// marks reports whether a line is BEGIN:VCARD or END:VCARD, in any case and
// with the spaces that exports leave around them.
func marks(line []byte, mark string) bool {
	key, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
	return ok && strings.EqualFold(string(bytes.TrimSpace(key)), mark) &&
		strings.EqualFold(string(bytes.TrimSpace(value)), "VCARD")
}

// A readError is the file's, not a card's: nothing more can be read.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }
