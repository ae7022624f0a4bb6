package csv

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// table is a file as it was loaded: refused records are not in it.
type table struct {
	header []string
	rows   [][]string
}

func load(t *testing.T, in []byte, d Dialect) table {
	t.Helper()
	r := NewReader(bytes.NewReader(in), d, Limits{})
	header, err := r.Header()
	out := table{header: header}
	for err == nil {
		var row *Row
		if row, err = r.Next(); err == nil {
			if row.Problem == nil && r.Ragged(row) == nil {
				out.rows = append(out.rows, strs(row.Fields))
			}
		}
	}
	return out
}

// parameters are the loading parameters that Pollock gives with each file.
type parameters struct {
	Delimiter string `json:"delimiter"`
	Quote     string `json:"quotechar"`
	Header    int    `json:"header_lines"`
	Preamble  int    `json:"preamble_lines"`
}

// score is Pollock's simple score of one file, at most 10: loaded at all, and
// precision, recall and F1 of header cells, records and cells.
func score(got, want table) (total float64, records int) {
	total = 1
	cells := func(rows [][]string) []string { return slices.Concat(rows...) }
	lines := func(rows [][]string) (out []string) {
		for _, r := range rows {
			out = append(out, strings.Join(r, "\x1f"))
		}
		return out
	}
	for i, pair := range [][2][]string{{got.header, want.header}, {lines(got.rows), lines(want.rows)}, {cells(got.rows), cells(want.rows)}} {
		n := common(pair[0], pair[1])
		if i == 1 {
			records = n
		}
		switch {
		case len(pair[1]) == 0:
			total += 3
		case n > 0:
			p, r := float64(n)/float64(len(pair[1])), float64(n)/float64(len(pair[0]))
			total += p + r + 2*p*r/(p+r)
		}
	}
	return total, records
}

// common counts the strings that both lists have, as multisets.
func common(a, b []string) int {
	count, n := map[string]int{}, 0
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		if count[s] > 0 {
			count[s]--
			n++
		}
	}
	return n
}

func TestPollock(t *testing.T) {
	dir := shared(t, "csv/pollock")
	files, _ := filepath.Glob(filepath.Join(dir, "csv/*.csv"))
	given, sniffed := 0.0, 0.0
	equalGiven, equalSniffed, all := 0, 0, 0
	for _, f := range files {
		name := filepath.Base(f)
		in, _ := os.ReadFile(f)
		clean, _ := os.ReadFile(filepath.Join(dir, "clean", name))
		params, _ := os.ReadFile(filepath.Join(dir, "parameters", name+"_parameters.json"))
		var p parameters
		if err := json.Unmarshal(params, &p); err != nil {
			t.Fatal(err)
		}
		want := load(t, clean, Dialect{Header: p.Header > 0})
		g, equal := score(load(t, in, Dialect{Delimiter: p.Delimiter, Quote: p.Quote, Header: p.Header > 0,
			HeaderRows: p.Header, Preamble: p.Preamble}), want)
		d, err := Sniff(in, true)
		if err != nil {
			t.Fatal(err)
		}
		s, equalS := score(load(t, in, d), want)
		if g < 9.9999 || s < 9.9999 {
			t.Logf("%s: %.3f with parameters, %.3f sniffed (%q %q header %v preamble %d)", name, g, s, d.Delimiter, d.Quote, d.Header, d.Preamble)
		}
		given, sniffed = given+g, sniffed+s
		equalGiven, equalSniffed, all = equalGiven+equal, equalSniffed+equalS, all+len(want.rows)
	}
	if len(files) != 19 {
		t.Fatalf("%d files, want 19", len(files))
	}
	n := float64(len(files))
	t.Logf("Pollock, %d files: score %.3f with parameters (%d of %d records), %.3f sniffed (%d records)",
		len(files), given/n, equalGiven, all, sniffed/n, equalSniffed)
	// The floors are what was reached; docs/suites/csv.md says why not more.
	if given/n < 9.975 || equalGiven < 1482 {
		t.Errorf("with parameters: score %.3f, %d records, want at least 9.975 and 1482", given/n, equalGiven)
	}
	if sniffed/n < 9.815 || equalSniffed < 1482 {
		t.Errorf("sniffed: score %.3f, %d records, want at least 9.815 and 1482", sniffed/n, equalSniffed)
	}
}
