package workspace

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/listmonk"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/polite"
)

func mailChimp() System {
	return System{Name: "mailchimp", Title: "Mailchimp (members of an audience)",
		Settings: []SystemSetting{
			{"url", "address of the API, https://us19.api.mailchimp.com; the key names it when left out", false},
			{"new_status", "what a new member becomes whose record says nothing of consent: pending (Mailchimp asks them by mail; the usual), subscribed (you can show their consent) or transactional (neither asked nor written to)", false},
			Protect, Gate, authority, CallsPerDay, CallsPerSecond,
		},
		open: func(ctx context.Context, a account) (connector.Remote, error) {
			s := mailchimp.Settings{URL: a.settings["url"], Key: a.secret, Audience: a.object, NewStatus: a.settings["new_status"]}
			return mailchimp.Open(ctx, s, a.client(), a.now)
		}}
}

func hubSpot() System {
	return System{Name: "hubspot", Title: "HubSpot (contacts)",
		Settings: []SystemSetting{
			{"url", "address of the API; https://api.hubapi.com when left out", false},
			{"api_version", "v3 when left out, or one named after a date, such as 2026-03", false},
			Protect, Gate, authority, CallsPerDay, CallsPerSecond,
		},
		open: func(ctx context.Context, a account) (connector.Remote, error) {
			s := hubspot.Settings{URL: a.settings["url"], Token: a.secret, Version: a.settings["api_version"], Account: &a.session.hubspot}
			return hubspot.Open(ctx, s, a.client(), pace{now: a.now})
		}}
}

// pace passes real time, and tells that of the installation.
type pace struct {
	polite.Real
	now func() time.Time
}

// Now is the time of the installation.
func (p pace) Now() time.Time { return p.now() }

func listMonk() System {
	return System{Name: "listmonk", Title: "listmonk (subscribers of a list)",
		Settings: []SystemSetting{
			{"url", "address of the server", true},
			{"user", "name of the API user (Admin, Users); the secret is its token", true},
			{"attributes", "attributes that few subscribers have, with commas between", false},
			{"page_size", "subscribers in one answer; 1,000 when left out", false},
			Protect, Gate, authority, CallsPerDay, CallsPerSecond,
		},
		open: func(ctx context.Context, a account) (connector.Remote, error) {
			s := listmonk.Settings{URL: a.settings["url"], User: a.settings["user"], Token: a.secret, List: a.object}
			for name := range strings.SplitSeq(a.settings["attributes"], ",") {
				if name = strings.TrimSpace(name); name != "" {
					s.Attributes = append(s.Attributes, name)
				}
			}
			s.PageSize, _ = strconv.Atoi(a.settings["page_size"]) // 0: the usual
			return listmonk.Open(ctx, s, a.client())
		},
		page: func(settings map[string]string, _, id string) string {
			return strings.TrimRight(settings["url"], "/") + "/admin/subscribers/" + id
		}}
}
