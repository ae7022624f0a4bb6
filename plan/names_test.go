package plan

import (
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestNamesAgree(t *testing.T) {
	for _, c := range []struct {
		says  string
		a, b  string
		agree bool
	}{
		{"one side has no name", "", "Smith", true},
		{"case says nothing", "SMITH", "smith", true},
		{"nor does white space around it", " Smith\t", "smith", true},
		{"nor do accents", "Müller", "Muller", true},
		{"composed or not", "Ångström", "A\u030angstro\u0308m", true},
		{"sharp s is two of them", "Groß", "GROSS", true},
		{"other people are others", "Smith", "Smythe", false},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := namesAgree(c.a, c.b); got != c.agree {
				t.Errorf("%q and %q: agree = %v", c.a, c.b, got)
			}
		})
	}
}

// The short way for ASCII folds as the transformers do.
func TestPropFoldASCII(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.RuneFrom(nil, &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0, Hi: unicode.MaxASCII, Stride: 1}}})).Draw(t, "name")
		if got, want := foldName(name), foldAccents(name); got != want {
			t.Fatalf("%q: %q, the transformers say %q", name, got, want)
		}
	})
}
