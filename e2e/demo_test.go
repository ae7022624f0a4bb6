//go:build e2e

package e2e

import (
	"context"
	"io"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/cli"
	"github.com/kith-sync/kith/internal/screen"
	"github.com/kith-sync/kith/service"
)

var setUpLink = regexp.MustCompile(`(http://127\.0\.0\.1:\d+)(/setup\?link=\S+)`)

// demonstrated is what kith demo serves, until the test is over.
func demonstrated(t *testing.T) (w *world, link string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, code := &screen.Screen{}, make(chan int, 1)
	go func() {
		code <- cli.Run(ctx, cli.World{Args: []string{"demo"}, Getenv: func(string) string { return "" }, Stdin: strings.NewReader(""),
			Stdout: out, Stderr: out, Now: time.Now, Version: "test", Terminal: func(stream any) bool { return stream != io.Writer(out) }})
	}()
	t.Cleanup(func() {
		stop()
		if got := <-code; got != 0 {
			t.Errorf("interrupted, the demo ends with exit code %d, want 0\n%s", got, out)
		}
	})
	for end := time.Now().Add(2 * patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if m := setUpLink.FindStringSubmatch(out.String()); m != nil {
			return &world{Service: &service.Service{BaseURL: m[1]}, t: t}, m[2]
		}
		select {
		case got := <-code:
			code <- got
			t.Fatalf("the demo ended with exit code %d\n%s", got, out)
		default:
		}
	}
	t.Fatalf("the demo serves nothing:\n%s", out)
	return nil, ""
}

// A newcomer clicks through events, leads, a plan, a run and an undo, with systems that
// nobody needs an account for.
func TestADemoIsJoinedToACRMAndAMailingList(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w, link := demonstrated(t)
	b := w.tab()
	b.open(link).fill("Your name", "Grace Example").fill("E-mail", owner).fill("Password", password).press("Set up")
	b.at("Home").sees("Try it", "Look at what the guard stopped").fine()
	b.picture("demo")
	b.press("Correct records that did not get through").at("What did not get through").sees("bea.tansy@@willowbank.example")
	b.fill("Email of line 10", "bea.tansy@willowbank.example").press("Import the ticked records as they stand here").sees("1 created")
	b.open("/").sees("Correct records that did not get through (done)")

	b.press("Send an event's people to its campaign in Salesforce").at("members").press("Plan").sees("5 created", "2 same").fine()
	b.press("Apply 5 changes").sees("5 created", "Succeeded", "Undo…")
	made := b.path()
	b.open("/events").press("Spring Fair").press("Contacts 8").sees("Uma Larkspur", "Member", "missing fields: company").fine()
	b.open(made)
	b.press("Undo…").sees("created 5 records: deleted there again").fine()
	b.press("Take run "+path.Base(made)+" back").sees("takes back run", "5 deleted")
	b.open("/events").press("Spring Fair").press("Contacts 8").sees("Uma Larkspur", "Taken out there")

	b.open("/leads").sees("Ida Thistle", "wants a demo").fine().tick("Lead 1, Ida Thistle").press("Take into people").sees("Nobody waits in the inbox of people")
	b.open("/events").press("Spring Fair").press("Contacts 9").sees("Ida Thistle")

	b.open("/").press("Bring the people of Salesforce and a mailing list together").at("main-to-list").press("Plan").sees("31 created", "ada.moreno@example.com", "wren.osgood@pebblebeck.example").fine()
}
