package store

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
)

func testChannels(t *testing.T, s *Store) {
	first := must(s.SaveChannel(ctx, Channel{Name: "ops", Kind: "slack", Secret: "sealed"}))(t)
	again := must(s.SaveChannel(ctx, Channel{Name: "ops", Kind: "webhook", Settings: map[string]string{"url": "https://example.org"}, On: []notify.Event{notify.Guard}}))(t)
	equal(t, "number of a channel that is saved again", again.ID, first.ID)
	got := must(s.Channel(ctx, "ops"))(t)
	equal(t, "kind", got.Kind, "webhook")
	equal(t, "setting", got.Settings["url"], "https://example.org")
	equal(t, "events", len(got.On), 1)
	equal(t, "channels", len(must(s.Channels(ctx))(t)), 1)
	noError(t, s.DeleteChannel(ctx, "ops"))
	for what, err := range map[string]error{"look up": second(s.Channel(ctx, "ops")), "delete again": s.DeleteChannel(ctx, "ops")} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want %v", what, err, ErrNotFound)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func testNotify(t *testing.T, s *Store) {
	saved := must(s.SaveSync(ctx, plan.Sync{Name: "attendees"}, ""))(t)
	nobody := must(s.Notify(ctx, saved.ID))(t)
	equal(t, "rules of a sync that names nobody", len(nobody.Rules), 0)

	open := notify.State{Run: 7, Outcome: notify.RunFailed, Open: map[string][]notify.Event{"ada@example.org": {notify.Failed}}}
	message := Posting{ID: "msg_1", Recipient: "ada@example.org", Kind: "message", Body: "{}", Created: time.UnixMilli(1000)}
	equal(t, "told", must(s.Tell(ctx, saved.ID, nobody, open, []Posting{message}))(t), true)
	message.ID = "msg_2"
	equal(t, "told from what was read before", must(s.Tell(ctx, saved.ID, nobody, notify.State{}, []Posting{message}))(t), false)
	equal(t, "messages", len(must(s.DuePostings(ctx, time.UnixMilli(1000), 9))(t)), 1)

	over := must(notify.ParseAmount("5%"))(t)
	noError(t, s.SaveNotify(ctx, saved.ID, []notify.Rule{{Email: "ada@example.org", Over: over}}))
	n := must(s.Notify(ctx, saved.ID))(t)
	equal(t, "rules", n.Rules[0].Over, over)
	equal(t, "the state stays when rules change", n.State.Same(open), true)
	equal(t, "told again", must(s.Tell(ctx, saved.ID, n, notify.State{Run: 8}, nil))(t), true)
	equal(t, "told from an old look", must(s.Tell(ctx, saved.ID, n, notify.State{Run: 99}, nil))(t), false)
	equal(t, "state", must(s.Notify(ctx, saved.ID))(t).State.Run, int64(8))

	// The state and its messages are stored together or not at all.
	n = must(s.Notify(ctx, saved.ID))(t)
	message.ID = "msg_1"
	if _, err := s.Tell(ctx, saved.ID, n, notify.State{Run: 9}, []Posting{message}); err == nil {
		t.Error("a message with the number of another: got no error")
	}
	equal(t, "state after a message could not be stored", must(s.Notify(ctx, saved.ID))(t).State.Run, int64(8))

	noError(t, s.DeleteSync(ctx, "attendees"))
	equal(t, "rules of a sync that is gone", len(must(s.Notify(ctx, saved.ID))(t).Rules), 0)
}

func testOutbox(t *testing.T, s *Store) {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	noError(t, s.Post(ctx, Posting{ID: "msg_1", Channel: "ops", Kind: "message", SyncID: 1, Body: "{}", Created: at(10)}))
	equal(t, "due before its time", len(must(s.DuePostings(ctx, at(9), 9))(t)), 0)
	p := must(s.DuePostings(ctx, at(10), 9))(t)[0]
	other := p
	equal(t, "claimed", must(s.Claim(ctx, &p, at(10), at(70)))(t), true)
	equal(t, "claimed by a second process", must(s.Claim(ctx, &other, at(10), at(70)))(t), false)
	equal(t, "due while it is claimed", len(must(s.DuePostings(ctx, at(69), 9))(t)), 0)
	equal(t, "postponed", must(s.Postpone(ctx, p, at(100), "no answer\x00"))(t), true)
	equal(t, "due too early", len(must(s.DuePostings(ctx, at(99), 9))(t)), 0)
	late := must(s.DuePostings(ctx, at(100), 9))(t)[0]
	equal(t, "attempts", late.Attempts, 1)
	equal(t, "reason", late.Reason, "no answer\uFFFD")

	// Who lost a message to another process settles nothing.
	dying := late
	equal(t, "claimed again", must(s.Claim(ctx, &dying, at(100), at(160)))(t), true)
	taken := must(s.DuePostings(ctx, at(160), 9))(t)[0]
	equal(t, "taken over", must(s.Claim(ctx, &taken, at(160), at(220)))(t), true)
	equal(t, "settled by who lost it", must(s.Sent(ctx, dying, at(161)))(t), false)
	equal(t, "settled by who has it", must(s.Bury(ctx, taken, "too often"))(t), true)
	dead := must(s.Postings(ctx, 9))(t)[0]
	equal(t, "state", dead.State, Dead)
	equal(t, "reason", dead.Reason, "too often")

	for _, channel := range []string{"held", "free"} {
		noError(t, s.Post(ctx, Posting{ID: channel, Channel: channel, Kind: "message", Body: "{}", Created: at(250)}))
	}
	noError(t, s.HoldChannel(ctx, "held", at(250), at(260)))
	free := must(s.DuePostings(ctx, at(259), 9))(t)
	equal(t, "due while a channel is held", len(free), 1)
	equal(t, "due", free[0].ID, "free")
	for _, p := range must(s.DuePostings(ctx, at(260), 9))(t) {
		must(s.Claim(ctx, &p, at(260), at(270)))(t)
		must(s.Sent(ctx, p, at(261)))(t)
	}

	for _, id := range []string{"ping_1", "ping_2"} {
		noError(t, s.Post(ctx, Posting{ID: id, Channel: "hc", Kind: "ping", Latest: true, SyncID: 1, Body: "{}", Created: at(300)}))
	}
	noError(t, s.Post(ctx, Posting{ID: "ping_3", Channel: "hc", Kind: "ping", Latest: true, SyncID: 2, Body: "{}", Created: at(301)}))
	var due []string
	for _, p := range must(s.DuePostings(ctx, at(400), 9))(t) {
		due = append(due, p.ID)
	}
	equal(t, "due pings", len(due), 2)
	equal(t, "the latest ping of a sync", due[0], "ping_2")
	equal(t, "removed by age", must(s.PruneOutbox(ctx, at(1000)))(t), int64(4))
}

// Eight senders at once: every message is claimed once.
func testClaimOnce(t *testing.T, s *Store) {
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		noError(t, s.Post(ctx, Posting{ID: id, Kind: "message", Body: "{}", Created: time.Unix(1, 0)}))
	}
	due := must(s.DuePostings(ctx, time.Unix(2, 0), 9))(t)
	var claimed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, p := range due {
				if ok, err := s.Claim(ctx, &p, time.Unix(2, 0), time.Unix(60, 0)); err != nil {
					t.Error(err)
				} else if ok {
					claimed.Add(1)
				}
			}
		})
	}
	all.Wait()
	equal(t, "claims", claimed.Load(), int64(5))
}

func testWaitingConflicts(t *testing.T, s *Store) {
	p := makePair(t, s, makeBook(t, s, "people"))
	c := Conflict{RemoteID: "r1", Ref: 5, Found: time.UnixMilli(1), Conflict: plan.Conflict{Field: "note", Ours: "a", Theirs: "b", TheirsRaw: "B", Winner: plan.WinReview}}
	decided := c
	decided.Field, decided.Winner = "city", plan.WinOurs
	noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Run: 1, Judged: []int64{5}, Conflicts: []Conflict{c, decided}, Position: -1}))
	noError(t, s.SaveProgress(ctx, Progress{SyncID: 3, PairID: p.ID}, nil))
	equal(t, "waiting", must(s.WaitingConflicts(ctx, 3))(t), int64(1))
	equal(t, "waiting in another sync", must(s.WaitingConflicts(ctx, 4))(t), int64(0))
	noError(t, s.PickConflict(ctx, must(s.OpenConflicts(ctx, p.ID))(t)[0].ID, plan.WinOurs, time.UnixMilli(2)))
	equal(t, "waiting once somebody chose", must(s.WaitingConflicts(ctx, 3))(t), int64(0))
}
