package syncfile

import (
	"encoding/json"
	"fmt"

	"github.com/kith-sync/kith/notify"
)

// Who is told about a sync (C37). What the events mean is package notify's.
func notifyKeys() []key {
	return []key{
		{name: "email", shape: email, need: oneOf, doc: "An address that the installation's mail server writes to."},
		{name: "channel", shape: filled, need: oneOf, doc: "A channel of this installation: `kith notifications list`."},
		{name: "on", shape: words, words: of(notify.Events()...), called: "an event", fallback: "all of them",
			doc: "What is told: a run failed, records were refused, the guard stopped a run, a run that was due has not begun, a quota is spent, conflicts wait for a decision, and that it is over."},
		{name: "rejects_over", shape: amount, fallback: "0", doc: "How many refused records are still no reason to write: a number, or a share such as `5%`."},
		{name: "attach_rejects", shape: yesNo, fallback: "false", doc: "Sends the refused records along, by e-mail only. They are personal data."},
	}
}

// readNotify takes who is told out of a document whose shape is checked.
func readNotify(tree map[string]any) (rules []notify.Rule, found []Error) {
	said, _ := tree["notify"].([]any)
	delete(tree, "notify")
	told := map[string]int{}
	for i, one := range said {
		at := fmt.Sprintf("notify[%d]", i)
		rule, err := ruleOf(one)
		if err != nil {
			found = append(found, Error{Key: at, Message: "this cannot be read: " + err.Error()})
			continue
		}
		if rule.Attach && rule.Email == "" {
			found = append(found, Error{Key: at + ".attach_rejects", Message: "only mails have attachments", Hint: "Leave it out, or name an email."})
		}
		if first, twice := told[rule.To()]; twice {
			found = append(found, Error{Key: at, Message: fmt.Sprintf("%s is told by notify[%d] already", rule.To(), first), Hint: "Write one line for each."})
			continue
		}
		told[rule.To()] = i
		rules = append(rules, rule)
	}
	return rules, found
}

func ruleOf(said any) (rule notify.Rule, err error) {
	m, _ := said.(map[string]any)
	written := map[string]any{}
	for name, value := range m {
		if name == "rejects_over" {
			value = fmt.Sprint(value) // a number or a text
		}
		written[name] = value
	}
	data, err := json.Marshal(written)
	if err != nil {
		panic(err) // plain values always marshal
	}
	return rule, json.Unmarshal(data, &rule)
}

func notifyTree(rules []notify.Rule) (list []any) {
	data, err := json.Marshal(rules)
	if err != nil {
		panic(err) // plain texts always marshal
	}
	decode(data, &list)
	return list
}
