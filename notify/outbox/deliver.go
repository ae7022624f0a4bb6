package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/store"
)

// How often and how long it is tried.
const (
	MaxAttempts = 16 // over about two days
	firstPause  = 30 * time.Second
	longPause   = 6 * time.Hour
	claim       = 5 * time.Minute // longer than any attempt
	attempt     = time.Minute
	batch       = 100
	atOnce      = 8 // channels
	kept        = 30 * 24 * time.Hour
	maxAttached = 5 << 20
)

// A Delivery counts what became of the messages that were due.
type Delivery struct{ Sent, Postponed, Dead int }

// Deliver makes one attempt at every message that is due at now. Channels do not
// wait for each other, and one that fails is left alone for a while. Its error is
// one of the store; what a channel answers stands beside the message.
func (n *Notifier) Deliver(ctx context.Context, now time.Time) (done Delivery, err error) {
	if _, err := n.Store.PruneOutbox(ctx, now.Add(-kept)); err != nil {
		return done, err
	}
	due, err := n.Store.DuePostings(ctx, now, batch)
	if err != nil || len(due) == 0 {
		return done, err
	}
	channels, err := n.Store.Channels(ctx)
	if err != nil {
		return done, err
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for name, messages := range byChannel(due) {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			d, failed := n.deliverTo(ctx, now, channels, name, messages)
			mu.Lock()
			defer mu.Unlock()
			done = Delivery{done.Sent + d.Sent, done.Postponed + d.Postponed, done.Dead + d.Dead}
			err = errors.Join(err, failed)
		})
	}
	all.Wait()
	return done, err
}

func byChannel(due []store.Posting) map[string][]store.Posting {
	sorted := map[string][]store.Posting{}
	for _, p := range due {
		sorted[p.Channel] = append(sorted[p.Channel], p)
	}
	return sorted
}

// deliverTo sends messages by one channel until it fails. Then the others wait
// too, so that a server which is down is not asked for each.
func (n *Notifier) deliverTo(ctx context.Context, now time.Time, channels []store.Channel, name string, messages []store.Posting) (d Delivery, err error) {
	sender, cannot := n.sender(ctx, channels, name)
	for _, p := range messages {
		if ctx.Err() != nil {
			return d, nil
		}
		mine, err := n.Store.Claim(ctx, &p, now, now.Add(claim))
		if err != nil {
			return d, err
		}
		if !mine {
			continue
		}
		failure := cannot
		if failure == nil {
			failure = n.send(ctx, now, sender, p)
		}
		// Noted even when Kith is told to stop while the mail is on its way.
		noted := context.WithoutCancel(ctx)
		refusal, final := errors.AsType[*send.Refusal](failure)
		switch {
		case failure == nil:
			d.Sent++
			if _, err := n.Store.Sent(noted, p, now); err != nil {
				return d, err
			}
		case final:
			d.Dead++
			if _, err := n.Store.Bury(noted, p, refusal.Why); err != nil {
				return d, err
			}
		case p.Attempts >= MaxAttempts:
			d.Dead++
			if _, err := n.Store.Bury(noted, p, fmt.Sprintf("%s; given up after %d attempts", failure, p.Attempts)); err != nil {
				return d, err
			}
		default:
			d.Postponed++
			return d, n.putOff(noted, now, p, failure)
		}
	}
	return d, nil
}

func (n *Notifier) putOff(ctx context.Context, now time.Time, p store.Posting, failure error) error {
	wait := pause(p.Attempts, n.chance())
	if busy, ok := errors.AsType[*send.Busy](failure); ok {
		wait = max(wait, busy.After)
	}
	if _, err := n.Store.Postpone(ctx, p, now.Add(wait), notify.Line(failure.Error())); err != nil {
		return err
	}
	return n.Store.HoldChannel(ctx, p.Channel, now, now.Add(min(wait, 2*firstPause)))
}

// pause is how long to wait after so many attempts: twice as long each time, up to
// six hours, and a fifth more or less, so that not all come back at one moment.
func pause(attempts int, chance float64) time.Duration {
	wait := longPause
	if doublings := attempts - 1; doublings < 10 {
		wait = min(firstPause<<max(doublings, 0), longPause)
	}
	return time.Duration(float64(wait) * (0.8 + 0.4*chance))
}

func (n *Notifier) chance() float64 {
	if n.Chance == nil {
		return 0.5
	}
	return n.Chance()
}

// sender opens the channel of a name; no name is the mail server.
func (n *Notifier) sender(ctx context.Context, channels []store.Channel, name string) (send.Sender, error) {
	i := slices.IndexFunc(channels, func(c store.Channel) bool { return c.Name == name || name == "" && c.Kind == "smtp" })
	switch {
	case i < 0 && name == "":
		return nil, errors.New("no mail server is set up: kith notifications add mail --type smtp")
	case i < 0:
		return nil, fmt.Errorf("there is no channel %q: kith notifications list", notify.Line(name))
	}
	return n.Open(ctx, channels[i])
}

func (n *Notifier) send(ctx context.Context, now time.Time, sender send.Sender, p store.Posting) error {
	var b body
	if err := json.Unmarshal([]byte(p.Body), &b); err != nil {
		return &send.Refusal{Why: "the stored message is damaged"}
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	e := send.Envelope{ID: p.ID, Made: p.Created, Now: now, To: p.Recipient, Message: b.Message, Ping: b.Ping}
	if b.Attach && n.Rejects != nil {
		e = n.attach(ctx, e)
	}
	return sender.Send(ctx, e)
}

// attach adds the refused records of the run as they are now: who was erased on
// request since is not among them. Where they cannot be had the message goes without.
func (n *Notifier) attach(ctx context.Context, e send.Envelope) send.Envelope {
	file := limited{most: maxAttached}
	if err := n.Rejects(ctx, e.Message.Run, &file); err != nil {
		e.Message = e.Message.NotAttached()
		return e
	}
	e.Attached = &send.Attachment{Name: fmt.Sprintf("rejects-run-%d.csv", e.Message.Run), Data: file.Bytes()}
	return e
}

// A limited buffer takes no more than it may.
type limited struct {
	bytes.Buffer
	most int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.most {
		return 0, io.ErrShortWrite
	}
	return l.Buffer.Write(p)
}

// Test sends a message by a channel at once, and returns what the other side
// answers. A mail goes to the address given, or to the one that the channel has.
func (n *Notifier) Test(ctx context.Context, c store.Channel, to string) error {
	sender, err := n.Open(ctx, c)
	if err != nil {
		return err
	}
	for _, other := range []string{c.Settings["to"], c.Settings["from"]} {
		if to == "" {
			to = other
		}
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	p := n.posting(store.Sync{}, body{})
	return sender.Send(ctx, send.Envelope{ID: p.ID, Made: p.Created, Now: p.Created, To: to, Message: notify.TestMessage(c.Name), Ping: send.Success})
}
