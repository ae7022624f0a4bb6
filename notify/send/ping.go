package send

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

func pingKind() Kind {
	return Kind{
		Name: "ping", Title: "A watchdog that misses runs which never come (Healthchecks and its like)", Pings: true,
		Secret: "address to ping; /start and /fail are put behind it", Needs: true,
		check: func(c Channel) error { return checkAddress(c.Secret) },
		open:  func(c Channel, o Options) Sender { return &ping{c.Secret, client(o)} },
	}
}

type ping struct {
	url    string
	client *http.Client
}

// Send tells the watchdog that a run has begun or how it ended; the body is one
// line for its log.
func (p *ping) Send(ctx context.Context, e Envelope) error {
	u, err := url.Parse(p.url)
	if err != nil {
		return &Refusal{"the address is not a URL"}
	}
	if e.Ping == Start || e.Ping == Fail {
		u.Path = strings.TrimRight(u.Path, "/") + "/" + string(e.Ping)
	}
	body := e.Message.Title
	if e.Message.What != "" {
		body += ". " + e.Message.What
	}
	return post(ctx, p.client, u.String(), map[string]string{"Content-Type": "text/plain; charset=utf-8"}, []byte(body))
}
