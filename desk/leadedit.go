package desk

import (
	"context"
	"errors"
	"time"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A LeadChange corrects a lead that waits. A value that is not named stays; a company
// that is emptied stays empty.
type LeadChange struct {
	Fields  map[string]string `json:"fields,omitempty"`
	Note    *string           `json:"note,omitempty" maxLength:"2000"`
	Event   *int64            `json:"event,omitempty" doc:"The event where they were met, 0 for none."`
	Version int64             `json:"version,omitempty" doc:"That was on screen: a lead that was corrected since is not touched. 0: whatever is there."`
}

// EditLead corrects a lead that waits.
func EditLead(ctx context.Context, w *workspace.Workspace, b store.Book, id int64, c LeadChange) error {
	l, err := leadOf(ctx, w, b, id)
	switch {
	case err != nil:
		return err
	case l.State != store.LeadNew:
		return refuse("not_found", "Lead %d does not wait any more: it was %s. Nothing was changed. To correct it, put it back first:  kith leads restore %d", id, l.State, id)
	case c.Version != 0 && c.Version != l.Version:
		return errLeadMoved
	}
	typed := map[string]string{}
	for name, value := range c.Fields {
		typed[name] = value
	}
	for name, value := range l.Values {
		if _, ok := typed[name]; !ok && b.Schema().Index(name) >= 0 {
			typed[name] = value
		}
	}
	values, err := checkLead(b, typed, nil)
	if err != nil {
		return err
	}
	if company := CompanyField(b); company != "" && values[company] == "" {
		if _, said := typed[company]; said {
			values[company] = ""
		}
	}
	l.Values = values
	if c.Note != nil {
		l.Note = *c.Note
	}
	if c.Event != nil {
		if l.Occasion = *c.Event; l.Occasion != 0 {
			if _, err := OccasionOf(ctx, w, b, store.KindEvent, l.Occasion); err != nil {
				return err
			}
		}
	}
	if err := checkNote(l.Note); err != nil {
		return err
	}
	if err := NotErased(ctx, w, b, valuesOfLead(b, l, CompanyGuess{})); err != nil {
		return err
	}
	if err := w.Store.CorrectLead(ctx, l); errors.Is(err, store.ErrNotFound) {
		return errLeadMoved
	} else if err != nil {
		return err
	}
	return nil
}

var errLeadMoved = &run.Error{Code: string(plan.TargetChanged), Message: "Somebody else has corrected, taken or dismissed this lead meanwhile. Nothing was changed"}

// Lead returns what stands in the inbox of somebody.
func Lead(ctx context.Context, w *workspace.Workspace, b store.Book, id int64) (LeadReport, error) {
	l, err := leadOf(ctx, w, b, id)
	if err != nil {
		return LeadReport{}, err
	}
	reports, err := reportLeads(ctx, w, b, []store.Lead{l})
	if err != nil {
		return LeadReport{}, err
	}
	return reports[0], nil
}

func leadOf(ctx context.Context, w *workspace.Workspace, b store.Book, id int64) (store.Lead, error) {
	found, err := w.Store.LeadsByID(ctx, b.ID, []int64{id})
	if err == nil && len(found) == 0 {
		return store.Lead{}, refuse("not_found", "There is no lead %d in the inbox of %s. kith leads list --book %s shows who waits", id, b.Name, Quoted(b.Name))
	}
	if err != nil {
		return store.Lead{}, err
	}
	return found[0], nil
}

// DismissLeads takes leads out of the inbox without making them contacts, and counts
// them. Those that do not wait are left as they are.
func DismissLeads(ctx context.Context, w *workspace.Workspace, b store.Book, ids []int64, by string) (int64, error) {
	return settle(ctx, w, b, ids, func(l *store.Lead) bool {
		was := l.State
		l.State, l.By, l.Settled = store.LeadDismissed, by, w.Engine.Now()
		return was == store.LeadNew
	})
}

// RestoreLeads puts leads back into the inbox. A contact that one became stays as it is.
func RestoreLeads(ctx context.Context, w *workspace.Workspace, b store.Book, ids []int64) (int64, error) {
	return settle(ctx, w, b, ids, func(l *store.Lead) bool {
		was := l.State
		l.State, l.By, l.Settled, l.Ref, l.Run = store.LeadNew, "", time.Time{}, 0, 0
		return was != store.LeadNew
	})
}

func settle(ctx context.Context, w *workspace.Workspace, b store.Book, ids []int64, change func(*store.Lead) bool) (int64, error) {
	leads, err := someLeads(ctx, w, b, ids)
	if err != nil {
		return 0, err
	}
	var changed []store.Lead
	for _, l := range leads {
		if change(&l) {
			changed = append(changed, l)
		}
	}
	return int64(len(changed)), w.Store.SettleLeads(ctx, changed)
}

// someLeads finds leads by their IDs, of which one at least has to be there.
func someLeads(ctx context.Context, w *workspace.Workspace, b store.Book, ids []int64) ([]store.Lead, error) {
	switch {
	case len(ids) == 0:
		return nil, usage("No lead is ticked. Nothing was changed")
	case len(ids) > leadsAtOnce:
		return nil, refuse(CodeFull, "More than %d leads are named. Nothing was changed. Name fewer at a time", leadsAtOnce)
	}
	leads, err := w.Store.LeadsByID(ctx, b.ID, ids)
	if err == nil && len(leads) == 0 {
		return nil, refuse("not_found", "None of these leads is in the inbox of %s. Nothing was changed", b.Name)
	}
	return leads, err
}
