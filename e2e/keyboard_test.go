//go:build e2e

package e2e

import (
	"testing"

	"github.com/go-rod/rod/lib/input"
)

// Somebody without a mouse sets up an import with Tab, Enter, Space and letters,
// and always sees where they are.
func TestTheImportWizardByKeyboardAlone(t *testing.T) {
	w, b := owned(t)
	path := w.file("attendees.csv", attendees)
	b.open("/")
	b.goesTo("Skip to content").keys(input.Enter)
	b.goesTo("Setup New Import").keys(input.Enter)
	b.sees("1. Where the file is")

	b.goesTo("Select the file to import")
	choose := b.Timeout(patience).MustHandleFileDialog()
	b.keys(input.Enter)
	choose(path)
	b.goesTo("or a new list").writes("guests")
	b.goesTo("Delete contacts not found in the synchronization file").keys(input.Space, input.Space) // ticked, and not after all
	b.goesTo("Update the contacts with changes from the import file").keys(input.Space)
	b.goesTo("Next").keys(input.Enter)
	b.at("Import file preview").sees("ada@example.com").goesTo("Next").keys(input.Enter)
	b.at("Mapping").goesTo("Name").writes("badge_colour")
	b.goesTo("Add Field").keys(input.Enter)
	b.until("the new field", `() => [...document.querySelectorAll('#to-4 option')].some(o => o.value == 'badge_colour')`)
	b.goesTo("Run Import").keys(input.Enter)
	b.at("Run 1").sees("4 created").goesTo("See, correct and retry what did not get through").keys(input.Enter)
	b.at("What did not get through").goesTo("E-mail Address of line 4").writes("cy@example.org")
	b.goesTo("Import the ticked records as they stand here").keys(input.Enter)
	b.at("Run 2").sees("1 created")
}

// keys presses keys one after the other.
func (b *tab) keys(all ...input.Key) *tab {
	b.t.Helper()
	b.Keyboard.MustType(all...)
	return b
}

// writes takes what a field has away and types a text into it.
func (b *tab) writes(text string) *tab {
	b.t.Helper()
	b.MustEval(`() => document.activeElement.select()`) // as Tab does in a field with a value
	b.MustInsertText(text)
	return b
}

// goesTo presses Tab until the link, button or field of that name has the focus,
// which has to be seen all the way.
func (b *tab) goesTo(name string) *tab {
	b.t.Helper()
	var passed []string
	for range 120 {
		b.keys(input.Tab)
		at := b.MustEval(focused)
		if trouble := at.Get("trouble").Str(); trouble != "" {
			b.t.Errorf("%s: the focus on %q cannot be seen: %s", b.path(), at.Get("name").Str(), trouble)
		}
		if at.Get("name").Str() == name {
			return b
		}
		passed = append(passed, at.Get("name").Str())
	}
	b.t.Fatalf("%s: Tab does not come to %q; it passed %q", b.path(), name, passed)
	return b
}

// focused names what has the focus, and says why it could not be seen.
const focused = `() => {
	const e = document.activeElement;
	if (e == document.body) return {name: '', trouble: ''};
	const said = l => [...l.childNodes].filter(n => !(n instanceof HTMLSelectElement)).map(n => n.textContent).join('');
	const name = (e.ariaLabel || (e.labels?.length ? said(e.labels[0]) : e.innerText) || '').replace(/\s+/g, ' ').trim();
	const look = getComputedStyle(e), box = e.getBoundingClientRect();
	let trouble = '';
	if (look.outlineStyle == 'none' || parseFloat(look.outlineWidth) < 2) trouble = 'no outline';
	else if (box.width < 1 || box.height < 1) trouble = 'it has no size';
	else if (box.bottom < 1 || box.top > innerHeight || box.right < 1 || box.left > innerWidth) trouble = 'it is off the screen';
	return {name, trouble};
}`
