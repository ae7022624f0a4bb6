// Package mailchimp reads and writes the members of an audience of Mailchimp
// (Marketing API 3.0). It never subscribes anybody who is not subscribed: a
// member's consent moves only towards the stricter. It knows nothing of matching,
// plans or other connectors.
package mailchimp

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Settings say which audience to open, and by which key.
type Settings struct {
	// URL is the API's address, without /3.0. The key tells it when left out.
	URL string
	// Key is an API key, whose end names the data center: ...-us19; or the access
	// token of OAuth, whose data center is asked for.
	Key string
	// Audience chooses among several: a name or an id. Empty where there is one.
	Audience string
	// NewStatus is what a new member becomes whose record says nothing of consent:
	//
	//	pending        Mailchimp asks them by mail; who does not confirm gets none
	//	subscribed     they have consented, and whoever sets this can show it
	//	transactional  they are there, not asked and not written to
	//
	// Left out it is pending: a missing value is not consent (requirements 3.14),
	// and to ask is the only way to one. It never binds a record that has a state.
	NewStatus string
	// Login is where OAuth tokens are looked up, the vendor's when left out.
	Login string
}

// The limits of the vendor: members on a page and in one batch add.
const (
	pageSize  = 1000
	batchSize = 500
)

// asked is how long Mailchimp may work on a call that we no longer wait for.
const asked = 2 * time.Minute

// An Audience is a list of members, as a remote. It is safe for use by several
// goroutines.
//
// A record's id is the member's contact_id, which stays when the address
// changes; the usual id, a hash of the address, does not, and a person who
// corrects their address would become another. Where an answer has no
// contact_id (a batch add), the member is asked for it.
//
// The address is unique in an audience, but it is no key of the caller's choice:
// two creates of one address under different keys can never make two records. So
// ChosenKey is not promised (Tier B): a second create finds the address Taken,
// and one that was not answered is looked for by the address, at once and surely.
type Audience struct {
	id, name  string
	server    *server
	now       func() time.Time
	newStatus string
	page, add int // most members of a page, of a batch add
	lag       time.Duration
	columns   atomic.Pointer[[]column]
	archive   archive

	looking sync.Mutex // one look at a time
	mu      sync.Mutex
	known   known
}

var _ connector.Remote = (*Audience)(nil)

// Open finds the audience and asks which fields it has. Where there are several
// and Settings name none the error is a *ChoiceError; what Mailchimp or the
// network answers is a *connector.Fault.
func Open(ctx context.Context, s Settings, client *http.Client, now func() time.Time) (*Audience, error) {
	if s.NewStatus == "" {
		s.NewStatus = contact.Pending
	}
	if !slices.Contains([]string{contact.Pending, contact.Subscribed, transactional}, s.NewStatus) {
		return nil, &connector.Fault{Kind: connector.Invalid, Field: "new_status", Message: "New members become pending, subscribed or transactional."}
	}
	server, err := newServer(ctx, s, client)
	if err != nil {
		return nil, err
	}
	all, err := server.audiences(ctx)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(all, s.Audience)
	if err != nil {
		return nil, err
	}
	a := &Audience{id: chosen.ID, name: "Mailchimp: " + chosen.Name, server: server, now: now, newStatus: s.NewStatus, page: pageSize, add: batchSize, lag: asked}
	if _, err := a.Schema(ctx); err != nil {
		return nil, err
	}
	a.archive, err = a.askArchive(ctx)
	return a, err
}

// Name is the audience's.
func (a *Audience) Name() string { return a.name }

// Promises are those of Mailchimp. Conditional is kept by looking: see known.
func (a *Audience) Promises() connector.Promises {
	return connector.Promises{
		Conditional: true, Incremental: true, TellsGone: true, Finds: []string{emailField},
		WriteBatch: a.page, FetchBatch: a.page, Lag: a.lag, Erases: true,
	}
}

// A Choice is an audience that can be opened.
type Choice struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// A ChoiceError says that the account has several audiences, or none, and none
// was chosen.
type ChoiceError struct {
	Wanted    string
	Audiences []Choice
}

// Options are the audiences.
func (e *ChoiceError) Options() (all []connector.Choice) {
	for _, a := range e.Audiences {
		all = append(all, connector.Choice{ID: a.ID, Name: a.Name})
	}
	return all
}

func (e *ChoiceError) Error() string {
	var names []string
	for _, c := range e.Audiences {
		names = append(names, `"`+c.Name+`" (`+c.ID+")")
	}
	list := strings.Join(names, ", ")
	switch {
	case len(e.Audiences) == 0:
		return "This account has no audience. Create one in Mailchimp."
	case e.Wanted != "":
		return "There is no single audience called \"" + e.Wanted + "\". Choose one of " + list + "."
	}
	return "There are several audiences. Choose one of " + list + "."
}

// Audiences lists those that can be opened.
func Audiences(ctx context.Context, s Settings, client *http.Client) ([]Choice, error) {
	server, err := newServer(ctx, s, client)
	if err != nil {
		return nil, err
	}
	return server.audiences(ctx)
}

func choose(all []Choice, wanted string) (Choice, error) {
	var left []Choice
	for _, c := range all {
		if wanted == "" || c.ID == wanted || strings.EqualFold(c.Name, wanted) {
			left = append(left, c)
		}
	}
	if len(left) != 1 {
		return Choice{}, &ChoiceError{Wanted: wanted, Audiences: all}
	}
	return left[0], nil
}
