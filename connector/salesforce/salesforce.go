// Package salesforce reads and writes the records of a Salesforce org over its
// REST and Bulk 2.0 APIs: Leads, Contacts, Accounts, Campaigns and their members,
// Events, custom objects, and Leads and Contacts together as Person. It asks the
// org what it has and lets the org decide; it knows nothing of matching, plans or
// other connectors.
package salesforce

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Person is the object that Leads and Contacts make together.
const Person = "Person"

// ExternalID is the field that Kith makes for its keys, see EnsureExternalID.
const ExternalID = "Kith_Id__c"

// Settings say which org to open, as whom, and which of its objects.
type Settings struct {
	// URL is login.salesforce.com, test.salesforce.com or the org's My Domain.
	URL string
	// Auth is how to sign in: client_credentials, jwt or refresh_token.
	Auth                   string
	ClientID, ClientSecret string
	Username, PrivateKey   string // of jwt: the user, and a key of RSA in PEM
	Audience               string // of jwt; empty: the login host that the URL belongs to
	RefreshToken           string // of refresh_token, see Exchange
	// Rotated stores a new refresh token, before anything is done with it: the old
	// one is dead from then on.
	Rotated func(ctx context.Context, refreshToken string) error
	// Session is shared by all who use the connection, so that they have one access
	// token between them. One of its own when nil.
	Session *Session
	Version string // of the API; v62.0 when empty

	// Object is an API name, or Person.
	Object string
	// ExternalID is the field for the keys of creates; Kith_Id__c when empty. Where
	// the object has no such field it does without.
	ExternalID string
	// Campaign limits the object CampaignMember to one campaign, by its id.
	Campaign string
	// AllowDuplicates passes the duplicate rules that only warn.
	AllowDuplicates bool
	// KnownAccountsOnly: a company that is no Account yet is not made one.
	KnownAccountsOnly bool
	// UntickedSaysNothing reads an unticked HasOptedOutOfEmail as blank. Otherwise it
	// is subscribed: whoever is there and has not opted out gets mail (S5).
	UntickedSaysNothing bool
	// BulkFrom is from how many writes of one kind on Bulk 2.0 is used; 2,000 when 0.
	BulkFrom int
	// Sleep passes time between looks at a bulk job: real time when nil.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Sizes of the API [REST: sObject Collections, query].
const (
	collection = 200  // most records of one collection
	together   = 2    // collections of one call: more would run into time-outs where triggers are slow
	readBatch  = 2000 // most records of one page, and of one read by id
	writeBatch = 10000
)

// An Object is one object of an org, as a remote. It is safe for use by several
// goroutines.
type Object struct {
	api      *api
	settings Settings
	tables   []*table // Lead and Contact, in this order, for a Person
	columns  []column
	now      func() time.Time
	pause    func(ctx context.Context, d time.Duration) error // between looks at a bulk job
	page     int
	notes    notes
}

var _ connector.Remote = (*Object)(nil)

// Open signs in and asks which fields the object has. Where Settings name no
// object, or one that is not there, the error is a *ChoiceError; what the org or
// the network answers is a *connector.Fault.
func Open(ctx context.Context, s Settings, client *http.Client, now func() time.Time) (*Object, error) {
	a, err := newAPI(s, client, now)
	if err != nil {
		return nil, err
	}
	if s.Object == "" {
		return nil, a.choice(ctx, "")
	}
	o := &Object{api: a, settings: s, now: now, pause: sleep, page: readBatch}
	if s.Sleep != nil {
		o.pause = s.Sleep
	}
	o.settings.ExternalID = cmp.Or(s.ExternalID, ExternalID)
	o.settings.BulkFrom = cmp.Or(s.BulkFrom, readBatch)
	names := []string{s.Object}
	if s.Object == Person {
		names = []string{"Lead", "Contact"}
	}
	for _, name := range names {
		t, err := a.describe(ctx, name, o.settings.ExternalID)
		if f := asFault(err); f != nil && f.Kind == connector.Missing {
			return nil, a.choice(ctx, name)
		}
		if err != nil {
			return nil, err
		}
		if !t.Queryable || !t.has("SystemModstamp") {
			return nil, invalid("object", "Salesforce does not list the records of "+t.Name+" by what has changed.")
		}
		o.tables = append(o.tables, t)
	}
	o.agree()
	return o, nil
}

// agree lays the columns out. People have keys of ours only where Leads and Contacts
// both have the field.
func (o *Object) agree() {
	if slices.ContainsFunc(o.tables, func(t *table) bool { return t.key == "" }) {
		for _, t := range o.tables {
			t.key = ""
		}
	}
	o.columns = o.layout()
}

// Name is the org's host and the object.
func (o *Object) Name() string { return o.api.session.host() + ": " + o.settings.Object }

func (o *Object) person() bool { return o.settings.Object == Person }

// Promises are those of the API, and what the object allows.
func (o *Object) Promises() connector.Promises {
	p := connector.Promises{
		ChosenKey: true, Conditional: true, Incremental: true, TellsGone: true, LookedAfter: true,
		Finds: o.finds(), Unset: o.unset(), Bin: "its recycle bin for 15 days", ReadOnly: true, WriteBatch: writeBatch, FetchBatch: o.page,
	}
	for _, t := range o.tables {
		p.ChosenKey = p.ChosenKey && t.key != ""
		p.TellsGone = p.TellsGone && t.has("IsDeleted")
		p.ReadOnly = p.ReadOnly && t.readOnly()
	}
	if p.ReadOnly {
		p.ChosenKey, p.Conditional, p.WriteBatch, p.Bin = false, false, 0, ""
	}
	return p
}

// Schema is what the org told when the object was opened.
func (o *Object) Schema(context.Context) (contact.Schema, error) {
	var s contact.Schema
	for _, c := range o.columns {
		s.Fields = append(s.Fields, c.Field)
		if c.role == member {
			s.Key = c.Name
		}
	}
	return s, nil
}

// Limits are the calls that the org has used of those it may make in 24 hours, as
// it last said; 0 of 0 when it has not.
func (o *Object) Limits() (used, most int) { return o.api.session.Limits() }

// sleep passes time unless the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
