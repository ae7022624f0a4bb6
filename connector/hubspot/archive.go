package hubspot

import (
	"context"

	"github.com/kith-sync/kith/connector"
)

// archive deletes contacts, who can be restored for 90 days. HubSpot answers alike
// whether they were there or not, and an id that was merged leads to the contact
// it was merged into, who must not be deleted for it: we look first.
func (w *writing) archive(ctx context.Context, part []int) {
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
	gone := map[string]bool{}
	for _, item := range items {
		gone[item.ID] = item.Gone
	}
	b := batch{}
	var there []int
	for _, i := range part {
		if id := w.writes[i].ID; gone[id] {
			w.out[i].Fault = &connector.Fault{Kind: connector.Missing, Message: "It is not in HubSpot any more."}
		} else {
			there, b.Inputs = append(there, i), append(b.Inputs, input{ID: id})
		}
	}
	if len(there) == 0 {
		return
	}
	if _, err := w.service.post(ctx, "/batch/archive", b, request{write: true}, nil); err != nil {
		w.refused(ctx, connector.OpDelete, there, asFault(err))
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range there {
		delete(w.looked, w.writes[i].ID)
	}
}
