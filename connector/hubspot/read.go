package hubspot

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Changes lists everything by the object call, a page of 100 at a time, and what
// changed by searching for it. Merges are told: the ids that became another
// contact are gone into it. A listing of changes begins with who was archived.
func (c *Contacts) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		at, err := readCursor(since)
		switch {
		case err != nil:
			yield(connector.Page{}, err)
		case at.everything:
			c.everything(ctx, at, yield)
		default:
			c.changed(ctx, at.from, yield)
		}
	}
}

// A cursor is where a listing goes on: in the middle of everything, or from a
// change on.
type cursor struct {
	everything bool
	from       time.Time // listed from here; or when the listing of everything began
	after      string    // HubSpot's own cursor, of a listing of everything
}

func (c cursor) String() string {
	if c.everything {
		return fmt.Sprintf("all %d %s", c.from.UnixMilli(), c.after)
	}
	return fmt.Sprintf("since %d", c.from.UnixMilli())
}

// readCursor reads one. Everything that we have not written ourselves has expired.
func readCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{everything: true}, nil
	}
	words := strings.SplitN(text, " ", 3)
	if len(words) >= 2 {
		ms, err := strconv.ParseInt(words[1], 10, 64)
		at := time.UnixMilli(ms).UTC()
		switch {
		case err == nil && words[0] == "since" && len(words) == 2:
			return cursor{from: at}, nil
		case err == nil && words[0] == "all" && len(words) == 3:
			return cursor{everything: true, from: at, after: words[2]}, nil
		}
	}
	return cursor{}, &connector.Fault{Kind: connector.Expired, Message: "Where we left off cannot be told any more. Everything is read again."}
}

// everything lists all contacts by id. What changes meanwhile, the next listing
// tells: it goes back to when this one began.
func (c *Contacts) everything(ctx context.Context, at cursor, yield func(connector.Page, error) bool) {
	for {
		reply, told, err := c.list(ctx, at.after, false)
		if err != nil {
			yield(connector.Page{}, err)
			return
		}
		if at.from.IsZero() {
			at.from = told
		}
		next := reply.Paging.Next.After
		if next != "" && next == at.after {
			yield(connector.Page{}, &connector.Fault{Kind: connector.Invalid, Message: "HubSpot lists the same contacts again and again."})
			return
		}
		at.after = next
		page := connector.Page{Items: c.items(reply.Results), Cursor: at.String()}
		if next == "" {
			page.Cursor, page.Complete = cursor{from: at.from.Add(-overlap)}.String(), true
		}
		if !yield(page, nil) {
			return
		}
		if next == "" { // what changed since it began is still to be looked at
			c.heard(index{since: at.from.Add(-overlap), told: at.from, by: map[uint64]uint64{}})
			return
		}
	}
}

// longQuery is how long a list of properties may get in an address, and longBody
// in the body of a search: then only ids are asked for, and the contacts by them.
const (
	longQuery = 6000
	longBody  = 2900
)

// list asks for a page of contacts.
func (c *Contacts) list(ctx context.Context, after string, archived bool) (reply listing, told time.Time, err error) {
	names, long := strings.Join(c.names(), ","), false
	if archived {
		names = ours[0]
	} else if long = len(url.QueryEscape(names)) > longQuery; long {
		names = strings.Join(ours[:], ",")
	}
	q := url.Values{"limit": {strconv.Itoa(batchSize)}, "properties": {names}}
	if after != "" {
		q.Set("after", after)
	}
	if archived {
		q.Set("archived", "true")
	}
	told, err = c.service.do(ctx, request{method: http.MethodGet, path: c.service.objectPath, query: q}, &reply)
	if err == nil && long {
		reply.Results, err = c.full(ctx, reply.Results)
	}
	return reply, told, missingAddress(err)
}

// full reads contacts of whom only the ids are known. Those that were archived
// meanwhile are left out.
func (c *Contacts) full(ctx context.Context, some []object) (all []object, err error) {
	for part := range slices.Chunk(some, batchSize) {
		ids := make([]string, len(part))
		for i, o := range part {
			ids[i] = o.ID
		}
		found, _, err := c.read(ctx, ids, "")
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// changed lists what was changed from a time on, the oldest change first. A page
// begins at the last change of the one before it, and not at its end: contacts
// that are changed while we read move to the end of the list, and whoever counts
// on would pass over others. So HubSpot's limit of 10,000 is never reached.
func (c *Contacts) changed(ctx context.Context, from time.Time, yield func(connector.Page, error) bool) {
	gone, err := c.archivedSince(ctx, from)
	if err != nil {
		yield(connector.Page{}, err)
		return
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(gone)), batchSize) {
		page := connector.Page{Cursor: cursor{from: from}.String()}
		for _, id := range part {
			page.Items = append(page.Items, connector.Item{Record: contact.Record{ID: id}, Gone: true})
		}
		if !yield(page, nil) {
			return
		}
	}
	c.walk(ctx, from, gone, yield)
}

// walk searches page by page. The index may still show who is gone.
func (c *Contacts) walk(ctx context.Context, from time.Time, gone map[string]bool, yield func(connector.Page, error) bool) {
	var begun time.Time
	k := index{since: from, by: map[uint64]uint64{}}
	for step := (step{from: from}); ; {
		reply, told, err := c.searchChanged(ctx, step, nil)
		if err != nil {
			yield(connector.Page{}, err)
			return
		}
		if begun.IsZero() {
			begun = told
		}
		end := begun.Add(-overlap)
		next, more, err := step.next(reply)
		if err != nil {
			yield(connector.Page{}, err)
			return
		}
		there := slices.DeleteFunc(reply.Results, func(o object) bool { return gone[o.ID] })
		k.saw(there)
		page := connector.Page{Items: c.items(there), Cursor: cursor{from: end}.String()}
		if more && next.from.Before(end) { // what is later may not be in the index yet
			page.Cursor = cursor{from: next.from}.String()
		}
		k.told, k.at = begun, c.clock.Now()
		if !yield(page, nil) {
			return
		}
		if !more {
			c.heard(k)
			return
		}
		step = next
	}
}

// archivedSince are the contacts that were archived from a time on. HubSpot
// lists the archive of 90 days as a whole only.
func (c *Contacts) archivedSince(ctx context.Context, from time.Time) (map[string]bool, error) {
	gone := map[string]bool{}
	for after := ""; ; {
		reply, _, err := c.list(ctx, after, true)
		if err != nil {
			return nil, err
		}
		for _, o := range reply.Results {
			if at, err := time.Parse(time.RFC3339, o.ArchivedAt); err != nil || !at.Before(from) {
				gone[o.ID] = true
			}
		}
		next := reply.Paging.Next.After
		if next == "" {
			return gone, nil
		}
		if next == after {
			return nil, &connector.Fault{Kind: connector.Invalid, Message: "HubSpot lists the same contacts again and again."}
		}
		after = next
	}
}
