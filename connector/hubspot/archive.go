package hubspot

import (
	"context"
	"net/http"
	"net/url"

	"github.com/kith-sync/kith/connector"
)

// remove deletes contacts. HubSpot answers alike whether they were there or not, and an
// id that was merged leads to the contact it was merged into, who must not be deleted
// for it: we look first.
func (w *writing) remove(ctx context.Context, part []int) {
	var unread []string
	for _, i := range part {
		if _, ok := w.recent(w.writes[i].ID); !ok {
			unread = append(unread, w.writes[i].ID)
		}
	}
	items, err := w.Fetch(ctx, unread)
	if err != nil {
		f := asFault(err)
		w.fail(part, f)
		w.heed(f)
		return
	}
	gone, into := map[string]bool{}, map[string]string{}
	for _, item := range items {
		gone[item.ID], into[item.ID] = item.Gone, item.MergedInto
	}
	var there []int
	for _, i := range part {
		switch id := w.writes[i].ID; {
		case w.writes[i].Forever && into[id] != "":
			w.out[i].Fault = &connector.Fault{Kind: connector.Invalid, Message: "HubSpot made one contact of it and " + into[id] + ". See whether that is the person, and delete it there."}
		case w.writes[i].Forever:
			w.erase(ctx, i)
		case gone[id]:
			w.out[i].Fault = &connector.Fault{Kind: connector.Missing, Message: "It is not in HubSpot any more."}
		default:
			there = append(there, i)
		}
	}
	w.archive(ctx, there)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range part {
		if w.out[i].Fault == nil {
			delete(w.looked, w.writes[i].ID)
		}
	}
}

// archive deletes contacts, who can be restored for 90 days.
func (w *writing) archive(ctx context.Context, part []int) {
	if len(part) == 0 {
		return
	}
	if w.stop != nil {
		w.fail(part, w.stop)
		return
	}
	b := batch{}
	for _, i := range part {
		b.Inputs = append(b.Inputs, input{ID: w.writes[i].ID})
	}
	if _, err := w.service.post(ctx, "/batch/archive", b, request{write: true}, nil); err != nil {
		w.refused(ctx, connector.OpDelete, part, asFault(err))
	}
}

// An erasure names a contact that is to be deleted for good, archived or not.
type erasure struct {
	ID string `json:"objectId"`
}

// erase deletes a contact for good: nobody can restore it, and HubSpot keeps its address
// from being imported again.
func (w *writing) erase(ctx context.Context, i int) {
	if w.stop != nil {
		w.fail([]int{i}, w.stop)
		return
	}
	id := w.writes[i].ID
	_, err := w.service.post(ctx, "/gdpr-delete", erasure{id}, request{write: true}, nil)
	if err == nil {
		w.lost = 0
		return
	}
	f := asFault(err)
	if f.Kind == connector.Missing {
		f = w.nowhere(ctx, id)
	}
	if f != nil {
		w.fail([]int{i}, f)
		w.heed(f)
	}
}

// nowhere says what there still is of a contact that HubSpot did not find when it was to
// be deleted for good. The manual does not say whether that reaches who is archived.
func (w *writing) nowhere(ctx context.Context, id string) *connector.Fault {
	still := &connector.Fault{Kind: connector.Invalid, Message: "HubSpot does not delete this contact for good. Delete it there, and choose to delete it permanently."}
	items, err := w.Fetch(ctx, []string{id})
	switch {
	case err != nil:
		return asFault(err)
	case len(items) == 0 || !items[0].Gone:
		return still
	}
	at := w.service.objectPath + "/" + url.PathEscape(id)
	_, err = w.service.do(ctx, request{method: http.MethodGet, path: at, query: url.Values{"archived": {"true"}, "properties": {"lastmodifieddate"}}}, nil)
	if err == nil {
		still.Message = "It is in HubSpot's recycle bin, where this does not reach it. Restore it there, and erase again."
		return still
	}
	if f := asFault(err); f.Kind != connector.Missing {
		return f
	}
	return nil
}
