package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var dialects = []Dialect{
	{}, {Delimiter: ";"}, {Delimiter: "\t"}, {Delimiter: "|", Quote: "'"}, {Delimiter: " "}, {Delimiter: "||"},
	{Delimiter: "§"}, {Delimiter: "~|~"}, {Delimiter: " ; "}, {Delimiter: "a"}, {Delimiter: ",", Quote: "a"}, {Encoding: "utf-16le"}, {Encoding: "utf-16be", Delimiter: ";"},
	{Encoding: "gb18030"},
}

// anyValue prefers what could go wrong: quotes, delimiters, line ends, spaces.
func anyValue() *rapid.Generator[string] {
	nasty := rapid.SampledFrom([]string{`"`, `""`, "'", ",", ";", "|", "||", "~|~", "§", "\r", "\n", "\r\n", " ", "\t", "\ufeff", "sep=;", "<html>", "é", "👊", "a", "\u00a0", "PK\x03\x04"})
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(nasty, 0, 6), func(s []string) string { return strings.Join(s, "") }),
		rapid.Map(rapid.String(), func(s string) string { return strings.ReplaceAll(s, "\x00", "") }),
	)
}

func anyTable() *rapid.Generator[[][]string] {
	return rapid.Custom(func(t *rapid.T) [][]string {
		width := rapid.IntRange(1, 5).Draw(t, "width")
		return rapid.SliceOfN(rapid.SliceOfN(anyValue(), width, width), 0, 6).Draw(t, "rows")
	})
}

// written also returns the rows without those the encoding cannot express.
func written(t *rapid.T, d Dialect, crlf, bom bool, rows [][]string) ([]byte, [][]string) {
	var b bytes.Buffer
	var done [][]string
	w := NewWriter(&b, d)
	w.CRLF, w.BOM = crlf, bom
	for _, row := range rows {
		if err := w.Write(row); err == nil {
			done = append(done, row)
		} else if d.Encoding != "gb18030" {
			t.Fatalf("write %q in %+v: %v", row, d, err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), done
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(dialects).Draw(t, "dialect")
		in, rows := written(t, d, rapid.Bool().Draw(t, "crlf"), rapid.Bool().Draw(t, "bom"), anyTable().Draw(t, "table"))
		r := NewReader(bytes.NewReader(in), d, Limits{})
		for i, want := range rows {
			row, err := r.Next()
			if err != nil || row.Problem != nil {
				t.Fatalf("%q in %+v: record %d: %v %v", in, d, i, err, row)
			}
			if got := strs(row.Fields); !slices.Equal(got, want) {
				t.Fatalf("%q in %+v: record %d\n got %q\nwant %q", in, d, i, got, want)
			}
		}
		if row, err := r.Next(); err != io.EOF || r.BlankLines() != 0 {
			t.Fatalf("%q in %+v: after the last record %v %v, %d blank lines", in, d, row, err, r.BlankLines())
		}
	})
}

// encoding/csv is right where a file is RFC 4180, has LF only and no BOM.
func TestRecordsEqualEncodingCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, _ := written(t, Dialect{}, false, false, anyTable().Draw(t, "table"))
		if bytes.ContainsRune(in, '\r') {
			in = bytes.ReplaceAll(in, []byte{'\r'}, []byte{'x'})
		}
		std := stdcsv.NewReader(bytes.NewReader(in))
		std.FieldsPerRecord = -1
		r := NewReader(bytes.NewReader(in), Dialect{}, Limits{})
		for {
			want, errWant := std.Read()
			row, err := r.Next()
			if errWant == io.EOF || err == io.EOF {
				if !errors.Is(err, errWant) {
					t.Fatalf("%q: end at %v, encoding/csv at %v", in, err, errWant)
				}
				return
			}
			line, _ := std.FieldPos(0)
			if got := strs(row.Fields); !slices.Equal(got, want) || int(row.Line) != line {
				t.Fatalf("%q\n     got %q line %d\nencoding/csv %q line %d", in, got, row.Line, want, line)
			}
		}
	})
}

// Every byte of a file belongs to one record or to a line ending, however the
// file arrives.
func TestRowsCoverTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := []byte(strings.Join(rapid.SliceOf(anyValue()).Draw(t, "pieces"), rapid.SampledFrom([]string{"", ",", "\n", `"`}).Draw(t, "glue")))
		covers(t, in, Dialect{}, Limits{})
	})
}

type fataler interface{ Fatalf(string, ...any) }

// covers reads in and puts it together again from the rows and what is between.
func covers(t fataler, in []byte, d Dialect, l Limits) {
	r := NewReader(bytes.NewReader(in), d, l)
	at, breaks := int64(0), int64(0)
	if _, n := bomOf(in); n > 0 {
		at = int64(n)
	}
	for {
		row, err := r.Next()
		if err != nil {
			if err == io.EOF && len(bytes.Trim(in[min(at, int64(len(in))):], "\r\n")) > 0 {
				t.Fatalf("%q: %q is in no row", in, in[at:])
			}
			return
		}
		if row.Offset < at || row.Offset == at && at > 0 && len(row.Raw) == 0 {
			t.Fatalf("%q: row at %d after one that ends at %d", in, row.Offset, at)
		}
		between := in[at:row.Offset]
		if len(bytes.Trim(between, "\r\n")) > 0 {
			t.Fatalf("%q: %q is in no row", in, between)
		}
		breaks += lineBreaks(between)
		if !bytes.HasPrefix(in[row.Offset:], row.Raw) {
			t.Fatalf("%q: row at %d is %q, which is not there", in, row.Offset, row.Raw)
		}
		if row.Line < breaks || row.Line > breaks+1 {
			t.Fatalf("%q: row at %d says line %d after %d line endings", in, row.Offset, row.Line, breaks)
		}
		breaks += lineBreaks(row.Raw)
		at = row.Offset + int64(len(row.Raw))
		if row.Problem != nil && row.Problem.Code == TooLong { // only its beginning
			if i := bytes.IndexAny(in[at:], "\r\n"); i >= 0 {
				at += int64(i)
			} else {
				at = int64(len(in))
			}
		}
	}
}
