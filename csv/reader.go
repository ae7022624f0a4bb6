package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// A Reader reads records one after the other. It holds one buffer, which never
// grows beyond the limit of a record; the file may be of any length.
type Reader struct {
	// Columns is the width of the header, or of the first good record of a file
	// without one. It is zero until then, and only the Reader sets it.
	Columns int

	d     Dialect
	l     Limits
	delim []byte
	quote byte // 0 when the dialect has none

	window
	line  int64 // physical line of the window's position, from 1
	blank int64

	started bool
	failed  error
	header  []string
	named   int // columns up to the last one that has a name
	usual   int // fields of the first good record

	row     Row
	fields  [][]byte
	columns int    // fields of the record, also those beyond the limit
	scratch []byte // unescaped values of the record
}

// NewReader reads r as the dialect says. A byte order mark is skipped, and
// wins over the dialect's encoding. What is wrong with the dialect, or with the
// beginning of the file, is the error of the first Header or Next.
func NewReader(r io.Reader, d Dialect, l Limits) *Reader {
	l = l.orDefault()
	d, err := d.check()
	rd := &Reader{d: d, l: l, delim: []byte(d.Delimiter), line: 1, failed: err}
	if d.Quote != NoQuote {
		rd.quote = d.Quote[0]
	}
	rd.window = newWindow(&capped{r: r, left: l.File, limit: l.File}, l.Record, rd.quote)
	return rd
}

// check fills in the defaults and refuses what cannot be read back.
func (d Dialect) check() (Dialect, error) {
	if d.Delimiter == "" {
		d.Delimiter = ","
	}
	if d.Quote == "" {
		d.Quote = `"`
	}
	if d.Encoding == "" {
		d.Encoding = "utf-8"
	}
	d.HeaderRows = max(d.HeaderRows, 1)
	wrong := func(format string, args ...any) (Dialect, error) {
		d.Quote = NoQuote
		return d, &FileError{Code: FileDialect, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case d.Quote != NoQuote && (len(d.Quote) != 1 || d.Quote[0] >= 0x80 || d.Quote[0] < ' '):
		return wrong("The quote must be one ASCII character or %q, not %q.", NoQuote, d.Quote)
	case d.Quote != NoQuote && strings.Contains(d.Delimiter, d.Quote):
		return wrong("The delimiter %q contains the quote %s. Choose another delimiter or quote.", d.Delimiter, d.Quote)
	case strings.ContainsAny(d.Delimiter, "\r\n"):
		return wrong("The delimiter %q contains a line break. Choose another delimiter.", d.Delimiter)
	case d.Preamble < 0:
		return wrong("The preamble cannot be %d lines.", d.Preamble)
	}
	return d, nil
}

// Header returns the names of the columns, trimmed; nil when the dialect has
// no header. A file that ends before its header gives io.EOF.
func (r *Reader) Header() ([]string, error) {
	if err := r.start(); err != nil {
		return nil, err
	}
	return r.header, nil
}

// Next returns the next record, readable or not: every record of the file is
// returned exactly once. At the end it returns io.EOF; any other error is a
// *FileError, after which the rest of the file is unknown.
func (r *Reader) Next() (*Row, error) {
	if !r.started {
		if err := r.start(); err != nil {
			return nil, err
		}
	}
	row, err := r.next()
	if r.usual == 0 && err == nil && row.Problem == nil {
		r.usual = len(row.Fields)
		if r.Columns == 0 {
			r.Columns, r.named = r.usual, r.usual
		}
	}
	return row, err
}

// Skip moves forward to a record that was read before from the same file, by its
// Place and Line, without looking at what lies between. It does nothing before
// the first good record was read, which says how the others are judged.
func (r *Reader) Skip(place, line int64) (skipped bool, err error) {
	if r.usual == 0 || place < r.place() {
		return false, nil
	}
	if !r.skipTo(place) {
		return false, asFileError(r.err)
	}
	r.line = line
	return true, nil
}

// BlankLines returns how many empty lines were passed so far. They are not
// records; in a file of one column, an empty value is written "".
func (r *Reader) BlankLines() int64 { return r.blank }

// Ragged says whether the record has another number of columns than the
// header. Missing fields under columns without a name are forgiven, and so are
// empty fields beyond the header if the file writes them from its first record
// on (trailing delimiters). In a single row they are not: they may be the
// trace of a value with a delimiter in it, which moved all others to the right.
func (r *Reader) Ragged(row *Row) *Problem {
	n := len(row.Fields)
	if n == r.Columns || r.Columns == 0 || n < r.Columns && n >= r.named {
		return nil
	}
	if n > r.Columns && n == r.usual && filled(row.Fields[r.Columns:]) == 0 {
		return nil
	}
	what := "the header"
	if r.header == nil {
		what = "the first record"
	}
	hint := "Check for a missing delimiter or quote."
	if n > r.Columns {
		hint = "Check for a value that contains the delimiter and is not quoted."
	}
	return &Problem{Code: WrongColumns, Line: row.Line, Offset: row.Offset,
		Message: fmt.Sprintf("This row has %s, %s has %d. %s", count(n, "column"), what, r.Columns, hint)}
}

// start passes the byte order mark, the preamble and the header, once.
func (r *Reader) start() error {
	if r.started || r.failed != nil {
		return r.failed
	}
	if r.failed = r.open(); r.failed == nil {
		r.failed = r.readHeader()
	}
	r.started = r.failed == nil
	return r.failed
}

func (r *Reader) open() error {
	name, bom := r.beginning()
	if err := refuse(r.buf[bom:r.end]); err != nil {
		return err
	}
	if err := r.decodeAs(name, bom); err != nil {
		return err
	}
	for range r.d.Preamble {
		if err := r.skipLine(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) readHeader() error {
	if !r.d.Header {
		return nil
	}
	for range r.d.HeaderRows {
		row, err := r.next()
		if err != nil {
			if r.header != nil && err == io.EOF {
				return nil
			}
			return err
		}
		if row.Problem != nil {
			return &FileError{Code: FileHeader, Message: "The header, which names the columns, cannot be read: " + row.Problem.Error()}
		}
		r.addNames(row.Fields)
	}
	r.Columns = len(r.header)
	return nil
}

func (r *Reader) addNames(fields [][]byte) {
	for i, f := range fields {
		name := trimName(f)
		switch {
		case i == len(r.header):
			r.header = append(r.header, name)
		case r.header[i] == "":
			r.header[i] = name
		case name != "":
			r.header[i] += " " + name
		}
		if name != "" {
			r.named = max(r.named, i+1)
		}
	}
}

// trimName removes what people cannot see around a column's name.
func trimName(b []byte) string {
	return string(bytes.TrimFunc(b, func(c rune) bool {
		return unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff' || c == '\u2060'
	}))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// asFileError gives a failure of the source its code.
func asFileError(err error) error {
	var fe *FileError
	if err == io.EOF || errors.As(err, &fe) {
		return err
	}
	return &FileError{Code: FileRead, Message: "The file could not be read to its end", Err: err}
}
