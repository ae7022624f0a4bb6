package desk

import (
	"context"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A LinkReport is a contact's record at another system.
type LinkReport struct {
	Connection string `json:"connection"`
	Object     string `json:"object,omitempty"`
	RemoteID   string `json:"remote_id"`
	Address    string `json:"address,omitempty"` // of its page there, where the system has pages (E14)
	State      string `json:"state"`             // there, gone or erased here
	Gone       bool   `json:"gone,omitempty"`    // it was deleted there; it is never made again
}

// LinksOf are the records of other systems that a contact is linked with.
func LinksOf(ctx context.Context, w *workspace.Workspace, ref int64) ([]LinkReport, error) {
	links, err := w.Store.Links(ctx, ref)
	if err != nil || len(links) == 0 {
		return []LinkReport{}, err
	}
	connections, err := w.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	reports := make([]LinkReport, len(links))
	for i, l := range links {
		reports[i] = LinkReport{Connection: l.Connection, Object: l.Object, RemoteID: l.RemoteID, Address: addressOf(connections, l), State: linkState(l.State), Gone: l.State != store.There}
	}
	return reports, nil
}

// RecordsOf are the records of other systems that an erasure of somebody finds: those
// that they are linked with, and those that an earlier erasure of them left.
func RecordsOf(ctx context.Context, w *workspace.Workspace, p run.Person) (all []LinkReport, err error) {
	refs := slices.Clone(p.Refs)
	erased, err := w.Store.Suppressions(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range erased {
		same := slices.ContainsFunc(s.Keys, func(k store.Key) bool {
			return k.Rule != plan.NumberOf(plan.ByPhone) && slices.Contains(p.Keys, k) // a telephone may be a household's
		})
		if same && s.BookID == p.Book.ID && s.Ref != 0 && !slices.Contains(refs, s.Ref) {
			refs = append(refs, s.Ref)
		}
	}
	for _, ref := range refs {
		links, err := LinksOf(ctx, w, ref)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if l.State != linkState(store.Gone) {
				all = append(all, l)
			}
		}
	}
	return all, nil
}

// addressOf is where people see a linked record, where its system has such pages.
func addressOf(connections []store.Connection, l store.Linked) string {
	for _, c := range connections {
		if c.Name != l.Connection {
			continue
		}
		if system, err := workspace.SystemNamed(c.Kind); err == nil {
			return system.Address(c, l.Object, l.RemoteID)
		}
	}
	return ""
}

func linkState(s store.MirrorState) string {
	switch s {
	case store.There:
		return "there"
	case store.Erased:
		return "erased here"
	}
	return "gone"
}
