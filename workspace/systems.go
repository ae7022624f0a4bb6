package workspace

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/carddav"
	"github.com/kith-sync/kith/connector/ldap"
	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/store"
)

// A System is a kind of system that Kith can connect to: what it asks for, and
// how its objects are opened.
type System struct {
	Name     string // the word after --type
	Title    string
	Settings []SystemSetting
	open     func(ctx context.Context, a account) (connector.Remote, error) // of a system that holds records
	place    func(ctx context.Context, a account) (fetch.Place, error)      // of one that holds files
	login    func(a account, callback string) (Login, error)                // in the browser; nil: there is no such thing
	page     func(settings map[string]string, object, id string) string     // of a record, for people; nil: there is none
	chosen   []string                                                       // objects whose records people choose by name
}

// Chooses reports whether people choose the records of an object by their name: the
// campaigns of a CRM, its Accounts (E17, E21).
func (s System) Chooses(object string) bool { return slices.Contains(s.chosen, object) }

// Address is where people see a record of a connection in its own system (E14); empty
// where it has no such page.
func (s System) Address(c store.Connection, object, id string) string {
	if s.page == nil || id == "" {
		return ""
	}
	return s.page(c.Settings, object, id)
}

// A SystemSetting is one thing a connection has to know.
type SystemSetting struct {
	Name     string
	Help     string
	Required bool
}

// An account is a connection, opened: its settings, its secret, the object that
// a sync names, and the way out.
type account struct {
	settings map[string]string
	secret   string
	object   string
	guard    *egress.Guard
	roots    *x509.CertPool
	now      func() time.Time
	kind     string
	folders  []string      // of this machine that may be read
	silence  time.Duration // that is borne; 0: each protocol's usual
	session  *session
	keep     func(ctx context.Context, secret string) error // in place of the one before
}

// Systems lists what Kith can connect to. A new connector is one more line.
func Systems() []System {
	return []System{salesForce(), hubSpot(), mailChimp(), listMonk(), cardDAV(), lDAP(), webServer(), ftpServer(), ftpsServer(), sftpServer(), localFolder()}
}

// SystemNamed returns the system of that name.
func SystemNamed(name string) (System, error) {
	all := Systems()
	i := slices.IndexFunc(all, func(s System) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, s := range all {
			names = append(names, s.Name)
		}
		return System{}, fmt.Errorf("there is no connector %q; there are %s", name, strings.Join(names, " and "))
	}
	return all[i], nil
}

// authority is the setting every system with TLS has.
var authority = SystemSetting{Name: "ca", Help: "file with the certificate (PEM) of an authority of your own, or of the server"}

// What every system lets its account be limited to.
var (
	CallsPerDay    = SystemSetting{Name: "calls_per_day", Help: "most calls on one day (UTC); then runs pause until the next"}
	CallsPerSecond = SystemSetting{Name: "calls_per_second", Help: "most calls a second in the long run"}
)

// The terms of a system that is written to, which bind every sync on it (settled
// question 24).
var (
	Protect = SystemSetting{Name: "protect", Help: "yes: values that its records have are never overwritten, whatever a sync says; only blanks are filled"}
	Gate    = SystemSetting{Name: "gate", Help: "who may be created there, as an expression on the book's fields, such as registration == \"succeeded\"; it binds every sync"}
)

func cardDAV() System {
	return System{Name: "carddav", Title: "CardDAV address book (Nextcloud, iCloud, Fastmail, Radicale, ...)",
		Settings: []SystemSetting{
			{"url", "address of the server, of the user or of the address book", true},
			{"user", "who signs in; without it the secret is a bearer token", false},
			Protect, Gate, authority, CallsPerDay, CallsPerSecond,
		},
		open: func(ctx context.Context, a account) (connector.Remote, error) {
			s := carddav.Settings{URL: a.settings["url"], User: a.settings["user"], Book: a.object}
			if s.User != "" {
				s.Password = a.secret
			} else {
				s.Token = a.secret
			}
			return carddav.Open(ctx, s, a.guard.Client(egress.Options{Roots: a.roots, Answer: a.silence}))
		}}
}

func lDAP() System {
	return System{Name: "ldap", Title: "LDAP directory (OpenLDAP, Active Directory), read only",
		Settings: []SystemSetting{
			{"url", "ldap://host or ldaps://host", true},
			{"base", "the people are here and below: ou=people,dc=example,dc=org", true},
			{"user", "DN that signs in; nobody when left out", false},
			{"filter", "who counts; (objectClass=person) when left out", false},
			{"key", "attribute that names a person for good; entryUUID or objectGUID when left out", false},
			{"attributes", "further attributes to pass on, with commas between", false},
			{"starttls", "yes encrypts an ldap:// connection", false},
			{"page_size", "entries in one answer; 500 when left out", false},
			authority, CallsPerDay, CallsPerSecond,
		},
		open: func(ctx context.Context, a account) (connector.Remote, error) {
			s := ldap.Settings{URL: a.settings["url"], BindDN: a.settings["user"], Password: a.secret, BaseDN: a.settings["base"], Filter: a.settings["filter"],
				Key: a.settings["key"], StartTLS: a.settings["starttls"] == "yes", RootCAs: a.roots, Silence: a.silence}
			if list := a.settings["attributes"]; list != "" {
				for name := range strings.SplitSeq(list, ",") {
					s.Attributes = append(s.Attributes, strings.TrimSpace(name))
				}
			}
			s.PageSize, _ = strconv.Atoi(a.settings["page_size"]) // 0: the usual
			return ldap.Open(ctx, s, a.guard.DialContext, a.now)
		}}
}
