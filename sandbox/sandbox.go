// Package sandbox is the list of systems that Kith can play: servers in memory
// that behave as their vendors' manuals say, with invented people, so that every
// flow can be tried without an account. It starts them and says how to connect
// to them. How each behaves is told by its own package below connector; it opens
// no port and keeps nothing.
package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	hubspot "github.com/kith-sync/kith/connector/hubspot/sandbox"
	listmonk "github.com/kith-sync/kith/connector/listmonk/sandbox"
	mailchimp "github.com/kith-sync/kith/connector/mailchimp/sandbox"
	salesforce "github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// A System is a kind of system that can be played.
type System struct {
	Name  string // the word after --type of a connection
	Title string
	Port  int // where it is usually served
	begin func(o Options) Play
}

// Options say how one is begun.
type Options struct {
	URL    string // where it is served
	People int    // so many invented ones
	Seed   bool   // and a small set in every state there is
	Now    func() time.Time
}

// A Play is a system being played.
type Play struct {
	Handler http.Handler `json:"-"`
	// Settings and Secret are what a connection to it needs.
	Settings []Setting `json:"settings"`
	Secret   string    `json:"secret"`
	Object   string    `json:"object"` // one of it to begin with
	// Hint is what it says of itself.
	Hint []string `json:"hint"`
}

// A Setting is one of a connection.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Systems lists what can be played. A new sandbox is one more line.
func Systems() []System {
	return []System{
		{"salesforce", "Salesforce", 8701, salesForce},
		{"hubspot", "HubSpot", 8702, hubSpot},
		{"mailchimp", "Mailchimp", 8703, mailChimp},
		{"listmonk", "listmonk", 8704, listMonk},
	}
}

// Names are those of the systems.
func Names() (names []string) {
	for _, s := range Systems() {
		names = append(names, s.Name)
	}
	return names
}

// Named returns the system of that name.
func Named(name string) (System, error) {
	all := Systems()
	i := slices.IndexFunc(all, func(s System) bool { return s.Name == name })
	if i < 0 {
		return System{}, fmt.Errorf("there is no sandbox %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return all[i], nil
}

// Begin starts a system anew, as the options say.
func (s System) Begin(o Options) Play { return s.begin(o) }

func salesForce(o Options) Play {
	s := salesforce.New(salesforce.Options{URL: o.URL, Now: o.Now})
	s.Fill("Contact", o.People, func(i int) map[string]string {
		return map[string]string{"FirstName": "Member", "LastName": "Example " + strconv.Itoa(i), "Email": fmt.Sprintf("member%07d@example.com", i)}
	})
	if o.Seed {
		s.Seed()
	}
	return Play{Handler: s, Hint: s.Hint(), Secret: "sandbox", Object: "Contact", Settings: []Setting{{"url", o.URL}, {"client_id", "kith"}, {"auth", "client_credentials"}}}
}

func hubSpot(o Options) Play {
	s := hubspot.New(hubspot.Options{Now: o.Now})
	if o.People > 0 {
		s.Populate(o.People, time.Second)
	}
	if o.Seed {
		s.Seed()
	}
	return Play{Handler: s, Hint: s.Hint(), Secret: hubspot.DefaultToken, Object: "contacts", Settings: []Setting{{"url", o.URL}}}
}

func mailChimp(o Options) Play {
	s := mailchimp.New(mailchimp.Options{Now: o.Now})
	if o.Seed {
		s.Seed()
	}
	if o.People > 0 {
		s.AddAudience("Many").Fill(o.People)
	}
	return Play{Handler: s, Hint: s.Hint(), Secret: mailchimp.Key, Object: "Newsletter", Settings: []Setting{{"url", o.URL}}}
}

func listMonk(o Options) Play {
	const user, token = "kith", "sandbox"
	s := listmonk.New(listmonk.Options{URL: o.URL, User: user, Token: token, Now: o.Now})
	if o.People > 0 {
		s.Populate(o.People)
	}
	if o.Seed {
		s.Seed()
	}
	return Play{Handler: s, Hint: s.Hint(), Secret: token, Object: "Newsletter", Settings: []Setting{{"url", o.URL}, {"user", user}}}
}
