package syncfile

import "strings"

// nearest returns the word that somebody probably meant, or "". One slip of the
// pen in four letters is forgiven, and any way to join words.
func nearest(s string, words []string) (near string) {
	if len(s) > 40 {
		return "" // no slip of the pen
	}
	s = fold(s)
	least := len([]rune(s))/4 + 2
	for _, w := range words {
		if d := distance([]rune(s), []rune(w)); d < least {
			near, least = w, d
		}
	}
	return near
}

// fold writes camelCase, kebab-case and spaced words as the file does.
func fold(s string) string {
	var b strings.Builder
	lower := false
	for _, r := range s {
		switch {
		case r == '-' || r == ' ':
			r = '_'
		case r >= 'A' && r <= 'Z':
			if lower {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
			lower = false
		default:
			lower = r >= 'a' && r <= 'z'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// distance counts the letters to add, drop, replace or swap.
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
