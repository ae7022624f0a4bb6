package csv

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// told writes a dialect in short: delimiter, quote, what differs from the usual.
func told(d Dialect) string {
	s := fmt.Sprintf("%q", d.Delimiter)
	if d.Quote != `"` {
		s += " quote " + d.Quote
	}
	if d.Preamble > 0 {
		s += fmt.Sprintf(" preamble %d", d.Preamble)
	}
	if !d.Header {
		s += " no header"
	}
	if d.Encoding != "utf-8" {
		s += " " + d.Encoding
	}
	return s
}

func TestSniff(t *testing.T) {
	utf16 := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			b.Write([]byte{c, 0})
		}
		return b.String()
	}
	cases := []struct{ name, in, want string }{
		{"an empty file is a comma file", "", `"," no header`},
		{"commas", "name,email\nAnn,ann@example.com\n", `","`},
		{"semicolons around decimal commas", "Name;Umsatz;Rabatt\nAnn;1,5;2,5\nBob;3,5;1,5\nCid;7,5;9,1\n", `";"`},
		{"semicolons around values with many commas", "Name;Email\n" + strings.Repeat("Lee, Ann, Dr, MA;ann@example.com\n", 100), `";"`},
		{"semicolons around Last, First", "Name;Email\nLee, Ann;ann@example.com\nRay, Bob;bob@example.com\n", `";"`},
		{"commas around tags with semicolons", "name,tags,city\nAnn,a;b,X\nBob,c;d,Y\nCid,a;d,Z\n", `","`},
		{"tabs", "name\temail\tnotes\nAnn\tann@example.com\tshe said, yes\n", `"\t"`},
		{"pipes", "name|email\nAnn|ann@example.com\n", `"|"`},
		{"doubled pipes", "name||email||city\nAnn||ann@example.com||Rome\n", `"||"`},
		{"carets", "name^email\nAnn^ann@example.com\n", `"^"`},
		{"section signs", "name§email\nAnn§ann@example.com\n", `"§"`},
		{"spaces", "first last email\nAnn Lee ann@example.com\n\"Bob B\" Ray bob@example.com\n", `" "`},
		{"full names are one column, not two", "name\nAnn Lee\nBob Ray\nCid May\n", `","`},
		{"names without a header are one column too", "Ann Lee\nBob Ray\n", `","`},
		{"times do not delimit", "at\n10:00\n11:30\n", `","`},
		{"one column of addresses has no header", "ann@example.com\nbob@example.com\n", `"," no header`},
		{"one column of addresses with a header", "Email\nann@example.com\nbob@example.com\n", `","`},
		{"apostrophes as quotes", "'name','email'\n'Lee, Ann','ann@example.com'\n'Ray','b@example.com'\n", `"," quote '`},
		{"apostrophes in names are no quotes", "name,city\nAnn O'Hara,'s-Gravenmoer\nBob D'Arcy,Rome\n", `","`},
		{"delimiters and line breaks inside quotes do not count", "name,notes\nAnn,\"a;b;c\nd;e;f\ng;h;i\"\nBob,\"x;y;z\"\n", `","`},
		{"sep= decides", "sep=;\nname;email\nAnn, B;a@example.com\n", `";" preamble 1`},
		{"sep= in capitals, quoted, with CRLF", "\"SEP=|\"\r\nname|email\r\nAnn|a@example.com\r\n", `"|" preamble 1`},
		{"sep= and one column", "sep=,\nname\nAnn\n", `"," preamble 1`},
		{"three junk lines before the header", "Contacts report\nprinted 2026-03-01\n\nName,Email,Phone,City\nAnn,a@example.com,1,Rome\n", `"," preamble 3`},
		{"junk lines with delimiters", "Report:,Contacts,,,,\nDate:,2026-03-01,,,,\n,,,,,\nId,Name,Email,Phone,City,Zip\n1,Ann,a@example.com,1,Rome,1\n", `"," preamble 3`},
		{"notes in quotes before the header", "Notes:\n\"When exporting, you may miss\nsome addresses.\"\n\nFirst Name,Last Name,Email\nAnn,Lee,a@example.com\nBob,Ray,b@example.com\n", `"," preamble 4`},
		{"a sparse first record is no preamble", "1,,,,\n2,Ann,Lee,Rome,x\n3,Bob,Ray,Bonn,y\n", `"," no header`},
		{"a header with fewer columns than the rows is no preamble", "name,email,phone\nAnn,a@example.com,1,\nBob,b@example.com,2,\n", `","`},
		{"records without header: dates", "2026-01-02,Ann,5\n2026-01-03,Bob,6\n", `"," no header`},
		{"records without header: addresses", "Ann,Lee,ann@example.com\nBob,Ray,bob@example.com\n", `"," no header`},
		{"unknown words above data", "foo,bar\nx,1\ny,2\n", `","`},
		{"a value that comes again is no name", "red,big\nblue,big\nred,small\n", `"," no header`},
		{"German names", "Vorname;Nachname;E-Mail\nAnn;Lee;a@example.com\n", `";"`},
		{"names that are a letter and a number", "email,c1,c2,Q4\na@example.com,x,y,z\n", `","`},
		{"such values alone are no names", "A1,B2,C3\nA4,B5,C3\n", `"," no header`},
		{"a record whose only word is known stays a record", "A1,B2,name\nann@example.com,B5,C3\n", `","`},
		{"a header alone", "name,email,phone", `","`},
		{"UTF-8 with BOM", "\xef\xbb\xbfname,email\nZoë,z@example.com\n", `","`},
		{"Windows-1252", "name,email\nZo\xeb,z@example.com\n", `"," windows-1252`},
		{"UTF-8 with one bad row stays UTF-8", "name,email\nZoë,z@example.com\nZoé,y@example.com\nZo\xeb,x@example.com\n", `","`},
		{"UTF-16LE with BOM", "\xff\xfe" + utf16("name;email\nAnn;a@example.com\n"), `";" utf-16le`},
		{"UTF-16LE without BOM", utf16("name;email\nAnn;a@example.com\n"), `";" utf-16le`},
		{"UTF-16BE without BOM", "\x00" + strings.TrimSuffix(utf16("name;email\nAnn;a@example.com\n"), "\x00"), `";" utf-16be`},
		{"CR only", "name,email\rAnn,a@example.com\r", `","`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := Sniff([]byte(c.in), true)
			if err != nil || told(d) != c.want {
				t.Errorf("%q\n got %s %v\nwant %s", c.in, told(d), err, c.want)
			}
		})
	}
}

// A file of 2,000 columns was "no header", and one of 2,001 did not say that there
// is a limit (reliability 6).
func TestSniffOfManyColumns(t *testing.T) {
	for _, c := range []struct {
		columns int
		delim   string
		want    string
	}{
		{2000, ",", ""},
		{2001, ",", "This row has 2001 columns, the limit is 2000."},
		{2000, ";", ""},
		{2001, ";", "This row has 2001 columns, the limit is 2000."},
		{40_000, "\t", "This row has 40000 columns, the limit is 2000."},
	} {
		var head strings.Builder
		head.WriteString("email")
		for i := range c.columns - 1 {
			fmt.Fprintf(&head, "%sc%d", c.delim, i)
		}
		in := head.String() + "\na@example.com" + strings.Repeat(c.delim+"v", c.columns-1) + "\n"
		d, err := Sniff([]byte(in), true)
		if want := fmt.Sprintf("%q", c.delim); err != nil || told(d) != want {
			t.Errorf("%d columns: got %s %v, want %s", c.columns, told(d), err, want)
		}
		names, err := NewReader(strings.NewReader(in), d, Limits{}).Header()
		if c.want == "" && (err != nil || len(names) != c.columns) {
			t.Errorf("%d columns: got %d names and %v", c.columns, len(names), err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%d columns: got %v, want %q", c.columns, err, c.want)
		}
	}
}

func TestSniffOfASample(t *testing.T) {
	in := strings.Repeat("Zoë;zoe@example.com;\"a\nb\"\n", 5000)
	for _, n := range []int{64 << 10, 64<<10 - 1, 64<<10 - 3, 30_001, 30_002} {
		d, err := Sniff([]byte("name;email;notes\n" + in)[:n], false)
		if err != nil || told(d) != `";"` {
			t.Errorf("cut at %d: %s %v, want \";\"", n, told(d), err)
		}
	}
}

func TestSniffRefusesWhatIsNoCSV(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write([]byte("a,b\n"))
	w.Close()
	cases := []struct{ name, in, code string }{
		{"a login page", "<!DOCTYPE html>\n<html><body>Log in", FileHTML},
		{"a login page behind blank lines and a BOM", "\xef\xbb\xbf\r\n  <HTML lang=en>", FileHTML},
		{"an .xlsx", "PK\x03\x04\x14\x00\x06\x00", FileArchive},
		{"an .xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", FileWorkbook},
		{"a gzip", gz.String(), FileArchive},
		{"a PDF", "%PDF-1.7\n", FileBinary},
		{"an XML document", "<?xml version=\"1.0\"?><contacts/>", FileBinary},
		{"random bytes", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11\x12\x13\x14", FileBinary},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", FileEncoding},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Sniff([]byte(c.in), true)
			var fe *FileError
			if !errors.As(err, &fe) || fe.Code != c.code {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if !strings.HasSuffix(fe.Message, ".") || strings.Count(fe.Message, ". ") == 0 {
				t.Errorf("%q is not a sentence with a next step", fe.Message)
			}
		})
	}
}
