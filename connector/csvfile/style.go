package csvfile

import (
	"bytes"
	"io"

	"github.com/kith-sync/kith/csv"
)

// style is how a file is written, as far as a new version of it is written
// alike: programs that read it expect that.
type style struct {
	dialect  csv.Dialect
	crlf     bool
	bom      bool     // of UTF-8; UTF-16 always has one
	preamble []string // lines before the table
	empty    bool
}

func (f *File) styleOf(r io.Reader) (s style, err error) {
	head := make([]byte, sniffSize)
	n, err := io.ReadFull(r, head)
	whole := err == io.EOF || err == io.ErrUnexpectedEOF
	if err != nil && !whole {
		return s, err
	}
	head = head[:n]
	if s.dialect, _, err = Recognise(head, whole, f.dialect); err != nil {
		return s, err
	}
	s.bom = bytes.HasPrefix(head, []byte("\xef\xbb\xbf"))
	s.empty = whole && len(bytes.Trim(head, "\xef\xbb\xbf\xff\xfe\r\n\x00 ")) == 0
	crlf := bytes.Count(head, []byte("\r\n")) + bytes.Count(head, []byte("\r\x00\n"))
	s.crlf = 2*crlf > bytes.Count(head, []byte("\n"))
	return s, nil
}

// preambleOf returns the lines before the table. To the reader each is a record
// of one field: NUL delimits nothing.
func preambleOf(file io.ReadSeeker, d csv.Dialect) ([]string, error) {
	lines := make([]string, d.Preamble)
	if d.Preamble == 0 {
		return lines, nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r := csv.NewReader(file, csv.Dialect{Delimiter: "\x00", Quote: csv.NoQuote, Encoding: d.Encoding}, csv.Limits{})
	for {
		row, err := r.Next() // passes blank lines
		if err == io.EOF || err == nil && row.Line > int64(d.Preamble) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		lines[row.Line-1] = string(row.Raw)
	}
}
