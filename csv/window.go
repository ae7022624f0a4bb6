package csv

import (
	"bytes"
	"io"
)

// A window is the part of the decoded file that is in memory. It slides over
// the file from one record to the next.
type window struct {
	src  io.Reader
	dec  *decoder // nil when the file is UTF-8
	buf  []byte
	pos  int   // start of the current record
	end  int   // end of what was read
	base int64 // decoded offset of buf[0]
	max  int   // size the buffer may reach
	err  error // why nothing more can be read; io.EOF at the end

	lf, cr, nul, qt mark
}

// A mark remembers the next occurrence of a byte, so that a file without that
// byte is searched once and not once per record.
type mark struct {
	char     byte
	from, at int // nothing between from and at
}

func newWindow(src io.Reader, record int, quote byte) window {
	first := min(256<<10, 4096+record)
	return window{src: src, buf: make([]byte, first), max: record + first,
		lf: mark{char: '\n'}, cr: mark{char: '\r'}, qt: mark{char: quote}}
}

// find returns the first occurrence at or after from, or the window's end.
func (w *window) find(m *mark, from int) int {
	if from < m.from { // back to an earlier line, behind an unclosed quote
		if i := bytes.IndexByte(w.buf[from:m.from], m.char); i >= 0 {
			return from + i
		}
		m.from = from
	}
	if from > m.at {
		m.from, m.at = from, from
	}
	if m.at < w.end && w.buf[m.at] != m.char {
		if i := bytes.IndexByte(w.buf[m.at:w.end], m.char); i >= 0 {
			m.at += i
		} else {
			m.at = w.end
		}
	}
	return m.at
}

// fill drops what lies before the current record and reads on. It reports
// whether that changed anything: not at the end of the file, nor when the
// buffer has reached its limit.
func (w *window) fill() bool {
	if w.err != nil {
		return false
	}
	if w.pos > 0 {
		w.slide()
	}
	if w.end == len(w.buf) {
		if len(w.buf) >= w.max {
			return false
		}
		w.buf = append(make([]byte, 0, min(2*len(w.buf), w.max)), w.buf...)
		w.buf = w.buf[:cap(w.buf)]
	}
	// Not io.ReadFull: the io.ErrUnexpectedEOF of a cut-off download must stay
	// what it is.
	for empty := 0; w.end < len(w.buf) && w.err == nil; {
		var n int
		n, w.err = w.src.Read(w.buf[w.end:])
		w.end += n
		if empty++; n > 0 {
			empty = 0
		} else if empty == 100 && w.err == nil {
			w.err = io.ErrNoProgress
		}
	}
	return true
}

func (w *window) slide() {
	copy(w.buf, w.buf[w.pos:w.end])
	for _, m := range []*mark{&w.lf, &w.cr, &w.nul, &w.qt} {
		m.from, m.at = max(m.from-w.pos, 0), max(m.at-w.pos, 0)
	}
	w.end -= w.pos
	w.base += int64(w.pos)
	w.pos = 0
}

// offset returns the original offset of the current record.
func (w *window) offset() int64 {
	at := w.base + int64(w.pos)
	if w.dec == nil {
		return at
	}
	return w.dec.original(at)
}

// place is where the current record starts in the decoded file.
func (w *window) place() int64 { return w.base + int64(w.pos) }

// skipTo moves forward to a place, and reports whether the file goes so far.
func (w *window) skipTo(place int64) bool {
	for w.base+int64(w.end) < place {
		w.pos = w.end
		if !w.fill() {
			return false
		}
	}
	w.pos = int(place - w.base)
	return true
}

// lineEnd returns where the physical line that goes through from ends, and how
// long its line ending is: CRLF, LF or CR, or nothing at the end of the file.
// ok is false when the end is not in the window.
func (w *window) lineEnd(from int) (end, size int, ok bool) {
	lf, cr := w.find(&w.lf, from), w.find(&w.cr, from)
	switch {
	case lf < cr:
		return lf, 1, true
	case cr+1 == lf && lf < w.end:
		return cr, 2, true
	case cr < w.end && (cr+1 < w.end || w.err == io.EOF):
		return cr, 1, true
	case cr == w.end && w.err == io.EOF:
		return w.end, 0, true
	}
	return 0, 0, false
}

// capped fails when the source has more bytes than the limit of a file.
type capped struct {
	r           io.Reader
	left, limit int64
}

func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if int64(n) > c.left {
		return int(c.left), &FileError{Code: FileTooLarge, Message: "The file is larger than the limit of " +
			inBytes(c.limit) + ". Split it."}
	}
	c.left -= int64(n)
	return n, err
}
