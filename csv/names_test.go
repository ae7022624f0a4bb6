package csv

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestUniqueNames(t *testing.T) {
	for _, row := range []struct {
		sentence    string
		names, want []string
	}{
		{"names that differ stay", []string{"a", "b"}, []string{"a", "b"}},
		{"a repeated name is numbered", []string{"a", "a", "a"}, []string{"a", "a (2)", "a (3)"}},
		{"a blank gets its place", []string{"a", "", ""}, []string{"a", "column_2", "column_3"}},
		{"the number is not one the file uses", []string{"a", "a (2)", "a"}, []string{"a", "a (2)", "a (3)"}},
		{"the file's own name stays, wherever it stands", []string{"a", "a", "a (2)"}, []string{"a", "a (3)", "a (2)"}},
		{"a blank gives way to the file's own name", []string{"", "column_1"}, []string{"column_1 (2)", "column_1"}},
		{"twins of a numbered name", []string{"a (2)", "a (2)", "a", "a"}, []string{"a (2)", "a (2) (2)", "a", "a (3)"}},
		{"none", nil, []string{}},
	} {
		if got := UniqueNames(row.names); !slices.Equal(got, row.want) {
			t.Errorf("%s: %q: got %q, want %q", row.sentence, row.names, got, row.want)
		}
	}
}

func TestPropUniqueNames(t *testing.T) {
	name := rapid.SampledFrom([]string{"", "a", "a (2)", "a (3)", "a (2) (2)", "column_1", "column_2", "column_1 (2)"})
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(name, 0, 8).Draw(t, "names")
		got := UniqueNames(names)
		seen := map[string]bool{}
		for i, n := range got {
			if n == "" || seen[n] {
				t.Fatalf("%q: got %q, want different names", names, got)
			}
			seen[n] = true
			if names[i] != "" && !slices.Contains(names[:i], names[i]) && n != names[i] {
				t.Fatalf("%q: got %q, want %q to keep its name", names, got, names[i])
			}
		}
	})
}
