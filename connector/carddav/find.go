package carddav

import (
	"context"
	"encoding/xml"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/vcard"
)

// findLimit is how many cards with the same value are looked at.
const findLimit = 100

// searched is the property that a field is looked for in, if Find takes it.
func searched(field string) string {
	return map[string]string{"email": "EMAIL", "phone": "TEL", "name": "FN"}[field]
}

// Find looks for cards that have a value, whatever its case, in any e-mail or
// telephone property, or as their name. Telephones are compared as they are
// written. A server that cannot search is read as a whole.
func (b *Book) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	if searched(field) == "" {
		return nil, &connector.Fault{Kind: connector.Invalid, Field: field, Message: "Cards cannot be looked up by this field."}
	}
	wanted := map[string]int{}
	for _, v := range values {
		if v = fold(v); v != "" {
			wanted[v] = 0
		}
	}
	var out []connector.Item
	seen := map[string]bool{}
	take := func(item connector.Item) {
		for _, v := range fields(item, field) {
			if n, asked := wanted[v]; asked && !seen[item.ID] && n < findLimit {
				wanted[v]++
				seen[item.ID] = true
				out = append(out, item)
			}
		}
	}
	for _, v := range slices.Sorted(maps.Keys(wanted)) {
		err := b.query(ctx, searched(field), v, take)
		if cannotSearch(err) {
			return out, b.readThrough(ctx, take)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// fields are the values of an item that count for a search by a field.
func fields(item connector.Item, field string) (values []string) {
	for i, f := range vcard.Fields() {
		base, _, _ := strings.Cut(f.Name, ".")
		if base == "mobile" || base == "fax" || base == "assistant_phone" {
			base = "phone"
		}
		if v := fold(item.Value(i)); base == field && v != "" {
			values = append(values, v)
		}
	}
	return values
}

// query asks the server for the cards that have a value. The collation is the
// default one (RFC 6352 8.3), which ignores case.
func (b *Book) query(ctx context.Context, property, value string, take func(connector.Item)) error {
	body := xml.Header + `<c:addressbook-query xmlns:d="DAV:" xmlns:c="` + cardNS + `">` + wanted +
		`<c:filter test="anyof"><c:prop-filter name="` + property + `"><c:text-match match-type="equals">` + escaped(value) +
		`</c:text-match></c:prop-filter></c:filter></c:addressbook-query>`
	_, _, err := b.server.each(ctx, request{method: "REPORT", url: b.base, depth: "1", body: body}, func(r response) {
		if item, err := b.item(r); err == nil && item.ID != "" {
			take(item)
		}
	})
	return b.gone(err)
}

// cannotSearch reports whether a server has no search, or one that breaks:
// Xandikos 0.2 answers every search for a text with 500.
func cannotSearch(err error) bool {
	var f *connector.Fault
	if !errors.As(err, &f) {
		return false
	}
	return f.Kind == connector.Invalid && f.Err == nil || f.Code == "500"
}

// readThrough looks at every card of the book, a page at a time.
func (b *Book) readThrough(ctx context.Context, take func(connector.Item)) error {
	for page, err := range b.Changes(ctx, "") {
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if !item.Gone {
				take(item)
			}
		}
	}
	return nil
}
