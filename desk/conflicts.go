package desk

import (
	"context"
	"strconv"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A ConflictReport is what kith prints of a conflict.
type ConflictReport struct {
	Conflict int64       `json:"conflict"`
	Contact  string      `json:"contact"`
	Name     string      `json:"name,omitempty"` // of the contact, or its e-mail
	Book     string      `json:"book"`
	RemoteID string      `json:"remote_id"`
	Field    string      `json:"field"`
	Base     string      `json:"base"` // what both had before
	Ours     string      `json:"ours"`
	Theirs   string      `json:"theirs"`
	Frozen   bool        `json:"frozen"` // the value went back and forth and was stopped
	Run      int64       `json:"run"`
	Found    time.Time   `json:"found"`
	Pick     plan.Winner `json:"pick,omitempty"` // chosen, and carried out by the next run
}

// ReportConflict says what a conflict is about, without the names of its book and contact.
func ReportConflict(c store.Conflict) ConflictReport {
	return ConflictReport{Conflict: c.ID, Contact: strconv.FormatInt(store.Number(c.Ref), 10), RemoteID: c.RemoteID, Field: c.Field,
		Base: c.Base, Ours: c.Ours, Theirs: c.Theirs, Frozen: c.Oscillates, Run: c.Run, Found: c.Found, Pick: c.Pick}
}

// Called says which book a contact is in, and how people call it: by its name,
// else by its e-mail.
func Called(ctx context.Context, w *workspace.Workspace, ref int64) (bookName, name string, err error) {
	b, err := bookOf(ctx, w, store.BookOf(ref))
	if err != nil {
		return "", "", err
	}
	for c, err := range w.Store.ContactsByRef(ctx, b, []int64{ref}) {
		if err != nil {
			return b.Name, "", err
		}
		if name = NameOf(Naming(b), c.Values); name == "" {
			if at := b.Schema().First(contact.Email); at >= 0 && at < len(c.Values) {
				name = c.Values[at]
			}
		}
	}
	return b.Name, name, nil
}
