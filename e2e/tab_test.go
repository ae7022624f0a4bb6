//go:build e2e

package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"
)

// patience is how long a page may take on a machine that has much else to do.
const patience = 30 * time.Second

// A tab is a window of the browser, with cookies of its own, used as a person
// uses it: by what is written on the page. When the test is over it has to have
// caused no complaint of the browser.
type tab struct {
	*rod.Page
	t     *testing.T
	world *world
	watch *watch
}

func (w *world) tab() *tab {
	w.t.Helper()
	window, err := browser(w.t).Incognito()
	w.no(err)
	page, err := window.Page(proto.TargetCreateTarget{})
	w.no(err)
	w.t.Cleanup(func() { _ = window.Close() })
	base, err := url.Parse(w.BaseURL)
	w.no(err)
	b := &tab{page.WithPanic(func(why any) { w.t.Helper(); w.t.Fatalf("%v", why) }), w.t, w, &watch{host: base.Host}}
	b.watch.over(page)
	w.t.Cleanup(b.quiet)
	b.size(1200)
	w.no(proto.EmulationSetTimezoneOverride{TimezoneID: "Europe/Paris"}.Call(b))
	return b
}

// quiet fails when the browser complained.
func (b *tab) quiet() {
	b.t.Helper()
	for _, c := range b.watch.complaints() {
		b.t.Errorf("the browser complains: %s", c)
	}
}

// size makes the window so wide.
func (b *tab) size(width int) { b.MustSetViewport(width, 900, 1, false) }

// light and dark are what a visitor's system prefers.
func (b *tab) theme(name string) {
	b.world.no(proto.EmulationSetEmulatedMedia{Features: []*proto.EmulationMediaFeature{{Name: "prefers-color-scheme", Value: name}}}.Call(b))
}

// open goes to a page.
func (b *tab) open(path string) *tab {
	b.t.Helper()
	b.Timeout(patience).MustNavigate(b.world.BaseURL + path).MustWaitLoad()
	return b
}

// path is where the tab is.
func (b *tab) path() string {
	u, err := url.Parse(b.MustInfo().URL)
	b.world.no(err)
	return u.RequestURI()
}

// until waits for something to become true on the page, which may be another one
// by then. It gives up after its patience and says what was there instead.
func (b *tab) until(what, js string, args ...any) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(40 * time.Millisecond) {
		if ok, err := b.Timeout(patience/3).Eval(js, args...); err == nil && ok.Value.Bool() {
			return
		}
	}
	b.t.Fatalf("%s did not come. At %s the page says:\n%s", what, b.path(), b.words("main"))
}

// sees waits until the page is there and says all of these.
func (b *tab) sees(texts ...string) *tab {
	b.t.Helper()
	for _, text := range texts {
		b.until("the text "+text, `text => document.readyState == 'complete' && document.querySelector('main')?.innerText.replace(/\s+/g, ' ').includes(text)`, text)
	}
	return b
}

// at waits for the page with this heading.
func (b *tab) at(heading string) *tab {
	b.t.Helper()
	b.until("the page "+heading, `text => document.readyState == 'complete' && document.querySelector('main h1')?.innerText.startsWith(text)`, heading)
	return b
}

// saysNot fails if the page says one of these.
func (b *tab) saysNot(texts ...string) *tab {
	b.t.Helper()
	words := strings.Join(strings.Fields(b.words("main")), " ")
	for _, text := range texts {
		if strings.Contains(words, text) {
			b.t.Errorf("%s: got %q, want it without %q", b.path(), words, text)
		}
	}
	return b
}

// words are what a part of the page says to whoever sees it.
func (b *tab) words(selector string) string {
	b.t.Helper()
	text, err := b.Eval(`s => document.querySelector(s)?.innerText ?? ''`, selector)
	b.world.no(err)
	return text.Value.Str()
}

// press clicks the link, button or summary with this text.
func (b *tab) press(text string) *tab {
	b.t.Helper()
	b.named("button "+text, `text => [...document.querySelectorAll('a, button, summary')].find(e => e.innerText.replace(/\s+/g, ' ').trim() == text && e.checkVisibility())`, text).MustClick()
	return b
}

// says reports what the field with this label has.
func (b *tab) value(label string) string { return b.field(label).MustProperty("value").Str() }

// field finds a field by its label.
func (b *tab) field(label string) *rod.Element {
	b.t.Helper()
	return b.named("field "+label, `text => {
		const said = l => [...l.childNodes].filter(n => !(n instanceof HTMLSelectElement)).map(n => n.textContent).join('').replace(/\s+/g, ' ').trim();
		const l = [...document.querySelectorAll('label')].find(l => said(l) == text) ?? [...document.querySelectorAll('label')].find(l => said(l).startsWith(text));
		return l?.control ?? document.querySelector('[aria-label="' + text + '"]');
	}`, label)
}

// named waits for an element.
func (b *tab) named(what, js string, args ...any) *rod.Element {
	b.t.Helper()
	b.until("the "+what, `(...args) => document.readyState == 'complete' && !!(`+js+`)(...args)`, args...)
	return b.Timeout(patience).MustElementByJS(js, args...)
}

// fill writes into a field.
func (b *tab) fill(label, text string) *tab {
	b.t.Helper()
	b.field(label).MustSelectAllText().MustInput(text)
	return b
}

// choose picks an option by its text.
func (b *tab) choose(label, option string) *tab {
	b.t.Helper()
	b.field(label).MustSelect(option)
	return b
}

// tick ticks a box, or chooses one of several.
func (b *tab) tick(label string) *tab {
	b.t.Helper()
	if box := b.field(label); !box.MustProperty("checked").Bool() {
		box.MustClick()
	}
	return b
}

// gives chooses a file of the person's computer.
func (b *tab) gives(label, path string) *tab {
	b.t.Helper()
	b.field(label).MustSetFiles(path)
	return b
}

// book opens the contacts of an address book.
func (b *tab) book(name string) *tab {
	b.t.Helper()
	return b.open("/contacts").press(name).sees("in " + name + ".")
}

func (b *tab) signIn() *tab {
	b.t.Helper()
	return b.open("/signin").fill("E-mail", owner).fill("Password", password).press("Sign in").sees("Home")
}
