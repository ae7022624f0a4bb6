package mailchimp

import (
	"context"
	"slices"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// create adds new members, in batches.
func (w *writing) create(ctx context.Context, creates []int) {
	taken := map[string]bool{}
	var ready []update
	changes := map[int]change{}
	for _, i := range creates {
		c, err := w.read(w.writes[i].Set)
		email, _ := c.body[emailField].(string)
		if err == nil && email == "" {
			err = &connector.Fault{Kind: connector.Invalid, Field: emailField, Message: "A member needs an address."}
		}
		hash := hashOf(email)
		if err == nil && taken[hash] {
			err = &connector.Fault{Kind: connector.Taken, Field: emailField, Message: "Another new member has this address."}
		}
		status := ""
		if err == nil {
			status, err = w.statusOfNew(c.status)
		}
		if err != nil {
			w.done(i, contact.Record{}, err)
			continue
		}
		body := w.send(c, func(string) string { return "" })
		body[statusField] = status
		taken[hash], changes[i] = true, c
		ready = append(ready, update{i, hash, body})
	}
	for some := range slices.Chunk(ready, w.add) {
		w.createSome(ctx, some, changes)
	}
}

func (w *writing) createSome(ctx context.Context, some []update, changes map[int]change) {
	bodies := make([]map[string]any, len(some))
	for n, u := range some {
		if bodies[n] = u.body; w.stopped(u.at) {
			continue
		}
	}
	if w.stop != nil {
		return
	}
	byHash, _, wrong, err := w.post(ctx, bodies, false)
	if err == nil {
		err = w.identify(ctx, byHash)
	}
	for _, u := range some {
		m, c := byHash[u.hash], changes[u.at]
		e, refused := wrong[u.hash]
		switch {
		case refused && err == nil:
			r, err := w.occupied(ctx, u, c, e)
			w.done(u.at, r, err)
		case refused:
			w.done(u.at, contact.Record{}, e.fault())
		case err != nil:
			w.done(u.at, contact.Record{}, err)
		case m == nil:
			w.done(u.at, contact.Record{}, &connector.Fault{Kind: connector.Unknown, Message: "Mailchimp did not say whether it was done."})
		case c.tags == nil || len(splitTags(*c.tags)) == 0:
			w.done(u.at, w.record(m), nil)
		default:
			r, err := w.tagged(ctx, m, c.tags)
			w.done(u.at, r, err)
		}
	}
}

// identify finds the contact ids of members who were just added: the answer to a
// batch add has none. They are the last who changed, so one listing has them. Whatever
// else it has of them somebody may have typed since: the next listing tells it.
func (a *Audience) identify(ctx context.Context, byHash map[string]*member) error {
	var from time.Time
	left := 0
	for _, m := range byHash {
		if m.ContactID == "" {
			left++
			if t := m.changed(); from.IsZero() || t.Before(from) {
				from = t
			}
		}
	}
	if left > 1 && !from.IsZero() {
		err := a.walk(ctx, from, "", func(s sheet) bool {
			for i := range s.members {
				if m := byHash[s.members[i].Hash]; m != nil && m.ContactID == "" {
					m.ContactID = s.members[i].ContactID
					left--
				}
			}
			return left > 0
		})
		if err != nil {
			return afterwards(err)
		}
	}
	for hash, m := range byHash {
		if m.ContactID != "" {
			continue
		}
		now, err := a.member(ctx, hash)
		if err != nil {
			return afterwards(err)
		}
		if now != nil { // it may be gone already: then its hash is all there is
			m.ContactID = now.ContactID
		}
	}
	return nil
}

// occupied says why a member was not added. One who was archived comes back.
func (w *writing) occupied(ctx context.Context, u update, c change, e batchError) (contact.Record, error) {
	f := e.fault()
	if f.Kind != connector.Taken {
		return contact.Record{}, f
	}
	m, err := w.member(ctx, u.hash)
	if err != nil {
		return contact.Record{}, err
	}
	if m == nil || m.Status != archived {
		if m != nil {
			f.ID = m.name()
		}
		return contact.Record{}, f
	}
	status, err := w.statusOfReturning(c.status)
	if err != nil {
		return contact.Record{}, err
	}
	return w.patch(ctx, m, c, status)
}
