package web

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
)

// Who hears what of a sync.
func notifyRoutes() []route {
	return []route{
		{pattern: "GET /syncs/{name}/notify", operation: "syncs.show", do: (*visit).notifyRules},
		{pattern: "POST /syncs/{name}/notify", operation: "notify.save", do: (*visit).saveNotify},
	}
}

// ruleView is one line of who hears what.
type ruleView struct {
	N        int
	To       []choice // channels, or an e-mail address
	Email    string
	Events   []choice
	Over     string
	Attach   bool
	IsNew    bool
	Sentence string // the same for who may only look
}

type notifyView struct {
	Sync  string
	To    string
	Rules []ruleView
	Wrong []string
	Every []string // channels that hear of every sync
	Mail  bool     // there is a mail server
}

func (v *visit) notifyRules() error {
	rules, err := v.service().NotifyRules(v.ctx(), v.wildcard("name"))
	if err != nil {
		return err
	}
	return v.showNotify(rules, nil)
}

func (v *visit) showNotify(rules []notify.Rule, wrong mistakes) error {
	name := v.wildcard("name")
	channels, err := v.service().Channels(v.ctx())
	if err != nil {
		return err
	}
	data := notifyView{Sync: name, To: "/syncs/" + url.PathEscape(name) + "/notify", Wrong: wrong.rest()}
	for _, c := range channels {
		data.Mail = data.Mail || c.Type == "smtp"
		if len(c.On) > 0 {
			data.Every = append(data.Every, c.Name)
		}
	}
	for i, r := range append(slices.Clone(rules), notify.Rule{}) {
		data.Rules = append(data.Rules, viewOfRule(i, r, channels, i == len(rules)))
	}
	p := page{Title: "Who hears of " + name, Nav: "Syncs", API: "PUT /api/v1/syncs/" + url.PathEscape(name) + "/notify", Data: data}
	if len(data.Wrong) > 0 {
		return v.askAgain("notify", p)
	}
	return v.show("notify", p)
}

func viewOfRule(n int, r notify.Rule, channels []desk.ChannelReport, isNew bool) ruleView {
	rv := ruleView{N: n, Email: r.Email, Attach: r.Attach, IsNew: isNew, Over: r.Over.String(), To: []choice{{"", "nobody", isNew}, {"e-mail", "an e-mail address", r.Email != ""}}}
	for _, c := range channels {
		if c.Type != "smtp" {
			rv.To = append(rv.To, choice{"channel " + c.Name, "the channel " + c.Name, r.Channel == c.Name})
		}
	}
	for _, e := range notify.Events() {
		rv.Events = append(rv.Events, choice{string(e), eventText(e), len(r.On) == 0 || slices.Contains(r.On, e)})
	}
	rv.Sentence = r.To() + ": everything"
	if len(r.On) > 0 {
		rv.Sentence = r.To() + ": " + joined(r.On)
	}
	return rv
}

// maxRules is how many lines a form is read for.
const maxRules = 100

func (v *visit) saveNotify() error {
	var rules []notify.Rule
	var wrong mistakes
	for i := range maxRules {
		to := v.form(fmt.Sprintf("to-%d", i))
		if to == "" {
			continue
		}
		r := notify.Rule{On: v.eventsTyped(fmt.Sprintf("on-%d", i)), Attach: v.ticked(fmt.Sprintf("attach-%d", i))}
		if to == "e-mail" {
			r.Email = v.form(fmt.Sprintf("email-%d", i))
		} else {
			r.Channel = to[min(len(to), len("channel ")):]
		}
		switch len(r.On) {
		case 0:
			wrong = mistakes{"on": "Tick what " + r.To() + " is to hear of, or choose nobody."}
		case len(notify.Events()):
			r.On = nil // all, those that come later too
		}
		if over := v.form(fmt.Sprintf("over-%d", i)); over != "" {
			amount, err := notify.ParseAmount(over)
			if err != nil {
				wrong = mistakes{"over": "How many refused records are no reason to write: " + err.Error() + "."}
			}
			r.Over = amount
		}
		rules = append(rules, r)
	}
	if len(wrong) > 0 {
		return v.showNotify(rules, wrong)
	}
	err := v.service().SaveNotify(v.ctx(), v.wildcard("name"), rules)
	if wrong, mine := mistakesOf(err); mine {
		return v.showNotify(rules, wrong)
	}
	if err != nil {
		return err
	}
	return v.goTo("/syncs/"+url.PathEscape(v.wildcard("name"))+"/notify", "Saved who hears of "+v.wildcard("name")+".")
}
