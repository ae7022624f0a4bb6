package demo_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/cli"
	"github.com/kith-sync/kith/internal/screen"
)

// shown runs kith demo for somebody at a terminal until it has served its pages, and
// returns what it has printed.
func shown(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, code := &screen.Screen{}, make(chan int, 1)
	go func() {
		code <- cli.Run(ctx, cli.World{Args: append([]string{"demo"}, args...), Getenv: func(name string) string { return environment()[name] },
			Stdin: strings.NewReader(""), Stdout: out, Stderr: out, Now: time.Now, Terminal: func(any) bool { return true }})
	}()
	for !strings.Contains(out.String(), "/setup?link=") {
		select {
		case got := <-code:
			t.Fatalf("the demo ended with exit code %d before it served anything:\n%s", got, out)
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("interrupted, the demo ends with exit code %d, want 0\n%s", got, out)
	}
	return out.String()
}

// What is served has an event in a CRM, a CRM in a book, and in each recipe a sync that
// is left to try.
func TestTheServedDemoIsJoinedToACRMAndAMailingList(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "kept")
	printed := shown(t, "--keep", folder)
	for _, want := range []string{`(?m)^  Salesforce  is played at http://127\.0\.0\.1:\d+,.* connection crm$`, `(?m)^  Mailchimp   is played at http://127\.0\.0\.1:\d+,.* connection list$`} {
		if !regexp.MustCompile(want).MatchString(printed) {
			t.Errorf("the demo says\n%s\nwant %s", printed, want)
		}
	}
	for _, row := range []struct {
		sentence, command, want string
	}{
		{"a guest is at the event and in Salesforce", "events people 1 --book people -o csv", `Uma Larkspur,Sent,[^,]*,crm Person 00Q`},
		{"one waits for a company", "runs show 6", `target\.required_missing`},
		{"one whose e-mail is wrong can be corrected", "rejects 5", `email\.invalid`},
		{"the event has its campaign", "events show 1 --book people", `Spring Fair \(701\w+\) at crm`},
		{"a lead waits in the inbox", "leads list --book people -o csv", `ida\.thistle@umberfield\.example`},
		{"the CRM's people are in the main book", "contacts list --book main -o csv", `tara\.hartnell@dovecotetravel\.example`},
		{"the members are left to send", "syncs list -o csv", `(?m)^members,book people,connection crm CampaignMember,,`},
		{"the list is left to bring in", "syncs list -o csv", `(?m)^main-to-list,book main,connection list Newsletter,,`},
	} {
		var out bytes.Buffer
		exit := cli.Run(t.Context(), cli.World{Args: append([]string{"--data", filepath.Join(folder, "data")}, strings.Fields(row.command)...),
			Getenv: func(string) string { return "" }, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now})
		if exit != 0 || !regexp.MustCompile(row.want).Match(out.Bytes()) {
			t.Errorf("%s: kith %s: exit %d, want %s\n%s", row.sentence, row.command, exit, row.want, &out)
		}
	}
}

// Only the loopback addresses of what it plays may be reached from the demo.
func TestTheServedDemoReachesOnlyWhatItPlays(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "kept")
	shown(t, "--keep", folder)
	allowed, err := os.ReadFile(filepath.Join(folder, "data", "egress.allow"))
	if want := regexp.MustCompile(`^127\.0\.0\.1:\d+\n127\.0\.0\.1:\d+\n$`); err != nil || !want.Match(allowed) {
		t.Errorf("got %q, %v; want two addresses of this computer", allowed, err)
	}
}

// The syncs are the recipes' own; only the audience has the name that it has in the
// sandbox.
func TestTheDemosSyncsAreThoseOfTheRecipes(t *testing.T) {
	var recipes strings.Builder
	pages, err := filepath.Glob("../docs/recipes/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		recipes.Write(text)
	}
	syncs, err := filepath.Glob("joined/*.yaml")
	if err != nil || len(syncs) < 4 {
		t.Fatalf("got %v, %v; want two syncs of each recipe", syncs, err)
	}
	for _, path := range syncs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Replace(string(text), "object: Newsletter}", "object: Main}", 1); !strings.Contains(recipes.String(), "```yaml\n"+want+"```") {
			t.Errorf("no recipe has the sync of %s:\n%s", path, want)
		}
	}
}
