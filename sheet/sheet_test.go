package sheet_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/sheet"
)

func TestGuard(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"a plain value stays as it is", "Ada Example", "Ada Example"},
		{"a blank value stays blank", "", ""},
		{"a formula gets an apostrophe", "=1+1", "'=1+1"},
		{"a command in a formula, too", `=cmd|' /C calc'!A0`, `'=cmd|' /C calc'!A0`},
		{"a number in international form", "+442079460000", "'+442079460000"},
		{"a negative number", "-5", "'-5"},
		{"a handle", "@ada", "'@ada"},
		{"a tab before a formula", "\t=1", "'\t=1"},
		{"a carriage return before a formula", "\r=1", "'\r=1"},
		{"a line feed before a formula", "\n=1", "'\n=1"},
		{"NUL before a formula", "\x00=1", "'\x00=1"},
		{"full-width equals", "＝1+1", "'＝1+1"},
		{"full-width plus", "＋1", "'＋1"},
		{"full-width minus", "－1", "'－1"},
		{"full-width at", "＠ada", "'＠ada"},
		{"a value that looks guarded gets a second apostrophe", "'=1", "''=1"},
		{"an apostrophe before a word is part of the word", "'tis", "'tis"},
		{"a sign in the middle is harmless", "a=b", "a=b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sheet.Guard(c.value)
			if got != c.want {
				t.Errorf("Guard(%q) = %q, want %q", c.value, got, c.want)
			}
			if back := sheet.Unguard(got); back != c.value {
				t.Errorf("Unguard(%q) = %q, want %q", got, back, c.value)
			}
		})
	}
}

func TestGuardIsTakenBackExactly(t *testing.T) {
	pieces := []string{"'", "=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＠", "a", "1", " "}
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(t, "value"), "")
		guarded := sheet.Guard(value)
		if back := sheet.Unguard(guarded); back != value {
			t.Fatalf("Unguard(Guard(%q)) = %q", value, back)
		}
		if strings.ContainsAny(firstOf(guarded), "=+-@\t\r\n\x00＝＋－＠") {
			t.Fatalf("Guard(%q) = %q begins like a formula", value, guarded)
		}
	})
}

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
