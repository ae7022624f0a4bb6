package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) eraseContact(name *string) *cobra.Command {
	var everywhere bool
	cmd := &cobra.Command{
		Use: "erase ID|EMAIL", Short: "Forget a person for good, on their request", Args: exactly("an ID or EMAIL"),
		Long: `Erase removes a contact and its copies in the trash, takes the person's values out of
the history of runs, and removes the kept copies of sources that have the person. What
stays is a keyed hash of the e-mails, telephones and the identifier: it keeps every
import, linked sync and undo from bringing the person back. It cannot be undone.

At linked systems the records stay; --everywhere deletes them there as well. Backups
and the files that imports read are yours to look after.`,
		Example: "  kith contacts erase ada@example.com\n  kith contacts erase 17 --book friends --everywhere --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				p, err := person(ctx, w, b, args[0])
				if err != nil {
					return err
				}
				if err := a.confirm(eraseQuestion(p, args[0], everywhere), eraseCommand(b, args[0], everywhere)); err != nil {
					return err
				}
				return a.erase(ctx, w, p, everywhere)
			})
		},
	}
	cmd.Flags().BoolVar(&everywhere, "everywhere", false, "delete the records at linked systems as well")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

// person finds somebody to be forgotten: a contact, one in the trash, or only an
// e-mail address that runs may have met.
func person(ctx context.Context, w *workspace.Workspace, b store.Book, who string) (run.Person, error) {
	email := ""
	if _, problem := contact.NewNormalizer(b.Region).MatchKey(contact.Email, who); problem == "" && strings.Contains(who, "@") {
		email = who
	}
	c, err := desk.ContactIn(ctx, w, b, who)
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

func eraseQuestion(p run.Person, who string, everywhere bool) string {
	what := fmt.Sprintf("Erase all that is known of %s, who is no contact of %q,", who, p.Book.Name)
	if len(p.Refs) > 0 {
		what = fmt.Sprintf("Erase contact %d (%s) of %q", store.Number(p.Refs[0]), onScreenName(desk.Naming(p.Book).Name(p.Values[0])), p.Book.Name)
		if n := len(p.Refs) - 1; n > 0 {
			what += fmt.Sprintf(", %s that are the same person,", several(int64(n), "deleted contact"))
		}
	}
	if everywhere {
		what += " and the records at linked systems"
	}
	return what + " for good? History and kept copies of files go as well. This cannot be undone."
}

func eraseCommand(b store.Book, who string, everywhere bool) string {
	text := fmt.Sprintf("kith contacts erase %s --book %s", desk.Quoted(who), desk.Quoted(b.Name))
	if everywhere {
		text += " --everywhere"
	}
	return text
}

// An EraseReport says what was forgotten, and what is left to do.
type EraseReport struct {
	store.ErasureReport
	Kept []string         `json:"kept_sources"` // that a run in progress needs: erase again when it has ended
	Runs []desk.RunReport `json:"runs"`         // that deleted at linked systems
	Left []LeftoverLink   `json:"left"`         // records that have to be deleted by hand
	Also []OtherContact   `json:"also"`         // contacts of other books with the same e-mail
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
	RemoteID   string `json:"remote_id"`
	Why        string `json:"why"`
}

func (a *app) erase(ctx context.Context, w *workspace.Workspace, p run.Person, everywhere bool) error {
	done, kept, err := w.Erase(ctx, p)
	if err != nil {
		return err
	}
	report := EraseReport{ErasureReport: done, Kept: desk.Spelled(kept), Runs: []desk.RunReport{}, Left: []LeftoverLink{}}
	var left []workspace.Leftover
	if everywhere {
		var runs []store.Run
		if runs, left, err = w.EraseThere(ctx, p.Book, p.Refs); err != nil {
			return err
		}
		for _, r := range runs {
			report.Runs = append(report.Runs, desk.ReportRun(r))
		}
	} else if left, err = leftAlone(ctx, w, p.Refs); err != nil {
		return err
	}
	for _, l := range left {
		report.Left = append(report.Left, LeftoverLink{l.Connection, l.Object, l.RemoteID, l.Why})
	}
	if report.Also, err = elsewhere(ctx, w, p); err != nil {
		return err
	}
	if len(kept) > 0 || everywhere && len(left) > 0 {
		a.exit = exitFailed
	}
	return one(a, report, shape[EraseReport]{columns: []string{"suppression", "run", "contacts", "changes", "conflicts", "links", "sources"},
		row: func(r EraseReport) []string {
			return []string{number(r.Suppression), number(r.Run), number(r.Contacts), number(r.Changes), number(r.Conflicts), number(r.Links), strconv.Itoa(r.Sources)}
		}}, func(out io.Writer) { eraseText(out, report) })
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
				found = append(found, OtherContact{b.Name, number(store.Number(h.Ref))})
			}
		}
	}
	return found, err
}

// leftAlone are the records at linked systems, when nobody asked to delete them.
func leftAlone(ctx context.Context, w *workspace.Workspace, refs []int64) (left []workspace.Leftover, err error) {
	links, err := w.LinksOf(ctx, refs)
	for _, l := range links {
		left = append(left, workspace.Leftover{Linked: l, Why: "it was not asked for: --everywhere"})
	}
	return left, err
}

func eraseText(out io.Writer, r EraseReport) {
	fmt.Fprintf(out, "erased: %s, %s of history, %s at other systems, %s\n", several(r.Contacts, "contact"), several(r.Changes, "row"),
		several(r.Links, "record"), several(int64(r.Sources), "kept file"))
	fmt.Fprintf(out, "  suppression %d keeps imports and linked syncs from bringing the person back; kith suppressions lift %d ends it\n", r.Suppression, r.Suppression)
	for _, there := range r.Runs {
		fmt.Fprintf(out, "  deleted at %s: %s, run %d\n", desk.Cell(there.Source), several(there.Totals.Deleted, "record"), there.Run)
	}
	for _, l := range r.Left {
		fmt.Fprintf(out, "  still at %s: record %s. Delete it there (%s)\n", desk.Cell(l.Connection), desk.Cell(l.RemoteID), desk.Cell(l.Why))
	}
	for _, c := range r.Also {
		fmt.Fprintf(out, "  contact %s of %s has the same e-mail: kith contacts erase %s --book %s\n", c.Contact, desk.Cell(c.Book), c.Contact, desk.Quoted(c.Book))
	}
	for _, name := range r.Kept {
		fmt.Fprintf(out, "  still in the kept copy %s, which an interrupted run needs. Erase again when it has ended\n", desk.Cell(name))
	}
	fmt.Fprintln(out, "  backups and the files that imports read are left to you")
}
