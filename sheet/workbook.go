package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/xuri/excelize/v2"
)

// A Workbook is an Excel workbook (.xlsx), open for reading.
type Workbook struct {
	file *excelize.File
	// Sheets names the sheets, in the order of their tabs.
	Sheets []string
}

// The limits of workbooks (reliability.md 5.1): what is packed may become a
// hundred times as large, and no more than this.
const (
	maxRatio    = 100
	maxUnpacked = 4 << 30
	fewBytes    = 64 << 20 // a small workbook may swell as it likes
	maxPacked   = 512 << 20
	inMemory    = 16 << 20 // sheets beyond lie in temporary files
)

// ErrNoWorkbook is returned for a file that is no workbook, or a damaged or
// encrypted one.
var ErrNoWorkbook = errors.New("This is not an Excel workbook (.xlsx) that can be read: it is damaged, protected with a password, or something else. Save it anew, without a password.")

// ErrWorkbookTooLarge is returned for one that would swell beyond all measure.
var ErrWorkbookTooLarge = errors.New("This workbook is too large, or becomes more than a hundred times as large when it is unpacked. Save it as CSV (UTF-8) and choose that file.")

// OpenWorkbook opens a workbook of that size. Every sheet in it is looked at: one
// that is cut is no workbook. The caller closes it.
func OpenWorkbook(in io.ReaderAt, size int64, temp string) (*Workbook, error) {
	if size > maxPacked {
		return nil, ErrWorkbookTooLarge
	}
	if err := whole(in, size); err != nil {
		return nil, err
	}
	file, err := excelize.OpenReader(io.NewSectionReader(in, 0, size), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: inMemory,
		TmpDir: temp, ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd", LongTimePattern: "hh:mm:ss"})
	if err != nil {
		return nil, ErrNoWorkbook
	}
	return &Workbook{file, file.GetSheetList()}, nil
}

// whole reads every part once: what is packed must come out whole, and no larger
// than it may be. The library would take a sheet that was cut for a short one.
func whole(in io.ReaderAt, size int64) error {
	parts, err := zip.NewReader(in, size)
	if err != nil {
		return ErrNoWorkbook
	}
	unpacked := int64(0)
	for _, part := range parts.File {
		tail, n, err := readPart(part, max(size*maxRatio, fewBytes)-unpacked)
		if err != nil {
			return err
		}
		if unpacked += n; unpacked > maxUnpacked {
			return ErrWorkbookTooLarge
		}
		if strings.HasPrefix(part.Name, "xl/worksheets/") && strings.HasSuffix(part.Name, ".xml") && !strings.HasSuffix(strings.TrimSpace(tail), "worksheet>") {
			return ErrNoWorkbook
		}
	}
	return nil
}

// readPart reads a part to its end, where its checksum is compared, and returns
// how it ends.
func readPart(part *zip.File, limit int64) (tail string, n int64, err error) {
	r, err := part.Open()
	if err != nil {
		return "", 0, ErrNoWorkbook
	}
	defer r.Close()
	end := &lastBytes{}
	n, err = io.Copy(end, io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return "", n, ErrNoWorkbook
	case n > limit:
		return "", n, ErrWorkbookTooLarge
	}
	return string(end.kept), n, nil
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct{ kept []byte }

func (l *lastBytes) Write(p []byte) (int, error) {
	l.kept = append(l.kept, p[max(0, len(p)-64):]...)
	l.kept = l.kept[max(0, len(l.kept)-64):]
	return len(p), nil
}

// Rows yields the rows of a sheet, the first one's when name is empty, with the
// values as people see them in the cells: dates as dates, numbers with the zeros
// that their format gives them. Dates of a format that follows the language of
// whoever looks are written 2026-11-22. A slice is valid until the next row.
func (w *Workbook) Rows(name string) (iter.Seq2[[]string, error], error) {
	if name == "" && len(w.Sheets) > 0 {
		name = w.Sheets[0]
	}
	rows, err := w.file.Rows(name)
	if err != nil {
		return nil, fmt.Errorf("There is no sheet %q in this workbook. Its sheets are: %s.", name, strings.Join(w.Sheets, ", "))
	}
	return func(yield func([]string, error) bool) {
		defer rows.Close()
		for rows.Next() {
			cells, err := rows.Columns()
			if !yield(cells, err) || err != nil {
				return
			}
		}
		if err := rows.Error(); err != nil {
			yield(nil, err)
		}
	}, nil
}

// Close removes what of the workbook lies in temporary files.
func (w *Workbook) Close() error { return w.file.Close() }
