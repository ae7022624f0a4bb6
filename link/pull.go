package link

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// pull brings the mirror up to date: what changed since the cursor, or
// everything where there is no cursor, it has expired, or what is gone is only
// told by a complete listing (requirements 3.10, 3.11).
func (p *pass) pull(ctx context.Context) error {
	since := p.pair.Cursor
	if age := p.Now().Sub(p.pair.Swept); !p.can.Incremental || age >= p.sweepEvery() || age < 0 { // or the clock was wrong
		since = ""
	}
	err := p.list(ctx, since)
	var f *connector.Fault
	if since != "" && errors.As(err, &f) && f.Kind == connector.Expired {
		err = p.list(ctx, "")
	}
	return err
}

// sweepEvery is how often everything is listed. A remote that tells what is gone is
// not trusted for ever either: what a missing permission hid for a while, and then
// shows again, no cursor tells of.
func (p *pass) sweepEvery() time.Duration {
	every := p.SweepEvery
	if every == 0 {
		every = 24 * time.Hour
	}
	if p.can.TellsGone {
		return 7 * every
	}
	return every
}

func (p *pass) list(ctx context.Context, since string) error {
	listed, complete := map[string]bool{}, false
	cursor, n := p.pair.Cursor, int64(0)
	for page, err := range p.remote.Changes(ctx, since) {
		if err != nil {
			return p.unreachable(p.remote, err)
		}
		complete = page.Complete
		if page.Cursor != "" {
			cursor = page.Cursor
		}
		if since == "" { // what is gone is only known at the end, and no cursor would tell it again
			page.Cursor = ""
		}
		if err := p.takePage(ctx, page); err != nil {
			return err
		}
		if since == "" {
			for _, item := range page.Items {
				if !item.Gone {
					listed[item.ID] = true
				}
			}
		}
		if err := p.renew(ctx); err != nil {
			return err
		}
		n += int64(len(page.Items))
		p.progress("listing", n, 0)
	}
	if since == "" && complete {
		return p.sweep(ctx, listed, cursor)
	}
	return nil
}

// takePage stores what a page tells that is new, and its cursor with it.
func (p *pass) takePage(ctx context.Context, page connector.Page) error {
	news, err := p.news(ctx, page.Items)
	if err != nil {
		return err
	}
	cursor := page.Cursor
	if cursor == "" {
		cursor = p.pair.Cursor
	}
	if len(news) == 0 && cursor == p.pair.Cursor {
		return nil
	}
	p.pair, err = p.Memory.TakeListing(ctx, store.Listing{Pair: p.pair.ID, Epoch: p.epoch, Items: news, Cursor: cursor})
	return err
}

// news returns those of the items that the mirror does not have as they are. Our
// own writes come back as we know them already (I7).
func (p *pass) news(ctx context.Context, items []connector.Item) (news []store.Mirrored, err error) {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	known, err := p.Memory.MirrorByRemote(ctx, p.pair.ID, ids)
	if err != nil {
		return nil, err
	}
	by := map[string]store.Mirrored{}
	for _, m := range known {
		by[m.RemoteID] = m
	}
	at := map[string]int{}
	for _, item := range items {
		m, ok := by[item.ID]
		if !ok && item.Gone || ok && p.asKnown(m, item) {
			continue
		}
		m.RemoteID = item.ID
		p.seen(&m, item)
		if i, twice := at[item.ID]; twice { // listed twice on one page: the later counts
			news[i] = m
			continue
		}
		at[item.ID] = len(news)
		news = append(news, m)
	}
	return news, nil
}

// takeNews stores what is new of records that were asked for, and returns it.
func (p *pass) takeNews(ctx context.Context, items []connector.Item) ([]store.Mirrored, error) {
	news, err := p.news(ctx, items)
	if err != nil || len(news) == 0 {
		return nil, err
	}
	p.pair, err = p.Memory.TakeListing(ctx, store.Listing{Pair: p.pair.ID, Epoch: p.epoch, Items: news, Cursor: p.pair.Cursor})
	return news, err
}

func (p *pass) asKnown(m store.Mirrored, item connector.Item) bool {
	if item.Gone {
		return m.State != store.There
	}
	if m.State == store.Erased {
		return true // what becomes of the record is none of our business
	}
	return m.State == store.There && (item.Version == "" || m.Version == item.Version) && maps.Equal(m.Seen, valuesOf(p.there, item.Record))
}

// seen enters into a mirrored record what the remote says of it now.
func (p *pass) seen(m *store.Mirrored, item connector.Item) {
	if item.Gone {
		m.State, m.Into = store.Gone, item.MergedInto
		m.Hashes = [3]uint64{}
		return
	}
	p.seenRecord(m, item.Record)
}

func (p *pass) seenRecord(m *store.Mirrored, r contact.Record) {
	m.State, m.Version, m.Modified, m.Into = store.There, r.Version, r.Modified, ""
	m.Seen = valuesOf(p.there, r)
	values := p.pairing.In.Translate(p.fields(m)).Values
	m.Hashes = p.hashes(p.pairing.In, values)
	if !p.forgotten.Nobody() && p.forgotten.Has(p.allKeys(values)) { // only that it is there may be known
		m.State, m.Version, m.Modified, m.Seen, m.Base = store.Erased, "", time.Time{}, map[string]string{}, nil
	}
}

// hashes are the match keys of a record in the address book's words.
func (p *pass) hashes(book *plan.Rulebook, values []string) (h [3]uint64) {
	for i, rule := range plan.KeyRules {
		for _, key := range book.KeysFor(rule, values, nil) {
			h[i] = p.Secret.Hash(key)
			break
		}
	}
	return h
}

// hashesThere are the match keys of values in the remote's words.
func (p *pass) hashesThere(values []string) [3]uint64 {
	return p.hashes(p.pairing.In, p.pairing.In.Translate(values).Values)
}

// fields puts the values of a mirrored record into the order of the remote's
// schema.
func (p *pass) fields(m *store.Mirrored) []string {
	values := make([]string, len(p.there.Fields))
	for i, f := range p.there.Fields {
		values[i] = m.Seen[f.Name]
	}
	return values
}

// valuesOf are a record's values by field, without the blank ones.
func valuesOf(schema contact.Schema, r contact.Record) map[string]string {
	values := map[string]string{}
	for i, f := range schema.Fields {
		if v := r.Value(i); v != "" {
			values[f.Name] = v
		}
	}
	return values
}

// sweep looks at the records that a complete listing left out. Only what the
// remote itself then calls gone is gone; an empty listing proves nothing (I13).
// The cursor is stored with what was found: after a crash in between the listing
// begins anew (I17).
func (p *pass) sweep(ctx context.Context, listed map[string]bool, cursor string) error {
	there, err := p.Memory.MirrorThere(ctx, p.pair.ID)
	if err != nil {
		return err
	}
	var absent []string
	for _, id := range there {
		if !listed[id] {
			absent = append(absent, id)
		}
	}
	if len(listed) == 0 && len(absent) > 0 {
		p.run.Notes = append(p.run.Notes, p.remote.Name()+" listed no record at all. Nothing was taken for gone.")
		return nil
	}
	items, err := p.fetch(ctx, absent)
	if err != nil {
		return err
	}
	news, err := p.news(ctx, items)
	if err != nil {
		return err
	}
	p.pair, err = p.Memory.TakeListing(ctx, store.Listing{Pair: p.pair.ID, Epoch: p.epoch, Items: news, Cursor: cursor, Swept: p.Now()})
	return err
}

// fetch asks for records by id, as many at a time as the remote takes.
func (p *pass) fetch(ctx context.Context, ids []string) (all []connector.Item, err error) {
	for len(ids) > 0 {
		part := ids[:min(len(ids), max(1, p.can.FetchBatch))]
		ids = ids[len(part):]
		items, err := p.remote.Fetch(ctx, part)
		if err != nil {
			return nil, p.unreachable(p.remote, err)
		}
		all = append(all, items...)
	}
	return all, nil
}
