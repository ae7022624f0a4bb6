package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// A ChannelKind is one way to tell people something, with what it asks for.
type ChannelKind struct {
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Settings []SettingReport `json:"settings"`
	Secret   string          `json:"secret"` // what its secret is, as people call it
	Needs    bool            `json:"needs_secret"`
	Pings    bool            `json:"pings"` // it hears of every run, and not of messages
}

// ChannelKinds are all ways to tell people something.
func (s *Service) ChannelKinds() []ChannelKind {
	var all []ChannelKind
	for _, k := range send.Kinds() {
		one := ChannelKind{Name: k.Name, Title: k.Title, Settings: []SettingReport{}, Secret: k.Secret, Needs: k.Needs, Pings: k.Pings}
		for _, setting := range k.Settings {
			one.Settings = append(one.Settings, SettingReport(setting))
		}
		all = append(all, one)
	}
	return all
}

// Channels are all channels with how their messages fare, by name.
func (s *Service) Channels(ctx context.Context) ([]desk.ChannelReport, error) {
	return desk.ReportChannels(ctx, s.Workspace)
}

// Channel is one channel.
func (s *Service) Channel(ctx context.Context, name string) (desk.ChannelReport, error) {
	all, err := s.Channels(ctx)
	if err != nil {
		return desk.ChannelReport{}, err
	}
	if at := slices.IndexFunc(all, func(c desk.ChannelReport) bool { return c.Name == name }); at >= 0 {
		return all[at], nil
	}
	return desk.ChannelReport{}, notThere("There is no channel %s, or not any more", name)
}

// A NewChannel is a channel as somebody describes it.
type NewChannel struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"` // a channel keeps the one it has
	Settings map[string]string `json:"settings"`
	Secret   string            `json:"secret,omitempty"`     // none: the one it has
	On       []notify.Event    `json:"every_sync,omitempty"` // what it hears of every sync
	New      bool              `json:"-"`                    // there must be none of the name
}

// SavedChannel is a channel that was stored. Made is the signing secret of a web
// hook that came without: it is shown this once.
type SavedChannel struct {
	desk.ChannelReport
	Made string `json:"signing_secret,omitempty"`
}

// SaveChannel makes a channel, or gives the one of its name these settings. As with
// a connection, another server does not get the secret of the one before.
func (s *Service) SaveChannel(ctx context.Context, n NewChannel) (SavedChannel, error) {
	n.Name = strings.TrimSpace(n.Name)
	old, err := s.Workspace.Store.Channel(ctx, n.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return SavedChannel{}, err
	}
	if wrong := n.wrong(old); len(wrong) > 0 {
		return SavedChannel{}, wrong
	}
	asked := desk.NewChannel{Name: n.Name, Kind: n.Type, Secret: n.Secret, On: []string{}}
	for _, e := range n.On {
		asked.On = append(asked.On, string(e))
	}
	for name := range old.Settings {
		if _, kept := n.Settings[name]; !kept && name != fileOfMachine {
			asked.Set = append(asked.Set, name+"=")
		}
	}
	for name, value := range n.Settings {
		asked.Set = append(asked.Set, name+"="+strings.TrimSpace(value))
	}
	made, err := desk.SaveChannel(ctx, s.Workspace, asked)
	if err != nil {
		return SavedChannel{}, err
	}
	c, err := s.Channel(ctx, n.Name)
	return SavedChannel{c, made}, err
}

// wrong are the mistakes of a form that can be told before anything is asked.
func (n NewChannel) wrong(old store.Channel) (wrong FieldErrors) {
	note := func(field, message string) { wrong = append(wrong, FieldError{field, desk.CodeUsage, message}) }
	switch {
	case n.Name == "" || n.Name != notify.Line(n.Name) || strings.ContainsAny(n.Name, `/\?#"`):
		note("name", "A channel needs a name on one line, without / \\ ? # and quotation marks")
	case n.New && old.ID != 0:
		note("name", "There is a channel of this name already. Choose another")
	}
	kind, err := send.KindNamed(n.Type)
	if n.Type == "" && old.ID != 0 {
		kind, err = send.KindNamed(old.Kind)
	}
	if err != nil {
		note("type", "Choose what kind of channel it is")
		return wrong
	}
	if err := mayName(strings.TrimSpace(n.Settings[fileOfMachine]), old.Settings[fileOfMachine]); err != nil {
		note(fileOfMachine, err.Error())
	}
	for _, one := range kind.Settings {
		if one.Required && strings.TrimSpace(n.Settings[one.Name]) == "" {
			note(one.Name, "This is missing: "+one.Help)
		}
	}
	if kind.Needs && kind.Name != "webhook" && n.Secret == "" && old.Secret == "" { // of a web hook one is made
		note("secret", "This is missing: "+kind.Secret)
	}
	if n.Secret == "" && old.Secret != "" && kind.Name != "webhook" && (old.Settings["host"] != n.Settings["host"] || old.Settings["port"] != n.Settings["port"]) {
		note("secret", "The server is another one. Give the secret once more: it was meant for the one before")
	}
	return wrong
}

// TestChannel sends a test message at once.
func (s *Service) TestChannel(ctx context.Context, name, to string) error {
	if _, err := s.Channel(ctx, name); err != nil {
		return err
	}
	if err := s.probes.take(s.Now()); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	return desk.TestChannel(limited, s.Workspace, name, to)
}

// DeleteChannel forgets a channel with its secret. What waits for it is not sent.
func (s *Service) DeleteChannel(ctx context.Context, name string) error {
	if err := desk.Free(ctx, s.Workspace, syncfile.KindChannel, name); err != nil {
		return err
	}
	err := s.Workspace.Store.DeleteChannel(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return notThere("There is no channel %s, or not any more", name)
	}
	return err
}

// A PostingReport is a message on its way, or one that never will be sent.
type PostingReport struct {
	ID       string             `json:"id"`
	Channel  string             `json:"channel"` // or the mail server's
	To       string             `json:"to,omitempty"`
	Title    string             `json:"title"`
	Run      int64              `json:"run,omitempty"`
	State    store.PostingState `json:"state"`
	Made     time.Time          `json:"made"`
	Attempts int                `json:"attempts"`
	Next     *time.Time         `json:"next,omitempty"` // attempt
	Sent     *time.Time         `json:"sent,omitempty"`
	Reason   string             `json:"reason,omitempty"` // why it was not sent so far, or never will be
}

// Outbox is what was sent, waits or will never be sent, the latest first.
func (s *Service) Outbox(ctx context.Context, limit int) ([]PostingReport, error) {
	found, err := s.Workspace.Store.Postings(ctx, limit)
	if err != nil {
		return nil, err
	}
	all := make([]PostingReport, len(found))
	for i, p := range found {
		var body struct{ Message notify.Message }
		_ = json.Unmarshal([]byte(p.Body), &body) // one that cannot be read has no title
		all[i] = PostingReport{ID: p.ID, Channel: p.Channel, To: p.Recipient, Title: body.Message.Title, Run: body.Message.Run, State: p.State,
			Made: p.Created, Attempts: p.Attempts, Reason: p.Reason}
		if p.Channel == "" {
			all[i].Channel = "mail server"
		}
		if p.State == store.Waiting {
			all[i].Next = &p.Next
		}
		if !p.Sent.IsZero() {
			all[i].Sent = &p.Sent
		}
	}
	return all, nil
}

// NotifyRules are who hears what of a sync.
func (s *Service) NotifyRules(ctx context.Context, sync string) ([]notify.Rule, error) {
	kept, err := desk.SavedSync(ctx, s.Workspace, sync)
	if err != nil {
		return nil, err
	}
	n, err := s.Workspace.Store.Notify(ctx, kept.ID)
	return n.Rules, err
}

// SaveNotify says who hears what of a sync, in place of who did.
func (s *Service) SaveNotify(ctx context.Context, sync string, rules []notify.Rule) error {
	if err := desk.Free(ctx, s.Workspace, syncfile.Kind, sync); err != nil {
		return err
	}
	kept, err := desk.SavedSync(ctx, s.Workspace, sync)
	if err != nil {
		return err
	}
	channels, err := s.Workspace.Store.Channels(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, r := range rules {
		if message := ruleWrong(r, channels); message != "" {
			return FieldErrors{{fmt.Sprintf("notify[%d]", i), desk.CodeUsage, message}}
		}
		if seen[r.To()] {
			return FieldErrors{{fmt.Sprintf("notify[%d]", i), desk.CodeUsage, r.To() + " stands there twice. Nothing was changed"}}
		}
		seen[r.To()] = true
	}
	return s.Workspace.Store.SaveNotify(ctx, kept.ID, rules)
}

func ruleWrong(r notify.Rule, channels []store.Channel) string {
	switch {
	case (r.Email == "") == (r.Channel == ""):
		return "A line names an e-mail address, or a channel, and not both. Nothing was changed"
	case r.Email != "":
		if err := send.CheckEmail(r.Email); err != nil {
			return err.Error() + ". Nothing was changed"
		}
	case !slices.ContainsFunc(channels, func(c store.Channel) bool { return c.Name == r.Channel }):
		return "There is no channel " + r.Channel + ". Nothing was changed"
	}
	for _, e := range r.On {
		if !slices.Contains(notify.Events(), e) {
			return string(e) + " is not an event. Nothing was changed"
		}
	}
	return ""
}
