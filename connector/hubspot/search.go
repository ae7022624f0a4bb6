package hubspot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
)

// A step is a page of a search for changes: those from a time on, or those at
// exactly this time, by id.
type step struct {
	from time.Time
	at   bool
	id   string // those after it
}

// next is the page after a page, if there is one. Where a whole page was changed
// at one moment, by an import, the moment is read by id.
func (s step) next(reply listing) (next step, more bool, err error) {
	more = reply.Paging.Next.After != "" && reply.last.ID != ""
	if !more {
		if s.at {
			return step{from: s.from.Add(time.Millisecond)}, true, nil
		}
		return step{}, false, nil
	}
	last := reply.last
	if s.at {
		if last.ID == s.id {
			return step{}, false, &connector.Fault{Kind: connector.Invalid, Message: "HubSpot lists the same contacts again and again."}
		}
		return step{from: s.from, at: true, id: last.ID}, true, nil
	}
	changed, err := time.Parse(time.RFC3339, last.changed())
	if err != nil {
		return step{}, false, &connector.Fault{Kind: connector.Invalid, Message: "HubSpot does not say when a contact was changed.", Err: err}
	}
	if changed.After(s.from) {
		return step{from: changed}, true, nil
	}
	return step{from: s.from, at: true, id: "0"}, true, nil
}

type filter struct {
	Name     string   `json:"propertyName"`
	Operator string   `json:"operator"`
	Value    string   `json:"value,omitempty"`
	Values   []string `json:"values,omitempty"`
}

type group struct {
	Filters []filter `json:"filters"`
}

type order struct {
	Name      string `json:"propertyName"`
	Direction string `json:"direction"`
}

// A query is the body of a search.
type query struct {
	Groups []group  `json:"filterGroups"`
	Sorts  []order  `json:"sorts"`
	Names  []string `json:"properties"`
	Limit  int      `json:"limit"`
}

// searchChanged asks for a page of changes: contacts with these properties, with
// all of them where none is named.
func (c *Contacts) searchChanged(ctx context.Context, s step, names []string) (listing, time.Time, error) {
	stamp := strconv.FormatInt(s.from.UnixMilli(), 10)
	q := query{
		Names:  names,
		Groups: []group{{[]filter{{Name: "lastmodifieddate", Operator: "GTE", Value: stamp}}}},
		Sorts:  []order{{"lastmodifieddate", "ASCENDING"}},
	}
	if s.at {
		q.Groups = []group{{[]filter{{Name: "lastmodifieddate", Operator: "EQ", Value: stamp}, {Name: "hs_object_id", Operator: "GT", Value: s.id}}}}
		q.Sorts = []order{{"hs_object_id", "ASCENDING"}}
	}
	return c.search(ctx, q)
}

// search asks the index, for all properties where the query names none. Where the
// account has so many that a search cannot name them, it asks for ids, and then
// for the contacts.
func (c *Contacts) search(ctx context.Context, q query) (reply listing, told time.Time, err error) {
	long := false
	if q.Limit = searchSize; q.Names == nil {
		q.Names = c.names()
		long = len(strings.Join(q.Names, `","`)) > longBody-len(fmt.Sprint(q.Groups, q.Sorts))-200
	}
	if long {
		q.Names = ours[:]
	}
	told, err = c.service.post(ctx, "/search", q, request{search: true}, &reply)
	if err != nil || len(reply.Results) == 0 {
		return reply, told, missingAddress(err)
	}
	reply.last = reply.Results[len(reply.Results)-1]
	if long {
		reply.Results, err = c.full(ctx, reply.Results)
	}
	return reply, told, err
}
