package csv

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Encodings of the suite that golang.org/x/text has no table for.
var unknownEncodings = []string{"iso-2022-kr", "mac-centraleurope", "viscii"}

// uchardet's files are named after their encoding: each must decode by that
// name without a problem, and Sniff must not claim a wrong one of those it claims.
func TestCharsets(t *testing.T) {
	dir := shared(t, "charset/uchardet")
	files, _ := filepath.Glob(filepath.Join(dir, "*/*.txt"))
	claimed, right, decoded := 0, 0, 0
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txt")
		in, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if isUTF8(name) || strings.HasPrefix(name, "utf-16") || name == "windows-1252" {
			claimed++
			if d, err := Sniff(in, true); d.Encoding == name && err == nil {
				right++
			} else {
				t.Errorf("%s: sniffed as %s, %v", f, d.Encoding, err)
			}
		}
		if err := decodes(in, name); err == nil {
			decoded++
		} else if !slices.Contains(unknownEncodings, name) {
			t.Errorf("%s: %v", f, err)
		}
	}
	t.Logf("uchardet: %d of %d files decode by name, %d of %d sniffed", decoded, len(files), right, claimed)
	if len(files) != 58 || decoded != 55 || claimed != 20 {
		t.Errorf("%d files, %d decoded, %d to sniff; want 58, 55, 20", len(files), decoded, claimed)
	}
}

func decodes(in []byte, encoding string) error {
	r := NewReader(bytes.NewReader(in), Dialect{Encoding: encoding, Quote: NoQuote, Delimiter: "\x1f"}, Limits{})
	for {
		row, err := r.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case row.Problem != nil:
			return row.Problem
		}
	}
}
