package store

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// naughty returns values that have broken stores before, and every character
// there is.
func naughty() []string {
	values := []string{
		"", " ", "null", "NULL", "undefined", "0", "-1", "1e309", "true", "[]", "{}", `[""]`, `"`, `""`, "'", "''", "`", `\`, `\\`, `\"`, `\u0000`, `\n`,
		"\x00", "a\x00b", "\x01\x02\x1f\x7f", "\t", "\n", "\r\n", "a,b;c|d", `","`, `"],["`, "[", "]",
		"$1", "%s", "%00", "?", ":name", "--", "/* */", "'; DROP TABLE contact; --", `" OR ""="`, "<script>alert(1)</script>", "=1+1", "@SUM(1)",
		"ﬁ ﬂ ß ẞ İ ı ſ K Å", "e\u0301", "\u00e9", "\u00a0", "\u200b", "\u202e", "\u2028\u2029", "\ufeff", "\ufffd", "\ufffe\uffff", "\U0010ffff",
		"田中さん", "사회과학원", "مرحبا", "שָׁלוֹם", "👩‍👩‍👧‍👦", "🏳️‍🌈", "Ṱ̺̺̕o͞ ̷", "𝕿𝖍𝖊", "  lead and trail  ",
		strings.Repeat("x", 1<<20), strings.Repeat(`"\`, 1<<15), strings.Repeat("👊", 1<<14),
	}
	var b strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		b.WriteRune(r)
		if r%0x4000 == 0x3fff {
			values = append(values, b.String())
			b.Reset()
		}
	}
	return values
}
