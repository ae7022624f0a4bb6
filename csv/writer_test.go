package csv

import (
	"bytes"
	"strings"
	"testing"
)

func TestWriter(t *testing.T) {
	cases := []struct {
		name string
		d    Dialect
		rows [][]string
		want string // "" means refused
	}{
		{"plain values have no quotes", Dialect{}, [][]string{{"Ann", "ann@example.com", "+442079460001"}}, "Ann,ann@example.com,+442079460001\n"},
		{"the delimiter, quotes and line breaks need them", Dialect{}, [][]string{{"a,b", `c"d`, "e\nf", "g\rh"}}, "\"a,b\",\"c\"\"d\",\"e\nf\",\"g\rh\"\n"},
		{"so do spaces that others would trim", Dialect{}, [][]string{{"a", " b", "c "}}, "a,\" b\",\"c \"\n"},
		{"an empty record of one field is no blank line", Dialect{}, [][]string{{"a"}, {""}, {"b"}}, "a\n\"\"\nb\n"},
		{"empty fields are nothing", Dialect{}, [][]string{{"", ""}}, ",\n"},
		{"a first value that looks like sep= is quoted", Dialect{}, [][]string{{"sep=;"}, {"sep=;"}}, "\"sep=;\"\nsep=;\n"},
		{"tabs", Dialect{Delimiter: "\t"}, [][]string{{"a,b", "c\td"}}, "a,b\t\"c\td\"\n"},
		{"another quote", Dialect{Quote: "'"}, [][]string{{"it's", `"x"`}}, "'it''s',\"x\"\n"},
		{"parts of a long delimiter", Dialect{Delimiter: "||"}, [][]string{{"a|", "b"}}, "\"a|\"||b\n"},
		{"no quotes", Dialect{Quote: NoQuote}, [][]string{{`a"b`, " c"}}, "a\"b, c\n"},
		{"no quotes where they are needed", Dialect{Quote: NoQuote}, [][]string{{"a,b"}}, ""},
		{"a record without fields", Dialect{}, [][]string{{}}, ""},
		{"Windows-1252", Dialect{Encoding: "windows-1252"}, [][]string{{"5 €"}}, "\"5 \x80\"\n"},
		{"what Windows-1252 does not have", Dialect{Encoding: "windows-1252"}, [][]string{{"ł"}}, ""},
		{"a delimiter that contains the quote", Dialect{Delimiter: `"`}, [][]string{{"a"}}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			w := NewWriter(&b, c.d)
			var err error
			for _, row := range c.rows {
				if err = w.Write(row); err != nil {
					break
				}
			}
			_ = w.Flush()
			if got := b.String(); got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("%q\n got %q %v\nwant %q", c.rows, got, err, c.want)
			}
		})
	}
}

func TestWriterOptions(t *testing.T) {
	var b strings.Builder
	w := NewWriter(&b, Dialect{})
	w.CRLF, w.BOM = true, true
	_ = w.Write([]string{"a", "b"})
	_ = w.Write([]string{"c", "d"})
	if err := w.Flush(); err != nil || b.String() != "\xef\xbb\xbfa,b\r\nc,d\r\n" {
		t.Errorf("got %q %v", b.String(), err)
	}
}
