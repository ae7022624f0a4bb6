package outbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/outbox"
	"github.com/kith-sync/kith/store"
)

// A hook is a server that remembers what it was asked, and answers as it is told.
type hook struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // path and id
	code  int
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{code: http.StatusOK}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.asked = append(h.asked, r.URL.Path+" "+r.Header.Get("webhook-id"))
		w.WriteHeader(h.code)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var paths []string
	for _, one := range h.asked {
		path, _, _ := strings.Cut(one, " ")
		paths = append(paths, path)
	}
	return strings.Join(paths, " ")
}

func (h *hook) answer(code int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.code = code
}

func TestAWatchdogHearsOfEveryRun(t *testing.T) {
	h := newHook(t)
	w := newWorld(t, notify.Rule{Channel: "dog"})
	w.channel(store.Channel{Name: "dog", Kind: "ping", Secret: h.URL})
	next := func() {
		w.now = w.now.Add(time.Minute)
		if _, err := w.Deliver(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
	}
	for _, status := range []store.Status{store.Succeeded, store.Failed, store.Failed, store.Blocked, store.SkippedUnchanged} {
		w.noError(w.Started(t.Context(), w.sync))
		next()
		w.ran(status, store.RunDetail{})
		next()
	}
	if want := "/start / /start /fail /start /fail /start /fail /start /"; h.said() != want {
		t.Errorf("got %q, want %q", h.said(), want)
	}
	// While it is down, only the latest word of a sync is kept.
	h.answer(500)
	for range 3 {
		w.noError(w.Started(t.Context(), w.sync))
		next()
		w.ran(store.Failed, store.RunDetail{})
		next()
	}
	w.ran(store.Succeeded, store.RunDetail{})
	h.answer(200)
	before := len(h.said())
	w.now = w.now.Add(12 * time.Hour)
	next()
	if got := strings.TrimSpace(h.said()[before:]); got != "/" {
		t.Errorf("after it was down: got %q, want one success", got)
	}
}

func TestOneChannelDoesNotWaitForAnother(t *testing.T) {
	down, up := newHook(t), newHook(t)
	down.answer(500)
	w := newWorld(t, notify.Rule{Channel: "down"}, notify.Rule{Channel: "up"})
	w.channel(store.Channel{Name: "down", Kind: "generic", Secret: down.URL + "/hunter2"})
	w.channel(store.Channel{Name: "up", Kind: "generic", Secret: up.URL})
	for range 3 {
		w.ran(store.Failed, store.RunDetail{})
		w.ran(store.Succeeded, store.RunDetail{})
	}
	w.deliver(outbox.Delivery{Sent: 6, Postponed: 1}) // the one that is down is asked once for all
	w.deliver(outbox.Delivery{})
	for _, p := range w.postings() {
		if strings.Contains(p.Reason+p.Body, "hunter2") {
			t.Errorf("the secret address stands in the outbox: %+v", p)
		}
	}
	down.answer(200)
	for range 3 {
		w.now = w.now.Add(2 * time.Minute)
		if _, err := w.Deliver(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range w.postings() {
		if p.State != store.SentOff {
			t.Errorf("got %s (%s), want everything sent", p.State, p.Reason)
		}
	}
}

// A receiver that was told twice can tell: the id is the same.
func TestEveryAttemptHasTheSameID(t *testing.T) {
	h := newHook(t)
	h.answer(500)
	w := newWorld(t, notify.Rule{Channel: "robots"})
	w.channel(store.Channel{Name: "robots", Kind: "webhook", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Settings: map[string]string{"url": h.URL}})
	w.ran(store.Failed, store.RunDetail{})
	for range 20 {
		if _, err := w.Deliver(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(12 * time.Hour)
	}
	if len(h.asked) != outbox.MaxAttempts {
		t.Errorf("asked %d times, want %d", len(h.asked), outbox.MaxAttempts)
	}
	for _, one := range h.asked {
		if one != h.asked[0] || !strings.HasPrefix(one, "/ msg_") {
			t.Errorf("got the id %q, want that of the first attempt, %q", one, h.asked[0])
		}
	}
	if p := w.postings()[0]; p.State != store.Dead || !strings.Contains(p.Reason, "500 Internal Server Error; given up after 16 attempts") {
		t.Errorf("got %s, %q; want it dead, with the reason", p.State, p.Reason)
	}
}

func TestChannelsThatHearOfEverySync(t *testing.T) {
	h := newHook(t)
	w := newWorld(t) // the file names nobody
	w.channel(store.Channel{Name: "all", Kind: "generic", Secret: h.URL + "/all", On: []notify.Event{notify.Guard}})
	w.channel(store.Channel{Name: "none", Kind: "generic", Secret: h.URL + "/none"})
	w.ran(store.Failed, store.RunDetail{})
	w.ran(store.Blocked, store.RunDetail{})
	w.deliver(outbox.Delivery{Sent: 1})
	if h.said() != "/all" {
		t.Errorf("got %q, want one word for the channel that hears of the guard", h.said())
	}
	// What the file says of a channel counts for its sync.
	w.noError(w.store.SaveNotify(t.Context(), w.sync.ID, []notify.Rule{{Channel: "all", On: []notify.Event{notify.Late}}}))
	w.ran(store.Succeeded, store.RunDetail{})
	w.ran(store.Blocked, store.RunDetail{})
	w.now = w.now.Add(time.Second)
	w.deliver(outbox.Delivery{})
}
