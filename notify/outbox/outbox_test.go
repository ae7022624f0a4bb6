package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/outbox"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A world is a store with one sync, a notifier, and a clock that tests turn.
type world struct {
	*outbox.Notifier
	t     *testing.T
	store *store.Store
	sync  store.Sync
	now   time.Time
	run   int64
	roots []byte
}

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func newWorld(t *testing.T, rules ...notify.Rule) *world {
	t.Helper()
	w := &world{t: t, store: open(t, filepath.Join(t.TempDir(), "kith.db")), now: time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)}
	var err error
	if w.sync, err = w.store.SaveSync(t.Context(), plan.Sync{Name: "attendees"}, ""); err != nil {
		t.Fatal(err)
	}
	w.noError(w.store.SaveNotify(t.Context(), w.sync.ID, rules))
	guard, err := egress.New(egress.Settings{Allow: "127.0.0.1 localhost"})
	w.noError(err)
	w.Notifier = &outbox.Notifier{Store: w.store, Base: "https://kith.example.org", Now: func() time.Time { return w.now },
		Open: func(_ context.Context, c store.Channel) (send.Sender, error) {
			o := send.Options{Guard: guard}
			if w.roots != nil {
				var err error
				if o.Roots, err = egress.Trust(w.roots); err != nil {
					return nil, err
				}
			}
			return send.Open(send.Channel{Name: c.Name, Kind: c.Kind, Settings: c.Settings, Secret: c.Secret}, o)
		}}
	return w
}

func (w *world) noError(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) channel(c store.Channel) {
	w.t.Helper()
	_, err := w.store.SaveChannel(w.t.Context(), c)
	w.noError(err)
}

// mailServer sets up the installation's mail server.
func (w *world) mailServer(port string) {
	w.channel(store.Channel{Name: "mail", Kind: "smtp", Settings: map[string]string{
		"host": "127.0.0.1", "port": port, "security": "none", "from": "kith@example.org", "hello": "kith.example.org"}})
}

// ran ends one more run of the sync.
func (w *world) ran(status store.Status, detail store.RunDetail) {
	w.t.Helper()
	w.run++
	w.noError(w.Ran(w.t.Context(), w.sync, store.Run{ID: w.run, SyncID: w.sync.ID, Name: w.sync.Name, Kind: store.KindSync, Status: status, Finished: w.now, RunDetail: detail}))
}

func (w *world) deliver(want outbox.Delivery) {
	w.t.Helper()
	got, err := w.Deliver(w.t.Context(), w.now)
	w.noError(err)
	if got != want {
		w.t.Errorf("at %s: got %+v, want %+v", w.now.Format("15:04:05"), got, want)
	}
}

func (w *world) postings() []store.Posting {
	w.t.Helper()
	all, err := w.store.Postings(w.t.Context(), 100)
	w.noError(err)
	return all
}

var ada = notify.Rule{Email: "ada@example.org"}

func TestAMailArrives(t *testing.T) {
	for _, row := range []struct {
		sentence string
		sink     sinkOptions
		settings map[string]string
		secret   string
	}{
		{"in the clear on this machine", sinkOptions{mode: "none"}, map[string]string{"security": "none"}, ""},
		{"by STARTTLS", sinkOptions{mode: "starttls"}, nil, ""},
		{"by STARTTLS, signed in", sinkOptions{mode: "starttls", user: "kith", password: "s3cret"}, map[string]string{"user": "kith"}, "s3cret"},
		{"by TLS from the first word", sinkOptions{mode: "tls"}, map[string]string{"security": "tls"}, ""},
		{"in the clear on this machine, signed in", sinkOptions{mode: "none", user: "kith", password: "s3cret"}, map[string]string{"security": "none", "user": "kith"}, "s3cret"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			s := startSink(t, row.sink)
			w := newWorld(t, ada)
			w.roots = s.roots
			c := store.Channel{Name: "mail", Kind: "smtp", Secret: row.secret, Settings: map[string]string{"host": "127.0.0.1", "port": s.port, "from": "kith@example.org"}}
			for name, value := range row.settings {
				c.Settings[name] = value
			}
			w.channel(c)
			w.ran(store.Failed, store.RunDetail{Code: "source.missing", Message: "There is no file attendees.csv"})
			w.deliver(outbox.Delivery{Sent: 1})
			got := s.taken(t, 1)[0]
			head, body := got.read(t)
			if got.From != "kith@example.org" || strings.Join(got.To, " ") != "ada@example.org" {
				t.Errorf("from %s to %s, want from kith@example.org to ada@example.org", got.From, got.To)
			}
			if want := row.sink.mode != "none"; got.TLS != want {
				t.Errorf("encrypted: got %v, want %v", got.TLS, want)
			}
			if want := row.sink.user != ""; got.User != want {
				t.Errorf("signed in: got %v, want %v", got.User, want)
			}
			if subject := head.Header.Get("Subject"); subject != "Kith: attendees: a run failed" {
				t.Errorf("subject: got %q", subject)
			}
			for _, want := range []string{"There is no file attendees.csv.", "https://kith.example.org/runs/1", "kith runs show 1", "text/html"} {
				if !strings.Contains(body, want) {
					t.Errorf("the mail has no %q:\n%s", want, body)
				}
			}
		})
	}
}

// Reliability 4: SMTP down when reporting errors.
func TestTheMailServerIsDownAndUpAgain(t *testing.T) {
	s := startSink(t, sinkOptions{mode: "none"})
	port := s.port
	s.stop()
	w := newWorld(t, ada)
	w.mailServer(port)
	w.ran(store.Failed, store.RunDetail{Message: "The source is not there"}) // does not wait for anybody
	w.deliver(outbox.Delivery{Postponed: 1})
	p := w.postings()[0]
	if p.State != store.Waiting || p.Attempts != 1 || !strings.Contains(p.Reason, "refused") {
		t.Errorf("got %+v, want a message that waits after one attempt, with the reason", p)
	}
	w.deliver(outbox.Delivery{}) // not at once again
	w.now = w.now.Add(time.Minute)
	w.deliver(outbox.Delivery{Postponed: 1})

	s = startSink(t, sinkOptions{port: port, mode: "none"})
	for range 10 {
		w.now = w.now.Add(time.Hour)
		if _, err := w.Deliver(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.taken(t, 1); len(got) != 1 {
		t.Errorf("got %d mails, want 1", len(got))
	}
	if p := w.postings()[0]; p.State != store.SentOff || p.Reason != "" {
		t.Errorf("got %+v, want a message that was sent", p)
	}
}

func TestTwoProcessesSendOnce(t *testing.T) {
	s := startSink(t, sinkOptions{mode: "none"})
	w := newWorld(t)
	w.mailServer(s.port)
	const people = 12
	var rules []notify.Rule
	for i := range people {
		rules = append(rules, notify.Rule{Email: fmt.Sprintf("person%d@example.org", i)})
	}
	w.noError(w.store.SaveNotify(t.Context(), w.sync.ID, rules))
	// Both are told of the end of the run, and both deliver.
	results := make(chan error, 4)
	for range 4 {
		other := *w.Notifier
		go func() {
			err := other.Ran(t.Context(), w.sync, store.Run{ID: 1, Kind: store.KindSync, Status: store.Failed, Finished: w.now})
			for range 5 {
				_, failed := other.Deliver(t.Context(), w.now.Add(time.Second))
				err = errors.Join(err, failed)
			}
			results <- err
		}()
	}
	for range 4 {
		w.noError(<-results)
	}
	seen := map[string]int{}
	for _, m := range s.taken(t, people) {
		seen[m.To[0]]++
	}
	for to, n := range seen {
		if n != 1 {
			t.Errorf("%s got %d mails, want 1", to, n)
		}
	}
	if len(seen) != people {
		t.Errorf("%d people got a mail, want %d", len(seen), people)
	}
}

func TestWhatTheServerRefuses(t *testing.T) {
	s := startSink(t, sinkOptions{mode: "none", refuse: "gone"})
	w := newWorld(t, notify.Rule{Email: "gone@example.org"}, notify.Rule{Email: "later@example.org"}, ada)
	w.mailServer(s.port)
	w.ran(store.Failed, store.RunDetail{Message: "The source is not there"})
	for range 60 {
		w.now = w.now.Add(time.Hour)
		if _, err := w.Deliver(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range w.postings() {
		var want store.Posting
		switch p.Recipient {
		case "gone@example.org": // for good: not asked again
			want = store.Posting{State: store.Dead, Attempts: 1, Reason: "no such mailbox"}
		case "later@example.org":
			want = store.Posting{State: store.Dead, Attempts: outbox.MaxAttempts, Reason: "given up after 16 attempts"}
		default:
			want = store.Posting{State: store.SentOff, Attempts: 1}
		}
		if p.State != want.State || p.Attempts != want.Attempts || !strings.Contains(p.Reason, want.Reason) {
			t.Errorf("%s: got %s after %d attempts, %q; want %s after %d, %q", p.Recipient, p.State, p.Attempts, p.Reason, want.State, want.Attempts, want.Reason)
		}
	}
	if n := len(s.taken(t, 1)); n != 1 {
		t.Errorf("got %d mails, want 1", n)
	}
}

func TestWithoutAMailServerTheReasonIsSeen(t *testing.T) {
	w := newWorld(t, ada, notify.Rule{Channel: "nowhere"})
	w.ran(store.Failed, store.RunDetail{})
	w.deliver(outbox.Delivery{Postponed: 2})
	for _, p := range w.postings() {
		if !strings.Contains(p.Reason, "kith notifications") {
			t.Errorf("%q does not say what to do", p.Reason)
		}
	}
}

// Mail header injection (ASVS 1.3.11): whatever a sync, a message or an address is
// called, a mail has the headers that it should have and one recipient.
func TestHeaderInjection(t *testing.T) {
	s := startSink(t, sinkOptions{mode: "none"})
	names := []string{
		"attendees\r\nBcc: eve@example.com", "attendees\nSubject: other", "attendees\rX-Eve: 1", "attendees\r\n.\r\nMAIL FROM:<eve@example.com>",
		"attendees\x00\x1b[31m", "attendees\u2028Bcc: eve@example.com", "attendees\u0085X-Eve: 1", "=?utf-8?q?=0d=0aBcc:_eve@example.com?=",
		"Größe 名前 🎉 \r\n\tX-Eve: 1", strings.Repeat("ä", 3000), strings.Repeat("a\r\n", 300), "\r\n\r\n--boundary", "\xff\r\n",
	}
	for i, name := range names {
		w := newWorld(t, ada)
		w.mailServer(s.port)
		w.sync.Name = name
		w.ran(store.Failed, store.RunDetail{Message: name, Code: name})
		w.deliver(outbox.Delivery{Sent: 1})
		got := s.taken(t, i+1)[i]
		head, _ := got.read(t)
		if strings.Join(got.To, " ") != "ada@example.org" || got.From != "kith@example.org" {
			t.Errorf("%q: from %q to %q", name, got.From, got.To)
		}
		for _, bad := range []string{"Bcc", "X-Eve", "Cc"} {
			if head.Header.Get(bad) != "" {
				t.Errorf("%q: the mail has a header %s: %q", name, bad, head.Header[bad])
			}
		}
		if n := len(head.Header["Subject"]); n != 1 {
			t.Errorf("%q: the mail has %d subjects", name, n)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(head.Header.Get("Subject"))
		if err != nil || strings.ContainsAny(subject, "\r\n\x00\x1b") || len([]rune(subject)) > 200 {
			t.Errorf("%q: the subject is %q, %v", name, subject, err)
		}
	}
	for _, address := range []string{"ada@example.org\r\nBcc: eve@example.com", "ada@example.org, eve@example.com", "ada@example.org>\r\nRCPT TO:<eve@example.com",
		"Ada <ada@example.org>", "ada@example.org\n", "\"a\r\nb\"@example.org", "", "ada", "<ada@example.org>"} {
		w := newWorld(t, notify.Rule{Email: address})
		w.mailServer(s.port)
		if address == "" {
			continue // a rule with a channel
		}
		w.ran(store.Failed, store.RunDetail{})
		w.deliver(outbox.Delivery{Dead: 1})
	}
	if n := len(s.taken(t, len(names))); n != len(names) {
		t.Errorf("the server took %d mails, want %d", n, len(names))
	}
}

func TestPersonalDataOnlyWhereItIsAskedFor(t *testing.T) {
	s := startSink(t, sinkOptions{mode: "none"})
	asking := ada
	asking.Attach = true
	w := newWorld(t, asking, notify.Rule{Email: "bob@example.org"})
	w.mailServer(s.port)
	w.Rejects = func(_ context.Context, run int64, out io.Writer) error {
		_, err := fmt.Fprintf(out, "line,email,why\r\n%d,grace@example,email.invalid\r\n", run)
		return err
	}
	w.ran(store.WithErrors, store.RunDetail{Totals: plan.Totals{Read: 10, Created: 9, Rejected: 1}, Reasons: map[string]int64{"email.invalid": 1}})
	for _, p := range w.postings() {
		if strings.Contains(p.Body, "grace") {
			t.Errorf("the outbox has personal data: %s", p.Body)
		}
	}
	w.deliver(outbox.Delivery{Sent: 2})
	for _, m := range s.taken(t, 2) {
		want := m.To[0] == "ada@example.org"
		if got := strings.Contains(m.Data, "rejects-run-1.csv"); got != want {
			t.Errorf("%s: got attached %v, want %v", m.To[0], got, want)
		}
	}
	// What cannot be had does not keep the message back.
	w.ran(store.Succeeded, store.RunDetail{})
	w.Rejects = func(context.Context, int64, io.Writer) error { return errors.New("pruned") }
	w.ran(store.WithErrors, store.RunDetail{Totals: plan.Totals{Read: 10, Rejected: 10}})
	w.now = w.now.Add(time.Second)
	w.deliver(outbox.Delivery{Sent: 4})
}

func TestStateAndMessagesSurviveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kith.db")
	w := newWorld(t, ada)
	w.store = open(t, path)
	w.Store = w.store
	var err error
	w.sync, err = w.store.SaveSync(t.Context(), plan.Sync{Name: "attendees"}, "")
	w.noError(err)
	w.noError(w.store.SaveNotify(t.Context(), w.sync.ID, []notify.Rule{ada}))
	w.ran(store.Failed, store.RunDetail{})
	w.noError(w.store.Close())
	w.store = open(t, path)
	w.Store = w.store
	w.ran(store.Failed, store.RunDetail{}) // was told
	if n := len(w.postings()); n != 1 {
		t.Errorf("got %d messages, want 1", n)
	}
}

func TestRunsThatNobodyIsToldOf(t *testing.T) {
	w := newWorld(t, ada)
	for _, r := range []store.Run{
		{ID: 1, Kind: store.KindUndo, Status: store.Failed}, {ID: 2, Kind: store.KindEdit, Status: store.Failed},
		{ID: 3, Kind: store.KindSync, Status: store.Planned}, {ID: 4, Kind: store.KindSync, Status: store.Discarded},
		{ID: 5, Kind: store.KindSync, Status: store.Cancelled}, {ID: 6, Kind: store.KindSync, Status: store.Applying},
	} {
		w.noError(w.Ran(t.Context(), w.sync, r))
	}
	if n := len(w.postings()); n != 0 {
		t.Errorf("got %d messages, want none", n)
	}
}

func TestLateIsToldOnce(t *testing.T) {
	w := newWorld(t, ada)
	w.noError(w.Late(t.Context(), w.sync, w.now))
	w.noError(w.Late(t.Context(), w.sync, w.now))
	w.ran(store.Succeeded, store.RunDetail{})
	var got []string
	for _, p := range w.postings() {
		for _, e := range notify.Events() {
			if strings.Contains(p.Body, `"event":"`+string(e)+`"`) {
				got = append(got, string(e))
			}
		}
	}
	if len(got) != 2 {
		t.Errorf("got %q, want late and recovered", got)
	}
}
