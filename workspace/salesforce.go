package workspace

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/egress"
)

func salesForce() System {
	return System{Name: "salesforce", Title: "Salesforce (Leads, Contacts, Accounts, Campaigns, custom objects)",
		Settings: []SystemSetting{
			{"url", "the org's My Domain (https://acme.my.salesforce.com), https://login.salesforce.com or https://test.salesforce.com", true},
			{"client_id", "consumer key of the External Client App in Salesforce", true},
			{"auth", "how to sign in: web (in the browser, the usual), client_credentials (secret: the client secret) or jwt (secret: the private key)", false},
			{"username", "with jwt: the user to act as", false},
			{"external_id", "field that keeps Kith's keys, so that no create is ever doubled; Kith_Id__c when left out", false},
			{"duplicates", "allow lets records pass that a duplicate rule only warns of", false},
			{"new_accounts", "no: a company that is no Account yet is not made one", false},
			{"api_version", "v62.0 when left out", false},
			{"bulk_from", "from how many writes of one kind on the Bulk API is used; 2000 when left out", false},
			{"opt_in", "subscribed: that somebody has not opted out of e-mail counts as their consent; otherwise it says nothing of it", false},
			Protect, Gate, authority, CallsPerDay, CallsPerSecond,
		},
		open: func(ctx context.Context, a account) (connector.Remote, error) {
			s, err := a.salesforce()
			if err != nil {
				return nil, err
			}
			return salesforce.Open(ctx, s, a.client(), a.now)
		},
		login: func(a account, callback string) (Login, error) {
			if auth := a.settings["auth"]; auth != "" && auth != "web" {
				return nil, errors.New("the connection signs in by " + auth + ". Set its way to sign in to web first, and give the client secret anew")
			}
			kept, err := a.webSecret()
			return &salesforceLogin{a, kept, salesforce.WebLogin{URL: a.settings["url"], ClientID: a.settings["client_id"], ClientSecret: kept.ClientSecret, Callback: callback}}, err
		},
		page: func(settings map[string]string, _, id string) string {
			base := strings.TrimRight(settings["url"], "/")
			if !strings.Contains(base, "://") {
				base = "https://" + base
			}
			return base + "/" + id
		},
		chosen: []string{"Campaign", "Account"}}
}

func (a account) client() *http.Client {
	return a.guard.Client(egress.Options{Roots: a.roots, Answer: cmp.Or(a.silence, 3*time.Minute)}) // triggers of 400 records take their time
}

// salesforce are the settings of a connection, as the connector takes them.
func (a account) salesforce() (salesforce.Settings, error) {
	s := salesforce.Settings{URL: a.settings["url"], ClientID: a.settings["client_id"], Username: a.settings["username"], Version: a.settings["api_version"],
		Object: a.object, ExternalID: a.settings["external_id"], AllowDuplicates: a.settings["duplicates"] == "allow", KnownAccountsOnly: a.settings["new_accounts"] == "no",
		Session: &a.session.salesforce, Auth: a.settings["auth"]}
	s.BulkFrom, _ = strconv.Atoi(a.settings["bulk_from"])        // 0: the usual
	s.UntickedSaysNothing = a.settings["opt_in"] != "subscribed" // a missing value is not consent (requirements 3.14)
	switch s.Auth {
	case "client_credentials":
		s.ClientSecret = GivenSecret(a.secret)
	case "jwt":
		s.PrivateKey = a.secret
	default:
		kept, err := a.webSecret()
		if err != nil {
			return s, err
		}
		if kept.RefreshToken == "" {
			return s, &connector.Fault{Kind: connector.Denied, Message: "Nobody has signed in yet. Open the connection in the browser and choose Sign in with Salesforce, or set auth=client_credentials"}
		}
		s.Auth, s.ClientSecret, s.RefreshToken = "refresh_token", kept.ClientSecret, kept.RefreshToken
		s.Rotated = func(ctx context.Context, token string) error {
			kept.RefreshToken = token
			return a.keep(ctx, kept.String())
		}
	}
	return s, nil
}

// A webSecret is what a connection keeps whose account somebody lets us into in the
// browser. Before that it is the client secret alone.
type webSecret struct {
	ClientSecret string `json:"client_secret,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

func (s webSecret) String() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // two strings always marshal
	}
	return string(b)
}

func (a account) webSecret() (s webSecret, err error) {
	if strings.Contains(a.secret, "PRIVATE KEY") {
		return s, errors.New("the stored secret is a private key, which is sent to nobody. Give the client secret, or set auth to jwt")
	}
	if !strings.HasPrefix(a.secret, "{") {
		return webSecret{ClientSecret: a.secret}, nil
	}
	if json.Unmarshal([]byte(a.secret), &s) != nil {
		return s, errors.New("the stored secret is damaged. Give it once more")
	}
	return s, nil
}

type salesforceLogin struct {
	account
	kept webSecret
	salesforce.WebLogin
}

func (l *salesforceLogin) Finish(ctx context.Context, code, verifier string) (secret string, err error) {
	connected, err := l.Exchange(ctx, l.client(), code, verifier)
	if err != nil {
		return "", err
	}
	l.kept.RefreshToken = connected.RefreshToken
	return l.kept.String(), nil
}

// GivenSecret is the part of a connection's secret that a person has given; the rest
// came of a sign-in in the browser.
func GivenSecret(secret string) string {
	kept, err := account{secret: secret}.webSecret()
	if err != nil || !strings.HasPrefix(secret, "{") {
		return secret
	}
	return kept.ClientSecret
}
