package store

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// valid is what is kept of a list: blanks at the end say nothing, and what is
// no UTF-8 cannot be kept.
func valid(values []string) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, strings.ToValidUTF8(v, "\uFFFD"))
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

func checkCodec(t interface{ Fatalf(string, ...any) }, values []string) {
	data := string(appendValues(nil, values))
	want := valid(values)
	var asJSON []string
	if err := json.Unmarshal([]byte(data), &asJSON); err != nil || !slices.Equal(asJSON, want) {
		t.Fatalf("encoding/json reads %q as %q, %v; want %q", data, asJSON, err, want)
	}
	stale := []string{"left", "over", "left", "over"}
	got, err := parseValues(data, stale)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("parse %q: got %q, %v; want %q", data, got, err, want)
	}
	spaced, _ := json.MarshalIndent(want, "", " ") // as another program might write them
	if got, err = parseValues(string(spaced), nil); err != nil || !slices.Equal(got, want) {
		t.Fatalf("parse %q: got %q, %v; want %q", spaced, got, err, want)
	}
}

func TestPropValuesComeBack(t *testing.T) {
	one := rapid.OneOf(rapid.String(), rapid.SampledFrom(naughty()[:60]), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) { checkCodec(t, rapid.SliceOfN(one, 0, 8).Draw(t, "values")) })
}

func TestValuesComeBack(t *testing.T) {
	for _, v := range naughty() {
		checkCodec(t, []string{v, "", v})
	}
	checkCodec(t, []string{"a\xffb", "\xed\xa0\x80", "\xc3"})
	if got := string(appendValues(nil, []string{"a", "", ""})); got != `["a"]` {
		t.Errorf("blank values at the end: got %s, want [\"a\"]", got)
	}
}

func TestDamagedValuesAreRefused(t *testing.T) {
	for _, data := range []string{"", "x", "[", "{}", `["a"`, `["a]`, `[1]`, "[\"\xff\"]", `["a" "b"]x`} {
		if got, err := parseValues(data, nil); err == nil {
			t.Errorf("parse %q: got %q, want an error", data, got)
		}
	}
}
