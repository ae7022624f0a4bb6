package polite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/polite"
	"github.com/kith-sync/kith/contact"
)

var patience = polite.Patience{Tries: 4, First: time.Second, Longest: time.Minute, Repeats: 10}

func TestWhatIsRepeated(t *testing.T) {
	busy := fault(connector.Busy)
	for _, c := range []struct {
		name     string
		patience polite.Patience
		answers  []error
		attempts int
		want     error
	}{
		{"a call that succeeds is made once", patience, nil, 1, nil},
		{"busy once", patience, []error{busy}, 2, nil},
		{"busy three times", patience, []error{busy, busy, busy}, 4, nil},
		{"busy once more than there are tries", patience, []error{busy, busy, busy, busy}, 4, busy},
		{"busy, inside another error", patience, []error{fmt.Errorf("list: %w", busy)}, 2, nil},
		{"without patience", polite.Patience{}, []error{busy}, 1, busy},
		{"when the run has no repeats left", polite.Patience{Tries: 4, Repeats: 2}, []error{busy, busy, busy}, 3, busy},
		{"a wait as long as allowed", patience, []error{busyFor(time.Minute)}, 2, nil},
		{"a wait longer than allowed", patience, []error{busyFor(time.Minute + 1)}, 1, busyFor(time.Minute + 1)},
		{"denied", patience, []error{fault(connector.Denied)}, 1, fault(connector.Denied)},
		{"invalid", patience, []error{fault(connector.Invalid)}, 1, fault(connector.Invalid)},
		{"missing", patience, []error{fault(connector.Missing)}, 1, fault(connector.Missing)},
		{"overtaken", patience, []error{fault(connector.Overtaken)}, 1, fault(connector.Overtaken)},
		{"taken", patience, []error{fault(connector.Taken)}, 1, fault(connector.Taken)},
		{"unknown", patience, []error{fault(connector.Unknown)}, 1, fault(connector.Unknown)},
		{"expired", patience, []error{fault(connector.Expired)}, 1, fault(connector.Expired)},
		{"quota", patience, []error{fault(connector.Quota)}, 1, fault(connector.Quota)},
		{"an error that is no fault", patience, []error{errors.ErrUnsupported}, 1, errors.ErrUnsupported},
		{"unknown after busy", patience, []error{busy, fault(connector.Unknown)}, 2, fault(connector.Unknown)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for method, call := range map[string]func(connector.Remote) error{
				"Schema": func(r connector.Remote) error { _, err := r.Schema(ctx); return err },
				"Fetch":  func(r connector.Remote) error { _, err := r.Fetch(ctx, []string{"1"}); return err },
				"Find":   func(r connector.Remote) error { _, err := r.Find(ctx, "email", []string{"a"}); return err },
			} {
				counted := polite.Count(&scripted{calls: slices.Clone(c.answers)})
				err := call(polite.Retry(counted, c.patience, newClock(), chance()))
				if fmt.Sprintf("%#v", err) != fmt.Sprintf("%#v", c.want) {
					var got, want *connector.Fault
					if !errors.As(err, &got) || !errors.As(c.want, &want) || *got != *want {
						t.Errorf("%s: got %v, want %v", method, err, c.want)
					}
				}
				n := counted.Counts()
				equal(t, method+" attempts", n.Schema+n.Fetch+n.Find, c.attempts)
			}
		})
	}
}

func TestPropWaitsAreJitteredAndHonourTheSystem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := polite.Patience{
			Tries:   rapid.IntRange(1, 80).Draw(t, "tries"), // 2^80 overflows
			First:   time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "first")),
			Longest: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "longest")),
			Repeats: rapid.IntRange(0, 100).Draw(t, "repeats"),
		}
		after := time.Duration(rapid.Int64Range(-int64(time.Second), int64(p.Longest)).Draw(t, "after"))
		s, c := &scripted{calls: slices.Repeat([]error{busyFor(after)}, 100)}, newClock()
		_, _ = polite.Retry(s, p, c, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))).Schema(ctx)
		if want := min(p.Tries-1, p.Repeats); len(c.slept) != want {
			t.Fatalf("%d waits, want %d", len(c.slept), want)
		}
		ceiling := p.First
		for n, got := range c.slept {
			low, high := max(after, 0), max(after, 0)+min(ceiling, p.Longest)
			if got < low || got > high {
				t.Fatalf("wait %d is %v, want %v to %v", n, got, low, high)
			}
			ceiling = min(2*ceiling, p.Longest)
		}
	})
}

// After many tries too, where doubling without end would overflow.
func TestWaitsUseTheirWholeRange(t *testing.T) {
	s, c := &scripted{calls: slices.Repeat([]error{fault(connector.Busy)}, 400)}, newClock()
	_, _ = polite.Retry(s, polite.Patience{Tries: 400, First: time.Second, Longest: time.Minute, Repeats: 400}, c, chance()).Schema(ctx)
	late := c.slept[100:]
	if least, most := slices.Min(late), slices.Max(late); least > 3*time.Second || most < 57*time.Second {
		t.Errorf("299 waits lie between %v and %v, want nearly 0 to nearly 1m", least, most)
	}
}

func TestTheBudgetIsOfTheRun(t *testing.T) {
	s := &scripted{calls: slices.Repeat([]error{fault(connector.Busy), nil}, 20)}
	r := polite.Retry(s, polite.Patience{Tries: 3, Repeats: 5}, newClock(), chance())
	succeeded := 0
	for range 8 {
		if _, err := r.Fetch(ctx, nil); err == nil {
			succeeded++
		}
	}
	// Five calls are repeated; the other three meet, in turn, busy, good, busy.
	equal(t, "calls that succeeded", succeeded, 6)
}

func TestACancelledWaitEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(ctx)
	c := newClock()
	c.awake = cancel
	s := &scripted{calls: []error{fault(connector.Busy)}, writes: map[string][]*connector.Fault{"b": {fault(connector.Busy)}}}
	r := polite.Retry(s, patience, c, chance())
	if _, err := r.Fetch(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Fetch: got %v, want context.Canceled", err)
	}
	got := r.Write(ctx, creates("a", "b"))
	equal(t, "the write that was done", kindOf(got[0].Fault), 0)
	equal(t, "the write that was not", kindOf(got[1].Fault), connector.Busy)
	equal(t, "times it was sent", len(s.sent), 1)
}

func TestOnlyTheWritesThatFailedAreSentAgain(t *testing.T) {
	busy := fault(connector.Busy)
	s := &scripted{writes: map[string][]*connector.Fault{
		"b": {busy}, "d": {busy, busy, fault(connector.Invalid)}, "e": {fault(connector.Unknown)}, "f": {busy, fault(connector.Unknown)},
	}}
	got := polite.Retry(s, patience, newClock(), chance()).Write(ctx, creates("a", "b", "c", "d", "e", "f"))
	want := [][]connector.Write{creates("a", "b", "c", "d", "e", "f"), creates("b", "d", "f"), creates("d")}
	if diff := cmp.Diff(want, s.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	for i, want := range []connector.FaultKind{0, 0, 0, connector.Invalid, connector.Unknown, connector.Unknown} {
		equal(t, "outcome of "+got[i].Record.ID, kindOf(got[i].Fault), want)
		equal(t, "its place", got[i].Record.ID, string(rune('a'+i)))
	}
}

func TestAnswersThatDoNotFitTheWrites(t *testing.T) {
	got := polite.Retry(&scripted{short: true}, patience, newClock(), chance()).Write(ctx, creates("a", "b"))
	equal(t, "outcomes", len(got), 2)
	for _, o := range got {
		equal(t, "kind", kindOf(o.Fault), connector.Unknown)
		equal(t, "message", o.Fault.Message, "Example: people gave 1 answers to 2 writes")
	}
}

// I3 and I8 for the way to a remote: whatever it answers, a create is not sent
// again after Unknown, nor is anything after it was done or refused; every write
// has one outcome, its last, in its place.
func TestPropNoCreateIsSentAgainAfterUnknown(t *testing.T) {
	kinds := []connector.FaultKind{0, connector.Busy, connector.Busy, connector.Busy, connector.Unknown, connector.Invalid, connector.Quota, connector.Taken}
	rapid.Check(t, func(t *rapid.T) {
		scripts := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 6), 0, 8).Draw(t, "answers")
		s := &scripted{writes: map[string][]*connector.Fault{}}
		var writes []connector.Write
		for i, script := range scripts {
			key := fmt.Sprint(i)
			writes = append(writes, creates(key)...)
			for _, k := range script {
				f := fault(k)
				if k == 0 {
					f = nil
				}
				s.writes[key] = append(s.writes[key], f)
			}
		}
		p := polite.Patience{Tries: rapid.IntRange(1, 5).Draw(t, "tries"), Repeats: rapid.IntRange(0, 5).Draw(t, "repeats"), Longest: time.Second}
		got := polite.Retry(s, p, newClock(), chance()).Write(ctx, writes)

		tries := min(p.Tries, p.Repeats+1)
		for i, script := range scripts {
			attempts, last := 0, connector.FaultKind(0)
			for attempts < tries {
				last = 0
				if attempts < len(script) {
					last = script[attempts]
				}
				attempts++
				if last != connector.Busy {
					break
				}
			}
			sent := 0
			for _, batch := range s.sent {
				sent += len(slices.DeleteFunc(slices.Clone(batch), func(w connector.Write) bool { return w.Key != fmt.Sprint(i) }))
			}
			if sent != attempts || kindOf(got[i].Fault) != last || got[i].Record.ID != fmt.Sprint(i) {
				t.Fatalf("write %d, answered %v: sent %d times with outcome %v for %s; want %d times, %v", i, script, sent, got[i].Fault, got[i].Record.ID, attempts, last)
			}
		}
	})
}

func page(cursor string, ids ...string) step {
	p := connector.Page{Cursor: cursor}
	for _, id := range ids {
		p.Items = append(p.Items, connector.Item{Record: contact.Record{ID: id}})
	}
	return step{page: p}
}

func complete(s step) step { s.page.Complete = true; return s }

func failed(k connector.FaultKind) step { return step{err: fault(k)} }

// list returns the ids of a listing and the error at its end.
func list(r connector.Remote, since string) (ids []string, err error) {
	for p, err := range r.Changes(ctx, since) {
		if err != nil {
			return ids, err
		}
		for _, item := range p.Items {
			ids = append(ids, item.ID)
		}
	}
	return ids, nil
}

func TestAListingGoesOnWhereTheSystemWasBusy(t *testing.T) {
	busy := failed(connector.Busy)
	for _, c := range []struct {
		name  string
		pages map[string][]step
		ids   []string
		since []string
		want  connector.FaultKind
	}{
		{"a listing without trouble", map[string][]step{"s": {page("1", "a"), page("2", "b")}}, []string{"a", "b"}, []string{"s"}, 0},
		{"busy at once begins again", map[string][]step{"s": {busy}}, nil, []string{"s", "s"}, 0},
		{"busy after a page goes on from its cursor", map[string][]step{"s": {page("1", "a"), busy}, "1": {page("2", "b")}}, []string{"a", "b"}, []string{"s", "1"}, 0},
		{"busy twice", map[string][]step{"s": {page("1", "a"), busy}, "1": {page("2", "b"), busy}, "2": {page("3", "c")}}, []string{"a", "b", "c"}, []string{"s", "1", "2"}, 0},
		{"busy after a page without a cursor is handed on", map[string][]step{"s": {page("", "a"), busy}}, []string{"a"}, []string{"s"}, connector.Busy},
		{"any other fault is handed on", map[string][]step{"s": {page("1", "a"), failed(connector.Unknown), page("2", "b")}}, []string{"a"}, []string{"s"}, connector.Unknown},
		{"an expired cursor is handed on", map[string][]step{"s": {page("1", "a"), busy}, "1": {failed(connector.Expired)}}, []string{"a"}, []string{"s", "1"}, connector.Expired},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &scripted{pages: c.pages}
			ids, err := list(polite.Retry(s, patience, newClock(), chance()), "s")
			equal(t, "ids", fmt.Sprint(ids), fmt.Sprint(c.ids))
			equal(t, "cursors asked for", fmt.Sprint(s.since), fmt.Sprint(c.since))
			var got *connector.Fault
			errors.As(err, &got)
			equal(t, "fault", kindOf(got), c.want)
		})
	}
}

// A listing that meets a busy system before each page still ends: every page has
// its own tries.
func TestEachPageHasItsOwnTries(t *testing.T) {
	s := &scripted{pages: map[string][]step{}}
	for i := range 6 {
		s.pages[fmt.Sprint(i)] = []step{page(fmt.Sprint(i+1), "x"), failed(connector.Busy)}
	}
	ids, err := list(polite.Retry(s, polite.Patience{Tries: 2, Repeats: 10}, newClock(), chance()), "0")
	if err != nil || len(ids) != 6 {
		t.Errorf("got %v and %v, want six records", ids, err)
	}
}
