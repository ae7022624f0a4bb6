package workspace

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/sheet"
)

// isWorkbook reports whether a file is an Excel workbook by its name.
func isWorkbook(path string) bool {
	return slices.Contains([]string{".xlsx", ".xlsm"}, strings.ToLower(filepath.Ext(path)))
}

// CodeWorkbook is the code of a workbook that cannot be read.
const CodeWorkbook = "file.workbook"

// tableOfWorkbook turns a sheet of a workbook into a table. Rows stay in their
// places, the empty ones too, so that a record's line is its row's number; only
// what stands before the header is left out.
func tableOfWorkbook(in io.ReadSeeker, how plan.CSV, out *csv.Writer) (notes []string, err error) {
	file, ok := unwrapped(in)
	if !ok {
		return nil, errors.New("a workbook has to be a file")
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	book, err := sheet.OpenWorkbook(file, info.Size(), "")
	if err != nil {
		return nil, &csv.FileError{Code: CodeWorkbook, Message: err.Error()}
	}
	defer book.Close()
	rows, err := book.Rows(how.Sheet)
	if err != nil {
		return nil, &csv.FileError{Code: "file.sheet", Message: err.Error()}
	}
	width, skip := 0, 0
	if how.Preamble != nil {
		skip = *how.Preamble
	}
	for cells, err := range rows {
		if err != nil {
			return nil, &csv.FileError{Code: CodeWorkbook, Message: sheet.ErrNoWorkbook.Error()}
		}
		if skip > 0 {
			skip--
			continue
		}
		cells = trimmed(cells, width)
		if width == 0 && len(cells) == 0 {
			continue // empty rows above the header
		}
		width = max(width, 1)
		if width == 1 && len(cells) > 1 {
			width = len(cells) // the header's
		}
		for len(cells) < width {
			cells = append(cells, "")
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	if width == 0 {
		return nil, &csv.FileError{Code: "source.empty", Message: "The sheet is empty."}
	}
	name := how.Sheet
	if name == "" {
		name = book.Sheets[0]
	}
	note := "workbook, sheet " + name
	if len(book.Sheets) > 1 && how.Sheet == "" {
		note += " (of " + strings.Join(book.Sheets, ", ") + ")"
	}
	return []string{note}, nil
}

// trimmed leaves out the empty cells at the end of a row, beyond the header's
// width: they have a format, and no value.
func trimmed(cells []string, width int) []string {
	for len(cells) > width && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// unwrapped returns the file behind a reader.
func unwrapped(in io.ReadSeeker) (f interface {
	io.ReaderAt
	Stat() (fs.FileInfo, error)
}, ok bool) {
	if w, is := in.(*watched); is {
		in = w.ReadSeeker
	}
	file, ok := in.(*os.File)
	return file, ok
}
