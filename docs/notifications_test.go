package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/syncfile"
)

// The page on notifications knows every event and every kind of channel, and its
// sync file can be read.
func TestThePageOnNotificationsIsTrue(t *testing.T) {
	page, err := os.ReadFile("notifications.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, e := range notify.Events() {
		if !strings.Contains(text, "\n| `"+string(e)+"` |") {
			t.Errorf("the event %s has no row", e)
		}
	}
	_, channels, _ := strings.Cut(text, "| `--type` |")
	for _, k := range send.Kinds() {
		if !strings.Contains(channels, "`"+k.Name+"`") {
			t.Errorf("the kind of channel %s has no row", k.Name)
		}
	}
	files := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(files) == 0 {
		t.Fatal("the page has no sync file")
	}
	for _, f := range files {
		if docs, err := syncfile.Read("notifications.md", []byte(f[1])); err != nil || len(docs[0].Notify) == 0 {
			t.Errorf("got %v, %v, want a sync whose runs somebody is told of", docs, err)
		}
	}
}
