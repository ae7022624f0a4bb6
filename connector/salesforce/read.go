package salesforce

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
)

// Changes lists by SystemModstamp, which moves with every change and cannot be set,
// oldest first. A listing of everything leaves out what is deleted; one since a
// cursor names it: deleted, merged into another record, or converted.
func (o *Object) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		c, err := o.decode(since)
		if err != nil {
			yield(connector.Page{}, err)
			return
		}
		l := &listing{Object: o, cursor: c, yield: yield}
		for _, t := range o.tables {
			if l.stopped {
				return
			}
			if err := l.table(ctx, t); err != nil {
				if !l.stopped {
					yield(connector.Page{}, err)
				}
				return
			}
		}
		if l.stopped {
			return
		}
		if err := ctx.Err(); err != nil {
			yield(connector.Page{}, err)
			return
		}
		whole := l.cursor.Whole
		l.cursor.Whole = false
		yield(connector.Page{Items: l.held, Cursor: l.cursor.encode(), Complete: whole}, nil)
	}
}

// A listing is one under way. The last page is held back until it is known to be
// the last.
type listing struct {
	*Object
	cursor  cursor
	held    []connector.Item
	yield   func(connector.Page, error) bool
	stopped bool
}

// add hands on the page that was held back, and holds another one.
func (l *listing) add(items []connector.Item, before cursor) bool {
	if len(items) == 0 {
		return true
	}
	if len(l.held) > 0 && !l.yield(connector.Page{Items: l.held, Cursor: before.encode()}, nil) {
		l.stopped = true
		return false
	}
	l.held = items
	return true
}

// table lists one table from its mark on. A server that loses its place in the
// middle is asked again from there.
func (l *listing) table(ctx context.Context, t *table) error {
	m := l.cursor.Of[t.Name]
	news := map[uint64]bool{}
	for lost := 0; ; lost++ {
		was := m.At
		err := l.run(ctx, t, &m, news)
		var f *connector.Fault
		if errors.As(err, &f) && f.Kind == connector.Expired {
			if m.At.After(was) {
				lost = 0
			}
			if lost < 2 {
				continue
			}
			return &connector.Fault{Kind: connector.Busy, Code: f.Code, Message: f.Message, Err: f}
		}
		if err != nil || l.stopped {
			return err
		}
		break
	}
	done := mark{From: m.Next}
	if len(news) <= mostSeen {
		for h := range news {
			done.Seen = append(done.Seen, h)
		}
		slices.Sort(done.Seen)
	}
	l.cursor = l.cursor.with(t.Name, done)
	return nil
}

// run asks for a table's rows and passes them on as pages.
func (l *listing) run(ctx context.Context, t *table, m *mark, news map[uint64]bool) error {
	from, deleted := m.From, true
	if m.At.After(from) {
		from = m.At
	}
	where := l.campaign(t)
	if from.IsZero() {
		deleted = false
		if t.has("IsConverted") {
			where = append(where, "IsConverted = false")
		}
	} else {
		where = append(where, "SystemModstamp >= "+from.UTC().Format(time.RFC3339))
	}
	page, err := l.list(ctx, t, where, deleted)
	if err != nil {
		return err
	}
	if m.Next.IsZero() {
		m.Next = l.begun(page.at).Add(-overlap)
	}
	for {
		if err := l.take(ctx, t, m, news, page.Records); err != nil || l.stopped || page.Done {
			return err
		}
		if page, err = l.api.next(ctx, page); err != nil {
			return err
		}
	}
}

// begun is when a listing began: on the server's clock or ours, whichever is
// behind, so that a wrong one loses nothing.
func (o *Object) begun(server time.Time) time.Time {
	ours := o.now().UTC().Truncate(time.Second)
	if !server.IsZero() && server.Before(ours) {
		return server.UTC()
	}
	return ours
}

// take makes pages of rows that the mark has not seen.
func (l *listing) take(ctx context.Context, t *table, m *mark, news map[uint64]bool, rows []row) error {
	rows, err := l.widen(ctx, t, rows)
	if err != nil {
		return err
	}
	var items []connector.Item
	var at []time.Time
	for _, r := range rows {
		item := l.item(t, r)
		stamp := moment(r.text("SystemModstamp"))
		h := hash(item.ID, item.Version, r.text("SystemModstamp")) // one that is gone has no version
		if !stamp.Before(m.Next) {
			news[h] = true
		}
		if !m.Seen.has(h) {
			items, at = append(items, item), append(at, stamp)
		}
	}
	if err := l.follow(ctx, items); err != nil {
		return err
	}
	for len(items) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(items), l.page)
		before := l.cursor.with(t.Name, *m)
		if !l.add(items[:n:n], before) {
			return nil
		}
		m.At = at[n-1]
		items, at = items[n:], at[n:]
	}
	return nil
}

// campaign limits members to those of one campaign.
func (o *Object) campaign(t *table) (where []string) {
	if t.Name == "CampaignMember" && o.settings.Campaign != "" {
		where = append(where, "CampaignId = "+quote(o.settings.Campaign))
	}
	return where
}

// list asks for the first page of a table's rows.
func (o *Object) list(ctx context.Context, t *table, where []string, deleted bool) (result, error) {
	soql := "SELECT " + o.selected(t) + " FROM " + t.Name
	if len(where) > 0 {
		soql += " WHERE " + strings.Join(where, " AND ")
	}
	return o.api.query(ctx, soql+" ORDER BY SystemModstamp, Id", deleted)
}

// attendeeOf is who a CampaignMember is. One whose Lead was converted names both.
func attendeeOf(r row) string {
	if id := r.text("ContactId"); id != "" {
		return wide(id)
	}
	return wide(r.text("LeadId"))
}
