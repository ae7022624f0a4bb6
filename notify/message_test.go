package notify_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/PuerkitoBio/goquery"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func message(t *testing.T, before, what string) notify.Message {
	t.Helper()
	rules := []notify.Rule{{Email: "ada@example.org"}}
	var state notify.State
	if before != "" {
		state, _ = notify.Decide(state, at(result(11, before)), rules)
	}
	_, notices := notify.Decide(state, at(result(12, what)), rules)
	if len(notices) != 1 {
		t.Fatalf("%s: got %d messages, want 1", what, len(notices))
	}
	return notices[0].Message.WithBase("https://kith.example.org/")
}

func at(r notify.Result) notify.Result {
	r.At = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	return r
}

// The messages are read here as people get them.
func TestWhatAMessageSays(t *testing.T) {
	var all strings.Builder
	for _, row := range []struct{ before, what string }{
		{"", "failed"}, {"", "rejects"}, {"", "blocked"}, {"", "late"}, {"", "paused"}, {"", "conflicts"}, {"failed", "ok"}, {"rejects", "failed"},
	} {
		m := message(t, row.before, row.what)
		all.WriteString("Subject: " + m.Subject() + "\n\n" + m.Text() + "\n====\n\n")
	}
	golden := filepath.Join("testdata", "messages.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(all.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if all.String() != string(want) {
		t.Errorf("got\n%s\nwant what is in %s; go test -update rewrites it", all.String(), golden)
	}
}

func TestTopThreeCauses(t *testing.T) {
	r := result(1, "rejects")
	r.Reasons = map[string]int64{"email.invalid": 5, "row.columns": 9, "row.encoding": 7, "value.too_long": 6, "match.exists": 99, "no.such_code": 98}
	_, notices := notify.Decide(notify.State{}, r, []notify.Rule{{Email: "ada@example.org"}})
	var got []string
	for _, c := range notices[0].Message.Causes {
		got = append(got, c.Code)
		if c.Title == "" || c.Fix == "" {
			t.Errorf("%s has no title or no advice: %+v", c.Code, c)
		}
	}
	if want := "row.columns row.encoding value.too_long"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, " "), want)
	}
}

// hostile are texts that try to leave their line or their place.
var hostile = []string{
	"attendees\r\nBcc: eve@example.com",
	"attendees\nSubject: other",
	"attendees\rX-Eve: 1",
	"attendees\r\n\r\n<script>alert(1)</script>",
	"attendees\x00\x0b\x0c\x1b[31m",
	"attendees\u2028Bcc: eve@example.com\u2029",
	"attendees\u0085Bcc: eve@example.com",
	"\u202eseednetta\u2066",
	"=?utf-8?q?=0d=0aBcc:_eve@example.com?=",
	"<img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>",
	"{{.Title}} ${x} %s %d",
	"\xff\xfe\r\n",
	strings.Repeat("a", 5000),
	strings.Repeat("\r\n ", 300),
	"javascript:alert(1)",
}

func TestNoTextLeavesItsLine(t *testing.T) {
	for _, text := range hostile {
		for _, what := range []string{"failed", "rejects", "blocked", "late", "conflicts"} {
			r := at(result(12, what))
			r.Sync, r.Message, r.Code = text, text, text
			r.Reasons = map[string]int64{text: 4}
			if r.Stop != nil {
				r.Stop = &plan.Stop{What: "deletes", Count: 1, Base: 2, Limit: text}
			}
			_, notices := notify.Decide(notify.State{}, r, []notify.Rule{{Email: "ada@example.org"}})
			m := notices[0].Message.WithBase("https://kith.example.org")
			for name, line := range map[string]string{"subject": m.Subject(), "title": m.Title, "what": m.What, "sync": m.Sync} {
				if strings.ContainsFunc(line, func(c rune) bool { return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || c == '\u202e' }) {
					t.Errorf("%q, %s: the %s is %q", text, what, name, line)
				}
			}
			if n := len([]rune(m.Subject())); n > 200 {
				t.Errorf("%q: the subject has %d characters", text, n)
			}
			for line := range strings.Lines(m.Text()) {
				if strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "Subject:") || strings.HasPrefix(line, "X-Eve") {
					t.Errorf("%q: a line of the text is %q", text, line)
				}
			}
			wantPlain(t, m)
		}
	}
}

// wantPlain wants a page with nothing in it but what the template has.
func wantPlain(t *testing.T, m notify.Message) {
	t.Helper()
	page, err := goquery.NewDocumentFromReader(strings.NewReader(m.HTML()))
	if err != nil {
		t.Fatal(err)
	}
	if n := page.Find("script, img, svg, iframe, object, [onerror], [onload], [src]").Length(); n > 0 {
		t.Errorf("%q became %d elements of the page:\n%s", m.Sync, n, m.HTML())
	}
	page.Find("a").Each(func(_ int, a *goquery.Selection) {
		if href := a.AttrOr("href", ""); !strings.HasPrefix(href, "https://kith.example.org/") {
			t.Errorf("a link leads to %q", href)
		}
	})
}
