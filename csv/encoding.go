package csv

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"
)

// invalid stands for what an encoding does not have. It is no UTF-8, so that
// one check finds bad bytes of every encoding, and U+FFFD stays a character
// like any other.
const invalid = 0xff

// A converter appends the UTF-8 of src to dst and returns how many bytes it
// used; fewer than all only when src ends within a character and last is false.
type converter func(dst, src []byte, last bool) ([]byte, int)

var boms = []struct{ bytes, name string }{
	{"\xef\xbb\xbf", "utf-8"},
	{"\xff\xfe", "utf-16le"},
	{"\xfe\xff", "utf-16be"},
}

// bomOf returns the encoding that a byte order mark names, and its length.
func bomOf(head []byte) (string, int) {
	for _, b := range boms {
		if bytes.HasPrefix(head, []byte(b.bytes)) {
			return b.name, len(b.bytes)
		}
	}
	return "", 0
}

func isUTF8(name string) bool {
	switch strings.ToLower(name) {
	case "utf-8", "utf8", "us-ascii", "ascii", "unicode-1-1-utf-8":
		return true
	}
	return false
}

func converterFor(name string) (converter, func([]byte) int, error) {
	switch strings.ToLower(name) {
	case "utf-16le", "utf-16":
		return utf16(0), newline16(0), nil
	case "utf-16be":
		return utf16(1), newline16(1), nil
	}
	e, err := lookUp(name)
	if err != nil {
		return nil, nil, &FileError{Code: FileEncoding,
			Message: "The encoding " + name + " is not known here. Use UTF-8, or another encoding."}
	}
	if m, ok := e.(*charmap.Charmap); ok {
		return singleByte(m), newline8, nil
	}
	return multiByte(e), newline8, nil
}

// lookUp finds an encoding by the names of the web and of IANA. ISO 8859 names
// mean what they say, not their Windows cousins as on the web.
func lookUp(name string) (encoding.Encoding, error) {
	e, err := ianaindex.IANA.Encoding(name)
	if err != nil || e == nil {
		e, err = htmlindex.Get(name)
	}
	if err == nil && e == encoding.Replacement {
		err = errors.New("not supported")
	}
	return e, err
}

func newline8(b []byte) int { return bytes.IndexAny(b, "\r\n") + 1 }

// newline16 searches code units; high is the place of the high byte.
func newline16(high int) func([]byte) int {
	return func(b []byte) int {
		for i := 0; i+1 < len(b); i += 2 {
			if hi, lo := b[i+1-high], b[i+high]; hi == 0 && (lo == '\n' || lo == '\r') {
				return i + 2
			}
		}
		return 0
	}
}

// singleByte refuses the bytes that the table has no character for.
func singleByte(m *charmap.Charmap) converter {
	var table [256]string
	for i := range table {
		if c := m.DecodeByte(byte(i)); c != utf8.RuneError {
			table[i] = string(c)
		} else {
			table[i] = string([]byte{invalid})
		}
	}
	return func(dst, src []byte, _ bool) ([]byte, int) {
		for _, b := range src {
			dst = append(dst, table[b]...)
		}
		return dst, len(src)
	}
}

func utf16(high int) converter {
	return func(dst, src []byte, last bool) ([]byte, int) {
		i := 0
		for ; i+1 < len(src); i += 2 {
			u := rune(src[i+1-high])<<8 | rune(src[i+high])
			switch {
			case u < 0x80:
				dst = append(dst, byte(u))
			case u < 0xd800 || u >= 0xe000:
				dst = utf8.AppendRune(dst, u)
			case u < 0xdc00 && i+3 < len(src):
				if v := rune(src[i+3-high])<<8 | rune(src[i+2+high]); v >= 0xdc00 && v < 0xe000 {
					dst = utf8.AppendRune(dst, (u-0xd800)<<10|(v-0xdc00)+0x10000)
					i += 2
				} else {
					dst = append(dst, invalid)
				}
			case u < 0xdc00 && !last:
				return dst, i // its other half is not read yet
			default:
				dst = append(dst, invalid)
			}
		}
		if last && i < len(src) {
			dst, i = append(dst, invalid), len(src)
		}
		return dst, i
	}
}

// multiByte uses the tables of x/text, which write U+FFFD for bad bytes.
func multiByte(e encoding.Encoding) converter {
	t := e.NewDecoder().Transformer
	var buf [4096]byte
	return func(dst, src []byte, last bool) ([]byte, int) {
		used := 0
		for {
			n, m, err := t.Transform(buf[:], src[used:], last)
			dst = append(dst, bytes.ReplaceAll(buf[:n], []byte("\uFFFD"), []byte{invalid})...)
			used += m
			if !errors.Is(err, transform.ErrShortDst) {
				return dst, used
			}
		}
	}
}
