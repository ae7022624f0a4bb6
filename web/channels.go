package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// How people are told about runs.
func channelRoutes() []route {
	return []route{
		{pattern: "GET /settings/channels", operation: "channels.list", do: (*visit).channels},
		{pattern: "GET /settings/channels/new", operation: "channels.save", do: (*visit).newChannel},
		{pattern: "POST /settings/channels/new", operation: "channels.save", do: (*visit).makeChannel},
		{pattern: "GET /settings/channels/{name}", operation: "channels.save", do: (*visit).editChannel},
		{pattern: "POST /settings/channels/{name}", operation: "channels.save", do: (*visit).saveChannel},
		{pattern: "POST /settings/channels/{name}/test", operation: "channels.test", do: (*visit).testChannel},
		{pattern: "POST /settings/channels/{name}/delete", operation: "channels.delete", do: (*visit).deleteChannel},
		{pattern: "GET /settings/outbox", operation: "outbox.list", do: (*visit).outbox},
	}
}

func channelPath(name string) string { return "/settings/channels/" + url.PathEscape(name) }

// channelLine is a channel in the list of them.
type channelLine struct {
	desk.ChannelReport
	Title, Where string
}

func (v *visit) channels() error {
	all, err := v.service().Channels(v.ctx())
	if err != nil {
		return err
	}
	var lines []channelLine
	for _, c := range all {
		line := channelLine{c, c.Type, ""}
		if kind, known := v.kindNamed(c.Type); known {
			line.Title = kind.Title
		}
		for _, name := range []string{"to", "url", "host"} {
			if line.Where == "" {
				line.Where = c.Settings[name]
			}
		}
		lines = append(lines, line)
	}
	return v.show("channels", page{Title: "Notifications", Nav: "Settings", CLI: "kith notifications list", API: "GET /api/v1/channels", Data: map[string]any{"Channels": lines}})
}

func (v *visit) kindNamed(name string) (service.ChannelKind, bool) {
	all := v.service().ChannelKinds()
	at := slices.IndexFunc(all, func(k service.ChannelKind) bool { return k.Name == name })
	if at < 0 {
		return service.ChannelKind{}, false
	}
	return all[at], true
}

// channelForm is the form of a channel, new or changed.
type channelForm struct {
	Title, To    string
	New          bool
	Kind         service.ChannelKind
	Name         ask
	Fields, More []ask // what everybody needs, and what few do
	Opened       bool  // the latter has something in it
	Secret       ask
	Events       []choice
	Wrong        []string
	Kinds        []service.ChannelKind // to choose from, before there is a form
	Made         string                // signing secret, shown this once
	Test, Delete string                // addresses, where there is something to test
	Mail         bool
}

func (v *visit) channelPage(f channelForm) page {
	return page{Title: f.Title, Nav: "Settings", CLI: "kith notifications add NAME --type TYPE --set NAME=VALUE --secret-stdin", API: "PUT /api/v1/channels/{channel}", Data: f}
}

func (v *visit) newChannel() error {
	kind, chosen := v.kindNamed(v.form("type"))
	if !chosen {
		return v.show("channel-edit", v.channelPage(channelForm{Title: "New channel", New: true, Kinds: v.service().ChannelKinds()}))
	}
	f := formOfChannel(kind, desk.ChannelReport{}, nil)
	return v.show("channel-edit", v.channelPage(f))
}

func formOfChannel(kind service.ChannelKind, c desk.ChannelReport, wrong mistakes) channelForm {
	f := channelForm{Title: "New channel", To: "/settings/channels/new?type=" + kind.Name, New: true, Kind: kind, Mail: kind.Name == "smtp",
		Name: ask{Name: "name", Label: "Name", Hint: "what it is called here, such as on-call", Value: c.Name, Type: "text", Required: true, Error: wrong["name"]}}
	f.Fields, f.More, f.Opened = few(asks(kind.Settings, c.Settings, wrong), "set.user", "set.to", "set.security")
	f.Secret = ask{Name: "secret", Label: "Secret", Hint: kind.Secret, Type: "password", Error: wrong["secret"], Auto: "new-password"}
	if kind.Name == "webhook" {
		f.Secret.Hint = "signing secret whsec_...; leave it blank and one is made"
	}
	if kind.Secret == "" {
		f.Secret = ask{}
	}
	for _, e := range notify.Events() {
		f.Events = append(f.Events, choice{string(e), eventText(e), slices.Contains(c.On, e)})
	}
	if kind.Pings {
		f.Events = []choice{{string(notify.Failed), "every run of every sync", len(c.On) > 0}}
	}
	f.Wrong = wrong.rest(drawn(kind.Settings)...)
	return f
}

// formOfKept is the form of a channel that is there already.
func formOfKept(kind service.ChannelKind, kept, shown desk.ChannelReport, wrong mistakes) channelForm {
	f := formOfChannel(kind, shown, wrong)
	f.Title, f.To, f.New = "Edit "+kept.Name, channelPath(kept.Name), false
	f.Test, f.Delete = channelPath(kept.Name)+"/test", channelPath(kept.Name)+"/delete"
	if kept.Secret && f.Secret.Name != "" {
		f.Secret.Hint = "set; leave blank to keep it"
	}
	return f
}

func eventText(e notify.Event) string {
	switch e {
	case notify.Failed:
		return "a run failed"
	case notify.Rejects:
		return "records were refused"
	case notify.Guard:
		return "the guard stopped a run"
	case notify.Late:
		return "a run is late"
	case notify.Paused:
		return "a run is paused for quota"
	case notify.Conflicts:
		return "conflicts wait"
	case notify.Recovered:
		return "a problem is over"
	}
	return string(e)
}

func (v *visit) eventsTyped(name string) (events []notify.Event) {
	_ = v.form(name) // parses the form
	for _, word := range v.r.Form[name] {
		events = append(events, notify.Event(word))
	}
	return events
}

func (v *visit) makeChannel() error {
	kind, chosen := v.kindNamed(v.form("type"))
	if !chosen {
		return v.goTo("/settings/channels/new", "")
	}
	n := service.NewChannel{Name: v.form("name"), Type: kind.Name, Settings: v.settingsTyped(kind.Settings), Secret: v.secretTyped(), On: v.eventsTyped("on"), New: true}
	saved, err := v.service().SaveChannel(v.ctx(), n)
	if wrong, mine := mistakesOf(err); mine {
		return v.askAgain("channel-edit", v.channelPage(formOfChannel(kind, desk.ChannelReport{Name: n.Name, Settings: n.Settings, On: n.On}, wrong)))
	}
	if err != nil {
		return err
	}
	v.r.SetPathValue("name", saved.Name) // for the audit log
	return v.savedChannel(kind, saved)
}

// savedChannel goes on to the channel. A signing secret that was made is shown
// instead, once: it stands in no address and in no cookie.
func (v *visit) savedChannel(kind service.ChannelKind, saved service.SavedChannel) error {
	if saved.Made == "" {
		return v.goTo(channelPath(saved.Name), "Saved the channel "+saved.Name+". Send a test now.")
	}
	f := formOfKept(kind, saved.ChannelReport, saved.ChannelReport, nil)
	f.Made = saved.Made
	return v.show("channel-edit", v.channelPage(f))
}

func (v *visit) editChannel() error {
	c, err := v.service().Channel(v.ctx(), v.wildcard("name"))
	if err != nil {
		return err
	}
	kind, _ := v.kindNamed(c.Type)
	return v.show("channel-edit", v.channelPage(formOfKept(kind, c, c, nil)))
}

func (v *visit) saveChannel() error {
	c, err := v.service().Channel(v.ctx(), v.wildcard("name"))
	if err != nil {
		return err
	}
	kind, _ := v.kindNamed(c.Type)
	n := service.NewChannel{Name: c.Name, Type: c.Type, Settings: v.settingsTyped(kind.Settings), Secret: v.secretTyped(), On: v.eventsTyped("on")}
	saved, err := v.service().SaveChannel(v.ctx(), n)
	if wrong, mine := mistakesOf(err); mine {
		return v.askAgain("channel-edit", v.channelPage(formOfKept(kind, c, desk.ChannelReport{Name: c.Name, Settings: n.Settings, On: n.On}, wrong)))
	}
	if err != nil {
		return err
	}
	return v.savedChannel(kind, saved)
}

func (v *visit) testChannel() error {
	name := v.wildcard("name")
	if err := v.service().TestChannel(v.ctx(), name, v.form("to")); err != nil {
		return err
	}
	return v.goTo(channelPath(name), "Sent a test message by "+name+". See whether it arrived.")
}

func (v *visit) deleteChannel() error {
	name := v.wildcard("name")
	if err := v.service().DeleteChannel(v.ctx(), name); err != nil {
		return err
	}
	return v.goTo("/settings/channels", "Forgot the channel "+name+". What waited for it is not sent.")
}

const messagesShown = 200

func (v *visit) outbox() error {
	all, err := v.service().Outbox(v.ctx(), messagesShown)
	if err != nil {
		return err
	}
	return v.show("outbox", page{Title: "Outbox", Nav: "Settings", CLI: "kith notifications list", API: "GET /api/v1/outbox",
		Data: map[string]any{"Messages": all, "Dead": store.Dead, "Waiting": store.Waiting}})
}

// joined writes words with commas between them.
func joined[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
