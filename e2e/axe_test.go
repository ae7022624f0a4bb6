//go:build e2e

package e2e

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// axe is the auditor of accessibility: see testdata/VENDORED.md. It is run as from a
// developer's console: the content security policy is for what pages load.
//
//go:embed testdata/axe.min.js
var axe string

// fine audits the page as it stands, in light and dark, on a wide screen and on a
// telephone: nothing that axe finds, and nothing wider than the screen.
func (b *tab) fine() *tab {
	b.t.Helper()
	b.MustEval(`async () => { await document.fonts.ready }`)
	b.MustEval("() => { if (!window.axe) {" + axe + "} }")
	for _, width := range []int{1200, 390} {
		b.size(width)
		for _, theme := range []string{"light", "dark"} {
			b.theme(theme)
			b.MustEval(`() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))`)
			for _, v := range b.violations() {
				b.t.Errorf("%s, %d px, %s: %s", b.path(), width, theme, v)
			}
		}
		if width == 1200 && !b.MustEval(`() => (document.querySelector('header.top')?.clientHeight ?? 0) < 64`).Bool() {
			b.t.Errorf("%s: the menu takes more than one line at %d px", b.path(), width)
		}
		if wide := b.MustEval(tooWide).Str(); wide != "" {
			b.t.Errorf("%s is wider than its %d px: %s", b.path(), width, wide)
		}
	}
	b.theme("light")
	b.size(1200)
	return b
}

// violations are what axe finds, as sentences.
func (b *tab) violations() (all []string) {
	b.t.Helper()
	found := b.MustEval(`async () => (await axe.run(document, {resultTypes: ['violations']})).violations.flatMap(v =>
		v.nodes.slice(0, 3).map(n => v.id + ': ' + v.help + ' at ' + n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' ' + n.any.concat(n.all, n.none).map(c => c.message).join('; ')))`)
	for _, v := range found.Arr() {
		all = append(all, v.Str())
	}
	return all
}

// tooWide names what reaches over the right edge of the screen, if the page can
// be moved sideways for it.
const tooWide = `() => {
	const width = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= width) return '';
	const scrolls = e => e && (getComputedStyle(e).overflowX != 'visible' || scrolls(e.parentElement));
	const over = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width);
	const cause = over.filter(e => !scrolls(e.parentElement));
	return document.documentElement.scrollWidth + ' px: ' + (cause.length ? cause : over).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(' | ');
}`

func TestAxeIsTheOneThatWasTakenIn(t *testing.T) {
	note, err := os.ReadFile("testdata/VENDORED.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(axe))
	if got := hex.EncodeToString(sum[:]); !strings.Contains(string(note), got) {
		t.Errorf("axe.min.js has the checksum %s, which testdata/VENDORED.md does not say", got)
	}
}
