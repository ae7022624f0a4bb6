package salesforce

import (
	"context"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// longest is the length of the longest literal of a statement [LIM: SOQL].
const longest = 4000

// Find asks for records by a field that the org has an index of. Among a Person's
// it looks in Leads and Contacts. The oldest come first.
func (o *Object) Find(ctx context.Context, name string, values []string) ([]connector.Item, error) {
	at := o.index(name)
	if at < 0 || !slices.Contains(o.finds(), name) {
		return nil, invalid(name, "Records of Salesforce cannot be looked up by this field.")
	}
	wanted, had := map[string]bool{}, map[string]bool{}
	reference := o.columns[at].from[o.tables[0].Name].Type == "reference"
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" && len(v) <= longest && (!reference || isID(v)) {
			wanted[v] = true
		}
	}
	var items []connector.Item
	for _, t := range o.tables {
		where := o.campaign(t)
		if t.has("IsConverted") {
			where = append(where, "IsConverted = false")
		}
		rows, err := o.search(ctx, t, o.columns[at].from[t.Name].Name, sorted(wanted), where)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if item := o.item(t, r); !had[item.ID] { // two statements may have found it
				had[item.ID] = true
				items = append(items, item)
			}
		}
	}
	return items, nil
}

// search reads the rows whose field has one of these values.
func (o *Object) search(ctx context.Context, t *table, field string, values, where []string) ([]row, error) {
	tail := " ORDER BY CreatedDate, Id"
	if len(where) > 0 {
		tail = " AND " + strings.Join(where, " AND ") + tail
	}
	if !t.has("CreatedDate") {
		tail = strings.Replace(tail, "CreatedDate, ", "", 1)
	}
	rows, err := o.api.in(ctx, "SELECT "+o.selected(t)+" FROM "+t.Name, field, values, tail, false)
	if err != nil {
		return nil, err
	}
	return o.widen(ctx, t, rows)
}
