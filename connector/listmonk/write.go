package listmonk

import (
	"context"
	"net/http"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Write looks once at everybody it is about and then writes one after another:
// listmonk takes one subscriber at a time, except for those who leave the list,
// who leave it together. Once the server asks us to wait or refuses the token,
// the rest is not sent.
func (l *List) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	out := make([]connector.Outcome, len(writes))
	people, err := l.members(ctx, subjects(writes))
	stop := asFault(err)
	var leave []int // positions of those who leave
	for i, w := range writes {
		s, there := people[w.ID]
		switch {
		case stop != nil:
			out[i].Fault = stop
			continue
		case w.Op != connector.OpCreate && !there:
			out[i].Fault = missing()
			continue
		case w.Op == connector.OpDelete:
			leave = append(leave, i)
			continue
		}
		rec, err := l.write(ctx, w, s)
		out[i] = connector.Outcome{Record: rec, Fault: asFault(err)}
		stop = stops(out[i].Fault)
	}
	if len(leave) > 0 && stop == nil {
		stop = asFault(l.remove(ctx, writes, leave))
	}
	for _, i := range leave {
		out[i].Fault = stop
	}
	return out
}

// subjects are whom some writes are about.
func subjects(writes []connector.Write) (ids []string) {
	for _, w := range writes {
		if w.Op != connector.OpCreate {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

func (l *List) write(ctx context.Context, w connector.Write, s subscriber) (contact.Record, error) {
	var err error
	switch w.Op {
	case connector.OpCreate:
		s, err = l.create(ctx, w.Set)
	case connector.OpUpdate:
		s, err = l.update(ctx, s, w.Set)
	default:
		return contact.Record{}, invalid("", "There is no such operation.")
	}
	if err != nil {
		return contact.Record{}, err
	}
	rec, ok := l.record(s)
	if !ok {
		return contact.Record{}, missing()
	}
	return rec, nil
}

// remove takes people off the list. They stay on the server: on its other lists,
// and with what they have been sent.
func (l *List) remove(ctx context.Context, writes []connector.Write, leave []int) error {
	var ids []int64
	for _, i := range leave {
		id, _ := number(writes[i].ID)
		ids = append(ids, id)
	}
	return l.subscription(ctx, "remove", "", ids...)
}

// subscription changes what some people are to this list. The state is for "add"
// and overwrites the one that is there.
func (l *List) subscription(ctx context.Context, action, state string, ids ...int64) error {
	return l.server.call(ctx, request{method: http.MethodPut, path: "subscribers/lists",
		body: lists{IDs: ids, Action: action, Target: []int64{l.id}, Status: state}}, nil)
}

// lists is the body of a request that changes subscriptions: of those with ids,
// or for whom a condition holds.
type lists struct {
	IDs    []int64 `json:"ids,omitempty"`
	Query  string  `json:"query,omitempty"`
	Action string  `json:"action"`
	Target []int64 `json:"target_list_ids"`
	Status string  `json:"status,omitempty"`
}
