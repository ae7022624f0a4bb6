package salesforce

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// marks are the fields that say what a row is, beside its values.
func (o *Object) marks(t *table) (names []string) {
	for _, name := range []string{"Id", "SystemModstamp", "LastModifiedById", "IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId"} {
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

// relations are the values of the records that a table's refer to.
func (o *Object) relations(t *table) (names []string) {
	if !o.person() {
		return nil
	}
	if t.has("AccountId") {
		names = append(names, "Account.Name")
	}
	if t.has("OwnerId") {
		names = append(names, "Owner.Email")
	}
	return names
}

// selected is what a statement asks for: all values, or, where they do not fit into
// an address, only what widen does not fetch.
func (o *Object) selected(t *table) string {
	names := o.values(t)
	if o.crowded(t) {
		names = o.marks(t)
	}
	return strings.Join(append(names, o.relations(t)...), ",")
}

// crowded reports whether the fields of a table leave no room in an address.
func (o *Object) crowded(t *table) bool { return escapedLen(strings.Join(o.values(t), ",")) > maxURI/2 }

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
