package polite_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

var ctx = context.Background()

// A scripted remote answers what its script says, and then that all went well.
type scripted struct {
	mu     sync.Mutex
	calls  []error                       // of Schema, Fetch and Find, one after the other
	writes map[string][]*connector.Fault // by Write.Key, one for each attempt
	sent   [][]connector.Write
	pages  map[string][]step // by the cursor a listing begins at; each is used once
	since  []string          // the cursors that were asked for
	short  bool              // Write answers one outcome too few
	during func()            // called while a call is under way
}

type step struct {
	page connector.Page
	err  error
}

func (s *scripted) Name() string                 { return "Example: people" }
func (s *scripted) Promises() connector.Promises { return connector.Promises{WriteBatch: 200} }

func (s *scripted) call() error {
	if s.during != nil {
		s.during()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == 0 {
		return nil
	}
	err := s.calls[0]
	s.calls = s.calls[1:]
	return err
}

func (s *scripted) Schema(context.Context) (contact.Schema, error) {
	return contact.Schema{Key: "id"}, s.call()
}

func (s *scripted) Fetch(_ context.Context, ids []string) ([]connector.Item, error) {
	if err := s.call(); err != nil {
		return nil, err
	}
	return make([]connector.Item, len(ids)), nil
}

func (s *scripted) Find(_ context.Context, _ string, values []string) ([]connector.Item, error) {
	return s.Fetch(ctx, values)
}

func (s *scripted) Changes(_ context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		s.mu.Lock()
		s.since = append(s.since, since)
		steps := s.pages[since]
		delete(s.pages, since)
		s.mu.Unlock()
		for _, step := range steps {
			if s.during != nil {
				s.during()
			}
			if !yield(step.page, step.err) {
				return
			}
		}
	}
}

func (s *scripted) Write(_ context.Context, writes []connector.Write) []connector.Outcome {
	if s.during != nil {
		s.during()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, writes)
	outcomes := make([]connector.Outcome, len(writes))
	for i, w := range writes {
		outcomes[i] = connector.Outcome{Record: contact.Record{ID: w.Key}}
		if script := s.writes[w.Key]; len(script) > 0 {
			outcomes[i].Fault, s.writes[w.Key] = script[0], script[1:]
		}
	}
	if s.short {
		return outcomes[1:]
	}
	return outcomes
}

// A clock stands still but for those who sleep.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
	awake func() // called before each sleep
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if c.awake != nil {
		c.awake()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

func chance() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func fault(k connector.FaultKind) *connector.Fault { return &connector.Fault{Kind: k} }

func busyFor(d time.Duration) *connector.Fault {
	return &connector.Fault{Kind: connector.Busy, RetryAfter: d}
}

func creates(keys ...string) []connector.Write {
	all := make([]connector.Write, len(keys))
	for i, k := range keys {
		all[i] = connector.Write{Op: connector.OpCreate, Key: k}
	}
	return all
}

func kindOf(f *connector.Fault) connector.FaultKind {
	if f == nil {
		return 0
	}
	return f.Kind
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
