package csv

import (
	"bytes"
	"testing"
)

// FuzzReader: reading ends, never panics, and no byte is lost or read twice.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"", "a,b\n1,2\n", "\"a\nb\",c\r\n\"d", "\"a\"b,c\n\"\"x\"\n", "\xef\xbb\xbfa;b\r\rc", "\xff\xfea\x00\n\x00",
		"sep=;\na;b\n", "'a','b''c'\n", "a||b\n", "\xe9,\x00\n", "\"\"\"\"\n", "a,\"b\"  ,c\n \"d\" ,e"} {
		f.Add([]byte(s), uint8(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, how uint8) {
		d := dialects[int(how)%11]
		d.Header = how&0x80 != 0
		if d.Header || bytes.HasPrefix(in, []byte("\xff\xfe")) || bytes.HasPrefix(in, []byte("\xfe\xff")) {
			shown(string(in), d, Limits{Field: 50, Record: 100, Columns: 8}, same)
		} else {
			covers(t, in, d, Limits{Field: 50, Record: 100, Columns: 8})
		}
		if d, err := Sniff(in, how&1 == 0); err == nil {
			shown(string(in), d, Limits{}, same)
		}
	})
}
