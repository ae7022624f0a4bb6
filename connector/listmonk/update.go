package listmonk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/kith-sync/kith/connector"
)

// update changes what Set names of somebody, and nothing else. A consent comes
// first: it must not wait for data that is refused.
func (l *List) update(ctx context.Context, s subscriber, set map[string]string) (subscriber, error) {
	c, err := l.changes(s, set)
	if err != nil {
		return subscriber{}, err
	}
	on, _ := s.on(l.id)
	now := consent(s, on)
	if c.consent != "" && c.consent != now {
		if err := refused(now, c.consent); err != nil {
			return subscriber{}, err
		}
		if err := l.tighten(ctx, s.ID, c.consent); err != nil {
			return subscriber{}, err
		}
	}
	switch {
	case c.data():
		return l.change(ctx, s, c)
	case c.consent != "" && c.consent != now:
		return l.shown(ctx, subscriber{ID: s.ID})
	}
	return s, nil
}

// tighten makes a consent stricter, from whatever it is by now.
func (l *List) tighten(ctx context.Context, id int64, state string) error {
	if blocks(state) {
		return l.block(ctx, id)
	}
	return l.subscription(ctx, "unsubscribe", "", id)
}

func (l *List) block(ctx context.Context, id int64) error {
	return l.server.call(ctx, request{method: http.MethodPut, path: fmt.Sprintf("subscribers/%d/blocklist", id)}, nil)
}

// change writes the data of a subscriber.
func (l *List) change(ctx context.Context, s subscriber, c change) (subscriber, error) {
	after, err := l.patch(ctx, s, c)
	if err != nil {
		return subscriber{}, l.why(ctx, s, c, err)
	}
	return l.shown(ctx, after)
}

// patch sends what changes, and lets the server put it into what it has. A
// server that is too old for that gets the whole subscriber.
func (l *List) patch(ctx context.Context, s subscriber, c change) (after subscriber, err error) {
	if l.noPatch.Load() {
		return l.put(ctx, s, c)
	}
	body := map[string]any{}
	if c.email != nil {
		body["email"] = *c.email
	}
	if c.name != nil {
		body["name"] = *c.name
	}
	if len(c.attribs) > 0 {
		body["attribs"] = c.attribs
	}
	err = l.server.call(ctx, request{method: http.MethodPatch, path: fmt.Sprintf("subscribers/%d", s.ID), body: body}, &after)
	var f *connector.Fault
	if errors.As(err, &f) && (f.Code == "404" || f.Code == "405") {
		l.noPatch.Store(true)
		return l.put(ctx, s, c)
	}
	return after, err
}

// put sends the whole subscriber, read right before: what is left out would be
// lost, the lists included. The status is left out, which keeps it: somebody may
// be blocked at this moment.
func (l *List) put(ctx context.Context, s subscriber, c change) (after subscriber, err error) {
	path := fmt.Sprintf("subscribers/%d", s.ID)
	var before subscriber
	if err := l.server.call(ctx, request{method: http.MethodGet, path: path}, &before); err != nil {
		return subscriber{}, err
	}
	attribs := map[string]any{}
	for key, raw := range before.Attribs {
		attribs[key] = raw
	}
	for key, value := range c.attribs {
		if attribs[key] = value; value == nil {
			delete(attribs, key)
		}
	}
	body := map[string]any{"email": before.Email, "name": before.Name, "attribs": attribs}
	if c.email != nil {
		body["email"] = *c.email
	}
	if c.name != nil {
		body["name"] = *c.name
	}
	on := []int64{}
	for _, one := range before.Lists {
		on = append(on, one.ID)
	}
	body["lists"] = on
	if err := l.server.call(ctx, request{method: http.MethodPut, path: path, body: body}, &after); err != nil {
		return subscriber{}, err
	}
	return l.keptOut(ctx, before, after)
}

// keptOut unsubscribes a person again from what a PUT has subscribed: some old
// versions take every subscription in it for a new one.
func (l *List) keptOut(ctx context.Context, before, after subscriber) (subscriber, error) {
	var again []int64
	for _, one := range before.Lists {
		if now, ok := after.on(one.ID); ok && one.Status == "unsubscribed" && now.Status != "unsubscribed" {
			again = append(again, one.ID)
		}
	}
	if len(again) == 0 {
		return after, nil
	}
	body := lists{IDs: []int64{before.ID}, Action: "unsubscribe", Target: again}
	return subscriber{ID: before.ID}, l.server.call(ctx, request{method: http.MethodPut, path: "subscribers/lists", body: body}, nil)
}

// shown is a subscriber as the server has it after a write: its answer, and where that
// does not tell of the list, what a look does. What else the look finds somebody may have
// typed since: the next listing tells it.
func (l *List) shown(ctx context.Context, s subscriber) (after subscriber, err error) {
	if _, ok := s.on(l.id); ok {
		return s, nil
	}
	people, err := l.members(ctx, []string{strconv.FormatInt(s.ID, 10)})
	if err != nil {
		return subscriber{}, &connector.Fault{Kind: connector.Unknown, Message: "It was written, but the server did not show the result.", Err: err}
	}
	after, there := people[strconv.FormatInt(s.ID, 10)]
	if there && s.Email != "" {
		s.Status, s.Lists = after.Status, after.Lists
		return s, nil
	}
	return after, nil
}

// why finds out what an update met with that the server does not tell apart: an
// address that somebody else has is an error 500, a subscriber who is gone 400.
func (l *List) why(ctx context.Context, s subscriber, c change, err error) error {
	var f *connector.Fault
	if !errors.As(err, &f) || f.Code != "500" && f.Code != "400" && f.Code != "403" && f.Code != "409" {
		return err
	}
	if c.email != nil && f.Code != "400" {
		if others, err := l.byEmail(ctx, "", []string{*c.email}); err == nil && len(others) > 0 && others[0].ID != s.ID {
			taken := &connector.Fault{Kind: connector.Taken, Code: f.Code, Field: email, Message: "Another subscriber has this e-mail address."}
			if _, on := others[0].on(l.id); on {
				taken.ID = strconv.FormatInt(others[0].ID, 10)
			}
			return taken
		}
	}
	id := strconv.FormatInt(s.ID, 10)
	if people, again := l.members(ctx, []string{id}); again == nil && people[id].ID == 0 {
		return missing()
	}
	return err
}
