package csv

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// enough is how much of a file's beginning is looked at.
const enough = 64 << 10

// Sniff guesses the dialect from the beginning of a file: 64 KiB serve well.
// whole says that head is the whole file. What is clearly no CSV is refused
// with a *FileError. It claims UTF-8, UTF-16 and Windows-1252 only; other
// encodings look alike and must be named.
func Sniff(head []byte, whole bool) (Dialect, error) { return SniffAs(head, whole, "") }

// SniffAs guesses the rest of the dialect of a file whose encoding is known.
// Only a byte order mark knows better; "" and "auto" know nothing.
func SniffAs(head []byte, whole bool, encoding string) (Dialect, error) {
	d := Dialect{Delimiter: ",", Quote: `"`, Encoding: "utf-8"}
	if len(head) > enough {
		head, whole = head[:enough], false
	}
	if err := refuse(head); err != nil {
		return d, err
	}
	name, err := encodingOf(head, whole)
	if _, bom := bomOf(head); bom == 0 && encoding != "" && encoding != "auto" {
		name, err = encoding, nil
		if _, _, unknown := converterFor(encoding); unknown != nil && !isUTF8(encoding) {
			err = unknown
		}
	}
	if err != nil {
		return d, err
	}
	d.Encoding = name
	text := decodeHead(head, name, whole)
	if err := refuse(text); err != nil {
		return d, err
	}
	delims := delimiters
	if delim, n := separatorLine(text); n > 0 {
		delims, d.Preamble, text = []candidate{{delim, 1}}, 1, text[n:]
	}
	best := guess(text, delims)
	d.Delimiter, d.Quote = best.delim, best.quote
	first := best.preamble()
	if first > 0 {
		d.Preamble += int(best.rows[first].line - 1)
	}
	d.Header = first < len(best.rows) && best.hasHeader(first)
	return d, nil
}

// encodingOf names the encoding by byte order mark, by the zero bytes of
// UTF-16, by the validity of UTF-8, and else says Windows-1252.
func encodingOf(head []byte, whole bool) (string, error) {
	if bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")) {
		return "", &FileError{Code: FileEncoding, Message: "This file is UTF-32, which cannot be read. Save it as UTF-8."}
	}
	if name, n := bomOf(head); n > 0 {
		return name, nil
	}
	if name := utf16Without(head); name != "" {
		return name, nil
	}
	control := 0
	for _, c := range head {
		if c < ' ' && !strings.ContainsRune("\t\r\n\f\x1a\x1c\x1d\x1e\x1f\x01", rune(c)) {
			control++
		}
	}
	if control*20 > len(head) {
		return "", notCSV(FileBinary, "not text")
	}
	if !whole {
		head = wholeRunes(head)
	}
	if good, bad := multiByteRunes(head); bad > 0 && good <= bad {
		return "windows-1252", nil
	}
	return "utf-8", nil // with some bad bytes perhaps: their rows will say so
}

// utf16Without recognises UTF-16 without a byte order mark by its zero bytes.
func utf16Without(head []byte) string {
	var zeros [2]int
	sample := head[:min(len(head), 4096)&^1]
	for i, c := range sample {
		if c == 0 {
			zeros[i&1]++
		}
	}
	switch most := len(sample) / 2; {
	case most == 0:
	case zeros[1]*10 > most*4 && zeros[0]*10 < most:
		return "utf-16le"
	case zeros[0]*10 > most*4 && zeros[1]*10 < most:
		return "utf-16be"
	}
	return ""
}

// wholeRunes drops a character that the end of the sample cut off.
func wholeRunes(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= 0x80 && !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

func multiByteRunes(b []byte) (good, bad int) {
	for len(b) > 0 {
		if b[0] < 0x80 {
			b = b[1:]
			continue
		}
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		b = b[n:]
	}
	return good, bad
}

// decodeHead returns the sample as UTF-8, without a line that it cut off.
func decodeHead(head []byte, name string, whole bool) []byte {
	_, bom := bomOf(head)
	text := head[bom:]
	if !isUTF8(name) {
		c, newline, err := converterFor(name)
		if err != nil {
			return nil
		}
		text, _ = io.ReadAll(newDecoder(bytes.NewReader(text), c, newline, 0))
	}
	if i := bytes.LastIndexAny(text, "\r\n"); !whole && i >= 0 {
		text = text[:i+1]
	}
	return text
}

// separatorLine reads the line `sep=;` that Excel writes and understands, and
// returns its length with the line ending.
func separatorLine(text []byte) (string, int) {
	n := newline8(text)
	if n == 0 {
		n = len(text)
	}
	if n < len(text) && text[n-1] == '\r' && text[n] == '\n' {
		n++
	}
	line := strings.Trim(strings.TrimRight(string(text[:n]), "\r\n"), `"`)
	if len(line) < 5 || len(line) > 12 || !strings.EqualFold(line[:4], "sep=") {
		return "", 0
	}
	return line[4:], n
}
