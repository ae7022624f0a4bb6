package hubspot

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/kith-sync/kith/connector"
)

// Find looks for contacts by e-mail address, as their own or a further one: that
// is a reading of the contacts themselves, so that one made a moment ago is
// found. Telephones are looked up in the search index, by the number as it is
// written and by its digits without the country.
func (c *Contacts) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	values = slices.Clone(values)
	for i, v := range values {
		values[i] = strings.ToLower(strings.TrimSpace(v))
	}
	values = unique(values)
	switch field {
	case "email":
		return c.findEmails(ctx, values)
	case "phone":
		return c.findPhones(ctx, "phone", "hs_searchable_calculated_phone_number", values)
	case "mobilephone":
		return c.findPhones(ctx, "mobilephone", "hs_searchable_calculated_mobile_number", values)
	}
	return nil, &connector.Fault{Kind: connector.Invalid, Field: field, Message: "HubSpot's contacts cannot be looked up by this field."}
}

func (c *Contacts) findEmails(ctx context.Context, values []string) (items []connector.Item, err error) {
	shown := map[string]bool{}
	for part := range slices.Chunk(values, batchSize) {
		found, err := c.readEmails(ctx, part)
		if err != nil {
			return nil, err
		}
		items = append(items, c.onlyNew(found, shown)...)
	}
	return items, nil
}

// readEmails reads a batch. A value that HubSpot does not take for an address is
// nobody's; which one it is, halves tell.
func (c *Contacts) readEmails(ctx context.Context, values []string) ([]object, error) {
	found, _, err := c.read(ctx, values, "email")
	f, refused := errors.AsType[*connector.Fault](err)
	switch {
	case err == nil:
		return found, nil
	case !refused || f.Kind != connector.Invalid && f.Kind != connector.Missing:
		return nil, err
	case len(values) == 1:
		return nil, nil
	}
	first, err := c.readEmails(ctx, values[:len(values)/2])
	if err != nil {
		return nil, err
	}
	second, err := c.readEmails(ctx, values[len(values)/2:])
	return append(first, second...), err
}

// phonesAtOnce keeps a search short enough for HubSpot.
const phonesAtOnce = 25

func (c *Contacts) findPhones(ctx context.Context, written, digits string, values []string) (items []connector.Item, err error) {
	shown := map[string]bool{}
	for part := range slices.Chunk(values, phonesAtOnce) {
		var numbers []string
		for _, v := range part {
			numbers = append(numbers, local(v))
		}
		q := query{Groups: []group{{[]filter{{Name: written, Operator: "IN", Values: part}}}}, Sorts: []order{{"hs_object_id", "ASCENDING"}}}
		if numbers = unique(numbers); len(numbers) > 0 {
			q.Groups = append(q.Groups, group{[]filter{{Name: digits, Operator: "IN", Values: numbers}}})
		}
		reply, _, err := c.search(ctx, q)
		if err != nil {
			return nil, err
		}
		items = append(items, c.onlyNew(reply.Results, shown)...)
	}
	return items, nil
}

// local is a number as the index keeps it: area code and local number.
func local(number string) string {
	if n, err := phonenumbers.Parse(number, ""); err == nil { // it names its country
		return strconv.FormatUint(n.GetNationalNumber(), 10)
	}
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number), "0")
}

// onlyNew are the contacts that were not shown yet.
func (c *Contacts) onlyNew(objects []object, shown map[string]bool) (items []connector.Item) {
	for _, o := range objects {
		if !shown[o.ID] {
			shown[o.ID] = true
			items = append(items, connector.Item{Record: c.record(o)})
		}
	}
	return items
}
