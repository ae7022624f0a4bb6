package salesforce

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// send carries out what is left of a wave: creates, updates, deletes. What failed
// in one kind does not stop the others.
func (o *Object) send(ctx context.Context, tasks []*task) error {
	for _, op := range []connector.Op{connector.OpCreate, connector.OpUpdate, connector.OpDelete} {
		for _, group := range o.groups(op, tasks) {
			if o.bulky(op, group) {
				o.bulk(ctx, op, group)
			} else {
				o.collections(ctx, op, group)
			}
		}
	}
	return nil
}

// groups are the tasks of one kind that may go together. Those of one account stand
// together, so that no two calls wait for its lock [BULK: lock contention].
func (o *Object) groups(op connector.Op, tasks []*task) (groups [][]*task) {
	mine := slices.DeleteFunc(slices.Clone(tasks), func(k *task) bool { return k.Op != op || !k.open() })
	slices.SortStableFunc(mine, func(a, b *task) int {
		return cmp.Or(cmp.Compare(a.t.Name, b.t.Name), cmp.Compare(a.account(), b.account()))
	})
	for i, k := range mine {
		if i == 0 || k.t != mine[i-1].t {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], k)
	}
	return groups
}

// account is the record that a write locks besides its own.
func (k *task) account() string {
	for _, name := range []string{"AccountId", "CampaignId"} {
		if id, _ := k.body[name].(string); id != "" {
			return id
		}
		if id := k.now.text(name); id != "" {
			return id
		}
	}
	return ""
}

// collections sends a group in calls of a few collections.
func (o *Object) collections(ctx context.Context, op connector.Op, group []*task) {
	for call := range slices.Chunk(slices.Collect(slices.Chunk(group, collection)), together) {
		if err := ctx.Err(); err != nil {
			for _, part := range call {
				refuseAll(part, asFault(err))
			}
			continue
		}
		if stop := o.call(ctx, op, call); stop != nil {
			failOpen(group, stop)
			return
		}
	}
}

func refuseAll(part []*task, f *connector.Fault) {
	for _, k := range part {
		k.fail(f)
	}
}

// call sends some collections in one call. It returns the fault that would meet
// every further call, too.
func (o *Object) call(ctx context.Context, op connector.Op, parts [][]*task) *connector.Fault {
	requests := make([]request, len(parts))
	for i, part := range parts {
		requests[i] = o.request(op, part)
	}
	if len(parts) == 1 || slices.ContainsFunc(requests, refers) {
		var stop *connector.Fault
		for i, part := range parts {
			if stop != nil {
				refuseAll(part, stop)
				continue
			}
			got, err := o.api.do(ctx, requests[i])
			stop = o.answered(ctx, op, part, got.body, asFault(err))
		}
		return stop
	}
	answers, err := o.api.composite(ctx, requests)
	if err != nil {
		for _, part := range parts {
			refuseAll(part, asFault(err))
		}
		return stops(asFault(err))
	}
	var stop *connector.Fault
	for i, part := range parts {
		stop = cmp.Or(stop, o.answered(ctx, op, part, answers[i].body, answers[i].fault(true)))
	}
	return stop
}

// request is one collection.
func (o *Object) request(op connector.Op, part []*task) request {
	t := part[0].t
	r := request{method: http.MethodPatch, path: "composite/sobjects", write: true}
	if op == connector.OpDelete {
		var ids []string
		for _, k := range part {
			ids = append(ids, k.ID)
		}
		r.method, r.query = http.MethodDelete, url.Values{"ids": {strings.Join(ids, ",")}, "allOrNone": {"false"}}
		return r
	}
	records := make([]map[string]any, len(part))
	for i, k := range part {
		records[i] = map[string]any{"attributes": map[string]string{"type": t.Name}}
		for name, v := range k.body {
			records[i][name] = v
		}
		if op == connector.OpUpdate {
			records[i]["id"] = k.ID
		}
	}
	if op == connector.OpCreate {
		r.method = http.MethodPost
		if t.key != "" && !t.unique { // one that the org keeps unique refuses the second itself
			r.method, r.path = http.MethodPatch, "composite/sobjects/"+t.Name+"/"+t.key
		}
	}
	r.body = map[string]any{"allOrNone": false, "records": records}
	return r
}

// answered enters what a collection was answered. A collection that was refused
// whole for what one of its records holds is sent again in halves (I15).
func (o *Object) answered(ctx context.Context, op connector.Op, part []*task, body []byte, f *connector.Fault) *connector.Fault {
	if f != nil {
		if f.Code == "JSON_PARSER_ERROR" && len(part) > 1 {
			half := len(part) / 2
			return cmp.Or(o.call(ctx, op, [][]*task{part[:half]}), o.call(ctx, op, [][]*task{part[half:]}))
		}
		refuseAll(part, f)
		return stops(f)
	}
	var rows []saved
	err := read(body, &rows)
	if err == nil && len(rows) != len(part) {
		err = fmt.Errorf("%d answers to %d records", len(rows), len(part))
	}
	if err != nil {
		f := unreadable(err, true)
		refuseAll(part, f)
		return stops(f)
	}
	for i, k := range part {
		k.saved(rows[i])
	}
	return nil
}

// stops returns a fault that the next call would meet as well.
func stops(f *connector.Fault) *connector.Fault {
	switch f.Kind {
	case connector.Denied, connector.Quota:
		return f
	case connector.Busy:
		return f
	case connector.Unknown: // one that says nothing at all is not waited for by every call
		if f.Err != nil {
			return &connector.Fault{Kind: connector.Busy, Message: "Salesforce did not answer the call before this one. It is tried again.", Err: f.Err}
		}
	}
	return nil
}

// A saved row is what became of one record of a collection.
type saved struct {
	ID      string    `json:"id"`
	Success bool      `json:"success"`
	Errors  []problem `json:"errors"`
}

func (k *task) saved(s saved) {
	switch {
	case s.Success:
		k.done = true
		if k.Op == connector.OpCreate {
			k.ID = wide(s.ID)
		}
	case len(s.Errors) == 0:
		k.fail(invalid("", "Salesforce did not take it and does not say why."))
	default:
		k.fail(rowFault(s.Errors[0]))
	}
}
