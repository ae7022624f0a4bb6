package salesforce

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
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
		h := hash(item.ID, fmt.Sprint(item.Gone), l.version(t, r))
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

// list asks for the first page of a table's rows. Where the fields do not fit into
// an address it asks for ids; widen then fetches the rest.
func (o *Object) list(ctx context.Context, t *table, where []string, deleted bool) (result, error) {
	names := o.selected(t)
	if o.crowded(t) {
		names = o.marks(t)
	}
	soql := "SELECT " + strings.Join(names, ",") + " FROM " + t.Name
	if len(where) > 0 {
		soql += " WHERE " + strings.Join(where, " AND ")
	}
	return o.api.query(ctx, soql+" ORDER BY SystemModstamp, Id", deleted)
}

// crowded reports whether the fields of a table leave no room in an address.
func (o *Object) crowded(t *table) bool {
	return escapedLen(strings.Join(o.selected(t), ",")) > maxURI/2
}

// widen fetches the values of rows that were listed without.
func (o *Object) widen(ctx context.Context, t *table, rows []row) ([]row, error) {
	if !o.crowded(t) {
		return rows, nil
	}
	var ids []string
	for _, r := range rows {
		if !r.yes("IsDeleted") {
			ids = append(ids, r.text("Id"))
		}
	}
	full, err := o.retrieve(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	by := byID(full)
	for i, r := range rows {
		if f, ok := by[r.text("Id")]; ok {
			rows[i] = f
		}
	}
	return rows, nil
}

func byID(rows []row) map[string]row {
	by := make(map[string]row, len(rows))
	for _, r := range rows {
		by[r.text("Id")] = r
	}
	return by
}

// marks are the fields that say what a row is, beside its values.
func (o *Object) marks(t *table) (names []string) {
	for _, name := range []string{"Id", "SystemModstamp", "IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId"} {
		if t.has(name) || name == "Id" {
			names = append(names, name)
		}
	}
	return names
}

// values are a table's own fields that we read.
func (o *Object) values(t *table) []string {
	names := o.marks(t)
	for _, c := range o.columns {
		if f := c.from[t.Name]; f != nil && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// selected are the values, and those of the records they refer to.
func (o *Object) selected(t *table) []string {
	names := o.values(t)
	if o.related(t) {
		if t.has("AccountId") {
			names = append(names, "Account.Name")
		}
		if t.has("OwnerId") {
			names = append(names, "Owner.Email")
		}
	}
	return names
}

// related reports whether a table's rows need values of other tables.
func (o *Object) related(*table) bool { return o.person() }

// item is a row as an item.
func (o *Object) item(t *table, r row) connector.Item {
	id := wide(r.text("Id"))
	if r.yes("IsDeleted") {
		return connector.Item{Record: contact.Record{ID: id}, Gone: true, MergedInto: wide(r.text("MasterRecordId"))}
	}
	if r.yes("IsConverted") {
		item := connector.Item{Record: contact.Record{ID: id}, Gone: true}
		if o.person() {
			item.MergedInto = wide(r.text("ConvertedContactId"))
		}
		return item
	}
	rec := contact.Record{ID: id, Version: o.version(t, r), Modified: moment(r.text("SystemModstamp")), Values: make([]string, len(o.columns))}
	for i, c := range o.columns {
		rec.Values[i] = o.value(t, c, r)
	}
	return connector.Item{Record: rec}
}

// value is what a row has in a column.
func (o *Object) value(t *table, c column, r row) string {
	f := c.from[t.Name]
	switch {
	case c.role == syncAs:
		return t.Name
	case c.role == member:
		return wide(r.text("CampaignId")) + "/" + attendeeOf(r)
	case c.role == attendee:
		return attendeeOf(r)
	case f == nil:
		return ""
	case c.role == company && f.Name == "AccountId":
		return parent(r, "Account", "Name")
	case c.role == owner:
		return parent(r, "Owner", "Email")
	case c.role == account || f.Type == "reference":
		return wide(r.text(f.Name))
	}
	return o.shown(f, r[f.Name])
}

// attendeeOf is who a CampaignMember is. One whose Lead was converted names both.
func attendeeOf(r row) string {
	if id := r.text("ContactId"); id != "" {
		return wide(id)
	}
	return wide(r.text("LeadId"))
}

// parent is a value of the record that a row refers to.
func parent(r row, name, field string) string {
	p, _ := r[name].(map[string]any)
	return row(p).text(field)
}

// version is the stamp, which counts whole seconds, and a hash of what the record
// itself holds, with one of which fields that are. What others hold (formulas, an
// account's name) changes without it.
func (o *Object) version(t *table, r row) string {
	var names, texts []string
	for _, c := range o.columns {
		if f := c.from[t.Name]; f != nil && !f.Calculated {
			names, texts = append(names, f.Name), append(texts, o.shown(f, r[f.Name]))
		}
	}
	return moment(r.text("SystemModstamp")).Format(time.RFC3339) + fmt.Sprintf("/%08x/%016x", uint32(hash(names...)), hash(texts...))
}

// sameVersion compares versions. Those of before and after a field was added to the
// org, or hidden, have only their stamps in common.
func sameVersion(a, b string) bool {
	one, other := strings.Split(a, "/"), strings.Split(b, "/")
	if len(one) == 3 && len(other) == 3 && one[1] != other[1] {
		return one[0] == other[0]
	}
	return a == b
}

// Fetch asks for records by id. Who is gone is looked for among the deleted: the
// org does not say whether a record was purged or only hidden from us, so that one
// which is found nowhere is unknown.
func (o *Object) Fetch(ctx context.Context, ids []string) ([]connector.Item, error) {
	var items []connector.Item
	for _, t := range o.tables {
		mine := o.of(t, ids)
		rows, err := o.rows(ctx, t, mine)
		if err != nil {
			return nil, err
		}
		found := byID(rows)
		absent := slices.DeleteFunc(mine, func(id string) bool { return found[id] != nil })
		if t.has("IsDeleted") {
			gone, err := o.api.in(ctx, "SELECT "+strings.Join(o.marks(t), ",")+" FROM "+t.Name, "Id", absent, "", true)
			if err != nil {
				return nil, err
			}
			rows = append(rows, slices.DeleteFunc(gone, func(r row) bool { return !r.yes("IsDeleted") })...)
		}
		for _, r := range rows {
			items = append(items, o.item(t, r))
		}
	}
	return items, o.follow(ctx, items)
}

// of are the ids that are of a table, each once.
func (o *Object) of(t *table, ids []string) (mine []string) {
	had := map[string]bool{}
	for _, id := range ids {
		id = wide(id)
		if isID(id) && !had[id] && (t.Prefix == "" || prefix(id) == t.Prefix) {
			had[id] = true
			mine = append(mine, id)
		}
	}
	return mine
}

// rows reads records that are there, by id.
func (o *Object) rows(ctx context.Context, t *table, ids []string) ([]row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if o.related(t) && !o.crowded(t) {
		return o.api.in(ctx, "SELECT "+strings.Join(o.selected(t), ",")+" FROM "+t.Name, "Id", ids, "", false)
	}
	return o.retrieve(ctx, t, ids)
}

// retrieve reads the values of records, 2,000 in one call. Those that are not there
// are left out.
func (o *Object) retrieve(ctx context.Context, t *table, ids []string) (all []row, err error) {
	for part := range slices.Chunk(ids, readBatch) {
		var rows []row
		body := map[string]any{"ids": part, "fields": o.values(t)}
		if _, err := o.api.ask(ctx, request{method: http.MethodPost, path: "composite/sobjects/" + t.Name, body: body}, &rows); err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r != nil && r.text("Id") != "" {
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// mostHops is how long a chain of merges is followed: A into B, B into C.
const mostHops = 10

// follow lets merged records point to who stands for them in the end.
func (o *Object) follow(ctx context.Context, items []connector.Item) error {
	next := map[string]string{} // of those who stand for nobody any more
	asked := map[string]bool{}
	for range mostHops {
		open := map[string]bool{}
		for _, i := range items {
			if end := last(next, i.MergedInto); end != "" && !asked[end] {
				open[end] = true
			}
		}
		if len(open) == 0 {
			break
		}
		for _, t := range o.tables {
			rows, err := o.api.in(ctx, "SELECT "+strings.Join(o.marks(t), ",")+" FROM "+t.Name, "Id", o.of(t, sorted(open)), "", true)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if i := o.item(t, r); i.Gone && i.MergedInto != "" {
					next[i.ID] = i.MergedInto
				}
			}
		}
		for id := range open {
			asked[id] = true
		}
	}
	for i := range items {
		items[i].MergedInto = last(next, items[i].MergedInto)
	}
	return nil
}

func last(next map[string]string, id string) string {
	for range mostHops {
		if next[id] == "" || next[id] == id {
			break
		}
		id = next[id]
	}
	return id
}
