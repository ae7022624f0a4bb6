package listmonk

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// create puts somebody on the list: as a new subscriber or, where the server
// knows the address from other lists, the one it has. One that got no answer may have
// made nothing because there was somebody: then it is not held for ours.
func (l *List) create(ctx context.Context, set map[string]string) (subscriber, error) {
	c, err := l.changes(subscriber{}, set)
	if err != nil {
		return subscriber{}, err
	}
	if c.email == nil {
		return subscriber{}, invalid(email, "A subscriber needs an e-mail address.")
	}
	s, err := l.add(ctx, c)
	var f *connector.Fault
	if !errors.As(err, &f) || f.Kind != connector.Taken && f.Kind != connector.Unknown {
		return s, err
	}
	known, err := l.byEmail(ctx, "", []string{*c.email})
	switch {
	case err != nil && f.Kind != connector.Unknown:
		return subscriber{}, err
	case err != nil, len(known) == 0: // only those who may see other lists know whom
		return subscriber{}, f
	}
	taken := &connector.Fault{Kind: connector.Taken, Code: f.Code, Field: email, Message: "Another subscriber has this e-mail address.", ID: strconv.FormatInt(known[0].ID, 10)}
	switch _, on := known[0].on(l.id); {
	case on && f.Kind == connector.Unknown && !l.other(known[0], set):
		return subscriber{}, f // it looks as if it was made: that is for the caller to settle
	case on:
		return subscriber{}, taken
	}
	s, err = l.join(ctx, known[0], c)
	err = harmless(err)
	if err == nil && l.other(s, set) {
		err = taken // on the list by now, and for the caller to compare
	}
	return s, err
}

// harmless is the fault of putting somebody on the list whom the server has: where it is
// not known whether that was done, it is done again, and finds who is there. A create
// that is Unknown would be held for ours with whatever values are found.
func harmless(err error) error {
	if f, ok := errors.AsType[*connector.Fault](err); ok && f.Kind == connector.Unknown {
		return &connector.Fault{Kind: connector.Busy, Code: f.Code, Message: "The server did not say whether the person was put on the list. It is tried again.", Err: err}
	}
	return err
}

// other reports whether a subscriber has other values than were to be written, which
// are not said to have been. A consent is what the list has made of it.
func (l *List) other(s subscriber, set map[string]string) bool {
	r, _ := l.record(s)
	schema, _ := l.Schema(context.Background()) // it asks nobody
	for at, f := range schema.Fields {
		if v, wanted := set[f.Name]; wanted && f.Name != status && !strings.EqualFold(strings.TrimSpace(v), strings.TrimSpace(r.Value(at))) {
			return true
		}
	}
	return false
}

// add makes a new subscriber. Without a word that is consent nobody has said yes,
// and where the list asks for a confirmation listmonk asks for it. Who has said
// no is not asked: listmonk would, for anybody it makes on such a list.
func (l *List) add(ctx context.Context, c change) (subscriber, error) {
	body := map[string]any{"email": *c.email, "status": "enabled", "attribs": c.attribs, "lists": []int64{l.id},
		"preconfirm_subscriptions": c.consent == contact.Subscribed}
	if body["name"] = nameOf(*c.email); c.name != nil {
		body["name"] = *c.name
	}
	switch {
	case blocks(c.consent):
		body["status"] = "blocklisted"
	case c.consent == contact.Unsubscribed:
		body["lists"] = []int64{}
	}
	var s subscriber
	if err := l.server.call(ctx, request{method: http.MethodPost, path: "subscribers", body: body}, &s); err != nil {
		return subscriber{}, err
	}
	if s.UpdatedAt.After(s.CreatedAt) { // versions before 2 return whom they have instead
		return subscriber{}, &connector.Fault{Kind: connector.Taken, Field: email, Message: "Another subscriber has this e-mail address."}
	}
	if c.consent == contact.Unsubscribed {
		if err := l.enrolOut(ctx, s.ID); err != nil {
			return subscriber{}, harmless(err)
		}
		s.Lists = nil
	}
	return l.shown(ctx, s)
}

// join puts somebody on the list whom the server knows already. Nothing that is
// known of the person is overwritten, for other lists go by it, and no consent is
// made looser: the state is only for a subscription that is not there yet.
func (l *List) join(ctx context.Context, s subscriber, c change) (subscriber, error) {
	strict := c.consent == contact.Unsubscribed || s.Status == "blocklisted"
	var err error
	if blocks(c.consent) && s.Status != "blocklisted" {
		strict, err = true, l.block(ctx, s.ID)
	}
	switch {
	case err != nil:
	case strict:
		err = l.enrolOut(ctx, s.ID)
	default:
		body := lists{Query: withID([]string{strconv.FormatInt(s.ID, 10)}), Action: "add", Target: []int64{l.id}, Status: "unconfirmed"}
		if c.consent == contact.Subscribed {
			body.Status = "confirmed"
		}
		err = l.server.call(ctx, request{method: http.MethodPut, path: "subscribers/query/lists", body: body}, nil)
	}
	if err != nil {
		return subscriber{}, err
	}
	fill := change{attribs: maps.Clone(c.attribs)}
	maps.DeleteFunc(fill.attribs, func(key string, value any) bool {
		return value == nil || formOf(s.Attribs[key]) == structure || read(s.Attribs[key]) != ""
	})
	if fill.data() {
		return l.change(ctx, s, fill)
	}
	return l.shown(ctx, subscriber{ID: s.ID})
}

// enrolOut puts somebody on the list as one who has said no to it. Versions before
// 2 know no state to add with, so it is said twice.
func (l *List) enrolOut(ctx context.Context, id int64) error {
	if err := l.subscription(ctx, "add", "unsubscribed", id); err != nil {
		return err
	}
	return l.tighten(ctx, id, contact.Unsubscribed)
}
