package sheet_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/kith-sync/kith/sheet"
)

// workbook makes one with a sheet of people and another of prices.
func workbook(t *testing.T, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", "People"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("Prices"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetSheetRow("Prices", "A1", &[]any{"item", "price"}); err != nil {
		t.Fatal(err)
	}
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t *testing.T, data []byte) (*sheet.Workbook, error) {
	t.Helper()
	w, err := sheet.OpenWorkbook(bytes.NewReader(data), int64(len(data)), t.TempDir())
	if err == nil {
		t.Cleanup(func() { w.Close() })
	}
	return w, err
}

func rowsOf(t *testing.T, data []byte, name string) (all []string) {
	t.Helper()
	w, err := open(t, data)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.Rows(name)
	if err != nil {
		t.Fatal(err)
	}
	for cells, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Join(cells, "|"))
	}
	return all
}

func TestCellsAreReadAsPeopleSeeThem(t *testing.T) {
	style := func(f *excelize.File, cell string, s *excelize.Style) {
		id, err := f.NewStyle(s)
		if err == nil {
			err = f.SetCellStyle("People", cell, cell, id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		set  func(f *excelize.File) error
		want string
	}{
		{"a text", func(f *excelize.File) error { return f.SetCellStr("People", "A1", "Zoë, Ltd") }, "Zoë, Ltd"},
		{"a text of digits keeps its zeros", func(f *excelize.File) error { return f.SetCellStr("People", "A1", "007") }, "007"},
		{"a number with a format that gives it zeros", func(f *excelize.File) error {
			style(f, "A1", &excelize.Style{CustomNumFmt: new("00000")})
			return f.SetCellInt("People", "A1", 1234)
		}, "01234"},
		{"a long telephone number", func(f *excelize.File) error { return f.SetCellInt("People", "A1", 442079460123) }, "442079460123"},
		{"a date in the format that follows the language", func(f *excelize.File) error {
			style(f, "A1", &excelize.Style{NumFmt: 14})
			return f.SetCellValue("People", "A1", time.Date(1990, 3, 4, 0, 0, 0, 0, time.UTC))
		}, "1990-03-04"},
		{"a date in a format of its own", func(f *excelize.File) error {
			err := f.SetCellValue("People", "A1", time.Date(1990, 3, 4, 0, 0, 0, 0, time.UTC))
			style(f, "A1", &excelize.Style{CustomNumFmt: new("dd.mm.yyyy")})
			return err
		}, "04.03.1990"},
		{"true", func(f *excelize.File) error { return f.SetCellBool("People", "A1", true) }, "TRUE"},
		{"a line break", func(f *excelize.File) error { return f.SetCellStr("People", "A1", "1 High St\nLeeds") }, "1 High St\nLeeds"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := rowsOf(t, workbook(t, func(f *excelize.File) {
				if err := c.set(f); err != nil {
					t.Fatal(err)
				}
			}), "")
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAFormulaIsItsResult(t *testing.T) {
	data := repacked(t, workbook(t, func(f *excelize.File) {
		if err := f.SetCellInt("People", "A1", 1); err != nil {
			t.Fatal(err)
		}
	}), func(name, text string) string {
		if !strings.HasSuffix(name, "sheet1.xml") {
			return text
		}
		from, to := strings.Index(text, "<sheetData>"), strings.Index(text, "</sheetData>")
		return text[:from] + `<sheetData><row r="1"><c r="A1" t="str"><f>B1&amp;C1</f><v>Ada Lovelace</v></c><c r="B1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>` + text[to:]
	})
	if got := strings.Join(rowsOf(t, data, ""), "\n"); got != "Ada Lovelace|#DIV/0!" {
		t.Errorf("got %q, want what the cells show", got)
	}
}

func TestRowsOfAWorkbook(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		for cell, row := range map[string][]any{"A1": {"email", "name"}, "A2": {"ada@example.com", "Ada"}, "A4": {"bo@example.com"}} {
			if err := f.SetSheetRow("People", cell, &row); err != nil {
				t.Fatal(err)
			}
		}
	})
	if got := strings.Join(rowsOf(t, data, ""), "\n"); got != "email|name\nada@example.com|Ada\n\nbo@example.com" {
		t.Errorf("the first sheet: got %q; want the empty row, too: rows are counted", got)
	}
	if got := strings.Join(rowsOf(t, data, "Prices"), "\n"); got != "item|price" {
		t.Errorf("a sheet by its name: got %q", got)
	}
	w, err := open(t, data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Rows("Peeple"); err == nil || !strings.Contains(err.Error(), "People, Prices") {
		t.Errorf("no such sheet: got %v, want the names of those there are", err)
	}
}

func TestWorkbooksThatAreNone(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		for i := range 2000 {
			if err := f.SetCellStr("People", "A"+strconv.Itoa(i+1), "ada"+strconv.Itoa(i*7919)+"@example.com"); err != nil {
				t.Fatal(err)
			}
		}
	})
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"a text", []byte("email\nada@example.com\n"), sheet.ErrNoWorkbook},
		{"nothing", nil, sheet.ErrNoWorkbook},
		{"one that was cut", data[:len(data)/2], sheet.ErrNoWorkbook},
		{"one with a damaged byte", damaged(data), sheet.ErrNoWorkbook},
		{"one whose sheet was cut before it was packed", repacked(t, data, func(name, text string) string {
			if strings.HasSuffix(name, "sheet1.xml") {
				return text[:len(text)/2]
			}
			return text
		}), sheet.ErrNoWorkbook},
		{"a zip bomb", repacked(t, data, func(name, text string) string {
			if strings.HasSuffix(name, "sheet1.xml") {
				return text + strings.Repeat(" ", 100<<20)
			}
			return text
		}), sheet.ErrWorkbookTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := open(t, c.data); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func damaged(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)/3] ^= 0xff
	return data
}

func repacked(t *testing.T, data []byte, change func(name, text string) string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	out.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, part := range in.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create(part.Name)
		if err == nil {
			_, err = io.WriteString(w, change(part.Name, string(text)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
