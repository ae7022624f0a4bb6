package storm

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
	"github.com/kith-sync/kith/contact"
)

// audience is one of Mailchimp's.
type audience struct {
	*sandbox.Sandbox
	list      *sandbox.Audience
	newStatus string
}

func newMailchimp(rng *rand.Rand, c *clock) vendor {
	a := &audience{newStatus: pick(rng, "", contact.Subscribed, "transactional")}
	a.Sandbox = sandbox.New(sandbox.Options{Now: c.Now, Bodiless: chance(rng, 50), Exclusive: chance(rng, 50), HidesArchived: chance(rng, 50),
		BatchTellsContactID: chance(rng, 50), BatchNeedsStatus: chance(rng, 50), Overcounts: chance(rng, 20), Touches: chance(rng, 50), NoType: chance(rng, 50), CutsText: chance(rng, 50)})
	a.list = a.AddAudience("Newsletter", sandbox.MergeField{Tag: "COMPANY", Name: "Company", Type: "text"}, sandbox.MergeField{Tag: "NOTE", Name: "Note", Type: "text"})
	return a
}

func (a *audience) object() string { return "members" }

func (a *audience) hearsNo() bool { return false }

func (a *audience) forgetsNo() bool { return false }

func (a *audience) overwrites(*http.Request) bool { return false }

func (a *audience) halves() bool { return false }

func (a *audience) fields() [][2]string {
	return [][2]string{{"email", "email_address"}, {"first_name", "FNAME"}, {"last_name", "LNAME"}, {"company", "COMPANY"}, {"note", "NOTE"}, {"news", "status"}}
}

func (a *audience) open(ctx context.Context, url string, client *http.Client, c *clock) (connector.Remote, error) {
	return mailchimp.Open(ctx, mailchimp.Settings{URL: url, Key: sandbox.Key, NewStatus: a.newStatus}, client, c.Now)
}

func (a *audience) people() map[string]map[string]string {
	all := map[string]map[string]string{}
	for n := range a.list.Len() {
		id := a.list.Member(n)
		v := a.list.Values(id)
		if v["status"] == "archived" {
			continue
		}
		all[id] = map[string]string{}
		for _, f := range a.fields() {
			all[id][f[0]] = v[f[1]]
		}
		if all[id]["news"] == "transactional" {
			all[id]["news"] = ""
		}
	}
	return all
}

func (a *audience) add(values map[string]string) {
	v := map[string]string{}
	for _, f := range a.fields() {
		if values[f[0]] != "" {
			v[f[1]] = values[f[0]]
		}
	}
	a.list.Add(v)
}

func (a *audience) edit(id, field, value string) {
	for _, f := range a.fields() {
		if f[0] == field {
			a.list.Change(id, map[string]string{f[1]: value})
		}
	}
}

func (a *audience) remove(id string) { a.list.Archive(id) }

func (a *audience) sayNo(id string) { a.list.Unsubscribe(id) }

func (a *audience) upheaval(string, string) (bool, string) { return false, "" }

func (a *audience) storm(rng *rand.Rand) string {
	several := func(what string, f sandbox.Fault, n int) string {
		for range n {
			a.Break(f)
		}
		return what
	}
	after := http.Header{"Retry-After": {strconv.Itoa(pick(rng, 1, 7, 300))}}
	switch rng.IntN(6) {
	case 0, 1:
		return several("429 storm", sandbox.Fault{Status: http.StatusTooManyRequests, Header: after, Body: `{"title":"Too Many Requests","status":429}`}, 1+rng.IntN(9))
	case 2:
		return several("403 without a body", sandbox.Fault{Status: http.StatusForbidden}, 1+rng.IntN(9))
	case 3:
		return several("time-out after commit", sandbox.Fault{Method: pick(rng, "POST", "PUT", "PATCH"), Status: http.StatusInternalServerError, Commit: true}, 1+rng.IntN(2))
	case 4:
		return several("the key is not taken", sandbox.Fault{Status: http.StatusUnauthorized}, 1)
	}
	return several("busy", sandbox.Fault{Status: http.StatusServiceUnavailable, Header: after}, 1+rng.IntN(9))
}

func (a *audience) calm() { a.Heal() }

func (a *audience) writes() (n int) {
	for call, times := range a.Counts().ByCall {
		if !strings.HasPrefix(call, "GET ") && !strings.HasSuffix(call, "/batches") {
			n += times
		}
	}
	return n
}

func (a *audience) breaches() []string { return slices.Sorted(maps.Keys(a.Counts().Breaches)) }
