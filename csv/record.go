package csv

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// next returns the next record. The common one, a line without quotes, is cut
// at its delimiters where it lies; nothing is copied.
func (r *Reader) next() (*Row, error) {
	for {
		end, size, ok := r.lineEnd(r.pos)
		switch {
		case ok && end == r.pos && size == 0:
			return nil, io.EOF
		case ok && end == r.pos:
			r.blank++
			r.line++
			r.pos += size
			continue
		case ok && (r.quote == 0 || r.find(&r.qt, r.pos) >= end):
			r.cut(r.buf[r.pos:end])
			return r.finish(end-r.pos, size, 0)
		case ok:
			if row, err := r.quoted(end-r.pos, size); row != nil || err != nil {
				return row, err
			}
		case r.end-r.pos > r.l.Record:
			return r.overlong()
		}
		if !r.fill() {
			return nil, asFileError(r.err)
		}
	}
}

// cut divides a line without quotes at its delimiters.
func (r *Reader) cut(line []byte) {
	f := r.fields[:0]
	if len(r.delim) == 1 {
		c := r.delim[0]
		for len(f) < r.l.Columns {
			i := bytes.IndexByte(line, c)
			if i < 0 {
				break
			}
			f = append(f, line[:i:i])
			line = line[i+1:]
		}
	} else {
		for len(f) < r.l.Columns {
			i := bytes.Index(line, r.delim)
			if i < 0 {
				break
			}
			f = append(f, line[:i:i])
			line = line[i+len(r.delim):]
		}
	}
	if len(f) < r.l.Columns {
		f = append(f, line)
		r.columns = len(f)
	} else {
		r.columns = len(f) + 1 + bytes.Count(line, r.delim)
	}
	r.fields = f
}

// finish checks the record of n bytes whose fields are cut, makes it the
// current row and moves behind its line ending. breaks is the number of line
// breaks inside its fields.
func (r *Reader) finish(n, size int, breaks int64) (*Row, error) {
	raw := r.buf[r.pos : r.pos+n : r.pos+n]
	r.row = Row{Fields: r.fields, Raw: raw, Line: r.line, Offset: r.offset(), Place: r.place()}
	switch {
	case r.columns > r.l.Columns:
		r.refuse(WrongColumns, 0, "This row has %s, the limit is %d. Check the delimiter and the quotes.",
			count(r.columns, "column"), r.l.Columns)
	case len(raw) > r.l.Record:
		r.refuse(TooLong, 0, "This row is longer than the limit of %s. Shorten it.", inBytes(int64(r.l.Record)))
	case len(raw) > r.l.Field && r.longest() >= 0:
		r.refuse(TooLong, r.longest()+1, "Column %d is longer than the limit of %s. Shorten it.",
			r.longest()+1, inBytes(int64(r.l.Field)))
	case breaks > 0 && r.d.StrictLineBreaks:
		c := r.fieldWith(func(f []byte) bool { return bytes.ContainsAny(f, "\r\n") })
		r.refuse(LineBreak, c+1, "Column %d contains a line break, which this import refuses. Remove it, or allow line breaks in values.", c+1)
	case !utf8.Valid(raw):
		c := r.fieldWith(func(f []byte) bool { return !utf8.Valid(f) })
		r.refuse(BadEncoding, c+1, "Column %d holds characters that are not %s. Save the file as UTF-8, or choose the encoding it is written in.",
			c+1, r.d.Encoding)
	case r.find(&r.nul, r.pos) < r.pos+n && bytes.HasPrefix(r.fields[0], []byte(Unread)):
		why := string(r.fields[0][len(Unread):])
		r.row.Fields = nil
		r.refuse(BadCard, 0, "%s", why)
	case r.find(&r.nul, r.pos) < r.pos+n:
		c := r.fieldWith(func(f []byte) bool { return bytes.IndexByte(f, 0) >= 0 })
		r.refuse(BadEncoding, c+1, "Column %d holds a NUL byte, which no text has. Save the file as UTF-8, or choose the encoding it is written in.", c+1)
	}
	r.advance(n+size, breaks, size)
	return &r.row, nil
}

func (r *Reader) advance(n int, breaks int64, size int) {
	r.pos += n
	r.line += breaks
	if size > 0 {
		r.line++
	}
}

// refuse marks the current row.
func (r *Reader) refuse(code string, column int, format string, args ...any) {
	r.row.Problem = &Problem{Code: code, Message: fmt.Sprintf(format, args...),
		Line: r.row.Line, Offset: r.row.Offset, Column: column}
}

func (r *Reader) longest() int {
	return r.fieldWith(func(f []byte) bool { return len(f) > r.l.Field })
}

// fieldWith returns the first field for which bad holds, or -1.
func (r *Reader) fieldWith(bad func([]byte) bool) int {
	for i, f := range r.fields {
		if bad(f) {
			return i
		}
	}
	return -1
}

// skipLine passes one physical line, of any length.
func (r *Reader) skipLine() error {
	for {
		end, size, ok := r.lineEnd(r.pos)
		if ok {
			if end == r.pos && size == 0 {
				return io.EOF
			}
			r.advance(end+size-r.pos, 0, size)
			return nil
		}
		if r.pos = r.end; r.pos > 0 && r.buf[r.pos-1] == '\r' {
			r.pos-- // the LF of a CRLF may be yet to come
		}
		if !r.fill() {
			return asFileError(r.err)
		}
	}
}

const shownOfOverlong = 64 << 10

// overlong returns a row for a physical line longer than the limit of a
// record, with its beginning only, and passes the rest of the line as a stream.
func (r *Reader) overlong() (*Row, error) {
	head := bytes.Clone(r.buf[r.pos : r.pos+min(shownOfOverlong, r.l.Record)])
	line, offset, place := r.line, r.offset(), r.place()
	if err := r.skipLine(); err != nil && err != io.EOF {
		return nil, err
	}
	r.cut(head)
	r.row = Row{Fields: r.fields, Raw: head, Line: line, Offset: offset, Place: place}
	r.refuse(TooLong, 0, "This row is longer than the limit of %s. Shorten it.", inBytes(int64(r.l.Record)))
	return &r.row, nil
}

// inBytes writes a size as people do.
func inBytes(n int64) string {
	for _, u := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.bytes && n%u.bytes == 0 {
			return fmt.Sprintf("%d %s", n/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
