package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// PersonNamed finds somebody to be forgotten: a contact, one in the trash, or only an
// e-mail address that runs may have met.
func PersonNamed(ctx context.Context, w *workspace.Workspace, b store.Book, who string) (run.Person, error) {
	email := ""
	if _, problem := contact.NewNormalizer(b.Region).MatchKey(contact.Email, who); problem == "" && strings.Contains(who, "@") {
		email = who
	}
	c, err := ContactIn(ctx, w, b, who)
	var f *run.Error
	if errors.As(err, &f) && f.Code == "not_found" {
		ref, found, e := inTrash(ctx, w, b, who)
		switch {
		case e != nil:
			return run.Person{}, e
		case found:
			c.Ref, err = ref, nil
		case email != "":
			err = nil
		}
	}
	if err != nil {
		return run.Person{}, err
	}
	return w.Engine.PersonOf(ctx, w.Store, b, c.Ref, email)
}

// inTrash finds a contact of the trash by its ID or e-mail. One that was merged is
// part of the contact that was kept.
func inTrash(ctx context.Context, w *workspace.Workspace, b store.Book, who string) (ref int64, found bool, err error) {
	trash, err := w.Store.TrashedContacts(ctx, b)
	if err != nil {
		return 0, false, err
	}
	norm := contact.NewNormalizer(b.Region)
	for _, c := range trash {
		into, _, err := w.Engine.MergedInto(ctx, c.Ref)
		if err != nil {
			return 0, false, err
		}
		same := strconv.FormatInt(store.Number(c.Ref), 10) == who
		for i, f := range b.Fields {
			same = same || f.Kind == contact.Email && i < len(c.Values) && c.Values[i] != "" && norm.Equal(contact.Email, c.Values[i], who)
		}
		if same && into == 0 {
			return c.Ref, true, nil
		}
	}
	return 0, false, nil
}

// EraseQuestion says whom an erasure forgets, before anybody says yes to it.
func EraseQuestion(p run.Person, who string, everywhere bool) string {
	what := fmt.Sprintf("Erase all that is known of %s, who is no contact of %q,", who, p.Book.Name)
	if len(p.Refs) > 0 {
		what = fmt.Sprintf("Erase contact %d (%s) of %q", store.Number(p.Refs[0]), cmp.Or(Naming(p.Book).Name(p.Values[0]), contact.Placeholder), p.Book.Name)
		if n := len(p.Refs) - 1; n > 0 {
			what += fmt.Sprintf(", %s that are the same person,", deletedOnes(n))
		}
	}
	kept := ""
	if everywhere {
		what += " and the records at linked systems"
		kept = " A mailing list may then take the address from nobody but the person."
	}
	return what + " for good?" + kept + " History and kept copies of files go as well. This cannot be undone."
}

func deletedOnes(n int) string {
	if n == 1 {
		return "1 deleted contact"
	}
	return fmt.Sprintf("%d deleted contacts", n)
}

// An EraseReport says what was forgotten, and what is left to do.
type EraseReport struct {
	store.ErasureReport
	Kept []string       `json:"kept_sources"` // that a run in progress needs: erase again when it has ended
	Runs []RunReport    `json:"runs"`         // that deleted at linked systems
	Left []LeftoverLink `json:"left"`         // records that have to be deleted by hand
	Also []OtherContact `json:"also"`         // contacts of other books with the same e-mail
}

// An OtherContact is a contact of another book that may be the same person.
type OtherContact struct {
	Book    string `json:"book"`
	Contact string `json:"contact"`
}

// A LeftoverLink is a record at a linked system that is still there.
type LeftoverLink struct {
	Connection string `json:"connection"`
	Object     string `json:"object"`
	RemoteID   string `json:"remote_id"` // empty where a create got no answer: there may be a record, or come one
	Why        string `json:"why"`
}

// Erase forgets a person; everywhere deletes the records at linked systems as
// well. Where something is left to be done, the report says what.
func Erase(ctx context.Context, w *workspace.Workspace, p run.Person, everywhere bool) (report EraseReport, err error) {
	if everywhere { // while it is still known what was sent
		if err := w.SettleThere(ctx, p.Book, p.Refs); err != nil {
			return report, err
		}
	}
	done, kept, err := w.Erase(ctx, p)
	if err != nil {
		return report, err
	}
	report = EraseReport{ErasureReport: done, Kept: Spelled(kept), Runs: []RunReport{}, Left: []LeftoverLink{}}
	left := leftAlone(done.Records)
	if everywhere {
		var runs []store.Run
		if runs, left, err = w.EraseThere(ctx, p.Book, done.Records); err != nil {
			return report, err
		}
		for _, r := range runs {
			report.Runs = append(report.Runs, ReportRun(r))
		}
	}
	for _, l := range done.Unanswered {
		left = append(left, workspace.Leftover{Linked: l, Why: "nobody knows yet whether it was made"})
	}
	for _, l := range left {
		report.Left = append(report.Left, LeftoverLink{l.Connection, l.Object, l.RemoteID, l.Why})
	}
	report.Also, err = elsewhere(ctx, w, p)
	return report, err
}

// elsewhere are the contacts of other books that have the person's e-mail.
func elsewhere(ctx context.Context, w *workspace.Workspace, p run.Person) (found []OtherContact, err error) {
	books, err := w.Store.Books(ctx)
	found = []OtherContact{}
	for _, b := range books {
		for _, k := range p.Keys {
			if b.ID == p.Book.ID || k.Rule != plan.NumberOf(plan.ByEmail) {
				continue
			}
			hits, err := w.Store.FindKeys(ctx, b, k.Rule, []uint64{k.Hash})
			if err != nil {
				return nil, err
			}
			for _, h := range hits {
				found = append(found, OtherContact{b.Name, strconv.FormatInt(store.Number(h.Ref), 10)})
			}
		}
	}
	return found, err
}

// leftAlone are the records at linked systems, when nobody asked to delete them.
func leftAlone(records []store.Linked) (left []workspace.Leftover) {
	for _, l := range records {
		left = append(left, workspace.Leftover{Linked: l, Why: "it was not asked for: --everywhere"})
	}
	return left
}
