package csv

import (
	"bytes"
	"io"
)

// A decoder turns a file into UTF-8, one physical line at a time, and remembers
// where in the file each line began.
type decoder struct {
	src     io.Reader
	convert converter
	newline func([]byte) int // length of src up to and including its first line ending, or -1
	in      []byte
	r, w    int
	out     []byte
	given   int // bytes of out that were read
	err     error

	decoded, read int64       // so far, in UTF-8 and in the file
	starts        []lineStart // of lines that were not asked for yet, from next on
	next          int
	last          lineStart
}

type lineStart struct{ decoded, original int64 }

func newDecoder(src io.Reader, c converter, newline func([]byte) int, bom int64) *decoder {
	return &decoder{src: src, convert: c, newline: newline, in: make([]byte, 64<<10), read: bom, last: lineStart{0, bom}}
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.given == len(d.out) {
		if d.r == d.w && d.err != nil {
			return 0, d.err
		}
		d.step()
	}
	n := copy(p, d.out[d.given:])
	d.given += n
	return n, nil
}

// step decodes what was read, line by line, and reads on if it is not a line.
func (d *decoder) step() {
	d.out, d.given = d.out[:0], 0
	for d.r < d.w {
		n := d.newline(d.in[d.r:d.w])
		whole := n > 0
		if !whole {
			n = d.w - d.r
		}
		before := len(d.out)
		var used int
		d.out, used = d.convert(d.out, d.in[d.r:d.r+n], whole || d.err != nil)
		d.r, d.read, d.decoded = d.r+used, d.read+int64(used), d.decoded+int64(len(d.out)-before)
		if whole {
			d.starts = append(d.starts, lineStart{d.decoded, d.read})
		} else {
			break
		}
	}
	if d.err == nil {
		copy(d.in, d.in[d.r:d.w])
		d.r, d.w = 0, d.w-d.r
		var n int
		n, d.err = d.src.Read(d.in[d.w:])
		d.w += n
	}
}

// original returns where the line that starts at this decoded offset starts in
// the file. Offsets must not decrease from call to call.
func (d *decoder) original(decoded int64) int64 {
	for d.next < len(d.starts) && d.starts[d.next].decoded <= decoded {
		d.last = d.starts[d.next]
		d.next++
	}
	if d.next > len(d.starts)/2 {
		d.starts = append(d.starts[:0], d.starts[d.next:]...)
		d.next = 0
	}
	return d.last.original
}

// beginning fills the window and says in which encoding the file is: the byte
// order mark's if there is one, else the dialect's.
func (r *Reader) beginning() (name string, bom int) {
	r.fill()
	if name, bom = bomOf(r.buf[:r.end]); bom > 0 {
		return name, bom
	}
	return r.d.Encoding, 0
}

// decodeAs continues behind the byte order mark, in the given encoding.
func (r *Reader) decodeAs(name string, bom int) error {
	r.d.Encoding = name
	if isUTF8(name) {
		r.pos = bom
		return nil
	}
	c, newline, err := converterFor(name)
	if err != nil {
		return err
	}
	rest := io.MultiReader(bytes.NewReader(bytes.Clone(r.buf[bom:r.end])), &resumed{r.src, r.err})
	r.dec = newDecoder(rest, c, newline, int64(bom))
	r.src, r.end, r.err = r.dec, 0, nil
	return nil
}

// resumed is a source of which the error was seen already.
type resumed struct {
	r   io.Reader
	err error
}

func (s *resumed) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	return s.r.Read(p)
}
