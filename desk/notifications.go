package desk

import (
	"context"
	crand "crypto/rand"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/outbox"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// CodeNotSent is the code of a message that could not be sent.
const CodeNotSent = "notification.failed"

// A ChannelReport is what kith prints of a channel. The secret is never part of it.
type ChannelReport struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Settings map[string]string `json:"settings"`
	Secret   bool              `json:"secret"` // whether one is stored
	On       []notify.Event    `json:"every_sync,omitempty"`
	Waiting  int               `json:"waiting"`          // messages that were not sent yet
	Dead     int               `json:"dead"`             // messages of the last 30 days that never will be
	Reason   string            `json:"reason,omitempty"` // why, of the latest of them
}

// mostPostings is how many messages are looked at for a report.
const mostPostings = 1000

// ReportChannels lists the channels, and how their messages fare.
func ReportChannels(ctx context.Context, w *workspace.Workspace) ([]ChannelReport, error) {
	channels, err := w.Store.Channels(ctx)
	if err != nil {
		return nil, err
	}
	postings, err := w.Store.Postings(ctx, mostPostings)
	if err != nil {
		return nil, err
	}
	reports := make([]ChannelReport, len(channels))
	for i, c := range channels {
		reports[i] = ChannelReport{Name: c.Name, Type: c.Kind, Settings: c.Settings, Secret: c.Secret != "", On: c.On}
		for _, p := range slices.Backward(postings) { // oldest first: the latest reason stays
			if p.Channel == c.Name || p.Channel == "" && c.Kind == mailServer {
				reports[i].count(p)
			}
		}
	}
	return reports, nil
}

func (r *ChannelReport) count(p store.Posting) {
	switch p.State {
	case store.Waiting:
		r.Waiting++
	case store.Dead:
		r.Dead++
	case store.SentOff, store.Replaced:
		return
	}
	if p.Reason != "" {
		r.Reason = p.Reason
	}
}

// A NewChannel is a channel as somebody describes it.
type NewChannel struct {
	Name, Kind string   // no kind: the one it has
	Set        []string // name=value
	Secret     string   // none: the one it has
	On         []string // events of every sync; nil: as before
}

const (
	mailServer = "smtp"
	webHook    = "webhook"
)

// SaveChannel stores a channel, new or changed. Made is the signing secret of a web
// hook that came without: it is shown this once.
func SaveChannel(ctx context.Context, w *workspace.Workspace, n NewChannel) (made string, err error) {
	old, err := w.Store.Channel(ctx, n.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	if err := nameable(ctx, w, n, old); err != nil {
		return "", err
	}
	if err := Free(ctx, w, syncfile.KindChannel, n.Name); err != nil {
		return "", err
	}
	c := store.Channel{Name: n.Name, Kind: old.Kind, Secret: old.Secret, On: old.On}
	if n.Kind != "" {
		c.Kind = n.Kind
	}
	if c.Settings, err = channelSettings(old.Settings, n.Set); err != nil {
		return "", err
	}
	if n.On != nil {
		if c.On, err = eventsNamed(n.On); err != nil {
			return "", err
		}
	}
	plain := n.Secret
	if plain == "" {
		if plain, err = w.OpenChannel(ctx, old); err != nil {
			return "", err
		}
	}
	if plain == "" && c.Kind == webHook {
		key := make([]byte, 32)
		crand.Read(key) // never fails
		made = send.SigningSecret(key)
		plain = made
	}
	if err := send.Check(send.Channel{Name: c.Name, Kind: c.Kind, Settings: c.Settings, Secret: plain}); err != nil {
		return "", usage("%s: %s", c.Name, err)
	}
	if c.Kind == mailServer && len(c.On) > 0 && c.Settings["to"] == "" {
		return "", usage("Who gets the mails about every sync? Name an address with --set to=")
	}
	if c.Secret, err = w.SealChannel(ctx, c.Name, plain); err != nil {
		return "", err
	}
	_, err = w.Store.SaveChannel(ctx, c)
	return made, err
}

// nameable refuses a channel that has no kind, becomes one of another kind, or
// would be a second mail server.
func nameable(ctx context.Context, w *workspace.Workspace, n NewChannel, old store.Channel) error {
	if strings.TrimSpace(n.Name) == "" || n.Name != notify.Line(n.Name) {
		return usage("A channel needs a name of one line")
	}
	switch {
	case n.Kind == "" && old.Kind == "":
		return usage("What kind of channel is it? Name it with --type %s", strings.Join(ChannelKinds(), ", "))
	case n.Kind != "" && old.Kind != "" && n.Kind != old.Kind:
		return usage("%s is a channel of type %s. Remove it first, or choose another name", n.Name, old.Kind)
	case n.Kind != "":
		if _, err := send.KindNamed(n.Kind); err != nil {
			return usage("%s: %s", n.Name, err)
		}
	}
	all, err := w.Store.Channels(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(c store.Channel) bool { return c.Kind == mailServer && c.Name != n.Name })
	if n.Kind == mailServer && at >= 0 {
		return usage("Mails go out by %s already, and there is one mail server. Change that one, or remove it first", all[at].Name)
	}
	return nil
}

// ChannelKinds are the words for the kinds of channel.
func ChannelKinds() (names []string) {
	for _, k := range send.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

func channelSettings(old map[string]string, set []string) (map[string]string, error) {
	settings := map[string]string{}
	maps.Copy(settings, old)
	for _, pair := range set {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, usage("--set %q is no name=value", pair)
		}
		switch {
		case value == "":
			delete(settings, name)
			continue
		case name == "ca":
			absolute, err := filepath.Abs(value) // messages are sent from other folders
			if err != nil {
				return nil, err
			}
			value = absolute
		}
		settings[name] = value
	}
	return settings, nil
}

func eventsNamed(words []string) (events []notify.Event, err error) {
	for _, word := range words {
		if word == "all" {
			return notify.Events(), nil
		}
		if word == "none" {
			return nil, nil
		}
		if !slices.Contains(notify.Events(), notify.Event(word)) {
			return nil, usage("%q is not an event. The events are %s", word, strings.Join(EventNames(), ", "))
		}
		events = append(events, notify.Event(word))
	}
	return events, nil
}

// EventNames are the words for the events.
func EventNames() (names []string) {
	for _, e := range notify.Events() {
		names = append(names, string(e))
	}
	return names
}

// ChannelNamed finds a channel, or says which ones there are.
func ChannelNamed(ctx context.Context, w *workspace.Workspace, name string) (store.Channel, error) {
	c, err := w.Store.Channel(ctx, name)
	if !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	all, err := w.Store.Channels(ctx)
	if err != nil {
		return c, err
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	return c, Absent("channel", name, names, "kith notifications list")
}

// Notifier tells people about the runs of a workspace. Base is the address that
// they reach this Kith by, for links; empty: none.
func Notifier(w *workspace.Workspace, base string) *outbox.Notifier {
	return &outbox.Notifier{Store: w.Store, Open: w.Sender, Base: base, Now: w.Engine.Now, Chance: rand.Float64,
		Rejects: func(ctx context.Context, run int64, out io.Writer) error {
			r, err := w.Store.Run(ctx, run)
			if err != nil {
				return err
			}
			found, err := RejectsOf(ctx, w, r)
			if err != nil {
				return err
			}
			return SheetRejects(out, found)
		}}
}

// TestChannel sends a test message at once. A mail goes to the address given, or to
// the channel's own.
func TestChannel(ctx context.Context, w *workspace.Workspace, name, to string) error {
	c, err := ChannelNamed(ctx, w, name)
	if err != nil {
		return err
	}
	if to != "" && c.Kind != mailServer {
		return usage("--to is for the mail server; %s is a channel of type %s", c.Name, c.Kind)
	}
	if err := Notifier(w, "").Test(ctx, c, to); err != nil {
		return refuse(CodeNotSent, "The test could not be sent by %s: %s. Nothing else was changed. Check the settings: kith notifications list", c.Name, strings.TrimSuffix(err.Error(), "."))
	}
	return nil
}
