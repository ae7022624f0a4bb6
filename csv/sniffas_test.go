package csv

import "testing"

func TestSniffAsSaid(t *testing.T) {
	latin := "name;city\nJos\xe9;\x8cuvre\n"
	// In IBM EBCDIC even the delimiter has another byte.
	ebcdic := "\x95\x81\x94\x85\x5e\x83\x89\xa3\xa8\x25\xc1\x5e\xc2\x25"
	utf16 := "n\x00a\x00m\x00e\x00;\x00c\x00\n\x00A\x00;\x00B\x00\n\x00"
	for _, row := range []struct {
		sentence, head, said, encoding, delimiter string
	}{
		{"nothing said", latin, "", "windows-1252", ";"},
		{"auto says nothing", latin, "auto", "windows-1252", ";"},
		{"what is said is believed", latin, "iso-8859-15", "iso-8859-15", ";"},
		{"the head is decoded first", ebcdic, "ibm037", "ibm037", ";"},
		{"UTF-16 without a mark", utf16, "utf-16le", "utf-16le", ";"},
		{"a byte order mark knows better", "\xef\xbb\xbfname;city\nA;B\n", "windows-1252", "utf-8", ";"},
	} {
		d, err := SniffAs([]byte(row.head), true, row.said)
		if err != nil || d.Encoding != row.encoding || d.Delimiter != row.delimiter || !d.Header {
			t.Errorf("%s: got %+v, %v; want %s with %q and a header", row.sentence, d, err, row.encoding, row.delimiter)
		}
	}
	if _, err := SniffAs([]byte("a,b"), true, "klingon"); err == nil {
		t.Error("an unknown encoding: got no error")
	}
}
