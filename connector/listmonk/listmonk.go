// Package listmonk reads and writes the subscribers of one list on a listmonk
// server. A record is a membership: its consent is that of this list, and to
// delete it takes the person off the list, not off the server. It never makes a
// consent looser, and knows nothing of matching, plans or other connectors.
package listmonk

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/kith-sync/kith/connector"
)

// Settings say which list to open, and as whom.
type Settings struct {
	// URL is the server's address, with the path it is served under, if any.
	URL string
	// User and Token are those of an API user (Admin -> Users). Its role needs
	// lists:get_all, subscribers:get, subscribers:manage and
	// subscribers:sql_query, or the first as a role on the list.
	User, Token string
	// List chooses among several: a name, a number or a UUID that Lists gave.
	// Empty where there is only one.
	List string
	// Attributes are fields beside those that a sample of the subscribers shows:
	// attributes that few have, or nobody yet.
	Attributes []string
	PageSize   int // subscribers in one answer; 1,000 when not positive
}

// A List is one mailing list, as a remote. It is safe for use by several
// goroutines.
type List struct {
	server     server
	id         int64
	name       string
	page       int
	overlap    time.Duration // see overlap
	attributes []attribute
	noPatch    atomic.Bool // the server is too old for PATCH: since when we know
}

var _ connector.Remote = (*List)(nil)

// Open finds the list and looks at some of its subscribers for the attributes
// they have. Where there are several lists and Settings name none the error is a
// *ChoiceError; what the server or the network answers is a *connector.Fault.
func Open(ctx context.Context, s Settings, client *http.Client) (*List, error) {
	server, err := newServer(s, client)
	if err != nil {
		return nil, err
	}
	all, err := server.lists(ctx)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(all, s.List)
	if err != nil {
		return nil, err
	}
	l := &List{server: server, id: chosen.ID, name: server.base.Hostname() + ": " + chosen.Name, page: cmp.Or(max(s.PageSize, 0), 1000), overlap: overlap}
	if l.attributes, err = l.sample(ctx, s.Attributes); err != nil {
		return nil, err
	}
	return l, nil
}

// Name is the server's host and the list's name.
func (l *List) Name() string { return l.name }

// writeBatch is how many writes begin with one look at the people they are
// about.
const writeBatch = 100

// Promises are those of listmonk's API: it can tell what changed, and not who is
// gone; it knows no conditions; and an e-mail address is there only once, which
// is not a key that the caller chooses.
func (l *List) Promises() connector.Promises {
	return connector.Promises{Incremental: true, Finds: []string{email}, WriteBatch: writeBatch, FetchBatch: l.page}
}

// number reads an id. What is none names nobody.
func number(id string) (int64, bool) {
	n, err := strconv.ParseInt(id, 10, 32)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == id
}
