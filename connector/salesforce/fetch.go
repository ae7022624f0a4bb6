package salesforce

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// widen fetches the values of rows that were asked for without. A record that was
// deleted since is left out: the next listing names it.
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
	for _, r := range rows {
		maps.Copy(r, by[r.text("Id")])
	}
	return slices.DeleteFunc(rows, func(r row) bool { return !r.yes("IsDeleted") && by[r.text("Id")] == nil }), nil
}

func byID(rows []row) map[string]row {
	by := make(map[string]row, len(rows))
	for _, r := range rows {
		by[r.text("Id")] = r
	}
	return by
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
	if len(o.relations(t)) == 0 {
		return o.retrieve(ctx, t, ids)
	}
	rows, err := o.api.in(ctx, "SELECT "+o.selected(t)+" FROM "+t.Name, "Id", ids, "", false)
	if err != nil {
		return nil, err
	}
	return o.widen(ctx, t, rows)
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
