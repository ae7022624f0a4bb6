// Package outbox sees to it that what is to be told of runs reaches people: it
// keeps messages in the store until they were sent, with ever longer pauses
// between attempts. It never makes a sync wait: a run leaves its messages, and
// Deliver sends them when it is called. What is told is package notify's matter.
package outbox

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/store"
)

// Store is where channels, rules and messages are kept.
type Store interface {
	Channels(ctx context.Context) ([]store.Channel, error)
	Notify(ctx context.Context, syncID int64) (store.Notify, error)
	Tell(ctx context.Context, syncID int64, before store.Notify, state notify.State, messages []store.Posting) (bool, error)
	WaitingConflicts(ctx context.Context, syncID int64) (int64, error)
	Post(ctx context.Context, messages ...store.Posting) error
	DuePostings(ctx context.Context, now time.Time, limit int) ([]store.Posting, error)
	Claim(ctx context.Context, p *store.Posting, now, until time.Time) (bool, error)
	Sent(ctx context.Context, p store.Posting, now time.Time) (bool, error)
	Postpone(ctx context.Context, p store.Posting, next time.Time, reason string) (bool, error)
	Bury(ctx context.Context, p store.Posting, reason string) (bool, error)
	HoldChannel(ctx context.Context, channel string, now, until time.Time) error
	PruneOutbox(ctx context.Context, before time.Time) (int64, error)
}

// A Notifier tells people about runs. All it needs of the world comes in through
// its fields.
type Notifier struct {
	Store Store
	// Open returns the sender of a channel, its secret opened.
	Open func(ctx context.Context, c store.Channel) (send.Sender, error)
	// Base is the address that people reach this Kith by; empty: no links.
	Base string
	Now  func() time.Time
	// Rejects writes the refused records of a run as CSV, for rules that ask for
	// them; nil: they are never attached.
	Rejects func(ctx context.Context, run int64, out io.Writer) error
	// Chance gives numbers from 0 to below 1 that spread attempts; nil: no spread.
	Chance func() float64
}

// What the outbox holds, by Posting.Kind.
const (
	kindMessage = "message"
	kindPing    = "ping"
)

// A body is what is kept of a message: no personal data.
type body struct {
	Message notify.Message `json:"message"`
	Ping    send.Signal    `json:"ping,omitempty"`
	Attach  bool           `json:"attach,omitempty"`
}

// Started tells watchdogs that a run has begun.
func (n *Notifier) Started(ctx context.Context, s store.Sync) error {
	told, err := n.audience(ctx, s.ID)
	if err != nil || len(told.watchdogs) == 0 {
		return err
	}
	return n.Store.Post(ctx, n.pings(s, told.watchdogs, send.Start, notify.Message{Sync: s.Name, Title: notify.Line(s.Name)})...)
}

// Ran leaves word of how a run ended. It does nothing for a run that it was told of
// already, for edits and undos, and for plans that were only looked at.
func (n *Notifier) Ran(ctx context.Context, s store.Sync, r store.Run) error {
	outcome, ok := outcomes()[r.Status]
	if !ok || r.Kind != store.KindSync {
		return nil
	}
	conflicts, err := n.Store.WaitingConflicts(ctx, s.ID)
	if err != nil {
		return err
	}
	at := r.Finished
	if at.IsZero() {
		at = r.Started
	}
	return n.tell(ctx, s, notify.Result{Sync: s.Name, Run: r.ID, Outcome: outcome, At: at, Totals: r.Totals, Reasons: r.Reasons,
		Code: r.Code, Message: r.Message, Stop: r.Stop, Plan: r.PlanHash, Conflicts: conflicts})
}

// Late leaves word that a run which was due has not begun. Once is enough: it is
// not repeated until the sync has run.
func (n *Notifier) Late(ctx context.Context, s store.Sync, due time.Time) error {
	return n.tell(ctx, s, notify.Result{Sync: s.Name, Outcome: notify.RunLate, At: due})
}

func outcomes() map[store.Status]notify.Outcome {
	return map[store.Status]notify.Outcome{
		store.Succeeded: notify.RunApplied, store.WithWarnings: notify.RunApplied, store.WithErrors: notify.RunApplied,
		store.SkippedUnchanged: notify.RunUnchanged, store.Failed: notify.RunFailed, store.Blocked: notify.RunBlocked, store.PausedQuota: notify.RunPaused,
	}
}

// An audience is who hears of a sync.
type audience struct {
	before    store.Notify
	rules     []notify.Rule
	watchdogs []string
}

// audience adds to whom the sync's file names the channels that hear of every
// sync. Where both name a channel, the file counts.
func (n *Notifier) audience(ctx context.Context, syncID int64) (a audience, err error) {
	if a.before, err = n.Store.Notify(ctx, syncID); err != nil {
		return a, err
	}
	channels, err := n.Store.Channels(ctx)
	if err != nil {
		return a, err
	}
	rules := slices.Clone(a.before.Rules)
	for _, c := range channels {
		rule := ruleOf(c)
		named := func(r notify.Rule) bool { return r.To() == rule.To() }
		if len(c.On) > 0 && !slices.ContainsFunc(rules, named) {
			rules = append(rules, rule)
		}
	}
	for _, r := range rules {
		if r.Email == "" && pings(channels, r.Channel) {
			a.watchdogs = append(a.watchdogs, r.Channel)
		} else {
			a.rules = append(a.rules, r)
		}
	}
	return a, nil
}

func ruleOf(c store.Channel) notify.Rule {
	if c.Kind == "smtp" {
		return notify.Rule{Email: c.Settings["to"], On: c.On}
	}
	return notify.Rule{Channel: c.Name, On: c.On}
}

// pings reports whether a channel is a watchdog.
func pings(channels []store.Channel, name string) bool {
	i := slices.IndexFunc(channels, func(c store.Channel) bool { return c.Name == name })
	if i < 0 {
		return false
	}
	k, err := send.KindNamed(channels[i].Kind)
	return err == nil && k.Pings
}

// tell decides what is to be said, and stores that with the messages. Another
// process may do the same at the same moment: who comes second looks again.
func (n *Notifier) tell(ctx context.Context, s store.Sync, r notify.Result) error {
	for ctx.Err() == nil {
		a, err := n.audience(ctx, s.ID)
		if err != nil {
			return err
		}
		state, notices := notify.Decide(a.before.State, r, a.rules)
		nobody := len(a.rules) == 0 && len(a.watchdogs) == 0 && len(a.before.State.Open) == 0
		if nobody || state.Same(a.before.State) && len(notices) == 0 {
			return nil
		}
		messages := n.postings(s, notices)
		if state.Run != a.before.State.Run || state.Outcome != a.before.State.Outcome {
			signal, about := verdict(r)
			messages = append(messages, n.pings(s, a.watchdogs, signal, about)...)
		}
		if told, err := n.Store.Tell(ctx, s.ID, a.before, state, messages); told || err != nil {
			return err
		}
	}
	return ctx.Err()
}

// verdict is what a watchdog is told of a result.
func verdict(r notify.Result) (send.Signal, notify.Message) {
	about := notify.Message{Sync: r.Sync, Run: r.Run, Title: notify.Line(fmt.Sprintf("%s, run %d: %s", r.Sync, r.Run, r.Outcome))}
	if r.Outcome == notify.RunFailed || r.Outcome == notify.RunBlocked {
		return send.Fail, about
	}
	return send.Success, about
}

func (n *Notifier) postings(s store.Sync, notices []notify.Notice) (all []store.Posting) {
	for _, one := range notices {
		p := n.posting(s, body{Message: one.Message.WithBase(n.Base), Attach: one.Rule.Attach && one.Rule.Email != "" && one.Message.Event == notify.Rejects})
		p.Kind, p.Channel, p.Recipient = kindMessage, one.Rule.Channel, one.Rule.Email
		all = append(all, p)
	}
	return all
}

func (n *Notifier) pings(s store.Sync, watchdogs []string, signal send.Signal, about notify.Message) (all []store.Posting) {
	for _, name := range watchdogs {
		p := n.posting(s, body{Message: about, Ping: signal})
		p.Kind, p.Latest, p.Channel = kindPing, true, name
		all = append(all, p)
	}
	return all
}

func (n *Notifier) posting(s store.Sync, b body) store.Posting {
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // plain strings and numbers always marshal
	}
	return store.Posting{ID: "msg_" + rand.Text(), SyncID: s.ID, Body: string(text), Created: n.Now()}
}
