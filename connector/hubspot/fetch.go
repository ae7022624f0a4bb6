package hubspot

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// items are contacts, each with those that were merged into it.
func (c *Contacts) items(objects []object) (items []connector.Item) {
	for _, o := range objects {
		items = append(items, connector.Item{Record: c.record(o)})
		for _, id := range o.former() {
			items = append(items, connector.Item{Record: contact.Record{ID: id}, Gone: true, MergedInto: o.ID})
		}
	}
	return items
}

// former are the ids that were merged into a contact.
func (o object) former() (ids []string) {
	for id := range strings.SplitSeq(o.value("hs_merged_object_ids"), ";") {
		if id = strings.TrimSpace(id); id != "" && id != o.ID {
			ids = append(ids, id)
		}
	}
	return ids
}

// record is a contact as a record of the schema.
func (c *Contacts) record(o object) contact.Record {
	r := contact.Record{ID: o.ID, Version: o.changed()}
	r.Modified, _ = time.Parse(time.RFC3339, r.Version) // zero where it does not say
	for _, f := range c.known() {
		r.Values = append(r.Values, f.read(o.value(f.Name)))
	}
	return r
}

// Fetch reads contacts by id. One that was merged is gone into the one that
// HubSpot returns instead of it.
func (c *Contacts) Fetch(ctx context.Context, ids []string) (items []connector.Item, err error) {
	looked := map[string]seen{}
	for part := range slices.Chunk(unique(ids), batchSize) {
		found, missing, err := c.read(ctx, part, "")
		if err != nil {
			return nil, missingAddress(err)
		}
		at := c.clock.Now()
		rest := map[string]bool{}
		for _, id := range part {
			rest[id] = true
		}
		for _, o := range found {
			if rest[o.ID] {
				r := c.record(o)
				looked[o.ID] = seen{r, at}
				items = append(items, connector.Item{Record: r})
				delete(rest, o.ID)
			}
		}
		for _, id := range missing {
			items = append(items, connector.Item{Record: contact.Record{ID: id}, Gone: true})
			delete(rest, id)
		}
		merged, err := c.merged(ctx, rest, found)
		if err != nil {
			return nil, err
		}
		items = append(items, merged...)
	}
	c.keep(looked)
	return items, nil
}

// keep remembers what was read for the writes that follow at once, and no more.
func (c *Contacts) keep(looked map[string]seen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.looked)+len(looked) > atOnce {
		c.looked = looked
		return
	}
	maps.Copy(c.looked, looked)
}

// merged says what became of ids that HubSpot answered with other contacts, or
// not at all.
func (c *Contacts) merged(ctx context.Context, rest map[string]bool, found []object) (items []connector.Item, err error) {
	gone := func(id, into string) {
		delete(rest, id)
		items = append(items, connector.Item{Record: contact.Record{ID: id}, Gone: true, MergedInto: into})
	}
	for _, o := range found {
		for _, id := range o.former() {
			if rest[id] {
				gone(id, o.ID)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(rest)) {
		var o object
		_, err := c.service.do(ctx, request{method: http.MethodGet, path: c.service.objectPath + "/" + url.PathEscape(id), query: url.Values{"properties": {"lastmodifieddate"}}}, &o)
		f, refused := errors.AsType[*connector.Fault](err)
		switch {
		case refused && f.Kind == connector.Missing:
			gone(id, "")
		case err != nil:
			return nil, err
		case o.ID != id && o.ID != "":
			gone(id, o.ID)
		}
	}
	return items, nil
}

func unique(values []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool {
		again := seen[v] || v == ""
		seen[v] = true
		return again
	})
}

// read asks for at most a batch of contacts, by id or by a unique property. Those
// that are not there are missing.
func (c *Contacts) read(ctx context.Context, ids []string, by string) (found []object, missing []string, err error) {
	b := batch{Properties: c.names(), IDProperty: by, History: []string{}}
	for _, id := range ids {
		b.Inputs = append(b.Inputs, input{ID: id})
	}
	var reply batchReply
	if _, err := c.service.post(ctx, "/batch/read", b, request{}, &reply); err != nil {
		return nil, nil, err
	}
	for _, e := range reply.Errors {
		if e.Category != "OBJECT_NOT_FOUND" {
			return nil, nil, itemFault(e)
		}
		missing = append(missing, e.Context["ids"]...)
	}
	return reply.Results, missing, nil
}
