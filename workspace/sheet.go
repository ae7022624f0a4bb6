package workspace

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kith-sync/kith/connector/csvfile"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/sheet"
)

// guarded reports whether a file is our own spreadsheet export: its first column
// is the marker. One that cannot be read is not; whoever reads it says why.
func guarded(f *csvfile.File, path string) bool {
	in, err := os.Open(path)
	if err != nil {
		return false
	}
	defer in.Close()
	head := make([]byte, 64<<10)
	n, _ := io.ReadFull(in, head)
	// Spreadsheets like to save as UTF-16.
	if !strings.Contains(strings.ReplaceAll(string(head[:n]), "\x00", ""), sheet.Marker) {
		return false
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return false
	}
	_, header, err := openSheet(f, in)
	return err == nil && len(header) > 1 && header[0] == sheet.Marker
}

// openSheet recognises how a sheet is written and reads its header.
func openSheet(f *csvfile.File, in io.ReadSeeker) (*csv.Reader, []string, error) {
	dialect, _, err := f.Dialect(in)
	if err != nil {
		return nil, nil, err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	r := csv.NewReader(in, dialect, csv.Limits{})
	header, err := r.Header()
	return r, header, err
}

// tableOfSheet leaves out the marker's column and gives every value back as it
// was. A record that cannot be read would be lost without a word, so it ends the
// read.
func tableOfSheet(f *csvfile.File, in io.ReadSeeker, rows *csv.Writer) (notes []string, err error) {
	r, header, err := openSheet(f, in)
	if err != nil {
		return nil, err
	}
	if len(header) < 2 {
		return nil, csvfile.ErrChanging // it was a sheet a moment ago
	}
	values := make([]string, len(header)-1)
	for i, name := range header[1:] {
		values[i] = sheet.Unguard(name)
	}
	for err == nil {
		if err := rows.Write(values); err != nil {
			return nil, err
		}
		err = nextOfSheet(r, values)
	}
	if err != io.EOF {
		return nil, err
	}
	return []string{"spreadsheet export of kith, its guard against formulas taken off"}, nil
}

func nextOfSheet(r *csv.Reader, values []string) error {
	row, err := r.Next()
	if err != nil {
		return err
	}
	if row.Problem == nil {
		row.Problem = r.Ragged(row)
	}
	if p := row.Problem; p != nil {
		return &csv.FileError{Code: p.Code, Message: fmt.Sprintf("Line %d of this spreadsheet export cannot be read: %s Correct the line and import again.", p.Line, p.Message)}
	}
	clear(values)
	for i, field := range row.Fields[1:] {
		if i < len(values) {
			values[i] = sheet.Unguard(string(field))
		}
		if i < len(values) && values[i] == contact.Mask {
			values[i] = "" // a password that the export did not show
		}
	}
	return nil
}
