package csv

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// A Writer writes records as RFC 4180 says, quoting only what needs it. What
// it writes, a Reader of the same dialect reads back byte for byte. It adds no
// guard against spreadsheet formulas: that is the exporter's choice.
type Writer struct {
	CRLF bool // end records with CRLF, not LF
	BOM  bool // begin with a byte order mark; UTF-16 always does

	d       Dialect
	w       *bufio.Writer
	encoder *encoding.Encoder // nil for UTF-8
	decode  converter         // proves that what was encoded is read back: not all tables are symmetric
	line    []byte
	special string // ASCII characters that make quotes necessary
	begun   bool
	err     error
}

// NewWriter writes to w in the dialect d. Header and Preamble are the
// caller's business; what is wrong with d is the error of the first Write.
func NewWriter(w io.Writer, d Dialect) *Writer {
	d, err := d.check()
	cw := &Writer{d: d, w: bufio.NewWriterSize(w, 64<<10), err: err}
	cw.special = d.Delimiter + "\r\n"
	if d.Quote != NoQuote {
		cw.special += d.Quote
	}
	if err == nil && !isUTF8(d.Encoding) {
		if cw.decode, _, cw.err = converterFor(d.Encoding); cw.err == nil {
			cw.encoder = encoderFor(d.Encoding)
		}
	}
	return cw
}

// encoderFor returns the encoder of an encoding that converterFor knows.
func encoderFor(name string) *encoding.Encoder {
	switch strings.ToLower(name) {
	case "utf-16le", "utf-16":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder()
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder()
	}
	e, _ := lookUp(name)
	return e.NewEncoder()
}

// Write writes one record. A value that the dialect or its encoding cannot
// express is an error, and nothing of the record is written.
func (w *Writer) Write(record []string) error {
	if w.err != nil {
		return w.err
	}
	if len(record) == 0 {
		return fmt.Errorf("write csv: a record needs at least one field")
	}
	w.line = w.line[:0]
	for i, f := range record {
		if i > 0 {
			w.line = append(w.line, w.d.Delimiter...)
		}
		if !w.quotes(f, len(record) == 1) {
			w.line = append(w.line, f...)
		} else if w.d.Quote != NoQuote {
			w.quote(f)
		} else {
			return fmt.Errorf("write csv: column %d needs quotes, and the dialect has none", i+1)
		}
	}
	if w.CRLF {
		w.line = append(w.line, '\r')
	}
	return w.put(append(w.line, '\n'))
}

// WriteLine writes a line that is no record, as one of a preamble, as it stands.
func (w *Writer) WriteLine(line string) error {
	if w.err != nil {
		return w.err
	}
	w.line = append(w.line[:0], line...)
	if w.CRLF {
		w.line = append(w.line, '\r')
	}
	return w.put(append(w.line, '\n'))
}

// quotes reports whether a field must be quoted to be read back as it is.
func (w *Writer) quotes(f string, only bool) bool {
	switch {
	case f == "":
		return only // an empty line is no record
	case strings.ContainsAny(f, w.special):
		return true
	case f[0] == ' ' || f[len(f)-1] == ' ':
		return w.d.Quote != NoQuote // we would keep the spaces, others trim them
	case !w.begun:
		// The first record must not pass for a byte order mark, sep=, a web page or an archive.
		return !plainStart(f) && w.d.Quote != NoQuote
	}
	return false
}

func plainStart(f string) bool {
	if len(f) >= 4 && strings.EqualFold(f[:4], "sep=") {
		return false
	}
	for _, c := range []byte(f[:min(len(f), 8)]) {
		if c < ' ' || c == '<' || c == '%' || c == '{' || c >= 0x80 {
			return false
		}
	}
	return true
}

func (w *Writer) quote(f string) {
	q := w.d.Quote[0]
	w.line = append(w.line, q)
	for {
		i := strings.IndexByte(f, q)
		if i < 0 {
			break
		}
		w.line = append(append(w.line, f[:i+1]...), q)
		f = f[i+1:]
	}
	w.line = append(append(w.line, f...), q)
}

func (w *Writer) put(line []byte) error {
	w.line = line
	if w.encoder != nil {
		encoded, err := w.encoder.Bytes(line)
		if back, _ := w.decode(nil, encoded, true); err != nil || !bytes.Equal(back, line) {
			return fmt.Errorf("write csv: the record has a character that %s cannot express; write it as utf-8", w.d.Encoding)
		}
		line = encoded
	}
	if !w.begun {
		w.begun = true
		if _, w.err = w.w.WriteString(w.mark()); w.err != nil {
			return w.err
		}
	}
	_, w.err = w.w.Write(line)
	return w.err
}

// mark is the byte order mark to begin with.
func (w *Writer) mark() string {
	switch name := strings.ToLower(w.d.Encoding); {
	case strings.HasPrefix(name, "utf-16be"):
		return boms[2].bytes
	case strings.HasPrefix(name, "utf-16"):
		return boms[1].bytes
	case w.BOM && isUTF8(name):
		return boms[0].bytes
	}
	return ""
}

// Flush writes what is buffered and returns the first error of the file.
func (w *Writer) Flush() error {
	if err := w.w.Flush(); w.err == nil {
		w.err = err
	}
	return w.err
}
