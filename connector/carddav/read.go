package carddav

import (
	"context"
	"encoding/xml"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/vcard"
)

// Changes lists by sync-collection (RFC 6578), the cursor being the sync-token.
// Of a server that has none it lists everything, whatever the cursor says. A
// card that cannot be read is left out; so that nobody takes it for gone, such
// a listing has no page marked as the last.
func (b *Book) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		token, whole := since, since == "" || !b.syncs
		for {
			d, err := b.difference(ctx, token)
			if err != nil {
				yield(connector.Page{}, err)
				return
			}
			last := connector.Page{Cursor: d.token}
			for ids := range slices.Chunk(d.ids, b.batch) {
				items, unread, err := b.cards(ctx, ids)
				if err != nil {
					yield(connector.Page{}, err)
					return
				}
				whole = whole && !unread
				if len(last.Items) > 0 && !yield(connector.Page{Items: last.Items, Cursor: token}, nil) {
					return
				}
				last.Items = items
			}
			last.Complete = whole && !d.more
			if !yield(last, nil) || !d.more {
				return
			}
			if d.token == token {
				yield(connector.Page{}, &connector.Fault{Kind: connector.Invalid, Message: "The server lists a part of the book again and again."})
				return
			}
			token = d.token
		}
	}
}

// A difference is what a server listed in one answer: cards that are new, have
// changed or are gone, and how to go on.
type difference struct {
	ids   []string
	token string
	more  bool // the server did not list all of it
}

// difference asks what changed. It sets no limit on the answer: Xandikos cuts
// the list there and hands out the token of the end, so that the rest is lost.
// A server that has a limit of its own says so with 507 (RFC 6578 3.6).
func (b *Book) difference(ctx context.Context, token string) (difference, error) {
	r := request{method: "REPORT", url: b.base, depth: "0", body: xml.Header +
		`<d:sync-collection xmlns:d="DAV:"><d:sync-token>` + escaped(token) + `</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`}
	if !b.syncs {
		token, r = "", request{method: "PROPFIND", url: b.base, depth: "1", body: xml.Header +
			`<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:resourcetype/></d:prop></d:propfind>`}
	}
	var d difference
	seen := map[string]bool{}
	var err error
	_, d.token, err = b.server.each(ctx, r, func(r response) {
		id := b.id(r.Href)
		if id == "" || seen[id] || r.props().Type.Dir != nil {
			d.more = d.more || code(r.Status) == "507"
			return
		}
		seen[id] = true
		d.ids = append(d.ids, id)
	})
	return d, b.expired(ctx, token, err)
}

// expired tells a refusal of the cursor from others: not all servers name it.
// Xandikos answers 500 for a token it has lost, and none for no token.
func (b *Book) expired(ctx context.Context, token string, err error) error {
	var f *connector.Fault
	if token == "" || !errors.As(err, &f) {
		return b.gone(err)
	}
	lost := &connector.Fault{Kind: connector.Expired, Code: f.Code, Message: "The server no longer knows where we left off. Everything is read again."}
	switch f.Code {
	case "400", "409", "410", "412":
		return lost
	case "500":
		if _, err := b.difference(ctx, ""); err == nil {
			return lost
		}
	}
	return b.gone(err)
}

// gone names the book where it is what is missing.
func (b *Book) gone(err error) error {
	var f *connector.Fault
	if errors.As(err, &f) && f.Kind == connector.Missing {
		return &connector.Fault{Kind: connector.Denied, Code: f.Code, Message: "The address book is not there any more, or no longer shared with us. Choose another under Connections."}
	}
	return err
}

// Fetch asks for cards in batches.
func (b *Book) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	var out []connector.Item
	for some := range slices.Chunk(ids, b.batch) {
		items, _, err := b.cards(ctx, some)
		if err != nil {
			return nil, err
		}
		out = append(out, items...)
	}
	return out, nil
}

// cards asks for some cards in one request (addressbook-multiget). Unread says
// that one was not given, or not in a form that can be read.
func (b *Book) cards(ctx context.Context, ids []string) (items []connector.Item, unread bool, err error) {
	if len(ids) == 0 {
		return nil, false, nil
	}
	var body strings.Builder
	body.WriteString(xml.Header + `<c:addressbook-multiget xmlns:d="DAV:" xmlns:c="` + cardNS + `">` + wanted)
	left := map[string]bool{}
	for _, id := range ids {
		left[id] = true
		body.WriteString("<d:href>" + escaped(b.address(id).EscapedPath()) + "</d:href>")
	}
	body.WriteString("</c:addressbook-multiget>")
	r := request{method: "REPORT", url: b.base, depth: "0", body: body.String()}
	_, _, err = b.server.each(ctx, r, func(r response) {
		id := b.id(r.Href)
		if !left[id] {
			return
		}
		delete(left, id)
		if r.gone() {
			items = append(items, connector.Item{Record: contact.Record{ID: id}, Gone: true})
			return
		}
		item, err := b.item(r)
		switch {
		case err == nil:
			items = append(items, item)
		case !errors.Is(err, vcard.ErrGroup):
			unread = true
		}
	})
	return items, unread || len(left) > 0, b.gone(err)
}

// wanted are the properties of a card: what it says, and its version.
const wanted = `<d:prop><d:getetag/><c:address-data/></d:prop>`

// item reads the card in a response.
func (b *Book) item(r response) (connector.Item, error) {
	p := r.props()
	if p.Card == nil {
		return connector.Item{}, errors.New("no card in the answer")
	}
	rec, err := record(b.id(r.Href), strong(p.ETag), []byte(*p.Card))
	return connector.Item{Record: rec}, err
}

// record is a card as a record of the schema.
func record(id, version string, text []byte) (contact.Record, error) {
	card, err := vcard.Parse(text)
	if err != nil {
		return contact.Record{}, err
	}
	rec := contact.Record{ID: id, Version: version, Modified: card.Revised}
	for _, f := range vcard.Fields() {
		rec.Values = append(rec.Values, card.Fields[f.Name])
	}
	return rec, nil
}
