//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// Without JavaScript the import wizard works all the same; while a job is at work
// the page loads itself anew.
func TestTheImportWizardWithoutJavaScript(t *testing.T) {
	w, b := owned(t)
	w.no(proto.EmulationSetScriptExecutionDisabled{Value: true}.Call(b))
	p := plainTab{b}
	w.no(b.Navigate(w.BaseURL + "/imports"))
	p.press("Setup New Import")
	p.sees("1. Where the file is")
	p.gives("file", w.file("attendees.csv", attendees))
	p.press("Next")
	p.at("Import file preview")
	p.press("Next")
	p.at("Mapping")
	p.fills("new_field", "badge_colour")
	p.press("Add Field")
	p.find(`//select[@id="to-4"]/option[@value="badge_colour"]`)
	p.press("Run Import")
	p.at("Run 1")
	p.sees("4 created")
	p.press("See, correct and retry what did not get through")
	p.at("What did not get through")
	p.fills("value-0", "cy@example.org")
	p.press("Import the ticked records as they stand here")
	p.at("Run 2")
	p.sees("1 created")
}

// A plainTab is a tab whose pages run no script, not even a test's: it looks at
// the document and uses mouse and keys from outside.
type plainTab struct{ *tab }

// find waits for an element, by XPath.
func (p plainTab) find(path string) proto.DOMNodeID {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if _, err := (proto.DOMGetDocument{}).Call(p); err != nil {
			continue // it is on its way to the next page
		}
		found, err := proto.DOMPerformSearch{Query: path}.Call(p)
		if err != nil || found.ResultCount == 0 {
			continue
		}
		nodes, err := proto.DOMGetSearchResults{SearchID: found.SearchID, ToIndex: 1}.Call(p)
		if err == nil && nodes.NodeIDs[0] != 0 {
			return nodes.NodeIDs[0]
		}
	}
	p.t.Fatalf("%s: there is no %s", p.path(), path)
	return 0
}

func (p plainTab) at(heading string) {
	p.t.Helper()
	p.find(fmt.Sprintf(`//main//h1[starts-with(normalize-space(.), "%s")]`, heading))
}

func (p plainTab) sees(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.find(fmt.Sprintf(`//main[contains(normalize-space(.), "%s")]`, text))
	}
}

// press clicks the link or button with this text.
func (p plainTab) press(text string) {
	p.t.Helper()
	node := p.find(fmt.Sprintf(`//main//*[self::a or self::button][normalize-space(.)="%s"]`, text))
	p.world.no(proto.DOMScrollIntoViewIfNeeded{NodeID: node}.Call(p))
	quads, err := proto.DOMGetContentQuads{NodeID: node}.Call(p)
	p.world.no(err)
	at := quads.OnePointInside()
	for _, kind := range []proto.InputDispatchMouseEventType{proto.InputDispatchMouseEventTypeMousePressed, proto.InputDispatchMouseEventTypeMouseReleased} {
		p.world.no(proto.InputDispatchMouseEvent{Type: kind, X: at.X, Y: at.Y, Button: proto.InputMouseButtonLeft, ClickCount: 1}.Call(p))
	}
}

// fills writes into the field with this name, in place of what is there.
func (p plainTab) fills(name, text string) {
	p.t.Helper()
	p.world.no(proto.DOMFocus{NodeID: p.find(fmt.Sprintf(`//main//input[@name="%s"]`, name))}.Call(p))
	p.world.no(proto.InputDispatchKeyEvent{Type: proto.InputDispatchKeyEventTypeKeyDown, Commands: []string{"selectAll"}}.Call(p))
	p.world.no(proto.InputInsertText{Text: text}.Call(p))
}

func (p plainTab) gives(name, path string) {
	p.t.Helper()
	p.world.no(proto.DOMSetFileInputFiles{Files: []string{path}, NodeID: p.find(fmt.Sprintf(`//main//input[@name="%s"]`, name))}.Call(p))
}
