//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"
)

// A watch listens to what a browser complains of while it shows pages: errors of
// scripts, breaches of the content security policy, missing files, and requests
// that would leave the server.
type watch struct {
	mu    sync.Mutex
	host  string
	found []string
}

func (w *watch) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = append(w.found, fmt.Sprintf(format, args...))
}

// complaints are what was found since the last call.
func (w *watch) complaints() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.found
	w.found = nil
	return found
}

// over starts to watch a page, until the page is closed.
func (w *watch) over(p *rod.Page) {
	_ = proto.LogEnable{}.Call(p) // nothing is heard without it: TestTheWatchHears
	go p.EachEvent(w.request, w.log, w.console, w.exception)()
}

func (w *watch) request(e *proto.NetworkRequestWillBeSent) {
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Host != w.host && u.Scheme != "data" && u.Scheme != "about" {
		w.say("a request leaves the server: %s", e.Request.URL)
	}
}

// log hears of the browser's own messages. A form that comes back with what is
// wrong in it is answered with 422, which Chromium mentions.
func (w *watch) log(e *proto.LogEntryAdded) {
	if e.Entry.Level != proto.LogLogEntryLevelError && e.Entry.Source != proto.LogLogEntrySourceSecurity {
		return
	}
	if e.Entry.Source == proto.LogLogEntrySourceNetwork && strings.Contains(e.Entry.Text, "422") {
		return
	}
	w.say("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
}

func (w *watch) console(e *proto.RuntimeConsoleAPICalled) {
	if e.Type == proto.RuntimeConsoleAPICalledTypeError || e.Type == proto.RuntimeConsoleAPICalledTypeWarning {
		var text []string
		for _, a := range e.Args {
			text = append(text, a.Value.String()+a.Description)
		}
		w.say("console: %s", strings.Join(text, " "))
	}
}

func (w *watch) exception(e *proto.RuntimeExceptionThrown) {
	text := e.ExceptionDetails.Text
	if x := e.ExceptionDetails.Exception; x != nil {
		text += " " + x.Description
	}
	w.say("a script failed: %s", text)
}

// A watch that hears nothing would make every test here pass.
func TestTheWatchHears(t *testing.T) {
	for _, row := range []struct{ what, does, want string }{
		{"an error of a script", `() => { console.error('the script is broken') }`, "the script is broken"},
		{"a script that fails", `() => { setTimeout(() => { throw new Error('nobody caught it') }) }`, "nobody caught it"},
		{"a breach of the content security policy", `() => { document.body.append(Object.assign(document.createElement('img'), {src: 'http://elsewhere.example/x.png'})) }`, "Content Security Policy"},
		{"a missing file", `() => { document.body.append(Object.assign(document.createElement('img'), {src: '/assets/none.png'})) }`, "404"},
		{"a request that leaves", `() => { location.assign('http://elsewhere.example/') }`, "a request leaves the server: http://elsewhere.example/"},
	} {
		b := newWorld(t).tab()
		b.open("/signin").quiet()
		b.MustEval(row.does)
		var heard string
		for end := time.Now().Add(patience); !strings.Contains(heard, row.want) && time.Now().Before(end); time.Sleep(40 * time.Millisecond) {
			heard += strings.Join(b.watch.complaints(), "\n")
		}
		if !strings.Contains(heard, row.want) {
			t.Errorf("%s: the watch heard %q, want it to have %q", row.what, heard, row.want)
		}
		time.Sleep(100 * time.Millisecond)
		b.watch.complaints() // what else comes of it
	}
}
