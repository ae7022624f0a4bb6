package listmonk

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// overlap is how long before a cursor a listing begins. PostgreSQL stamps a
// change with the time its transaction began, and an import writes 10,000 people
// in one: they can be seen this much later than they say.
const overlap = 5 * time.Minute

// A cursor is a place in a listing.
type cursor struct {
	from  time.Time // it lists what changed since; everything when zero
	mark  time.Time // from where to go on when it has come to its end
	after int64     // the subscriber it has come to
}

// String writes a cursor down. The one before everything is empty.
func (c cursor) String() string {
	v := url.Values{}
	set := func(key string, t time.Time) {
		if !t.IsZero() {
			v.Set(key, t.UTC().Format(time.RFC3339Nano))
		}
	}
	set("from", c.from)
	set("mark", c.mark)
	if c.after > 0 {
		v.Set("after", strconv.FormatInt(c.after, 10))
	}
	return v.Encode()
}

func parseCursor(text string) (c cursor, err error) {
	v, err := url.ParseQuery(text)
	for key, into := range map[string]*time.Time{"from": &c.from, "mark": &c.mark} {
		if err == nil && v.Has(key) {
			*into, err = time.Parse(time.RFC3339Nano, v.Get(key))
		}
	}
	if err == nil && v.Has("after") {
		c.after, err = strconv.ParseInt(v.Get("after"), 10, 64)
	}
	if err != nil || text != c.String() {
		return cursor{}, &connector.Fault{Kind: connector.Expired, Message: "This place in the list is not known. It is read from the beginning.", Err: err}
	}
	return c, nil
}

// Changes lists everybody on the list, or who changed since the cursor, in the
// order in which people came to the server: pages by number shift under a
// listing, these do not. Who was taken off the list leaves no trace, and so does
// a state that an administrator has set for somebody on the list already: only a
// listing of everybody tells.
func (l *List) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		if err := l.list(ctx, since, yield); err != nil {
			yield(connector.Page{}, err)
		}
	}
}

func (l *List) list(ctx context.Context, since string, yield func(connector.Page, error) bool) error {
	at, err := parseCursor(since)
	if err != nil {
		return err
	}
	condition := everybody
	if !at.from.IsZero() {
		condition = changedSince(at.from.Add(-l.overlap))
	}
	begun := at.after == 0
	if begun {
		if at.mark, err = l.mark(ctx, at.from); err != nil {
			return err
		}
	}
	for sheet, err := range l.sheets(ctx, l.number(), condition, at.after) {
		if err != nil {
			return err
		}
		if begun { // one look at the server: see mark
			at.mark, begun = l.later(at.mark, sheet.people), false
		}
		at.after = sheet.beyond
		page := connector.Page{Items: l.items(sheet.people), Cursor: at.String()}
		if sheet.last {
			page.Cursor, page.Complete = cursor{from: at.mark}.String(), at.from.IsZero()
		}
		if !yield(page, nil) {
			return nil
		}
	}
	return nil
}

// mark is where the next listing goes on from: the time of the latest change that
// can be seen before this one begins, by the database's own clock. The latest one
// seen while listing would skip people, as connector/ldap tells. What the first
// page shows is seen at one moment too, so it may only move the mark on.
func (l *List) mark(ctx context.Context, from time.Time) (time.Time, error) {
	if !from.IsZero() { // there is one; the first page moves it
		return from, nil
	}
	latest, err := l.server.subscribers(ctx, url.Values{
		"list_id": {l.number()}, "query": {everybody}, "order_by": {"updated_at"}, "order": {"desc"}, "per_page": {"1"}})
	return l.later(from, latest), err
}

func (l *List) later(mark time.Time, people []subscriber) time.Time {
	for _, s := range people {
		if at := s.latest(l.id); at.After(mark) {
			mark = at
		}
	}
	return mark
}

// latest is when a person or what the person said to a list changed.
func (s subscriber) latest(list int64) time.Time {
	if on, ok := s.on(list); ok && on.UpdatedAt.After(s.UpdatedAt) {
		return on.UpdatedAt
	}
	return s.UpdatedAt
}

// A sheet is some of the people for whom a condition holds.
type sheet struct {
	people []subscriber
	beyond int64 // the last one's number
	last   bool
}

// sheets reads everybody beyond a number for whom a condition holds, on one list
// or, without one, on the server. It ends without an error only when the server
// has shown as many as it says there are.
func (l *List) sheets(ctx context.Context, list, condition string, after int64) iter.Seq2[sheet, error] {
	return func(yield func(sheet, error) bool) {
		for {
			s, err := l.sheet(ctx, list, condition, after)
			if !yield(s, err) || err != nil || s.last {
				return
			}
			after = s.beyond
		}
	}
}

func (l *List) sheet(ctx context.Context, list, condition string, after int64) (sheet, error) {
	var found struct {
		Results []subscriber `json:"results"`
		Total   int          `json:"total"`
	}
	// Any other order_by than those it knows is by id; order is in small letters.
	q := url.Values{"query": {condition + " AND " + beyond(after)}, "order_by": {"id"}, "order": {"asc"}, "page": {"1"}, "per_page": {strconv.Itoa(l.page)}}
	if list != "" {
		q.Set("list_id", list)
	}
	if err := l.server.call(ctx, request{method: http.MethodGet, path: "subscribers", query: q}, &found); err != nil {
		return sheet{}, err
	}
	s := sheet{people: found.Results, beyond: after, last: len(found.Results) >= found.Total}
	if s.last { // the order does not matter, and versions before 2.2 have another
		slices.SortFunc(s.people, func(a, b subscriber) int { return cmp.Compare(a.ID, b.ID) })
	}
	for _, p := range s.people {
		if p.ID <= s.beyond {
			return sheet{}, &connector.Fault{Kind: connector.Invalid, Message: "The server does not list its subscribers in order: it is older than listmonk 2.2. Update it, or set page_size to more than the list has."}
		}
		s.beyond = p.ID
	}
	if len(s.people) == 0 && !s.last {
		return sheet{}, &connector.Fault{Kind: connector.Busy, Message: "The server shows fewer subscribers than it says there are."}
	}
	return s, nil
}

func (l *List) items(people []subscriber) (items []connector.Item) {
	for _, s := range people {
		if rec, ok := l.record(s); ok { // taken off the list while the server answered
			items = append(items, connector.Item{Record: rec})
		}
	}
	return items
}

// Fetch returns who is on the list. Whoever is on the server and not on the list
// is gone.
func (l *List) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	people, err := l.members(ctx, ids)
	if err != nil {
		return nil, err
	}
	var items []connector.Item
	for _, id := range ids {
		item := connector.Item{Record: contact.Record{ID: id}, Gone: true}
		if s, ok := people[id]; ok {
			item.Record, _ = l.record(s)
			item.Gone = false
		}
		items = append(items, item)
	}
	return items, nil
}

// members are those with these ids who are on the list.
func (l *List) members(ctx context.Context, ids []string) (map[string]subscriber, error) {
	people := map[string]subscriber{}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, ok := number(id); return !ok })
	for _, some := range portions(ids) {
		for sheet, err := range l.sheets(ctx, l.number(), withID(some), 0) {
			if err != nil {
				return nil, err
			}
			for _, s := range sheet.people {
				if _, ok := s.on(l.id); ok {
					people[strconv.FormatInt(s.ID, 10)] = s
				}
			}
		}
	}
	return people, nil
}
