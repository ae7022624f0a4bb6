package desk

import (
	"context"

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
		reports[i] = reportLink(connections, l)
	}
	return reports, nil
}

// A PersonsRecord is a record of another system that an erasure of somebody finds.
type PersonsRecord struct {
	LinkReport
	Linked bool // no contact is, or was, linked with the others: they are left to people
}

// RecordsOf are the records of other systems that an erasure of somebody finds.
func RecordsOf(ctx context.Context, w *workspace.Workspace, p run.Person) (all []PersonsRecord, err error) {
	found, err := w.Store.RecordsOf(ctx, store.Erasure{Refs: p.Refs, Keys: p.Keys, Mentions: p.Mentions})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	connections, err := w.Store.Connections(ctx)
	for _, l := range found {
		all = append(all, PersonsRecord{reportLink(connections, l), l.Ref != 0})
	}
	return all, err
}

func reportLink(connections []store.Connection, l store.Linked) LinkReport {
	return LinkReport{Connection: l.Connection, Object: l.Object, RemoteID: l.RemoteID, Address: addressOf(connections, l), State: linkState(l.State), Gone: l.State != store.There}
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
