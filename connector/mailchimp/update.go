package mailchimp

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// update changes a member by itself: after a look at how it is now.
func (a *Audience) update(ctx context.Context, w connector.Write) (contact.Record, error) {
	c, err := a.read(w.Set)
	if err != nil {
		return contact.Record{}, err
	}
	m, err := a.at(ctx, w)
	if err != nil {
		return contact.Record{}, err
	}
	status, err := statusOf(consentOf(m.Status), c.status)
	if err != nil {
		return contact.Record{}, err
	}
	return a.patch(ctx, m, c, status)
}

// patch sends a change of a member, and its tags.
func (a *Audience) patch(ctx context.Context, m *member, c change, status string) (contact.Record, error) {
	body := a.send(c, a.memberBasis(m))
	if body[emailField] == m.Email {
		delete(body, emailField)
	}
	if status != "" {
		body[statusField] = status
	}
	now := *m
	if len(body) > 0 {
		now = member{}
		if _, err := a.server.call(ctx, request{method: http.MethodPatch, path: a.path("members", url.PathEscape(m.name())), body: body, into: &now, write: true}); err != nil {
			return contact.Record{}, err
		}
	}
	if now.ContactID == "" {
		now.ContactID = m.ContactID
	}
	return a.tagged(ctx, &now, c.tags)
}

// name is what the API knows a member by.
func (m *member) name() string {
	if m.ContactID != "" {
		return m.ContactID
	}
	return m.Hash
}

// tagged gives a member the tags it should have, and takes the others. Tags that
// are put as syncing set off no automation: the person did nothing just now.
func (a *Audience) tagged(ctx context.Context, m *member, tags *string) (contact.Record, error) {
	if tags == nil {
		return a.record(m), nil
	}
	if m.TagsCount > len(m.Tags) { // an answer has fifty at most
		var all listingOfTags
		if _, err := a.server.call(ctx, request{method: http.MethodGet, path: a.path("members", url.PathEscape(m.name()), "tags"), query: url.Values{"count": {"1000"}}, into: &all}); err != nil {
			return contact.Record{}, err
		}
		m.Tags = all.Tags
	}
	want := splitTags(*tags)
	changes := []tag{}
	for _, name := range want {
		if !slices.ContainsFunc(m.Tags, func(t tag) bool { return t.Name == name }) {
			changes = append(changes, tag{name, "active"})
		}
	}
	for _, t := range m.Tags {
		if !slices.Contains(want, t.Name) {
			changes = append(changes, tag{t.Name, "inactive"})
		}
	}
	if len(changes) == 0 {
		return a.record(m), nil
	}
	body := map[string]any{"tags": changes, "is_syncing": true}
	if _, err := a.server.call(ctx, request{method: http.MethodPost, path: a.path("members", url.PathEscape(m.name()), "tags"), body: body, write: true}); err != nil {
		return contact.Record{}, afterwards(err)
	}
	now, err := a.member(ctx, m.name())
	if err == nil && now == nil {
		err = missing()
	}
	if err != nil {
		return contact.Record{}, afterwards(err)
	}
	m.Tags, m.TagsCount, m.Changed = now.Tags, now.TagsCount, now.Changed // the rest somebody may have typed since
	return a.record(m), nil
}

type listingOfTags struct {
	Tags []tag `json:"tags"`
}

// afterwards is the fault of a write whose first part was carried out: what the
// record holds now is not known.
func afterwards(err error) error {
	return &connector.Fault{Kind: connector.Unknown, Message: "A part of it was written. Mailchimp did not say how the member is now.", Err: err}
}

// together carries out updates in batches, and returns those that have to go by
// themselves. Members whom the caller knows are looked at by what has changed;
// others, where they are many, by asking for all of them in a batch of
// operations.
func (w *writing) together(ctx context.Context, updates []int) (singly []int) {
	known, others := w.split(updates)
	if len(known) > 0 {
		if err := w.look(ctx); err != nil {
			w.all(known, err)
			known = nil
		}
	}
	var ready []update
	add := func(i int, b basis) {
		u, alone, err := w.batched(i, b)
		switch {
		case err != nil:
			w.done(i, contact.Record{}, err)
		case alone || slices.ContainsFunc(ready, func(r update) bool { return r.hash == u.hash }):
			singly = append(singly, i)
		default:
			ready = append(ready, u)
		}
	}
	for _, i := range known {
		switch w.standing(w.writes[i]) {
		case current:
			add(i, knownBasis(w.writes[i].Known))
		case overtaken:
			w.done(i, contact.Record{}, wasOvertaken())
		case gone:
			w.done(i, contact.Record{}, missing())
		default:
			others = append(others, i)
		}
	}
	if len(others) <= few || w.stop != nil {
		singly, others = append(singly, others...), nil
	}
	found, err := w.several(ctx, w.ids(others))
	if err != nil {
		w.all(others, err)
		others = nil
	}
	for _, i := range others {
		m, err := w.is(w.writes[i], found[w.writes[i].ID])
		if err != nil {
			w.done(i, contact.Record{}, err)
			continue
		}
		add(i, w.memberBasis(m))
	}
	for some := range slices.Chunk(ready, w.add) {
		singly = append(singly, w.send500(ctx, some)...)
	}
	return singly
}

// split finds the updates of members whom the caller knows well enough. Asking
// for one is as cheap as looking.
func (w *writing) split(updates []int) (known, others []int) {
	for _, i := range updates {
		if w.standing(w.writes[i]) != unknown && w.writes[i].Known[emailField] != "" {
			known = append(known, i)
		} else {
			others = append(others, i)
		}
	}
	if len(known) < 2 {
		return nil, updates
	}
	return known, others
}

// all enters one fault for several writes.
func (w *writing) all(writes []int, err error) {
	for _, i := range writes {
		w.done(i, contact.Record{}, err)
	}
}

func (w *writing) ids(writes []int) (ids []string) {
	for _, i := range writes {
		ids = append(ids, w.writes[i].ID)
	}
	return ids
}

// A basis is what a member holds before it is updated.
type basis func(field string) string

func knownBasis(values map[string]string) basis {
	return func(field string) string { return values[field] }
}

func (a *Audience) memberBasis(m *member) basis {
	columns := *a.columns.Load()
	return func(field string) string {
		i := slices.IndexFunc(columns, func(c column) bool { return c.Name == field })
		return m.value(columns[i])
	}
}

// An update is one that goes in a batch.
type update struct {
	at   int // in the writes
	hash string
	body map[string]any
}

// batched makes an update for a batch; alone where it cannot go in one, for its
// address or tags change.
func (w *writing) batched(i int, now basis) (u update, alone bool, err error) {
	c, err := w.read(w.writes[i].Set)
	if err != nil {
		return u, false, err
	}
	email := now(emailField)
	other, set := c.body[emailField]
	if c.tags != nil && *c.tags != now(tagsField) || set && other != email || email == "" {
		return u, true, nil
	}
	status, err := statusOf(now(statusField), c.status)
	if err != nil {
		return u, false, err
	}
	body := w.send(c, now)
	body[emailField] = email
	if status != "" {
		body[statusField] = status
	}
	return update{at: i, hash: hashOf(email), body: body}, false, nil
}

// send500 sends a batch of updates. Their status is left out unless it becomes
// stricter, so that nobody is subscribed by the way; who has to have one is
// returned, to go by themselves.
func (w *writing) send500(ctx context.Context, some []update) (singly []int) {
	bodies := make([]map[string]any, len(some))
	for n, u := range some {
		bodies[n] = u.body
	}
	if w.stop != nil {
		for _, u := range some {
			w.stopped(u.at)
		}
		return nil
	}
	byHash, isNew, wrong, err := w.post(ctx, bodies, true)
	for _, u := range some {
		m := byHash[u.hash]
		e, refused := wrong[u.hash]
		switch {
		case err != nil:
			w.done(u.at, contact.Record{}, err)
		case refused && e.Field == statusField && u.body[statusField] == nil:
			singly = append(singly, u.at)
		case refused:
			w.done(u.at, contact.Record{}, e.fault())
		case m == nil:
			w.done(u.at, contact.Record{}, &connector.Fault{Kind: connector.Unknown, Message: "Mailchimp did not say whether it was done."})
		case isNew[u.hash]:
			w.done(u.at, contact.Record{}, w.undo(ctx, m))
		case m.Status == archived:
			w.done(u.at, contact.Record{}, missing())
		default:
			m.ContactID = w.writes[u.at].ID
			w.done(u.at, w.record(m), nil)
		}
	}
	return singly
}

// undo archives a member whom an update made: between our look and the write the
// member's address changed, and Mailchimp added the old one again.
func (w *writing) undo(ctx context.Context, m *member) error {
	_, err := w.server.call(ctx, request{method: http.MethodDelete, path: w.path("members", m.Hash), write: true})
	if err != nil {
		return &connector.Fault{Kind: connector.Unknown, Message: "The member's address changed meanwhile, and Mailchimp added the old one again. Archive it there.", Err: err}
	}
	return wasOvertaken()
}
