// Package carddav reads and writes the cards of an address book on a CardDAV
// server (RFC 6352): Radicale, Xandikos, Nextcloud, Baïkal, iCloud and others.
// It changes only what it is told to: the rest of a card, known or not, keeps
// its bytes. It knows nothing of matching, plans or other connectors.
package carddav

import (
	"context"
	"net/http"
	"net/url"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/vcard"
)

// Settings say which address book to open, and as whom.
type Settings struct {
	// URL is the server's, the user's (principal) or the address book's own.
	URL string
	// User and Password sign in by HTTP Basic; Token, by Bearer instead of them.
	User, Password, Token string
	// Book chooses among several address books: a name or path that Books gave.
	// Empty where there is only one.
	Book string
}

// fetchBatch is how many cards one request asks for, so that no page has more.
const fetchBatch = 100

// A Book is an address book on a server, as a remote. It is safe for use by
// several goroutines.
type Book struct {
	name     string
	base     *url.URL // of the collection, with a slash at its end
	server   server
	syncs    bool // the server has sync-collection (RFC 6578)
	readOnly bool
	batch    int // most cards of one request
}

var _ connector.Remote = (*Book)(nil)

// Open finds the address book and asks what the server can do. Where there are
// several and Settings name none the error is a *ChoiceError; what the server
// or the network answers is a *connector.Fault.
func Open(ctx context.Context, s Settings, client *http.Client) (*Book, error) {
	server, start, err := newServer(s, client)
	if err != nil {
		return nil, err
	}
	all, err := server.books(ctx, start)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(all, s.Book)
	if err != nil {
		return nil, err
	}
	return &Book{
		name: server.label(chosen), base: chosen.url, server: server,
		syncs: chosen.syncs, readOnly: chosen.ReadOnly, batch: fetchBatch,
	}, nil
}

// Name is the server's host and the book's name.
func (b *Book) Name() string { return b.name }

// Promises are those of the protocol, and what this server told about itself.
func (b *Book) Promises() connector.Promises {
	return connector.Promises{
		ChosenKey: !b.readOnly, Conditional: !b.readOnly, Incremental: b.syncs, TellsGone: b.syncs,
		Finds: []string{"email", "phone", "name"}, ReadOnly: b.readOnly,
		WriteBatch: b.batch, FetchBatch: b.batch,
	}
}

// Schema is the standard fields that a card can carry: the protocol has no way
// to ask for others, and needs none.
func (b *Book) Schema(context.Context) (contact.Schema, error) {
	return contact.Schema{Fields: vcard.Fields()}, nil
}
