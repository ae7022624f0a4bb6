package csv

import "bytes"

// A record with quotes is divided strictly first (RFC 4180: a quoted field
// ends at a quote followed by the delimiter, a line ending or the end of the
// file; spaces around the quotes are not part of the field). Where that fails,
// malformed.go takes over.

// A reading is how quotes that RFC 4180 does not know are understood.
type reading int

const (
	strict  reading = iota // a stray quote ends the attempt
	literal                // "5" pipe",x  a stray quote is a character of the field
	closing                // "a"b,x       a stray quote closes the field; what follows belongs to it
)

// A result is how an attempt to divide a record ended.
type result int

const (
	complete result = iota
	stray           // a quote inside a quoted field, followed by something else
	unclosed        // a quoted field without end, or with one that belongs to a later record
	more            // the window ended first
)

// An attempt follows a record over its physical lines.
type attempt struct {
	end    int   // of the physical line reached, counted from the record's start
	size   int   // of its line ending
	breaks int64 // line endings passed inside quoted fields
	across int   // the first field that went over a line ending, from 1
	quoted int   // the last quoted field, from 1
	torn   int   // the field to end with its line, for want of a closing quote, from 1
}

// quoted reads a record whose first physical line, of length end, has a quote.
// It returns nothing when the window must be filled first.
func (r *Reader) quoted(end, size int) (*Row, error) {
	first := attempt{end: end, size: size}
	a, mode := first, strict
	res := r.divide(&a, strict)
	if res == complete && a.breaks == 0 {
		return r.finish(a.end, a.size, 0)
	}
	if res == stray {
		a, mode, res = r.malformed(first)
	}
	if res == complete && a.breaks > 0 {
		swallowed, known := r.swallowed(end + size)
		if !known && r.end-r.pos <= r.l.Record {
			return nil, nil
		}
		if a.end > r.l.Record || swallowed {
			a, res = attempt{quoted: a.across}, unclosed
		}
	}
	switch {
	case res == complete:
		a = first
		r.divide(&a, mode)
		return r.finish(a.end, a.size, a.breaks)
	case res == unclosed || r.end-r.pos > r.l.Record:
		first.torn = a.quoted
		return r.contain(first)
	}
	return nil, nil
}

// divide cuts the record at the window's position into r.fields. a is its
// first physical line, and becomes its last.
func (r *Reader) divide(a *attempt, mode reading) result {
	rec := r.buf[r.pos:r.end]
	r.fields, r.scratch, r.columns = r.fields[:0], r.scratch[:0], 0
	for p := 0; ; p += len(r.delim) {
		var f []byte
		r.columns++
		if open := r.skipSpaces(rec[:a.end], p); open < a.end && rec[open] == r.quote {
			a.quoted = r.columns
			if a.torn == r.columns {
				f, p = rec[open+1:a.end:a.end], a.end
			} else {
				var res result
				if f, p, res = r.quotedField(a, rec, open, mode); res != complete {
					return res
				}
			}
		} else {
			n := p + index(rec[p:a.end], r.delim)
			f, p = rec[p:n:n], n
		}
		if r.columns <= r.l.Columns {
			r.fields = append(r.fields, f)
		}
		if p >= a.end {
			return complete
		}
	}
}

// quotedField returns the field whose quote opens at open, and where the
// delimiter or line ending behind it stands. a goes along when the field goes
// over line endings, and stays where the field opened when it has no end.
func (r *Reader) quotedField(a *attempt, rec []byte, open int, mode reading) ([]byte, int, result) {
	doubled, odd := 0, false
	for i := open + 1; ; {
		k := bytes.IndexByte(rec[i:], r.quote)
		if k < 0 || odd && i+k > a.end {
			return nil, 0, r.endless(odd)
		}
		k += i
		if k+1 < len(rec) && rec[k+1] == r.quote {
			doubled, i = doubled+1, k+2
			continue
		}
		end, size := a.end, a.size
		if k > a.end {
			var ok bool
			if end, size, ok = r.lineEnd(r.pos + k); !ok {
				return nil, 0, more
			}
			end -= r.pos
		}
		if next, ok := r.closes(rec[:end], k+1); ok {
			if k > a.end {
				a.cross(rec[a.end:k], end, size, r.columns)
			}
			return r.value(rec[open+1:k:k], doubled), next, complete
		}
		switch {
		case k > a.end: // this quote opens a field of a later record
			return nil, 0, unclosed
		case mode == strict:
			return nil, 0, stray
		case mode == closing:
			next := k + 1 + index(rec[k+1:end], r.delim)
			start := len(r.scratch)
			r.unescape(rec[open+1 : k])
			r.scratch = append(r.scratch, rec[k+1:next]...)
			return r.scratch[start:len(r.scratch):len(r.scratch)], next, complete
		}
		odd, i = true, k+1
	}
}

// endless says why no quote was found. A field with a stray quote may not go
// over its line; this keeps the damage, and the work, within the line.
func (r *Reader) endless(odd bool) result {
	if odd || r.err != nil {
		return unclosed
	}
	return more
}

// closes reports whether a quote just before at ends its field, and where the
// delimiter or line end stands.
func (r *Reader) closes(line []byte, at int) (int, bool) {
	if at == len(line) || bytes.HasPrefix(line[at:], r.delim) {
		return at, true
	}
	if after := r.skipSpaces(line, at); after > at {
		return after, after == len(line) || bytes.HasPrefix(line[after:], r.delim)
	}
	return at, false
}

// skipSpaces passes spaces, unless they are part of the delimiter.
func (r *Reader) skipSpaces(line []byte, at int) int {
	if at < len(line) && line[at] == ' ' && r.delim[0] != ' ' {
		for at < len(line) && line[at] == ' ' {
			at++
		}
	}
	return at
}

// cross moves the attempt to the line on which a field ends.
func (a *attempt) cross(passed []byte, end, size, column int) {
	if a.breaks == 0 {
		a.across = column
	}
	a.end, a.size, a.breaks = end, size, a.breaks+lineBreaks(passed)
}

// lineBreaks counts CRLF, LF and CR.
func lineBreaks(b []byte) int64 {
	return int64(bytes.Count(b, []byte{'\n'}) + bytes.Count(b, []byte{'\r'}) - bytes.Count(b, []byte("\r\n")))
}

// value is what a quoted field means: the bytes where they lie, or a copy if
// they have doubled quotes.
func (r *Reader) value(b []byte, doubled int) []byte {
	if doubled == 0 {
		return b
	}
	start := len(r.scratch)
	r.unescape(b)
	return r.scratch[start:len(r.scratch):len(r.scratch)]
}

// unescape appends b to the scratch space with one quote for two.
func (r *Reader) unescape(b []byte) {
	for {
		i := bytes.IndexByte(b, r.quote)
		if i < 0 {
			r.scratch = append(r.scratch, b...)
			return
		}
		r.scratch = append(r.scratch, b[:i+1]...)
		if b = b[i+1:]; len(b) > 0 && b[0] == r.quote {
			b = b[1:]
		}
	}
}

// index is where the delimiter stands in a line, or the line's length.
func index(line, delim []byte) int {
	var i int
	if len(delim) == 1 {
		i = bytes.IndexByte(line, delim[0])
	} else {
		i = bytes.Index(line, delim)
	}
	if i < 0 {
		return len(line)
	}
	return i
}
