package desk

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// SecretFields names the fields whose values nobody may see.
func SecretFields(fields []contact.Field) map[string]bool {
	secret := map[string]bool{}
	for _, f := range fields {
		if f.Kind == contact.Password {
			secret[f.Name] = true
		}
	}
	return secret
}

// Bound is what a run's stored configuration says about its plan: the sync with
// every suggestion spelled out, and the fields it will add.
type Bound struct {
	Sync      plan.Sync       `json:"sync"`
	Columns   []string        `json:"columns"`
	Target    contact.Schema  `json:"target"`
	NewFields []contact.Field `json:"new_fields"`
	Suggested bool            `json:"suggested"`
}

// BoundOf reads what a run keeps of its configuration; one that failed early has none.
func BoundOf(r store.Run) (b Bound) {
	_ = json.Unmarshal(r.Config, &b) // a run that failed early has none
	return b
}

// ChangesOf yields what a run's plan says of every record, passwords masked. A
// run that was over before it was planned has none.
func ChangesOf(ctx context.Context, w *workspace.Workspace, r store.Run) iter.Seq2[plan.Change, error] {
	secret := SecretFields(BoundOf(r).Target.Fields)
	if r.Kind != store.KindSync {
		if b, err := bookOf(ctx, w, r.BookID); err == nil {
			secret = SecretFields(b.Fields)
		}
	}
	return func(yield func(plan.Change, error) bool) {
		for c, err := range w.Engine.Changes(ctx, r) {
			Mask(c.Fields, secret)
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// Mask hides the values of secret fields, leaving visible that there is one.
func Mask(fields []plan.FieldChange, secret map[string]bool) {
	for i := range fields {
		if f := &fields[i]; secret[f.Name] {
			f.Old, f.New, f.Kept = masked(f.Old), masked(f.New), masked(f.Kept)
		}
	}
}

func masked(value string) string {
	if value == "" {
		return ""
	}
	return contact.Mask
}
