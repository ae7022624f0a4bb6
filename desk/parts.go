package desk

import (
	"context"
	"time"

	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/workspace"
)

// A DisclosedPart is an event or a meeting that the person takes part in.
type DisclosedPart struct {
	Kind     string     `json:"kind" enum:"event,meeting"`
	Name     string     `json:"name"`
	Starts   *time.Time `json:"starts,omitempty"`
	Place    string     `json:"place,omitempty"`
	Campaign string     `json:"campaign,omitempty"`
	Status   string     `json:"status,omitempty"`
	Added    *time.Time `json:"added,omitempty"`
}

// addParts adds what the person takes part in.
func addParts(ctx context.Context, w *workspace.Workspace, p run.Person, d *DisclosedBook) error {
	joined, err := w.Store.AttendancesOf(ctx, p.Refs)
	if err != nil {
		return err
	}
	for _, a := range joined {
		o, err := w.Store.Occasion(ctx, a.Occasion)
		if err != nil {
			return err
		}
		d.TakesPart = append(d.TakesPart, DisclosedPart{o.Kind, o.Name, Moment(o.Starts), o.Place, o.CampaignName, a.Status, Moment(a.Added)})
	}
	return nil
}
