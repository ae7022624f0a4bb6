package suggest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kith-sync/kith/contact"
)

// An export is one header with what each column should become.
type export struct {
	name    string
	columns []Column
	want    []string // standard field, or empty
}

// exports reads a file of headers in testdata.
func exports(t *testing.T, file string) []export {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out []export
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "## "); ok {
			out = append(out, export{name: name})
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		last := &out[len(out)-1]
		for _, cell := range strings.Split(line, " | ") {
			column, field, _ := strings.Cut(cell, " => ")
			last.columns = append(last.columns, Column{Name: strings.TrimSpace(column)})
			last.want = append(last.want, strings.TrimSpace(field))
		}
	}
	return out
}

// score counts columns whose first choice is right; a column that should get no
// standard field counts too. Misses are sentences.
func score(all []export, existing []contact.Field) (right, total int, misses []string) {
	standard := map[string]bool{}
	for _, f := range Standard() {
		standard[f.Name] = true
	}
	for _, e := range all {
		for i, s := range Mapping(e.columns, existing) {
			got := ""
			if s.Confidence > 0 && standard[s.Field.Name] {
				got = s.Field.Name
			}
			total++
			if got == e.want[i] {
				right++
				continue
			}
			misses = append(misses, fmt.Sprintf("%s: %q: got %q (%.2f), want %q", e.name, e.columns[i].Name, got, s.Confidence, e.want[i]))
		}
	}
	return right, total, misses
}

func TestMappingOfRealHeaders(t *testing.T) {
	for _, row := range []struct {
		file  string
		floor float64
	}{
		{"known.txt", 0.99},
		{"heldout.txt", 0.98},
		{"second.txt", 0.97},
	} {
		all := exports(t, row.file)
		right, total, misses := score(all, nil)
		share := float64(right) / float64(total)
		t.Logf("%s: %d exports, %d of %d columns right (%.1f %%)", row.file, len(all), right, total, 100*share)
		for _, m := range misses {
			t.Log(m)
		}
		if share < row.floor {
			t.Errorf("%s: got %.3f right, want at least %.3f", row.file, share, row.floor)
		}
	}
}

// A book that has the standard fields already gets the same suggestions.
func TestMappingIntoABookWithTheStandardFields(t *testing.T) {
	all := exports(t, "known.txt")
	if _, _, misses := score(all, Standard()); len(misses) > 0 {
		t.Errorf("got %d misses, want none: %s", len(misses), strings.Join(misses, "\n"))
	}
}

// The columns of our own export find their fields again.
func TestMappingOfStandardNames(t *testing.T) {
	var columns []Column
	for _, f := range Standard() {
		columns = append(columns, Column{Name: f.Name})
	}
	for _, existing := range [][]contact.Field{nil, Standard()} {
		for i, s := range Mapping(columns, existing) {
			if s.Field.Name != columns[i].Name || s.Confidence == 0 {
				t.Errorf("%q: got %q at %.2f, want itself", columns[i].Name, s.Field.Name, s.Confidence)
			}
		}
	}
}

// A header is understood without its neighbours too.
func TestSingleHeaders(t *testing.T) {
	all := exports(t, "single.txt")[0]
	for i, c := range all.columns {
		one := export{all.name, []Column{c}, all.want[i : i+1]}
		if _, _, misses := score([]export{one}, nil); len(misses) > 0 {
			t.Error(misses[0])
		}
	}
}
