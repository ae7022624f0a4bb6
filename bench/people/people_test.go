package people

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"
)

func write(t *testing.T, o Options) ([][]string, Count, string) {
	t.Helper()
	var b bytes.Buffer
	n, err := Write(&b, o)
	if err != nil {
		t.Fatalf("Write(%+v): %v", o, err)
	}
	text := b.String()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("Write(%+v) is not a CSV file: %v", o, err)
	}
	if int64(len(text)) != n.Bytes || len(records)-1 != n.Rows {
		t.Fatalf("Write(%+v) counts %+v, want %d bytes and %d rows", o, n, len(text), len(records)-1)
	}
	return records[1:], n, text
}

func TestShape(t *testing.T) {
	rows, n, text := write(t, Options{Seed: 1, Rows: 20_000})
	quoted, emails := 0, map[string]bool{}
	phones := map[string]int{}
	for _, line := range strings.Split(text, "\r\n") {
		if strings.Contains(line, `"`) {
			quoted++
		}
	}
	for _, r := range rows {
		emails[r[1]] = true
		switch {
		case strings.HasPrefix(r[4], "+"):
			phones["international"]++
		case strings.HasPrefix(r[4], "0") && r[4] != "000":
			phones["national"]++
		default:
			phones["junk"]++
		}
	}
	for _, c := range []struct {
		what           string
		got, low, high int
	}{
		{"bytes a row lie near 229", int(n.Bytes) / n.Rows, 219, 239},
		{"43 % of rows have quotes", quoted * 1000 / n.Rows, 415, 445},
		{"2 % of rows repeat an e-mail", n.Rows - len(emails), 400, 400},
		{"the count knows the repeats", n.Repeats, 400, 400},
		{"the count knows the people", n.People, len(emails), len(emails)},
		{"70 % of telephones are E.164", phones["international"] * 1000 / n.Rows, 685, 715},
		{"20 % are national", phones["national"] * 1000 / n.Rows, 185, 215},
		{"10 % are junk or blank", phones["junk"] * 1000 / n.Rows, 85, 115},
	} {
		if c.got < c.low || c.got > c.high {
			t.Errorf("%s: got %d, want %d to %d", c.what, c.got, c.low, c.high)
		}
	}
}

func TestVariants(t *testing.T) {
	base := Options{Seed: 7, Rows: 5_000}
	plain, n, text := write(t, base)
	if _, _, again := write(t, base); again != text {
		t.Error("the same options give another file")
	}

	edited := base
	edited.Changed, edited.Edit = 50, 3
	rows, c, _ := write(t, edited)
	if got := differing(plain, rows); got != 50 || c.Changed != 50 {
		t.Errorf("50 changed people: %d rows differ and Count says %d", got, c.Changed)
	}
	edited.Only = true
	if rows, c, _ = write(t, edited); len(rows) != 50 || c.Changed != 50 || c.Repeats != 0 {
		t.Errorf("only the changed: %d rows, count %+v", len(rows), c)
	}

	short := base
	short.Missing = 490
	if _, c, _ = write(t, short); c.People != n.People-490 {
		t.Errorf("490 of %d people missing leaves %d", n.People, c.People)
	}

	after := base
	after.Start = base.Rows
	rows, _, _ = write(t, after)
	seen := map[string]bool{}
	for _, r := range plain {
		seen[r[0]], seen[r[1]] = true, true
	}
	for _, r := range rows {
		if seen[r[0]] || seen[r[1]] {
			t.Fatalf("a file that starts after %d rows repeats %s of it", base.Rows, r[:2])
		}
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	for _, o := range []Options{{Rows: 10, Changed: 11}, {Rows: 10, Missing: -1}, {Rows: 10, Edit: 40}} {
		if _, err := Write(io.Discard, o); err == nil {
			t.Errorf("Write(%+v) gives no error", o)
		}
	}
}

func differing(a, b [][]string) (n int) {
	for i := range a {
		if strings.Join(a[i], "\x00") != strings.Join(b[i], "\x00") {
			n++
		}
	}
	return n
}

func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		if _, err := Write(io.Discard, Options{Seed: 1, Rows: 100_000}); err != nil {
			b.Fatal(err)
		}
	}
}
