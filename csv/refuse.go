package csv

import (
	"bytes"
	"strings"
)

// What is not CSV, by its first bytes.
var signatures = []struct{ start, code, what string }{
	{"PK\x03\x04", FileArchive, "a ZIP archive or an Excel workbook (.xlsx)"},
	{"PK\x05\x06", FileArchive, "an empty ZIP archive"},
	{"\x1f\x8b", FileArchive, "a gzip archive"},
	{"BZh", FileArchive, "a bzip2 archive"},
	{"\xfd7zXZ\x00", FileArchive, "an xz archive"},
	{"7z\xbc\xaf\x27\x1c", FileArchive, "a 7z archive"},
	{"\x28\xb5\x2f\xfd", FileArchive, "a zstd archive"},
	{"Rar!\x1a\x07", FileArchive, "a RAR archive"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileWorkbook, "an Excel workbook (.xls)"},
	{"%PDF-", FileBinary, "a PDF document"},
	{"SQLite format 3\x00", FileBinary, "a database"},
	{"PAR1", FileBinary, "a Parquet file"},
	{"\x89PNG\r\n", FileBinary, "a picture"},
	{"GIF89a", FileBinary, "a picture"},
	{"\xff\xd8\xff", FileBinary, "a picture"},
	{"\x7fELF", FileBinary, "a program"},
	{"{\\rtf", FileBinary, "an RTF document"},
}

// refuse says that a file is clearly something else, for its sake that
// downloads it: a login page served as the file must not count as an empty list.
func refuse(head []byte) error {
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.start)) {
			return notCSV(s.code, s.what)
		}
	}
	start := strings.ToLower(string(bytes.TrimLeft(head[:min(len(head), 1024)], " \t\r\n")))
	for _, s := range []string{"<!doctype html", "<html", "<head>", "<head ", "<body", "<!doctype"} {
		if strings.HasPrefix(start, s) {
			return &FileError{Code: FileHTML, Message: "This is a web page, not a CSV file. " +
				"It is often a login page: check the address, and the login and password of the source."}
		}
	}
	if strings.HasPrefix(start, "<?xml") {
		return notCSV(FileBinary, "an XML document")
	}
	return nil
}

func notCSV(code, what string) error {
	next := "Choose the CSV file itself."
	switch code {
	case FileArchive:
		next = "Unpack it, or save the workbook as CSV (UTF-8), and choose the CSV file."
	case FileWorkbook:
		next = "Save it as CSV (UTF-8) and choose that file."
	}
	return &FileError{Code: code, Message: "This is " + what + ", not a CSV file. " + next}
}
