package mailchimp

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// settles is how long Mailchimp may take from stamping a change to listing it. A
// cursor stays so far behind the time of the listing, by Mailchimp's own clock:
// what is listed twice does no harm.
const settles = time.Minute

// Changes lists members, the earliest change first, and those who were archived
// as gone. The cursor is the time of the last change listed. Whoever was deleted
// for good is only missed by a listing of everybody.
func (a *Audience) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		if err := a.changes(ctx, since, yield); err != nil {
			yield(connector.Page{}, err)
		}
	}
}

func (a *Audience) changes(ctx context.Context, since string, yield func(connector.Page, error) bool) error {
	from, err := time.Parse(time.RFC3339, cmp.Or(since, writeTime(time.Unix(0, 0))))
	if err != nil {
		return &connector.Fault{Kind: connector.Expired, Message: "This place in the audience is not known. It is read from the beginning."}
	}
	var start, begun time.Time
	if since != "" {
		start = from
		asked, going, err := a.inArchive(ctx, start, since, yield)
		if err != nil || !going {
			return err
		}
		begun = asked
	}
	high, fresh, short := from, []contact.Record(nil), false
	err = a.walk(ctx, start, "", func(s sheet) bool {
		short = s.short
		begun = cmp.Or(begun, s.asked, s.high)
		page := connector.Page{Cursor: since, Complete: s.last && !s.short && since == ""}
		for i := range s.members {
			page.Items = append(page.Items, a.item(&s.members[i]))
		}
		settled := begun.Add(-settles)
		for _, item := range page.Items {
			if item.Modified.After(settled) {
				fresh = append(fresh, item.Record)
			}
		}
		high = later(high, s.high)
		reached := later(from, earlier(high, settled))
		if reached.After(from) {
			page.Cursor = writeTime(reached)
		}
		going := yield(page, nil)
		if s.last && going {
			a.heard(reached, fresh)
		}
		return going
	})
	if err == nil && short && since == "" { // it proves nobody gone, so the archive has to say who is
		_, _, err = a.inArchive(ctx, start, since, yield)
	}
	return err
}

// inArchive lists who was archived, where a listing of all does not show them. It
// comes before that: the cursor of the listing then counts for both. A listing
// of everybody needs none of it. It returns when it asked, by the server's clock.
func (a *Audience) inArchive(ctx context.Context, from time.Time, since string, yield func(connector.Page, error) bool) (asked time.Time, going bool, err error) {
	going = true
	if a.archive == listed {
		return asked, going, nil
	}
	err = a.walk(ctx, from, archived, func(s sheet) bool {
		asked = cmp.Or(asked, s.asked)
		page := connector.Page{Cursor: since}
		for i := range s.members {
			page.Items = append(page.Items, a.item(&s.members[i]))
		}
		if len(page.Items) > 0 {
			going = yield(page, nil)
		}
		return going
	})
	return asked, going, err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (a *Audience) item(m *member) connector.Item {
	if m.Status == archived {
		r := a.record(m)
		return connector.Item{Record: contact.Record{ID: r.ID, Modified: r.Modified}, Gone: true}
	}
	return connector.Item{Record: a.record(m)}
}

// A sheet is one page of a listing without what the page before had.
type sheet struct {
	members []member
	high    time.Time // of the last change on it
	asked   time.Time // by the server's clock
	last    bool
	short   bool // the last, although there should be more
}

// walk lists members in the order of their last change, from a time on, until
// take has enough. A member who changes meanwhile moves to the end, so nobody
// whose turn is still to come is passed over, but everybody behind moves up:
// pages overlap, and one that shares nobody with the page before is not trusted.
// Then the listing goes on from the time reached, which takes a little longer. One
// that ends before the number of members it announced is not complete: what it
// left out changed later than all it had, so the next one begins before that.
func (a *Audience) walk(ctx context.Context, from time.Time, status string, take func(sheet) bool) error {
	shared := max(1, a.page/50)
	offset, before, linked, full := 0, map[string]bool{}, false, true
	reached := from
	for {
		page, asked, err := a.list(ctx, from, status, offset)
		if err != nil {
			return err
		}
		s := sheet{asked: asked, last: offset+len(page.Members) >= page.Total}
		now := map[string]bool{}
		for _, m := range page.Members {
			r := a.record(&m)
			state := r.ID + r.Version // who has changed since the page before is not on both
			if now[state] = true; !before[state] {
				s.members = append(s.members, m)
			}
			s.high = later(s.high, m.changed())
		}
		n, fresh := len(page.Members), len(s.members)
		if linked && fresh == n && (n > 0 || full) { // nobody of the page before
			if !reached.After(from) {
				return &connector.Fault{Kind: connector.Busy, Message: "The audience changes faster than it can be listed. Try again later."}
			}
			from, offset, linked = reached, 0, false
			continue
		}
		if !s.last && (n == 0 || linked && fresh == 0) { // it counted more than it lists
			s.last, s.short = true, true
		}
		if !take(s) || s.last {
			return nil
		}
		before, linked, full = now, true, n == a.page // behind one with room nobody was left
		reached = later(reached, s.high.Add(-time.Second))
		offset += max(1, n-min(shared, n-1))
	}
}

type listing struct {
	Members []member `json:"members"`
	Total   int      `json:"total_items"`
}

// list asks for one page. Whether since_last_changed includes the second it
// names is not said anywhere, so it names the one before.
func (a *Audience) list(ctx context.Context, from time.Time, status string, offset int) (page listing, asked time.Time, err error) {
	q := url.Values{"count": {strconv.Itoa(a.page)}, "offset": {strconv.Itoa(offset)}, "sort_field": {"last_changed"}, "sort_dir": {"ASC"}, "fields": {memberFields()}}
	if !from.IsZero() {
		q.Set("since_last_changed", writeTime(from.Add(-time.Second)))
	}
	if status != "" {
		q.Set("status", status)
	}
	header, err := a.server.call(ctx, request{method: http.MethodGet, path: a.path("members"), query: q, into: &page})
	if err != nil {
		return page, asked, lost(err)
	}
	asked, _ = http.ParseTime(header.Get("Date")) // none: the listing's own times count
	return page, asked, nil
}

// lost names the audience where it is what is missing.
func lost(err error) error {
	if kindOf(err) == connector.Missing {
		return &connector.Fault{Kind: connector.Denied, Message: "The audience is not there any more. Choose another under Connections."}
	}
	return err
}

// Fetch asks for members one by one, or, if they are many, in a batch of
// operations: Mailchimp cannot list members by their ids. Whoever is archived is
// gone, like whoever is not found: it cannot be told from never having been.
func (a *Audience) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	found, err := a.several(ctx, ids)
	if err != nil {
		return nil, err
	}
	var items []connector.Item
	missing := false
	for _, id := range ids {
		m := found[id]
		if m == nil {
			missing = true
			items = append(items, connector.Item{Record: contact.Record{ID: id}, Gone: true})
			continue
		}
		items = append(items, a.item(m))
	}
	if !missing {
		return items, nil
	}
	if err := a.exists(ctx); err != nil {
		return nil, err
	}
	return items, nil
}

// exists says whether the audience is there: of one that was deleted nobody is found,
// and they are not gone (I13).
func (a *Audience) exists(ctx context.Context) error {
	_, err := a.server.call(ctx, request{method: http.MethodGet, path: a.path(), query: url.Values{"fields": {"id"}}})
	return lost(err)
}

// An archive says whether a listing that names no status has archived members,
// which the manual does not.
type archive int

const (
	unsure archive = iota // no one is archived
	listed
	hidden
)

// askArchive finds out by looking for one who is archived.
func (a *Audience) askArchive(ctx context.Context) (archive, error) {
	q := url.Values{"count": {"1"}, "status": {archived}, "fields": {"members.id,members.last_changed"}}
	var one, page listing
	if _, err := a.server.call(ctx, request{method: http.MethodGet, path: a.path("members"), query: q, into: &one}); err != nil {
		return unsure, lost(err)
	}
	if len(one.Members) == 0 {
		return unsure, nil
	}
	at := one.Members[0].changed()
	q = url.Values{"count": {strconv.Itoa(pageSize)}, "fields": {"members.id,members.status"},
		"since_last_changed": {writeTime(at.Add(-time.Second))}, "before_last_changed": {writeTime(at.Add(time.Second))}}
	if _, err := a.server.call(ctx, request{method: http.MethodGet, path: a.path("members"), query: q, into: &page}); err != nil {
		return unsure, lost(err)
	}
	for _, m := range page.Members {
		if m.Status == archived {
			return listed, nil
		}
	}
	return hidden, nil
}
