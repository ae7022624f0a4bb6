package send

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/kith-sync/kith/notify"
)

// A chat's address is its secret: who knows it may write there.
func chatKind(name, title, secret string, write func(notify.Message) any) Kind {
	return Kind{
		Name: name, Title: title, Secret: secret, Needs: true,
		check: func(c Channel) error { return checkAddress(c.Secret) },
		open:  func(c Channel, o Options) Sender { return &chat{c.Secret, write, client(o)} },
	}
}

func chatKinds() []Kind {
	return []Kind{
		chatKind("slack", "Slack", "address of the incoming web hook", slackBody),
		chatKind("mattermost", "Mattermost, Rocket.Chat", "address of the incoming web hook", mattermostBody),
		chatKind("discord", "Discord", "address of the web hook", discordBody),
		chatKind("teams", "Microsoft Teams", "address of the workflow \"post to a channel when a webhook request is received\"", teamsBody),
		ntfyKind(),
		chatKind("generic", "Anything else that takes JSON with title, text and url", "address", genericBody),
	}
}

type chat struct {
	url    string
	write  func(notify.Message) any
	client *http.Client
}

func (c *chat) Send(ctx context.Context, e Envelope) error {
	body, err := json.Marshal(c.write(e.Message))
	if err != nil {
		return err
	}
	return post(ctx, c.client, c.url, map[string]string{"Content-Type": "application/json"}, body)
}

// Slack reads <!channel> as a call to everybody; escaped it is text.
func slackBody(m notify.Message) any {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	return map[string]any{"text": "*" + escape.Replace(strings.ReplaceAll(m.Title, "*", "")) + "*\n" + escape.Replace(m.Summary()), "unfurl_links": false}
}

// Mattermost calls whom "@" names; with a space of no width after it it is text.
func mattermostBody(m notify.Message) any {
	return map[string]any{"text": "**" + markdown(m.Title) + "**\n" + markdown(m.Summary()), "username": "Kith"}
}

func discordBody(m notify.Message) any {
	text := []rune("**" + markdown(m.Title) + "**\n" + markdown(m.Summary()))
	return map[string]any{"content": string(text[:min(len(text), 2000)]), // Discord takes no more
		"allowed_mentions": map[string]any{"parse": []string{}}}
}

// Teams' workflows take an adaptive card.
func teamsBody(m notify.Message) any {
	block := func(text, weight string) map[string]any {
		return map[string]any{"type": "TextBlock", "text": text, "wrap": true, "weight": weight}
	}
	card := map[string]any{"type": "AdaptiveCard", "version": "1.4", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
		"body": []any{block(markdown(m.Title), "bolder"), block(strings.ReplaceAll(markdown(m.Summary()), "\n", "\n\n"), "default")}}
	if m.Link != "" {
		card["actions"] = []any{map[string]any{"type": "Action.OpenUrl", "title": "Look closer", "url": m.Link}}
	}
	return map[string]any{"type": "message", "attachments": []any{
		map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}}}
}

func genericBody(m notify.Message) any {
	return map[string]any{"title": m.Title, "text": m.Text(), "url": m.Link, "event": m.Event}
}

// markdown keeps names from being read as mark-up or as a call to people. What is
// a link stays one.
func markdown(text string) string {
	escape := strings.NewReplacer("@", "@\u200b", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", `\<`, "~", `\~`, "|", `\|`)
	words := strings.Split(text, " ")
	for i, w := range words {
		if !strings.HasPrefix(w, "http://") && !strings.HasPrefix(w, "https://") {
			words[i] = escape.Replace(w)
		}
	}
	return strings.Join(words, " ")
}

func ntfyKind() Kind {
	return Kind{
		Name: "ntfy", Title: "ntfy (push to telephones)", Secret: "address of the topic; https://:TOKEN@ntfy.example.org/topic where it takes a token", Needs: true,
		check: func(c Channel) error { return checkAddress(c.Secret) },
		open:  func(c Channel, o Options) Sender { return &ntfy{c.Secret, client(o)} },
	}
}

type ntfy struct {
	url    string
	client *http.Client
}

// Send publishes JSON at the server's root, for a header could not hold every title.
func (n *ntfy) Send(ctx context.Context, e Envelope) error {
	u, err := url.Parse(n.url)
	if err != nil {
		return &Refusal{"the address is not a URL"}
	}
	header := map[string]string{"Content-Type": "application/json"}
	if token, ok := u.User.Password(); ok && u.User.Username() == "" {
		header["Authorization"], u.User = "Bearer "+token, nil
	}
	at := strings.LastIndexByte(strings.TrimRight(u.Path, "/"), '/') + 1
	topic := strings.Trim(u.Path[at:], "/")
	u.Path = u.Path[:at]
	message := map[string]any{"topic": topic, "title": e.Message.Title, "message": e.Message.Summary(), "priority": priority(e.Message.Event)}
	if e.Message.Link != "" {
		message["click"] = e.Message.Link
	}
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return post(ctx, n.client, u.String(), header, body)
}

func priority(e notify.Event) int {
	if e == notify.Failed || e == notify.Guard {
		return 4
	}
	return 3
}
