package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// AddLeads puts people into the inbox of a book, of an event where one is named. The
// answer is the same for people who were erased on request, who are not let in: whoever
// asks learns of nobody that they were (requirements 3.14).
func AddLeads(ctx context.Context, w *workspace.Workspace, b store.Book, event int64, came string, entries []LeadEntry) error {
	if event != 0 {
		if _, err := OccasionOf(ctx, w, b, store.KindEvent, event); err != nil {
			return err
		}
	}
	if len(entries) > leadsAtOnce {
		return refuse(CodeFull, "More than %d people came at once. Nothing was stored. Send them in parts", leadsAtOnce)
	}
	leads := make([]store.Lead, len(entries))
	for i, e := range entries {
		values, err := checkLead(b, e.Fields, nil)
		if err == nil {
			err = checkNote(e.Note)
		}
		if err != nil && len(entries) > 1 {
			return usage("Number %d of them: %s. Nothing was stored", i+1, strings.ReplaceAll(err.Error(), "Nothing was changed. ", ""))
		}
		if err != nil {
			return err
		}
		leads[i] = store.Lead{BookID: b.ID, Occasion: event, Values: values, Came: came, Note: e.Note}
	}
	return letIn(ctx, w, b, leads)
}

// letIn stores leads, but not people who were erased on request.
func letIn(ctx context.Context, w *workspace.Workspace, b store.Book, leads []store.Lead) error {
	waiting, err := w.Store.WaitingLeads(ctx)
	if err != nil {
		return err
	}
	if waiting[b.ID]+int64(len(leads)) > leadsWaiting {
		return refuse(CodeFull, "More than %d people would wait in the inbox of %s. Nothing was stored. Take or dismiss some first", leadsWaiting, b.Name)
	}
	forgotten, err := run.Forgotten(ctx, w.Store)
	if err != nil {
		return err
	}
	hashes, now := run.Hashes(b.Schema(), b.Region, w.Secret()), w.Engine.Now()
	leads = slices.DeleteFunc(leads, func(l store.Lead) bool { return forgotten.Has(hashes(valuesOfLead(b, l, CompanyGuess{}))) })
	for i := range leads {
		leads[i].At = now
	}
	return w.Store.AddLeads(ctx, leads)
}

// checkLead returns the values of a lead that are filled, or what is wrong with them.
// With may, only these fields may be named.
func checkLead(b store.Book, typed map[string]string, may []string) (map[string]string, error) {
	values := map[string]string{}
	var wrong FieldErrors
	for name, value := range typed {
		clean, err := checkLeadValue(b, name, value, may)
		var known *run.Error
		switch {
		case errors.As(err, &known):
			wrong = append(wrong, FieldError{name, known.Code, known.Message})
		case err != nil:
			return nil, err
		case !contact.Blank(clean):
			values[name] = clean
		}
	}
	if len(wrong) > 0 {
		slices.SortFunc(wrong, func(x, y FieldError) int { return strings.Compare(x.Field, y.Field) })
		return nil, wrong
	}
	if len(values) == 0 {
		return nil, usage("Nothing is filled in. Nothing was stored")
	}
	return values, nil
}

func checkLeadValue(b store.Book, name, value string, may []string) (string, error) {
	at := b.Schema().Index(name)
	switch {
	case may != nil && !slices.Contains(may, name):
		return "", usage("There is no field %q here", name)
	case at < 0:
		return "", KnownField(b, name)
	case b.Fields[at].Kind == contact.Password, b.KeyMade && name == b.KeyField:
		return "", usage("%s is not for an inbox", b.Fields[at].Title())
	case utf8.RuneCountInString(value) > leadValueMost:
		return "", refuse(string(plan.ValueTooLong), "%s has more than %d letters. Nothing was changed", b.Fields[at].Title(), leadValueMost)
	}
	return CheckValue(b, at, strings.ReplaceAll(value, "\r\n", "\n"))
}

func checkNote(note string) error {
	if utf8.RuneCountInString(note) > leadValueMost {
		return refuse(string(plan.ValueTooLong), "The note has more than %d letters. Nothing was changed", leadValueMost)
	}
	return nil
}
