package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// An Attending names the people who are to take part in an event or a meeting: one by
// one, by a choice, or all that a run has met. Several of these add up.
type Attending struct {
	Contacts []int64  `json:"contacts,omitempty" maxItems:"10000" doc:"Their IDs."`
	Who      []string `json:"who,omitempty" maxItems:"10000" doc:"Or an ID, unique identifier, e-mail or telephone of each."`
	Choice   *Choice  `json:"chosen,omitempty" doc:"Or all that this chooses; {} chooses every contact."`
	Run      int64    `json:"run,omitempty" minimum:"0" doc:"Or everybody in what a run has read: whom it created, updated, or found as they are."`
	Status   string   `json:"status,omitempty" maxLength:"200" doc:"Such as registered or attended. Without one, who takes part already keeps theirs."`
}

// An AttendReport says what came of it.
type AttendReport struct {
	Added   int `json:"added"`
	Changed int `json:"changed"` // took part already, and have another status now
	Same    int `json:"same"`    // took part already
}

// AttendAll has everybody take part who is named.
func AttendAll(ctx context.Context, w *workspace.Workspace, b store.Book, o store.Occasion, a Attending) (AttendReport, error) {
	var r AttendReport
	people, err := invited(ctx, w, b, a)
	if err != nil {
		return r, err
	}
	joined, err := w.Store.Attendances(ctx, o.ID)
	if err != nil {
		return r, err
	}
	had := map[int64]string{}
	for _, j := range joined {
		had[j.Ref] = j.Status
	}
	status := strings.TrimSpace(a.Status)
	for _, c := range people {
		switch before, took := had[c.Ref]; {
		case !took:
			r.Added++
		case status != "" && before != status:
			r.Changed++
		default:
			r.Same++
		}
	}
	return r, Attend(ctx, w, o, people, status)
}

// invited are the live contacts that an Attending names, each once.
func invited(ctx context.Context, w *workspace.Workspace, b store.Book, a Attending) ([]store.Contact, error) {
	if len(a.Contacts)+len(a.Who) == 0 && a.Choice == nil && a.Run == 0 {
		return nil, usage("Nobody is named. Nothing was changed")
	}
	refs, err := refsAsked(ctx, w, b, a)
	if err != nil {
		return nil, err
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)
	people, err := alive(ctx, w, b, refs)
	switch {
	case err != nil || len(people) > 0:
		return people, err
	case a.Run != 0:
		return nil, refuse("not_found", "Run %d met nobody who is in %s now. Nothing was changed", a.Run, b.Name)
	}
	return nil, refuse("not_found", "Nobody in %s is like that. Nothing was changed", b.Name)
}

// refsAsked are the handles of who is named, some perhaps twice or gone meanwhile.
func refsAsked(ctx context.Context, w *workspace.Workspace, b store.Book, a Attending) (refs []int64, err error) {
	for _, id := range a.Contacts {
		refs = append(refs, store.Ref(b.ID, id))
	}
	for _, who := range a.Who {
		c, err := ContactIn(ctx, w, b, who)
		if err != nil {
			return nil, err
		}
		refs = append(refs, c.Ref)
	}
	if a.Choice != nil {
		chosen, err := Chosen(b, *a.Choice)
		if err != nil {
			return nil, err
		}
		for c, err := range w.Store.Contacts(ctx, b, 0) {
			if err != nil {
				return nil, err
			}
			if chosen(c.Values) {
				refs = append(refs, c.Ref)
			}
		}
	}
	if a.Run != 0 {
		met, err := metBy(ctx, w, b, a.Run)
		if err != nil {
			return nil, err
		}
		refs = append(refs, met...)
	}
	return refs, nil
}

// alive are the contacts with these handles, without their values. Whoever was merged
// is whom they have become.
func alive(ctx context.Context, w *workspace.Workspace, b store.Book, refs []int64) (people []store.Contact, err error) {
	merged, err := w.Store.Merged(ctx, b)
	if err != nil {
		return nil, err
	}
	for i := range refs {
		for into := merged[refs[i]]; into != 0; into = merged[refs[i]] {
			refs[i] = into
		}
	}
	slices.Sort(refs)
	for c, err := range w.Store.ContactsByRef(ctx, b, slices.Compact(refs)) {
		if err != nil {
			return nil, err
		}
		people = append(people, store.Contact{Ref: c.Ref})
	}
	return people, nil
}

// metBy are the handles of everybody in what a run has read, who is in the book by it:
// an import of those who came to an event brings them all, also whom the book knew.
func metBy(ctx context.Context, w *workspace.Workspace, b store.Book, id int64) (refs []int64, err error) {
	r, err := w.Store.Run(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, refuse("not_found", "There is no run %d. kith runs list shows what there is. Nothing was changed", id)
	case err != nil:
		return nil, err
	case r.BookID != b.ID:
		return nil, usage("Run %d did not write to %s. Nothing was changed", id, b.Name)
	case r.Status == store.SkippedUnchanged:
		return nil, usage("Run %d did not look at the people: nothing had changed since the run before. Nothing was changed. Name that one, or run once more with every_time", id)
	case !r.Status.Applied():
		return nil, refuse(run.CodePlanUsed, "Run %d was not carried out. Nothing was changed", id)
	}
	for c, err := range w.Engine.Changes(ctx, r) {
		if err != nil {
			return nil, err
		}
		if c.Ref != 0 && store.BookOf(c.Ref) == b.ID && slices.Contains([]plan.Action{plan.Create, plan.Update, plan.Unchanged, plan.Restore}, c.Action) {
			refs = append(refs, c.Ref)
		}
	}
	return refs, nil
}

// LeaveAll takes people out of an occasion and counts those who took part. They are
// named by an ID, also when they lie in the trash, or like any contact.
func LeaveAll(ctx context.Context, w *workspace.Workspace, b store.Book, o store.Occasion, who []string) (left int, err error) {
	joined, err := w.Store.Attendances(ctx, o.ID)
	if err != nil {
		return 0, err
	}
	takes := map[int64]bool{}
	for _, a := range joined {
		takes[a.Ref] = true
	}
	var refs []int64
	for _, one := range who {
		ref := int64(0)
		if id, err := strconv.ParseInt(one, 10, 64); err == nil && takes[store.Ref(b.ID, id)] {
			ref = store.Ref(b.ID, id)
		} else {
			c, err := ContactIn(ctx, w, b, one)
			if err != nil {
				return 0, err
			}
			ref = c.Ref
		}
		if takes[ref] {
			left++
			refs, takes[ref] = append(refs, ref), false
		}
	}
	if left == 0 {
		return 0, refuse("not_found", "None of them takes part in %s. Nothing was changed", o.Name)
	}
	return left, w.Store.Leave(ctx, o.ID, refs)
}

// SavedChoice is the choice that somebody has saved under a name for a book.
func SavedChoice(ctx context.Context, w *workspace.Workspace, b store.Book, name string) (c Choice, err error) {
	saved, err := w.Store.SavedFilters(ctx, b.ID)
	if err != nil {
		return c, err
	}
	names := make([]string, len(saved))
	for i, f := range saved {
		if names[i] = f.Name; f.Name == name {
			return c, json.Unmarshal(f.Definition, &c)
		}
	}
	if near := Nearest(name, names); near != "" {
		return c, refuse("not_found", "There is no filter %q of %s. Did you mean %q?", name, b.Name, near)
	}
	return c, refuse("not_found", "There is no filter %q of %s. Filters are saved in the browser, in the list of contacts", name, b.Name)
}
