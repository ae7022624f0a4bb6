package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// A repeated reader gives a piece of text n times, without holding it.
type repeated struct {
	text string
	n    int
	rest string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.n, r.rest = r.n-1, r.text
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func times(n int, text string) io.Reader { return &repeated{text: text, n: n} }

// What comes out of a file: every record is in exactly one of these numbers.
type outcome struct {
	good, ragged int
	blank        int64
	problems     string // codes with their numbers, in the order of first appearance
	failed       string // code of the file's error
}

func outcomeOf(r *Reader) outcome {
	var o outcome
	var codes []string
	n := map[string]int{}
	for {
		row, err := r.Next()
		if err != nil {
			if fe := (*FileError)(nil); errors.As(err, &fe) {
				o.failed = fe.Code
			}
			break
		}
		switch {
		case row.Problem != nil:
			if n[row.Problem.Code]++; n[row.Problem.Code] == 1 {
				codes = append(codes, row.Problem.Code)
			}
		case r.Ragged(row) != nil:
			o.ragged++
		default:
			o.good++
		}
	}
	for i, c := range codes {
		codes[i] = fmt.Sprintf("%d %s", n[c], c)
	}
	o.problems, o.blank = strings.Join(codes, ", "), r.BlankLines()
	return o
}

// The bad input of reliability.md section 6, as far as it concerns reading.
func TestBadInput(t *testing.T) {
	const row = "Ann,ann@example.com,+442079460001\n"
	all := io.MultiReader
	s := func(text string) io.Reader { return strings.NewReader(text) }
	head := Dialect{Header: true}
	cases := []struct {
		name string
		in   io.Reader
		d    Dialect
		want outcome
	}{
		{"0 bytes", s(""), head, outcome{}},
		{"header only", s("name,email,phone\n"), head, outcome{}},
		{"no final newline", all(s("name,email,phone\n"), times(99, row), s("a,b,c")), head, outcome{good: 100}},
		{"100,000 blank lines", all(s("name,email,phone\n"), times(50_000, "\n\r\n"), s(row)), head, outcome{good: 1, blank: 100_000}},
		{"an unclosed quote in the first record of a long file", all(s("name,email,phone\n\"Ann,x,y\n"), times(300_000, "Bob,b@example.com,1\n")), head,
			outcome{good: 300_000, problems: "1 row.unclosed_quote"}},
		{"an unclosed quote in the middle", all(s("name,email,phone\n"), times(1000, row), s("Ann,\"x,y\n"), times(1000, `"A",b,"c"`+"\n")), head,
			outcome{good: 2000, problems: "1 row.unclosed_quote"}},
		{"an unclosed quote in the last record", all(s("name,email,phone\n"), times(1000, row), s("Ann,x,\"y")), head,
			outcome{good: 1000, problems: "1 row.unclosed_quote"}},
		{"an unclosed quote in every record", all(s("name,email,phone\n"), times(200_000, "\"Ann,x,y\n")), head,
			outcome{problems: "200000 row.unclosed_quote"}},
		{"an extra quote in every record", all(s("name,email,phone\n"), times(200_000, "\"\"Ann,x,y\n")), head, outcome{good: 200_000}},
		{"an unclosed quote and CR only", all(s("name,email,phone\r"), times(200_000, "\"Ann,x,y\r")), head,
			outcome{problems: "200000 row.unclosed_quote"}},
		{"a field of 10 MB", all(s("name,email,phone\nAnn,x,"), times(10<<10, strings.Repeat("x", 1024)), s("\n"), times(10, row)), head,
			outcome{good: 10, problems: "1 row.too_long"}},
		{"a quoted field of 10 MB", all(s("name,email,phone\nAnn,x,\""), times(10<<10, strings.Repeat("x", 1024)), s("\"\n"), times(10, row)), head,
			outcome{good: 10, problems: "1 row.too_long"}},
		{"a field of 2 MB with line breaks", all(s("name,email,phone\nAnn,x,\""), times(2<<10, strings.Repeat("x", 1023)+"\n"), s("\"\n"), times(10, row)), head,
			outcome{good: 10, problems: "1 row.too_long"}},
		{"a line of 10 MB that never ends", all(s("a,b\nc,d\n"), times(10<<20, "x")), head, outcome{good: 1, problems: "1 row.too_long"}},
		{"a million columns", all(s("name,email,phone\n"), times(1_000_000, ","), s("\n"+row)), head, outcome{good: 1, problems: "1 row.columns"}},
		{"2,000 columns", all(times(1999, ","), s("\n")), Dialect{}, outcome{good: 1}},
		{"2,001 columns", all(times(2000, ","), s("\n")), Dialect{}, outcome{problems: "1 row.columns"}},
		{"a million columns in the header", times(1_000_000, "a,"), head, outcome{failed: FileHeader}},
		{"mixed encodings by row", all(s("name,email,phone\n"), times(100, "Zoë,x,y\nZo\xeb,x,y\nZoe,x,y\n")), head,
			outcome{good: 200, problems: "100 row.encoding"}},
		{"overlong and surrogate bytes", s("a,b\n\xc0\xaf,1\n\xed\xa0\x80,2\n\xf4\x90\x80\x80,3\n\xe2\x82,4\nx,5\n"), head,
			outcome{good: 1, problems: "4 row.encoding"}},
		{"NUL", s("a,b\nx\x00,1\ny,2\n"), head, outcome{good: 1, problems: "1 row.encoding"}},
		{"CR only", s("name,email,phone\r" + strings.Repeat("a,b,c\r", 100)), head, outcome{good: 100}},
		{"mixed line endings", s("name,email,phone\r\n" + strings.Repeat("a,b,c\ra,b,c\na,b,c\r\n", 100)), head, outcome{good: 300}},
		{"line breaks in fields", all(s("name,email,phone\n"), times(1000, "\"A\r\nnn\",\"x\ny\",z\n")), head, outcome{good: 1000}},
		{"line breaks in fields, strictly (C4)", all(s("name,email,phone\n"), times(1000, "\"A\r\nnn\",x,z\nBob,y,z\n")),
			Dialect{Header: true, StrictLineBreaks: true}, outcome{good: 1000, problems: "1000 row.line_break"}},
		{"ragged rows", s("a,b,c\n1\n1,2\n1,2,3\n1,2,3,4\n"), head, outcome{good: 1, ragged: 3}},
		{"UTF-16 with a cut last character", s("\xff\xfea\x00\n\x00b\x00\n\x00c"), head, outcome{good: 1, problems: "1 row.encoding"}},
		{"a file that is cut off by its source", all(s("a,b\n1,2\n3"), &cutOff{}), head, outcome{good: 1, failed: FileRead}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := NewReader(c.in, c.d, Limits{})
			if got := outcomeOf(r); got != c.want {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
			if most := r.l.Record + 256<<10; len(r.buf) > most {
				t.Errorf("the buffer grew to %d bytes, at most %d are allowed", len(r.buf), most)
			}
		})
	}
}

type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A file may be longer than memory: the buffer stays as small as it began.
func TestMemoryIsFlat(t *testing.T) {
	for _, enc := range []string{"utf-8", "windows-1252"} {
		r := NewReader(times(500_000, "Ann,\"Lee, \"\"B\"\"\",ann@example.com\n"), Dialect{Encoding: enc}, Limits{})
		if got := outcomeOf(r); got.good != 500_000 {
			t.Errorf("%s: %+v, want 500000 good rows", enc, got)
		}
		if len(r.buf) != 256<<10 || cap(r.scratch) > 1<<10 {
			t.Errorf("%s: the buffer is %d bytes and the scratch space %d, want 256 KiB and next to nothing", enc, len(r.buf), cap(r.scratch))
		}
		if r.dec != nil && cap(r.dec.starts) > 64<<10 {
			t.Errorf("%s: %d line starts are remembered", enc, cap(r.dec.starts))
		}
	}
}

// What came before a record has no influence on how it is read: not its place
// in the window either.
func TestWindowHasNoInfluence(t *testing.T) {
	record := "\"A \"quoted\" word\",\"two\r\nlines\",x\n\"open,1\n\"12\" disc\",\"\"\"y\"\"\",z\r\n"
	read := func(pad int) []string {
		in := strings.Repeat("p,q,r\n", pad) + record
		r := NewReader(bytes.NewReader([]byte(in)), Dialect{}, Limits{Record: 64})
		var out []string
		for {
			row, err := r.Next()
			if err != nil {
				return out[pad:]
			}
			out = append(out, fmt.Sprintf("%q %v", row.Fields, row.Problem != nil))
		}
	}
	want := read(1)
	for pad := 1; pad < 1500; pad++ {
		if got := read(pad); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("behind %d records\n got %v\nwant %v", pad, got, want)
		}
	}
}

// A CRLF may be divided between two windows, and a surrogate pair between two
// reads of the decoder.
func TestBoundaries(t *testing.T) {
	for n := range 40 {
		r := NewReader(times(1000, strings.Repeat("x", n)+",y\r\n"), Dialect{}, Limits{Record: 64})
		if got, want := outcomeOf(r), (outcome{good: 1000}); got != want {
			t.Errorf("CRLF behind %d characters: got %+v, want %+v", n+2, got, want)
		}
	}
	for _, start := range []string{"", "a\x00"} {
		in := io.MultiReader(strings.NewReader("\xff\xfe"+start), times(50_000, "\x3d\xd8\x4a\xdc"))
		row, err := NewReader(in, Dialect{}, Limits{}).Next()
		if err != nil || row.Problem != nil || len(row.Raw) != len(start)/2+4*50_000 {
			t.Errorf("surrogate pairs behind %q: %v, %d bytes", start, err, len(row.Raw))
		}
	}
}
