package csv

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// shown reads everything and writes it as a person would: fields joined by
// " | ", records as lines, with the code of a problem in front.
func shown(in string, d Dialect, l Limits, wrap func(io.Reader) io.Reader) string {
	r := NewReader(wrap(strings.NewReader(in)), d, l)
	var b strings.Builder
	h, err := r.Header()
	if h != nil {
		fmt.Fprintf(&b, "header: %s\n", strings.Join(h, " | "))
	}
	for err == nil {
		var row *Row
		if row, err = r.Next(); err != nil {
			break
		}
		fmt.Fprintf(&b, "%d@%d", row.Line, row.Offset)
		if row.Problem != nil {
			fmt.Fprintf(&b, " %s/%d", row.Problem.Code, row.Problem.Column)
		}
		fmt.Fprintf(&b, ": %s", strings.Join(strs(row.Fields), " | "))
		if p := r.Ragged(row); p != nil {
			fmt.Fprintf(&b, " RAGGED")
		}
		b.WriteByte('\n')
	}
	if err != io.EOF {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	if r.BlankLines() > 0 {
		fmt.Fprintf(&b, "blank: %d\n", r.BlankLines())
	}
	return b.String()
}

func same(r io.Reader) io.Reader { return r }

func TestReader(t *testing.T) {
	header := Dialect{Header: true}
	small := Limits{Field: 20, Record: 40, Columns: 4}
	long := strings.Repeat("x", 30)
	cases := []struct {
		name string
		in   string
		d    Dialect
		l    Limits
		want string
	}{
		{"an empty file has no records", "", Dialect{}, Limits{}, ""},
		{"an empty file has no header either", "", header, Limits{}, ""},
		{"a header alone is a file without records", "a,b\n", header, Limits{}, "header: a | b\n"},
		{"names are trimmed of what cannot be seen", "\ufeff a ,\u00a0b\u200b,\" c \"\n", header, Limits{}, "header: a | b | c\n"},
		{"two rows of a header are joined", "First,Last,\nname,name,E-mail\nAnn,Lee,x\n", Dialect{Header: true, HeaderRows: 2}, Limits{},
			"header: First name | Last name | E-mail\n3@29: Ann | Lee | x\n"},
		{"the last line needs no line ending", "a,b\nc,d", Dialect{}, Limits{}, "1@0: a | b\n2@4: c | d\n"},
		{"LF, CRLF and CR may be mixed", "a\nb\r\nc\rd\n\re", Dialect{}, Limits{}, "1@0: a\n2@2: b\n3@5: c\n4@7: d\n6@10: e\nblank: 1\n"},
		{"a file may have CR only", "a,b\r\"c\rd\",e\rf,g\r", Dialect{}, Limits{}, "1@0: a | b\n2@4: c\rd | e\n4@12: f | g\n"},
		{"blank lines are counted and are no records", "\n\na\n\r\nb\n\n", Dialect{}, Limits{}, "3@2: a\n5@6: b\nblank: 4\n"},
		{"an empty value in quotes is a record, a blank line is not", "name\n\"\"\n\nAnn\n", header, Limits{}, "header: name\n2@5: \n4@9: Ann\nblank: 1\n"},
		{"a line break in quotes is kept as it is", "\"a\r\nb\",\"c\nd\"\ne,f\n", Dialect{}, Limits{}, "1@0: a\r\nb | c\nd\n4@13: e | f\n"},
		{"doubled quotes are one quote", `"a ""b"" c",""""` + "\n", Dialect{}, Limits{}, "1@0: a \"b\" c | \"\n"},
		{"empty fields are fields", ",\"\",\n", Dialect{}, Limits{}, "1@0:  |  | \n"},
		{"the strict switch refuses a line break in a field (C4)", "a,\"b\nc\"\nd,e\n", Dialect{StrictLineBreaks: true}, Limits{},
			"1@0 row.line_break/2: a | b\nc\n3@8: d | e\n"},
		{"spaces around quotes are no part of the value", "a, \"b, c\" ,d\n", Dialect{}, Limits{}, "1@0: a | b, c | d\n"},
		{"spaces around a value without quotes are", " a , b\n", Dialect{}, Limits{}, "1@0:  a  |  b\n"},
		{"a quote inside an unquoted field is a character", "5\" pipe,6\"\n", Dialect{}, Limits{}, "1@0: 5\" pipe | 6\"\n"},
		{"a stray quote in a quoted field is a character", "\"12\" monitor\",\"x\"\n", Dialect{}, Limits{}, "1@0: 12\" monitor | x\n"},
		{"an extra quote at the beginning is a character", "a,b,c\n\"\"x, y\",\"z\",w\n", header, Limits{}, "header: a | b | c\n2@6: \"x, y | z | w\n"},
		{"text behind a closing quote belongs to the field", "a,b\n\"a\"b,\n", header, Limits{}, "header: a | b\n2@4: ab | \n"},
		{"of two readings the one as wide as the header wins", "a,b\n\"Bob\" Lee,\"x\"\n", header, Limits{}, "header: a | b\n2@4: Bob Lee | x\n"},
		{"a stray quote does not take in the next record", "a,b\n\"Bob\" Lee,x\n\"next\",y\n", header, Limits{}, "header: a | b\n2@4: Bob Lee | x\n3@16: next | y\n"},
		{"an unclosed quote costs its own line only", "a,b\n\"x,1\n\"y\",2\nz,3\n", header, Limits{},
			"header: a | b\n2@4 row.unclosed_quote/1: x,1 RAGGED\n3@9: y | 2\n4@15: z | 3\n"},
		{"... in the last line too", "a,b\nx,1\ny,\"2\n", header, Limits{}, "header: a | b\n2@4: x | 1\n3@8 row.unclosed_quote/2: y | 2\n"},
		{"... and when no quote follows at all", "a,b\n\"x,1\ny,2\nz,3", header, Limits{},
			"header: a | b\n2@4 row.unclosed_quote/1: x,1 RAGGED\n3@9: y | 2\n4@13: z | 3\n"},
		{"... and when a later quote seems to close it", "a,b,c\n1,\"x,y\n2,m,n\n3,\"o\",p\n", header, Limits{},
			"header: a | b | c\n2@6 row.unclosed_quote/2: 1 | x,y RAGGED\n3@13: 2 | m | n\n4@19: 3 | o | p\n"},
		{"a value of several lines is believed when the columns fit", "a,b,c\n1,\"x,y\n2,m,n\n3,o\",p\n", header, Limits{},
			"header: a | b | c\n2@6: 1 | x,y\n2,m,n\n3,o | p\n"},
		{"an unclosed quote behind a field of two lines", "a,b\n\"x\ny\",\"1\nz,2\n", header, Limits{},
			"header: a | b\n2@4 row.unclosed_quote/2: x\ny | 1\n4@13: z | 2\n"},
		{"an unclosed quote is followed up to the limit of a record", "a,b\n\"x,1\n" + strings.Repeat("y,2\n", 12) + "\",z\n", header, small,
			"header: a | b\n2@4 row.unclosed_quote/1: x,1 RAGGED\n" + lines(3, 9, 12, "y | 2") + "15@57 row.unclosed_quote/1: ,z RAGGED\n"},
		{"bytes that are no UTF-8 refuse the record", "a,b\nc,d\xe9\ne,f\n", Dialect{}, Limits{}, "1@0: a | b\n2@4 row.encoding/2: c | d\xe9\n3@9: e | f\n"},
		{"a real U+FFFD is a character", "a,\ufffd\n", Dialect{}, Limits{}, "1@0: a | \ufffd\n"},
		{"a NUL refuses the record", "a,b\nc,\x00d\ne,f\n", Dialect{}, Limits{}, "1@0: a | b\n2@4 row.encoding/2: c | \x00d\n3@9: e | f\n"},
		{"a record that another format damaged says so, and has no values", "a,b\n\"\x00row.card Card at line 6: it ends, early\"\ne,f\n", header, Limits{},
			"header: a | b\n2@4 row.card/0:  RAGGED\n3@47: e | f\n"},
		{"a field over its limit refuses the record", "a,b\n" + long[:21] + ",c\nd,e\n", Dialect{}, small,
			"1@0: a | b\n2@4 row.too_long/1: " + long[:21] + " | c\n3@28: d | e\n"},
		{"a record over its limit too", "a,b\n" + long[:15] + "," + long[:15] + "," + long[:15] + "\nd,e\n", Dialect{}, small,
			"1@0: a | b\n2@4 row.too_long/0: " + long[:15] + " | " + long[:15] + " | " + long[:15] + " RAGGED\n3@52: d | e\n"},
		{"columns over their limit too", "1,2,3,4\n1,2,3,4,5\n1,2,3,\"4\",5\na,b,c,d\n", Dialect{}, small,
			"1@0: 1 | 2 | 3 | 4\n2@8 row.columns/0: 1 | 2 | 3 | 4\n3@18 row.columns/0: 1 | 2 | 3 | 4\n4@30: a | b | c | d\n"},
		{"too many and too few columns are ragged", "a,b,c\n1,2\n1,2,3,4\n1,2,3\n", header, Limits{}, "header: a | b | c\n2@6: 1 | 2 RAGGED\n3@10: 1 | 2 | 3 | 4 RAGGED\n4@18: 1 | 2 | 3\n"},
		{"trailing delimiters in all rows are forgiven", "a,b\n1,2,,\n3,4,,\n5,6,,x\n7,8\n", header, Limits{},
			"header: a | b\n2@4: 1 | 2 |  | \n3@10: 3 | 4 |  | \n4@16: 5 | 6 |  | x RAGGED\n5@23: 7 | 8\n"},
		{"... but in one row they may hide a shift", "a,b,c\n1,2,3\n1,,2,\n", header, Limits{}, "header: a | b | c\n2@6: 1 | 2 | 3\n3@12: 1 |  | 2 |  RAGGED\n"},
		{"columns without a name may be missing", "a,b,\n1,2\n1,2,\n1\n", header, Limits{}, "header: a | b | \n2@5: 1 | 2\n3@9: 1 | 2 | \n4@14: 1 RAGGED\n"},
		{"a preamble is skipped and counted as lines", "sep=;\n\"x\n\na;b\n1;2\n", Dialect{Header: true, Delimiter: ";", Preamble: 3}, Limits{}, "header: a | b\n5@14: 1 | 2\n"},
		{"a file may end within its preamble", "x", Dialect{Header: true, Preamble: 3}, Limits{}, ""},
		{"a tab delimits", "a\t b\t\"c\td\"\n", Dialect{Delimiter: "\t"}, Limits{}, "1@0: a |  b | c\td\n"},
		{"a space delimits", "a b \"c d\" \n", Dialect{Delimiter: " "}, Limits{}, "1@0: a | b | c d | \n"},
		{"any string delimits", "a||b|c||\"d||e\"\n", Dialect{Delimiter: "||"}, Limits{}, "1@0: a | b|c | d||e\n"},
		{"a delimiter beyond ASCII", "a§b§\"c§\"\n", Dialect{Delimiter: "§"}, Limits{}, "1@0: a | b | c§\n"},
		{"another quote", "'it''s','a,\"b'\n", Dialect{Quote: "'"}, Limits{}, "1@0: it's | a,\"b\n"},
		{"no quote", "\"a,b\"\n", Dialect{Quote: NoQuote}, Limits{}, "1@0: \"a | b\"\n"},
		{"UTF-16 with offsets of the file", "\xff\xfea\x00,\x00b\x00\n\x00\x3d\xd8\x4a\xdc,\x00\"\x00\r\x00\n\x00\"\x00\n\x00c\x00", Dialect{}, Limits{}, "1@2: a | b\n2@10: 👊 | \r\n\n4@26: c RAGGED\n"},
		{"half a surrogate pair refuses the record", "\xfe\xff\x00a\x00\n\xd8\x3d\x00\n\x00b", Dialect{}, Limits{}, "1@2: a\n2@6 row.encoding/1: \xff\n3@10: b\n"},
		{"Windows-1252", "\x80 5,caf\xe9\n\x81\nx\n", Dialect{Encoding: "windows-1252"}, Limits{}, "1@0: € 5 | café\n2@9 row.encoding/1: \xff RAGGED\n3@11: x RAGGED\n"},
		{"a byte order mark wins over the encoding", "\xef\xbb\xbfé\n", Dialect{Encoding: "windows-1252"}, Limits{}, "1@3: é\n"},
		{"Shift JIS, whose second bytes may look like a delimiter", "\x83|a|\x89\xbb\nb\n", Dialect{Encoding: "shift_jis", Delimiter: "|"}, Limits{}, "1@0: ポa | 化\n2@7: b RAGGED\n"},
		{"an encoding nobody knows", "a", Dialect{Encoding: "klingon"}, Limits{}, "error: The encoding klingon is not known here. Use UTF-8, or another encoding.\n"},
		{"a file over its limit", "a\nb\nc\n", Dialect{}, Limits{File: 4}, "1@0: a\n2@2: b\nerror: The file is larger than the limit of 4 bytes. Split it.\n"},
		{"a file exactly at its limit", "a\nb\n", Dialect{}, Limits{File: 4}, "1@0: a\n2@2: b\n"},
		{"a login page", "\n<!DOCTYPE html><html>", Dialect{}, Limits{}, "error: This is a web page, not a CSV file. It is often a login page: check the address, and the login and password of the source.\n"},
		{"a header that cannot be read", "a,\"b\n1,2\n", header, Limits{}, "error: The header, which names the columns, cannot be read: line 1 (byte 0): A quoted value opens in column 2 and is not closed. Add the missing quote (\"), or remove the one that opens it.\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for how, wrap := range map[string]func(io.Reader) io.Reader{"whole": same, "byte by byte": iotest.OneByteReader, "data with EOF": iotest.DataErrReader} {
				if got := shown(c.in, c.d, c.l, wrap); got != c.want {
					t.Errorf("%s: %q\n got %q\nwant %q", how, c.in, got, c.want)
				}
			}
		})
	}
}

// lines is n rows of four bytes as shown writes them.
func lines(line, offset, n int, fields string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d@%d: %s\n", line+i, offset+4*i, fields)
	}
	return b.String()
}

func TestReadErrorIsNotTheEnd(t *testing.T) {
	got := shown("a,b\nc,d", Dialect{}, Limits{}, func(r io.Reader) io.Reader {
		return io.MultiReader(r, iotest.ErrReader(io.ErrClosedPipe))
	})
	want := "1@0: a | b\nerror: The file could not be read to its end: io: read/write on closed pipe\n"
	if got != want {
		t.Errorf("a record that was cut off must not be returned\n got %q\nwant %q", got, want)
	}
}
