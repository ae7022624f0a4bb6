package storm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/contact"
)

// portal is a HubSpot account.
type portal struct {
	*sandbox.Sandbox
	undo    []func()
	version string
}

func newHubSpot(rng *rand.Rand, c *clock) vendor {
	return &portal{version: pick(rng, "", "2026-03"), Sandbox: sandbox.New(sandbox.Options{Now: c.Now, Lag: pick(rng, 0, 5*time.Second, 20*time.Second, 40*time.Second),
		WholeBatch: chance(rng, 25), EchoTrace: chance(rng, 50), ShortConflict: chance(rng, 25), MergeKeepsID: chance(rng, 30), MergedLeftOut: chance(rng, 30)})}
}

func (p *portal) object() string { return "contacts" }

func (p *portal) hearsNo() bool { return true }

func (p *portal) forgetsNo() bool { return false }

func (p *portal) overwrites(*http.Request) bool { return false }

func (p *portal) halves() bool { return false }

func (p *portal) fields() [][2]string {
	return [][2]string{{"email", "email"}, {"first_name", "firstname"}, {"last_name", "lastname"}, {"company", "company"}, {"note", "message"}, {"news", "hs_email_optout"}}
}

func (p *portal) open(ctx context.Context, url string, client *http.Client, c *clock) (connector.Remote, error) {
	return hubspot.Open(ctx, hubspot.Settings{URL: url, Token: sandbox.DefaultToken, Version: p.version}, client, c)
}

func (p *portal) people() map[string]map[string]string {
	all := map[string]map[string]string{}
	for id, n := 1001, p.Len(); len(all) < n; id++ { // numbers in the order they were made
		v, is := p.Contact(strconv.Itoa(id))
		if !is {
			continue
		}
		one := map[string]string{}
		for _, f := range p.fields() {
			one[f[0]] = v[f[1]]
		}
		if one["news"] = ""; v["hs_email_optout"] == "true" {
			one["news"] = contact.Unsubscribed
		}
		all[strconv.Itoa(id)] = one
	}
	return all
}

func (p *portal) add(values map[string]string) {
	v := map[string]string{}
	for _, f := range p.fields() {
		if f[0] != "news" && values[f[0]] != "" {
			v[f[1]] = values[f[0]]
		}
	}
	id, err := p.Add(v)
	if err != nil {
		panic(err) // nobody has the address
	}
	if values["news"] == contact.Unsubscribed {
		p.sayNo(id)
	}
}

func (p *portal) edit(id, field, value string) {
	for _, f := range p.fields() {
		if f[0] == field {
			if err := p.Change(id, map[string]string{f[1]: value}); err != nil {
				panic(err)
			}
		}
	}
}

func (p *portal) remove(id string) { p.Archive(id) }

func (p *portal) sayNo(id string) {
	if err := p.Set(id, "hs_email_optout", "true"); err != nil {
		panic(err)
	}
}

func (p *portal) upheaval(one, other string) (merged bool, done string) {
	if one == other {
		return false, ""
	}
	id, err := p.Merge(one, other)
	if err != nil {
		return false, ""
	}
	return true, fmt.Sprintf("%s and %s are merged into %s", one, other, id)
}

func (p *portal) storm(rng *rand.Rand) string {
	f := sandbox.Fault{Times: 1 + rng.IntN(9), RetryAfter: pick(rng, 0, time.Second, 7*time.Second, 5*time.Minute)}
	what := "busy"
	switch rng.IntN(7) {
	case 0, 1:
		f.Status, f.Policy, what = http.StatusTooManyRequests, "TEN_SECONDLY_ROLLING", "429 storm"
	case 2:
		f.Status, f.Policy, f.Times, what = http.StatusTooManyRequests, "DAILY", 1, "the day's calls are used up"
	case 3:
		f.Status, what = http.StatusLocked, "contacts are locked"
	case 4:
		f.Status, what = 477, "the account moves"
	case 5:
		f.Status, f.Category, f.Times, what = http.StatusUnauthorized, "EXPIRED_AUTHENTICATION", 1, "the token has expired"
	default:
		f.Status = pick(rng, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, 524)
	}
	p.undo = append(p.undo, p.Inject(f))
	return what
}

func (p *portal) calm() {
	for _, undo := range p.undo {
		undo()
	}
}

func (p *portal) writes() (n int) {
	for call, times := range p.Counts().ByCall {
		if strings.HasPrefix(call, "PATCH") || strings.HasPrefix(call, "DELETE") || call == "POST" ||
			strings.HasPrefix(call, "POST batch/") && call != "POST batch/read" {
			n += times
		}
	}
	return n
}

func (p *portal) breaches() []string { return p.Counts().Breaches }
