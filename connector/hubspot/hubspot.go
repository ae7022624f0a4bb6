// Package hubspot reads and writes the contacts of a HubSpot account by its CRM
// API. It asks for many at a time, keeps to the pace that searching has, and
// never takes the search index for the truth about what exists. It knows nothing
// of matching, plans or other connectors.
package hubspot

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Settings say which account to open.
type Settings struct {
	// URL is where the API is; https://api.hubapi.com when empty.
	URL string
	// Token is that of a private app, of a service key or of OAuth. It needs the
	// scopes crm.objects.contacts.read, crm.objects.contacts.write and
	// crm.schemas.contacts.read.
	Token string
	// Version of the API: v3 when empty, or one that is named after a date, such
	// as 2026-03.
	Version string
	// Account is shared by all who use the account; one of its own when nil.
	Account *Account
}

// A Clock tells and passes the time: searches are kept to a pace.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

const (
	// batchSize is the largest batch that HubSpot takes, and the largest page
	// of a listing.
	batchSize = 100
	// atOnce is how many writes are looked at together. More of them would wait long
	// after the look.
	atOnce = 10 * batchSize
	// searchSize is the largest page of a search.
	searchSize = 200
	// overlap is how far a listing of changes reaches back before the one before
	// it: what was written then may not have been in the search index yet.
	overlap = 5 * time.Minute
	// indexLag is how long the search index is trusted to take.
	indexLag = time.Minute
	// fresh is how long what was read of a contact counts as what it was just
	// before a write.
	fresh = time.Minute
)

// Contacts are those of one account, as a remote. They are safe for use by
// several goroutines.
type Contacts struct {
	service service
	clock   Clock
	lag     time.Duration

	mu     sync.Mutex
	fields []field
	asked  time.Time // when the fields were asked for
	looked map[string]seen
	index  index
}

// seen is a contact as it was read at some time.
type seen struct {
	contact.Record
	at time.Time
}

var _ connector.Remote = (*Contacts)(nil)

// Open signs in and asks which properties the account's contacts have. What the
// service or the network answers is a *connector.Fault.
func Open(ctx context.Context, s Settings, client *http.Client, clock Clock) (*Contacts, error) {
	service, err := newService(s, client, clock)
	if err != nil {
		return nil, err
	}
	c := &Contacts{service: service, clock: clock, lag: indexLag, looked: map[string]seen{}}
	if _, err := c.Schema(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Name is the system's and the object's.
func (c *Contacts) Name() string { return "HubSpot: contacts" }

// Limits are those of the account.
func (c *Contacts) Limits() (used, most int) { return c.service.account.Limits() }

// Promises are those of the API. HubSpot takes no conditions: Conditional is kept
// by looking, see index for what that leaves open. It has no key of the caller's
// choice either that a new contact could carry in every account: a create without
// an answer is looked for (Tier B of reliability I3). By e-mail that sees a contact
// at once; Lag is for telephones, which only the search index knows.
func (c *Contacts) Promises() connector.Promises {
	return connector.Promises{
		Conditional: true, Incremental: true, TellsGone: true, LookedAfter: true,
		Finds:      []string{"email", "phone", "mobilephone"},
		WriteBatch: atOnce, FetchBatch: batchSize, Lag: c.lag, Erases: true,
	}
}
