package ldap

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Changes lists everybody, or who changed since the cursor: the time of the
// server's own latest change. Whoever left the filter or the base meanwhile is
// only missed by a listing of everybody.
func (d *Directory) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		if err := d.list(ctx, since, yield); err != nil {
			yield(connector.Page{}, err)
		}
	}
}

func (d *Directory) list(ctx context.Context, since string, yield func(connector.Page, error) bool) error {
	filter, err := d.since(since)
	if err != nil {
		return err
	}
	s, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	cursor, err := s.latest(filter, since)
	if err != nil {
		return err
	}
	distinct := d.distinct()
	for sheet, err := range s.pages(filter, d.wanted()) {
		if err == nil {
			err = distinct(sheet.entries)
		}
		if err != nil {
			return err
		}
		page := connector.Page{Items: d.items(sheet.entries), Cursor: since}
		if sheet.last {
			page.Cursor, page.Complete = cursor, since == ""
		}
		if !yield(page, nil) {
			return nil
		}
	}
	return nil
}

// settles is how long a server may take from stamping a change to showing it.
const settles = 2 * time.Second

// since adds to the filter what changed at a cursor or later. A cursor that is
// no time is not one of ours.
func (d *Directory) since(cursor string) (string, error) {
	if cursor == "" {
		return d.settings.Filter, nil
	}
	t, err := parseTime(cursor)
	if err != nil {
		return "", &connector.Fault{Kind: connector.Expired, Message: "This place in the directory is not known. It is read from the beginning.", Err: err}
	}
	return "(&" + d.settings.Filter + "(" + d.changed + ">=" + writeTime(t.Add(-settles-d.settings.Lag)) + "))", nil
}

// latest is the cursor of a listing that is about to begin: the time of the
// latest change that can be seen, by the server's clock; since when there is none.
//
// It is taken in a pass of its own, before the first page, of one attribute. The
// latest change seen while listing would skip people: Ann is on page 1; she is
// changed at 10:01; Bob is changed at 10:02, and is on page 9 so. A cursor of
// 10:02 never shows Ann's change. But a change that a listing does not show was
// made after the listing began, so the server's clock had passed every time that
// was there to be seen before, and the change has this time or a later one. The
// same second counts, because a cursor is inclusive. Two kinds of change come with
// an earlier time than their turn: one that was stamped a moment before it could
// be seen (settles), and one from another server (Settings.Lag).
func (s *session) latest(filter, since string) (string, error) {
	latest := since
	highest, _ := parseTime(since)
	for sheet, err := range s.pages(filter, []string{s.changed}) {
		if err != nil {
			return "", err
		}
		for _, e := range sheet.entries {
			written := e.GetEqualFoldAttributeValue(s.changed)
			if t, err := parseTime(written); err == nil && t.After(highest) {
				latest, highest = written, t
			}
		}
	}
	return latest, nil
}

// distinct returns a check that no two entries of a listing have the same id,
// for keys that the server does not keep unique: one person would take the
// place of the other.
func (d *Directory) distinct() func([]*ldapv3.Entry) error {
	owner := map[string]string{}
	return func(entries []*ldapv3.Entry) error {
		if d.settings.Key == "" {
			return nil
		}
		for _, e := range entries {
			id := d.key.of(e)
			if dn, taken := owner[id]; taken && dn != e.DN {
				fault := invalid("Two entries have the same %s, so it cannot tell people apart. Choose another key.", d.key.attribute)
				fault.Field = d.key.attribute
				return fault
			}
			owner[id] = e.DN
		}
		return nil
	}
}

// Fetch returns the people with these ids. Whoever is not below the base any
// more, or not in the filter, is gone.
func (d *Directory) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	s, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var names, keys []string
	for _, id := range ids {
		if d.within(id) {
			names = append(names, id)
		} else {
			keys = append(keys, id)
		}
	}
	items, err := s.byKeys(keys)
	if err != nil {
		return nil, err
	}
	named, err := s.byNames(names)
	return withGone(ids, append(items, named...)), err
}

// within reports whether an id is a DN at or below the base.
func (d *Directory) within(id string) bool {
	dn, err := ldapv3.ParseDN(id)
	return err == nil && (d.base.EqualFold(dn) || d.base.AncestorOfFold(dn))
}

// atOnce is how many ids one search asks for: its filter stays below 10 KB.
const atOnce = 100

func (s *session) byKeys(ids []string) ([]connector.Item, error) {
	var items []connector.Item
	for some := range slices.Chunk(ids, atOnce) {
		var any strings.Builder
		for _, id := range some {
			any.WriteString(s.key.filter(id))
		}
		filter := "(&" + s.settings.Filter + "(|" + any.String() + "))"
		for sheet, err := range s.pages(filter, s.wanted()) {
			if err != nil {
				return nil, err
			}
			items = append(items, s.items(sheet.entries)...)
		}
	}
	return items, nil
}

func (s *session) byNames(dns []string) ([]connector.Item, error) {
	var items []connector.Item
	for _, dn := range dns {
		result, err := s.search(&ldapv3.SearchRequest{BaseDN: dn, Filter: s.settings.Filter, Attributes: s.wanted()})
		var fault *connector.Fault
		if errors.As(err, &fault) && (fault.Code == noSuchObject || fault.Code == invalidName) {
			continue
		}
		if err != nil {
			return nil, err
		}
		items = append(items, s.items(result.Entries)...)
	}
	return items, nil
}

// withGone adds an item for each id that was not found.
func withGone(ids []string, items []connector.Item) []connector.Item {
	found := map[string]bool{}
	for _, it := range items {
		found[it.ID] = true
	}
	for _, id := range ids {
		if !found[id] {
			found[id] = true
			items = append(items, connector.Item{Record: contact.Record{ID: id}, Gone: true})
		}
	}
	return items
}

// Find looks people up by an e-mail address, whichever of theirs it is, or by
// login. Blank values find nobody.
func (d *Directory) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	if !slices.Contains(d.Promises().Finds, field) {
		fault := invalid("A directory cannot be searched by %s.", field)
		fault.Field = field
		return nil, fault
	}
	s, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var items []connector.Item
	seen := map[string]bool{}
	for _, value := range values {
		found, err := s.find(field, value)
		if err != nil {
			return nil, err
		}
		for _, it := range found {
			if !seen[it.ID] {
				seen[it.ID] = true
				items = append(items, it)
			}
		}
	}
	return items, nil
}

// find returns at most a page.
func (s *session) find(field, value string) ([]connector.Item, error) {
	if contact.Blank(value) {
		return nil, nil
	}
	var any strings.Builder
	for _, attribute := range s.attributesOf(field) {
		any.WriteString("(" + attribute + "=" + ldapv3.EscapeFilter(value) + ")")
	}
	for sheet, err := range s.pages("(&"+s.settings.Filter+"(|"+any.String()+"))", s.wanted()) {
		return s.items(sheet.entries), err
	}
	return nil, nil
}

func (d *Directory) attributesOf(field string) []string {
	for _, c := range d.columns {
		if c.fields[0].Name == field {
			return c.attributes
		}
	}
	return nil
}
