// Package csv reads, recognises and writes the delimited text files that
// people really send. It turns bytes into records and says which records could
// not be read, and why; it does not know what a column means, and it never
// drops, repairs or replaces a character in silence.
package csv

import "fmt"

// Dialect says how a file is written. The zero Dialect is RFC 4180 without a
// header: comma, double quote, UTF-8.
type Dialect struct {
	Delimiter        string // any string; "" means ","
	Quote            string // one ASCII character; "" means `"`; "none" switches quoting off
	Header           bool   // the first record after the preamble names the columns (C12)
	HeaderRows       int    // records that make up the header, their names joined by a space; 0 means 1
	Preamble         int    // physical lines to skip before the header; a `sep=;` line is one of them
	Encoding         string // as registered: "utf-8", "utf-16le", "windows-1252", "ibm852" ...; "" means "utf-8"
	StrictLineBreaks bool   // a line break inside a quoted field refuses the record (C4 literally)
}

// NoQuote is the Quote of a dialect in which quotes are ordinary characters.
const NoQuote = "none"

// Limits bound what one file may cost. Zero means the default.
type Limits struct {
	Field   int   // bytes of one field: 1 MiB
	Record  int   // bytes of one record, and how far an unclosed quote is followed: 4 MiB
	Columns int   // fields of one record: 2,000
	File    int64 // bytes of the file: 16 GiB
}

func (l Limits) orDefault() Limits {
	if l.Field <= 0 {
		l.Field = 1 << 20
	}
	if l.Record <= 0 {
		l.Record = 4 << 20
	}
	if l.Columns <= 0 {
		l.Columns = 2000
	}
	if l.File <= 0 {
		l.File = 16 << 30
	}
	return l
}

// A Row is one record of the file. It and its slices are valid until the next
// call of Next; its Problem may be kept.
type Row struct {
	Fields  [][]byte // UTF-8
	Raw     []byte   // the record as it stands in the file, in UTF-8, without its line ending
	Line    int64    // physical line on which it starts, from 1, preamble included
	Offset  int64    // byte of the original file, before decoding, at which it starts
	Place   int64    // where it starts for Reader.Skip
	Problem *Problem // nil when the record could be read
}

// The reasons for which a record cannot be read (Problem.Code).
const (
	UnclosedQuote = "row.unclosed_quote" // a quoted value never ends; Raw is the line where it opens
	BadEncoding   = "row.encoding"       // bytes that the encoding does not have, or NUL
	TooLong       = "row.too_long"       // a field or record over its limit; Raw may be only its beginning
	WrongColumns  = "row.columns"        // over the limit of columns, or not as many as the header (Ragged)
	LineBreak     = "row.line_break"     // a line break in a field, refused by StrictLineBreaks
	BadCard       = "row.card"           // a record of another format that could not be read (Unread)
)

// Unread begins the only value of a row that stands for a record of another
// format, a vCard, which could not be turned into values; why follows it. The NUL
// makes sure that no file says so by accident.
const Unread = "\x00" + BadCard + " "

// A Problem says why a record could not be read. It names no value of the
// record, so that it can be logged.
type Problem struct {
	Code    string
	Message string // for people: what happened, and what to do
	Line    int64  // physical line
	Offset  int64  // byte of the original file at which the record starts
	Column  int    // column in which it was found, from 1; 0 when it concerns the record
}

func (p *Problem) Error() string {
	return fmt.Sprintf("line %d (byte %d): %s", p.Line, p.Offset, p.Message)
}

// The reasons for which a file cannot be read (FileError.Code).
const (
	FileTooLarge = "file.too_large"
	FileHTML     = "file.html"     // a web page, usually a login page
	FileArchive  = "file.archive"  // zip, gzip and the like
	FileWorkbook = "file.workbook" // a spreadsheet that was renamed to .csv
	FileBinary   = "file.binary"   // anything else that is not text
	FileEncoding = "file.encoding" // an encoding that we do not know
	FileDialect  = "file.dialect"  // a dialect that contradicts itself
	FileHeader   = "file.header"   // a header that cannot be read
	FileRead     = "file.read"     // the source failed; Unwrap says how
)

// A FileError says why a whole file cannot be read, or not to its end. A
// caller must then treat the read as incomplete (I13).
type FileError struct {
	Code    string
	Message string // for people: what happened, and what to do
	Err     error  // the cause, if another one is behind it
}

func (e *FileError) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *FileError) Unwrap() error { return e.Err }
